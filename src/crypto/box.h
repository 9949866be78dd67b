/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets at rest: XChaCha20-Poly1305 (libsodium's crypto_aead_xchacha20poly1305_ietf) under a key file of the owner. */
#ifndef APL_CRYPTO_BOX_H
#define APL_CRYPTO_BOX_H

#include "base/span.h"

enum { APL_BOX_KEY_BYTES = 32, APL_BOX_NONCE_BYTES = 24, APL_BOX_OVERHEAD_BYTES = 24 + 16 };

/* Writes nonce, ciphertext, tag: plain.len + APL_BOX_OVERHEAD_BYTES bytes. about: bound to it, not stored (which row). */
void apl_box_seal(const uint8_t key[APL_BOX_KEY_BYTES], const uint8_t nonce[APL_BOX_NONCE_BYTES],
                  apl_span about, apl_span plain, uint8_t *out);
/* Writes box.len - APL_BOX_OVERHEAD_BYTES bytes. APL_E_CORRUPT when the key, `about` or a byte is another. */
apl_rc apl_box_open(const uint8_t key[APL_BOX_KEY_BYTES], apl_span about, apl_span box,
                    uint8_t *out, apl_err *err) MUST_USE;

#endif
