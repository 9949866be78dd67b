/* SPDX-License-Identifier: Apache-2.0 */
/* The states and priorities of a case, as help desks have them, and which state may follow which. Pure. */
#ifndef APL_MODEL_CASE_H
#define APL_MODEL_CASE_H

#include "base/span.h"

/* The numbers are stored; append only. */
typedef enum apl_case_state {
    APL_CASE_NEW = 0,
    APL_CASE_OPEN,
    APL_CASE_PENDING, /* waiting for the customer */
    APL_CASE_ON_HOLD, /* waiting inside: legal, a third party */
    APL_CASE_SOLVED,
    APL_CASE_CLOSED,
    APL_CASE_STATE_COUNT
} apl_case_state;

typedef enum apl_case_priority {
    APL_CASE_LOW = 0,
    APL_CASE_NORMAL,
    APL_CASE_HIGH,
    APL_CASE_URGENT,
    APL_CASE_PRIORITY_COUNT
} apl_case_priority;

/* A set of states. */
#define APL_CASE_STATE_BIT(state) (1U << (unsigned)(state))

/* "on_hold", as stored and in the API; NULL for an unknown one. */
const char *apl_case_state_name(apl_case_state state);
/* "on hold", as people read it; NULL for an unknown one. */
const char *apl_case_state_title(apl_case_state state);
/* Either form, any case of letters. APL_E_INVALID names the accepted words. */
apl_rc apl_case_state_parse(apl_span text, apl_case_state *out_state, apl_err *err) MUST_USE;
/* Solved and closed: nothing waits any more. */
bool apl_case_state_is_done(apl_case_state state);
/* Set of APL_CASE_STATE_BIT that may follow. */
unsigned apl_case_state_next(apl_case_state from);
/* APL_E_CONFLICT names what is allowed. Staying in the same state is no change and an error. */
apl_rc apl_case_change_check(apl_case_state from, apl_case_state to, apl_err *err) MUST_USE;

const char *apl_case_priority_name(apl_case_priority priority);
apl_rc apl_case_priority_parse(apl_span text, apl_case_priority *out_priority,
                               apl_err *err) MUST_USE;

#endif
