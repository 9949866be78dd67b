/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: what was made comes back, anything else is refused. */
#include "desk/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static apl_arena arena;

static int set_up(void **state)
{
    (void)state;
    apl_arena_init(&arena, 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    apl_arena_release(&arena);
    return 0;
}

static void comes_back(void **state)
{
    (void)state;
    apl_err err;
    apl_place made = {.list = "cases",
                      .query = 17,
                      .keys = {0, INT64_MIN, INT64_MAX, -1},
                      .text = APL_SPAN("a,b ü")};
    apl_place back = {.list = "cases", .query = 17};
    char *text = apl_place_format(&made, &arena);
    assert_non_null(text);
    assert_null(strpbrk(text, "+/=&?# "));
    assert_int_equal(apl_place_parse(apl_span_of(text), &arena, &back, &err), APL_OK);
    assert_memory_equal(back.keys, made.keys, sizeof made.keys);
    assert_true(apl_span_equal(back.text, made.text));
}

static void belongs_to_its_list(void **state)
{
    (void)state;
    apl_place made = {.list = "cases", .query = 17};
    char *text = apl_place_format(&made, &arena);
    apl_place others[] = {{.list = "notes", .query = 17}, {.list = "cases", .query = 18}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(apl_place_parse(apl_span_of(text), &arena, &others[i], NULL),
                         APL_E_INVALID);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "a",
                                      "%%%%",
                                      "Y2FzZXM",
                                      "Y2FzZXMsMTEsMSwyLDM",
                                      "AAAA",
                                      "____",
                                      "Y2FzZXMsMTEseCwyLDMsNCw"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        apl_place place = {.list = "cases", .query = 17};
        assert_int_equal(apl_place_parse(apl_span_of(bad[i]), &arena, &place, NULL), APL_E_INVALID);
        assert_int_equal(place.keys[0], 0);
    }
}

static void every_cut_and_flip_is_refused_or_harmless(void **state)
{
    (void)state;
    apl_place made = {.list = "cases", .query = 0xabcdef, .keys = {1, 2, 3, 4}};
    char *text = apl_place_format(&made, &arena);
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        apl_place place = {.list = "cases", .query = 0xabcdef};
        /* A cut in the last key leaves a shorter number: another place in the same list, no harm. */
        apl_rc cut = apl_place_parse((apl_span){text, i}, &arena, &place, NULL);
        assert_true(cut == APL_E_INVALID || (cut == APL_OK && place.keys[2] == 3 && i + 3 > len));
        for (int bit = 0; bit < 8; bit++) {
            char *copy = apl_arena_str(&arena, (apl_span){text, len});
            copy[i] = (char)(copy[i] ^ (1 << bit));
            apl_rc rc = apl_place_parse((apl_span){copy, len}, &arena, &place, NULL);
            assert_true(rc == APL_OK || rc == APL_E_INVALID);
        }
    }
}

static void marks_tell_filters_apart(void **state)
{
    (void)state;
    uint64_t ab_c = apl_place_query(apl_place_query(0, APL_SPAN("ab")), APL_SPAN("c"));
    uint64_t a_bc = apl_place_query(apl_place_query(0, APL_SPAN("a")), APL_SPAN("bc"));
    assert_true(ab_c != a_bc);
    assert_true(apl_place_query(0, APL_SPAN("")) != apl_place_query(1, APL_SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(belongs_to_its_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_and_flip_is_refused_or_harmless, set_up,
                                        tear_down),
        cmocka_unit_test(marks_tell_filters_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
