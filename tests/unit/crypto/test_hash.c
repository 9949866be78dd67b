/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4 examples) and HMAC-SHA256 (RFC 4231), whole and in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "sys/clock.h"

#include <string.h>

static void assert_hex(const uint8_t *bytes, const char *want)
{
    char text[APL_HEX_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_hex_encode((apl_span){(const char *)bytes, APL_SHA256_BYTES}, text);
    assert_string_equal(text, want);
}

static void test_sha256(void **state)
{
    (void)state;
    uint8_t out[APL_SHA256_BYTES];
    apl_sha256_of(APL_SPAN_NONE, out);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    apl_sha256_of(APL_SPAN("abc"), out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    apl_sha256_of(APL_SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), out);
    assert_hex(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    apl_sha256 hash;
    apl_sha256_init(&hash);
    for (int i = 0; i < 1000000; i++)
        apl_sha256_add(&hash, APL_SPAN("a"));
    apl_sha256_finish(&hash, out);
    assert_hex(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_parts(void **state)
{
    (void)state;
    apl_random_seeded seeded = {1};
    apl_random_src random = apl_random_seeded_src(&seeded);
    char text[700];
    random.fill(random.ctx, text, sizeof text);
    for (size_t len = 0; len < sizeof text; len += 7) {
        uint8_t whole[APL_SHA256_BYTES], parts[APL_SHA256_BYTES], forked[APL_SHA256_BYTES];
        apl_span all = {text, len};
        apl_sha256_of(all, whole);
        apl_sha256 hash;
        apl_sha256_init(&hash);
        apl_sha256_add(&hash, apl_span_sub(all, 0, len / 3));
        apl_sha256 fork = hash;
        apl_sha256_add(&hash, APL_SPAN_NONE);
        apl_sha256_add(&hash, apl_span_sub(all, len / 3, len));
        apl_sha256_finish(&hash, parts);
        apl_sha256_add(&fork, apl_span_sub(all, len / 3, len));
        apl_sha256_finish(&fork, forked);
        assert_memory_equal(whole, parts, sizeof whole);
        assert_memory_equal(whole, forked, sizeof whole);
    }
}

static void test_hmac(void **state)
{
    (void)state;
    uint8_t out[APL_SHA256_BYTES], again[APL_SHA256_BYTES];
    char key[131], data[50];
    memset(key, 0x0b, 20);
    apl_hmac_sha256((apl_span){key, 20}, APL_SPAN("Hi There"), out);
    assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    apl_hmac_sha256(APL_SPAN("Jefe"), APL_SPAN("what do ya want for nothing?"), out);
    assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const apl_span parts[] = {APL_SPAN("what do ya "), APL_SPAN_NONE,
                              APL_SPAN("want for nothing?")};
    apl_hmac_sha256_parts(APL_SPAN("Jefe"), parts, 3, again);
    assert_memory_equal(out, again, sizeof out);
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    apl_hmac_sha256((apl_span){key, 20}, (apl_span){data, 50}, out);
    assert_hex(out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    apl_hmac_sha256((apl_span){key, 131},
                    APL_SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    /* A key of exactly one block is not hashed; an empty one is allowed. */
    apl_hmac_sha256(APL_SPAN_NONE, APL_SPAN_NONE, out);
    assert_hex(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_hmac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
