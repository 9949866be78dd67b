/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A desk for unit tests: SQLite in a folder of its own, the embedded migrations and policy, a clock that stands until it
 * is turned, repeatable randomness. house_open / house_close; arrivals by house_arrive.
 */
#ifndef TESTS_UNIT_DESK_HOUSE_H
#define TESTS_UNIT_DESK_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "desk/batch.h"
#include "desk/channel.h"
#include "desk/verify.h"
#include "desk/writer.h"
#include "store/sqlite/sqlite.h"

/* Monday 2026-01-19 12:00 UTC, in office hours. */
#define HOUSE_START ((apl_time_us)1768824000 * APL_US_PER_SECOND)
#define MINUTE APL_US_PER_MINUTE

typedef struct house {
    char dir[256], data[300];
    apl_clock_manual clock;
    apl_clock_src clock_src;
    apl_random_seeded seed;
    apl_random_src random_src;
    apl_migration migrations[16];
    apl_policy_file policy[128];
    apl_desk_env env;
    apl_desk *desk;
    apl_judge *judge;
    apl_arena arena;
    apl_err err;
    int64_t channel_id;
} house;

static inline apl_rc house_store(const char *data_dir, const char *url, apl_store **out_store,
                                 apl_err *err)
{
    char path[400];
    (void)url;
    (void)snprintf(path, sizeof path, "%s/aplomb.db", data_dir);
    return apl_sqlite_open(path, out_store, err);
}

static inline void house_env(house *h)
{
    size_t migrations = 0, files = 0;
    for (size_t i = 0; i < apl_embedded_file_count; i++) {
        const apl_embedded_file *f = &apl_embedded_files[i];
        apl_span path = apl_span_of(f->path);
        int64_t version = 0;
        if (apl_span_starts(path, APL_SPAN("policy/")))
            h->policy[files++] = (apl_policy_file){f->path + 7, {(const char *)f->bytes, f->size}};
        else if (apl_span_starts(path, APL_SPAN("db/migrations/")) &&
                 !apl_span_parse_i64(apl_span_sub(path, 14, 4), &version, NULL))
            h->migrations[migrations++] =
                (apl_migration){(int)version, f->path + 14, (const char *)f->bytes};
    }
    h->clock.now_us = HOUSE_START;
    h->clock_src = apl_clock_manual_src(&h->clock);
    h->seed.state = 7;
    h->random_src = apl_random_seeded_src(&h->seed);
    h->env = (apl_desk_env){
        .clock = &h->clock_src,
        .random = &h->random_src,
        .open_store = house_store,
        .migrations = h->migrations,
        .migration_count = migrations,
        .default_policy = h->policy,
        .default_policy_count = files,
    };
}

static inline apl_rc house_reopen(house *h, apl_desk_mode mode)
{
    apl_desk_options options = {.data_dir = h->data, .mode = mode};
    return apl_desk_open(&h->env, &options, &h->desk, &h->err);
}

#define HOUSE_OK(call)                                                                             \
    do {                                                                                           \
        apl_rc house_rc = (call);                                                                  \
        if (house_rc)                                                                              \
            fail_msg("%s: %s (%s)", #call, apl_rc_name(house_rc), h->err.what);                    \
    } while (0)

static inline void house_judge(house *h)
{
    apl_judge_free(h->judge);
    h->judge = NULL;
    HOUSE_OK(apl_judge_new(apl_policy_use_take(h->desk), &h->judge, &h->err));
}

static inline apl_rc house_add_channel(apl_tx *tx, void *ctx, apl_err *err)
{
    house *h = ctx;
    apl_channel_row row;
    char secret[APL_CHANNEL_SECRET_TEXT_BYTES];
    apl_channel_new channel = {
        .slug = APL_SPAN("wall"), .kind = APL_SPAN("import"), .name = APL_SPAN("Wall")};
    apl_rc rc = apl_channel_add(tx, &channel, APL_ACTOR_SYSTEM, &row, secret, err);
    h->channel_id = row.id;
    return rc;
}

static inline apl_rc house_run(house *h, apl_write_fn run, void *ctx)
{
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, h->desk, &h->err);
    if (rc)
        return rc;
    rc = run(&tx, ctx, &h->err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    return apl_tx_commit(&tx, &h->err);
}

static inline int house_open(void **state)
{
    house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    (void)snprintf(h->dir, sizeof h->dir, "%s/aplomb-unit-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(h->dir));
    (void)snprintf(h->data, sizeof h->data, "%s/data", h->dir);
    apl_arena_init(&h->arena, 64 * 1024 * 1024);
    house_env(h);
    HOUSE_OK(house_reopen(h, APL_DESK_WRITE));
    HOUSE_OK(house_run(h, house_add_channel, h));
    house_judge(h);
    *state = h;
    return 0;
}

static inline int house_close(void **state)
{
    house *h = *state;
    apl_judge_free(h->judge);
    apl_desk_close(h->desk);
    apl_arena_release(&h->arena);
    assert_int_equal(apl_dir_remove(h->dir, NULL), APL_OK);
    free(h);
    return 0;
}

/* --- arrivals ------------------------------------------------------------------------------------------------------ */

static inline apl_post_in said(const char *id, const char *author, const char *text, int64_t minute)
{
    return (apl_post_in){
        .remote_id = apl_span_of(id),
        .author_id = apl_span_of(author),
        .text = apl_span_of(text),
        .kind = APL_POST_KIND_COMMENT,
        .rating_x10 = APL_POST_RATING_NONE,
        .at_us = HOUSE_START + minute * MINUTE,
    };
}

static inline apl_post_in answered(const char *id, const char *parent, int64_t minute)
{
    apl_post_in post = said(id, "acme", "We are on it.", minute);
    post.is_own = true;
    post.parent_id = apl_span_of(parent);
    return post;
}

typedef struct house_batch {
    house *h;
    apl_batch_item *items;
    size_t count;
} house_batch;

static inline apl_rc house_apply(apl_tx *tx, void *ctx, apl_err *err)
{
    house_batch *b = ctx;
    apl_intake_origin origin = {.channel_id = b->h->channel_id,
                                .actor = {"channel", b->h->channel_id}};
    return apl_batch_apply(tx, &origin, b->items, b->count, err);
}

/* One arrival in a transaction of its own. */
static inline apl_batch_item house_arrive(house *h, const apl_post_in *post)
{
    apl_batch_item item = {.post = *post};
    house_batch batch = {h, &item, 1};
    apl_arena_clear(&h->arena);
    HOUSE_OK(apl_batch_judge(h->judge, APL_SPAN("wall"), &item, 1, &h->arena, &h->err));
    HOUSE_OK(house_run(h, house_apply, &batch));
    return item;
}

static inline int64_t house_number(house *h, const char *sql)
{
    int64_t value = -1;
    HOUSE_OK(apl_conn_number(h->desk->conn, sql, NULL, 0, &value, &h->err));
    return value;
}

static inline void house_text(house *h, const char *sql, char *out, size_t out_bytes)
{
    apl_cursor *cursor = NULL;
    bool has_row = false;
    HOUSE_OK(apl_conn_query(h->desk->conn, sql, NULL, 0, &cursor, &h->err));
    HOUSE_OK(apl_cursor_next(cursor, &has_row, &h->err));
    (void)snprintf(out, out_bytes, "%.*s",
                   APL_SPAN_ARGS(has_row ? apl_cursor_span(cursor, 0) : APL_SPAN("(none)")));
    apl_cursor_close(cursor);
}

#endif
