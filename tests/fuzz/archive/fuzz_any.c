/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an archive: opened, surveyed, converted. The properties: reading a few bytes at a time gives the same as
 * reading all at once; lines only grow; every post has passed its check; rejects carry a reason.
 */
#include "archive/convert.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "fuzz_any.c:%d: %s\n", __LINE__, #condition);                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static uint64_t mix(uint64_t hash, apl_span s)
{
    return hash * 1099511628211u + apl_span_hash(s) + s.len;
}

/* What one reading gives, as a number. */
static uint64_t read_all(apl_span bytes, size_t step)
{
    apl_memory memory = {bytes, step};
    apl_archive *archive = NULL;
    apl_archive_record r;
    uint64_t hash = 1, last_line = 0;
    apl_rc rc = apl_archive_open(apl_source_memory(&memory), NULL, &archive, NULL);
    while (!rc) {
        rc = apl_archive_next(archive, &r, NULL);
        if (rc || r.item == APL_ARCHIVE_END)
            break;
        MUST(r.line >= last_line && r.line >= 1 && r.line_end >= r.line);
        last_line = r.line;
        hash = mix(hash * 31 + r.item + r.line * 7 + r.line_end, r.raw);
        if (r.item == APL_ARCHIVE_REJECT) {
            MUST(r.error.what[0] && r.error.where[0] && r.error.rc);
            continue;
        }
        for (size_t i = 0; i < r.field_count; i++) {
            MUST(apl_utf8_is_valid(r.fields[i]));
            hash = mix(hash, r.fields[i]);
        }
    }
    apl_archive_close(archive);
    return hash * 31 + rc;
}

static void convert_all(apl_span bytes, const apl_survey *survey)
{
    apl_memory memory = {bytes, 0};
    apl_archive *archive = NULL;
    apl_convert *convert = NULL;
    apl_arena arena;
    apl_arena_init(&arena, 8 * 1024 * 1024);
    MUST(!apl_archive_open(apl_source_memory(&memory), NULL, &archive, NULL));
    apl_rc rc = APL_OK;
    apl_archive_record r;
    do
        rc = apl_archive_next(archive, &r, NULL);
    while (!rc && r.item == APL_ARCHIVE_REJECT);
    if (!rc && r.item == APL_ARCHIVE_RECORD)
        rc = apl_convert_new(survey, archive, NULL, &convert, NULL);
    while (convert && !rc && r.item != APL_ARCHIVE_END) {
        apl_post_in post;
        bool assumed;
        apl_err err = {0};
        if (r.item == APL_ARCHIVE_RECORD) {
            if (!apl_convert_record(convert, &r, &arena, &post, &assumed, &err))
                MUST(!apl_post_in_check(&post, NULL));
            else
                MUST(err.what[0] && err.where[0]);
        }
        apl_arena_clear(&arena);
        rc = apl_archive_next(archive, &r, NULL);
    }
    apl_convert_free(convert);
    apl_archive_close(archive);
    apl_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apl_span bytes = {(const char *)data, size};
    MUST(read_all(bytes, 0) == read_all(bytes, 3));
    apl_memory memory = {bytes, 0};
    apl_archive *archive = NULL;
    apl_survey *survey = NULL;
    if (apl_archive_open(apl_source_memory(&memory), NULL, &archive, NULL))
        return 0;
    if (!apl_survey_run(archive, NULL, &survey, NULL))
        convert_all(bytes, survey);
    apl_survey_free(survey);
    apl_archive_close(archive);
    return 0;
}
