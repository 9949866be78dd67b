/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104). Cannot fail, allocate nothing, need no apl_crypto_init. */
#ifndef APL_CRYPTO_HASH_H
#define APL_CRYPTO_HASH_H

#include "base/span.h"

enum { APL_SHA256_BYTES = 32 };

/* A running hash; plain memory, may be copied to fork a prefix. */
typedef struct apl_sha256 {
    uint64_t opaque[14];
} apl_sha256;

void apl_sha256_init(apl_sha256 *hash);
void apl_sha256_add(apl_sha256 *hash, apl_span bytes);
/* Ends it; init before the next use. */
void apl_sha256_finish(apl_sha256 *hash, uint8_t out[APL_SHA256_BYTES]);
void apl_sha256_of(apl_span bytes, uint8_t out[APL_SHA256_BYTES]);

void apl_hmac_sha256(apl_span key, apl_span bytes, uint8_t out[APL_SHA256_BYTES]);
/* Of the parts one after the other. */
void apl_hmac_sha256_parts(apl_span key, const apl_span *parts, size_t count,
                           uint8_t out[APL_SHA256_BYTES]);

#endif
