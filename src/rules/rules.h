/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of engagement: facts about a post in, verdict and trace out. Pure and deterministic.
 *
 * Rules are tried in order. A rule whose conditions hold gives what is still open: of each field (category, priority,
 * clock, …) the first matching rule that names it wins; tags and notifications add up. Evaluation ends at the first
 * matching rule that does not say `stop: no`. A policy must end with a rule without conditions, so there is always a verdict.
 */
#ifndef APL_RULES_RULES_H
#define APL_RULES_RULES_H

#include "base/buf.h"
#include "model/post.h"
#include "rules/policy.h"

enum {
    APL_RULE_TAGS_MAX = 16,
    APL_RULE_CONDITIONS_MAX = 64, /* per rule */
    APL_RULE_DEPTH_MAX = 8,       /* of all / any / not */
};

typedef enum apl_rule_field {
    APL_FIELD_INTENT = 0,
    APL_FIELD_SENTIMENT,
    APL_FIELD_CONDUCT,
    APL_FIELD_SUBJECT,
    APL_FIELD_RISK,
    APL_FIELD_URGENCY,
    APL_FIELD_RATING,
    APL_FIELD_KIND,
    APL_FIELD_PRIVATE,
    APL_FIELD_IS_OWN,
    APL_FIELD_UNSURE, /* of the intent */
    APL_FIELD_CHANNEL,
    APL_FIELD_COMPANY,
    APL_FIELD_LANG,
    APL_FIELD_REACH,
    APL_FIELD_ECHO,
    APL_FIELD_TEXT_HAS,
    APL_FIELD_COUNT
} apl_rule_field;

/* Everything that a rule may ask. Borrowed. Start from zero; rating_x10 = APL_POST_RATING_NONE when there is none. */
typedef struct apl_rule_facts {
    const apl_assessment *assessment; /* by a triage made of the same policy's lists */
    apl_post_kind kind;
    bool is_own;
    int rating_x10;
    int64_t reach;
    int64_t echo_count;
    apl_span channel; /* name of the channel */
    apl_span company;
} apl_rule_facts;

typedef enum apl_rule_op {
    APL_OP_ALL = 0, /* of the children */
    APL_OP_ANY,
    APL_OP_NOT,     /* no child holds */
    APL_OP_IN,      /* value is one of `set` (bits) */
    APL_OP_WORD,    /* text is one of `words`, ASCII case ignored */
    APL_OP_BETWEEN, /* min <= value <= max */
} apl_rule_op;

typedef struct apl_condition {
    apl_rule_op op;
    apl_rule_field field;
    uint64_t set;
    const char *const *words; /* ends with NULL */
    double min, max;
    float score_min;   /* of the label; 0 = any */
    const char *title; /* "rating" */
    const char *asked; /* "at most 2"; "complaint or question" */
    bool negated;      /* inside an odd number of `not` */
    uint8_t number;    /* in its rule, in the order of the policy; 0 is the whole */
    const struct apl_condition *first, *next;
} apl_condition;

typedef enum apl_answer {
    APL_ANSWER_UNSET = 0,
    APL_ANSWER_NO,
    APL_ANSWER_YES,
} apl_answer;

/* What a rule gives; NULL, -1 and UNSET leave the field to later rules. */
typedef struct apl_rule_then {
    const char *category;
    int priority; /* apl_case_priority or -1 */
    bool has_clock;
    int clock; /* index in policy->clocks, or -1 for none; valid when has_clock */
    apl_answer needs_answer;
    const char *team;
    const char *playbook;
    const char *tags[APL_RULE_TAGS_MAX];
    size_t tag_count;
    const char *notify[APL_RULE_TAGS_MAX];
    size_t notify_count;
} apl_rule_then;

struct apl_rule {
    const char *name;
    const char *method; /* "R6"; may be "" */
    const char *why;    /* in plain words */
    const char *file;
    uint32_t line;
    const apl_condition *when; /* NULL = always */
    apl_rule_then then;
    bool stop;
};

typedef struct apl_verdict_step {
    const apl_rule *rule;
    bool matched;
    const apl_condition *
        clause; /* what decided: the first that failed, or the last that held; NULL = no conditions */
    char seen[48]; /* the value that it saw */
} apl_verdict_step;

/* Strings live as long as the policy. */
typedef struct apl_verdict {
    const char *category; /* never NULL */
    apl_case_priority priority;
    const apl_policy_clock *clock; /* NULL = no clock runs */
    bool needs_answer;
    const char *team;     /* "" = nobody named */
    const char *playbook; /* "" = none */
    const apl_rule *rule; /* the one that gave the category */
    const char *tags[APL_RULE_TAGS_MAX];
    size_t tag_count;
    const char *notify[APL_RULE_TAGS_MAX];
    size_t notify_count;
    apl_verdict_step steps[APL_POLICY_RULES_MAX]; /* every rule that was tried */
    size_t step_count;
} apl_verdict;

/* Cannot fail. About 20 kB of verdict: keep one per worker. */
void apl_rules_eval(const apl_policy *policy, const apl_rule_facts *facts,
                    apl_verdict *out_verdict);
/* "matched, because rating is 1 (at most 2)", "did not match: intent is praise, not complaint". In verdict_text.c. */
apl_rc apl_verdict_step_format(const apl_verdict_step *step, apl_buf *buf, apl_err *err) MUST_USE;
/* "complaint-by-stars: matched, because …\n" for each step. */
apl_rc apl_verdict_trace_format(const apl_verdict *verdict, apl_buf *buf, apl_err *err) MUST_USE;
/* The condition of a rule by its number; NULL when there is none. */
const apl_condition *apl_rule_clause(const apl_rule *rule, int64_t number);

#endif
