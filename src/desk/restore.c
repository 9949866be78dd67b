/* SPDX-License-Identifier: Apache-2.0 */
/* Restoring; see restore.h. Tests: tests/e2e/test_backup.py */
#include "desk/restore.h"

#include "crypto/secret.h"
#include "desk/restore_rows.h"
#include "desk/search.h"

#include <stdio.h>
#include <string.h>

enum { SEARCH_PAGE = 256, TX_ARENA_BYTES = 16 * 1024 * 1024, MIGRATIONS_MAX = 256 };

typedef struct restore_run {
    const apl_desk_env *env;
    const char *file;
    char dir[APL_PATH_MAX_BYTES]; /* without a slash at its end */
    char temp[APL_PATH_MAX_BYTES];
    const char *url;
    apl_lock *lock;
    apl_backup_reader *reader;
    apl_store *store;
    apl_conn *conn;
    apl_restore_rows *rows;
    int64_t schema; /* of the backup */
    bool is_sqlite;
    bool is_filled; /* rows of ours were committed to a store that is not in temp */
    apl_restore_report *report;
} restore_run;

/* --- where to ----------------------------------------------------------------------------------------------------- */

static apl_rc check_target(const char *dir, apl_err *err)
{
    APL_AUTO(apl_dir_names) names = {0};
    if (!apl_file_exists(dir))
        return APL_OK;
    apl_rc rc = apl_dir_exists(dir) ? apl_dir_list(dir, &names, err) : APL_OK;
    if (!rc && (!apl_dir_exists(dir) || names.count)) {
        apl_err_set(err, APL_E_EXISTS, "a backup is restored into a new or empty folder only");
        apl_err_where(err, "%s", dir);
        apl_err_fix(err, "name another folder with --data; nothing was changed");
        rc = APL_E_EXISTS;
    }
    return rc;
}

static apl_rc make_temp(restore_run *r, apl_err *err)
{
    int len = snprintf(r->temp, sizeof r->temp, "%s.restoring", r->dir);
    if (len < 0 || len >= (int)sizeof r->temp) {
        r->temp[0] = '\0';
        return apl_err_set(err, APL_E_LIMIT, "the path of the data directory is too long");
    }
    if (apl_file_exists(r->temp) && apl_lock_owner(r->temp)) {
        apl_err_set(err, APL_E_BUSY, "another restore into this folder is under way");
        apl_err_where(err, "%s", r->temp);
        r->temp[0] = '\0';
        return APL_E_BUSY;
    }
    /* What a restore that was killed has left. */
    apl_rc rc = apl_dir_exists(r->temp) ? apl_dir_remove(r->temp, err) : APL_OK;
    if (!rc)
        rc = apl_dir_make(r->temp, 0700, err);
    return rc ? rc : apl_lock_take(r->temp, &r->lock, err);
}

static apl_rc not_empty(apl_err *err)
{
    apl_err_set(err, APL_E_EXISTS, "the PostgreSQL store is not empty");
    apl_err_fix(err, "restore into a new database or schema; nothing was changed");
    return APL_E_EXISTS;
}

/* Tables of ours without a row count as empty: that is what an earlier restore that failed leaves. */
static apl_rc check_no_rows(restore_run *r, apl_err *err)
{
    size_t count;
    const apl_dump_table *tables = apl_dump_tables(&count);
    int version = 0;
    apl_rc rc = apl_store_schema_version(r->conn, &version, err);
    if (!rc && version == 0)
        return not_empty(err);
    for (size_t i = 0; i < count && !rc; i++) {
        apl_val vals[APL_BACKUP_COLUMNS_MAX];
        apl_cursor *cursor = NULL;
        bool has_row = false;
        for (int k = 0; k < tables[i].key_count; k++)
            vals[k] = APL_I64(INT64_MIN);
        vals[tables[i].key_count] = APL_I64(1);
        rc = apl_conn_query(r->conn, tables[i].scan, vals, (size_t)tables[i].key_count + 1, &cursor,
                            err);
        if (!rc)
            rc = apl_cursor_next(cursor, &has_row, err);
        apl_cursor_close(cursor);
        if (has_row)
            return not_empty(err);
    }
    return rc;
}

static apl_rc check_store_empty(restore_run *r, apl_err *err)
{
    static const char all_sql[] =
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()";
    static const char ours_sql[] =
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
        " AND table_name = 'schema_migration'";
    int64_t all = 0, ours = 0;
    if (r->is_sqlite)
        return APL_OK;
    apl_rc rc = apl_conn_number(r->conn, all_sql, NULL, 0, &all, err);
    if (!rc)
        rc = apl_conn_number(r->conn, ours_sql, NULL, 0, &ours, err);
    if (rc || !all)
        return rc;
    return ours ? check_no_rows(r, err) : not_empty(err);
}

static apl_rc open_store(restore_run *r, apl_err *err)
{
    apl_rc rc = r->env->open_store(r->temp, r->url, &r->store, err);
    if (!rc)
        rc = apl_store_connect(r->store, true, &r->conn, err);
    if (rc)
        return rc;
    r->is_sqlite = strcmp(r->store->backend->name, "sqlite") == 0;
    r->rows->conn = r->conn;
    return check_store_empty(r, err);
}

/* --- what comes --------------------------------------------------------------------------------------------------- */

static apl_rc read_manifest(restore_run *r, apl_err *err)
{
    apl_span payload;
    apl_json root;
    int type = 0;
    int64_t format = 0, newest = r->env->migrations[r->env->migration_count - 1].version;
    apl_rc rc = apl_backup_next(r->reader, &type, &payload, err);
    if (rc)
        return rc;
    if (type != APL_BACKUP_MANIFEST)
        return apl_restore_damaged(err, "it does not begin with its description");
    rc = apl_json_doc_parse(r->rows->doc, payload, NULL, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "format", &format, err);
    if (!rc)
        rc = apl_json_get_i64(root, "schema", &r->schema, err);
    if (!rc)
        rc = apl_json_get_time(root, "created", &r->report->created_us, err);
    if (rc)
        return rc == APL_E_NOMEM ? rc : apl_restore_damaged(err, "its description cannot be read");
    if (format > APL_BACKUP_FORMAT || r->schema > newest) {
        apl_err_set(err, APL_E_VERSION,
                    "the backup has schema version %lld, this program knows only up to %lld: it was"
                    " made by a newer Aplomb",
                    (long long)r->schema, (long long)newest);
        apl_err_fix(err, "install the newer version; nothing was written");
        return APL_E_VERSION;
    }
    return r->schema < 1 ? apl_restore_damaged(err, "it names no schema") : APL_OK;
}

/* "keys/…" or "policy/…", and nothing that leads out of them. */
static bool is_safe_name(apl_span name)
{
    apl_span rest = name, part;
    if (!apl_span_starts(name, APL_SPAN("keys/")) && !apl_span_starts(name, APL_SPAN("policy/")))
        return false;
    if (name.len > 1024 || memchr(name.ptr, '\0', name.len))
        return false;
    while (apl_span_split(&rest, '/', &part))
        if (!part.len || apl_span_is(part, ".") || apl_span_is(part, ".."))
            return false;
    return true;
}

static apl_rc save_file(restore_run *r, apl_span payload, apl_err *err)
{
    char name[1100], path[APL_PATH_MAX_BYTES], folder[APL_PATH_MAX_BYTES];
    size_t len = payload.len >= 2 ? (size_t)((uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1])
                                  : SIZE_MAX;
    if (payload.len < 2 || len > payload.len - 2 || !is_safe_name(apl_span_sub(payload, 2, len)))
        return apl_restore_damaged(err, "a file in it has no proper name");
    (void)snprintf(name, sizeof name, "%.*s", (int)len, payload.ptr + 2);
    apl_rc rc = apl_plain_path(r->temp, name, path, err);
    if (rc)
        return rc;
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    bool is_secret = strncmp(name, "keys/", 5) == 0 && strcmp(name, "keys/ledger.pub") != 0;
    rc = apl_dir_make(folder, 0700, err);
    if (!rc)
        rc = apl_file_save(path, apl_span_sub(payload, 2 + len, SIZE_MAX), is_secret ? 0600 : 0644,
                           err);
    r->report->files++;
    return rc;
}

static apl_rc take_records(restore_run *r, apl_err *err)
{
    apl_span payload;
    int type = 0;
    bool has_end = false;
    apl_rc rc = apl_backup_next(r->reader, &type, &payload, err);
    while (!rc && type) {
        if (has_end)
            return apl_restore_damaged(err, "something follows its end");
        if (type == APL_BACKUP_FILE)
            rc = save_file(r, payload, err);
        else if (type == APL_BACKUP_TABLE)
            rc = apl_restore_table(r->rows, payload, err);
        else if (type == APL_BACKUP_ROW)
            rc = apl_restore_row(r->rows, payload, err);
        else if (type == APL_BACKUP_END)
            rc = apl_restore_check_end(r->rows, r->report->files, payload, err);
        else
            rc = apl_restore_damaged(err, "it holds a record of an unknown kind");
        has_end = type == APL_BACKUP_END;
        if (!rc)
            rc = apl_backup_next(r->reader, &type, &payload, err);
    }
    if (!rc && !has_end)
        rc = apl_restore_damaged(err, "its end is missing");
    return rc;
}

/* --- what is made of it ------------------------------------------------------------------------------------------- */

typedef struct search_page {
    int64_t last, count;
} search_page;

static apl_rc index_page(apl_tx *tx, search_page *page, apl_err *err)
{
    static const char sql[] = "SELECT p.workspace_id, p.id, v.title, v.text FROM post p JOIN "
                              "post_version v ON v.workspace_id = p.workspace_id"
                              " AND v.post_id = p.id AND v.version_no = p.version_no WHERE "
                              "p.workspace_id = $1 AND p.id > $2 ORDER BY p.id"
                              " LIMIT $3";
    apl_cursor *cursor = NULL;
    bool has_row = true;
    page->count = 0;
    apl_rc rc = apl_conn_query(
        tx->conn, sql,
        APL_VALS(APL_I64(tx->workspace_id), APL_I64(page->last), APL_I64(SEARCH_PAGE)), &cursor,
        err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        apl_version_row nothing = {0};
        apl_version_row row = {.workspace_id = tx->workspace_id,
                               .post_id = apl_cursor_i64(cursor, 1),
                               .title = apl_cursor_span(cursor, 2),
                               .text = apl_cursor_span(cursor, 3)};
        page->last = row.post_id;
        page->count++;
        if (row.title.len || row.text.len)
            rc = apl_search_index(tx, &nothing, &row, err);
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc index_workspace(restore_run *r, int64_t workspace_id, apl_err *err)
{
    /* The index is the store's alone: no ledger entry, so no whole write transaction either. */
    apl_tx *tx = apl_mem_zalloc(1, sizeof *tx);
    search_page page = {0, 0};
    if (!tx)
        return apl_err_nomem(err);
    tx->conn = r->conn;
    tx->workspace_id = workspace_id;
    apl_rc rc;
    do
        rc = index_page(tx, &page, err);
    while (!rc && page.count == SEARCH_PAGE);
    apl_mem_free(tx);
    return rc;
}

static apl_rc migrate(restore_run *r, int64_t up_to, apl_err *err)
{
    size_t count = 0;
    while (count < r->env->migration_count && r->env->migrations[count].version <= up_to)
        count++;
    return apl_store_migrate(r->conn, r->env->migrations, count, apl_clock_now(r->env->clock), err);
}

static apl_rc in_transaction(restore_run *r, apl_rc (*work)(restore_run *r, apl_err *err),
                             apl_err *err)
{
    apl_rc rc = apl_conn_begin(r->conn, err);
    if (rc)
        return rc;
    rc = work(r, err);
    if (!rc)
        rc = apl_conn_commit(r->conn, err);
    if (rc)
        apl_conn_rollback(r->conn);
    return rc;
}

static apl_rc fill_and_index(restore_run *r, apl_err *err)
{
    int64_t workspace = 0;
    apl_rc rc = take_records(r, err);
    if (rc)
        return rc;
    /* Ids of workspaces are 1, 2, 3, …: the desk knows one, a larger house has a handful. */
    rc = apl_conn_number(r->conn, "SELECT coalesce(max(workspace_id), 0) FROM workspace", NULL, 0,
                         &workspace, err);
    for (int64_t id = 1; id <= workspace && id < 1024 && !rc; id++)
        rc = index_workspace(r, id, err);
    return rc;
}

static apl_rc fill_store(restore_run *r, apl_err *err)
{
    apl_rc rc = migrate(r, r->schema, err);
    if (!rc)
        rc = in_transaction(r, fill_and_index, err);
    r->is_filled = !rc && !r->is_sqlite;
    if (!rc)
        rc = migrate(r, INT64_MAX, err);
    if (!rc)
        rc = r->store->backend->checkpoint(r->conn, err);
    r->report->rows = r->rows->total;
    return rc;
}

static apl_rc empty_store(restore_run *r, apl_err *err)
{
    static const char sql[] =
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM information_schema.tables "
        "WHERE"
        " table_schema = current_schema() AND table_name <> 'schema_migration' LOOP EXECUTE"
        " format('DELETE FROM %I', t); END LOOP; END $$";
    return apl_conn_script(r->conn, sql, err);
}

static apl_rc verify_all(restore_run *r, apl_err *err)
{
    apl_note_key key;
    apl_conn *reader = NULL;
    apl_rc rc = apl_plain_load_key(r->temp, &key, err);
    if (!rc)
        rc = apl_store_connect(r->store, false, &reader, err);
    if (!rc) {
        apl_verify_input input = {
            .conn = reader, .clock = r->env->clock, .key = &key, .workspace_id = 1};
        rc = apl_verify_run(&input, &r->report->verify, err);
        r->report->entries = r->report->verify.entries;
    }
    apl_conn_close(reader);
    return rc;
}

static void close_store(restore_run *r)
{
    apl_conn_close(r->conn);
    apl_store_close(r->store);
    r->conn = NULL;
    r->store = NULL;
}

/* The description comes last: without it the folder is no data directory. */
static apl_rc put_in_place(restore_run *r, apl_err *err)
{
    close_store(r);
    apl_rc rc = apl_marker_write(r->temp, r->url, err);
    return rc ? rc : apl_file_rename(r->temp, r->dir, err);
}

static apl_rc restore_all(restore_run *r, apl_err *err)
{
    apl_rc rc = apl_backup_reader_open(r->file, &r->reader, err);
    if (!rc)
        rc = read_manifest(r, err);
    if (!rc)
        rc = make_temp(r, err);
    if (!rc)
        rc = open_store(r, err);
    if (!rc)
        rc = fill_store(r, err);
    if (!rc)
        rc = verify_all(r, err);
    if (!rc)
        rc = put_in_place(r, err);
    if (rc && r->is_filled && r->conn)
        (void)empty_store(r, NULL);
    return rc;
}

static apl_rc set_dir(restore_run *r, const char *dir, apl_err *err)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    if (!len || len >= sizeof r->dir)
        return apl_err_set(err, APL_E_USAGE, "the path of the data directory is too long or empty");
    memcpy(r->dir, dir, len);
    return check_target(r->dir, err);
}

apl_rc apl_restore_run(const apl_desk_env *env, const char *file, const char *dir,
                       const char *store_url, apl_restore_report *out_report, apl_err *err)
{
    restore_run r = {.env = env, .file = file, .report = out_report};
    memset(out_report, 0, sizeof *out_report);
    r.url = store_url && strcmp(store_url, "sqlite") != 0 ? store_url : NULL;
    apl_tables_init();
    apl_rc rc = apl_crypto_init(err);
    if (!rc)
        rc = set_dir(&r, dir, err);
    if (rc)
        return rc;
    r.rows = apl_mem_zalloc(1, sizeof *r.rows);
    if (!r.rows || !(r.rows->doc = apl_json_doc_new()))
        rc = apl_err_nomem(err);
    if (!rc) {
        r.rows->present = -1;
        rc = restore_all(&r, err);
    }
    close_store(&r);
    if (rc && r.lock)
        (void)!apl_dir_remove(r.temp, NULL);
    apl_lock_release(r.lock);
    apl_backup_reader_close(r.reader);
    if (r.rows)
        apl_json_doc_free(r.rows->doc);
    apl_mem_free(r.rows);
    return rc;
}
