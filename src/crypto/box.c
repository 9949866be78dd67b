/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets; see box.h. Tests: tests/unit/crypto/test_box.c */
#include "crypto/box.h"

#include <sodium.h>
#include <string.h>

void apl_box_seal(const uint8_t key[APL_BOX_KEY_BYTES], const uint8_t nonce[APL_BOX_NONCE_BYTES],
                  apl_span about, apl_span plain, uint8_t *out)
{
    unsigned long long written = 0;
    memcpy(out, nonce, APL_BOX_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + APL_BOX_NONCE_BYTES, &written, (const uint8_t *)plain.ptr, plain.len,
        (const uint8_t *)about.ptr, about.len, NULL, nonce, key);
}

apl_rc apl_box_open(const uint8_t key[APL_BOX_KEY_BYTES], apl_span about, apl_span box,
                    uint8_t *out, apl_err *err)
{
    const uint8_t *bytes = (const uint8_t *)box.ptr;
    unsigned long long written = 0;
    if (box.len >= APL_BOX_OVERHEAD_BYTES &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, &written, NULL, bytes + APL_BOX_NONCE_BYTES, box.len - APL_BOX_NONCE_BYTES,
            (const uint8_t *)about.ptr, about.len, bytes, key) == 0)
        return APL_OK;
    apl_err_set(err, APL_E_CORRUPT, "a sealed secret does not open with this key");
    apl_err_fix(err, "restore keys/secret.key of this data directory, or make the secret anew");
    return APL_E_CORRUPT;
}
