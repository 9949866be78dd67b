/* SPDX-License-Identifier: Apache-2.0 */
/* How hits are weighed and judged, on small lists of the test's own; circumstances; bounds; errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "triage/triage.h"

#define TERM(t, w)                                                                                 \
    {                                                                                              \
        .text = {t, sizeof(t) - 1}, .weight = (w), .line = 3                                       \
    }
#define LIST(n, h, l, neg, ...)                                                                    \
    {                                                                                              \
        .name = n, .file = "terms/" n ".yaml", .head = h, .label = l, .negation = neg,             \
        .terms = (const apl_term[]){__VA_ARGS__},                                                  \
        .count = sizeof((const apl_term[]){__VA_ARGS__}) / sizeof(apl_term)                        \
    }

static const apl_term_list lists[] = {
    LIST("happy", APL_HEAD_SENTIMENT, APL_SENTIMENT_POSITIVE, APL_NEGATION_FLIP, TERM("good", 2),
         TERM("happy", 2)),
    LIST("unhappy", APL_HEAD_SENTIMENT, APL_SENTIMENT_NEGATIVE, APL_NEGATION_FLIP, TERM("bad", 2),
         TERM("not at all happy", 3), {.text = {"annoy", 5}, .weight = 2, .is_prefix = true}),
    LIST("not", APL_HEAD_MODIFIER, APL_MODIFIER_NEGATE, APL_NEGATION_IGNORE, TERM("not", 1),
         TERM("don't", 1)),
    LIST("very", APL_HEAD_MODIFIER, APL_MODIFIER_STRENGTHEN, APL_NEGATION_IGNORE, TERM("very", 1)),
    LIST("bit", APL_HEAD_MODIFIER, APL_MODIFIER_WEAKEN, APL_NEGATION_IGNORE, TERM("a bit", 1)),
    LIST("but", APL_HEAD_MODIFIER, APL_MODIFIER_CONTRAST, APL_NEGATION_IGNORE, TERM("but", 1)),
    LIST("law", APL_HEAD_RISK, APL_RISK_LEGAL_THREAT, APL_NEGATION_DROP, TERM("sue", 1)),
    LIST("ours", APL_HEAD_TOPIC, 0, APL_NEGATION_IGNORE, TERM("blue kettle", 1)),
};
enum { LIST_COUNT = sizeof lists / sizeof lists[0] };

static apl_triage *triage;
static apl_triage_worker *worker;

static int setup(void **state)
{
    (void)state;
    return apl_triage_new(lists, LIST_COUNT, &triage, NULL) ||
           apl_triage_worker_new(triage, &worker, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apl_triage_worker_free(worker);
    apl_triage_free(triage);
    return 0;
}

static apl_assessment run(const char *text)
{
    apl_assessment a;
    assert_int_equal(apl_triage_run_text(worker, apl_span_of(text), &a, NULL), APL_OK);
    return a;
}

static void check_reason(const char *text, const char *name, int label, double weight)
{
    apl_assessment a = run(text);
    assert_true(a.reason_count > 0);
    assert_string_equal(a.reasons[0].name, name);
    assert_int_equal(a.reasons[0].label, label);
    assert_true((double)a.reasons[0].weight > weight - 0.01 &&
                (double)a.reasons[0].weight < weight + 0.01);
}

static void test_weights(void **state)
{
    (void)state;
    check_reason("it is good", "happy", APL_SENTIMENT_POSITIVE, 2);
    check_reason("it is not good", "happy", APL_SENTIMENT_NEGATIVE, 2 * 0.7);
    check_reason("dont think its good", "happy", APL_SENTIMENT_NEGATIVE, 2 * 0.7);
    check_reason("don\xE2\x80\x99t feel good", "happy", APL_SENTIMENT_NEGATIVE, 2 * 0.7);
    check_reason("not what they call a good", "happy", APL_SENTIMENT_POSITIVE, 2); /* too far */
    check_reason("not here. good there", "happy", APL_SENTIMENT_POSITIVE, 2); /* another sentence */
    check_reason("not here! good there", "happy", APL_SENTIMENT_POSITIVE, 2);
    check_reason("very good", "happy", APL_SENTIMENT_POSITIVE, 2 * 1.4);
    check_reason("a bit bad", "unhappy", APL_SENTIMENT_NEGATIVE, 2 * 0.6);
    check_reason("good but bad", "unhappy", APL_SENTIMENT_NEGATIVE, 2 * 1.25);
    /* The longest wins, and its own "not" does not negate it. */
    check_reason("i am not at all happy", "unhappy", APL_SENTIMENT_NEGATIVE, 3);
    assert_int_equal(run("i am not at all happy").reason_count, 1);
}

static void test_words_in_links_and_names_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(run("@bad_shop https://x.example/good-bad #ok").reason_count, 0);
    assert_int_equal(run("badly goodness").reason_count, 0);
    assert_int_equal(run("#bad").reason_count, 1);
}

static void test_reasons_point_into_the_original(void **state)
{
    (void)state;
    apl_triage_in in = APL_TRIAGE_IN_INIT;
    in.title = APL_SPAN("So ANNOYINGLY slow");
    in.text = APL_SPAN("Pfff\xE2\x80\xA6  b\xE2\x80\x8B"
                       "ad!");
    apl_assessment a;
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_int_equal(a.reason_count, 2);
    for (int i = 0; i < 2; i++) {
        const apl_reason *r = &a.reasons[i];
        bool title = r->field == APL_REASON_FIELD_TITLE;
        apl_span got = apl_span_sub(title ? in.title : in.text, r->offset, r->len);
        assert_true(apl_span_is(got, title ? "ANNOYINGLY"
                                           : "b\xE2\x80\x8B"
                                             "ad"));
    }
    assert_true(a.reasons[0].field != a.reasons[1].field);
}

static void test_lists_and_risks(void **state)
{
    (void)state;
    apl_assessment a = run("i sue over the Blue  Kettle");
    assert_int_equal(a.risks, APL_RISK_BIT(APL_RISK_LEGAL_THREAT));
    assert_int_equal(a.lists, UINT64_C(1) << 6 | UINT64_C(1) << 7);
    a = run("i do not sue");
    assert_int_equal(a.risks, 0);
    assert_int_equal(a.lists, 0);
    assert_int_equal(apl_triage_list_count(triage), LIST_COUNT);
    assert_string_equal(apl_triage_list_name(triage, 7), "ours");
    assert_null(apl_triage_list_name(triage, LIST_COUNT));
}

static void test_R6_stars_and_notices(void **state)
{
    (void)state;
    apl_triage_in in = APL_TRIAGE_IN_INIT;
    in.text = APL_SPAN("Well.");
    apl_assessment a;
    for (int rating = 0; rating <= 50; rating += 5) {
        in.rating_x10 = rating;
        assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
        int label = a.heads[APL_HEAD_INTENT].label;
        assert_int_equal(label == APL_INTENT_COMPLAINT, rating < 40);
        assert_int_equal(label == APL_INTENT_PRAISE, rating >= 40);
        float unhappy = a.heads[APL_HEAD_SENTIMENT].scores[APL_SENTIMENT_NEGATIVE];
        assert_int_equal(unhappy > 0.8f, rating <= 25);
    }
    in.rating_x10 = APL_TRIAGE_RATING_NONE;
    in.is_notice = true;
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_int_equal(a.heads[APL_HEAD_INTENT].label, APL_INTENT_COMPLAINT);
    assert_true(a.risks & APL_RISK_BIT(APL_RISK_REGULATOR));
    in.is_notice = false;
    in.is_own = true;
    in.text = APL_SPAN("bad bad bad");
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_int_equal(a.heads[APL_HEAD_INTENT].label, APL_INTENT_OTHER);
}

static void test_urgency_grows(void **state)
{
    (void)state;
    apl_triage_in in = APL_TRIAGE_IN_INIT;
    in.text = APL_SPAN("bad");
    apl_assessment a;
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    float before = a.urgency;
    in.reach = 1000000;
    in.echo_count = 500;
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_true(a.urgency > before);
    before = a.urgency;
    in.text = APL_SPAN("bad, i sue");
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_true(a.urgency > before && a.urgency <= 1);
}

static void test_scores_are_scores(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "?", "bad bad good?", "i sue. very happy but bad!!!"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        apl_assessment a = run(texts[i]);
        for (int h = 0; h < APL_HEAD_COUNT; h++) {
            float sum = 0;
            for (int l = 0; l < apl_label_count((apl_head)h); l++)
                sum += a.heads[h].scores[l];
            assert_true(sum > 0.999f && sum < 1.001f);
            assert_true(a.heads[h].score == a.heads[h].scores[a.heads[h].label]);
        }
    }
    assert_int_equal(run("").reason_count, 0);
    assert_string_equal(run("").lang, "und");
}

static void test_language_hint_and_doubt(void **state)
{
    (void)state;
    apl_triage_in in = APL_TRIAGE_IN_INIT;
    in.text = APL_SPAN("xyz");
    in.lang_hint = APL_SPAN("de-AT");
    apl_assessment a;
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_string_equal(a.lang, "de-AT");
    assert_true(a.heads[APL_HEAD_INTENT].unsure);
    in.lang_hint = APL_SPAN("a-tag-that-is-too-long");
    assert_int_equal(apl_triage_run(worker, &in, &a, NULL), APL_OK);
    assert_string_equal(a.lang, "und");
}

/* As long as posts may be, and nothing but hits: bounded, strongest reasons kept. */
static void test_long_texts(void **state)
{
    (void)state;
    enum { LEN = 64 * 1024 };
    char *text = malloc(LEN);
    for (int i = 0; i + 4 <= LEN; i += 4)
        memcpy(text + i, "bad ", 4);
    memcpy(text + 400, "sue ", 4);
    apl_assessment a;
    assert_int_equal(apl_triage_run_text(worker, (apl_span){text, LEN}, &a, NULL), APL_OK);
    assert_int_equal(a.reason_count, APL_REASONS_MAX);
    assert_true(a.reasons_dropped > 1000);
    assert_int_equal(a.heads[APL_HEAD_SENTIMENT].label, APL_SENTIMENT_NEGATIVE);
    assert_int_equal(a.risks, APL_RISK_BIT(APL_RISK_LEGAL_THREAT));
    free(text);
    static char big[300 * 1024];
    memset(big, 'a', sizeof big);
    apl_err err = {0};
    assert_int_equal(apl_triage_run_text(worker, (apl_span){big, sizeof big}, &a, &err),
                     APL_E_LIMIT);
    assert_int_equal(run("good").heads[APL_HEAD_SENTIMENT].label, APL_SENTIMENT_POSITIVE);
}

static void test_bad_lists(void **state)
{
    (void)state;
    const apl_term_list empty[] = {LIST("x", APL_HEAD_TOPIC, 0, 0, TERM("\xE2\x80\x8B", 1))};
    apl_triage *t = NULL;
    apl_err err = {0};
    assert_int_equal(apl_triage_new(empty, 1, &t, &err), APL_E_INVALID);
    assert_string_equal(err.where, "terms/x.yaml:3");
    assert_null(t);
    static apl_term_list many[APL_TERM_LISTS_MAX + 1];
    assert_int_equal(apl_triage_new(many, APL_TERM_LISTS_MAX + 1, &t, &err), APL_E_LIMIT);
    assert_int_equal(apl_triage_new(NULL, 0, &t, &err), APL_OK); /* shape and stars still work */
    apl_triage_worker *w = NULL;
    assert_int_equal(apl_triage_worker_new(t, &w, &err), APL_OK);
    apl_assessment a;
    assert_int_equal(apl_triage_run_text(w, APL_SPAN("anything"), &a, &err), APL_OK);
    apl_triage_worker_free(w);
    apl_triage_free(t);
}

static void test_memory_may_run_out(void **state)
{
    (void)state;
    for (size_t nth = 1; nth < 200; nth++) {
        apl_triage *t = NULL;
        apl_triage_worker *w = NULL;
        apl_assessment a;
        (void)apl_mem_fail_at(nth, 1);
        apl_rc rc = apl_triage_new(lists, LIST_COUNT, &t, NULL);
        if (!rc)
            rc = apl_triage_worker_new(t, &w, NULL);
        if (!rc)
            rc = apl_triage_run_text(w, APL_SPAN("good"), &a, NULL);
        (void)apl_mem_fail_at(0, 0);
        apl_triage_worker_free(w);
        apl_triage_free(t);
        if (!rc)
            return;
        assert_int_equal(rc, APL_E_NOMEM);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_words_in_links_and_names_do_not_count),
        cmocka_unit_test(test_reasons_point_into_the_original),
        cmocka_unit_test(test_lists_and_risks),
        cmocka_unit_test(test_R6_stars_and_notices),
        cmocka_unit_test(test_urgency_grows),
        cmocka_unit_test(test_scores_are_scores),
        cmocka_unit_test(test_language_hint_and_doubt),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
