/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sums of weights to labels. Each head's labels get a logit that is linear in the sums (each capped, so that a rant
 * does not outweigh everything) and become scores by softmax. The constants were chosen once by hand and then moved to
 * where fewer complaints were missed; a missed complaint is worse than a false one (R6).
 * Tests: tests/unit/triage/test_triage.c, tests/golden/triage.tsv
 */
#include "triage/internal.h"

#include <math.h>

#define RISK_THRESHOLD 1.0f
#define UNSURE_SCORE 0.45f
#define UNSURE_MARGIN 0.12f

static float at_most(float value, float max)
{
    return value < max ? value : max;
}

static float clamp01(float value)
{
    return value < 0 ? 0 : at_most(value, 1);
}

static float sum(const apl_sums *s, apl_head head, int label, float cap)
{
    return at_most(s->of[head][label], cap);
}

static void softmax(apl_judgement *j, const float *logits, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    float total = 0;
    for (int i = 0; i < count; i++) {
        j->scores[i] = expf(logits[i] - logits[best]);
        total += j->scores[i];
    }
    float second = 0;
    for (int i = 0; i < count; i++) {
        j->scores[i] /= total;
        if (i != best && j->scores[i] > second)
            second = j->scores[i];
    }
    j->label = best;
    j->score = j->scores[best];
    j->unsure = j->score < UNSURE_SCORE || j->score - second < UNSURE_MARGIN;
}

/* Stars are the author's own summary; words come second. */
static void add_rating(const apl_triage_in *in, apl_sums *s, apl_assessment *a)
{
    if (in->rating_x10 == APL_TRIAGE_RATING_NONE)
        return;
    if (in->rating_x10 <= 25) {
        apl_triage_add(s, a, "stars", APL_HEAD_INTENT, APL_INTENT_COMPLAINT, 3);
        apl_triage_add(s, a, "stars", APL_HEAD_SENTIMENT, APL_SENTIMENT_NEGATIVE, 3);
    } else if (in->rating_x10 >= 40) {
        float weight = in->rating_x10 >= 45 ? 2.5f : 1.5f;
        apl_triage_add(s, a, "stars", APL_HEAD_INTENT, APL_INTENT_PRAISE, weight);
        apl_triage_add(s, a, "stars", APL_HEAD_SENTIMENT, APL_SENTIMENT_POSITIVE, weight);
    } else {
        apl_triage_add(s, a, "stars", APL_HEAD_INTENT, APL_INTENT_COMPLAINT, 1);
    }
}

/* A link alone is no spam: customers link their photographs. A link with money words or many tags is. */
static void add_shape(const apl_triage_worker *w, apl_sums *s, apl_assessment *a)
{
    const apl_shape *shape = &w->shape;
    float spam = s->of[APL_HEAD_INTENT][APL_INTENT_SPAM];
    if (spam >= 1 && shape->links)
        apl_triage_add(s, a, "links", APL_HEAD_INTENT, APL_INTENT_SPAM, 1.2f);
    if (spam >= 1 && shape->phones)
        apl_triage_add(s, a, "telephone-number", APL_HEAD_INTENT, APL_INTENT_SPAM, 1.2f);
    if (shape->tags > 6 || (shape->links > 2 && shape->words < 20))
        apl_triage_add(s, a, "tags-and-links", APL_HEAD_INTENT, APL_INTENT_SPAM, 1.5f);
    if (shape->questions)
        apl_triage_add(s, a, "question-mark", APL_HEAD_INTENT, APL_INTENT_QUESTION, 1.3f);
    bool shouting = shape->letters >= 15 && shape->capitals * 10 > shape->letters * 6;
    if (shouting && s->of[APL_HEAD_SENTIMENT][APL_SENTIMENT_NEGATIVE] > 0)
        apl_triage_add(s, a, "capitals", APL_HEAD_SENTIMENT, APL_SENTIMENT_NEGATIVE, 0.5f);
}

static void judge_sentiment(const apl_sums *s, apl_assessment *a)
{
    float neg = sum(s, APL_HEAD_SENTIMENT, APL_SENTIMENT_NEGATIVE, 6);
    float pos = sum(s, APL_HEAD_SENTIMENT, APL_SENTIMENT_POSITIVE, 6);
    float complaint = sum(s, APL_HEAD_INTENT, APL_INTENT_COMPLAINT, 4);
    float praise = sum(s, APL_HEAD_INTENT, APL_INTENT_PRAISE, 3);
    float rough = sum(s, APL_HEAD_CONDUCT, APL_CONDUCT_CRASS, 2) +
                  sum(s, APL_HEAD_CONDUCT, APL_CONDUCT_ABUSIVE, 2);
    float logits[APL_SENTIMENT_COUNT] = {
        [APL_SENTIMENT_NEGATIVE] = 0.3f + neg + 0.7f * complaint - 0.6f * pos + 0.4f * rough,
        [APL_SENTIMENT_NEUTRAL] = 0.8f,
        [APL_SENTIMENT_POSITIVE] = -0.1f + pos + 0.7f * praise - 0.7f * neg - 0.5f * complaint,
    };
    softmax(&a->heads[APL_HEAD_SENTIMENT], logits, APL_SENTIMENT_COUNT);
}

static void judge_intent(const apl_sums *s, apl_assessment *a)
{
    float neg = sum(s, APL_HEAD_SENTIMENT, APL_SENTIMENT_NEGATIVE, 5);
    float pos = sum(s, APL_HEAD_SENTIMENT, APL_SENTIMENT_POSITIVE, 5);
    float complaint = sum(s, APL_HEAD_INTENT, APL_INTENT_COMPLAINT, 6);
    float question = sum(s, APL_HEAD_INTENT, APL_INTENT_QUESTION, 3);
    float praise = sum(s, APL_HEAD_INTENT, APL_INTENT_PRAISE, 4);
    float suggestion = sum(s, APL_HEAD_INTENT, APL_INTENT_SUGGESTION, 4);
    float spam = sum(s, APL_HEAD_INTENT, APL_INTENT_SPAM, 8);
    float risks = 0;
    for (int i = 0; i < APL_RISK_COUNT; i++)
        risks += at_most(s->of[APL_HEAD_RISK][i], 1.5f);
    float logits[APL_INTENT_COUNT] = {
        [APL_INTENT_COMPLAINT] = complaint + 0.6f * neg - 0.3f * pos + at_most(0.6f * risks, 2),
        [APL_INTENT_QUESTION] = -1.2f + question,
        [APL_INTENT_PRAISE] = -0.8f + praise + 0.8f * pos - 0.6f * neg - 0.5f * complaint,
        [APL_INTENT_SUGGESTION] = -1.5f + suggestion,
        [APL_INTENT_SPAM] = -2.4f + 1.3f * spam - 0.2f * complaint,
        [APL_INTENT_OTHER] = 0.2f,
    };
    softmax(&a->heads[APL_HEAD_INTENT], logits, APL_INTENT_COUNT);
}

static void judge_conduct(const apl_sums *s, apl_assessment *a)
{
    float logits[APL_CONDUCT_COUNT] = {0.4f};
    for (int i = APL_CONDUCT_CRASS; i < APL_CONDUCT_COUNT; i++)
        logits[i] = -1 + 1.5f * sum(s, APL_HEAD_CONDUCT, i, 5);
    /* The worse one names the post: a threat among insults is a threat. */
    for (int i = APL_CONDUCT_ABUSIVE; i < APL_CONDUCT_COUNT; i++)
        if (s->of[APL_HEAD_CONDUCT][i] >= 1)
            for (int k = APL_CONDUCT_CRASS; k < i; k++)
                logits[k] = at_most(logits[k], logits[i] - 0.5f);
    softmax(&a->heads[APL_HEAD_CONDUCT], logits, APL_CONDUCT_COUNT);
}

static void judge_subject(const apl_sums *s, apl_assessment *a)
{
    float logits[APL_SUBJECT_COUNT];
    float any = 0;
    for (int i = 0; i < APL_SUBJECT_COUNT; i++) {
        float of = sum(s, APL_HEAD_SUBJECT, i, 5);
        logits[i] = -0.5f + 1.5f * of;
        any += of;
    }
    bool complains = a->heads[APL_HEAD_INTENT].label == APL_INTENT_COMPLAINT;
    logits[APL_SUBJECT_NONE] = complains ? 0 : 1;
    logits[APL_SUBJECT_OTHER] = complains && any < 0.5f ? 1 : -1;
    softmax(&a->heads[APL_HEAD_SUBJECT], logits, APL_SUBJECT_COUNT);
}

static void judge_risks(const apl_sums *s, apl_assessment *a)
{
    for (int i = 0; i < APL_RISK_COUNT; i++)
        if (s->of[APL_HEAD_RISK][i] >= RISK_THRESHOLD)
            a->risks |= APL_RISK_BIT(i);
}

/* How far an answer cannot wait: the worst single cause, then what adds to it. */
static void judge_urgency(const apl_triage_in *in, const apl_sums *s, apl_assessment *a)
{
    static const float of_risk[APL_RISK_COUNT] = {
        [APL_RISK_LEGAL_THREAT] = 0.75f,   [APL_RISK_SAFETY] = 0.9f,
        [APL_RISK_DISCRIMINATION] = 0.75f, [APL_RISK_PRIVACY] = 0.7f,
        [APL_RISK_PRESS] = 0.65f,          [APL_RISK_REGULATOR] = 0.65f,
        [APL_RISK_SELF_HARM] = 1.0f,       [APL_RISK_REPEATED_CONTACT] = 0.6f,
    };
    static const float of_intent[APL_INTENT_COUNT] = {
        [APL_INTENT_COMPLAINT] = 0.4f,  [APL_INTENT_QUESTION] = 0.25f, [APL_INTENT_PRAISE] = 0.05f,
        [APL_INTENT_SUGGESTION] = 0.1f, [APL_INTENT_SPAM] = 0,         [APL_INTENT_OTHER] = 0.15f,
    };
    float urgency = of_intent[a->heads[APL_HEAD_INTENT].label];
    for (int i = 0; i < APL_RISK_COUNT; i++)
        if (a->risks & APL_RISK_BIT(i) && of_risk[i] > urgency)
            urgency = of_risk[i];
    if (a->heads[APL_HEAD_CONDUCT].label == APL_CONDUCT_THREATENING && urgency < 0.85f)
        urgency = 0.85f;
    if (a->heads[APL_HEAD_INTENT].label != APL_INTENT_SPAM) {
        urgency += 0.2f * clamp01(s->of[APL_HEAD_URGENCY][0] / 2);
        urgency += 0.15f * a->heads[APL_HEAD_SENTIMENT].scores[APL_SENTIMENT_NEGATIVE];
        if (in->reach > 1000)
            urgency += at_most(0.05f * log10f((float)in->reach / 1000), 0.2f);
        if (in->echo_count > 0)
            urgency += at_most(0.05f * log10f(1 + (float)in->echo_count), 0.2f);
    }
    a->urgency = clamp01(urgency);
}

/* The shipped lists are English: silence in another language means nothing. */
static void doubt_other_languages(const apl_sums *s, apl_assessment *a)
{
    bool english = a->lang[0] == 'e' && a->lang[1] == 'n' && (a->lang[2] == 0 || a->lang[2] == '-');
    bool unknown = a->lang[0] == 'u' && a->lang[1] == 'n' && a->lang[2] == 'd';
    if (!english && !unknown && s->hits < 3) {
        a->heads[APL_HEAD_INTENT].unsure = true;
        a->heads[APL_HEAD_SENTIMENT].unsure = true;
    }
}

void apl_triage_judge(const apl_triage_worker *worker, const apl_triage_in *in, apl_sums *sums,
                      apl_assessment *a)
{
    add_rating(in, sums, a);
    add_shape(worker, sums, a);
    if (in->is_notice) {
        apl_triage_add(sums, a, "notice", APL_HEAD_INTENT, APL_INTENT_COMPLAINT, 4);
        apl_triage_add(sums, a, "notice", APL_HEAD_RISK, APL_RISK_REGULATOR, 2);
    }
    judge_sentiment(sums, a);
    judge_intent(sums, a);
    if (in->is_own) {
        float logits[APL_INTENT_COUNT] = {[APL_INTENT_OTHER] = 5};
        softmax(&a->heads[APL_HEAD_INTENT], logits, APL_INTENT_COUNT);
    }
    judge_conduct(sums, a);
    judge_subject(sums, a);
    judge_risks(sums, a);
    judge_urgency(in, sums, a);
    doubt_other_languages(sums, a);
}
