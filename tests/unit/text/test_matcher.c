/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher: whole words in any script, prefixes, many terms, errors, stopping, threads' scratches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text/matcher.h"

typedef struct log {
    char text[256];
    size_t len;
    int stop_after;
    int count;
} log;

static bool on_match(void *ctx, uint32_t id, size_t from, size_t to)
{
    log *l = ctx;
    l->len +=
        (size_t)snprintf(l->text + l->len, sizeof l->text - l->len, "%u@%zu-%zu ", id, from, to);
    return ++l->count != l->stop_after;
}

static void scan(const apl_match_term *terms, size_t count, const char *text, log *l)
{
    apl_matcher *m = NULL;
    apl_matcher_scratch *s = NULL;
    apl_err err = {0};
    assert_int_equal(apl_matcher_new(terms, count, &m, &err), APL_OK);
    assert_int_equal(apl_matcher_scratch_new(m, &s, &err), APL_OK);
    assert_int_equal(apl_matcher_scan(m, s, apl_span_of(text), on_match, l, &err), APL_OK);
    apl_matcher_scratch_free(s);
    apl_matcher_free(m);
}

static void test_words_and_prefixes(void **state)
{
    (void)state;
    const apl_match_term terms[] = {
        {APL_SPAN("late"), 1, APL_MATCH_WORD},
        {APL_SPAN("disappoint"), 2, APL_MATCH_PREFIX},
        {APL_SPAN("a.b*"), 3, APL_MATCH_ANYWHERE}, /* no pattern: letters as they are */
        {APL_SPAN("\xC3\xBC"
                  "ber"),
         4, APL_MATCH_WORD},
    };
    log l = {.len = 0};
    scan(terms, 4, "late later plate \xC3\xA9late late\xC3\xA9 disappointed a.b* axb", &l);
    assert_string_equal(l.text, "1@0-4 2@31-41 3@44-48 ");
    l = (log){.len = 0};
    scan(terms, 4,
         "\xC3\xBC"
         "ber gegen\xC3\xBC"
         "ber",
         &l);
    assert_string_equal(l.text, "4@0-5 ");
}

static void test_stops_when_told(void **state)
{
    (void)state;
    const apl_match_term terms[] = {{APL_SPAN("a"), 7, APL_MATCH_ANYWHERE}};
    log l = {.stop_after = 2};
    scan(terms, 1, "aaaaaa", &l);
    assert_int_equal(l.count, 2);
}

static void test_none_and_nothing(void **state)
{
    (void)state;
    log l = {.len = 0};
    scan(NULL, 0, "anything", &l);
    const apl_match_term terms[] = {{APL_SPAN("a"), 7, APL_MATCH_ANYWHERE}};
    scan(terms, 1, "", &l);
    assert_int_equal(l.count, 0);
}

static void test_bad_terms_are_named(void **state)
{
    (void)state;
    apl_matcher *m = NULL;
    apl_err err = {0};
    const apl_match_term empty[] = {{APL_SPAN("ok"), 1, 0}, {APL_SPAN(""), 2, 0}};
    assert_int_equal(apl_matcher_new(empty, 2, &m, &err), APL_E_INVALID);
    assert_non_null(strstr(err.what, "term 2"));
    char big[APL_MATCHER_TERM_MAX_BYTES + 2];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    const apl_match_term too_long[] = {{{big, sizeof big - 1}, 1, 0}};
    assert_int_equal(apl_matcher_new(too_long, 1, &m, &err), APL_E_LIMIT);
    assert_null(m);
}

static void test_thousands(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static char texts[COUNT][16];
    static apl_match_term terms[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        int n = snprintf(texts[i], sizeof texts[i], "term%05u", i);
        terms[i] = (apl_match_term){{texts[i], (size_t)n}, i, APL_MATCH_WORD};
    }
    log l = {.len = 0};
    scan(terms, COUNT, "term00000 xterm00001 term04999 term4", &l);
    assert_string_equal(l.text, "0@0-9 4999@21-30 ");
}

static void test_memory_may_run_out(void **state)
{
    (void)state;
    const apl_match_term terms[] = {{APL_SPAN("late"), 1, APL_MATCH_WORD}};
    for (size_t nth = 1; nth < 20; nth++) {
        apl_matcher *m = NULL;
        (void)apl_mem_fail_at(nth, 1);
        apl_rc rc = apl_matcher_new(terms, 1, &m, NULL);
        size_t used = apl_mem_fail_at(0, 0);
        if (!rc) {
            assert_true(used < nth);
            apl_matcher_free(m);
            return;
        }
        assert_int_equal(rc, APL_E_NOMEM);
        assert_null(m);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_prefixes), cmocka_unit_test(test_stops_when_told),
        cmocka_unit_test(test_none_and_nothing),   cmocka_unit_test(test_bad_terms_are_named),
        cmocka_unit_test(test_thousands),          cmocka_unit_test(test_memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
