/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds thousands of terms in one pass (Vectorscan). Compile once, share between threads, one scratch per thread.
 * Terms and texts are compared byte by byte: normalise both (text/normalise.h) first.
 */
#ifndef APL_TEXT_MATCHER_H
#define APL_TEXT_MATCHER_H

#include "base/mem.h"
#include "base/span.h"

enum { APL_MATCHER_TERMS_MAX = 200000, APL_MATCHER_TERM_MAX_BYTES = 256 };

typedef enum apl_match_flag {
    APL_MATCH_ANYWHERE = 0,
    APL_MATCH_WORD_START = 1, /* no letter or digit before it */
    APL_MATCH_WORD_END = 2,   /* none behind it */
    APL_MATCH_WORD = 3,
    APL_MATCH_PREFIX = APL_MATCH_WORD_START,
} apl_match_flag;

typedef struct apl_match_term {
    apl_span text; /* borrowed during compilation; 1 to APL_MATCHER_TERM_MAX_BYTES bytes */
    uint32_t id;   /* given back to the callback; several terms may share one */
    unsigned flags;
} apl_match_term;

typedef struct apl_matcher apl_matcher;                 /* immutable */
typedef struct apl_matcher_scratch apl_matcher_scratch; /* one thread at a time */

/* Return false to stop the scan (apl_matcher_scan then still gives APL_OK). */
typedef bool apl_match_fn(void *ctx, uint32_t id, size_t from, size_t to);

/* No terms at all is fine and matches nothing. APL_E_INVALID names the term; APL_E_UNSUPPORTED when the processor is too old. */
apl_rc apl_matcher_new(const apl_match_term *terms, size_t count, apl_matcher **out_matcher,
                       apl_err *err) MUST_USE;
void apl_matcher_free(apl_matcher *matcher);
apl_rc apl_matcher_scratch_new(const apl_matcher *matcher, apl_matcher_scratch **out_scratch,
                               apl_err *err) MUST_USE;
void apl_matcher_scratch_free(apl_matcher_scratch *scratch);
/* Calls on_match for every hit, in order of `to`. Does not allocate. */
apl_rc apl_matcher_scan(const apl_matcher *matcher, apl_matcher_scratch *scratch, apl_span text,
                        apl_match_fn *on_match, void *ctx, apl_err *err) MUST_USE;

#endif
