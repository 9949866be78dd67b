/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backend that the store's tests run on: SQLite always, PostgreSQL when APLOMB_PG_URL names a server. Each test
 * gets an empty store of its own (a file; a schema).
 */
#ifndef APL_TEST_STORE_BACKEND_H
#define APL_TEST_STORE_BACKEND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "store/postgres/postgres.h"
#include "store/rows.h"
#include "store/sqlite/sqlite.h"
#include "sys/file.h"

#define OK(call) assert_int_equal((call), APL_OK)

typedef struct house {
    bool is_sqlite;
    char dir[64];
    char url[512];
    apl_store *store;
    apl_conn *writer;
} house;

/* The PostgreSQL of the run; NULL = none. */
static inline const char *server_url(void)
{
    const char *url = getenv("APLOMB_PG_URL");
    return url && *url ? url : NULL;
}

static inline void open_sqlite(house *h)
{
    char path[128];
    (void)snprintf(h->dir, sizeof h->dir, "/tmp/apl-store-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    (void)snprintf(path, sizeof path, "%s/test.db", h->dir);
    OK(apl_sqlite_open(path, &h->store, NULL));
}

static inline void in_server(const char *before, const char *schema, const char *after)
{
    char sql[256];
    apl_store *store = NULL;
    apl_conn *conn = NULL;
    (void)snprintf(sql, sizeof sql, "%s %s %s", before, schema, after);
    OK(apl_postgres_open(server_url(), &store, NULL));
    OK(apl_store_connect(store, true, &conn, NULL));
    OK(apl_conn_script(conn, sql, NULL));
    apl_conn_close(conn);
    apl_store_close(store);
}

/* A schema of its own in the server, by way of the search path. */
static inline void open_postgres(house *h)
{
    static int number;
    (void)snprintf(h->dir, sizeof h->dir, "t%d_%d", (int)getpid(), number++);
    in_server("CREATE SCHEMA", h->dir, "");
    (void)snprintf(h->url, sizeof h->url, "%s%soptions=-csearch_path%%3D%s", server_url(),
                   strchr(server_url(), '?') ? "&" : "?", h->dir);
    OK(apl_postgres_open(h->url, &h->store, NULL));
}

static inline int set_up(void **state, bool is_sqlite)
{
    apl_err err = {0};
    house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->is_sqlite = is_sqlite;
    apl_tables_init();
    if (is_sqlite)
        open_sqlite(h);
    else
        open_postgres(h);
    if (h->store && apl_store_connect(h->store, true, &h->writer, &err)) {
        print_error("%s\n", err.what);
        return -1;
    }
    *state = h;
    return 0;
}

static inline int set_up_sqlite(void **state)
{
    return set_up(state, true);
}

static inline int set_up_postgres(void **state)
{
    return set_up(state, false);
}

static inline int tear_down(void **state)
{
    house *h = *state;
    apl_conn_close(h->writer);
    apl_store_close(h->store);
    if (h->store && h->is_sqlite)
        (void)!apl_dir_remove(h->dir, NULL);
    else if (h->store)
        in_server("DROP SCHEMA", h->dir, "CASCADE");
    free(h);
    return 0;
}

static inline house *house_of(void **state)
{
    return *state;
}

/* One test on both backends. */
#define ON_BOTH(test)                                                                              \
    {#test " [sqlite]", test, set_up_sqlite, tear_down, NULL},                                     \
    {                                                                                              \
#test " [postgres]", test, set_up_postgres, tear_down, NULL                                \
    }

/*
 * Without a server the PostgreSQL half is left out, and said so, rather than skipped one by one: cmocka reports a skipped
 * test as "not ok". tests/contract runs these programs with a server.
 */
#define RUN_ALL(tests) run_all((tests), sizeof(tests) / sizeof *(tests))
static inline int run_all(const struct CMUnitTest *all, size_t count)
{
    struct CMUnitTest chosen[128];
    size_t n = 0;
    for (size_t i = 0; i < count && n < 128; i++)
        if (all[i].setup_func != set_up_postgres || server_url())
            chosen[n++] = all[i];
    if (n < count)
        printf("# APLOMB_PG_URL is not set: %zu tests on PostgreSQL were left out\n", count - n);
    return _cmocka_run_group_tests("store", chosen, n, NULL, NULL);
}

#define NUMBER(conn, sql) number_of((conn), (sql))
static inline int64_t number_of(apl_conn *conn, const char *sql)
{
    apl_err err = {0};
    int64_t value = -1;
    if (apl_conn_number(conn, sql, NULL, 0, &value, &err))
        fail_msg("%s: %s", sql, err.what);
    return value;
}

#define RUN(conn, sql, ...) run_ok((conn), (sql), APL_VALS(__VA_ARGS__))
static inline void run_ok(apl_conn *conn, const char *sql, const apl_val *vals, size_t count)
{
    apl_err err = {0};
    if (apl_conn_run(conn, sql, vals, count, &err))
        fail_msg("%s: %s", sql, err.what);
}

#endif
