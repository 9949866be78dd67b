/* SPDX-License-Identifier: Apache-2.0 */
/* Start of the crypto libraries, and handling of secrets: compare, wipe, tokens, passwords. */
#ifndef APL_CRYPTO_SECRET_H
#define APL_CRYPTO_SECRET_H

#include "base/span.h"

enum {
    APL_TOKEN_RANDOM_BYTES = 32,
    APL_TOKEN_TEXT_BYTES = 44, /* 43 characters of base64url and the terminator */
    APL_PASSWORD_MAX_BYTES = 1024,
    APL_PASSWORD_HASH_BYTES = 128,
};

/* Before signatures and passwords; may be called again, from any thread. APL_E_INTERNAL when the library is unusable. */
apl_rc apl_crypto_init(apl_err *err) MUST_USE;

/* Equal, in a time that depends on the lengths only. */
bool apl_secret_equal(apl_span a, apl_span b);
/* Overwrites, and the compiler may not drop it. */
void apl_secret_wipe(void *secret, size_t len);

/* Text of a bearer token from random bytes of the caller's source. Store only its hash. */
void apl_token_format(const uint8_t random[APL_TOKEN_RANDOM_BYTES], char out[APL_TOKEN_TEXT_BYTES]);

/*
 * Argon2id, 3 passes over 32 MiB, which are given back at once; takes a noticeable part of a second, so not on the
 * HTTP loop. Writes the PHC string ("$argon2id$…") terminated. APL_E_INVALID: empty or over APL_PASSWORD_MAX_BYTES;
 * APL_E_NOMEM.
 */
apl_rc apl_password_hash(apl_span password, char out[APL_PASSWORD_HASH_BYTES],
                         apl_err *err) MUST_USE;
/*
 * APL_OK, APL_E_UNAUTH (wrong, or the stored text is no hash), APL_E_NOMEM. stored == NULL (no such user) takes the
 * same time and is APL_E_UNAUTH, so that nobody can ask which users exist.
 */
apl_rc apl_password_verify(apl_span password, const char *stored, apl_err *err) MUST_USE;
/* True when the hash was made with other costs than today's; hash again at the next sign-in. */
bool apl_password_needs_rehash(const char *stored);

#endif
