/* SPDX-License-Identifier: Apache-2.0 */
/* Where a post belongs: what it answers, its conversation, its case. Cases move and merge when a missing part arrives. */
#ifndef APL_DESK_THREAD_H
#define APL_DESK_THREAD_H

#include "desk/judge.h"
#include "desk/tx.h"

/* A post that is referred to and not yet here; its own conversation. Not stored yet. */
apl_post_row apl_post_expected(apl_tx *tx, int64_t channel_id, apl_span remote_id);
apl_rc apl_post_find(apl_tx *tx, int64_t channel_id, apl_span remote_id, apl_post_row *out_post,
                     bool *out_found, apl_err *err) MUST_USE;

typedef struct apl_placing {
    apl_post_row
        *post;     /* filled but for parent, conversation and case; placed and stored by the call */
    bool existed;  /* its row is in the store */
    bool was_here; /* its words had come before */
    bool changed_sides; /* it was taken for a customer's and is our own, or the other way round */
    apl_span parent_id; /* remote id of what it answers; empty = none */
    const apl_judged *judgement; /* of this arrival; NULL for own turns and deletions */
    apl_span text;
} apl_placing;

/* Stores the post in its place and folds the cases that this touches. Inside an entry. */
apl_rc apl_thread_place(apl_tx *tx, const apl_placing *placing, apl_err *err) MUST_USE;

#endif
