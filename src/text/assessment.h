/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be said about a text: the vocabulary of labels and the result of triage. It lies this low because triage
 * (which fills it) and rules (which read it) may not know each other. Names are stable: they stand in policies, the API
 * and the ledger. Numbers are not: store names.
 */
#ifndef APL_TEXT_ASSESSMENT_H
#define APL_TEXT_ASSESSMENT_H

#include "text/language.h"

typedef enum apl_head {
    APL_HEAD_INTENT = 0,
    APL_HEAD_SENTIMENT,
    APL_HEAD_CONDUCT,
    APL_HEAD_SUBJECT,
    APL_HEAD_COUNT, /* heads above have exactly one label; those below are of terms and reasons only */
    APL_HEAD_RISK = APL_HEAD_COUNT,
    APL_HEAD_URGENCY,
    APL_HEAD_MODIFIER, /* words that change others: negation, strength, contrast */
    APL_HEAD_TOPIC,    /* lists of the firm's own, for rules only */
    APL_HEAD_ALL_COUNT
} apl_head;

typedef enum apl_intent {
    APL_INTENT_COMPLAINT = 0,
    APL_INTENT_QUESTION,
    APL_INTENT_PRAISE,
    APL_INTENT_SUGGESTION,
    APL_INTENT_SPAM,
    APL_INTENT_OTHER,
    APL_INTENT_COUNT
} apl_intent;

typedef enum apl_sentiment {
    APL_SENTIMENT_NEGATIVE = 0,
    APL_SENTIMENT_NEUTRAL,
    APL_SENTIMENT_POSITIVE,
    APL_SENTIMENT_COUNT
} apl_sentiment;

typedef enum apl_conduct {
    APL_CONDUCT_CIVIL = 0,
    APL_CONDUCT_CRASS, /* coarse words, aimed at nobody */
    APL_CONDUCT_ABUSIVE,
    APL_CONDUCT_HATEFUL,
    APL_CONDUCT_THREATENING,
    APL_CONDUCT_COUNT
} apl_conduct;

typedef enum apl_subject {
    APL_SUBJECT_LATE = 0,
    APL_SUBJECT_QUALITY,
    APL_SUBJECT_STAFF,
    APL_SUBJECT_BILLING,
    APL_SUBJECT_REFUND,
    APL_SUBJECT_SAFETY,
    APL_SUBJECT_PRIVACY,
    APL_SUBJECT_WEBSITE,
    APL_SUBJECT_DELIVERY,
    APL_SUBJECT_OTHER, /* about something, but nothing of the above */
    APL_SUBJECT_NONE,
    APL_SUBJECT_COUNT
} apl_subject;

typedef enum apl_risk {
    APL_RISK_LEGAL_THREAT = 0,
    APL_RISK_SAFETY,
    APL_RISK_DISCRIMINATION,
    APL_RISK_PRIVACY,
    APL_RISK_PRESS,
    APL_RISK_REGULATOR,
    APL_RISK_SELF_HARM,
    APL_RISK_REPEATED_CONTACT,
    APL_RISK_COUNT
} apl_risk;
#define APL_RISK_BIT(risk) (1u << (unsigned)(risk))

typedef enum apl_modifier {
    APL_MODIFIER_NEGATE = 0, /* turns the next words round: "not", "never" */
    APL_MODIFIER_STRENGTHEN,
    APL_MODIFIER_WEAKEN,
    APL_MODIFIER_CONTRAST, /* what follows counts more: "but" */
    APL_MODIFIER_COUNT
} apl_modifier;

enum { APL_LABELS_MAX = 16, APL_REASONS_MAX = 16, APL_TERM_LISTS_MAX = 64 };

/* One head's answer. */
typedef struct apl_judgement {
    int label;   /* apl_intent, apl_sentiment, … of the head */
    float score; /* of that label, 0 to 1 */
    bool unsure; /* a person had better decide: too little said, or two labels close together */
    float scores[APL_LABELS_MAX]; /* of every label; they sum to 1 */
} apl_judgement;

typedef enum apl_reason_field {
    APL_REASON_FIELD_TEXT = 0,
    APL_REASON_FIELD_TITLE,
    APL_REASON_FIELD_NONE, /* not from words: stars, kind, reach, shape; offset and len are 0 */
} apl_reason_field;

typedef struct apl_reason {
    const char
        *name; /* term list ("complaint") or built-in rule ("stars"); lives as long as the triage */
    apl_head head;
    int label;    /* of head; an apl_risk bit number for APL_HEAD_RISK; 0 for urgency */
    float weight; /* as it counted, after negation and strength; negative = against the label */
    bool negated; /* a negation before it turned it round */
    apl_reason_field field;
    uint32_t offset, len; /* bytes of the ORIGINAL field */
} apl_reason;

/* Plain data, copied by value; holds no text of the post. */
typedef struct apl_assessment {
    apl_judgement heads[APL_HEAD_COUNT];
    uint32_t risks; /* APL_RISK_BIT */
    float urgency;  /* 0 to 1 */
    char lang[APL_LANG_BYTES];
    uint64_t
        lists; /* bit i: term list i of the triage (and policy) has a hit that was not negated */
    apl_reason reasons[APL_REASONS_MAX]; /* strongest first */
    size_t reason_count;
    size_t reasons_dropped; /* further ones that had no room */
} apl_assessment;

/* "intent", …; NULL for an unknown head. */
const char *apl_head_name(apl_head head);
bool apl_head_parse(apl_span name, apl_head *out_head);
/* How many labels a head has (0 for urgency and topic). */
int apl_label_count(apl_head head);
/* "complaint", "legal_threat", …; NULL when the head has no such label. */
const char *apl_label_name(apl_head head, int label);
bool apl_label_parse(apl_head head, apl_span name, int *out_label);

#endif
