/* SPDX-License-Identifier: Apache-2.0 */
/* Private to src/triage: compiled lists, the worker's buffers, and the two steps: find (triage.c), weigh (weigh.c, judge.c). */
#ifndef APL_TRIAGE_INTERNAL_H
#define APL_TRIAGE_INTERNAL_H

#include "text/matcher.h"
#include "text/normalise.h"
#include "triage/triage.h"

enum {
    APL_TRIAGE_HITS_MAX = 2048, /* per post; further ones do not count */
    APL_TRIAGE_SKIPS_MAX = 256, /* mentions and links, whose letters are no words */
};

typedef struct apl_triage_list {
    char *name;
    apl_head head;
    int label;
    apl_negation negation;
} apl_triage_list;

typedef struct apl_triage_term {
    float weight;
    uint16_t list;
    bool is_prefix; /* the hit is shown up to the end of its word */
} apl_triage_term;

struct apl_triage {
    apl_triage_list *lists;
    size_t list_count;
    apl_triage_term *terms;
    apl_matcher *matcher;
};

typedef struct apl_hit {
    uint32_t from, to; /* normalised bytes */
    uint16_t list;
    bool negated;
    bool
        counts; /* false: inside a longer hit of the same head, in a link, or undone by a negation */
    float weight;
} apl_hit;

/* What the shape of a post says. */
typedef struct apl_shape {
    int words, links, mentions, tags, emoji, exclamations, questions;
    int phones;            /* numbers of ten characters or more */
    int letters, capitals; /* of the original's text, ASCII */
} apl_shape;

struct apl_triage_worker {
    const apl_triage *triage;
    apl_matcher_scratch *scratch;
    apl_normal normal; /* title, "|", text */
    size_t text_from;  /* where the text begins in it */
    apl_hit hits[APL_TRIAGE_HITS_MAX];
    size_t hit_count;
    struct {
        uint32_t from, to;
    } skips[APL_TRIAGE_SKIPS_MAX];
    size_t skip_count;
    apl_shape shape;
};

/* Sums of weights, by head and label. */
typedef struct apl_sums {
    float of[APL_HEAD_ALL_COUNT][APL_LABELS_MAX];
    int hits; /* that count, modifiers apart */
} apl_sums;

/* Decides which hits count and what they weigh. */
void apl_triage_weigh(apl_triage_worker *worker);
/* Adds up the hits and fills lists and reasons. */
void apl_triage_sum(const apl_triage_worker *worker, const apl_triage_in *in, apl_sums *sums,
                    apl_assessment *a);
/* Adds a reason that no word gave, and counts it. */
void apl_triage_add(apl_sums *sums, apl_assessment *a, const char *name, apl_head head, int label,
                    float weight);
/* From sums, shape and circumstances to labels, risks and urgency. */
void apl_triage_judge(const apl_triage_worker *worker, const apl_triage_in *in, apl_sums *sums,
                      apl_assessment *a);

#endif
