/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one writer. Jobs from many threads are put into common transactions (group commit): each job has a savepoint of
 * its own, so that a failing one is undone alone, and none is answered before the commit is on the disk.
 */
#ifndef APL_DESK_WRITER_H
#define APL_DESK_WRITER_H

#include "desk/tx.h"
#include "sys/thread.h"

typedef struct apl_writer apl_writer;
typedef apl_rc (*apl_write_fn)(apl_tx *tx, void *ctx, apl_err *err);

/* A job; the caller's memory until apl_writer_wait returned. Make it with APL_WRITE_JOB. */
typedef struct apl_write_job {
    apl_write_fn run;
    void *ctx;
    bool is_done;
    apl_rc rc;
    apl_err err;
    struct apl_write_job *next;
} apl_write_job;
#define APL_WRITE_JOB(fn, context) ((apl_write_job){.run = (fn), .ctx = (context)})

/* A job that runs outside any transaction. `&job.job` is what is submitted and waited for. */
typedef struct apl_alone_job {
    apl_write_job job; /* run NULL marks it */
    apl_rc (*run)(apl_desk *desk, void *ctx, apl_err *err);
} apl_alone_job;
#define APL_ALONE_JOB(fn, context) ((apl_alone_job){.job = {.ctx = (context)}, .run = (fn)})

/* Starts the thread. desk: opened for writing; used by nobody else from now on. committed: after each commit that added
 * entries, on the writer's thread; may be NULL. */
apl_rc apl_writer_open(apl_desk *desk, void (*committed)(void *ctx, int64_t ledger_size), void *ctx,
                       apl_writer **out_writer, apl_err *err) MUST_USE;
/* Finishes what was submitted, then ends the thread. NULL is ignored. */
void apl_writer_close(apl_writer *writer);

void apl_writer_submit(apl_writer *writer, apl_write_job *job);
/* Blocks until the job is durable (APL_OK) or undone (its error, or that of the commit). */
apl_rc apl_writer_wait(apl_writer *writer, apl_write_job *job, apl_err *err) MUST_USE;
/* Both. */
apl_rc apl_writer_run(apl_writer *writer, apl_write_fn run, void *ctx, apl_err *err) MUST_USE;
/* Runs fn on the writer's thread outside any transaction (publishing a policy, a checkpoint). */
apl_rc apl_writer_run_alone(apl_writer *writer,
                            apl_rc (*run)(apl_desk *desk, void *ctx, apl_err *err), void *ctx,
                            apl_err *err) MUST_USE;

#endif
