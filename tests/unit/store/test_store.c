/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of a store, on every backend: statements, types, transactions, savepoints, snapshots, one writer. */
#include "store/backend.h"

static const char make_sql[] =
    "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, size BIGINT NOT NULL)";
static const char add_sql[] = "INSERT INTO thing (id, name, size) VALUES ($1, $2, $3)";
static const char count_sql[] = "SELECT count(*) FROM thing";

static void make(house *h)
{
    OK(apl_conn_script(h->writer, make_sql, NULL));
}

static void add(house *h, int64_t id)
{
    RUN(h->writer, add_sql, APL_I64(id), APL_TEXT(APL_SPAN("x")), APL_I64(0));
}

static void test_numbers_and_texts(void **state)
{
    static const char sql[] = "SELECT id, name, size FROM thing ORDER BY id";
    house *h = house_of(state);
    apl_cursor *cursor = NULL;
    bool has_row = false;
    make(h);
    RUN(h->writer, add_sql, APL_I64(INT64_MIN), APL_TEXT(APL_SPAN("")), APL_I64(INT64_MAX));
    RUN(h->writer, add_sql, APL_I64(7), APL_TEXT(APL_SPAN("ünï 😡 'quoted' $1 \\ \"x\"")),
        APL_I64(-1));
    OK(apl_conn_query(h->writer, sql, NULL, 0, &cursor, NULL));
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_true(has_row);
    assert_true(apl_cursor_i64(cursor, 0) == INT64_MIN && apl_cursor_i64(cursor, 2) == INT64_MAX);
    assert_int_equal(apl_cursor_span(cursor, 1).len, 0);
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_true(apl_span_is(apl_cursor_span(cursor, 1), "ünï 😡 'quoted' $1 \\ \"x\""));
    assert_true(apl_cursor_i64(cursor, 2) == -1);
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_false(has_row);
    apl_cursor_close(cursor);
}

static void test_parameters_by_number(void **state)
{
    static const char sql[] = "INSERT INTO thing (size, id, name) VALUES ($3, $1, $2)";
    house *h = house_of(state);
    make(h);
    RUN(h->writer, sql, APL_I64(1), APL_TEXT(APL_SPAN("n")), APL_I64(3));
    assert_int_equal(NUMBER(h->writer, "SELECT size FROM thing WHERE id = 1"), 3);
}

static void test_texts_and_blobs_differ(void **state)
{
    static const char sql[] = "INSERT INTO two (t, b) VALUES ($1, $2)";
    house *h = house_of(state);
    apl_cursor *cursor = NULL;
    bool has_row = false;
    OK(apl_conn_script(h->writer,
                       h->is_sqlite ? "CREATE TABLE two (t TEXT NOT NULL, b BLOB NOT NULL)"
                                    : "CREATE TABLE two (t TEXT NOT NULL, b BYTEA NOT NULL)",
                       NULL));
    RUN(h->writer, sql, APL_TEXT(APL_SPAN("")), APL_BLOB(APL_SPAN("")));
    RUN(h->writer, sql, APL_TEXT(APL_SPAN_NONE), APL_BLOB(APL_SPAN_NONE));
    RUN(h->writer, sql, APL_TEXT(APL_SPAN("a")), APL_BLOB(APL_SPAN("\0\xff\0")));
    assert_int_equal(NUMBER(h->writer, "SELECT count(*) FROM two WHERE t = ''"), 2);
    OK(apl_conn_query(h->writer, "SELECT b FROM two WHERE t = 'a'", NULL, 0, &cursor, NULL));
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_true(has_row && apl_span_equal(apl_cursor_span(cursor, 0), APL_SPAN("\0\xff\0")));
    apl_cursor_close(cursor);
    if (h->is_sqlite) {
        assert_int_equal(
            NUMBER(h->writer,
                   "SELECT count(*) FROM two WHERE typeof(t) = 'text' AND typeof(b) = 'blob'"),
            3);
    }
}

static void test_big_texts(void **state)
{
    enum { BIG = 5 * 1024 * 1024 };
    static const char sql[] = "SELECT name FROM thing WHERE id = 1";
    house *h = house_of(state);
    apl_cursor *cursor = NULL;
    bool has_row = false;
    char *big = malloc(BIG);
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)('a' + i % 26);
    make(h);
    RUN(h->writer, add_sql, APL_I64(1), APL_TEXT(((apl_span){big, BIG})), APL_I64(0));
    OK(apl_conn_query(h->writer, sql, NULL, 0, &cursor, NULL));
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_true(apl_span_equal(apl_cursor_span(cursor, 0), (apl_span){big, BIG}));
    apl_cursor_close(cursor);
    free(big);
}

static void test_unique_conflict(void **state)
{
    house *h = house_of(state);
    apl_err err = {0};
    make(h);
    add(h, 1);
    assert_int_equal(apl_conn_run(h->writer, add_sql,
                                  APL_VALS(APL_I64(1), APL_TEXT(APL_SPAN("y")), APL_I64(0)), &err),
                     APL_E_EXISTS);
    assert_true(err.what[0] != '\0');
    add(h, 2);
    assert_int_equal(NUMBER(h->writer, count_sql), 2);
}

static void test_on_conflict_and_returning(void **state)
{
    static const char sql[] =
        "INSERT INTO thing (id, name, size) VALUES ($1, $2, 1)"
        " ON CONFLICT (id) DO UPDATE SET size = thing.size + 1 RETURNING size";
    house *h = house_of(state);
    int64_t size = 0;
    make(h);
    for (int i = 1; i <= 3; i++) {
        OK(apl_conn_number(h->writer, sql, APL_VALS(APL_I64(1), APL_TEXT(APL_SPAN("x"))), &size,
                           NULL));
        assert_int_equal(size, i);
    }
}

static void test_changed_counts(void **state)
{
    house *h = house_of(state);
    int64_t changed = -1;
    make(h);
    add(h, 1);
    add(h, 2);
    OK(apl_conn_run_counted(h->writer, "UPDATE thing SET size = $1", APL_VALS(APL_I64(5)), &changed,
                            NULL));
    assert_int_equal(changed, 2);
    OK(apl_conn_run_counted(h->writer, "UPDATE thing SET size = 6 WHERE id = $1",
                            APL_VALS(APL_I64(9)), &changed, NULL));
    assert_int_equal(changed, 0);
}

static void test_wrong_statements(void **state)
{
    house *h = house_of(state);
    apl_err err = {0};
    make(h);
    assert_int_not_equal(apl_conn_run(h->writer, "SELEKT 1", NULL, 0, &err), APL_OK);
    assert_true(err.what[0] != '\0');
    assert_int_not_equal(apl_conn_run(h->writer, "SELECT * FROM no_such_table", NULL, 0, &err),
                         APL_OK);
    assert_int_equal(NUMBER(h->writer, count_sql), 0);
}

static void test_too_few_parameters(void **state)
{
    house *h = house_of(state);
    apl_err err = {0};
    make(h);
    assert_int_equal(apl_conn_run(h->writer, add_sql, APL_VALS(APL_I64(1)), &err), APL_E_INTERNAL);
    assert_int_equal(NUMBER(h->writer, count_sql), 0);
}

static void test_too_many_parameters(void **state)
{
    house *h = house_of(state);
    apl_val vals[60];
    for (size_t i = 0; i < 60; i++)
        vals[i] = APL_I64(1);
    assert_int_equal(apl_conn_run(h->writer, "SELECT $1", vals, 60, NULL), APL_E_INTERNAL);
}

static void test_statement_in_use(void **state)
{
    static const char sql[] = "SELECT id FROM thing ORDER BY id";
    house *h = house_of(state);
    apl_cursor *first = NULL, *second = NULL;
    bool has_row = false;
    make(h);
    add(h, 1);
    add(h, 2);
    OK(apl_conn_query(h->writer, sql, NULL, 0, &first, NULL));
    OK(apl_cursor_next(first, &has_row, NULL));
    apl_rc rc = apl_conn_query(h->writer, sql, NULL, 0, &second, NULL);
    /* SQLite has one cursor per statement and says so; PostgreSQL holds whole results. Neither mixes them up. */
    if (h->is_sqlite)
        assert_int_equal(rc, APL_E_INTERNAL);
    else
        apl_cursor_close(second);
    assert_int_equal(apl_cursor_i64(first, 0), 1);
    OK(apl_cursor_next(first, &has_row, NULL));
    assert_int_equal(apl_cursor_i64(first, 0), 2);
    apl_cursor_close(first);
    OK(apl_conn_query(h->writer, sql, NULL, 0, &first, NULL));
    OK(apl_cursor_next(first, &has_row, NULL));
    assert_int_equal(apl_cursor_i64(first, 0), 1);
    apl_cursor_close(first);
}

static void test_commit_and_rollback(void **state)
{
    house *h = house_of(state);
    make(h);
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 1);
    OK(apl_conn_commit(h->writer, NULL));
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 2);
    apl_conn_rollback(h->writer);
    assert_int_equal(NUMBER(h->writer, count_sql), 1);
    apl_conn_rollback(h->writer); /* with none open: harmless */
    add(h, 3);
    assert_int_equal(NUMBER(h->writer, count_sql), 2);
}

static void test_savepoints_nest(void **state)
{
    house *h = house_of(state);
    make(h);
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 1);
    OK(apl_conn_save(h->writer, NULL));
    add(h, 2);
    OK(apl_conn_save(h->writer, NULL));
    add(h, 3);
    apl_conn_undo(h->writer); /* 3 is gone */
    assert_int_equal(NUMBER(h->writer, count_sql), 2);
    OK(apl_conn_save(h->writer, NULL));
    add(h, 4);
    OK(apl_conn_release(h->writer, NULL)); /* 4 stays */
    apl_conn_undo(h->writer);              /* 2 and 4 are gone */
    assert_int_equal(NUMBER(h->writer, count_sql), 1);
    for (int i = 0; i < 4; i++)
        OK(apl_conn_save(h->writer, NULL));
    assert_int_equal(apl_conn_save(h->writer, NULL), APL_E_INTERNAL);
    for (int i = 0; i < 4; i++)
        OK(apl_conn_release(h->writer, NULL));
    OK(apl_conn_commit(h->writer, NULL));
    assert_int_equal(NUMBER(h->writer, count_sql), 1);
}

/* What fails inside a savepoint is undone alone, and the transaction goes on. */
static void test_failure_inside_a_savepoint(void **state)
{
    house *h = house_of(state);
    make(h);
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 1);
    OK(apl_conn_save(h->writer, NULL));
    add(h, 2);
    assert_int_equal(apl_conn_run(h->writer, add_sql,
                                  APL_VALS(APL_I64(1), APL_TEXT(APL_SPAN("y")), APL_I64(0)), NULL),
                     APL_E_EXISTS);
    apl_conn_undo(h->writer);
    add(h, 5);
    OK(apl_conn_commit(h->writer, NULL));
    assert_int_equal(NUMBER(h->writer, "SELECT CAST(sum(id) AS BIGINT) FROM thing"), 6);
}

/* PostgreSQL answers the COMMIT of a transaction that has failed with a quiet ROLLBACK; that must be an error here. */
static void test_commit_of_a_failed_transaction(void **state)
{
    house *h = house_of(state);
    make(h);
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 1);
    assert_int_equal(apl_conn_run(h->writer, add_sql,
                                  APL_VALS(APL_I64(1), APL_TEXT(APL_SPAN("y")), APL_I64(0)), NULL),
                     APL_E_EXISTS);
    apl_rc rc = apl_conn_commit(h->writer, NULL);
    int64_t rows = NUMBER(h->writer, count_sql);
    assert_true(rc == APL_OK ? rows == 1 : rows == 0);
    if (!h->is_sqlite)
        assert_int_not_equal(rc, APL_OK);
}

static void test_readers_see_a_snapshot(void **state)
{
    house *h = house_of(state);
    apl_conn *reader = NULL;
    make(h);
    add(h, 1);
    OK(apl_store_connect(h->store, false, &reader, NULL));
    OK(apl_conn_begin(reader, NULL));
    assert_int_equal(NUMBER(reader, count_sql), 1);
    OK(apl_conn_begin(h->writer, NULL));
    add(h, 2);
    assert_int_equal(NUMBER(reader, count_sql), 1);
    OK(apl_conn_commit(h->writer, NULL));
    assert_int_equal(NUMBER(reader, count_sql), 1); /* still the state of its own beginning */
    apl_conn_rollback(reader);
    assert_int_equal(NUMBER(reader, count_sql), 2);
    apl_conn_close(reader);
}

static void test_readers_cannot_write(void **state)
{
    house *h = house_of(state);
    apl_conn *reader = NULL;
    make(h);
    OK(apl_store_connect(h->store, false, &reader, NULL));
    OK(apl_conn_begin(reader, NULL));
    assert_int_not_equal(apl_conn_run(reader, add_sql,
                                      APL_VALS(APL_I64(1), APL_TEXT(APL_SPAN("x")), APL_I64(0)),
                                      NULL),
                         APL_OK);
    apl_conn_rollback(reader);
    apl_conn_close(reader);
    assert_int_equal(NUMBER(h->writer, count_sql), 0);
}

static void test_second_writer(void **state)
{
    house *h = house_of(state);
    apl_conn *second = NULL;
    apl_err err = {0};
    if (!h->is_sqlite) {
        /* PostgreSQL has many writers; the lock of a workspace makes them wait for each other. */
        OK(apl_store_connect(h->store, true, &second, NULL));
        OK(apl_conn_script(second, "SET lock_timeout = '100ms'", NULL));
        OK(apl_conn_begin(h->writer, NULL));
        OK(h->store->backend->lock_workspace(h->writer, 1, NULL));
        OK(apl_conn_begin(second, NULL));
        OK(h->store->backend->lock_workspace(second, 2, NULL));
        assert_int_equal(h->store->backend->lock_workspace(second, 1, &err), APL_E_BUSY);
        apl_conn_rollback(second);
        apl_conn_rollback(h->writer);
        OK(apl_conn_begin(second, NULL));
        OK(h->store->backend->lock_workspace(second, 1, NULL));
        apl_conn_rollback(second);
        apl_conn_close(second);
        return;
    }
    assert_int_equal(apl_store_connect(h->store, true, &second, &err), APL_E_BUSY);
    assert_null(second);
    apl_conn_close(h->writer);
    h->writer = NULL;
    OK(apl_store_connect(h->store, true, &h->writer, NULL));
}

static void test_store_that_is_not_there(void **state)
{
    house *h = house_of(state);
    apl_store *store = NULL;
    apl_conn *conn = NULL;
    apl_err err = {0};
    OK(h->is_sqlite ? apl_sqlite_open("/nonexistent/folder/x.db", &store, NULL)
                    : apl_postgres_open("postgresql://nobody@127.0.0.1:1/none", &store, NULL));
    assert_int_equal(apl_store_connect(store, true, &conn, &err), APL_E_IO);
    assert_true(err.what[0] != '\0');
    assert_null(conn);
    apl_store_close(store);
}

static void test_check_finds_nothing(void **state)
{
    house *h = house_of(state);
    if (h->is_sqlite)
        make(h);
    else
        OK(apl_conn_script(h->writer, "CREATE TABLE post_version (raw BYTEA)", NULL));
    OK(h->store->backend->check(h->writer, NULL));
    OK(h->store->backend->checkpoint(h->writer, NULL));
}

static void test_many_statements(void **state)
{
    /* As many different ones as the table of statements takes, and one too many. */
    static char texts[600][48];
    house *h = house_of(state);
    apl_rc rc = APL_OK;
    int64_t value = 0;
    int n = 0;
    for (; n < 600 && !rc; n++) {
        (void)snprintf(texts[n], sizeof texts[n], "SELECT CAST(%d AS BIGINT)", n);
        rc = apl_conn_number(h->writer, texts[n], NULL, 0, &value, NULL);
        assert_true(rc || value == n);
    }
    assert_int_equal(rc, APL_E_INTERNAL);
    assert_true(n > 500);
    OK(apl_conn_number(h->writer, texts[3], NULL, 0, &value, NULL));
    assert_int_equal(value, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_numbers_and_texts),
        ON_BOTH(test_parameters_by_number),
        ON_BOTH(test_texts_and_blobs_differ),
        ON_BOTH(test_big_texts),
        ON_BOTH(test_unique_conflict),
        ON_BOTH(test_on_conflict_and_returning),
        ON_BOTH(test_changed_counts),
        ON_BOTH(test_wrong_statements),
        ON_BOTH(test_too_few_parameters),
        ON_BOTH(test_too_many_parameters),
        ON_BOTH(test_statement_in_use),
        ON_BOTH(test_commit_and_rollback),
        ON_BOTH(test_savepoints_nest),
        ON_BOTH(test_failure_inside_a_savepoint),
        ON_BOTH(test_commit_of_a_failed_transaction),
        ON_BOTH(test_readers_see_a_snapshot),
        ON_BOTH(test_readers_cannot_write),
        ON_BOTH(test_second_writer),
        ON_BOTH(test_store_that_is_not_there),
        ON_BOTH(test_check_finds_nothing),
        ON_BOTH(test_many_statements),
    };
    return RUN_ALL(tests);
}
