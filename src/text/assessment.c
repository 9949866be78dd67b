/* SPDX-License-Identifier: Apache-2.0 */
/* Names of heads and labels, as tables. Tests: tests/unit/triage */
#include "text/assessment.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
    const char *name;
    const char *const *labels;
    int count;
} heads[APL_HEAD_ALL_COUNT] = {
    [APL_HEAD_INTENT] = {"intent",
                         NAMES("complaint", "question", "praise", "suggestion", "spam", "other"),
                         APL_INTENT_COUNT},
    [APL_HEAD_SENTIMENT] = {"sentiment", NAMES("negative", "neutral", "positive"),
                            APL_SENTIMENT_COUNT},
    [APL_HEAD_CONDUCT] = {"conduct", NAMES("civil", "crass", "abusive", "hateful", "threatening"),
                          APL_CONDUCT_COUNT},
    [APL_HEAD_SUBJECT] = {"subject",
                          NAMES("late", "quality", "staff", "billing", "refund", "safety",
                                "privacy", "website", "delivery", "other", "none"),
                          APL_SUBJECT_COUNT},
    [APL_HEAD_RISK] = {"risk",
                       NAMES("legal_threat", "safety", "discrimination", "privacy", "press",
                             "regulator", "self_harm", "repeated_contact"),
                       APL_RISK_COUNT},
    [APL_HEAD_URGENCY] = {"urgency", NULL, 0},
    [APL_HEAD_MODIFIER] = {"modifier", NAMES("negate", "strengthen", "weaken", "contrast"),
                           APL_MODIFIER_COUNT},
    [APL_HEAD_TOPIC] = {"topic", NULL, 0},
};

static bool is_head(apl_head head)
{
    return (int)head >= 0 && head < APL_HEAD_ALL_COUNT;
}

const char *apl_head_name(apl_head head)
{
    return is_head(head) ? heads[head].name : NULL;
}

bool apl_head_parse(apl_span name, apl_head *out_head)
{
    for (int i = 0; i < APL_HEAD_ALL_COUNT; i++)
        if (apl_span_is(name, heads[i].name)) {
            *out_head = (apl_head)i;
            return true;
        }
    return false;
}

int apl_label_count(apl_head head)
{
    return is_head(head) ? heads[head].count : 0;
}

const char *apl_label_name(apl_head head, int label)
{
    return label >= 0 && label < apl_label_count(head) ? heads[head].labels[label] : NULL;
}

bool apl_label_parse(apl_head head, apl_span name, int *out_label)
{
    for (int i = 0; i < apl_label_count(head); i++)
        if (apl_span_is(name, heads[head].labels[i])) {
            *out_label = i;
            return true;
        }
    return false;
}
