/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a store: connections, prepared statements, transactions. One schema and one set of SQL for all
 * backends: `$1` parameters, ON CONFLICT, RETURNING, no NULLs (0, '' and APL_TIME_NONE say "none"). What differs
 * between backends (full-text search, locking, schema directives) stands behind the function table below.
 *
 * A connection belongs to one thread at a time. SQL texts are string literals; a statement is prepared once per
 * connection and found again by the address of its text.
 */
#ifndef APL_STORE_STORE_H
#define APL_STORE_STORE_H

#include "base/buf.h"
#include "base/time.h"

typedef struct apl_store apl_store;
typedef struct apl_conn apl_conn;
typedef struct apl_cursor apl_cursor;

typedef enum apl_val_type { APL_VAL_I64, APL_VAL_TEXT, APL_VAL_BLOB } apl_val_type;

/* One parameter. Spans are borrowed until the call returns (for a cursor: until it is closed). */
typedef struct apl_val {
    apl_val_type type;
    int64_t i64;
    apl_span span;
} apl_val;

#define APL_I64(v) ((apl_val){.type = APL_VAL_I64, .i64 = (int64_t)(v)})
#define APL_TEXT(s) ((apl_val){.type = APL_VAL_TEXT, .span = (s)})
#define APL_BLOB(s) ((apl_val){.type = APL_VAL_BLOB, .span = (s)})
/* `apl_conn_run(conn, SQL, APL_VALS(APL_I64(1), …), err)` */
#define APL_VALS(...)                                                                              \
    ((const apl_val[]){__VA_ARGS__}), (sizeof((const apl_val[]){__VA_ARGS__}) / sizeof(apl_val))

/* What a backend implements. Every function follows the public one of the same name. */
typedef struct apl_store_backend {
    const char *name; /* "sqlite", "postgres": also the word of the schema's `--@` directives */
    apl_rc (*connect)(apl_store *store, bool is_writer, apl_conn **out_conn, apl_err *err);
    void (*disconnect)(apl_conn *conn);
    void (*close)(apl_store *store);
    apl_rc (*script)(apl_conn *conn, const char *sql, apl_err *err);
    apl_rc (*query)(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                    apl_cursor **out, apl_err *err);
    apl_rc (*next)(apl_cursor *cursor, bool *out_has_row, apl_err *err);
    int64_t (*column_i64)(apl_cursor *cursor, int column);
    apl_span (*column_span)(apl_cursor *cursor, int column);
    void (*close_cursor)(apl_cursor *cursor);
    /* Rows changed by the statement that the cursor ran. */
    int64_t (*changed)(apl_cursor *cursor);
    apl_rc (*begin)(apl_conn *conn, bool is_write, apl_err *err);
    /* Takes the lock that makes this transaction the only writer of a workspace (a no-op where there is one writer). */
    apl_rc (*lock_workspace)(apl_conn *conn, int64_t workspace_id, apl_err *err);
    /* Full-text index: replaces the text of a post (old_text is what was indexed before, empty when new). */
    apl_rc (*search_put)(apl_conn *conn, int64_t workspace_id, int64_t post_id, apl_span old_text,
                         apl_span text, apl_err *err);
    /* SQL with ($1 workspace, $2 query, $3 below this post id, at most 2^40, $4 limit) giving post ids, newest first. */
    const char *search_sql;
    /* SQL with ($1 workspace, $2 above this post id, $3 limit) giving the ids of all indexed posts, ascending. */
    const char *search_ids_sql;
    /* Turns what a person typed into a query of that SQL (all words, prefix on the last, quotes = phrase). */
    apl_rc (*search_query)(apl_span typed, apl_buf *out, apl_err *err);
    /* Moves the write-ahead log into the database and cuts it (a no-op elsewhere). */
    apl_rc (*checkpoint)(apl_conn *conn, apl_err *err);
    /* Gives memory back that only busy times need. */
    void (*rest)(apl_conn *conn);
    /* Backend's own integrity check; APL_E_CORRUPT names what it found. */
    apl_rc (*check)(apl_conn *conn, apl_err *err);
} apl_store_backend;

struct apl_store {
    const apl_store_backend *backend;
};
struct apl_conn {
    apl_store *store;
    bool is_writer;
    int depth; /* savepoints open */
};
struct apl_cursor {
    apl_conn *conn;
};

/* Opened by a backend's own function (store/sqlite/sqlite.h, store/postgres/postgres.h); NULL is ignored. */
void apl_store_close(apl_store *store);
apl_rc apl_store_connect(apl_store *store, bool is_writer, apl_conn **out_conn,
                         apl_err *err) MUST_USE;
void apl_conn_close(apl_conn *conn);

/* Runs a statement that gives no rows. out_changed may be NULL. APL_E_EXISTS on a unique conflict. */
apl_rc apl_conn_run(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                    apl_err *err) MUST_USE;
apl_rc apl_conn_run_counted(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                            int64_t *out_changed, apl_err *err);
/* Several statements without parameters (schema). */
apl_rc apl_conn_script(apl_conn *conn, const char *sql, apl_err *err) MUST_USE;
/* Rows. The cursor must be closed before the same SQL runs again on this connection. */
apl_rc apl_conn_query(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                      apl_cursor **out_cursor, apl_err *err) MUST_USE;
apl_rc apl_cursor_next(apl_cursor *cursor, bool *out_has_row, apl_err *err) MUST_USE;
int64_t apl_cursor_i64(apl_cursor *cursor, int column);
/* Borrowed until the next row. */
apl_span apl_cursor_span(apl_cursor *cursor, int column);
void apl_cursor_close(apl_cursor *cursor);
/* The first column of the first row as a number; `otherwise` when there is no row. */
apl_rc apl_conn_number(apl_conn *conn, const char *sql, const apl_val *vals, size_t count,
                       int64_t *inout_value, apl_err *err);

/* A write transaction on the writer, a snapshot for reading elsewhere. */
apl_rc apl_conn_begin(apl_conn *conn, apl_err *err) MUST_USE;
apl_rc apl_conn_commit(apl_conn *conn, apl_err *err) MUST_USE;
void apl_conn_rollback(apl_conn *conn);
/* Nested: what fails inside a savepoint is undone alone. */
apl_rc apl_conn_save(apl_conn *conn, apl_err *err) MUST_USE;
apl_rc apl_conn_release(apl_conn *conn, apl_err *err) MUST_USE;
void apl_conn_undo(apl_conn *conn);

/*
 * Splits what a person typed into words and "phrases" and hands each to `add` (the last word typed without a space
 * after it is a prefix). For the backends' search_query.
 */
apl_rc apl_search_terms(apl_span typed, apl_buf *out,
                        apl_rc (*add)(apl_buf *out, apl_span term, bool is_prefix, apl_err *err),
                        apl_err *err) MUST_USE;

/* One migration: number, name, SQL with `--@sqlite` / `--@postgres` … `--@end` sections. */
typedef struct apl_migration {
    int version;
    const char *name;
    const char *sql;
} apl_migration;

/* Schema version of the store: 0 when empty. */
apl_rc apl_store_schema_version(apl_conn *conn, int *out_version, apl_err *err) MUST_USE;
/*
 * Brings the schema to the newest of `list` (ascending), each migration in its own transaction, so that a killed run
 * goes on where it stopped. A store newer than the list gives APL_E_VERSION in one clear sentence and changes nothing.
 */
apl_rc apl_store_migrate(apl_conn *conn, const apl_migration *list, size_t count, apl_time_us now,
                         apl_err *err) MUST_USE;

#endif
