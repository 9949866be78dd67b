/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments and seals: golden values made by an independent program (Python), and that every part counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "ledger/commit.h"

#include <string.h>

static const uint8_t salt[APL_ROW_SALT_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                 8, 9, 10, 11, 12, 13, 14, 15};

static void assert_hex(const uint8_t *bytes, const char *want)
{
    char text[APL_HEX_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_hex_encode((apl_span){(const char *)bytes, APL_SHA256_BYTES}, text);
    assert_string_equal(text, want);
}

static void test_commitment(void **state)
{
    (void)state;
    uint8_t hash[APL_SHA256_BYTES], other[APL_SHA256_BYTES], other_salt[APL_ROW_SALT_BYTES] = {1};
    apl_span text = APL_SPAN("Where is my refund? \xE2\x80\x94 Ann");
    apl_commit_field(salt, "text", text, hash);
    assert_hex(hash, "9a380104f5d0d06225cb549be8960b0ad1d7c7e71434c211bf99bd1a95b6a270");
    apl_commit_field(salt, "title", text, other);
    assert_memory_not_equal(hash, other, sizeof hash);
    apl_commit_field(other_salt, "text", text, other);
    assert_memory_not_equal(hash, other, sizeof hash);
    apl_commit_field(salt, "text", apl_span_sub(text, 0, text.len - 1), other);
    assert_memory_not_equal(hash, other, sizeof hash);
}

static void test_seal(void **state)
{
    (void)state;
    uint8_t out[APL_SEAL_BYTES];
    apl_seal seal;
    apl_seal_init(&seal, salt, "post_version");
    apl_seal_i64(&seal, 17);
    apl_seal_i64(&seal, -1);
    apl_seal_text(&seal, APL_SPAN("h\xC3\xA9"));
    apl_seal_blob(&seal, APL_SPAN("\0\xFF"));
    apl_seal_null(&seal);
    apl_seal_text(&seal, APL_SPAN_NONE);
    apl_seal_finish(&seal, out);
    assert_hex(out, "13d813d4f80264e13b7c5ffa42c1b8baa18f92ef106ec7e2335e4e89ad0c58f7");
}

/* Rows that a careless format would take for one another. */
static void test_seals_differ(void **state)
{
    (void)state;
    uint8_t seals[10][APL_SEAL_BYTES];
    size_t n = 0;
    apl_seal seal;
#define SEAL(table, ...)                                                                           \
    do {                                                                                           \
        apl_seal_init(&seal, salt, table);                                                         \
        __VA_ARGS__;                                                                               \
        apl_seal_finish(&seal, seals[n++]);                                                        \
    } while (0)
    SEAL("t", apl_seal_text(&seal, APL_SPAN("ab")), apl_seal_text(&seal, APL_SPAN("c")));
    SEAL("t", apl_seal_text(&seal, APL_SPAN("a")), apl_seal_text(&seal, APL_SPAN("bc")));
    SEAL("t", apl_seal_text(&seal, APL_SPAN("abc")), apl_seal_text(&seal, APL_SPAN_NONE));
    SEAL("t", apl_seal_text(&seal, APL_SPAN("abc")), apl_seal_null(&seal));
    SEAL("t", apl_seal_null(&seal), apl_seal_text(&seal, APL_SPAN("abc")));
    SEAL("t", apl_seal_text(&seal, APL_SPAN("abc")), apl_seal_i64(&seal, 0));
    SEAL("t", apl_seal_blob(&seal, APL_SPAN("abc")), apl_seal_i64(&seal, 0));
    SEAL("u", apl_seal_blob(&seal, APL_SPAN("abc")), apl_seal_i64(&seal, 0));
    SEAL("t", apl_seal_i64(&seal, 1));
    SEAL("t", apl_seal_text(&seal, APL_SPAN("1")));
#undef SEAL
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seals[i], seals[k], APL_SEAL_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commitment),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_seals_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
