/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64: RFC 4648 vectors, round trips, strictness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "sys/clock.h"

#include <string.h>

static void test_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff", "+/8=", "-_8"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        for (int kind = 0; kind < 2; kind++) {
            char text[16], back[16];
            size_t len = 99;
            const char *want = vectors[i][1 + kind];
            assert_int_equal(
                apl_base64_encode(apl_span_of(vectors[i][0]), (apl_base64_kind)kind, text),
                strlen(want));
            assert_string_equal(text, want);
            assert_int_equal(apl_base64_decode(apl_span_of(want), (apl_base64_kind)kind, back,
                                               sizeof back, &len, NULL),
                             APL_OK);
            assert_int_equal(len, strlen(vectors[i][0]));
            assert_memory_equal(back, vectors[i][0], len);
        }
}

static void test_round_trip(void **state)
{
    (void)state;
    apl_random_seeded seeded = {5};
    apl_random_src random = apl_random_seeded_src(&seeded);
    for (size_t n = 0; n < 200; n++) {
        char bytes[200], back[200], text[APL_HEX_TEXT_BYTES(200)];
        size_t len = 0;
        random.fill(random.ctx, bytes, n);
        apl_span in = {bytes, n};
        assert_int_equal(apl_base64_encode(in, APL_BASE64_STD, text) + 1,
                         APL_BASE64_STD_TEXT_BYTES(n));
        assert_int_equal(apl_base64_decode(apl_span_of(text), APL_BASE64_STD, back, n, &len, NULL),
                         APL_OK);
        assert_memory_equal(back, bytes, n);
        assert_int_equal(apl_base64_encode(in, APL_BASE64_URL, text) + 1,
                         APL_BASE64_URL_TEXT_BYTES(n));
        assert_int_equal(apl_base64_decode_exact(apl_span_of(text), APL_BASE64_URL, back, n, NULL),
                         APL_OK);
        assert_memory_equal(back, bytes, n);
        if (n)
            assert_int_equal(
                apl_base64_decode(apl_span_of(text), APL_BASE64_URL, back, n - 1, &len, NULL),
                APL_E_LIMIT);
        assert_int_equal(
            apl_base64_decode_exact(apl_span_of(text), APL_BASE64_URL, back, n + 1, NULL),
            APL_E_INVALID);
        assert_int_equal(apl_hex_encode(in, text), 2 * n);
        assert_int_equal(apl_hex_decode(apl_span_of(text), back, n, &len, NULL), APL_OK);
        assert_int_equal(len, n);
        assert_memory_equal(back, bytes, n);
    }
}

static void test_strict(void **state)
{
    (void)state;
    static const char *const std[] = {
        "Z",     "Zg",   "Zg=",  "Zh==", "Zm9=", "Zg==\n",   " Zg==",
        "Zg===", "Z===", "====", "=",    "Zm-_", "Zg==Zg==", "Zm9v===="};
    static const char *const url[] = {"Z", "Zh", "Zm9", "Zg==", "Zm+/", "Zm8=", "Zm9vY", "Zm 9"};
    static const char *const hex[] = {"0", "0g", "AB", "0x", " 0", "00 ", "zz"};
    char out[64];
    size_t len = 7;
    for (size_t i = 0; i < sizeof std / sizeof *std; i++)
        if (apl_base64_decode(apl_span_of(std[i]), APL_BASE64_STD, out, sizeof out, &len, NULL) !=
            APL_E_INVALID)
            fail_msg("base64 %s", std[i]);
    for (size_t i = 0; i < sizeof url / sizeof *url; i++)
        if (apl_base64_decode(apl_span_of(url[i]), APL_BASE64_URL, out, sizeof out, &len, NULL) !=
            APL_E_INVALID)
            fail_msg("base64url %s", url[i]);
    for (size_t i = 0; i < sizeof hex / sizeof *hex; i++)
        if (apl_hex_decode(apl_span_of(hex[i]), out, sizeof out, &len, NULL) != APL_E_INVALID)
            fail_msg("hex %s", hex[i]);
    assert_int_equal(apl_hex_decode(APL_SPAN("0000"), out, 1, &len, NULL), APL_E_LIMIT);
    assert_int_equal(
        apl_base64_decode(APL_SPAN("Zg\0="), APL_BASE64_STD, out, sizeof out, &len, NULL),
        APL_E_INVALID);
    assert_int_equal(len, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
