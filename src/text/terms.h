/* SPDX-License-Identifier: Apache-2.0 */
/* A weighted list of words and phrases, as the files of policy/terms give it and triage takes it. Plain data. */
#ifndef APL_TEXT_TERMS_H
#define APL_TEXT_TERMS_H

#include "text/assessment.h"

/* What a negation before a hit does ("not happy", "never late"). */
typedef enum apl_negation {
    APL_NEGATION_IGNORE = 0, /* nothing */
    APL_NEGATION_DROP,       /* the hit does not count */
    APL_NEGATION_FLIP,       /* it counts for the opposite (sentiment only) */
} apl_negation;

typedef struct apl_term {
    apl_span text;     /* UTF-8 as written, without the star */
    float weight;      /* -10 to 10 */
    bool is_prefix;    /* written "disappoint*" */
    bool is_substring; /* written "*crap*" */
    uint32_t line;     /* where it stands, for messages */
} apl_term;

typedef struct apl_term_list {
    const char *name; /* unique; terminated */
    const char *file; /* where it stands; terminated */
    apl_head head;
    int label; /* of head; 0 where the head has none */
    apl_negation negation;
    const apl_term *terms;
    size_t count;
} apl_term_list;

#endif
