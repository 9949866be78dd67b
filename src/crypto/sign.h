/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032). Verification is strict: no malleable signatures, no keys of small order. */
#ifndef APL_CRYPTO_SIGN_H
#define APL_CRYPTO_SIGN_H

#include "base/span.h"

enum {
    APL_ED25519_SEED_BYTES = 32,
    APL_ED25519_PUBLIC_BYTES = 32,
    APL_ED25519_SIGNATURE_BYTES = 64,
};

typedef struct apl_ed25519_key {
    uint8_t secret[64]; /* seed and public key, as libsodium wants it; wipe after use */
    uint8_t public_key[APL_ED25519_PUBLIC_BYTES];
} apl_ed25519_key;

void apl_ed25519_from_seed(const uint8_t seed[APL_ED25519_SEED_BYTES], apl_ed25519_key *out_key);
void apl_ed25519_sign(const apl_ed25519_key *key, apl_span message,
                      uint8_t out[APL_ED25519_SIGNATURE_BYTES]);
bool apl_ed25519_verify(const uint8_t public_key[APL_ED25519_PUBLIC_BYTES], apl_span message,
                        const uint8_t signature[APL_ED25519_SIGNATURE_BYTES]);

#endif
