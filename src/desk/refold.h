/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case as a function of its posts and state changes: labels, priority, clocks, queue, headline. Called after anything
 * in its timeline changed; the order of changes does not matter.
 */
#ifndef APL_DESK_REFOLD_H
#define APL_DESK_REFOLD_H

#include "desk/judge.h"
#include "desk/tx.h"

/* Where a case stands in the inbox; stored. */
typedef enum apl_queue {
    APL_QUEUE_ANSWER = 0, /* somebody waits for us */
    APL_QUEUE_OPEN,       /* new or open, nobody waits */
    APL_QUEUE_PENDING,
    APL_QUEUE_ON_HOLD,
    APL_QUEUE_DONE,
    APL_QUEUE_MERGED = 9,
} apl_queue;

/*
 * Opens the case post->case_id for its first post, whose row is stored. When `is_alone`, nothing else can belong to it
 * and nothing is read; judgement is the post's (else it may be NULL).
 */
apl_rc apl_case_open(apl_tx *tx, const apl_post_row *post, const apl_judged *judgement,
                     apl_span text, bool is_alone, apl_err *err) MUST_USE;
/* Folds an existing case anew; a merged one is left alone. Inside an entry. */
apl_rc apl_case_refold(apl_tx *tx, int64_t case_id, apl_err *err) MUST_USE;
/* Makes `gone` point to `keep` and moves its notes and state changes; its posts were moved before. */
apl_rc apl_case_merge(apl_tx *tx, int64_t gone, int64_t keep, apl_err *err) MUST_USE;

#endif
