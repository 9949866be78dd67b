/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hex and base64 (RFC 4648). Decoding is strict, so that one value has one text: no white space, no missing or extra
 * padding, no bits left over, hex in lower case only.
 */
#ifndef APL_CRYPTO_ENCODE_H
#define APL_CRYPTO_ENCODE_H

#include "base/span.h"

typedef enum apl_base64_kind {
    APL_BASE64_STD, /* + and /, with padding */
    APL_BASE64_URL, /* - and _, without padding */
} apl_base64_kind;

/* Bytes of the text with its terminator. */
#define APL_HEX_TEXT_BYTES(n) ((n)*2 + 1)
#define APL_BASE64_STD_TEXT_BYTES(n) (((n) + 2) / 3 * 4 + 1)
#define APL_BASE64_URL_TEXT_BYTES(n) (((n)*4 + 2) / 3 + 1)

/* Write the terminated text, return its length without the terminator. */
size_t apl_hex_encode(apl_span bytes, char *out);
size_t apl_base64_encode(apl_span bytes, apl_base64_kind kind, char *out);

/* Write up to out_bytes; *out_len on success. APL_E_INVALID; APL_E_LIMIT when it does not fit (out is then partly written). */
apl_rc apl_hex_decode(apl_span text, void *out, size_t out_bytes, size_t *out_len,
                      apl_err *err) MUST_USE;
apl_rc apl_base64_decode(apl_span text, apl_base64_kind kind, void *out, size_t out_bytes,
                         size_t *out_len, apl_err *err) MUST_USE;
/* Exactly `bytes` bytes, else APL_E_INVALID. */
apl_rc apl_base64_decode_exact(apl_span text, apl_base64_kind kind, void *out, size_t bytes,
                               apl_err *err) MUST_USE;

#endif
