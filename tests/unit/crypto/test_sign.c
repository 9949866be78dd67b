/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519: RFC 8032 section 7.1, and what strict verification must refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

#include <string.h>

static void from_hex(const char *text, uint8_t *out, size_t bytes)
{
    size_t len = 0;
    assert_int_equal(apl_hex_decode(apl_span_of(text), out, bytes, &len, NULL), APL_OK);
    assert_int_equal(len, bytes);
}

static const struct {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t seed[32], public_key[32], message[2], want[64], signature[64];
        size_t len = strlen(vectors[i].message) / 2;
        from_hex(vectors[i].seed, seed, 32);
        from_hex(vectors[i].public_key, public_key, 32);
        from_hex(vectors[i].message, message, len);
        from_hex(vectors[i].signature, want, 64);
        apl_ed25519_key key;
        apl_span text = {(const char *)message, len};
        apl_ed25519_from_seed(seed, &key);
        assert_memory_equal(key.public_key, public_key, 32);
        apl_ed25519_sign(&key, text, signature);
        assert_memory_equal(signature, want, 64);
        assert_true(apl_ed25519_verify(public_key, text, signature));
        assert_false(apl_ed25519_verify(public_key, APL_SPAN("else"), signature));
        for (size_t bit = 0; bit < 512; bit += 13) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(apl_ed25519_verify(public_key, text, signature));
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void test_strict(void **state)
{
    (void)state;
    /* The same signature with S + L in place of S: the maths would agree, a strict verifier must not. */
    uint8_t public_key[32], signature[64], order[32];
    from_hex(vectors[1].public_key, public_key, 32);
    from_hex(vectors[1].signature, signature, 64);
    from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, 32);
    assert_true(apl_ed25519_verify(public_key, APL_SPAN("r"), signature));
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(apl_ed25519_verify(public_key, APL_SPAN("r"), signature));
    /* With the neutral element as key, R = neutral and S = 0 would fit every message. */
    uint8_t small[32] = {1}, forged[64] = {1};
    assert_false(apl_ed25519_verify(small, APL_SPAN("anything"), forged));
}

static int start(void **state)
{
    (void)state;
    return apl_crypto_init(NULL) != APL_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_strict),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
