/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intake: a post comes into the house. Judging (triage and rules of engagement) is pure and happens before the
 * transaction; applying stores post, payload, assessment, case, clocks and the ledger entry in one transaction.
 *
 * Arrivals may be late, doubled and out of order: what is referred to but not yet here is an *expected* post; versions
 * are ordered by when they were true; a case's clocks are folded anew from its timeline. So every order of arrival ends
 * in the same state.
 */
#ifndef APL_DESK_INTAKE_H
#define APL_DESK_INTAKE_H

#include "desk/judge.h"
#include "desk/tx.h"
#include "model/post.h"

/* What all posts of one delivery share. */
typedef struct apl_intake_origin {
    int64_t channel_id;
    int64_t import_id; /* 0 = not an import */
    apl_actor actor;   /* of the ledger entries */
    const apl_name_set
        *own_names; /* accounts of the company, for finding out whom a post is about; may be NULL */
} apl_intake_origin;

typedef enum apl_intake_outcome {
    APL_INTAKE_TAKEN = 0, /* a new post */
    APL_INTAKE_KNOWN,     /* already here just so; nothing changed */
    APL_INTAKE_EDITED,    /* a new version of a known post */
    APL_INTAKE_DELETED,   /* a deletion was noted */
} apl_intake_outcome;

typedef struct apl_intake_result {
    apl_intake_outcome outcome;
    int64_t post_id;
    int64_t case_id; /* 0 = none (own turns that answer nobody we know) */
} apl_intake_result;

const char *apl_intake_outcome_name(apl_intake_outcome outcome);

/*
 * judgement: of this very post; NULL for own turns and deletions. Errors of the post itself (APL_E_INVALID,
 * APL_E_CONFLICT: "belongs to another author") leave the transaction usable once the caller has undone its savepoint.
 */
apl_rc apl_intake_apply(apl_tx *tx, const apl_intake_origin *origin, const apl_post_in *post,
                        const apl_judged *judgement, apl_intake_result *out_result,
                        apl_err *err) MUST_USE;

#endif
