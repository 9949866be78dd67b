/* SPDX-License-Identifier: Apache-2.0 */
/* base/utf8.h against a decoder of another make: decode by bit counting, then refuse by value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

#include <string.h>

/* Length of the character at p and its value, by the definition of RFC 3629: shortest form, no surrogates. 0 = bad. */
static size_t naive(const unsigned char *p, size_t left, uint32_t *out)
{
    size_t ones = 0;
    while (ones < 8 && (p[0] & (0x80u >> ones)))
        ones++;
    if (ones == 0) {
        *out = p[0];
        return 1;
    }
    if (ones == 1 || ones > 4 || left < ones)
        return 0;
    uint32_t value = p[0] & (0x7Fu >> ones);
    for (size_t i = 1; i < ones; i++) {
        if (p[i] / 64 != 2)
            return 0;
        value = value * 64 + p[i] % 64;
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[ones] || value > 0x10FFFF || value / 0x800 == 0x1B)
        return 0;
    *out = value;
    return ones;
}

static void agree(apl_span s)
{
    size_t at = 0, theirs = 0, count = 0, bad = SIZE_MAX;
    while (theirs < s.len) {
        uint32_t want = 0xFFFD;
        size_t len = naive((const unsigned char *)s.ptr + theirs, s.len - theirs, &want);
        if (!len && bad == SIZE_MAX)
            bad = theirs;
        uint32_t got = apl_utf8_next(s, &at);
        theirs += len ? len : 1;
        if (got != want || at != theirs)
            fail_msg("at %zu: got U+%04X, want U+%04X", theirs, got, want);
        count++;
    }
    assert_true(apl_utf8_invalid_at(s) == bad);
    assert_int_equal(apl_utf8_is_valid(s), bad == SIZE_MAX);
    assert_int_equal(apl_utf8_count(s), count);
}

static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x120000; c++) {
        char text[12];
        size_t len = apl_utf8_encode(c, text);
        bool real = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        uint32_t back = 0;
        if (naive((unsigned char *)text, len, &back) != len || back != (real ? c : 0xFFFD))
            fail_msg("U+%04X encodes as U+%04X", c, back);
        size_t at = 0;
        if (apl_utf8_next((apl_span){text, len}, &at) != back || at != len)
            fail_msg("U+%04X does not come back", c);
        if (!apl_utf8_is_valid((apl_span){text, len}) ||
            (len > 1 && apl_utf8_is_valid((apl_span){text, len - 1})))
            fail_msg("U+%04X: validity", c);
    }
}

/* All two-byte strings, all three-byte strings with a telling lead, and the same for four. */
static void every_short_string(void **state)
{
    (void)state;
    static const unsigned char leads[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2,
                                          0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                          0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90,
                                          0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    unsigned char s[4];
    for (unsigned i = 0; i < 65536; i++) {
        s[0] = (unsigned char)(i >> 8);
        s[1] = (unsigned char)i;
        agree((apl_span){(char *)s, 2});
    }
    for (size_t a = 0; a < sizeof leads; a++)
        for (unsigned b = 0; b < 256; b++)
            for (size_t c = 0; c < sizeof edges; c++)
                for (size_t d = 0; d < sizeof edges; d++) {
                    s[0] = leads[a];
                    s[1] = (unsigned char)b;
                    s[2] = edges[c];
                    s[3] = edges[d];
                    agree((apl_span){(char *)s, 3});
                    agree((apl_span){(char *)s, 4});
                }
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Mostly ASCII with damage at any place, so that the eight-byte step is crossed at each offset. */
static void random_strings(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 200000; round++) {
        char text[64];
        size_t len = next_random(&x) % sizeof text;
        unsigned mix = (unsigned)(next_random(&x) % 3);
        for (size_t i = 0; i < len;) {
            uint64_t r = next_random(&x);
            char one[4] = {(char)(r >> 8)};
            size_t n = 1;
            if (mix == 1 || (mix == 2 && r % 16))
                one[0] &= 0x7F;
            if (mix == 1 && r % 8 == 0)
                n = apl_utf8_encode((uint32_t)(r >> 40) % 0x110000, one);
            n = n < len - i ? n : len - i;
            memcpy(text + i, one, n);
            i += n;
        }
        APL_AUTO_MEM char *exact = apl_mem_dup(text, len);
        agree((apl_span){exact, len});
    }
}

static void cuts_end_at_boundaries(void **state)
{
    (void)state;
    apl_span s = APL_SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t max = 0; max < sizeof want / sizeof *want; max++)
        assert_int_equal(apl_utf8_cut(s, max).len, want[max]);
    assert_int_equal(apl_utf8_cut(APL_SPAN("\x80\x80\x80\x80\x80\x80\x80\x80"), 6).len, 6);
    assert_int_equal(apl_utf8_cut(APL_SPAN_NONE, 0).len, 0);
}

static void clean_replaces_each_bad_byte(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(100);
    assert_int_equal(apl_utf8_add_clean(&buf, APL_SPAN("a\0\xff\xe2\x82z\xef\xbf\xbd"), NULL),
                     APL_OK);
    assert_string_equal(apl_buf_str(&buf),
                        "a\xe2\x90\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
    APL_AUTO(apl_buf) small = APL_BUF(4);
    assert_int_equal(apl_utf8_add_clean(&small, APL_SPAN("\xff\xff"), NULL), APL_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_short_string),
        cmocka_unit_test(random_strings),
        cmocka_unit_test(cuts_end_at_boundaries),
        cmocka_unit_test(clean_replaces_each_bad_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
