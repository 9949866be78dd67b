/* SPDX-License-Identifier: Apache-2.0 */
/* Many arrivals at once: what imports and webhooks hand to intake. One poison post never stops the others. */
#ifndef APL_DESK_BATCH_H
#define APL_DESK_BATCH_H

#include "desk/intake.h"

typedef struct apl_batch_item {
    apl_post_in post; /* checked */
    apl_judged judged;
    bool is_judged; /* false for own turns and deletions */
    int64_t line;   /* of the archive; 0 = none */
    /* filled by apl_batch_apply */
    apl_rc rc;
    apl_err err; /* why it was rejected */
    apl_intake_result result;
} apl_batch_item;

typedef struct apl_batch_counts {
    int64_t taken, known, edited, deleted, rejected;
} apl_batch_counts;

/* Triage and rules for every item that needs them. Texts go into the arena. */
apl_rc apl_batch_judge(apl_judge *judge, apl_span channel_name, apl_batch_item *items, size_t count,
                       apl_arena *arena, apl_err *err) MUST_USE;
/*
 * Inside a transaction: applies the items in order. An item that is refused gets its error and changes nothing. An error
 * of the machine is returned and nothing of the batch remains. A job of desk/writer.h calls this.
 */
apl_rc apl_batch_apply(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                       size_t count, apl_err *err) MUST_USE;
/*
 * The same without any savepoint, for a transaction that is the batch's own: the first refusal is returned, and the caller
 * rolls back. A savepoint costs a copy of every page that is changed after it, which is half the memory of an import.
 */
apl_rc apl_batch_try(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                     size_t count, apl_err *err) MUST_USE;
apl_batch_counts apl_batch_count(const apl_batch_item *items, size_t count);

#endif
