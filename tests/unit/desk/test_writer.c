/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: one bad job among good ones, a commit that fails, nobody answered before the disk has it. */
#include "house.h"

typedef struct note_job {
    bool fails, is_lost;
    int64_t wrote;
} note_job;

static apl_rc write_note(apl_tx *tx, void *ctx, apl_err *err)
{
    note_job *job = ctx;
    apl_note_row row = {
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .case_id = 1,
        .created_us = tx->now,
        .text = APL_SPAN("hello"),
    };
    apl_rc rc = apl_tx_entry_begin(tx, "test.note", APL_ACTOR_SYSTEM, err);
    if (!rc)
        rc = apl_tx_insert(tx, &apl_table_note, &row, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    if (job->fails)
        return apl_err_set(err, APL_E_INVALID, "no");
    if (job->is_lost)
        return apl_err_set(err, APL_E_IO, "the disk");
    job->wrote = row.id;
    return rc;
}

/* Holds the writer until all jobs of a test are in the queue, so that they share a commit. */
typedef struct gate {
    apl_mutex mutex;
    apl_cond cond;
    bool is_open, is_reached;
} gate;

static apl_rc wait_at_gate(apl_desk *desk, void *ctx, apl_err *err)
{
    gate *g = ctx;
    (void)desk;
    (void)err;
    apl_mutex_lock(&g->mutex);
    g->is_reached = true;
    apl_cond_broadcast(&g->cond);
    while (!g->is_open)
        apl_cond_wait(&g->cond, &g->mutex);
    apl_mutex_unlock(&g->mutex);
    return APL_OK;
}

typedef struct alone {
    apl_writer *writer;
    gate *gate;
} alone;

static void hold(void *ctx)
{
    alone *a = ctx;
    assert_int_equal(apl_writer_run_alone(a->writer, wait_at_gate, a->gate, NULL), APL_OK);
}

enum { JOBS = 20 };

typedef struct commits {
    int count;
    int64_t size;
} commits;

static void on_commit(void *ctx, int64_t size)
{
    commits *c = ctx;
    c->count++;
    c->size = size;
}

/* Submits all jobs while the writer stands at the gate; gives how many commits there were. */
static int run_together(house *h, note_job *notes, apl_rc *out_rcs, void (*before_open)(void))
{
    gate g = {.is_open = false};
    commits c = {0, 0};
    apl_write_job jobs[JOBS];
    apl_writer *writer = NULL;
    apl_thread *thread = NULL;
    apl_mutex_init(&g.mutex);
    apl_cond_init(&g.cond);
    HOUSE_OK(apl_writer_open(h->desk, on_commit, &c, &writer, &h->err));
    alone a = {writer, &g};
    HOUSE_OK(apl_thread_start("gate", hold, &a, &thread, &h->err));
    apl_mutex_lock(&g.mutex);
    while (!g.is_reached)
        apl_cond_wait(&g.cond, &g.mutex);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = APL_WRITE_JOB(write_note, &notes[i]);
        apl_writer_submit(writer, &jobs[i]);
    }
    if (before_open)
        before_open();
    g.is_open = true;
    apl_cond_broadcast(&g.cond);
    apl_mutex_unlock(&g.mutex);
    for (int i = 0; i < JOBS; i++)
        out_rcs[i] = apl_writer_wait(writer, &jobs[i], NULL);
    apl_thread_join(thread);
    apl_writer_close(writer);
    apl_cond_release(&g.cond);
    apl_mutex_release(&g.mutex);
    return c.count;
}

static void test_jobs_share_a_commit(void **state)
{
    house *h = *state;
    note_job notes[JOBS] = {{0}};
    apl_rc rcs[JOBS];
    assert_int_equal(run_together(h, notes, rcs, NULL), 1);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(rcs[i], APL_OK);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), JOBS);
}

static void test_a_bad_job_fails_alone(void **state)
{
    house *h = *state;
    note_job notes[JOBS] = {{0}};
    apl_rc rcs[JOBS];
    notes[3].fails = notes[11].fails = true;
    assert_int_equal(run_together(h, notes, rcs, NULL), 1);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(rcs[i], notes[i].fails ? APL_E_INVALID : APL_OK);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), JOBS - 2);
    apl_verify_report report;
    apl_verify_input input = {h->desk->conn, h->desk->env.clock, &h->desk->signer.key, 1};
    HOUSE_OK(apl_verify_run(&input, &report, &h->err));
    assert_int_equal(apl_verify_found(&report), 0);
    apl_verify_report_release(&report);
}

static void test_a_broken_machine_fails_all(void **state)
{
    house *h = *state;
    note_job notes[JOBS] = {{0}};
    apl_rc rcs[JOBS];
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    notes[7].is_lost = true;
    assert_int_equal(run_together(h, notes, rcs, NULL), 0);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(rcs[i], APL_E_IO);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), 0);
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
}

/* Memory runs out somewhere in the group: every job that was not told "done" is not there, every other one is. */
static void no_memory_soon(void)
{
    (void)apl_mem_fail_at(40, 0);
}

static void test_memory_runs_out_in_the_group(void **state)
{
    house *h = *state;
    note_job notes[JOBS] = {{0}};
    apl_rc rcs[JOBS];
    (void)run_together(h, notes, rcs, no_memory_soon);
    (void)apl_mem_fail_at(0, 0);
    int64_t done = 0;
    for (int i = 0; i < JOBS; i++)
        done += rcs[i] == APL_OK;
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), done);
}

static void test_closing_finishes_what_was_submitted(void **state)
{
    house *h = *state;
    note_job notes[JOBS] = {{0}};
    apl_write_job jobs[JOBS];
    apl_writer *writer = NULL;
    HOUSE_OK(apl_writer_open(h->desk, NULL, NULL, &writer, &h->err));
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = APL_WRITE_JOB(write_note, &notes[i]);
        apl_writer_submit(writer, &jobs[i]);
    }
    apl_writer_close(writer);
    assert_int_equal(house_number(h, "SELECT count(*) FROM note"), JOBS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_jobs_share_a_commit),
        T(test_a_bad_job_fails_alone),
        T(test_a_broken_machine_fails_all),
        T(test_memory_runs_out_in_the_group),
        T(test_closing_finishes_what_was_submitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
