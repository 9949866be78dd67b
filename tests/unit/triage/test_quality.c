/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How good the shipped lists are on real posts, as figures with floors. The posts are not ours and not in the project:
 * APLOMB_DATA_DIR names their folder; without it the test skips. VERBOSE=1 prints the figures' confusion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy_help.h"
#include "triage/triage.h"

#define LINE_MAX_BYTES 70000

typedef struct figures {
    int confusion[APL_LABELS_MAX][APL_LABELS_MAX]; /* [true][found] */
    int labels, total;
    double seconds;
} figures;

static apl_policy *policy;
static apl_triage *triage;
static apl_triage_worker *worker;

static int setup(void **state)
{
    (void)state;
    apl_err err = {0};
    if (policy_help_load(&policy, &err) ||
        apl_triage_new(policy->lists, policy->list_count, &triage, &err) ||
        apl_triage_worker_new(triage, &worker, &err)) {
        char text[900];
        fprintf(stderr, "%s\n", apl_err_format(&err, text, sizeof text));
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    apl_triage_worker_free(worker);
    apl_triage_free(triage);
    apl_policy_free(policy);
    return 0;
}

static FILE *open_set(const char *set)
{
    const char *part = getenv("APLOMB_DATA_PART");
    const char *folders[] = {getenv("APLOMB_DATA_DIR"), "../shared/data", "../../shared/data"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[512];
        if (!folders[i])
            continue;
        (void)snprintf(path, sizeof path, "%s/%s/%s.tsv", folders[i], set, part ? part : "dev");
        FILE *f = fopen(path, "r");
        if (f)
            return f;
    }
    print_message("[  SKIPPED ] set %s is not here (APLOMB_DATA_DIR)\n", set);
    skip();
    return NULL;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef int found_fn(const apl_assessment *a);

static void measure(const char *set, const char *const *labels, found_fn *found, figures *out)
{
    FILE *f = open_set(set);
    *out = (figures){0};
    while (labels[out->labels])
        out->labels++;
    char *line = malloc(LINE_MAX_BYTES);
    const char *show = getenv("APLOMB_SHOW");
    while (fgets(line, LINE_MAX_BYTES, f)) {
        char *tab = strrchr(line, '\t');
        if (!tab)
            continue;
        tab[strcspn(tab, "\r\n")] = '\0';
        int truth = 0;
        while (labels[truth] && strcmp(labels[truth], tab + 1) != 0)
            truth++;
        assert_non_null(labels[truth]);
        apl_assessment a;
        double start = seconds_now();
        assert_int_equal(
            apl_triage_run_text(worker, (apl_span){line, (size_t)(tab - line)}, &a, NULL), 0);
        out->seconds += seconds_now() - start;
        int as = found(&a);
        out->confusion[truth][as]++;
        out->total++;
        if (show && strcmp(show, set) == 0 && as != truth)
            fprintf(stderr, "%s->%s\t%.*s\n", labels[truth], labels[as], (int)(tab - line), line);
    }
    free(line);
    fclose(f);
}

static double recall(const figures *f, int label)
{
    int all = 0;
    for (int i = 0; i < f->labels; i++)
        all += f->confusion[label][i];
    return all ? (double)f->confusion[label][label] / all : 0;
}

static double precision(const figures *f, int label)
{
    int all = 0;
    for (int i = 0; i < f->labels; i++)
        all += f->confusion[i][label];
    return all ? (double)f->confusion[label][label] / all : 0;
}

static double f1(const figures *f, int label)
{
    double p = precision(f, label);
    double r = recall(f, label);
    return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

static void print(const char *set, const char *const *labels, const figures *f)
{
    double macro = 0;
    print_message("%s: %d posts, %.2f us each\n", set, f->total, 1e6 * f->seconds / f->total);
    for (int i = 0; i < f->labels; i++) {
        print_message("  %-14s precision %.3f recall %.3f F1 %.3f   ", labels[i], precision(f, i),
                      recall(f, i), f1(f, i));
        for (int k = 0; k < f->labels; k++)
            print_message("%6d", f->confusion[i][k]);
        print_message("\n");
        macro += f1(f, i) / f->labels;
    }
    print_message("  macro F1 %.3f\n", macro);
}

static int found_complaint(const apl_assessment *a)
{
    return a->heads[APL_HEAD_INTENT].label == APL_INTENT_COMPLAINT ? 0 : 1;
}

static int found_sentiment(const apl_assessment *a)
{
    return a->heads[APL_HEAD_SENTIMENT].label;
}

static int found_spam(const apl_assessment *a)
{
    return a->heads[APL_HEAD_INTENT].label == APL_INTENT_SPAM ? 1 : 0;
}

static int found_offensive(const apl_assessment *a)
{
    return a->heads[APL_HEAD_CONDUCT].label == APL_CONDUCT_CIVIL ? 0 : 1;
}

static const char *const sentiments[] = {"negative", "neutral", "positive", NULL};

static void test_complaints_are_found(void **state)
{
    (void)state;
    static const char *const labels[] = {"complaint", "not_complaint", NULL};
    figures f;
    measure("complaints", labels, found_complaint, &f);
    print("complaints", labels, &f);
    assert_true(recall(&f, 0) >= 0.78);
    assert_true(f1(&f, 0) >= 0.64);
}

static void test_unhappy_travellers_are_found(void **state)
{
    (void)state;
    figures f;
    measure("airline", sentiments, found_sentiment, &f);
    print("airline", sentiments, &f);
    assert_true(recall(&f, 0) >= 0.82);
}

static void test_sentiment_of_anything(void **state)
{
    (void)state;
    figures f;
    measure("te_sentiment", sentiments, found_sentiment, &f);
    print("te_sentiment", sentiments, &f);
    assert_true(recall(&f, 0) >= 0.50);
}

static void test_spam_is_found_and_ham_is_not(void **state)
{
    (void)state;
    static const char *const labels[] = {"ham", "spam", NULL};
    figures f;
    measure("sms_spam", labels, found_spam, &f);
    print("sms_spam", labels, &f);
    assert_true(precision(&f, 1) >= 0.85);
    measure("youtube_spam", labels, found_spam, &f);
    print("youtube_spam", labels, &f);
}

static void test_offence_is_found(void **state)
{
    (void)state;
    static const char *const labels[] = {"not-offensive", "offensive", NULL};
    figures f;
    measure("te_offensive", labels, found_offensive, &f);
    print("te_offensive", labels, &f);
    assert_true(precision(&f, 1) >= 0.6);
}

enum { SPEED_POSTS = 600, SPEED_ROUNDS = 20 };

/* Also proves that nothing is allocated per post once the worker is warm. */
static void test_speed_on_customers_posts(void **state)
{
    (void)state;
    static char *lines[SPEED_POSTS];
    size_t count = 0;
    FILE *f = open_set("twcs_sample");
    char *line = malloc(LINE_MAX_BYTES);
    while (count < SPEED_POSTS && fgets(line, LINE_MAX_BYTES, f))
        lines[count++] = strdup(line);
    free(line);
    fclose(f);
    apl_assessment a;
    double start = 0;
    for (int round = 0; round <= SPEED_ROUNDS; round++) {
        if (round == 1) {
            (void)apl_mem_fail_at(0, 0);
            start = seconds_now();
        }
        for (size_t i = 0; i < count; i++)
            assert_int_equal(apl_triage_run_text(
                                 worker, (apl_span){lines[i], strcspn(lines[i], "\t")}, &a, NULL),
                             0);
    }
    double us = 1e6 * (seconds_now() - start) / (double)(count * SPEED_ROUNDS);
    print_message("twcs_sample: %zu posts, %.2f us each, %.0f posts/s on one core\n", count, us,
                  1e6 / us);
    assert_int_equal(apl_mem_fail_at(0, 0), 0);
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complaints_are_found),
        cmocka_unit_test(test_unhappy_travellers_are_found),
        cmocka_unit_test(test_sentiment_of_anything),
        cmocka_unit_test(test_spam_is_found_and_ham_is_not),
        cmocka_unit_test(test_offence_is_found),
        cmocka_unit_test(test_speed_on_customers_posts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
