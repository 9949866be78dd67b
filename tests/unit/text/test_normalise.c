/* SPDX-License-Identifier: Apache-2.0 */
/* The normaliser folds what hides words, and every hit finds its way back to the original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "text/normalise.h"

static void check(const char *in, unsigned flags, const char *want)
{
    APL_AUTO(apl_normal) n;
    apl_normal_init(&n);
    assert_int_equal(apl_normal_add(&n, apl_span_of(in), flags, NULL), APL_OK);
    assert_string_equal(n.text, want);
    for (size_t i = 0; i < n.len; i++)
        assert_true(n.origin[i] < strlen(in));
}

static void test_folds(void **state)
{
    (void)state;
    check("Hello  World\n\tAgain", 0, "hello world again");
    check("Sooooo BAAAAD!!!!", 0, "soo baad!!!!");
    check("don\xE2\x80\x99t \xE2\x80\x9Cquote\xE2\x80\x9D \xE2\x80\x94 dash\xE2\x80\xA6", 0,
          "don't \"quote\" - dash...");
    check("caf\xC3\xA9 Cafe\xCC\x81 \xC3\x85ngstr\xC3\xB6m Stra\xC3\x9F"
          "e",
          0, "cafe cafe angstrom strasse");
    check("\xD0\xB9 \xD0\x99", 0, "\xD0\xB9 \xD0\xB9"); /* й keeps its breve */
    check("\xEF\xBC\xA6\xEF\xBD\x95\xEF\xBD\x8C\xEF\xBD\x8C \xE2\x91\xA0 \xF0\x9D\x90\x80", 0,
          "full 1 a");
    check("\xEF\xAC\x81ne \xC4\xB0stanbul", 0, "fine istanbul");
    check("fish &amp; chips &lt;3 don&#39;t &unknown;", 0, "fish & chips <3 don't &unknown;");
}

static void test_removes_what_hides(void **state)
{
    (void)state;
    check("s\xE2\x80\x8B"
          "c\xE2\x80\x8D"
          "a\xC2\xADm",
          0, "scam");
    check("\xE2\x80\xAEmacs\xE2\x80\xAC", 0, "macs");
    check("\xEF\xB8\x8F\xE2\x9D\xA4\xEF\xB8\x8F", 0, "\xE2\x9D\xA4");
    check("\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", 0, "\xF0\x9F\x91\x8D");
    check("", 0, "");
    check("\xE2\x80\x8B", 0, "");
    check("\xFF\xFEok", 0, "\xEF\xBF\xBD\xEF\xBF\xBDok");
}

static void test_splits_tags(void **state)
{
    (void)state;
    check("#WorstDayEver was #BBCNews #lost2Bags ok", APL_NORMAL_SPLIT_TAGS,
          "#worst day ever was #bbcnews #lost2bags ok");
    check("#WorstDay CamelCase", APL_NORMAL_PLAIN, "#worstday camelcase");
    check("#WorstDay CamelCase", APL_NORMAL_SPLIT_TAGS, "#worst day camelcase");
}

static void check_origin(const char *in, const char *find, const char *want)
{
    APL_AUTO(apl_normal) n;
    apl_normal_init(&n);
    apl_span original = apl_span_of(in);
    assert_int_equal(apl_normal_add(&n, original, APL_NORMAL_SPLIT_TAGS, NULL), APL_OK);
    size_t at = apl_span_find(apl_normal_view(&n), apl_span_of(find));
    assert_true(at != SIZE_MAX);
    size_t offset = 0;
    size_t len = 0;
    apl_normal_origin(&n, original, at, at + strlen(find), &offset, &len);
    assert_true(apl_span_is(apl_span_sub(original, offset, len), want));
}

static void test_origin_finds_the_way_back(void **state)
{
    (void)state;
    check_origin("It is TERRIBLE.", "terrible", "TERRIBLE");
    check_origin("soooooo baaaaaad, man", "baad",
                 "baaaaaa"
                 "d");
    check_origin("ein s\xE2\x80\x8B"
                 "cam\xE2\x80\x8B!",
                 "scam",
                 "s\xE2\x80\x8B"
                 "cam\xE2\x80\x8B");
    check_origin("so Cafe\xCC\x81 x", "cafe", "Cafe\xCC\x81");
    check_origin("a &amp; b", "&", "&amp;");
    check_origin("\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD yes", "\xF0\x9F\x91\x8D",
                 "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD");
    check_origin("x #WorstDay", "worst day", "WorstDay");
    check_origin("Stra\xC3\x9F"
                 "e lang",
                 "strasse",
                 "Stra\xC3\x9F"
                 "e");
}

static void test_bounds(void **state)
{
    (void)state;
    APL_AUTO(apl_normal) n;
    apl_normal_init(&n);
    char *big = apl_mem_alloc(APL_NORMAL_IN_MAX_BYTES + 1);
    memset(big, 'a', APL_NORMAL_IN_MAX_BYTES + 1);
    apl_err err = {0};
    assert_int_equal(apl_normal_add(&n, APL_SPAN("kept"), 0, &err), APL_OK);
    assert_int_equal(apl_normal_add(&n, (apl_span){big, APL_NORMAL_IN_MAX_BYTES + 1}, 0, &err),
                     APL_E_LIMIT);
    assert_true(apl_span_is(apl_normal_view(&n), "kept"));
    /* U+FDFA grows 18-fold and more: the cap on output holds and what was there stays. */
    size_t len = 0;
    while (len + 3 <= 60000) {
        memcpy(big + len, "\xEF\xB7\xBA", 3);
        len += 3;
    }
    assert_int_equal(apl_normal_add(&n, (apl_span){big, len}, 0, &err), APL_E_LIMIT);
    assert_true(apl_span_is(apl_normal_view(&n), "kept"));
    /* A thousand accents on one letter. */
    len = 1;
    big[0] = (char)0xC3;
    big[len++] = (char)0xA9;
    while (len + 2 <= 50000) {
        memcpy(big + len, "\xCC\x81", 2);
        len += 2;
    }
    apl_normal_clear(&n);
    assert_int_equal(apl_normal_add(&n, (apl_span){big, len}, 0, &err), APL_OK);
    assert_true(n.len < 100);
    apl_mem_free(big);
}

/* Any bytes: valid UTF-8 out, origins that never run back, whatever the cut. */
static void test_any_bytes(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    APL_AUTO(apl_normal) n;
    apl_normal_init(&n);
    for (int round = 0; round < 3000; round++) {
        char in[300];
        size_t len = 0;
        while (len < 280) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            if (seed % 3 == 0)
                in[len++] = (char)(seed >> 20);
            else
                len += apl_utf8_encode((uint32_t)(seed >> 20) % (seed % 5 ? 0x3000 : 0x20000),
                                       in + len);
        }
        apl_normal_clear(&n);
        apl_span text = {in, len};
        assert_int_equal(apl_normal_add(&n, text, (unsigned)(seed & 1), NULL), APL_OK);
        assert_true(apl_utf8_is_valid(apl_normal_view(&n)));
        for (size_t i = 0; i < n.len; i++) {
            assert_true(n.origin[i] < len);
            assert_true(i == 0 || n.origin[i] >= n.origin[i - 1]);
            size_t offset = 0;
            size_t part = 0;
            apl_normal_origin(&n, text, i, i + 1, &offset, &part);
            assert_true(offset + part <= len && part > 0);
        }
    }
}

static void test_memory_may_run_out(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        APL_AUTO(apl_normal) n;
        apl_normal_init(&n);
        (void)apl_mem_fail_at(nth, 1);
        assert_int_equal(apl_normal_add(&n, APL_SPAN("hello"), 0, NULL), APL_E_NOMEM);
        (void)apl_mem_fail_at(0, 0);
        assert_int_equal(apl_normal_add(&n, APL_SPAN("hello"), 0, NULL), APL_OK);
        assert_string_equal(n.text, "hello");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_removes_what_hides),
        cmocka_unit_test(test_splits_tags),
        cmocka_unit_test(test_origin_finds_the_way_back),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
