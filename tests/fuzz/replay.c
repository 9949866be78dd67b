/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target on every file of its corpus, on each file cut short and with bytes flipped (the same ones on
 * every run), and on nothing. A crash or a sanitizer's report is the failure; TAP tells how far it came.
 */
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 200, FILE_MAX_BYTES = 1 << 20 };

/* In a block of exactly that size, so that reading one byte too many is seen. */
static void run_one(apl_span bytes)
{
    APL_AUTO_MEM char *exact = apl_mem_dup(bytes.ptr, bytes.len);
    APL_AUTO_MEM uint8_t *tight = apl_mem_alloc(bytes.len);
    if (!exact || !tight)
        return;
    memcpy(tight, exact, bytes.len);
    (void)LLVMFuzzerTestOneInput(tight, bytes.len);
}

static void run_damaged(apl_span bytes, const apl_random_src *random)
{
    for (int round = 0; round < ROUNDS && bytes.len; round++) {
        APL_AUTO_MEM char *copy = apl_mem_dup(bytes.ptr, bytes.len);
        uint32_t at[2];
        if (!copy)
            return;
        random->fill(random->ctx, at, sizeof at);
        copy[at[0] % bytes.len] = (char)(at[1] >> 8);
        size_t len = round % 2 ? bytes.len : at[1] % bytes.len;
        run_one((apl_span){copy, len});
    }
}

static int run_file(const char *dir, const char *name, const apl_random_src *random)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) content = APL_BUF(FILE_MAX_BYTES);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    if (apl_file_load(path, &content, NULL))
        return 1;
    run_one(apl_buf_view(&content));
    run_damaged(apl_buf_view(&content), random);
    return 0;
}

int main(int argc, char **argv)
{
    apl_random_seeded seed = {1};
    apl_random_src random = apl_random_seeded_src(&seed);
    APL_AUTO(apl_dir_names) names = {0};
    int bad = 0;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2 || apl_dir_list(argv[1], &names, NULL) || !names.count) {
        printf("1..1\nnot ok 1 - there is no corpus in %s\n",
               argc > 1 ? argv[1] : "(no folder named)");
        return 1;
    }
    printf("1..%zu\n", names.count + 1);
    run_one(APL_SPAN_NONE);
    printf("ok 1 - nothing\n");
    for (size_t i = 0; i < names.count; i++) {
        int failed = run_file(argv[1], names.names[i], &random);
        printf("%sok %zu - %s\n", failed ? "not " : "", i + 2, names.names[i]);
        bad |= failed;
    }
    return bad;
}
