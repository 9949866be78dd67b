/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a post: triage and rules of engagement together, outside any transaction. Pure but for the arena. */
#ifndef APL_DESK_JUDGE_H
#define APL_DESK_JUDGE_H

#include "desk/policy.h"
#include "model/post.h"
#include "store/rows.h"

typedef struct apl_judge apl_judge; /* one per thread */

/* What was found about one post; texts live in the arena it was made with. */
typedef struct apl_judged {
    apl_assessment assessment;
    apl_span category, clock_policy, why, detail, tags, risks;
    int64_t priority;
    bool needs_answer;
    int64_t policy_id;
} apl_judged;

/* Takes a use of the policy (dropped by free). */
apl_rc apl_judge_new(apl_policy_use *take_use, apl_judge **out_judge, apl_err *err) MUST_USE;
void apl_judge_free(apl_judge *judge);
const apl_policy_use *apl_judge_policy(const apl_judge *judge);
apl_rc apl_judge_run(apl_judge *judge, const apl_post_in *post, apl_span channel_name,
                     apl_arena *arena, apl_judged *out_judged, apl_err *err) MUST_USE;
/* The columns that a judgement decides. */
void apl_judged_fill(const apl_judged *judged, apl_assessment_row *row);

#endif
