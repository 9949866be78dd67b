/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes. Never terminated, may hold NUL, may be empty (ptr may then be NULL). */
#ifndef APL_BASE_SPAN_H
#define APL_BASE_SPAN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct apl_span {
    const char *ptr;
    size_t len;
} apl_span;

#define APL_SPAN(literal) ((apl_span){"" literal, sizeof(literal) - 1})
#define APL_SPAN_NONE ((apl_span){NULL, 0})
/* For printf: printf("%.*s", APL_SPAN_ARGS(s)); cut at INT_MAX. */
#define APL_SPAN_ARGS(s)                                                                           \
    ((int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len)), ((s).ptr ? (s).ptr : "")

/* From a terminated string; NULL gives an empty span. */
apl_span apl_span_of(const char *text);
bool apl_span_is(apl_span a, const char *text);
bool apl_span_equal(apl_span a, apl_span b);
/* ASCII case only. */
bool apl_span_equal_nocase(apl_span a, apl_span b);
/* memcmp order, shorter first. */
int apl_span_compare(apl_span a, apl_span b);
bool apl_span_starts(apl_span s, apl_span prefix);
bool apl_span_ends(apl_span s, apl_span suffix);
/* Without ASCII white space at both ends. */
apl_span apl_span_trim(apl_span s);
/* From byte `from` (clamped) for at most len bytes. */
apl_span apl_span_sub(apl_span s, size_t from, size_t len);
/* Offset of the first byte / run, or SIZE_MAX. An empty needle is found at 0. */
size_t apl_span_find_byte(apl_span s, char byte);
size_t apl_span_find(apl_span s, apl_span needle);
/* Takes the part before the first `byte` off *rest (all of it when there is none). False when *rest has no more parts. */
bool apl_span_split(apl_span *rest, char byte, apl_span *out_part);
/* Whole span as decimal integer with optional sign; no white space. APL_E_INVALID or APL_E_LIMIT. */
apl_rc apl_span_parse_i64(apl_span s, int64_t *out_value, apl_err *err) MUST_USE;
/* Whole span as a finite decimal number (less than 64 bytes) in the C locale. APL_E_INVALID. */
apl_rc apl_span_parse_double(apl_span s, double *out_value, apl_err *err) MUST_USE;
/* SipHash-1-3 under a per-process random key (hash tables fed by strangers must not be floodable). */
uint64_t apl_span_hash(apl_span s);
/* Sets that key; called once by main with random bytes. Without it a fixed key is used (tests). */
void apl_span_hash_seed(uint64_t k0, uint64_t k1);

#endif
