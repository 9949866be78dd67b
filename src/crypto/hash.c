/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 and HMAC; see hash.h. OpenSSL's low-level functions, although they are marked as deprecated: state on the
 * stack, no failure, and 167 ns for 200 bytes where EVP with a fetched digest takes 198, SHA256() 608 and libsodium
 * 1185 (the latter without the CPU's SHA instructions). Tests: tests/unit/crypto/test_hash.c
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include "crypto/secret.h"

#include <openssl/sha.h>
#include <string.h>

enum { BLOCK_BYTES = 64 };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(apl_sha256), "room for the state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(apl_sha256), "alignment of the state");

static SHA256_CTX *state_of(apl_sha256 *hash)
{
    return (SHA256_CTX *)(void *)hash->opaque;
}

void apl_sha256_init(apl_sha256 *hash)
{
    SHA256_Init(state_of(hash));
}

void apl_sha256_add(apl_sha256 *hash, apl_span bytes)
{
    if (bytes.len)
        SHA256_Update(state_of(hash), bytes.ptr, bytes.len);
}

void apl_sha256_finish(apl_sha256 *hash, uint8_t out[APL_SHA256_BYTES])
{
    SHA256_Final(out, state_of(hash));
}

void apl_sha256_of(apl_span bytes, uint8_t out[APL_SHA256_BYTES])
{
    apl_sha256 hash;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, bytes);
    apl_sha256_finish(&hash, out);
}

void apl_hmac_sha256_parts(apl_span key, const apl_span *parts, size_t count,
                           uint8_t out[APL_SHA256_BYTES])
{
    uint8_t pad[BLOCK_BYTES] = {0};
    if (key.len > BLOCK_BYTES)
        apl_sha256_of(key, pad);
    else if (key.len)
        memcpy(pad, key.ptr, key.len);

    apl_sha256 hash;
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, (apl_span){(const char *)pad, BLOCK_BYTES});
    for (size_t i = 0; i < count; i++)
        apl_sha256_add(&hash, parts[i]);
    uint8_t inner[APL_SHA256_BYTES];
    apl_sha256_finish(&hash, inner);

    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36 ^ 0x5C;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, (apl_span){(const char *)pad, BLOCK_BYTES});
    apl_sha256_add(&hash, (apl_span){(const char *)inner, sizeof inner});
    apl_sha256_finish(&hash, out);
    apl_secret_wipe(pad, sizeof pad);
    apl_secret_wipe(&hash, sizeof hash);
}

void apl_hmac_sha256(apl_span key, apl_span bytes, uint8_t out[APL_SHA256_BYTES])
{
    apl_hmac_sha256_parts(key, &bytes, 1, out);
}
