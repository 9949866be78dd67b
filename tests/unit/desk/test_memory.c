/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at the 1st, 2nd, 3rd … allocation of a batch of arrivals: an orderly error and nothing stored, until it
 * goes through untouched. APLOMB_FAULT_FULL=1 takes every allocation, else every 7th.
 */
#include "house.h"

static apl_rc arrive_all(house *h)
{
    apl_batch_item items[5] = {
        {.post = answered("2", "1", 10)},
        {.post = said("1", "ann", "Where is my refund?", 0)},
        {.post = said("3", "bob", "I will sue you. My lawyer will write.", 3)},
        {.post = said("1", "ann", "Still nothing!", 30)},
        {.post = said("3", "", "", 40)}};
    items[3].post.event = APL_POST_EVENT_EDIT;
    items[4].post.event = APL_POST_EVENT_DELETE;
    house_batch batch = {h, items, 5};
    apl_arena_clear(&h->arena);
    apl_rc rc = apl_batch_judge(h->judge, APL_SPAN("wall"), items, 5, &h->arena, &h->err);
    if (!rc)
        rc = house_run(h, house_apply, &batch);
    for (int i = 0; i < 5 && !rc; i++)
        rc = items[i].rc;
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    house *h = *state;
    const char *full = getenv("APLOMB_FAULT_FULL");
    size_t step = full && *full == '1' ? 1 : 7, failures = 0;
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    for (size_t n = 1; n < 100000; n += step) {
        (void)apl_mem_fail_at(n, 0);
        apl_rc rc = arrive_all(h);
        size_t used = apl_mem_fail_at(0, 0);
        if (!rc) {
            if (used >= n)
                fail_msg("allocation %zu failed and nobody noticed", n);
            break;
        }
        failures++;
        if (rc != APL_E_NOMEM)
            fail_msg("allocation %zu: %s (%s)", n, apl_rc_name(rc), h->err.what);
        assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
        assert_int_equal(house_number(h, "SELECT count(*) FROM post"), 0);
    }
    assert_true(failures > 3);
    assert_int_equal(house_number(h, "SELECT count(*) FROM post_version"), 5);
    apl_verify_report report;
    apl_verify_input input = {h->desk->conn, h->desk->env.clock, &h->desk->signer.key, 1};
    HOUSE_OK(apl_verify_run(&input, &report, &h->err));
    assert_int_equal(apl_verify_found(&report), 0);
    apl_verify_report_release(&report);
}

/* Opening a directory that is there: each failure is an error, and the next opening finds it as it was. */
static void test_opening_without_memory(void **state)
{
    house *h = *state;
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    apl_judge_free(h->judge);
    h->judge = NULL;
    apl_desk_close(h->desk);
    h->desk = NULL;
    const char *full = getenv("APLOMB_FAULT_FULL");
    size_t step = full && *full == '1' ? 1 : 97;
    for (size_t n = 1;; n += step) {
        (void)apl_mem_fail_at(n, 0);
        apl_rc rc = house_reopen(h, APL_DESK_WRITE);
        size_t used = apl_mem_fail_at(0, 0);
        if (!rc) {
            if (used >= n)
                fail_msg("allocation %zu failed and nobody noticed", n);
            break;
        }
        if (rc != APL_E_NOMEM)
            fail_msg("allocation %zu: %s (%s)", n, apl_rc_name(rc), h->err.what);
        assert_null(h->desk);
    }
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_every_allocation_may_fail),
        T(test_opening_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
