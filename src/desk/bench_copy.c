/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are read in groups into memory, then the clock runs while they are inserted and committed. Keys come in order,
 * which is the easiest case for a B-tree, so the peer is not made slow. Tests: tests/e2e/test_bench.py
 */
#include "desk/bench_copy.h"

#include "base/arena.h"
#include "store/rows.h"
#include "text/normalise.h"

#include <string.h>

enum { GROUP_BYTES = 256 * 1024 * 1024, SOURCES = 8, VERSION_ID = 1, VERSION_TEXT = 8 };

#define TYPE_I64 "i"
#define TYPE_TEXT "t"
#define TYPE_BLOB "b"
#define TYPE(type, name) TYPE_##type
#define STATE(NAME, TABLE, COLUMNS, KEY)                                                           \
    {                                                                                              \
        "SELECT count(*) FROM " NAME, "SELECT " APL_LIST(COLUMNS) " FROM " NAME " ORDER BY " KEY,  \
            COLUMNS(TYPE) "bi", NULL, &TABLE, NULL, 0, 0, NULL, 0, NULL                            \
    }

typedef struct source {
    const char *count_sql, *select_sql, *types;
    const char *insert_sql;
    const apl_table *table; /* NULL: a part of the ledger */
    apl_cursor *cursor;
    int64_t total, done;
    apl_val *vals; /* of the present group, row by row */
    size_t rows;
    apl_span *words; /* of versions: what the search index gets */
} source;

static const source sources[SOURCES] = {
    STATE("author", apl_table_author, APL_AUTHOR_COLUMNS, "workspace_id, id"),
    STATE("post", apl_table_post, APL_POST_COLUMNS, "workspace_id, id"),
    STATE("post_version", apl_table_version, APL_VERSION_COLUMNS,
          "workspace_id, post_id, version_no"),
    STATE("assessment", apl_table_assessment, APL_ASSESSMENT_COLUMNS,
          "workspace_id, post_id, version_no"),
    STATE("desk_case", apl_table_case, APL_CASE_COLUMNS, "workspace_id, id"),
    STATE("clock", apl_table_clock, APL_CLOCK_COLUMNS, "workspace_id, case_id, ordinal"),
    {"SELECT count(*) FROM ledger_entry",
     "SELECT workspace_id, seq, entry FROM ledger_entry ORDER BY workspace_id, seq", "iit",
     "INSERT INTO ledger_entry (workspace_id, seq, entry) VALUES ($1, $2, $3)", NULL, NULL, 0, 0,
     NULL, 0, NULL},
    {"SELECT count(*) FROM ledger_about",
     "SELECT workspace_id, case_id, seq FROM ledger_about ORDER BY workspace_id, seq", "iii",
     "INSERT INTO ledger_about (workspace_id, case_id, seq) VALUES ($1, $2, $3)", NULL, NULL, 0, 0,
     NULL, 0, NULL},
};

static apl_rc read_row(source *s, apl_val *vals, apl_arena *arena, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (int i = 0; s->types[i] && !rc; i++) {
        vals[i].type = s->types[i] == 'i'   ? APL_VAL_I64
                       : s->types[i] == 't' ? APL_VAL_TEXT
                                            : APL_VAL_BLOB;
        if (s->types[i] == 'i')
            vals[i].i64 = apl_cursor_i64(s->cursor, i);
        else
            rc = apl_arena_copy(arena, apl_cursor_span(s->cursor, i), &vals[i].span, err);
    }
    return rc;
}

static apl_rc read_words(source *s, size_t row, apl_span text, apl_arena *arena, apl_err *err)
{
    APL_AUTO(apl_normal) normal;
    apl_normal_init(&normal);
    apl_rc rc = apl_normal_add(&normal, text, APL_NORMAL_PLAIN, err);
    return rc ? rc : apl_arena_copy(arena, apl_normal_view(&normal), &s->words[row], err);
}

static apl_rc read_group(source *s, int64_t until, apl_arena *arena, apl_err *err)
{
    size_t count = (size_t)(until - s->done), columns = strlen(s->types);
    bool has_row = false, has_words = s->table == &apl_table_version;
    s->rows = 0;
    s->vals = apl_arena_alloc(arena, count * columns, sizeof *s->vals);
    s->words = has_words ? apl_arena_alloc(arena, count, sizeof *s->words) : NULL;
    apl_rc rc = s->vals && (!has_words || s->words) ? APL_OK : apl_err_nomem(err);
    while (!rc && s->rows < count) {
        apl_val *vals = s->vals + s->rows * columns;
        rc = apl_cursor_next(s->cursor, &has_row, err);
        if (!rc && !has_row)
            rc = apl_err_set(err, APL_E_INTERNAL, "rows went missing while they were copied");
        if (!rc)
            rc = read_row(s, vals, arena, err);
        if (!rc && has_words)
            rc = read_words(s, s->rows, vals[VERSION_TEXT].span, arena, err);
        s->rows++;
    }
    s->done = until;
    return rc;
}

static apl_rc insert_group(source *s, apl_conn *to, apl_err *err)
{
    size_t columns = strlen(s->types);
    const char *sql = s->table ? s->table->sql->insert : s->insert_sql;
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < s->rows && !rc; i++) {
        const apl_val *vals = s->vals + i * columns;
        rc = apl_conn_run(to, sql, vals, columns, err);
        if (!rc && s->words)
            rc = to->store->backend->search_put(to, vals[0].i64, vals[VERSION_ID].i64,
                                                APL_SPAN_NONE, s->words[i], err);
    }
    return rc;
}

static apl_rc copy_group(apl_bench_copy *copy, source *list, int64_t group, apl_conn *to,
                         apl_arena *arena, apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_arena_clear(arena);
    for (int i = 0; i < SOURCES && !rc; i++)
        rc = read_group(&list[i], list[i].total * (group + 1) / copy->groups, arena, err);
    int64_t begun = copy->clock->mono_us(copy->clock->ctx);
    if (!rc)
        rc = apl_conn_begin(to, err);
    if (rc)
        return rc;
    for (int i = 0; i < SOURCES && !rc; i++) {
        rc = insert_group(&list[i], to, err);
        copy->rows += (int64_t)list[i].rows;
    }
    if (!rc)
        rc = apl_conn_commit(to, err);
    if (rc)
        apl_conn_rollback(to);
    copy->spent_us += copy->clock->mono_us(copy->clock->ctx) - begun;
    return rc;
}

apl_rc apl_bench_copy_run(apl_bench_copy *copy, apl_conn *from, apl_conn *to, apl_err *err)
{
    source list[SOURCES];
    apl_arena arena;
    apl_rc rc = APL_OK;
    memcpy(list, sources, sizeof list);
    apl_arena_init(&arena, GROUP_BYTES);
    for (int i = 0; i < SOURCES && !rc; i++) {
        rc = apl_conn_number(from, list[i].count_sql, NULL, 0, &list[i].total, err);
        if (!rc)
            rc = apl_conn_query(from, list[i].select_sql, NULL, 0, &list[i].cursor, err);
    }
    for (int64_t group = 0; group < copy->groups && !rc; group++)
        rc = copy_group(copy, list, group, to, &arena, err);
    for (int i = 0; i < SOURCES; i++)
        apl_cursor_close(list[i].cursor);
    apl_arena_release(&arena);
    return rc;
}
