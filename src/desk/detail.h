/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an assessment explains itself, as stored in assessment.detail. There is one per post, so it is kept short: arrays by
 * position, and of a rule that did not match only what it saw and the number of the condition that saw it (its words stand
 * in the policy of policy_id).
 *
 *   {"heads":[[head, label, score × 1000, unsure 0|1], …],
 *    "reasons":[[label, list, field, offset, len, weight × 1000], …],
 *    "trace":[[rule, seen, clause] | [rule, method, why, sentence], …]}
 *
 * Offsets are bytes; field: 0 text, 1 title, 2 not from words.
 */
#ifndef APL_DESK_DETAIL_H
#define APL_DESK_DETAIL_H

#include "rules/rules.h"
#include "json/reader.h"

apl_rc apl_detail_format(const apl_assessment *assessment, const apl_verdict *verdict,
                         apl_buf *scratch, apl_buf *out, apl_err *err) MUST_USE;

/* The members of one element of "heads", "reasons", "trace"; what is missing is empty. Spans point into the document. */
typedef struct apl_detail_head {
    apl_span head, label;
    int64_t score;
    bool unsure;
} apl_detail_head;
typedef struct apl_detail_reason {
    apl_span label, list;
    int64_t field, offset, len, weight;
} apl_detail_reason;
typedef struct apl_detail_step {
    bool matched;
    apl_span rule, seen; /* seen, clause: of one that did not match */
    int64_t clause;
    apl_span method, why, sentence; /* of one that matched */
} apl_detail_step;
apl_detail_head apl_detail_head_of(apl_json element);
apl_detail_reason apl_detail_reason_of(apl_json element);
apl_detail_step apl_detail_step_of(apl_json element);
/*
 * "matched, because rating is 1 (at most 2)", "did not match: intent is praise, not complaint". policy: the one that judged;
 * NULL when it is not at hand any more, then a rule that did not match tells only what it saw.
 */
apl_rc apl_detail_step_format(const apl_detail_step *step, const apl_policy *policy, apl_buf *out,
                              apl_err *err) MUST_USE;

#endif
