/* SPDX-License-Identifier: Apache-2.0 */
/* Noting what is due; see scheduler.h. Tests: tests/unit/desk/test_case.c */
#include "desk/scheduler.h"

#include "sys/process.h"

enum { BREACHES_PER_JOB = 200, LOOKS_PER_TRIM = 10 };
static const int64_t look_every_us = 2 * APL_US_PER_SECOND;

struct apl_scheduler {
    apl_writer *writer;
    apl_thread *thread;
    apl_mutex mutex;
    apl_cond wake;
    bool is_closing;
};

static apl_rc next_due(apl_tx *tx, apl_clock_row *rows, size_t limit, size_t *out_count,
                       apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_CLOCK_COLUMNS) " FROM clock WHERE workspace_id = $1"
                                              " AND stopped_us = 9223372036854775807 AND breach_us "
                                              "= 9223372036854775807"
                                              " AND due_us < $2 AND paused_since_us = "
                                              "9223372036854775807 ORDER BY due_us LIMIT $3";
    apl_cursor *cursor = NULL;
    *out_count = 0;
    apl_rc rc = apl_conn_query(
        tx->conn, sql,
        APL_VALS(APL_I64(tx->workspace_id), APL_I64(tx->now), APL_I64((int64_t)limit)), &cursor,
        err);
    for (bool has_row = true; !rc && has_row && *out_count < limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = apl_row_read(cursor, &apl_table_clock, 0, &tx->arena, &rows[(*out_count)++], err);
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_scheduler_note_breaches(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_due *due = ctx;
    apl_clock_row *rows = apl_arena_alloc(&tx->arena, due->limit, sizeof *rows);
    apl_rc rc = rows ? next_due(tx, rows, due->limit, &due->count, err) : apl_err_nomem(err);
    for (size_t i = 0; i < due->count && !rc; i++) {
        rows[i].breach_us = rows[i].due_us;
        rc = apl_tx_entry_begin(tx, "clock.breached", APL_ACTOR_SYSTEM, err);
        if (rc)
            return rc;
        apl_entry_i64(&tx->entry, "clock", rows[i].kind);
        apl_entry_time(&tx->entry, "due_at", rows[i].due_us);
        rc = apl_tx_about(tx, "case", rows[i].case_id, err);
        if (!rc)
            rc = apl_tx_update(tx, &apl_table_clock, &rows[i], err);
        if (!rc)
            rc = apl_tx_entry_end(tx, err);
    }
    return rc;
}

static void run_thread(void *ctx)
{
    apl_scheduler *scheduler = ctx;
    unsigned quiet_looks = 0;
    apl_mutex_lock(&scheduler->mutex);
    while (!scheduler->is_closing) {
        apl_mutex_unlock(&scheduler->mutex);
        apl_due due = {.limit = BREACHES_PER_JOB};
        /* A full disk or a lost connection is tried again at the next look: nothing was noted, nothing is lost. */
        apl_rc rc = apl_writer_run(scheduler->writer, apl_scheduler_note_breaches, &due, NULL);
        /* An import or a rush of requests leaves a large heap behind. */
        if (++quiet_looks % LOOKS_PER_TRIM == 0)
            apl_process_trim_memory();
        apl_mutex_lock(&scheduler->mutex);
        if ((rc || due.count < due.limit) && !scheduler->is_closing)
            (void)apl_cond_wait_us(&scheduler->wake, &scheduler->mutex, look_every_us);
    }
    apl_mutex_unlock(&scheduler->mutex);
}

apl_rc apl_scheduler_open(apl_writer *writer, apl_scheduler **out_scheduler, apl_err *err)
{
    apl_scheduler *scheduler = apl_mem_zalloc(1, sizeof *scheduler);
    if (!scheduler)
        return apl_err_nomem(err);
    scheduler->writer = writer;
    apl_mutex_init(&scheduler->mutex);
    apl_cond_init(&scheduler->wake);
    apl_rc rc = apl_thread_start("scheduler", run_thread, scheduler, &scheduler->thread, err);
    if (rc) {
        apl_scheduler_close(scheduler);
        return rc;
    }
    *out_scheduler = scheduler;
    return APL_OK;
}

void apl_scheduler_close(apl_scheduler *scheduler)
{
    if (!scheduler)
        return;
    apl_mutex_lock(&scheduler->mutex);
    scheduler->is_closing = true;
    apl_cond_broadcast(&scheduler->wake);
    apl_mutex_unlock(&scheduler->mutex);
    apl_thread_join(scheduler->thread);
    apl_cond_release(&scheduler->wake);
    apl_mutex_release(&scheduler->mutex);
    apl_mem_free(scheduler);
}
