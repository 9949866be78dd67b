/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one normaliser: what a stranger typed becomes what a term list can be compared with, and every byte of the result
 * knows where in the original it came from, so that a hit can be marked in the customer's own words.
 *
 * Folded: NFKC_Casefold (Unicode 15), accents of Latin and Greek letters, smart quotes and dashes to ASCII, emoji skin
 * tones, runs of white space to one space, a letter repeated three times or more to two, HTML's five basic entities (exports
 * are full of them). Removed: zero-width and bidi controls, variation selectors. They are used to hide words from filters.
 */
#ifndef APL_TEXT_NORMALISE_H
#define APL_TEXT_NORMALISE_H

#include "base/mem.h"
#include "base/span.h"

/* Bounds of one apl_normal: input bytes in sum, output bytes in sum. */
enum { APL_NORMAL_IN_MAX_BYTES = 128 * 1024, APL_NORMAL_OUT_MAX_BYTES = 256 * 1024 };

typedef enum apl_normal_flag {
    APL_NORMAL_PLAIN = 0,
    APL_NORMAL_SPLIT_TAGS = 1, /* #WorstDayEver -> "#worst day ever" */
} apl_normal_flag;

/* Storage is kept from text to text; one per thread. */
typedef struct apl_normal {
    char *text;       /* valid UTF-8, terminated */
    uint32_t *origin; /* origin[i]: byte offset in the original of normalised byte i */
    size_t len;
    size_t cap;
    size_t in_len; /* input bytes so far */
} apl_normal;

void apl_normal_init(apl_normal *normal);
void apl_normal_clear(apl_normal *normal);
void apl_normal_release(apl_normal *normal);
void apl_normal_release_auto(apl_normal *normal);
/*
 * Appends the normalised form of text; its origins count from the start of this text. Invalid UTF-8 becomes U+FFFD.
 * APL_E_LIMIT or APL_E_NOMEM leave what was there before.
 */
apl_rc apl_normal_add(apl_normal *normal, apl_span text, unsigned flags, apl_err *err) MUST_USE;
apl_span apl_normal_view(const apl_normal *normal);
/*
 * The part of the original behind normalised bytes [from, to), of one apl_normal_add call whose text is `original`.
 * Ends after the marks and controls that belong to the last character. Requires from < to <= len.
 */
void apl_normal_origin(const apl_normal *normal, apl_span original, size_t from, size_t to,
                       size_t *out_offset, size_t *out_len);

#endif
