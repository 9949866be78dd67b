/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a data directory: new, again, while held, for reading, foreign, without its key, without its data. */
#include "house.h"

static void close_desk(house *h)
{
    apl_judge_free(h->judge);
    h->judge = NULL;
    apl_desk_close(h->desk);
    h->desk = NULL;
}

static void path_of(house *h, const char *name, char out[600])
{
    (void)snprintf(out, 600, "%s/%s", h->data, name);
}

static void test_opening_again_changes_nothing(void **state)
{
    house *h = *state;
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    char name[64];
    (void)snprintf(name, sizeof name, "%s", h->desk->ledger_name);
    close_desk(h);
    HOUSE_OK(house_reopen(h, APL_DESK_WRITE));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
    assert_string_equal(h->desk->ledger_name, name);
}

static void test_one_writer_many_readers(void **state)
{
    house *h = *state;
    apl_desk *writing = h->desk, *reader = NULL;
    assert_int_equal(house_reopen(h, APL_DESK_WRITE), APL_E_BUSY);
    assert_ptr_equal(h->desk, writing);
    HOUSE_OK(apl_desk_open_reader(writing, &reader, &h->err));
    int64_t count = 0;
    HOUSE_OK(
        apl_conn_number(reader->conn, "SELECT count(*) FROM workspace", NULL, 0, &count, &h->err));
    assert_int_equal(count, 1);
    apl_desk_close(reader);
}

static void test_a_lost_key(void **state)
{
    house *h = *state;
    char key[600];
    close_desk(h);
    path_of(h, "keys/ledger.key", key);
    HOUSE_OK(apl_file_remove(key, &h->err));
    assert_int_equal(house_reopen(h, APL_DESK_WRITE), APL_E_CORRUPT);
    assert_non_null(strstr(h->err.where, "ledger.key"));
    assert_false(apl_file_exists(key));
}

static void test_lost_data(void **state)
{
    static const char *const files[] = {"aplomb.db", "aplomb.db-wal", "aplomb.db-shm"};
    house *h = *state;
    close_desk(h);
    for (int i = 0; i < 3; i++) {
        char path[600];
        path_of(h, files[i], path);
        (void)unlink(path);
    }
    assert_int_equal(house_reopen(h, APL_DESK_WRITE), APL_E_CORRUPT);
    assert_non_null(strstr(h->err.fix, "restore"));
}

static void test_a_newer_schema(void **state)
{
    house *h = *state;
    h->env.migration_count--;
    size_t count = h->env.migration_count;
    close_desk(h);
    if (count) {
        assert_int_equal(house_reopen(h, APL_DESK_WRITE), APL_E_VERSION);
        assert_int_equal(house_reopen(h, APL_DESK_MIGRATE), APL_E_VERSION);
    }
    /* The schema of tomorrow, one migration on. */
    h->migrations[count + 1] = (apl_migration){h->migrations[count].version + 1, "next.sql",
                                               "CREATE TABLE next (a BIGINT);"};
    h->env.migration_count = count + 2;
    assert_int_equal(house_reopen(h, APL_DESK_WRITE), APL_E_VERSION);
    assert_non_null(strstr(h->err.fix, "aplomb migrate"));
    HOUSE_OK(house_reopen(h, APL_DESK_MIGRATE));
    close_desk(h);
    h->env.migration_count = count + 1;
    assert_int_equal(house_reopen(h, APL_DESK_READ), APL_E_VERSION);
    assert_non_null(strstr(h->err.what, "newer"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_opening_again_changes_nothing),
        T(test_one_writer_many_readers),
        T(test_a_lost_key),
        T(test_lost_data),
        T(test_a_newer_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
