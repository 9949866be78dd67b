/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one that asks "what is due?": notes breaches of running clocks in the ledger. State is in rows, so a crash or a
 * pause loses nothing: the next look finds all that has become due meanwhile.
 */
#ifndef APL_DESK_SCHEDULER_H
#define APL_DESK_SCHEDULER_H

#include "desk/writer.h"

typedef struct apl_scheduler apl_scheduler;

/* Starts a thread that looks every few seconds, earlier when woken. */
apl_rc apl_scheduler_open(apl_writer *writer, apl_scheduler **out_scheduler, apl_err *err) MUST_USE;
/* NULL is ignored. */
void apl_scheduler_close(apl_scheduler *scheduler);

typedef struct apl_due {
    size_t limit; /* how many at most */
    size_t count; /* result */
} apl_due;
/* A job of the writer (ctx = apl_due): notes breaches that are due by the transaction's time. Deterministic. */
apl_rc apl_scheduler_note_breaches(apl_tx *tx, void *due, apl_err *err) MUST_USE;

#endif
