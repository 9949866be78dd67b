/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 over libsodium; see sign.h. Tests: tests/unit/crypto/test_sign.c */
#include "crypto/sign.h"

#include <sodium.h>

static const unsigned char *bytes_of(apl_span s)
{
    return (const unsigned char *)(s.ptr ? s.ptr : "");
}

void apl_ed25519_from_seed(const uint8_t seed[APL_ED25519_SEED_BYTES], apl_ed25519_key *out_key)
{
    (void)crypto_sign_seed_keypair(out_key->public_key, out_key->secret, seed);
}

void apl_ed25519_sign(const apl_ed25519_key *key, apl_span message,
                      uint8_t out[APL_ED25519_SIGNATURE_BYTES])
{
    (void)crypto_sign_detached(out, NULL, bytes_of(message), message.len, key->secret);
}

bool apl_ed25519_verify(const uint8_t public_key[APL_ED25519_PUBLIC_BYTES], apl_span message,
                        const uint8_t signature[APL_ED25519_SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(signature, bytes_of(message), message.len, public_key) == 0;
}
