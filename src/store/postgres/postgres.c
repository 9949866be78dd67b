/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL behind the store contract, through libpq. Statements are prepared once per connection (found again by
 * the address of their text); parameters go as text except bytea, results come in binary. A cursor holds the whole
 * result, so callers page. Tests: tests/unit/store (run on every backend).
 */
#include "store/postgres/postgres.h"

#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

enum { STMT_SLOTS = 1024, PARAM_MAX = 48, INT_TEXT_BYTES = 24 };
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_VOID = 2278 };
/* "APLM" above the workspace id, so that the lock does not meet those of other programs on the server. */
static const int64_t lock_space = (int64_t)0x41504C4D << 32;

typedef struct pg_store {
    apl_store base;
    char *url;
} pg_store;

typedef struct pg_conn {
    apl_conn base;
    PGconn *pg;
    const char *prepared[STMT_SLOTS];
    size_t used;
} pg_conn;

typedef struct pg_cursor {
    apl_cursor base;
    PGresult *result;
    int row; /* -1 before the first */
} pg_cursor;

static apl_rc rc_of_state(const char *state)
{
    static const struct {
        const char *prefix;
        apl_rc rc;
    } map[] = {
        {"23505", APL_E_EXISTS},   {"53100", APL_E_FULL},    {"53200", APL_E_NOMEM},
        {"40001", APL_E_BUSY},     {"40P01", APL_E_BUSY},    {"55P03", APL_E_BUSY},
        {"57014", APL_E_TIMEOUT},  {"25006", APL_E_DENIED},  {"42501", APL_E_DENIED},
        {"22021", APL_E_INVALID},  {"XX001", APL_E_CORRUPT}, {"XX002", APL_E_CORRUPT},
        {"08P01", APL_E_INTERNAL}, {"08", APL_E_IO},         {"57P", APL_E_IO},
        {"53", APL_E_BUSY},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (strncmp(state, map[i].prefix, strlen(map[i].prefix)) == 0)
            return map[i].rc;
    return APL_E_INTERNAL;
}

static apl_rc fail(pg_conn *conn, const PGresult *result, apl_err *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    apl_rc rc = state ? rc_of_state(state) : APL_E_IO;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!message)
        message = PQerrorMessage(conn->pg);
    apl_span text = apl_span_trim(apl_span_of(message));
    apl_err_set(err, rc, "PostgreSQL: %.*s", APL_SPAN_ARGS(text));
    if (rc == APL_E_IO)
        apl_err_fix(
            err, "check that the PostgreSQL server runs and can be reached; nothing was changed");
    return rc;
}

static void ignore_notice(void *ctx, const PGresult *result)
{
    (void)ctx, (void)result;
}

static apl_rc after_connect(pg_conn *conn, apl_err *err)
{
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    memset(conn->prepared, 0, sizeof conn->prepared);
    conn->used = 0;
    if (PQserverVersion(conn->pg) < 150000) {
        apl_err_set(err, APL_E_UNSUPPORTED, "PostgreSQL %d is too old",
                    PQserverVersion(conn->pg) / 10000);
        apl_err_fix(err, "use PostgreSQL 15 or newer");
        return APL_E_UNSUPPORTED;
    }
    PGresult *result = PQexec(conn->pg, "SET synchronous_commit = on; SET client_encoding = 'UTF8';"
                                        "SET timezone = 'UTC'; SET lock_timeout = '30s'");
    apl_rc rc = PQresultStatus(result) == PGRES_COMMAND_OK ? APL_OK : fail(conn, result, err);
    PQclear(result);
    return rc;
}

static void pg_disconnect(apl_conn *base)
{
    pg_conn *conn = (pg_conn *)base;
    PQfinish(conn->pg);
    apl_mem_free(conn);
}

static apl_rc pg_connect(apl_store *base, bool is_writer, apl_conn **out_conn, apl_err *err)
{
    pg_conn *conn = apl_mem_zalloc(1, sizeof *conn);
    if (!conn)
        return apl_err_nomem(err);
    conn->base.store = base;
    conn->base.is_writer = is_writer;
    conn->pg = PQconnectdb(((pg_store *)base)->url);
    apl_rc rc = PQstatus(conn->pg) == CONNECTION_OK ? after_connect(conn, err)
                                                    : fail(conn, NULL, err);
    if (rc) {
        pg_disconnect(&conn->base);
        return apl_err_wrap(err, rc, "connecting to the store");
    }
    *out_conn = &conn->base;
    return APL_OK;
}

static void pg_close(apl_store *base)
{
    pg_store *store = (pg_store *)base;
    apl_mem_free(store->url);
    apl_mem_free(store);
}

static apl_rc finish(pg_conn *conn, PGresult *result, apl_err *err)
{
    ExecStatusType status = PQresultStatus(result);
    apl_rc rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
                        status == PGRES_EMPTY_QUERY
                    ? APL_OK
                    : fail(conn, result, err);
    PQclear(result);
    return rc;
}

static apl_rc pg_script(apl_conn *base, const char *sql, apl_err *err)
{
    pg_conn *conn = (pg_conn *)base;
    return finish(conn, PQexec(conn->pg, sql), err);
}

/* Transaction words go unprepared: they must also work in a transaction that has failed. */
static bool is_plain(const char *sql)
{
    static const char *const words[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(sql, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static apl_rc prepare(pg_conn *conn, const char *sql, char name[16], apl_err *err)
{
    size_t slot = ((uintptr_t)sql >> 3) * 0x9E3779B97F4A7C15u >> 54;
    while (conn->prepared[slot] && conn->prepared[slot] != sql)
        slot = (slot + 1) % STMT_SLOTS;
    (void)snprintf(name, 16, "s%zu", slot);
    if (conn->prepared[slot])
        return APL_OK;
    if (conn->used >= STMT_SLOTS / 2)
        return apl_err_set(err, APL_E_INTERNAL, "too many different statements");
    apl_rc rc = finish(conn, PQprepare(conn->pg, name, sql, 0, NULL), err);
    if (!rc) {
        conn->prepared[slot] = sql;
        conn->used++;
    }
    return rc;
}

/* Parameters as libpq takes them. */
typedef struct bound {
    const char *ptrs[PARAM_MAX];
    int lens[PARAM_MAX], formats[PARAM_MAX];
} bound;

/* libpq wants terminated text: texts are copied once into `scratch`. */
static apl_rc bind_all(const apl_val *vals, size_t count, apl_buf *scratch, bound *out,
                       apl_err *err)
{
    size_t offsets[PARAM_MAX];
    for (size_t i = 0; i < count; i++) {
        apl_rc rc;
        offsets[i] = scratch->len;
        if (vals[i].type == APL_VAL_I64)
            rc = apl_buf_addf(scratch, err, "%" PRId64, vals[i].i64);
        else
            rc = apl_buf_add(scratch, vals[i].span, err);
        out->lens[i] = (int)(scratch->len - offsets[i]);
        out->formats[i] = vals[i].type == APL_VAL_BLOB;
        if (!rc)
            rc = apl_buf_add_byte(scratch, '\0', err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < count; i++)
        out->ptrs[i] = scratch->ptr + offsets[i];
    return APL_OK;
}

static apl_rc run_prepared(pg_conn *conn, const char *sql, const apl_val *vals, size_t count,
                           PGresult **out, apl_err *err)
{
    enum { SCRATCH_MAX = 64 * 1024 * 1024 };
    APL_AUTO(apl_buf) scratch = APL_BUF(SCRATCH_MAX);
    bound params;
    char name[16];
    if (count > PARAM_MAX)
        return apl_err_set(err, APL_E_INTERNAL, "too many parameters");
    apl_rc rc = prepare(conn, sql, name, err);
    if (!rc)
        rc = bind_all(vals, count, &scratch, &params, err);
    if (!rc)
        *out =
            PQexecPrepared(conn->pg, name, (int)count, params.ptrs, params.lens, params.formats, 1);
    return rc;
}

static apl_rc pg_query(apl_conn *base, const char *sql, const apl_val *vals, size_t count,
                       apl_cursor **out_cursor, apl_err *err)
{
    pg_conn *conn = (pg_conn *)base;
    PGresult *result = NULL;
    if (is_plain(sql)) {
        result = PQexec(conn->pg, sql);
    } else {
        apl_rc rc = run_prepared(conn, sql, vals, count, &result, err);
        if (rc)
            return rc;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return finish(conn, result, err);
    /* COMMIT of a transaction that had failed answers ROLLBACK and no error. */
    if (strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        PQclear(result);
        return apl_err_set(err, APL_E_INTERNAL, "the transaction was rolled back");
    }
    pg_cursor *cursor = apl_mem_zalloc(1, sizeof *cursor);
    if (!cursor) {
        PQclear(result);
        return apl_err_nomem(err);
    }
    cursor->base.conn = base;
    cursor->result = result;
    cursor->row = -1;
    *out_cursor = &cursor->base;
    return APL_OK;
}

static apl_rc pg_next(apl_cursor *base, bool *out_has_row, apl_err *err)
{
    pg_cursor *cursor = (pg_cursor *)base;
    (void)err;
    cursor->row++;
    *out_has_row = cursor->row < PQntuples(cursor->result);
    return APL_OK;
}

static int64_t pg_column_i64(apl_cursor *base, int column)
{
    pg_cursor *cursor = (pg_cursor *)base;
    const char *at = PQgetvalue(cursor->result, cursor->row, column);
    uint64_t eight;
    uint32_t four;
    uint16_t two;
    switch (PQftype(cursor->result, column)) {
    case OID_INT8:
        memcpy(&eight, at, sizeof eight);
        return (int64_t)be64toh(eight);
    case OID_INT4:
        memcpy(&four, at, sizeof four);
        return (int32_t)be32toh(four);
    case OID_INT2:
        memcpy(&two, at, sizeof two);
        return (int16_t)be16toh(two);
    case OID_BOOL:
        return at[0] != 0;
    default:
        return 0;
    }
}

static apl_span pg_column_span(apl_cursor *base, int column)
{
    pg_cursor *cursor = (pg_cursor *)base;
    return (apl_span){PQgetvalue(cursor->result, cursor->row, column),
                      (size_t)PQgetlength(cursor->result, cursor->row, column)};
}

static void pg_close_cursor(apl_cursor *base)
{
    PQclear(((pg_cursor *)base)->result);
    apl_mem_free(base);
}

static int64_t pg_changed(apl_cursor *base)
{
    apl_span text = apl_span_of(PQcmdTuples(((pg_cursor *)base)->result));
    int64_t count = 0;
    if (apl_span_parse_i64(text, &count, NULL))
        count = 0;
    return count;
}

static apl_rc pg_begin(apl_conn *base, bool is_write, apl_err *err)
{
    pg_conn *conn = (pg_conn *)base;
    /* A server that was restarted: connect anew before any work is under way. */
    if (PQstatus(conn->pg) != CONNECTION_OK) {
        PQreset(conn->pg);
        apl_rc rc = PQstatus(conn->pg) == CONNECTION_OK ? after_connect(conn, err)
                                                        : fail(conn, NULL, err);
        if (rc)
            return rc;
    }
    return apl_conn_run(
        base, is_write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0, err);
}

static apl_rc pg_lock_workspace(apl_conn *conn, int64_t workspace_id, apl_err *err)
{
    return apl_conn_run(conn, "SELECT pg_advisory_xact_lock($1)",
                        APL_VALS(APL_I64(lock_space + workspace_id)), err);
}

static apl_rc pg_search_put(apl_conn *conn, int64_t workspace_id, int64_t post_id,
                            apl_span old_text, apl_span text, apl_err *err)
{
    if (!text.len && old_text.len)
        return apl_conn_run(conn, "DELETE FROM post_fts WHERE workspace_id = $1 AND post_id = $2",
                            APL_VALS(APL_I64(workspace_id), APL_I64(post_id)), err);
    return apl_conn_run(conn,
                        "INSERT INTO post_fts (workspace_id, post_id, words) VALUES ($1, $2, "
                        "to_tsvector('simple', $3))"
                        " ON CONFLICT (workspace_id, post_id) DO UPDATE SET words = excluded.words",
                        APL_VALS(APL_I64(workspace_id), APL_I64(post_id), APL_TEXT(text)), err);
}

static const char search_sql[] = "SELECT post_id FROM post_fts WHERE workspace_id = $1"
                                 " AND words @@ to_tsquery('simple', $2) AND post_id < $3"
                                 " ORDER BY post_id DESC LIMIT $4";

static const char search_ids_sql[] = "SELECT post_id FROM post_fts WHERE workspace_id = $1"
                                     " AND post_id > $2 ORDER BY post_id LIMIT $3";

/* 'word' & 'a phrase' & 'last':* — inside quotes nothing is an operator. */
static apl_rc add_term(apl_buf *out, apl_span term, bool is_prefix, apl_err *err)
{
    apl_rc rc = apl_buf_add_str(out, out->len ? " & '" : "'", err);
    for (size_t i = 0; i < term.len && !rc; i++) {
        char c = term.ptr[i];
        if (c == '\'' || c == '\\')
            rc = apl_buf_add_byte(out, c, err);
        if (!rc && c != '\0')
            rc = apl_buf_add_byte(out, c, err);
    }
    if (!rc)
        rc = apl_buf_add_str(out, is_prefix ? "':*" : "'", err);
    return rc;
}

static apl_rc pg_search_query(apl_span typed, apl_buf *out, apl_err *err)
{
    return apl_search_terms(typed, out, add_term, err);
}

static void pg_rest(apl_conn *conn)
{
    (void)conn; /* the cache is the server's */
}

static apl_rc pg_checkpoint(apl_conn *conn, apl_err *err)
{
    (void)conn, (void)err; /* the server's own business */
    return APL_OK;
}

static apl_rc pg_check(apl_conn *conn, apl_err *err)
{
    /* Page checksums are the server's; reading every page of the largest table at least makes it look. */
    int64_t count = 0;
    return apl_conn_number(conn, "SELECT count(raw) FROM post_version", NULL, 0, &count, err);
}

static const apl_store_backend backend = {
    .name = "postgres",
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .close = pg_close,
    .script = pg_script,
    .query = pg_query,
    .next = pg_next,
    .column_i64 = pg_column_i64,
    .column_span = pg_column_span,
    .close_cursor = pg_close_cursor,
    .changed = pg_changed,
    .begin = pg_begin,
    .lock_workspace = pg_lock_workspace,
    .search_put = pg_search_put,
    .search_sql = search_sql,
    .search_ids_sql = search_ids_sql,
    .search_query = pg_search_query,
    .checkpoint = pg_checkpoint,
    .rest = pg_rest,
    .check = pg_check,
};

apl_rc apl_postgres_open(const char *url, apl_store **out_store, apl_err *err)
{
    pg_store *store = apl_mem_zalloc(1, sizeof *store);
    char *copy = apl_mem_dup(url, strlen(url));
    if (!store || !copy) {
        apl_mem_free(store);
        apl_mem_free(copy);
        return apl_err_nomem(err);
    }
    store->base.backend = &backend;
    store->url = copy;
    *out_store = &store->base;
    return APL_OK;
}
