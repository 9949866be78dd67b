/* SPDX-License-Identifier: Apache-2.0 */
/* States of a case: words, and the whole table of what may follow what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/case.h"

#include <string.h>

static void words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < APL_CASE_STATE_COUNT; i++) {
        apl_case_state got;
        assert_int_equal(
            apl_case_state_parse(apl_span_of(apl_case_state_name((apl_case_state)i)), &got, NULL),
            0);
        assert_int_equal(got, i);
        assert_int_equal(
            apl_case_state_parse(apl_span_of(apl_case_state_title((apl_case_state)i)), &got, NULL),
            0);
        assert_int_equal(got, i);
    }
    for (unsigned i = 0; i < APL_CASE_PRIORITY_COUNT; i++) {
        apl_case_priority got;
        assert_int_equal(apl_case_priority_parse(
                             apl_span_of(apl_case_priority_name((apl_case_priority)i)), &got, NULL),
                         0);
        assert_int_equal(got, i);
    }
    assert_string_equal(apl_case_state_name(APL_CASE_ON_HOLD), "on_hold");
    assert_string_equal(apl_case_priority_name(APL_CASE_URGENT), "urgent");
    assert_null(apl_case_state_name((apl_case_state)99));
    assert_null(apl_case_priority_name((apl_case_priority)99));
    apl_case_state untouched = APL_CASE_PENDING;
    apl_err err;
    assert_int_equal(apl_case_state_parse(APL_SPAN("done"), &untouched, &err), APL_E_INVALID);
    assert_int_equal(untouched, APL_CASE_PENDING);
    assert_non_null(strstr(err.fix, "on_hold"));
}

static void changes(void **state)
{
    (void)state;
    /* rows: from; columns: to, in the order new open pending on_hold solved closed */
    static const char *const allowed[APL_CASE_STATE_COUNT] = {
        [APL_CASE_NEW] = "-yyyyy",     [APL_CASE_OPEN] = "--yyyy",   [APL_CASE_PENDING] = "-y-yyy",
        [APL_CASE_ON_HOLD] = "-yy-yy", [APL_CASE_SOLVED] = "-y---y", [APL_CASE_CLOSED] = "-y----",
    };
    for (unsigned from = 0; from < APL_CASE_STATE_COUNT; from++) {
        for (unsigned to = 0; to < APL_CASE_STATE_COUNT; to++) {
            apl_rc rc = apl_case_change_check((apl_case_state)from, (apl_case_state)to, NULL);
            assert_int_equal(rc, allowed[from][to] == 'y' ? APL_OK : APL_E_CONFLICT);
        }
    }
    assert_int_equal(apl_case_change_check((apl_case_state)9, APL_CASE_OPEN, NULL), APL_E_INVALID);
}

static void errors_name_what_is_allowed(void **state)
{
    (void)state;
    apl_err err;
    assert_int_equal(apl_case_change_check(APL_CASE_SOLVED, APL_CASE_PENDING, &err),
                     APL_E_CONFLICT);
    assert_string_equal(err.what, "a case that is solved cannot become pending");
    assert_string_equal(err.fix, "it can become open or closed");
    assert_int_equal(apl_case_change_check(APL_CASE_OPEN, APL_CASE_OPEN, &err), APL_E_CONFLICT);
    assert_string_equal(err.what, "the case is already open");
    assert_string_equal(err.fix, "it can become pending, on hold, solved or closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(changes),
        cmocka_unit_test(errors_name_what_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
