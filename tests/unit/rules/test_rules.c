/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation: order, stopping, what is left open, every kind of condition, the trace; and the shipped rules by the method. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../triage/policy_help.h"
#include "rules/rules.h"

static apl_policy *load_rules(const char *rules)
{
    apl_policy_file files[POLICY_HELP_FILES_MAX];
    size_t count = policy_help_files(files);
    for (size_t i = 0; rules && i < count; i++)
        if (strcmp(files[i].name, "rules.yaml") == 0)
            files[i].bytes = apl_span_of(rules);
    apl_policy *p = NULL;
    apl_err err = {0};
    if (apl_policy_load(files, count, NULL, &p, &err))
        fail_msg("%s: %s; %s", err.where, err.what, err.fix);
    return p;
}

static apl_assessment calm(void)
{
    apl_assessment a = {0};
    a.heads[APL_HEAD_INTENT] = (apl_judgement){.label = APL_INTENT_OTHER, .score = 0.9f};
    a.heads[APL_HEAD_SENTIMENT] = (apl_judgement){.label = APL_SENTIMENT_NEUTRAL, .score = 0.9f};
    a.heads[APL_HEAD_SUBJECT] = (apl_judgement){.label = APL_SUBJECT_NONE, .score = 0.9f};
    memcpy(a.lang, "en-GB", 6);
    return a;
}

static apl_rule_facts facts_of(const apl_assessment *a)
{
    return (apl_rule_facts){.assessment = a, .rating_x10 = APL_POST_RATING_NONE};
}

#define LAST                                                                                       \
    "  - {rule: last, why: w, then: {category: other, priority: low, clock: none, "                \
    "needs_answer: no, team: t, tags: [z]}}\n"

/* Whether `when` holds, and that the trace shows what it saw. */
static void check_when(const char *when, const apl_rule_facts *f, const char *trace)
{
    char rules[1024];
    (void)snprintf(rules, sizeof rules,
                   "rules:\n  - {rule: r, why: w, when: %s, then: {category: yes_it_is}}\n" LAST,
                   when);
    apl_policy *p = load_rules(rules);
    static apl_verdict v;
    apl_rules_eval(p, f, &v);
    APL_AUTO(apl_buf) buf = APL_BUF(1000);
    assert_int_equal(apl_verdict_step_format(&v.steps[0], &buf, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), trace);
    assert_int_equal(v.steps[0].matched, strcmp(v.category, "yes_it_is") == 0);
    apl_policy_free(p);
}

static void test_conditions(void **state)
{
    (void)state;
    apl_assessment a = calm();
    a.risks = APL_RISK_BIT(APL_RISK_PRESS) | APL_RISK_BIT(APL_RISK_SAFETY);
    a.urgency = 0.5f;
    apl_rule_facts f = facts_of(&a);
    check_when("{intent: [complaint, other]}", &f, "matched, because intent is other");
    check_when("{intent: complaint}", &f, "did not match: intent is other, not complaint");
    check_when("{intent: {is: other, score_at_least: 0.95}}", &f,
               "did not match: intent is other with a score of 0.90, not other with a score of at "
               "least 0.95");
    check_when("{risk: press}", &f, "matched, because risk is safety and press");
    check_when("{risk: any}", &f, "matched, because risk is safety and press");
    check_when("{risk: [privacy, legal_threat]}", &f,
               "did not match: risk is safety and press, not privacy or legal threat");
    check_when("{urgency: {at_least: 0.5}}", &f, "matched, because urgency is 0.5 (at least 0.5)");
    check_when("{rating: {at_most: 2}}", &f,
               "did not match: there is no rating (asked: at most 2)");
    f.rating_x10 = 20;
    check_when("{rating: {at_most: 2}}", &f, "matched, because rating is 2 (at most 2)");
    f.rating_x10 = 25;
    check_when("{rating: {at_least: 1, at_most: 2}}", &f,
               "did not match: rating is 2.5, not 1 to 2");
    f.kind = APL_POST_KIND_EMAIL;
    check_when("{kind: [review, email]}", &f, "matched, because kind is email");
    check_when("{private: yes}", &f, "matched, because the post is private");
    check_when("{is_own: yes}", &f, "did not match: it is not our own turn");
    check_when("{lang: en}", &f, "matched, because language is en-GB");
    check_when("{lang: [de, e]}", &f, "did not match: language is en-GB, not de or e");
    f.channel = APL_SPAN("Shop Mail");
    check_when("{channel: shop mail}", &f, "matched, because channel is Shop Mail");
    check_when("{company: acme}", &f, "did not match: there is no company (asked: acme)");
    f.reach = 50000;
    check_when("{author_reach: {at_least: 50000}}", &f,
               "matched, because author's reach is 50000 (at least 50000)");
    a.lists = 0;
    check_when("{text_has: complaint}", &f, "did not match: the text has no words of complaint");
    a.lists = ~UINT64_C(0);
    check_when("{text_has: [complaint]}", &f, "matched, because the text has words of complaint");
}

static void test_groups(void **state)
{
    (void)state;
    apl_assessment a = calm();
    apl_rule_facts f = facts_of(&a);
    check_when("{intent: other, sentiment: positive, conduct: civil}", &f,
               "did not match: sentiment is neutral, not positive");
    check_when("{any: {intent: spam, sentiment: neutral}}", &f,
               "matched, because sentiment is neutral");
    check_when("{any: {intent: spam, sentiment: positive}}", &f,
               "did not match: sentiment is neutral, not positive");
    check_when("{any: [{intent: other, sentiment: positive}, {conduct: civil, lang: en}]}", &f,
               "matched, because language is en-GB");
    check_when("{not: {intent: other}}", &f, "did not match: intent is other, which rules it out");
    check_when("{not: {intent: spam, sentiment: negative}}", &f,
               "matched, because sentiment is neutral, not negative");
    check_when("{intent: other, not: {sentiment: negative}}", &f,
               "matched, because intent is other");
    check_when("{intent: other, not: {sentiment: neutral}}", &f,
               "did not match: sentiment is neutral, which rules it out");
    check_when("{not: {not: {intent: other}}}", &f, "matched, because intent is other");
    check_when("{all: {any: {intent: other}}}", &f, "matched, because intent is other");
}

static void test_first_gives_and_last_fills(void **state)
{
    (void)state;
    apl_policy *p = load_rules(
        "rules:\n"
        "  - {rule: a, why: w, stop: no, then: {tags: [x, y], priority: urgent, notify: lead}}\n"
        "  - {rule: no, why: w, when: {intent: spam}, then: {category: spam}}\n"
        "  - {rule: b, why: w, then: {category: b, priority: low, clock: standard, tags: [y, q]}}\n"
        "  - {rule: never, why: w, then: {category: c, needs_answer: yes}}\n" LAST);
    apl_assessment a = calm();
    apl_rule_facts f = facts_of(&a);
    static apl_verdict v;
    apl_rules_eval(p, &f, &v);
    assert_string_equal(v.category, "b");
    assert_string_equal(v.rule->name, "b");
    assert_int_equal(v.priority, APL_CASE_URGENT);
    assert_string_equal(v.clock->name, "standard");
    assert_false(v.needs_answer);
    assert_string_equal(v.team, "t");
    assert_string_equal(v.playbook, "");
    assert_int_equal(v.tag_count, 3);
    assert_string_equal(v.tags[2], "q");
    assert_string_equal(v.notify[0], "lead");
    assert_int_equal(v.step_count, 3);
    APL_AUTO(apl_buf) buf = APL_BUF(1000);
    assert_int_equal(apl_verdict_trace_format(&v, &buf, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), "a: matched, because it asks for nothing\n"
                                           "no: did not match: intent is other, not spam\n"
                                           "b: matched, because it asks for nothing\n");
    /* The same facts give the same verdict. */
    static apl_verdict again;
    apl_rules_eval(p, &f, &again);
    assert_memory_equal(&v, &again, sizeof v);
    apl_policy_free(p);
}

typedef struct shipped {
    const char *category;
    apl_case_priority priority;
    const char *clock;
    bool needs_answer;
} shipped;

static void check_shipped(const apl_policy *p, const apl_rule_facts *f, shipped want)
{
    static apl_verdict v;
    apl_rules_eval(p, f, &v);
    assert_string_equal(v.category, want.category);
    assert_int_equal(v.priority, want.priority);
    assert_string_equal(v.clock ? v.clock->name : "none", want.clock);
    assert_int_equal(v.needs_answer, want.needs_answer);
}

static void test_shipped_rules(void **state)
{
    (void)state;
    apl_policy *p = load_rules(NULL);
    apl_assessment a = calm();
    apl_rule_facts f = facts_of(&a);
    check_shipped(p, &f, (shipped){"other", APL_CASE_NORMAL, "standard", true});
    a.heads[APL_HEAD_INTENT].label = APL_INTENT_QUESTION;
    check_shipped(p, &f, (shipped){"question", APL_CASE_NORMAL, "standard", true});
    a.heads[APL_HEAD_INTENT].label = APL_INTENT_PRAISE;
    check_shipped(p, &f, (shipped){"praise", APL_CASE_LOW, "none", true});
    a.heads[APL_HEAD_INTENT].unsure = true; /* not sure that it is praise: a person, in time */
    check_shipped(p, &f, (shipped){"other", APL_CASE_NORMAL, "standard", true});
    f.rating_x10 = 10;
    check_shipped(p, &f, (shipped){"complaint", APL_CASE_HIGH, "standard", true});
    a.heads[APL_HEAD_INTENT].label = APL_INTENT_SPAM;
    check_shipped(p, &f, (shipped){"spam", APL_CASE_LOW, "none", false});
    f.kind = APL_POST_KIND_NOTICE; /* R6: what came through an authority is never rubbish */
    check_shipped(p, &f, (shipped){"complaint", APL_CASE_HIGH, "standard", true});
    f.kind = APL_POST_KIND_POST;
    a.risks = APL_RISK_BIT(APL_RISK_SELF_HARM);
    check_shipped(p, &f, (shipped){"self_harm", APL_CASE_URGENT, "urgent", true});
    a.heads[APL_HEAD_INTENT].label = APL_INTENT_COMPLAINT;
    a.risks = APL_RISK_BIT(APL_RISK_LEGAL_THREAT);
    check_shipped(p, &f, (shipped){"legal", APL_CASE_URGENT, "urgent", true});
    a.risks |= APL_RISK_BIT(APL_RISK_SAFETY);
    check_shipped(p, &f, (shipped){"safety", APL_CASE_URGENT, "urgent", true});
    a.risks = 0;
    f.rating_x10 = APL_POST_RATING_NONE;
    check_shipped(p, &f, (shipped){"complaint", APL_CASE_NORMAL, "standard", true});
    a.heads[APL_HEAD_CONDUCT].label = APL_CONDUCT_ABUSIVE; /* R8: rude, but answered */
    check_shipped(p, &f, (shipped){"complaint", APL_CASE_HIGH, "standard", true});
    a.heads[APL_HEAD_CONDUCT].label = APL_CONDUCT_THREATENING;
    check_shipped(p, &f, (shipped){"threat", APL_CASE_URGENT, "urgent", true});
    f.is_own = true;
    check_shipped(p, &f, (shipped){"own", APL_CASE_LOW, "none", false});
    apl_policy_free(p);
}

/* R6 as a property: whatever is found, only spam and our own turns go without an answer. */
static void test_R6_no_complaint_goes_unanswered(void **state)
{
    (void)state;
    apl_policy *p = load_rules(NULL);
    static apl_verdict v;
    apl_assessment a = calm();
    a.heads[APL_HEAD_INTENT].label = APL_INTENT_COMPLAINT;
    for (int i = 0; i < APL_CONDUCT_COUNT * APL_SENTIMENT_COUNT * (1 << APL_RISK_COUNT); i++) {
        a.heads[APL_HEAD_CONDUCT].label = i % APL_CONDUCT_COUNT;
        a.heads[APL_HEAD_SENTIMENT].label = i / APL_CONDUCT_COUNT % APL_SENTIMENT_COUNT;
        a.risks = (uint32_t)(i / (APL_CONDUCT_COUNT * APL_SENTIMENT_COUNT));
        for (int kind = 0; kind < APL_POST_KIND_COUNT; kind++) {
            apl_rule_facts f = facts_of(&a);
            f.kind = (apl_post_kind)kind;
            apl_rules_eval(p, &f, &v);
            assert_true(v.needs_answer);
            assert_non_null(v.clock);
        }
    }
    apl_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_first_gives_and_last_fills),
        cmocka_unit_test(test_shipped_rules),
        cmocka_unit_test(test_R6_no_complaint_goes_unanswered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
