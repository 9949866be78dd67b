/* SPDX-License-Identifier: Apache-2.0 */
/* tests/golden/triage.tsv: every post gets the labels, flags and the reason that stand there. All differences are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy_help.h"
#include "triage/triage.h"

enum { COLUMNS = 7, LINE_BYTES = 4096, POSTS_MIN = 60 };

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
        fprintf(stderr, "%s: %s\n", err.where, err.what);
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

/* Whether `got` is among "a|b|c", or anything goes. */
static bool is_among(apl_span want, const char *got)
{
    if (apl_span_is(want, "*"))
        return true;
    apl_span part;
    while (apl_span_split(&want, '|', &part))
        if (apl_span_is(part, got))
            return true;
    return false;
}

static bool has_reason(const apl_assessment *a, apl_span text, apl_span want)
{
    if (apl_span_is(want, "-"))
        return true;
    apl_span name = APL_SPAN_NONE;
    (void)apl_span_split(&want, '=', &name);
    for (size_t i = 0; i < a->reason_count; i++)
        if (apl_span_is(name, a->reasons[i].name) &&
            apl_span_equal(apl_span_sub(text, a->reasons[i].offset, a->reasons[i].len), want))
            return true;
    return false;
}

static void format_risks(uint32_t risks, char *out, size_t bytes)
{
    size_t len = 0;
    (void)snprintf(out, bytes, "-");
    for (int i = 0; i < APL_RISK_COUNT; i++)
        if (risks & APL_RISK_BIT(i))
            len += (size_t)snprintf(out + len, bytes - len, "%s%s", len ? "," : "",
                                    apl_label_name(APL_HEAD_RISK, i));
}

/* Number of differences. */
static int check(const apl_span *columns)
{
    apl_assessment a;
    assert_int_equal(apl_triage_run_text(worker, columns[0], &a, NULL), APL_OK);
    int wrong = 0;
    for (int h = 0; h < APL_HEAD_COUNT; h++) {
        const char *got = apl_label_name((apl_head)h, a.heads[h].label);
        if (is_among(columns[1 + h], got))
            continue;
        print_message("%.*s\n    %s: %s %.2f, expected %.*s\n", APL_SPAN_ARGS(columns[0]),
                      apl_head_name((apl_head)h), got, (double)a.heads[h].score,
                      APL_SPAN_ARGS(columns[1 + h]));
        wrong++;
    }
    char risks[200];
    format_risks(a.risks, risks, sizeof risks);
    if (!apl_span_is(columns[5], risks)) {
        print_message("%.*s\n    risks: %s, expected %.*s\n", APL_SPAN_ARGS(columns[0]), risks,
                      APL_SPAN_ARGS(columns[5]));
        wrong++;
    }
    if (!has_reason(&a, columns[0], columns[6])) {
        print_message("%.*s\n    no reason %.*s\n", APL_SPAN_ARGS(columns[0]),
                      APL_SPAN_ARGS(columns[6]));
        wrong++;
    }
    for (size_t i = 0; wrong && i < a.reason_count; i++)
        print_message("        %s=%.*s %.1f\n", a.reasons[i].name, (int)a.reasons[i].len,
                      columns[0].ptr + a.reasons[i].offset, (double)a.reasons[i].weight);
    return wrong;
}

static void test_golden(void **state)
{
    (void)state;
    FILE *f = fopen(APL_GOLDEN_FILE, "r");
    assert_non_null(f);
    char line[LINE_BYTES];
    int posts = 0;
    int wrong = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "# ", 2) == 0)
            continue;
        apl_span rest = apl_span_of(line);
        apl_span columns[COLUMNS];
        for (int i = 0; i < COLUMNS; i++)
            assert_true(apl_span_split(&rest, '\t', &columns[i]));
        wrong += check(columns);
        posts++;
    }
    fclose(f);
    print_message("%d posts\n", posts);
    assert_true(posts >= POSTS_MIN);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
