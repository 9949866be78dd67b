/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef APL_BASE_UTF8_H
#define APL_BASE_UTF8_H

#include "base/buf.h"

/* True when all of s is valid UTF-8 (NUL is valid here). */
bool apl_utf8_is_valid(apl_span s);
/* Offset of the first byte that does not belong, or SIZE_MAX when all is valid. */
size_t apl_utf8_invalid_at(apl_span s);
/* Code point at *at, which moves past it. An invalid byte gives U+FFFD and moves by one. Requires *at < s.len. */
uint32_t apl_utf8_next(apl_span s, size_t *at);
/* Number of code points (an invalid byte counts as one). */
size_t apl_utf8_count(apl_span s);
/* The longest prefix of at most max_bytes that ends at a character boundary. */
apl_span apl_utf8_cut(apl_span s, size_t max_bytes);
/* Writes 1 to 4 bytes, returns how many. A surrogate or too large value is written as U+FFFD. */
size_t apl_utf8_encode(uint32_t code_point, char out[4]);
/* Appends s with every invalid byte replaced by U+FFFD and every NUL by U+2400. */
apl_rc apl_utf8_add_clean(apl_buf *buf, apl_span s, apl_err *err) MUST_USE;

#endif
