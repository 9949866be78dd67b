/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit; see writer.h. Tests: tests/unit/desk/test_writer.c, tests/fault */
#include "desk/writer.h"

enum { JOBS_PER_COMMIT = 256 };
static const int64_t rest_after_us = 5 * APL_US_PER_SECOND;

struct apl_writer {
    apl_desk *desk;
    void (*committed)(void *ctx, int64_t ledger_size);
    void *ctx;
    apl_thread *thread;
    apl_mutex mutex;
    apl_cond has_work;
    apl_cond has_result;
    apl_write_job *first, *last;
    bool is_closing;
    bool must_rest; /* of the thread itself, as the next */
    int64_t changed_mono_us;
};

static void run_saved(apl_tx *tx, apl_write_job *job)
{
    job->rc = apl_tx_save(tx, &job->err);
    if (job->rc)
        return;
    job->rc = job->run(tx, job->ctx, &job->err);
    if (!job->rc)
        job->rc = apl_tx_release(tx, &job->err);
    else
        apl_tx_undo(tx);
}

/* Jobs that succeeded so far fail together when the commit does. */
static void fail_all(apl_write_job **jobs, size_t count, apl_rc rc, const apl_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!jobs[i]->rc) {
            jobs[i]->rc = rc;
            jobs[i]->err = *err;
        }
    }
}

static int64_t mono_us(const apl_writer *writer)
{
    const apl_clock_src *clock = writer->desk->env.clock;
    return clock->mono_us(clock->ctx);
}

static void commit_group(apl_writer *writer, apl_write_job **jobs, size_t count)
{
    apl_tx tx;
    apl_err err = {0};
    apl_rc rc = apl_tx_begin(&tx, writer->desk, &err);
    if (rc) {
        fail_all(jobs, count, rc, &err);
        return;
    }
    for (size_t i = 0; i < count && !rc; i++) {
        run_saved(&tx, jobs[i]);
        if (apl_tx_is_lost(jobs[i]->rc)) {
            rc = jobs[i]->rc;
            err = jobs[i]->err;
        }
    }
    int64_t before = tx.first_size, after = tx.head.size;
    if (after != before) {
        writer->must_rest = true;
        writer->changed_mono_us = mono_us(writer);
    }
    if (rc)
        apl_tx_rollback(&tx);
    else
        rc = apl_tx_commit(&tx, &err);
    if (rc)
        fail_all(jobs, count, rc, &err);
    else if (after != before && writer->committed)
        writer->committed(writer->ctx, after);
}

/* Takes the next jobs that may share a transaction; a job that runs alone is taken alone. */
static size_t take_group(apl_writer *writer, apl_write_job **jobs)
{
    size_t count = 0;
    while (writer->first && count < JOBS_PER_COMMIT) {
        bool is_alone = !writer->first->run;
        if (is_alone && count)
            break;
        jobs[count++] = writer->first;
        writer->first = writer->first->next;
        if (is_alone)
            break;
    }
    if (!writer->first)
        writer->last = NULL;
    return count;
}

/* With the mutex. Some time after the last change the store gives back its cache, once. */
static void wait_for_work(apl_writer *writer)
{
    while (!writer->first && !writer->is_closing) {
        int64_t left = writer->changed_mono_us + rest_after_us - mono_us(writer);
        if (!writer->must_rest) {
            apl_cond_wait(&writer->has_work, &writer->mutex);
        } else if (left > 0) {
            (void)apl_cond_wait_us(&writer->has_work, &writer->mutex, left);
        } else {
            writer->must_rest = false;
            apl_mutex_unlock(&writer->mutex);
            writer->desk->store->backend->rest(writer->desk->conn);
            apl_mem_give_back();
            apl_mutex_lock(&writer->mutex);
        }
    }
}

static void run_thread(void *ctx)
{
    apl_writer *writer = ctx;
    apl_write_job *jobs[JOBS_PER_COMMIT];
    apl_mutex_lock(&writer->mutex);
    for (;;) {
        wait_for_work(writer);
        if (!writer->first)
            break;
        size_t count = take_group(writer, jobs);
        apl_mutex_unlock(&writer->mutex);
        if (jobs[0]->run)
            commit_group(writer, jobs, count);
        else
            jobs[0]->rc =
                ((apl_alone_job *)jobs[0])->run(writer->desk, jobs[0]->ctx, &jobs[0]->err);
        apl_mutex_lock(&writer->mutex);
        for (size_t i = 0; i < count; i++)
            jobs[i]->is_done = true;
        apl_cond_broadcast(&writer->has_result);
    }
    apl_mutex_unlock(&writer->mutex);
}

apl_rc apl_writer_open(apl_desk *desk, void (*committed)(void *ctx, int64_t ledger_size), void *ctx,
                       apl_writer **out_writer, apl_err *err)
{
    apl_writer *writer = apl_mem_zalloc(1, sizeof *writer);
    if (!writer)
        return apl_err_nomem(err);
    writer->desk = desk;
    writer->committed = committed;
    writer->ctx = ctx;
    apl_mutex_init(&writer->mutex);
    apl_cond_init(&writer->has_work);
    apl_cond_init(&writer->has_result);
    apl_rc rc = apl_thread_start("writer", run_thread, writer, &writer->thread, err);
    if (rc) {
        apl_writer_close(writer);
        return rc;
    }
    *out_writer = writer;
    return APL_OK;
}

void apl_writer_close(apl_writer *writer)
{
    if (!writer)
        return;
    apl_mutex_lock(&writer->mutex);
    writer->is_closing = true;
    apl_cond_broadcast(&writer->has_work);
    apl_mutex_unlock(&writer->mutex);
    apl_thread_join(writer->thread);
    apl_cond_release(&writer->has_work);
    apl_cond_release(&writer->has_result);
    apl_mutex_release(&writer->mutex);
    apl_mem_free(writer);
}

void apl_writer_submit(apl_writer *writer, apl_write_job *job)
{
    apl_mutex_lock(&writer->mutex);
    job->next = NULL;
    job->is_done = false;
    if (writer->last)
        writer->last->next = job;
    else
        writer->first = job;
    writer->last = job;
    apl_cond_signal(&writer->has_work);
    apl_mutex_unlock(&writer->mutex);
}

apl_rc apl_writer_wait(apl_writer *writer, apl_write_job *job, apl_err *err)
{
    apl_mutex_lock(&writer->mutex);
    while (!job->is_done)
        apl_cond_wait(&writer->has_result, &writer->mutex);
    apl_mutex_unlock(&writer->mutex);
    if (job->rc && err)
        *err = job->err;
    return job->rc;
}

apl_rc apl_writer_run(apl_writer *writer, apl_write_fn run, void *ctx, apl_err *err)
{
    apl_write_job job = APL_WRITE_JOB(run, ctx);
    apl_writer_submit(writer, &job);
    return apl_writer_wait(writer, &job, err);
}

apl_rc apl_writer_run_alone(apl_writer *writer,
                            apl_rc (*run)(apl_desk *desk, void *ctx, apl_err *err), void *ctx,
                            apl_err *err)
{
    apl_alone_job job = APL_ALONE_JOB(run, ctx);
    apl_writer_submit(writer, &job.job);
    return apl_writer_wait(writer, &job.job, err);
}
