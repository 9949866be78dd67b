/* SPDX-License-Identifier: Apache-2.0 */
/* What all backends share: dispatch, nesting, small conveniences. Tests: tests/unit/store/test_store.c */
#include "store/store.h"

void apl_store_close(apl_store *store)
{
    if (store)
        store->backend->close(store);
}

apl_rc apl_store_connect(apl_store *store, bool is_writer, apl_conn **out_conn, apl_err *err)
{
    return store->backend->connect(store, is_writer, out_conn, err);
}

void apl_conn_close(apl_conn *conn)
{
    if (conn)
        conn->store->backend->disconnect(conn);
}

apl_rc apl_conn_run_counted(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                            int64_t *out_changed, apl_err *err)
{
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(conn, sql, vals, count, &cursor, err);
    if (rc)
        return rc;
    bool has_row = false;
    rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && out_changed)
        *out_changed = conn->store->backend->changed(cursor);
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_conn_run(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                    apl_err *err)
{
    return apl_conn_run_counted(conn, sql, vals, count, NULL, err);
}

apl_rc apl_conn_script(apl_conn *conn, const char *sql, apl_err *err)
{
    return conn->store->backend->script(conn, sql, err);
}

apl_rc apl_conn_query(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                      apl_cursor **out_cursor, apl_err *err)
{
    return conn->store->backend->query(conn, sql, vals, count, out_cursor, err);
}

apl_rc apl_cursor_next(apl_cursor *cursor, bool *out_has_row, apl_err *err)
{
    return cursor->conn->store->backend->next(cursor, out_has_row, err);
}

int64_t apl_cursor_i64(apl_cursor *cursor, int column)
{
    return cursor->conn->store->backend->column_i64(cursor, column);
}

apl_span apl_cursor_span(apl_cursor *cursor, int column)
{
    return cursor->conn->store->backend->column_span(cursor, column);
}

void apl_cursor_close(apl_cursor *cursor)
{
    if (cursor)
        cursor->conn->store->backend->close_cursor(cursor);
}

apl_rc apl_conn_number(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                       int64_t *inout_value, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc = apl_conn_query(conn, sql, vals, count, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        *inout_value = apl_cursor_i64(cursor, 0);
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_conn_begin(apl_conn *conn, apl_err *err)
{
    conn->depth = 0;
    return conn->store->backend->begin(conn, conn->is_writer, err);
}

apl_rc apl_conn_commit(apl_conn *conn, apl_err *err)
{
    return apl_conn_run(conn, "COMMIT", NULL, 0, err);
}

void apl_conn_rollback(apl_conn *conn)
{
    /* When the backend has already rolled back by itself, this fails and nothing is lost. */
    (void)apl_conn_run_counted(conn, "ROLLBACK", NULL, 0, NULL, NULL);
    conn->depth = 0;
}

enum { SAVE_DEPTH_MAX = 4 };
static const char *const save_sql[SAVE_DEPTH_MAX] = {"SAVEPOINT s0", "SAVEPOINT s1", "SAVEPOINT s2",
                                                     "SAVEPOINT s3"};
static const char *const release_sql[SAVE_DEPTH_MAX] = {
    "RELEASE SAVEPOINT s0", "RELEASE SAVEPOINT s1", "RELEASE SAVEPOINT s2", "RELEASE SAVEPOINT s3"};
static const char *const undo_sql[SAVE_DEPTH_MAX] = {
    "ROLLBACK TO SAVEPOINT s0", "ROLLBACK TO SAVEPOINT s1", "ROLLBACK TO SAVEPOINT s2",
    "ROLLBACK TO SAVEPOINT s3"};

apl_rc apl_conn_save(apl_conn *conn, apl_err *err)
{
    if (conn->depth >= SAVE_DEPTH_MAX)
        return apl_err_set(err, APL_E_INTERNAL, "savepoints nested too deeply");
    apl_rc rc = apl_conn_run(conn, save_sql[conn->depth], NULL, 0, err);
    if (!rc)
        conn->depth++;
    return rc;
}

apl_rc apl_conn_release(apl_conn *conn, apl_err *err)
{
    conn->depth--;
    return apl_conn_run(conn, release_sql[conn->depth], NULL, 0, err);
}

void apl_conn_undo(apl_conn *conn)
{
    conn->depth--;
    (void)apl_conn_run_counted(conn, undo_sql[conn->depth], NULL, 0, NULL, NULL);
    (void)apl_conn_run_counted(conn, release_sql[conn->depth], NULL, 0, NULL, NULL);
}

apl_rc apl_search_terms(apl_span typed, apl_buf *out,
                        apl_rc (*add)(apl_buf *out, apl_span term, bool is_prefix, apl_err *err),
                        apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_span rest = apl_span_trim(typed);
    while (rest.len && !rc) {
        bool is_phrase = rest.ptr[0] == '"';
        if (is_phrase)
            rest = apl_span_sub(rest, 1, SIZE_MAX);
        size_t end = apl_span_find_byte(rest, is_phrase ? '"' : ' ');
        apl_span term = apl_span_trim(apl_span_sub(rest, 0, end));
        bool is_last = end == SIZE_MAX;
        rest = is_last ? APL_SPAN_NONE : apl_span_trim(apl_span_sub(rest, end + 1, SIZE_MAX));
        if (term.len)
            rc = add(out, term, is_last && !is_phrase, err);
    }
    return rc;
}
