/* SPDX-License-Identifier: Apache-2.0 */
/* Own account names: spelling, bounds, mentions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "desk/names.h"

static void test_spelling_does_not_matter(void **state)
{
    APL_AUTO(apl_name_set) set = {NULL, 0, 0};
    (void)state;
    assert_null(apl_name_set_find(&set, APL_SPAN("acme")));
    assert_null(apl_name_set_find(NULL, APL_SPAN("acme")));
    assert_int_equal(apl_name_set_add(&set, APL_SPAN(" @Acme_Help "), NULL), APL_OK);
    assert_int_equal(apl_name_set_add(&set, APL_SPAN("ACME_HELP"), NULL), APL_OK);
    assert_int_equal(set.count, 1);
    assert_string_equal(apl_name_set_find(&set, APL_SPAN("acme_help")), "Acme_Help");
    assert_string_equal(apl_name_set_find(&set, APL_SPAN("@ACME_help")), "Acme_Help");
    assert_null(apl_name_set_find(&set, APL_SPAN("acme_helps")));
    assert_null(apl_name_set_find(&set, APL_SPAN("@")));
}

static void test_bounds(void **state)
{
    APL_AUTO(apl_name_set) set = {NULL, 0, 0};
    char name[300];
    (void)state;
    assert_int_equal(apl_name_set_add(&set, APL_SPAN(""), NULL), APL_E_INVALID);
    assert_int_equal(apl_name_set_add(&set, APL_SPAN("@"), NULL), APL_E_INVALID);
    memset(name, 'a', sizeof name);
    assert_int_equal(apl_name_set_add(&set, (apl_span){name, 257}, NULL), APL_E_INVALID);
    assert_int_equal(apl_name_set_add(&set, (apl_span){name, 256}, NULL), APL_OK);
    for (int i = 0; i < 3000; i++) {
        int len = snprintf(name, sizeof name, "name%d", i);
        assert_int_equal(apl_name_set_add(&set, (apl_span){name, (size_t)len}, NULL), APL_OK);
    }
    for (int i = 0; i < 3000; i++) {
        int len = snprintf(name, sizeof name, "NAME%d", i);
        assert_non_null(apl_name_set_find(&set, (apl_span){name, (size_t)len}));
    }
    assert_int_equal(set.count, 3001);
}

static void test_first_mention(void **state)
{
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"@acme where is it?", "acme"},
        {"hello @ACME.", "acme"},
        {"@other @acme_help hi", "acme_help"},
        {"mail me at a@b.example", ""},
        {"acme without the sign", ""},
        {"@", ""},
        {"", ""},
        {"@@acme", "acme"},
        {"@acme-", "acme"},
        {"@acmeé", ""},
    };
    APL_AUTO(apl_name_set) set = {NULL, 0, 0};
    (void)state;
    assert_int_equal(apl_name_set_add(&set, APL_SPAN("acme"), NULL), APL_OK);
    assert_int_equal(apl_name_set_add(&set, APL_SPAN("acme_help"), NULL), APL_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_span found = apl_name_set_first_mention(&set, apl_span_of(cases[i].text));
        if (!apl_span_is(found, cases[i].found))
            fail_msg("\"%s\" gave \"%.*s\"", cases[i].text, APL_SPAN_ARGS(found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spelling_does_not_matter),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_first_mention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
