/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite behind the store contract. Statements are cached per connection by the address of their text; `$n` is mapped
 * to SQLite's own index at preparation, because SQLite numbers named parameters in order of appearance.
 * Tests: tests/unit/store (run on every backend).
 */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum {
    STMT_SLOTS = 1024,
    PARAM_MAX = 48,
    BUSY_MS = 5000,
    CACHE_KIB = 64 * 1024,
    READER_CACHE_KIB = 2 * 1024,
    LOOKASIDE_BYTES = 1536
};

typedef struct sqlite_store {
    apl_store base;
    char *path;
    bool has_writer;
    pthread_mutex_t mutex;
} sqlite_store;

typedef struct sqlite_cursor {
    apl_cursor base;
    const char *sql;
    sqlite3_stmt *stmt;
    unsigned char index[PARAM_MAX]; /* index[i] = SQLite's index of $(i+1), 0 when absent */
    int param_count;
    bool is_open;
    bool is_stepped;
} sqlite_cursor;

typedef struct sqlite_conn {
    apl_conn base;
    sqlite3 *db;
    sqlite_cursor *slots[STMT_SLOTS]; /* open addressing by address of the SQL */
    size_t used;
} sqlite_conn;

static apl_rc rc_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return APL_E_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return APL_E_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return APL_E_CORRUPT;
    case SQLITE_CONSTRAINT:
        return APL_E_EXISTS;
    case SQLITE_NOMEM:
        return APL_E_NOMEM;
    case SQLITE_TOOBIG:
        return APL_E_LIMIT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return APL_E_DENIED;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return APL_E_IO;
    default:
        return APL_E_INTERNAL;
    }
}

static apl_rc fail(sqlite3 *db, apl_err *err)
{
    int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    apl_rc rc = rc_of(code);
    /* A short write at a full disk is reported as IOERR by some file systems. */
    if (rc == APL_E_IO && db && sqlite3_system_errno(db) == ENOSPC)
        rc = APL_E_FULL;
    apl_err_set(err, rc, "%s", db ? sqlite3_errmsg(db) : "memory ran out");
    if (rc == APL_E_FULL)
        apl_err_fix(err, "free space on the disk; nothing was changed, reading goes on");
    else if (rc == APL_E_CORRUPT)
        apl_err_fix(err, "run aplomb doctor, then restore the last backup");
    else if (rc == APL_E_BUSY)
        apl_err_fix(err, "another process writes to this database; stop it or try again");
    return rc;
}

static apl_rc setup(sqlite_conn *conn, apl_err *err)
{
    static const char writer[] =
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
        "wal_autocheckpoint=4000;"
        "PRAGMA journal_size_limit=67108864; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;"
        "PRAGMA cache_spill=ON; PRAGMA trusted_schema=OFF";
    static const char reader[] =
        "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF";
    char cache[64];
    sqlite3_busy_timeout(conn->db, BUSY_MS);
    /* Cursors of statements come from here instead of malloc; a reader runs one or two statements at a time. */
    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_BYTES,
                            conn->base.is_writer ? 512 : 64);
    sqlite3_extended_result_codes(conn->db, 1);
    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !conn->base.is_writer,
                            NULL);
    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)snprintf(cache, sizeof cache, "PRAGMA cache_size=-%d",
                   conn->base.is_writer ? CACHE_KIB : READER_CACHE_KIB);
    /* The cache last: SQLite counts it in pages of the size that it knows of by then. */
    if (sqlite3_exec(conn->db, conn->base.is_writer ? writer : reader, NULL, NULL, NULL) ||
        sqlite3_exec(conn->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) ||
        sqlite3_exec(conn->db, cache, NULL, NULL, NULL))
        return fail(conn->db, err);
    return APL_OK;
}

static void sqlite_disconnect(apl_conn *base)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    sqlite_store *store = (sqlite_store *)base->store;
    for (size_t i = 0; i < STMT_SLOTS; i++) {
        if (conn->slots[i]) {
            sqlite3_finalize(conn->slots[i]->stmt);
            apl_mem_free(conn->slots[i]);
        }
    }
    sqlite3_close(conn->db);
    if (base->is_writer) {
        pthread_mutex_lock(&store->mutex);
        store->has_writer = false;
        pthread_mutex_unlock(&store->mutex);
    }
    apl_mem_free(conn);
}

static apl_rc claim_writer(sqlite_store *store, apl_err *err)
{
    pthread_mutex_lock(&store->mutex);
    bool taken = store->has_writer;
    store->has_writer = true;
    pthread_mutex_unlock(&store->mutex);
    return taken ? apl_err_set(err, APL_E_BUSY, "this database already has its writing connection")
                 : APL_OK;
}

static apl_rc sqlite_connect(apl_store *base, bool is_writer, apl_conn **out_conn, apl_err *err)
{
    sqlite_store *store = (sqlite_store *)base;
    apl_rc rc = is_writer ? claim_writer(store, err) : APL_OK;
    if (rc)
        return rc;
    sqlite_conn *conn = apl_mem_zalloc(1, sizeof *conn);
    if (!conn) {
        if (is_writer)
            store->has_writer = false;
        return apl_err_nomem(err);
    }
    conn->base.store = base;
    conn->base.is_writer = is_writer;
    int flags = (is_writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->path, &conn->db, flags, NULL)) {
        rc = fail(conn->db, err);
        apl_err_where(err, "%s", store->path);
    } else {
        rc = setup(conn, err);
    }
    if (rc) {
        if (err && !err->where[0])
            apl_err_where(err, "%s", store->path);
        sqlite_disconnect(&conn->base);
        return rc;
    }
    *out_conn = &conn->base;
    return APL_OK;
}

static void sqlite_close(apl_store *base)
{
    sqlite_store *store = (sqlite_store *)base;
    pthread_mutex_destroy(&store->mutex);
    apl_mem_free(store->path);
    apl_mem_free(store);
}

static apl_rc sqlite_script(apl_conn *base, const char *sql, apl_err *err)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    return sqlite3_exec(conn->db, sql, NULL, NULL, NULL) ? fail(conn->db, err) : APL_OK;
}

static size_t slot_of(const sqlite_conn *conn, const char *sql)
{
    size_t i = ((uintptr_t)sql >> 3) * 0x9E3779B97F4A7C15u >> 54;
    while (conn->slots[i] && conn->slots[i]->sql != sql)
        i = (i + 1) % STMT_SLOTS;
    return i;
}

static apl_rc prepare(sqlite_conn *conn, const char *sql, sqlite_cursor **out, apl_err *err)
{
    size_t slot = slot_of(conn, sql);
    if (conn->slots[slot]) {
        *out = conn->slots[slot];
        return APL_OK;
    }
    if (conn->used >= STMT_SLOTS / 2)
        return apl_err_set(err, APL_E_INTERNAL, "too many different statements");
    sqlite_cursor *cursor = apl_mem_zalloc(1, sizeof *cursor);
    if (!cursor)
        return apl_err_nomem(err);
    if (sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &cursor->stmt, NULL)) {
        apl_mem_free(cursor);
        return fail(conn->db, err);
    }
    cursor->base.conn = &conn->base;
    cursor->sql = sql;
    for (int i = 0; i < PARAM_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "$%d", i + 1);
        cursor->index[i] = (unsigned char)sqlite3_bind_parameter_index(cursor->stmt, name);
        if (cursor->index[i])
            cursor->param_count = i + 1;
    }
    conn->slots[slot] = cursor;
    conn->used++;
    *out = cursor;
    return APL_OK;
}

static int bind_one(sqlite3_stmt *stmt, int index, const apl_val *val)
{
    switch (val->type) {
    case APL_VAL_I64:
        return sqlite3_bind_int64(stmt, index, val->i64);
    case APL_VAL_TEXT:
        return sqlite3_bind_text64(stmt, index, val->span.ptr ? val->span.ptr : "", val->span.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    default:
        return val->span.len
                   ? sqlite3_bind_blob64(stmt, index, val->span.ptr, val->span.len, SQLITE_STATIC)
                   : sqlite3_bind_zeroblob(stmt, index, 0);
    }
}

static apl_rc sqlite_query(apl_conn *base, const char *sql, const apl_val *vals, size_t count,
                           apl_cursor **out, apl_err *err)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    sqlite_cursor *cursor = NULL;
    apl_rc rc = prepare(conn, sql, &cursor, err);
    if (rc)
        return rc;
    if (cursor->is_open || count < (size_t)cursor->param_count || count > PARAM_MAX)
        return apl_err_set(err, APL_E_INTERNAL,
                           "statement in use or wrong number of parameters: %.80s", sql);
    for (size_t i = 0; i < count; i++)
        if (cursor->index[i] && bind_one(cursor->stmt, cursor->index[i], &vals[i]))
            return fail(conn->db, err);
    cursor->is_open = true;
    cursor->is_stepped = false;
    *out = &cursor->base;
    return APL_OK;
}

static apl_rc sqlite_next(apl_cursor *base, bool *out_has_row, apl_err *err)
{
    sqlite_cursor *cursor = (sqlite_cursor *)base;
    int code = sqlite3_step(cursor->stmt);
    cursor->is_stepped = true;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(((sqlite_conn *)base->conn)->db, err);
    *out_has_row = code == SQLITE_ROW;
    return APL_OK;
}

static int64_t sqlite_column_i64(apl_cursor *base, int column)
{
    return sqlite3_column_int64(((sqlite_cursor *)base)->stmt, column);
}

static apl_span sqlite_column_span(apl_cursor *base, int column)
{
    sqlite3_stmt *stmt = ((sqlite_cursor *)base)->stmt;
    const char *ptr = sqlite3_column_blob(stmt, column);
    return (apl_span){ptr, (size_t)sqlite3_column_bytes(stmt, column)};
}

static void sqlite_close_cursor(apl_cursor *base)
{
    sqlite_cursor *cursor = (sqlite_cursor *)base;
    sqlite3_reset(cursor->stmt);
    cursor->is_open = false;
}

static int64_t sqlite_changed(apl_cursor *base)
{
    return sqlite3_changes64(((sqlite_conn *)base->conn)->db);
}

static apl_rc sqlite_begin(apl_conn *conn, bool is_write, apl_err *err)
{
    return apl_conn_run(conn, is_write ? "BEGIN IMMEDIATE" : "BEGIN", NULL, 0, err);
}

static apl_rc sqlite_lock_workspace(apl_conn *conn, int64_t workspace_id, apl_err *err)
{
    (void)conn, (void)workspace_id,
        (void)err; /* BEGIN IMMEDIATE on the only writer has already done it */
    return APL_OK;
}

/* Post ids are per workspace, FTS row ids per table: 2^23 workspaces of 2^40 posts. */
static int64_t fts_rowid(int64_t workspace_id, int64_t post_id)
{
    return workspace_id << 40 | post_id;
}

static apl_rc sqlite_search_put(apl_conn *conn, int64_t workspace_id, int64_t post_id,
                                apl_span old_text, apl_span text, apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_val row = APL_I64(fts_rowid(workspace_id, post_id));
    /* The index keeps no copy of the text (content=''), so that taking out needs the old one. */
    if (old_text.len)
        rc = apl_conn_run(conn,
                          "INSERT INTO post_fts (post_fts, rowid, text) VALUES ('delete', $1, $2)",
                          APL_VALS(row, APL_TEXT(old_text)), err);
    if (!rc && text.len)
        rc = apl_conn_run(conn, "INSERT INTO post_fts (rowid, text) VALUES ($1, $2)",
                          APL_VALS(row, APL_TEXT(text)), err);
    return rc;
}

static const char search_sql[] =
    "SELECT rowid & 1099511627775 FROM post_fts"
    " WHERE post_fts MATCH $2 AND rowid > ($1 << 40) AND rowid < ($1 << 40) + $3"
    " ORDER BY rowid DESC LIMIT $4";

static const char search_ids_sql[] = "SELECT rowid & 1099511627775 FROM post_fts"
                                     " WHERE rowid > ($1 << 40 | $2) AND rowid < ($1 + 1) << 40"
                                     " ORDER BY rowid LIMIT $3";

/* Every word quoted, so that no operator of FTS5 is reachable from outside. */
static apl_rc add_term(apl_buf *out, apl_span term, bool is_prefix, apl_err *err)
{
    apl_rc rc = apl_buf_add_str(out, out->len ? " \"" : "\"", err);
    for (size_t i = 0; i < term.len && !rc; i++)
        if (term.ptr[i] != '"' && term.ptr[i] != '\0')
            rc = apl_buf_add_byte(out, term.ptr[i], err);
    if (!rc)
        rc = apl_buf_add_str(out, is_prefix ? "\"*" : "\"", err);
    return rc;
}

static apl_rc sqlite_search_query(apl_span typed, apl_buf *out, apl_err *err)
{
    return apl_search_terms(typed, out, add_term, err);
}

static apl_rc sqlite_checkpoint(apl_conn *base, apl_err *err)
{
    sqlite_conn *conn = (sqlite_conn *)base;
    return sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL)
               ? fail(conn->db, err)
               : APL_OK;
}

static void sqlite_rest(apl_conn *base)
{
    (void)sqlite3_db_release_memory(((sqlite_conn *)base)->db);
}

static apl_rc sqlite_check(apl_conn *conn, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc = apl_conn_query(conn, "PRAGMA integrity_check(1)", NULL, 0, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row && !apl_span_is(apl_cursor_span(cursor, 0), "ok"))
        rc = apl_err_set(err, APL_E_CORRUPT, "the database is damaged: %.*s",
                         APL_SPAN_ARGS(apl_cursor_span(cursor, 0)));
    apl_cursor_close(cursor);
    return rc;
}

static const apl_store_backend backend = {
    .name = "sqlite",
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .close = sqlite_close,
    .script = sqlite_script,
    .query = sqlite_query,
    .next = sqlite_next,
    .column_i64 = sqlite_column_i64,
    .column_span = sqlite_column_span,
    .close_cursor = sqlite_close_cursor,
    .changed = sqlite_changed,
    .begin = sqlite_begin,
    .lock_workspace = sqlite_lock_workspace,
    .search_put = sqlite_search_put,
    .search_sql = search_sql,
    .search_ids_sql = search_ids_sql,
    .search_query = sqlite_search_query,
    .checkpoint = sqlite_checkpoint,
    .rest = sqlite_rest,
    .check = sqlite_check,
};

/* Counting every allocation of the library takes a lock each time; nobody asks for the counts. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

apl_rc apl_sqlite_open(const char *path, apl_store **out_store, apl_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure);
    sqlite_store *store = apl_mem_zalloc(1, sizeof *store);
    char *copy = apl_mem_dup(path, strlen(path));
    if (!store || !copy) {
        apl_mem_free(store);
        apl_mem_free(copy);
        return apl_err_nomem(err);
    }
    store->base.backend = &backend;
    store->path = copy;
    (void)pthread_mutex_init(&store->mutex, NULL);
    *out_store = &store->base;
    return APL_OK;
}
