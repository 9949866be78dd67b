/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second pass of verification: every row of every state table against the last seal that an entry holds for it. What is
 * left over on either side is extra or missing. Tests: tests/e2e/test_verify.py
 */
#include "desk/seal.h"
#include "desk/verify_internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 32, ROW_BYTES_MAX = 1024 };

/* Made from the tables' descriptors; addresses must stay, because connections find statements by them. */
static char count_sql[2][TABLES_MAX][APL_TABLE_SQL_MAX_BYTES];

APL_PRINTF(2, 3) static void add(char *sql, const char *fmt, ...)
{
    size_t len = strlen(sql);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(sql + len, APL_TABLE_SQL_MAX_BYTES - len, fmt, args);
    va_end(args);
}

/* SQLite lets any type stand in any column; a text that became a blob reads alike and compares otherwise. */
static void build_counts(void)
{
    static const char *const types[] = {
        [APL_VAL_I64] = "integer", [APL_VAL_TEXT] = "text", [APL_VAL_BLOB] = "blob"};
    for (size_t t = 0; apl_tables[t] && t < TABLES_MAX; t++) {
        const apl_table *table = apl_tables[t];
        add(count_sql[0][t], "SELECT count(*), 0 FROM %s", table->name);
        add(count_sql[1][t], "SELECT count(*), coalesce(sum(typeof(salt) <> 'blob' OR "
                             "typeof(seal_seq) <> 'integer'");
        for (int i = 0; i < table->column_count; i++)
            add(count_sql[1][t], " OR typeof(%s) <> '%s'", table->columns[i].name,
                types[table->columns[i].type]);
        add(count_sql[1][t], "), 0) FROM %s", table->name);
    }
}

typedef struct row_pass {
    apl_verify *v;
    const apl_table *table;
    size_t table_index;
    int64_t last_key[2];
    int64_t scanned;
    apl_json_doc *doc; /* for looking into single entries */
} row_pass;

/* Did entry seq seal the row just as it stands? Then it was put back to an older state. */
static apl_rc entry_has_seal(row_pass *p, int64_t seq, apl_span key,
                             const uint8_t seal[APL_SEAL_BYTES], bool *out_has, apl_err *err)
{
    static const char sql[] = "SELECT entry FROM ledger_entry WHERE workspace_id = $1 AND seq = $2";
    apl_cursor *cursor = NULL;
    apl_entry_view view;
    apl_span table, row_key;
    uint8_t row_seal[APL_SEAL_BYTES];
    bool has_row = false;
    *out_has = false;
    apl_rc rc = apl_conn_query(
        p->v->conn, sql, APL_VALS(APL_I64(p->v->in->workspace_id), APL_I64(seq)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row && !apl_entry_parse(p->doc, apl_cursor_span(cursor, 0), &view, NULL))
        for (apl_json_iter it = apl_json_each(view.rows);
             apl_entry_next_row(&it, &table, &row_key, row_seal);)
            *out_has |= apl_span_is(table, p->table->name) && apl_span_equal(row_key, key) &&
                        memcmp(row_seal, seal, sizeof row_seal) == 0;
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc note_changed(row_pass *p, const apl_sealed *sealed, const apl_row_seal *stored,
                           apl_span key, const uint8_t seal[APL_SEAL_BYTES], apl_err *err)
{
    char where[96];
    bool was_so = false;
    int64_t seq = apl_sealed_seq(sealed);
    (void)snprintf(where, sizeof where, "%s %.*s", p->table->name, APL_SPAN_ARGS(key));
    /* The commitments have already told which column it is. */
    if (apl_verify_noted(p->v, APL_FINDING_CHANGED, where))
        return APL_OK;
    apl_rc rc = stored->seq != seq ? entry_has_seal(p, stored->seq, key, seal, &was_so, err)
                                   : APL_OK;
    if (rc)
        return rc;
    apl_finding *f = apl_verify_note(p->v, APL_FINDING_CHANGED, seq, "%s", where);
    if (was_so)
        apl_finding_say(f, "it was put back to what entry %lld wrote; entry %lld changed it later",
                        (long long)stored->seq, (long long)seq);
    else if (p->table == &apl_table_version)
        apl_finding_say(
            f, "neither text, payload nor author, so one of the other columns, or the salt");
    else
        apl_finding_say(f, "the row is not what entry %lld wrote", (long long)seq);
    return APL_OK;
}

static apl_rc check_row(row_pass *p, apl_cursor *cursor, apl_err *err)
{
    _Alignas(16) char row[ROW_BYTES_MAX];
    char text[APL_ROW_KEY_BYTES];
    uint8_t hash[APL_SEAL_BYTES];
    apl_row_seal stored;
    apl_verify *v = p->v;
    apl_arena_clear(&v->arena);
    apl_rc rc = apl_row_read(cursor, p->table, 0, &v->arena, row, err);
    if (rc)
        return rc;
    apl_row_read_seal(cursor, p->table, 0, &stored);
    apl_row_seal_hash(p->table, row, stored.salt, hash);
    apl_span key = apl_row_key(p->table, row, text);
    for (int i = 0; i < 2; i++)
        p->last_key[i] = i + 1 < p->table->key_count ? apl_row_value(p->table, row, i + 1).i64 : 0;
    int64_t look_up[2] = {p->table->key_count > 1 ? p->last_key[0] : v->in->workspace_id,
                          p->last_key[1]};
    apl_sealed *sealed = apl_seal_map_find(&v->seals, p->table_index, look_up);
    if (!sealed) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_EXTRA, -1, "%s %.*s", p->table->name,
                                         APL_SPAN_ARGS(key));
        apl_finding_say(f, v->damaged_entries ? "no entry that is whole has written this row"
                                              : "no entry of the ledger has written this row");
        return APL_OK;
    }
    sealed->tag |= 1;
    if (memcmp(hash, sealed->seal, sizeof hash) != 0)
        return note_changed(p, sealed, &stored, key, hash, err);
    if (stored.seq != apl_sealed_seq(sealed)) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_CHANGED, apl_sealed_seq(sealed), "%s %.*s",
                                         p->table->name, APL_SPAN_ARGS(key));
        apl_finding_at(f, "seal_seq");
        apl_finding_say(f, "the row names another entry than the one that wrote it");
    }
    return APL_OK;
}

static void remember_ids(row_pass *p)
{
    if (p->table == &apl_table_case && p->last_key[0] > p->v->max_case_id)
        p->v->max_case_id = p->last_key[0];
    else if (p->table->key_count == 2 && p->table != &apl_table_case &&
             p->last_key[0] > p->v->max_id && strcmp(p->table->columns[1].name, "id") == 0)
        p->v->max_id = p->last_key[0];
}

static apl_rc scan_page(row_pass *p, int64_t *out_count, apl_err *err)
{
    apl_val vals[4] = {APL_I64(p->v->in->workspace_id)};
    size_t count = 1;
    apl_cursor *cursor = NULL;
    bool has_row = true;
    for (int i = 1; i < p->table->key_count; i++)
        vals[count++] = APL_I64(p->last_key[i - 1]);
    vals[count++] = APL_I64(APL_VERIFY_PAGE);
    *out_count = 0;
    apl_rc rc = apl_conn_query(p->v->conn, p->table->sql->scan, vals, count, &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row) {
            rc = check_row(p, cursor, err);
            remember_ids(p);
            ++*out_count;
        }
    }
    apl_cursor_close(cursor);
    p->scanned += *out_count;
    return rc;
}

/* Rows that the scan does not reach (other workspaces, keys out of this world), and values of a wrong type. */
static apl_rc check_counts(row_pass *p, apl_err *err)
{
    bool is_sqlite = strcmp(p->v->conn->store->backend->name, "sqlite") == 0;
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc =
        apl_conn_query(p->v->conn, count_sql[is_sqlite][p->table_index], NULL, 0, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    int64_t count = !rc && has_row ? apl_cursor_i64(cursor, 0) : p->scanned;
    int64_t wrong = !rc && has_row && is_sqlite ? apl_cursor_i64(cursor, 1) : 0;
    apl_cursor_close(cursor);
    if (count != p->scanned) {
        apl_finding *f = apl_verify_note(p->v, APL_FINDING_EXTRA, -1, "%s", p->table->name);
        apl_finding_say(f, "%lld rows stand outside workspace %lld",
                        (long long)(count - p->scanned), (long long)p->v->in->workspace_id);
    }
    if (wrong) {
        apl_finding *f = apl_verify_note(p->v, APL_FINDING_CHANGED, -1, "%s", p->table->name);
        apl_finding_say(f, "%lld rows hold values of another type than their columns",
                        (long long)wrong);
    }
    return rc;
}

static apl_rc check_table(row_pass *p, apl_err *err)
{
    apl_rc rc = APL_OK;
    int64_t count = 0;
    if (p->table->row_bytes > ROW_BYTES_MAX || p->table_index >= TABLES_MAX)
        return apl_err_set(err, APL_E_INTERNAL, "table %s is too wide to be verified",
                           p->table->name);
    p->last_key[0] = p->last_key[1] = INT64_MIN;
    do
        rc = scan_page(p, &count, err);
    while (!rc && count == APL_VERIFY_PAGE && p->table->key_count > 1);
    if (!rc)
        rc = check_counts(p, err);
    p->v->report->rows += p->scanned;
    return rc;
}

static int by_place(const void *a, const void *b)
{
    return strcmp(((const apl_finding *)a)->where, ((const apl_finding *)b)->where);
}

static void note_missing(apl_verify *v, const bool *is_unreadable)
{
    size_t first = v->report->finding_count;
    for (size_t i = 0; i < v->seals.cap; i++) {
        const apl_sealed *s = &v->seals.slots[i];
        size_t table = ((s->tag & 0xff) >> 1) - 1;
        if (!s->tag || s->tag & 1 || is_unreadable[table])
            continue;
        const apl_table *t = apl_tables[table];
        apl_finding *f = t->key_count > 2
                             ? apl_verify_note(v, APL_FINDING_MISSING, apl_sealed_seq(s),
                                               "%s %lld/%lld", t->name, (long long)s->key[0],
                                               (long long)s->key[1])
                             : apl_verify_note(v, APL_FINDING_MISSING, apl_sealed_seq(s), "%s %lld",
                                               t->name, (long long)s->key[0]);
        apl_finding_say(f, "entry %lld wrote this row", (long long)apl_sealed_seq(s));
    }
    qsort(v->report->findings + first, v->report->finding_count - first, sizeof(apl_finding),
          by_place);
}

static void check_next_ids(apl_verify *v)
{
    bool no_head = !v->next_id && !v->next_case_id;
    if (no_head || (v->max_id < v->next_id && v->max_case_id < v->next_case_id))
        return;
    apl_finding *f = apl_verify_note(v, APL_FINDING_CHANGED, -1, "ledger_head");
    apl_finding_at(f, v->max_id < v->next_id ? "next_case_id" : "next_id");
    apl_finding_say(f, "a row with this id is already there");
}

apl_rc apl_verify_rows(apl_verify *v, apl_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool is_unreadable[TABLES_MAX] = {false};
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_rc rc = APL_OK;
    if (!doc)
        return apl_err_nomem(err);
    (void)pthread_once(&once, build_counts);
    for (size_t i = 0; apl_tables[i] && !rc; i++) {
        row_pass p = {.v = v, .table = apl_tables[i], .table_index = i, .doc = doc};
        apl_err own = {0};
        rc = check_table(&p, &own);
        if (rc == APL_E_CORRUPT) {
            apl_finding *f = apl_verify_note(v, APL_FINDING_BROKEN, -1, "%s", apl_tables[i]->name);
            apl_finding_say(f, "cannot be read: %.200s", own.what);
            is_unreadable[i] = true;
            rc = APL_OK;
        } else if (rc && err) {
            *err = own;
        }
    }
    if (!rc)
        note_missing(v, is_unreadable);
    if (!rc)
        check_next_ids(v);
    return rc;
}
