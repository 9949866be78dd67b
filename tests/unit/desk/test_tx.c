/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions with their ledger: entries that go on, undone jobs, rows outside an entry, commit and rollback. */
#include "house.h"

static apl_note_row note_of(apl_tx *tx, int64_t case_id)
{
    return (apl_note_row){
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .case_id = case_id,
        .created_us = tx->now,
        .text = APL_SPAN("hello"),
    };
}

static apl_rc write_notes(apl_tx *tx, int64_t count, apl_err *err)
{
    apl_rc rc = apl_tx_entry_begin(tx, "test.notes", APL_ACTOR_SYSTEM, err);
    for (int64_t i = 0; i < count && !rc; i++) {
        apl_note_row row = note_of(tx, 1);
        rc = apl_tx_insert(tx, &apl_table_note, &row, NULL, err);
    }
    return rc ? rc : apl_tx_entry_end(tx, err);
}

static apl_rc many_notes(apl_tx *tx, void *ctx, apl_err *err)
{
    return write_notes(tx, *(int64_t *)ctx, err);
}

static void assert_verified(house *h)
{
    apl_verify_report report;
    apl_verify_input input = {h->desk->conn, h->desk->env.clock, &h->desk->signer.key, 1};
    HOUSE_OK(apl_verify_run(&input, &report, &h->err));
    if (apl_verify_found(&report))
        fail_msg("%s: %s", report.findings[0].where, report.findings[0].detail);
    apl_verify_report_release(&report);
}

/* More rows than an entry holds: it is ended and goes on. */
static void test_an_entry_goes_on(void **state)
{
    house *h = *state;
    int64_t before = house_number(h, "SELECT count(*) FROM ledger_entry"), count = 700;
    HOUSE_OK(house_run(h, many_notes, &count));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), before + 3);
    assert_int_equal(
        house_number(h,
                     "SELECT count(*) FROM ledger_entry WHERE entry LIKE '%\"continues\":true%'"),
        2);
    assert_int_equal(house_number(h, "SELECT max(length(entry)) < 65535 FROM ledger_entry"), 1);
    assert_verified(h);
}

static apl_rc many_cases(apl_tx *tx, void *ctx, apl_err *err)
{
    (void)ctx;
    apl_rc rc = apl_tx_entry_begin(tx, "test.cases", APL_ACTOR_SYSTEM, err);
    for (int64_t i = 1; i <= 2 * APL_TX_CASES_MAX + 1 && !rc; i++)
        rc = apl_tx_about(tx, "case", i, err);
    for (int64_t i = 1; i <= 3 && !rc; i++)
        rc = apl_tx_about(tx, "case", 2 * APL_TX_CASES_MAX + 1, err);
    return rc ? rc : apl_tx_entry_end(tx, err);
}

static void test_an_entry_about_many_cases(void **state)
{
    house *h = *state;
    int64_t before = house_number(h, "SELECT count(*) FROM ledger_entry");
    HOUSE_OK(house_run(h, many_cases, NULL));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), before + 3);
    assert_int_equal(house_number(h, "SELECT count(DISTINCT case_id) FROM ledger_about"),
                     2 * APL_TX_CASES_MAX + 1);
    assert_verified(h);
}

/* What is undone leaves no trace: rows, entries, numbers. */
static apl_rc undone_inside(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_ledger_head before = tx->head;
    (void)ctx;
    apl_rc rc = apl_tx_save(tx, err);
    if (!rc)
        rc = write_notes(tx, 5, err);
    if (!rc)
        rc = apl_tx_save(tx, err);
    if (!rc)
        rc = apl_tx_entry_begin(tx, "test.half", APL_ACTOR_SYSTEM, err);
    assert_int_equal(rc, APL_OK);
    apl_tx_undo(tx);
    assert_int_equal(tx->head.size, before.size + 1);
    apl_tx_undo(tx);
    assert_int_equal(tx->head.size, before.size);
    assert_int_equal(tx->head.next_id, before.next_id);
    assert_memory_equal(&tx->head.last_hash, &before.last_hash, sizeof before.last_hash);
    return write_notes(tx, 1, err);
}

static void test_undo_restores_the_head(void **state)
{
    house *h = *state;
    int64_t before = house_number(h, "SELECT count(*) FROM ledger_entry");
    HOUSE_OK(house_run(h, undone_inside, NULL));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), before + 1);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), 1);
    assert_verified(h);
}

static apl_rc outside(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_note_row row = note_of(tx, 1);
    (void)ctx;
    return apl_tx_insert(tx, &apl_table_note, &row, NULL, err);
}

static apl_rc left_open(apl_tx *tx, void *ctx, apl_err *err)
{
    (void)ctx;
    return apl_tx_entry_begin(tx, "test.open", APL_ACTOR_SYSTEM, err);
}

static void test_state_changes_only_inside_an_entry(void **state)
{
    house *h = *state;
    int64_t before = house_number(h, "SELECT count(*) FROM ledger_entry");
    assert_int_equal(house_run(h, outside, NULL), APL_E_INTERNAL);
    assert_int_equal(house_run(h, left_open, NULL), APL_E_INTERNAL);
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), before);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), 0);
}

static apl_rc nothing(apl_tx *tx, void *ctx, apl_err *err)
{
    (void)tx;
    (void)ctx;
    (void)err;
    return APL_OK;
}

static void test_nothing_changes_nothing(void **state)
{
    house *h = *state;
    char before[2000], after[2000];
    house_text(h, "SELECT note FROM ledger_head", before, sizeof before);
    HOUSE_OK(house_run(h, nothing, NULL));
    house_text(h, "SELECT note FROM ledger_head", after, sizeof after);
    assert_string_equal(before, after);
}

static void test_checkpoints_are_kept_now_and_then(void **state)
{
    house *h = *state;
    int64_t one = 1, before = house_number(h, "SELECT count(*) FROM ledger_checkpoint");
    HOUSE_OK(house_run(h, many_notes, &one));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_checkpoint"), before);
    h->clock.now_us += 11 * MINUTE;
    HOUSE_OK(house_run(h, many_notes, &one));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_checkpoint"), before + 1);
    assert_verified(h);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_an_entry_goes_on),        T(test_an_entry_about_many_cases),
        T(test_undo_restores_the_head),  T(test_state_changes_only_inside_an_entry),
        T(test_nothing_changes_nothing), T(test_checkpoints_are_kept_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
