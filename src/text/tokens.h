/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts text into words, mentions, tags, links, emoji and marks. Works on original and on normalised text alike. */
#ifndef APL_TEXT_TOKENS_H
#define APL_TEXT_TOKENS_H

#include "base/span.h"

typedef enum apl_token_kind {
    APL_TOKEN_WORD = 0, /* letters, digits inside, apostrophe or hyphen inside: "don't", "e-mail" */
    APL_TOKEN_NUMBER,   /* begins with a digit: "30", "2.50", "5th" */
    APL_TOKEN_MENTION,  /* @name */
    APL_TOKEN_TAG,      /* #name */
    APL_TOKEN_URL,      /* http://…, https://…, www.… */
    APL_TOKEN_EMOJI,    /* one sequence */
    APL_TOKEN_MARK,     /* one punctuation mark or other symbol */
} apl_token_kind;

typedef struct apl_token {
    uint32_t from, to; /* bytes [from, to) */
    apl_token_kind kind;
} apl_token;

/* Takes the next token at or after *at and moves *at behind it. False at the end. Never returns an empty token. */
bool apl_token_next(apl_span text, size_t *at, apl_token *out_token);
/* Up to cap tokens; returns how many. */
size_t apl_tokens_split(apl_span text, apl_token *out_tokens, size_t cap);
/* True for a letter, digit or mark of any script: what a whole word may not touch. */
bool apl_text_is_word_char(uint32_t code_point);

#endif
