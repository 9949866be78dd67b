/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations on every backend: order, sections, resuming after a failure or a kill, newer schemas refused. */
#include "store/backend.h"

static const apl_migration good[] = {
    {1, "0001_first.sql", "CREATE TABLE one (x BIGINT NOT NULL);\n"},
    {2, "0002_second.sql",
     "-- sections\nCREATE TABLE two (x BIGINT NOT NULL\n--@sqlite\n, lite "
     "BIGINT\n--@end\n--@postgres\n, pg BIGINT\n--@end\n);\n"},
    {5, "0005_later.sql", "INSERT INTO one (x) VALUES (5);\n"},
};

static int version_of(house *h)
{
    int version = -1;
    OK(apl_store_schema_version(h->writer, &version, NULL));
    return version;
}

static void test_from_nothing(void **state)
{
    house *h = house_of(state);
    assert_int_equal(version_of(h), 0);
    OK(apl_store_migrate(h->writer, good, 3, 77, NULL));
    assert_int_equal(version_of(h), 5);
    assert_int_equal(NUMBER(h->writer, "SELECT count(*) FROM one"), 1);
    assert_int_equal(
        NUMBER(h->writer, "SELECT count(*) FROM schema_migration WHERE applied_us = 77"), 3);
    OK(apl_store_migrate(h->writer, good, 3, 88, NULL)); /* again: nothing to do */
    assert_int_equal(NUMBER(h->writer, "SELECT count(*) FROM one"), 1);
}

static void test_sections(void **state)
{
    house *h = house_of(state);
    OK(apl_store_migrate(h->writer, good, 2, 1, NULL));
    assert_int_equal(NUMBER(h->writer, h->is_sqlite ? "SELECT count(lite) FROM two"
                                                    : "SELECT count(pg) FROM two"),
                     0);
    assert_int_not_equal(apl_conn_run(h->writer,
                                      h->is_sqlite ? "SELECT pg FROM two" : "SELECT lite FROM two",
                                      NULL, 0, NULL),
                         APL_OK);
}

static void test_goes_on_where_it_stopped(void **state)
{
    house *h = house_of(state);
    OK(apl_store_migrate(h->writer, good, 1, 1, NULL));
    assert_int_equal(version_of(h), 1);
    /* A process that was killed: its transaction was never committed. */
    OK(apl_conn_begin(h->writer, NULL));
    OK(apl_conn_script(h->writer, "CREATE TABLE two (half BIGINT)", NULL));
    apl_conn_close(h->writer);
    h->writer = NULL;
    OK(apl_store_connect(h->store, true, &h->writer, NULL));
    OK(apl_store_migrate(h->writer, good, 3, 2, NULL));
    assert_int_equal(version_of(h), 5);
    assert_int_equal(NUMBER(h->writer, "SELECT count(x) FROM two"), 0);
}

static void test_failure_is_rolled_back_whole(void **state)
{
    static const apl_migration bad[] = {
        {1, "0001_first.sql", "CREATE TABLE one (x BIGINT NOT NULL);\n"},
        {2, "0002_wrong.sql",
         "CREATE TABLE two (x BIGINT NOT NULL);\nCREATE TABLE one (y BIGINT);\n"},
        {5, "0005_later.sql", "CREATE TABLE five (x BIGINT);\n"},
    };
    house *h = house_of(state);
    apl_err err = {0};
    assert_int_not_equal(apl_store_migrate(h->writer, bad, 3, 1, &err), APL_OK);
    assert_non_null(strstr(err.what, "migration 2 (0002_wrong.sql) was rolled back"));
    assert_int_equal(version_of(h), 1);
    assert_int_not_equal(apl_conn_run(h->writer, "SELECT * FROM two", NULL, 0, NULL), APL_OK);
    OK(apl_store_migrate(h->writer, good, 3, 1, NULL)); /* mended */
    assert_int_equal(version_of(h), 5);
}

static void test_newer_schema_is_refused(void **state)
{
    house *h = house_of(state);
    apl_err err = {0};
    OK(apl_store_migrate(h->writer, good, 3, 1, NULL));
    assert_int_equal(apl_store_migrate(h->writer, good, 2, 1, &err), APL_E_VERSION);
    assert_string_equal(
        err.what,
        "the store has schema version 5, this program knows only up to 2: it was made by a"
        " newer Aplomb");
    assert_non_null(strstr(err.fix, "nothing was changed"));
    assert_int_equal(version_of(h), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_from_nothing),
        ON_BOTH(test_sections),
        ON_BOTH(test_goes_on_where_it_stopped),
        ON_BOTH(test_failure_is_rolled_back_whole),
        ON_BOTH(test_newer_schema_is_refused),
    };
    return RUN_ALL(tests);
}
