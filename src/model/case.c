/* SPDX-License-Identifier: Apache-2.0 */
/* States and priorities; see case.h. Tests: tests/unit/model/test_case.c */
#include "model/case.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *title;
    unsigned next;
} states[APL_CASE_STATE_COUNT] = {
    [APL_CASE_NEW] = {"new", "new",
                      APL_CASE_STATE_BIT(APL_CASE_OPEN) | APL_CASE_STATE_BIT(APL_CASE_PENDING) |
                          APL_CASE_STATE_BIT(APL_CASE_ON_HOLD) |
                          APL_CASE_STATE_BIT(APL_CASE_SOLVED) |
                          APL_CASE_STATE_BIT(APL_CASE_CLOSED)},
    [APL_CASE_OPEN] = {"open", "open",
                       APL_CASE_STATE_BIT(APL_CASE_PENDING) | APL_CASE_STATE_BIT(APL_CASE_ON_HOLD) |
                           APL_CASE_STATE_BIT(APL_CASE_SOLVED) |
                           APL_CASE_STATE_BIT(APL_CASE_CLOSED)},
    [APL_CASE_PENDING] = {"pending", "pending",
                          APL_CASE_STATE_BIT(APL_CASE_OPEN) | APL_CASE_STATE_BIT(APL_CASE_ON_HOLD) |
                              APL_CASE_STATE_BIT(APL_CASE_SOLVED) |
                              APL_CASE_STATE_BIT(APL_CASE_CLOSED)},
    [APL_CASE_ON_HOLD] = {"on_hold", "on hold",
                          APL_CASE_STATE_BIT(APL_CASE_OPEN) | APL_CASE_STATE_BIT(APL_CASE_PENDING) |
                              APL_CASE_STATE_BIT(APL_CASE_SOLVED) |
                              APL_CASE_STATE_BIT(APL_CASE_CLOSED)},
    /* Out of solved and closed there is one way back, so that every reopening looks alike in the figures. */
    [APL_CASE_SOLVED] = {"solved", "solved",
                         APL_CASE_STATE_BIT(APL_CASE_OPEN) | APL_CASE_STATE_BIT(APL_CASE_CLOSED)},
    [APL_CASE_CLOSED] = {"closed", "closed", APL_CASE_STATE_BIT(APL_CASE_OPEN)},
};

static const char *const priority_names[APL_CASE_PRIORITY_COUNT] = {"low", "normal", "high",
                                                                    "urgent"};

const char *apl_case_state_name(apl_case_state state)
{
    return (unsigned)state < APL_CASE_STATE_COUNT ? states[state].name : NULL;
}

const char *apl_case_state_title(apl_case_state state)
{
    return (unsigned)state < APL_CASE_STATE_COUNT ? states[state].title : NULL;
}

apl_rc apl_case_state_parse(apl_span text, apl_case_state *out_state, apl_err *err)
{
    for (unsigned i = 0; i < APL_CASE_STATE_COUNT; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(states[i].name)) ||
            apl_span_equal_nocase(text, apl_span_of(states[i].title))) {
            *out_state = (apl_case_state)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no state of a case",
                APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "use one of: new, open, pending, on_hold, solved, closed");
    return APL_E_INVALID;
}

bool apl_case_state_is_done(apl_case_state state)
{
    return state == APL_CASE_SOLVED || state == APL_CASE_CLOSED;
}

unsigned apl_case_state_next(apl_case_state from)
{
    return (unsigned)from < APL_CASE_STATE_COUNT ? states[from].next : 0;
}

/* "open, pending or solved". */
static void format_set(unsigned set, char *out, size_t out_bytes)
{
    size_t at = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < APL_CASE_STATE_COUNT; i++) {
        if (!(set & APL_CASE_STATE_BIT(i)))
            continue;
        set &= ~APL_CASE_STATE_BIT(i);
        const char *joint = !at ? "" : set ? ", " : " or ";
        int len = snprintf(out + at, out_bytes - at, "%s%s", joint, states[i].title);
        at += len < 0 ? 0 : (size_t)len;
        if (at >= out_bytes)
            return;
    }
}

apl_rc apl_case_change_check(apl_case_state from, apl_case_state to, apl_err *err)
{
    if ((unsigned)from >= APL_CASE_STATE_COUNT || (unsigned)to >= APL_CASE_STATE_COUNT)
        return apl_err_set(err, APL_E_INVALID, "there is no such state of a case");
    if (states[from].next & APL_CASE_STATE_BIT(to))
        return APL_OK;
    char allowed[120];
    format_set(states[from].next, allowed, sizeof allowed);
    if (from == to)
        apl_err_set(err, APL_E_CONFLICT, "the case is already %s", states[from].title);
    else
        apl_err_set(err, APL_E_CONFLICT, "a case that is %s cannot become %s", states[from].title,
                    states[to].title);
    apl_err_fix(err, "it can become %s", allowed);
    return APL_E_CONFLICT;
}

const char *apl_case_priority_name(apl_case_priority priority)
{
    return (unsigned)priority < APL_CASE_PRIORITY_COUNT ? priority_names[priority] : NULL;
}

apl_rc apl_case_priority_parse(apl_span text, apl_case_priority *out_priority, apl_err *err)
{
    for (unsigned i = 0; i < APL_CASE_PRIORITY_COUNT; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(priority_names[i]))) {
            *out_priority = (apl_case_priority)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no priority",
                APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "use one of: low, normal, high, urgent");
    return APL_E_INVALID;
}
