/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by descriptor; see table.h. Tests: tests/unit/store/test_rows.c */
#include "store/table.h"

#include <string.h>

apl_val apl_row_value(const apl_table *table, const void *row, int column)
{
    const apl_column *c = &table->columns[column];
    const char *at = (const char *)row + c->offset;
    apl_val val = {.type = c->type};
    if (c->type == APL_VAL_I64)
        memcpy(&val.i64, at, sizeof val.i64);
    else
        memcpy(&val.span, at, sizeof val.span);
    return val;
}

static size_t bind_all(const apl_table *table, const void *row, const apl_row_seal *seal,
                       apl_val *vals)
{
    size_t count = (size_t)table->column_count;
    for (size_t i = 0; i < count; i++)
        vals[i] = apl_row_value(table, row, (int)i);
    vals[count] = APL_BLOB(((apl_span){(const char *)seal->salt, APL_SALT_BYTES}));
    vals[count + 1] = APL_I64(seal->seq);
    return count + 2;
}

apl_rc apl_row_insert(apl_conn *conn, const apl_table *table, const void *row,
                      const apl_row_seal *seal, apl_err *err)
{
    apl_val vals[APL_TABLE_COLUMNS_MAX + 2];
    size_t count = bind_all(table, row, seal, vals);
    return apl_conn_run(conn, table->sql->insert, vals, count, err);
}

static apl_rc update(apl_conn *conn, const apl_table *table, const char *sql, const void *row,
                     const apl_row_seal *seal, apl_err *err)
{
    apl_val vals[APL_TABLE_COLUMNS_MAX + 2];
    size_t count = bind_all(table, row, seal, vals);
    int64_t changed = 0;
    apl_rc rc = apl_conn_run_counted(conn, sql, vals, count, &changed, err);
    if (!rc && changed != 1)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "no such row in %s", table->name);
    return rc;
}

apl_rc apl_row_update(apl_conn *conn, const apl_table *table, const void *row,
                      const apl_row_seal *seal, apl_err *err)
{
    return update(conn, table, table->sql->update, row, seal, err);
}

apl_rc apl_row_update_in_place(apl_conn *conn, const apl_table *table, const void *row,
                               const apl_row_seal *seal, apl_err *err)
{
    return update(conn, table, table->sql->update_in_place, row, seal, err);
}

apl_rc apl_row_read(apl_cursor *cursor, const apl_table *table, int first, apl_arena *arena,
                    void *out_row, apl_err *err)
{
    for (int i = 0; i < table->column_count; i++) {
        const apl_column *c = &table->columns[i];
        char *at = (char *)out_row + c->offset;
        if (c->type == APL_VAL_I64) {
            int64_t value = apl_cursor_i64(cursor, first + i);
            memcpy(at, &value, sizeof value);
            continue;
        }
        apl_span copy = APL_SPAN_NONE, span = apl_cursor_span(cursor, first + i);
        apl_rc rc = span.len ? apl_arena_copy(arena, span, &copy, err) : APL_OK;
        if (rc)
            return rc;
        if (!span.len)
            copy = APL_SPAN("");
        memcpy(at, &copy, sizeof copy);
    }
    return APL_OK;
}

void apl_row_read_seal(apl_cursor *cursor, const apl_table *table, int first,
                       apl_row_seal *out_seal)
{
    apl_span salt = apl_cursor_span(cursor, first + table->column_count);
    memset(out_seal, 0, sizeof *out_seal);
    if (salt.len == APL_SALT_BYTES)
        memcpy(out_seal->salt, salt.ptr, APL_SALT_BYTES);
    out_seal->seq = apl_cursor_i64(cursor, first + table->column_count + 1);
}

apl_rc apl_row_find(const apl_reading *reading, const apl_table *table, const int64_t *keys,
                    void *out_row, bool *out_found, apl_err *err)
{
    apl_val vals[8];
    apl_cursor *cursor = NULL;
    *out_found = false;
    for (int i = 0; i < table->key_count; i++)
        vals[i] = APL_I64(keys[i]);
    apl_rc rc = apl_conn_query(reading->conn, table->sql->find, vals, (size_t)table->key_count,
                               &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = apl_row_read(cursor, table, 0, reading->arena, out_row, err);
    apl_cursor_close(cursor);
    return rc;
}
