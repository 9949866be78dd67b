/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets and passwords over libsodium; see secret.h. Tests: tests/unit/crypto/test_secret.c */
#include "crypto/secret.h"

#include "base/mem.h"
#include "crypto/encode.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { PASSES = 3, MEMORY_BYTES = 32 * 1024 * 1024 };

_Static_assert(APL_PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "room for the hash");

apl_rc apl_crypto_init(apl_err *err)
{
    return sodium_init() < 0 ? apl_err_set(err, APL_E_INTERNAL, "libsodium does not start")
                             : APL_OK;
}

bool apl_secret_equal(apl_span a, apl_span b)
{
    return a.len == b.len && (!a.len || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void apl_secret_wipe(void *secret, size_t len)
{
    explicit_bzero(secret, len);
}

void apl_token_format(const uint8_t random[APL_TOKEN_RANDOM_BYTES], char out[APL_TOKEN_TEXT_BYTES])
{
    apl_base64_encode((apl_span){(const char *)random, APL_TOKEN_RANDOM_BYTES}, APL_BASE64_URL,
                      out);
}

/* libsodium maps the memory itself; asking first lets the fault tests fail it. */
static bool may_allocate(void)
{
    void *probe = apl_mem_alloc(1);
    apl_mem_free(probe);
    return probe != NULL;
}

apl_rc apl_password_hash(apl_span password, char out[APL_PASSWORD_HASH_BYTES], apl_err *err)
{
    if (!password.len || password.len > APL_PASSWORD_MAX_BYTES)
        return apl_err_set(err, APL_E_INVALID, "a password has 1 to %d bytes",
                           APL_PASSWORD_MAX_BYTES);
    char hash[crypto_pwhash_STRBYTES];
    if (!may_allocate() || crypto_pwhash_str_alg(hash, password.ptr, password.len, PASSES,
                                                 MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return apl_err_nomem(err);
    memcpy(out, hash, sizeof hash);
    return APL_OK;
}

/* The library reads whole fields of STRBYTES; a stored text may be shorter. False when it is too long for a hash. */
static bool to_field(const char *stored, char out_field[crypto_pwhash_STRBYTES])
{
    size_t len = strlen(stored);
    if (len >= crypto_pwhash_STRBYTES)
        return false;
    memset(out_field, 0, crypto_pwhash_STRBYTES);
    memcpy(out_field, stored, len);
    return true;
}

apl_rc apl_password_verify(apl_span password, const char *stored, apl_err *err)
{
    /* The hash of a password that nobody has (random bytes, thrown away), with today's costs. */
    static const char nobody[] = "$argon2id$v=19$m=32768,t=3,p=1$HVfrYyLZhfrYI5nGYLptEA$3+c/"
                                 "YYnCZjoVxyRUdruDAaSqdsYf+jSLRi1oPug/27s";
    char field[crypto_pwhash_STRBYTES];
    if (password.len > APL_PASSWORD_MAX_BYTES || !to_field(stored ? stored : nobody, field))
        return apl_err_set(err, APL_E_UNAUTH, "wrong password");
    if (!may_allocate())
        return apl_err_nomem(err);
    errno = 0;
    int rc = crypto_pwhash_str_verify(field, password.ptr ? password.ptr : "", password.len);
    if (rc == 0 && stored)
        return APL_OK;
    return errno == ENOMEM ? apl_err_nomem(err) : apl_err_set(err, APL_E_UNAUTH, "wrong password");
}

bool apl_password_needs_rehash(const char *stored)
{
    char field[crypto_pwhash_STRBYTES];
    return !to_field(stored, field) ||
           crypto_pwhash_str_needs_rehash(field, PASSES, MEMORY_BYTES) != 0;
}
