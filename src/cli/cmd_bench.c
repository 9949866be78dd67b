/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aplomb bench`: takes made posts the way `aplomb import` takes an archive, then inserts the very same rows bare, in
 * the same commits of a thousand posts, and compares. `make bench` measures more, against a program of its own
 * (docs/benchmarks.md). Tests: tests/e2e/test_bench.py
 */
#include "cli/commands.h"
#include "desk/bench_copy.h"
#include "desk/bench_posts.h"
#include "desk/import_local.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_CHUNK_BYTES = 1024 * 1024, POSTS_MAX = 100000000, CASES_PER_TEN_POSTS = 7 };

typedef struct bench {
    const apl_desk_env *env;
    char dir[APL_PATH_MAX_BYTES];
    bool is_temporary;
    int64_t posts, cases;
    int64_t taken;
    int64_t intake_us, bare_us, bare_rows;
    int64_t first_tenth_us, last_tenth_us; /* for as many posts each */
} bench;

static int64_t now_us(const bench *b)
{
    return b->env->clock->mono_us(b->env->clock->ctx);
}

static apl_rc path_in(const bench *b, const char *name, char out[APL_PATH_MAX_BYTES], apl_err *err)
{
    int len = snprintf(out, APL_PATH_MAX_BYTES, "%s/%s", b->dir, name);
    return len > 0 && len < APL_PATH_MAX_BYTES
               ? APL_OK
               : apl_err_set(err, APL_E_LIMIT, "the path %s is too long", b->dir);
}

static apl_rc make_posts(const bench *b, const char *path, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(FILE_CHUNK_BYTES + APL_BENCH_LINE_MAX_BYTES);
    apl_bench_posts *maker = apl_mem_zalloc(1, sizeof *maker);
    FILE *out = maker ? fopen(path, "w") : NULL;
    apl_rc rc = !maker ? apl_err_nomem(err)
                : out  ? APL_OK
                       : apl_err_set(err, APL_E_IO, "%s cannot be written", path);
    if (maker)
        apl_bench_posts_init(maker, 1, b->posts, b->cases);
    for (int64_t i = 0; i < b->posts && !rc; i++) {
        rc = apl_bench_posts_add(maker, &text, err);
        if (!rc && (text.len >= FILE_CHUNK_BYTES || i + 1 == b->posts)) {
            if (fwrite(apl_buf_view(&text).ptr, 1, text.len, out) != text.len)
                rc = apl_err_set(err, APL_E_IO, "%s cannot be written", path);
            apl_buf_clear(&text);
        }
    }
    if (out && fclose(out) && !rc)
        rc = apl_err_set(err, APL_E_IO, "%s cannot be written", path);
    apl_mem_free(maker);
    return rc;
}

/* --- intake ------------------------------------------------------------------------------------------------------- */

/* Stands between the reader and the store and looks at the clock when a batch has become durable. */
typedef struct meter {
    bench *b;
    apl_import_sink inner;
    int64_t begun_us, put, settled;
} meter;

static apl_rc metered_put(void *ctx, apl_batch_item *items, size_t count, apl_err *err)
{
    meter *m = ctx;
    m->put += (int64_t)count;
    return m->inner.put(m->inner.ctx, items, count, err);
}

static apl_rc metered_settle(void *ctx, apl_err *err)
{
    meter *m = ctx;
    apl_rc rc = m->inner.settle(m->inner.ctx, err);
    int64_t before = m->settled, tenth = m->b->posts / 10, now = now_us(m->b) - m->begun_us;
    m->settled = m->put - APL_IMPORT_BATCH_MAX > before ? m->put - APL_IMPORT_BATCH_MAX : m->put;
    if (before < tenth && m->settled >= tenth)
        m->b->first_tenth_us = now;
    if (before < 9 * tenth && m->settled >= 9 * tenth)
        m->b->last_tenth_us = now;
    return rc;
}

static apl_rc run_import(bench *b, apl_desk *desk, apl_import_file *file, apl_err *err)
{
    apl_import import;
    apl_import_local *local = NULL;
    apl_import_totals totals = {0};
    apl_import_init(&import, APL_SPAN("posts.jsonl"), APL_SPAN("import"), APL_SPAN(""), 0);
    apl_rc rc = apl_name_set_add(&import.own_names, APL_SPAN("NimbusAndCo"), err);
    if (!rc)
        rc = apl_import_local_open(desk, &import, &local, err);
    if (!rc) {
        meter m = {b, apl_import_local_sink(local), now_us(b), 0, 0};
        apl_import_sink sink = {metered_put, metered_settle, &m};
        rc = apl_import_file_run(file, &sink, &totals, err);
        if (!rc)
            rc = apl_writer_run(apl_import_local_writer(local), apl_import_finish, &import, err);
        b->intake_us = now_us(b) - m.begun_us;
        b->last_tenth_us = b->intake_us - b->last_tenth_us;
        b->taken = totals.counts.taken;
    }
    apl_import_local_close(local);
    apl_import_release(&import);
    if (!rc && b->taken != b->posts)
        rc = apl_err_set(err, APL_E_INTERNAL, "%lld of %lld posts were taken", (long long)b->taken,
                         (long long)b->posts);
    return rc;
}

static apl_rc intake(bench *b, apl_desk *desk, const char *path, apl_err *err)
{
    apl_import_file *file = NULL;
    apl_import_file_options options = {
        .path = path, .rejects_dir = b->dir, .zone = desk->policy->policy->workspace.zone};
    apl_rc rc = apl_import_file_open(&options, &file, err);
    if (!rc)
        rc = run_import(b, desk, file, err);
    apl_import_file_close(file);
    return rc;
}

/* --- the same rows, bare ------------------------------------------------------------------------------------------ */

static apl_rc bare(bench *b, apl_desk *desk, apl_err *err)
{
    apl_bench_copy copy = {.clock = b->env->clock,
                           .groups = (b->posts + APL_IMPORT_BATCH_MAX - 1) / APL_IMPORT_BATCH_MAX};
    char dir[APL_PATH_MAX_BYTES];
    apl_store *store = NULL;
    apl_conn *to = NULL, *from = NULL;
    apl_rc rc = path_in(b, "bare", dir, err);
    if (!rc)
        rc = apl_dir_make(dir, 0700, err);
    if (!rc)
        rc = b->env->open_store(dir, NULL, &store, err);
    if (!rc)
        rc = apl_store_connect(store, true, &to, err);
    if (!rc)
        rc = apl_store_migrate(to, b->env->migrations, b->env->migration_count, 1, err);
    if (!rc)
        rc = apl_store_connect(desk->store, false, &from, err);
    if (!rc)
        rc = apl_bench_copy_run(&copy, from, to, err);
    b->bare_us = copy.spent_us;
    b->bare_rows = copy.rows;
    apl_conn_close(from);
    apl_conn_close(to);
    apl_store_close(store);
    return rc;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static double rate(int64_t count, int64_t us)
{
    return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

static apl_rc print_result(const bench *b, bool as_json, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(FILE_CHUNK_BYTES);
    double ours = rate(b->posts, b->intake_us), bare_rate = rate(b->posts, b->bare_us);
    double flat = b->last_tenth_us ? (double)b->first_tenth_us / (double)b->last_tenth_us : 0;
    if (!as_json) {
        (void)printf("durable intake   %10.0f posts/s  (parse, triage, case, ledger)\n"
                     "bare insertion   %10.0f posts/s  (the same %lld rows, nothing else)\n"
                     "ratio            %10.0f %%\n"
                     "last tenth       %10.0f %% of the rate of the first\n",
                     ours, bare_rate, (long long)b->bare_rows,
                     bare_rate > 0 ? 100 * ours / bare_rate : 0, 100 * flat);
        return APL_OK;
    }
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "posts", b->posts);
    apl_json_member_i64(&w, "intake_us", b->intake_us);
    apl_json_member_i64(&w, "bare_us", b->bare_us);
    apl_json_member_i64(&w, "bare_rows", b->bare_rows);
    apl_json_member_i64(&w, "first_tenth_us", b->first_tenth_us);
    apl_json_member_i64(&w, "last_tenth_us", b->last_tenth_us);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

static apl_rc measure(bench *b, apl_err *err)
{
    char posts[APL_PATH_MAX_BYTES], data[APL_PATH_MAX_BYTES];
    apl_desk *desk = NULL;
    apl_rc rc = path_in(b, "posts.jsonl", posts, err);
    if (!rc)
        rc = path_in(b, "data", data, err);
    if (!rc)
        rc = make_posts(b, posts, err);
    apl_desk_options options = {.data_dir = data, .mode = APL_DESK_WRITE};
    if (!rc)
        rc = apl_desk_open(b->env, &options, &desk, err);
    if (!rc)
        rc = intake(b, desk, posts, err);
    if (!rc)
        rc = bare(b, desk, err);
    apl_desk_close(desk);
    return rc;
}

static apl_rc choose_dir(const apl_cli *cli, bench *b, apl_err *err)
{
    APL_AUTO(apl_buf) dir = APL_BUF(APL_PATH_MAX_BYTES);
    const char *given = apl_cli_get(cli, "data");
    apl_rc rc = APL_OK;
    if (given && apl_dir_exists(given)) {
        apl_err_set(err, APL_E_USAGE, "%s exists already", given);
        apl_err_fix(err, "give a folder that does not exist, or leave --data out");
        return APL_E_USAGE;
    }
    rc = given ? apl_dir_make(given, 0700, err) : apl_dir_temp("aplomb-bench-", &dir, err);
    if (!rc)
        (void)snprintf(b->dir, sizeof b->dir, "%s", given ? given : apl_buf_str(&dir));
    b->is_temporary = !given;
    return rc;
}

apl_rc apl_cmd_bench(apl_cli *cli, apl_err *err)
{
    bench b = {.env = cli->env};
    const char *only_make = apl_cli_get(cli, "make");
    apl_rc rc = apl_cli_number(cli, "posts", (apl_cli_range){1, POSTS_MAX, 100000}, &b.posts, err);
    if (!rc)
        rc = apl_cli_number(cli, "cases",
                            (apl_cli_range){1, POSTS_MAX, (b.posts * CASES_PER_TEN_POSTS + 9) / 10},
                            &b.cases, err);
    if (!rc && b.cases > b.posts)
        rc = apl_err_set(err, APL_E_USAGE, "there cannot be more cases than posts");
    if (rc || only_make)
        return rc ? rc : make_posts(&b, only_make, err);
    rc = choose_dir(cli, &b, err);
    if (!rc)
        rc = measure(&b, err);
    if (!rc)
        rc = print_result(&b, apl_cli_has(cli, "json"), err);
    apl_rc removed = b.is_temporary ? apl_dir_remove(b.dir, rc ? NULL : err) : APL_OK;
    return rc ? rc : removed;
}
