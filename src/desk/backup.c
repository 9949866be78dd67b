/* SPDX-License-Identifier: Apache-2.0 */
/* Writing backups; see backup.h, docs/formats/backup.md. Tests: tests/e2e/test_backup.py */
#include "desk/backup.h"

#include "crypto/secret.h"
#include "desk/backup_format.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 256, FILE_MAX_BYTES = 16 * 1024 * 1024, DEPTH_MAX = 4, JSON_MAX_BYTES = 1024 * 1024 };

typedef struct backup_run {
    const apl_plain *plain;
    apl_backup_writer *writer;
    apl_backup_report report;
    int64_t table_rows[APL_BACKUP_TABLES_MAX];
    apl_buf record; /* of the present row */
} backup_run;

static apl_rc put_json(backup_run *b, apl_backup_record type, apl_json_writer *w, apl_err *err)
{
    apl_rc rc = apl_json_writer_finish(w, err);
    return rc ? rc : apl_backup_put(b->writer, type, apl_buf_view(w->buf), err);
}

static apl_rc put_manifest(backup_run *b, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(JSON_MAX_BYTES);
    apl_json_writer w;
    int64_t schema = 0, entries = 0;
    apl_conn *conn = b->plain->conn;
    apl_rc rc = apl_conn_number(conn, "SELECT coalesce(max(version), 0) FROM schema_migration",
                                NULL, 0, &schema, err);
    if (!rc)
        rc = apl_conn_number(conn, "SELECT count(*) FROM ledger_entry", NULL, 0, &entries, err);
    if (rc)
        return rc;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "format", APL_BACKUP_FORMAT);
    apl_json_member_i64(&w, "schema", schema);
    apl_json_member_time(&w, "created", apl_clock_now(b->plain->env->clock));
    apl_json_member_str(&w, "store", b->plain->store->backend->name);
    apl_json_member_i64(&w, "entries", entries);
    apl_json_object_end(&w);
    return put_json(b, APL_BACKUP_MANIFEST, &w, err);
}

/* --- keys and policy ---------------------------------------------------------------------------------------------- */

/* Payload: the length of the name (2 bytes big-endian), the name, the content. */
static apl_rc put_file(backup_run *b, const char *name, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) payload = APL_BUF(FILE_MAX_BYTES);
    size_t len = strlen(name);
    apl_rc rc = apl_plain_path(b->plain->dir, name, path, err);
    if (!rc)
        rc = apl_buf_add_byte(&payload, (char)(len >> 8), err);
    if (!rc)
        rc = apl_buf_add_byte(&payload, (char)len, err);
    if (!rc)
        rc = apl_buf_add_str(&payload, name, err);
    if (!rc)
        rc = apl_file_load(path, &payload, err);
    if (!rc)
        rc = apl_backup_put(b->writer, APL_BACKUP_FILE, apl_buf_view(&payload), err);
    if (payload.ptr)
        apl_secret_wipe(payload.ptr, payload.len);
    b->report.files++;
    return rc;
}

static apl_rc put_folder(backup_run *b, const char *name, int depth, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES], child[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_dir_names) names = {0};
    apl_rc rc = apl_plain_path(b->plain->dir, name, path, err);
    if (rc || !apl_dir_exists(path))
        return rc;
    if (depth > DEPTH_MAX)
        return apl_err_set(err, APL_E_LIMIT, "folders nested too deeply in %.200s", name);
    rc = apl_dir_list(path, &names, err);
    for (size_t i = 0; i < names.count && !rc; i++) {
        rc = apl_plain_path(name, names.names[i], child, err);
        if (!rc)
            rc = apl_plain_path(b->plain->dir, child, path, err);
        if (!rc)
            rc = apl_dir_exists(path) ? put_folder(b, child, depth + 1, err)
                                      : put_file(b, child, err);
    }
    return rc;
}

static apl_rc put_files(backup_run *b, apl_err *err)
{
    static const char *const keys[] = {"keys/ledger.key", "keys/ledger.pub", "keys/secret.key"};
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !rc; i++)
        rc = put_file(b, keys[i], err);
    return rc ? rc : put_folder(b, "policy", 0, err);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static apl_rc put_table_head(backup_run *b, const apl_dump_table *table, apl_err *err)
{
    static const char *const types[] = {
        [APL_VAL_I64] = "i", [APL_VAL_TEXT] = "t", [APL_VAL_BLOB] = "b"};
    APL_AUTO(apl_buf) text = APL_BUF(JSON_MAX_BYTES);
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "table", table->name);
    apl_json_key(&w, "columns");
    apl_json_array_begin(&w);
    for (int i = 0; i < table->column_count; i++) {
        apl_json_array_begin(&w);
        apl_json_str(&w, table->columns[i].name);
        apl_json_str(&w, types[table->columns[i].type]);
        apl_json_array_end(&w);
    }
    apl_json_array_end(&w);
    apl_json_object_end(&w);
    return put_json(b, APL_BACKUP_TABLE, &w, err);
}

static apl_rc add_number(apl_buf *buf, uint64_t value, int bytes, apl_err *err)
{
    char out[8];
    for (int i = 0; i < bytes; i++)
        out[i] = (char)(value >> (8 * (bytes - 1 - i)));
    return apl_buf_add(buf, (apl_span){out, (size_t)bytes}, err);
}

/* Whole numbers in 8 bytes; texts and bytes after their length in 4. */
static apl_rc put_row(backup_run *b, const apl_dump_table *table, apl_cursor *cursor,
                      int64_t *last_key, apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_buf_clear(&b->record);
    for (int i = 0; i < table->column_count && !rc; i++) {
        if (table->columns[i].type == APL_VAL_I64) {
            int64_t value = apl_cursor_i64(cursor, i);
            rc = add_number(&b->record, (uint64_t)value, 8, err);
            if (i < table->key_count)
                last_key[i] = value;
        } else {
            apl_span value = apl_cursor_span(cursor, i);
            rc = add_number(&b->record, value.len, 4, err);
            if (!rc)
                rc = apl_buf_add(&b->record, value, err);
        }
    }
    return rc ? rc : apl_backup_put(b->writer, APL_BACKUP_ROW, apl_buf_view(&b->record), err);
}

static apl_rc put_page(backup_run *b, const apl_dump_table *table, int64_t *last_key,
                       int64_t *out_count, apl_err *err)
{
    apl_val vals[8];
    apl_cursor *cursor = NULL;
    bool has_row = true;
    size_t count = 0;
    for (int i = 0; i < table->key_count; i++)
        vals[count++] = APL_I64(last_key[i]);
    vals[count++] = APL_I64(PAGE);
    *out_count = 0;
    apl_rc rc = apl_conn_query(b->plain->conn, table->scan, vals, count, &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row) {
            rc = put_row(b, table, cursor, last_key, err);
            ++*out_count;
        }
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc put_tables(backup_run *b, apl_err *err)
{
    size_t count;
    const apl_dump_table *tables = apl_dump_tables(&count);
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        int64_t last_key[APL_BACKUP_COLUMNS_MAX], got = 0;
        for (int k = 0; k < tables[i].key_count; k++)
            last_key[k] = INT64_MIN;
        rc = put_table_head(b, &tables[i], err);
        do {
            if (!rc)
                rc = put_page(b, &tables[i], last_key, &got, err);
            b->table_rows[i] += got;
            b->report.rows += got;
        } while (!rc && got == PAGE);
        if (strcmp(tables[i].name, "ledger_entry") == 0)
            b->report.entries = b->table_rows[i];
        if (rc)
            return apl_err_wrap(err, rc, "reading %s", tables[i].name);
    }
    return rc;
}

static apl_rc put_end(backup_run *b, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(JSON_MAX_BYTES);
    apl_json_writer w;
    size_t count;
    const apl_dump_table *tables = apl_dump_tables(&count);
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "files", b->report.files);
    apl_json_member_i64(&w, "rows", b->report.rows);
    apl_json_key(&w, "tables");
    apl_json_object_begin(&w);
    for (size_t i = 0; i < count; i++)
        apl_json_member_i64(&w, tables[i].name, b->table_rows[i]);
    apl_json_object_end(&w);
    apl_json_object_end(&w);
    return put_json(b, APL_BACKUP_END, &w, err);
}

static apl_rc put_all(backup_run *b, apl_err *err)
{
    apl_rc rc = apl_conn_begin(b->plain->conn, err);
    if (rc)
        return rc;
    rc = put_manifest(b, err);
    if (!rc)
        rc = put_files(b, err);
    if (!rc)
        rc = put_tables(b, err);
    if (!rc)
        rc = put_end(b, err);
    apl_conn_rollback(b->plain->conn);
    return rc;
}

static apl_rc check_target(const char *path, apl_err *err)
{
    if (!apl_file_exists(path) || (!apl_dir_exists(path) && apl_backup_is_one(path)))
        return APL_OK;
    apl_err_set(err, APL_E_EXISTS, "there is already something of that name, and it is no backup");
    apl_err_where(err, "%s", path);
    apl_err_fix(err, "name another file; nothing was changed");
    return APL_E_EXISTS;
}

apl_rc apl_backup_run(const apl_plain *plain, const char *path, apl_backup_report *out_report,
                      apl_err *err)
{
    backup_run b = {.plain = plain, .record = APL_BUF(APL_BACKUP_RECORD_MAX_BYTES)};
    apl_rc rc = check_target(path, err);
    if (!rc)
        rc = apl_backup_writer_open(path, &b.writer, err);
    if (rc)
        return rc;
    rc = put_all(&b, err);
    if (rc)
        apl_backup_writer_drop(b.writer);
    else
        rc = apl_backup_writer_commit(b.writer, &b.report.bytes, err);
    apl_buf_release(&b.record);
    if (!rc)
        *out_report = b.report;
    return rc;
}
