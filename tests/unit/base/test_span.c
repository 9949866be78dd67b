/* SPDX-License-Identifier: Apache-2.0 */
/* base/span.h. The SipHash vectors come from OpenSSL (siphash_vectors.py beside this file). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/span.h"

#include <string.h>

#define S(text) APL_SPAN(text)

static void compares(void **state)
{
    (void)state;
    assert_true(apl_span_equal(APL_SPAN_NONE, S("")));
    assert_true(apl_span_is(S("a\0b"), "a") == false);
    assert_true(apl_span_is(APL_SPAN_NONE, ""));
    assert_int_equal(apl_span_of(NULL).len, 0);
    assert_true(apl_span_equal_nocase(S("MiXed-9"), S("mIxED-9")));
    assert_false(apl_span_equal_nocase(S("\xc3\x84"), S("\xc3\xa4")));
    assert_false(apl_span_equal_nocase(S("@"), S("`")));
    assert_false(apl_span_equal_nocase(S("["), S("{")));
    assert_false(apl_span_equal_nocase(S("a"), S("ab")));
    assert_true(apl_span_compare(S("a"), S("ab")) < 0);
    assert_true(apl_span_compare(S("b"), S("ab")) > 0);
    assert_true(apl_span_compare(S("\xff"), S("a")) > 0);
    assert_int_equal(apl_span_compare(APL_SPAN_NONE, S("")), 0);
    assert_true(apl_span_starts(S("abc"), S("ab")) && apl_span_starts(S(""), APL_SPAN_NONE));
    assert_false(apl_span_starts(S("a"), S("ab")));
    assert_true(apl_span_ends(S("abc"), S("bc")));
    assert_false(apl_span_ends(S("c"), S("bc")));
    assert_false(apl_span_ends(S("abd"), S("bc")));
}

static void cuts(void **state)
{
    (void)state;
    assert_true(apl_span_is(apl_span_trim(S(" \t\r\n\v\fa b\n")), "a b"));
    assert_int_equal(apl_span_trim(S(" \n")).len, 0);
    assert_int_equal(apl_span_trim(APL_SPAN_NONE).len, 0);
    assert_true(apl_span_is(apl_span_sub(S("hello"), 1, 3), "ell"));
    assert_true(apl_span_is(apl_span_sub(S("hello"), 3, SIZE_MAX), "lo"));
    assert_int_equal(apl_span_sub(S("hello"), 9, 2).len, 0);
    assert_int_equal(apl_span_find_byte(S("a,b"), ','), 1);
    assert_int_equal(apl_span_find_byte(S("ab"), ','), SIZE_MAX);
    assert_int_equal(apl_span_find_byte(APL_SPAN_NONE, ','), SIZE_MAX);
    assert_int_equal(apl_span_find(S("a\0bc"), S("\0b")), 1);
    assert_int_equal(apl_span_find(S("abc"), S("")), 0);
    assert_int_equal(apl_span_find(APL_SPAN_NONE, S("x")), SIZE_MAX);
    assert_int_equal(apl_span_find(S("ab"), S("abc")), SIZE_MAX);
}

static void splits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *parts[5];
    } table[] = {{"a,b,,c", {"a", "b", "", "c", NULL}},
                 {"", {"", NULL}},
                 {",", {"", "", NULL}},
                 {"a,", {"a", "", NULL}},
                 {NULL, {NULL}}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        apl_span rest = apl_span_of(table[i].text), part = S("unset");
        for (int k = 0; table[i].parts[k]; k++) {
            assert_true(apl_span_split(&rest, ',', &part));
            assert_true(apl_span_is(part, table[i].parts[k]));
        }
        assert_false(apl_span_split(&rest, ',', &part));
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        apl_rc rc;
        int64_t value;
    } table[] = {{"0", APL_OK, 0},
                 {"-0", APL_OK, 0},
                 {"+7", APL_OK, 7},
                 {"007", APL_OK, 7},
                 {"9223372036854775807", APL_OK, INT64_MAX},
                 {"-9223372036854775808", APL_OK, INT64_MIN},
                 {"9223372036854775808", APL_E_LIMIT, 0},
                 {"-9223372036854775809", APL_E_LIMIT, 0},
                 {"99999999999999999999999", APL_E_LIMIT, 0},
                 {"", APL_E_INVALID, 0},
                 {"-", APL_E_INVALID, 0},
                 {" 1", APL_E_INVALID, 0},
                 {"1 ", APL_E_INVALID, 0},
                 {"1.0", APL_E_INVALID, 0},
                 {"0x1", APL_E_INVALID, 0},
                 {"--1", APL_E_INVALID, 0},
                 {"\xd9\xa1", APL_E_INVALID, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t value = 4711;
        assert_int_equal(apl_span_parse_i64(apl_span_of(table[i].text), &value, NULL), table[i].rc);
        assert_int_equal(value, table[i].rc ? 4711 : table[i].value);
    }
    int64_t value = 4711;
    assert_int_equal(apl_span_parse_i64(S("1\0"), &value, NULL), APL_E_INVALID);
}

static void decimal_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "inf",
        "nan",
        "-INF",
        "0x10",
        "1,5",
        " 1",
        "1 ",
        "1e",
        "1e999",
        "1..2",
        "--1",
        "e5",
        ".",
        "1_0",
        "+",
        "0000000000000000000000000000000000000000000000000000000000000001"};
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-1.5", -1.5},
                {"+2", 2},
                {"1e3", 1000},
                {".5", .5},
                {"5.", 5},
                {"5.70301E+17", 5.70301e17}};
    double value = 4711;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(apl_span_parse_double(apl_span_of(bad[i]), &value, NULL), APL_E_INVALID);
    assert_int_equal(apl_span_parse_double(S("1\0"), &value, NULL), APL_E_INVALID);
    assert_int_equal(apl_span_parse_double(S("1\0002"), &value, NULL), APL_E_INVALID);
    assert_true(value > 4710.9 && value < 4711.1);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(apl_span_parse_double(apl_span_of(good[i].text), &value, NULL), APL_OK);
        assert_true(value >= good[i].value && value <= good[i].value);
    }
}

static const uint64_t siphash_1_3[64] = {
#include "siphash_vectors.inc"
};

static void hash_is_siphash_1_3(void **state)
{
    (void)state;
    char bytes[64];
    for (size_t len = 0; len < 64; len++) {
        bytes[len] = (char)len;
        /* From a block of exactly that size, so that a sanitizer sees one byte too many. */
        APL_AUTO_MEM char *exact = apl_mem_dup(bytes, len);
        assert_true(apl_span_hash((apl_span){exact, len}) == siphash_1_3[len]);
    }
    apl_span_hash_seed(1, 2);
    assert_true(apl_span_hash(S("abc")) != apl_span_hash(S("abd")));
    uint64_t seeded = apl_span_hash(S("abc"));
    apl_span_hash_seed(0x0706050403020100u, 0x0f0e0d0c0b0a0908u);
    assert_true(apl_span_hash(S("abc")) != seeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),        cmocka_unit_test(cuts),
        cmocka_unit_test(splits),          cmocka_unit_test(whole_numbers),
        cmocka_unit_test(decimal_numbers), cmocka_unit_test(hash_is_siphash_1_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
