/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a backup; see restore_rows.h. The columns are those that the backup names (an older schema has fewer), so
 * names are checked before they become SQL. Tests: tests/e2e/test_backup.py
 */
#include "desk/restore_rows.h"

#include <stdio.h>
#include <string.h>

apl_rc apl_restore_damaged(apl_err *err, const char *what)
{
    apl_err_set(err, APL_E_CORRUPT, "the backup is damaged: %s", what);
    apl_err_fix(err, "use another copy of it; nothing was kept");
    return APL_E_CORRUPT;
}

static bool is_name(apl_span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!(name.ptr[i] == '_' || (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
              (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
            return false;
    return name.len > 0 && name.len < APL_BACKUP_NAME_MAX_BYTES;
}

static int table_index(apl_span name)
{
    size_t count;
    const apl_dump_table *tables = apl_dump_tables(&count);
    for (size_t i = 0; i < count; i++)
        if (apl_span_is(name, tables[i].name))
            return (int)i;
    return -1;
}

static bool read_type(apl_span text, apl_val_type *out_type)
{
    if (apl_span_is(text, "i"))
        *out_type = APL_VAL_I64;
    else if (apl_span_is(text, "t"))
        *out_type = APL_VAL_TEXT;
    else if (apl_span_is(text, "b"))
        *out_type = APL_VAL_BLOB;
    else
        return false;
    return true;
}

static bool read_column(apl_json column, apl_span *out_name, apl_val_type *out_type)
{
    apl_json_iter it = apl_json_each(column);
    apl_json name, type;
    apl_span type_text;
    return apl_json_is(column, APL_JSON_ARRAY) && apl_json_count(column) == 2 &&
           apl_json_next(&it, NULL, &name) && apl_json_next(&it, NULL, &type) &&
           apl_json_as_str(name, out_name) && apl_json_as_str(type, &type_text) &&
           is_name(*out_name) && read_type(type_text, out_type);
}

static apl_rc build_insert(apl_restore_rows *rows, int table, apl_span name, apl_json columns,
                           apl_err *err)
{
    APL_AUTO(apl_buf) sql = APL_BUF(APL_TABLE_SQL_MAX_BYTES - 1);
    apl_json value;
    apl_span column;
    int count = 0;
    apl_rc rc = apl_buf_addf(&sql, err, "INSERT INTO %.*s (", APL_SPAN_ARGS(name));
    for (apl_json_iter it = apl_json_each(columns); !rc && apl_json_next(&it, NULL, &value);
         count++) {
        if (count == APL_BACKUP_COLUMNS_MAX ||
            !read_column(value, &column, &rows->types[table][count]))
            return apl_restore_damaged(err, "a column of a table is none");
        rc = apl_buf_addf(&sql, err, "%s%.*s", count ? ", " : "", APL_SPAN_ARGS(column));
    }
    if (!rc)
        rc = apl_buf_add_str(&sql, ") VALUES (", err);
    for (int i = 0; i < count && !rc; i++)
        rc = apl_buf_addf(&sql, err, "%s$%d", i ? ", " : "", i + 1);
    if (!rc)
        rc = apl_buf_add_byte(&sql, ')', err);
    if (rc)
        return rc;
    rows->column_count[table] = count;
    memcpy(rows->insert[table], apl_buf_str(&sql), sql.len + 1);
    return count ? APL_OK : apl_restore_damaged(err, "a table has no columns");
}

apl_rc apl_restore_table(apl_restore_rows *rows, apl_span payload, apl_err *err)
{
    apl_json root, columns;
    apl_span name;
    apl_rc rc = apl_json_doc_parse(rows->doc, payload, NULL, &root, err);
    if (!rc)
        rc = apl_json_get_str(root, "table", &name, err);
    if (!rc)
        rc = apl_json_get_array(root, "columns", &columns, err);
    if (rc)
        return rc == APL_E_NOMEM ? rc : apl_restore_damaged(err, "a table is not described");
    rows->present = table_index(name);
    if (rows->present < 0 || rows->insert[rows->present][0])
        return apl_restore_damaged(err, "it holds a table that is not expected");
    return build_insert(rows, rows->present, name, columns, err);
}

static uint64_t take_number(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | (uint8_t)at[i];
    return value;
}

static bool take_value(apl_span *rest, apl_val_type type, apl_val *out)
{
    size_t fixed = type == APL_VAL_I64 ? 8 : 4;
    if (rest->len < fixed)
        return false;
    uint64_t number = take_number(rest->ptr, (int)fixed);
    *rest = apl_span_sub(*rest, fixed, SIZE_MAX);
    if (type == APL_VAL_I64) {
        *out = APL_I64((int64_t)number);
        return true;
    }
    if (rest->len < number)
        return false;
    *out = (apl_val){.type = type, .span = {rest->ptr, (size_t)number}};
    *rest = apl_span_sub(*rest, (size_t)number, SIZE_MAX);
    return true;
}

apl_rc apl_restore_row(apl_restore_rows *rows, apl_span payload, apl_err *err)
{
    apl_val vals[APL_BACKUP_COLUMNS_MAX];
    int table = rows->present;
    if (table < 0)
        return apl_restore_damaged(err, "a row comes before its table");
    for (int i = 0; i < rows->column_count[table]; i++)
        if (!take_value(&payload, rows->types[table][i], &vals[i]))
            return apl_restore_damaged(err, "a row is too short");
    if (payload.len)
        return apl_restore_damaged(err, "a row is too long");
    rows->count[table]++;
    rows->total++;
    return apl_conn_run(rows->conn, rows->insert[table], vals, (size_t)rows->column_count[table],
                        err);
}

apl_rc apl_restore_check_end(apl_restore_rows *rows, int64_t files, apl_span payload, apl_err *err)
{
    apl_json root, tables, value;
    apl_span name;
    int64_t want_files = 0, want_rows = 0, want = 0;
    apl_rc rc = apl_json_doc_parse(rows->doc, payload, NULL, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "files", &want_files, err);
    if (!rc)
        rc = apl_json_get_i64(root, "rows", &want_rows, err);
    if (!rc)
        rc = apl_json_get_object(root, "tables", &tables, err);
    if (rc)
        return rc == APL_E_NOMEM ? rc : apl_restore_damaged(err, "its end cannot be read");
    if (want_files != files || want_rows != rows->total)
        return apl_restore_damaged(err, "it holds another number of records than it says");
    for (apl_json_iter it = apl_json_each(tables); apl_json_next(&it, &name, &value);) {
        int table = table_index(name);
        if (!apl_json_as_i64(value, &want) || (table < 0 && want) ||
            (table >= 0 && rows->count[table] != want))
            return apl_restore_damaged(err, "a table has another number of rows than it says");
    }
    return APL_OK;
}
