/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped policy loads and says what the method says; typos give their place; nothing crashes; memory may run out. */
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

static const char own[] = "workspace.yaml";

/* Loads the shipped policy with one file replaced. */
static apl_rc load_with(const char *name, apl_span bytes, apl_policy **out, apl_err *err)
{
    apl_policy_file files[POLICY_HELP_FILES_MAX + 1];
    size_t count = policy_help_files(files);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, name) == 0) {
            files[i].bytes = bytes;
            found = true;
        }
    if (!found)
        files[count++] = (apl_policy_file){name, bytes};
    return apl_policy_load(files, count, NULL, out, err);
}

static void check_error(const char *name, const char *text, const char *where, const char *what,
                        const char *fix)
{
    apl_policy *policy = NULL;
    apl_err err = {0};
    apl_rc rc = load_with(name, apl_span_of(text), &policy, &err);
    assert_true(rc == APL_E_INVALID || rc == APL_E_LIMIT);
    assert_null(policy);
    char full[300];
    (void)snprintf(full, sizeof full, "%s:%s", name, where);
    assert_string_equal(err.where, full);
    if (!strstr(err.what, what) || !strstr(err.fix, fix))
        fail_msg("\"%s\" (%s) does not say \"%s\" (%s)", err.what, err.fix, what, fix);
}

static apl_policy *load_shipped(void)
{
    apl_policy *policy = NULL;
    apl_err err = {0};
    if (policy_help_load(&policy, &err))
        fail_msg("%s: %s; %s", err.where, err.what, err.fix);
    return policy;
}

static void test_R5_shipped_clocks(void **state)
{
    (void)state;
    apl_policy *p = load_shipped();
    const apl_policy_clock *c = apl_policy_clock_find(p, "standard");
    assert_non_null(c);
    const apl_clock_rule *first = &c->rules[APL_CLOCK_FIRST_RESPONSE];
    assert_true(c->has[APL_CLOCK_FIRST_RESPONSE] && c->has[APL_CLOCK_NEXT_RESPONSE]);
    assert_int_equal(first->measure, APL_CLOCK_WALL);
    assert_int_equal(first->limit_open_us, 30 * APL_US_PER_MINUTE);
    assert_int_equal(first->limit_closed_us, 60 * APL_US_PER_MINUTE);
    assert_true(first->cap_end_of_day);
    assert_int_equal(first->pause_states, 0);
    const apl_clock_rule *done = &c->rules[APL_CLOCK_RESOLUTION];
    assert_int_equal(done->measure, APL_CLOCK_BUSINESS);
    assert_int_equal(done->limit_open_us, 24 * APL_US_PER_HOUR);
    assert_int_equal(done->pause_states,
                     APL_CASE_STATE_BIT(APL_CASE_PENDING) | APL_CASE_STATE_BIT(APL_CASE_ON_HOLD));
    /* Fri 2026-11-20: 16:45 -> 17:15, 17:05 -> 18:05, 23:40 -> the end of the day. */
    apl_time_us day = apl_days_from_civil(2026, 11, 20) * APL_US_PER_DAY;
    const int64_t minutes[][2] = {{16 * 60 + 45, 17 * 60 + 15}, {17 * 60 + 5, 18 * 60 + 5}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            apl_clock_due(first, c->calendar, day + minutes[i][0] * APL_US_PER_MINUTE, NULL, NULL),
            day + minutes[i][1] * APL_US_PER_MINUTE);
    apl_time_us late =
        apl_clock_due(first, c->calendar, day + (23 * 60 + 40) * APL_US_PER_MINUTE, NULL, NULL);
    assert_true(late < day + APL_US_PER_DAY && late >= day + APL_US_PER_DAY - APL_US_PER_MINUTE);
    apl_policy_free(p);
}

static void test_shipped_shape(void **state)
{
    (void)state;
    apl_policy *p = load_shipped();
    assert_string_equal(p->workspace.calendar_name, "office");
    assert_true(p->list_count >= 20);
    for (size_t i = 0; i < p->rule_count; i++)
        assert_true(p->rules[i].why[0] && p->rules[i].method[0]);
    assert_null(p->rules[p->rule_count - 1].when);
    assert_null(apl_policy_clock_find(p, "nope"));
    assert_null(apl_policy_calendar_find(p, "nope"));
    apl_policy_free(p);
}

static apl_rc load_zone(void *ctx, const char *name, apl_zone *out_zone, apl_err *err)
{
    (*(int *)ctx)++;
    if (strcmp(name, "Test/Zone") != 0)
        return apl_err_set(err, APL_E_NOT_FOUND, "no such zone");
    apl_rc rc = apl_zone_init_utc(out_zone, err);
    (void)snprintf(out_zone->name, sizeof out_zone->name, "%s", name);
    return rc;
}

static void test_workspace_and_calendars(void **state)
{
    (void)state;
    apl_policy_file files[POLICY_HELP_FILES_MAX + 1];
    size_t count = policy_help_files(files);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, own) == 0)
            files[i].bytes = APL_SPAN("name: Acme\nzone: Test/Zone\ncalendar: night\n"
                                      "own_accounts: [\"@AcmeHelp\", acme]\n");
        if (strcmp(files[i].name, "calendars.yaml") == 0)
            files[i].bytes =
                APL_SPAN("calendars:\n  - name: office\n    hours: {mon-fri: 9:00-17:00}\n"
                         "  - name: night\n    zone: Test/Zone\n    hours:\n"
                         "      fri-sun: \"22:00-06:00\"\n      mon: 09:00-12:30, 13:30-18:00\n"
                         "      tue: [09:00-10:00, 11:00-12:00]\n      wed: closed\n"
                         "    holidays: [2026-12-25 Christmas Day, 2026-12-26]\n"
                         "    holiday_files: [h.ics]\n");
    }
    files[count++] = (apl_policy_file){
        "h.ics", APL_SPAN("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                          "DTSTART;VALUE=DATE:20270101\r\nSUMMARY:New Year\r\nEND:VEVENT\r\n"
                          "END:VCALENDAR\r\n")};
    int calls = 0;
    apl_policy_io io = {load_zone, &calls};
    apl_policy *p = NULL;
    apl_err err = {0};
    if (apl_policy_load(files, count, &io, &p, &err))
        fail_msg("%s: %s; %s", err.where, err.what, err.fix);
    assert_int_equal(calls, 1); /* once for both uses */
    const apl_calendar *night = p->workspace.calendar;
    assert_ptr_equal(night, apl_policy_calendar_find(p, "night"));
    assert_int_equal(night->shift_count[1], 2);
    assert_int_equal(night->shift_count[2], 2);
    assert_int_equal(night->shift_count[3], 0);
    assert_int_equal(night->shift_count[0], 1); /* fri-sun goes over the end of the week */
    assert_int_equal(night->shifts[5][0].end_min, 30 * 60);
    assert_string_equal(apl_calendar_holiday_on(night, apl_days_from_civil(2026, 12, 25))->name,
                        "Christmas Day");
    assert_non_null(apl_calendar_holiday_on(night, apl_days_from_civil(2026, 12, 26)));
    assert_string_equal(apl_calendar_holiday_on(night, apl_days_from_civil(2027, 1, 1))->name,
                        "New Year");
    assert_true(apl_policy_is_own(p, APL_SPAN("acmehelp")));
    assert_true(apl_policy_is_own(p, APL_SPAN("@Acme")));
    assert_false(apl_policy_is_own(p, APL_SPAN("acmes")));
    assert_false(apl_policy_is_own(p, APL_SPAN("@")));
    apl_policy_free(p);
}

static void test_errors_name_place_and_fix(void **state)
{
    (void)state;
    check_error("clocks.yaml",
                "clocks:\n  - name: a\n    first_respons: {measure: wall, limit: 1h}\n", "3:5",
                "unknown key \"first_respons\"", "\"first_response\"");
    check_error("clocks.yaml", "clocks:\n  - name: a\n    resolution: {measure: wall, limit: 1x}\n",
                "3:40", "expected a duration", "");
    check_error("clocks.yaml",
                "clocks:\n  - name: a\n    resolution: {measure: wall, in_hours: 1h}\n", "3:17",
                "in_hours and out_of_hours", "");
    check_error(
        "clocks.yaml",
        "clocks:\n  - name: a\n    resolution: {measure: wall, limit: 1h, pause: [pendign]}\n",
        "3:52", "expected new, open", "\"pending\"");
    check_error(
        "clocks.yaml",
        "clocks:\n  - name: a\n    resolution: {measure: business, limit: 1h, cap: same_day}\n",
        "3:17", "", "");
    check_error("clocks.yaml", "clocks:\n  - {name: a, calendar: ofice}\n", "2:25", "ofice",
                "office");
    check_error("calendars.yaml", "calendars:\n  - name: office\n    hours: {mno: 09:00-17:00}\n",
                "3:13", "found the day \"mno\"", "");
    check_error("calendars.yaml", "calendars:\n  - name: office\n    hours: {mon: 09:00-25:00}\n",
                "3:18", "", "");
    check_error(
        "calendars.yaml",
        "calendars:\n  - name: office\n    hours: {mon-wed: 09:00-17:00, tue: 09:00-10:00}\n",
        "3:40", "tue is named twice", "");
    check_error("calendars.yaml",
                "calendars:\n  - name: office\n    hours: {mon: 09:00-17:00}\n    holidays: "
                "[2026-02-30 x]\n",
                "4:16", "a date and a name", "");
    check_error(
        "calendars.yaml",
        "calendars:\n  - name: office\n    hours: {mon: 9:00-17:00}\n    holiday_files: [x.ics]\n",
        "4:21", "no file \"x.ics\"", "beside");
    check_error("calendars.yaml", "calendars:\n  - name: office\n    hours: {}\n", "3:12",
                "never open", "");
    check_error(own, "name: x\nzone: Mars/Base\ncalendar: office\n", "2:7", "a time zone such as",
                "");
    check_error(own, "name: x\nzone: UTC\ncalendar: offices\n", "3:11", "offices", "office");
    check_error("terms/x.yaml", "list: x\nhead: intent\nlabel: complaints\nterms: [a]\n", "3:8",
                "complaints", "\"complaint\"");
    check_error("terms/x.yaml", "list: x\nhead: topic\nterms: [{term: a, weihgt: 1}]\n", "3:19",
                "weihgt", "\"weight\"");
    check_error("terms/x.yaml", "list: x\nhead: topic\nterms: [a, \"*\"]\n", "3:12", "star", "");
    check_error("terms/x.yaml", "list: complaint\nhead: topic\nterms: [a]\n", "1:7", "second list",
                "");
}

static void test_errors_in_rules(void **state)
{
    (void)state;
#define LAST                                                                                       \
    "  - {rule: z, why: w, then: {category: o, priority: low, clock: none, needs_answer: yes}}\n"
#define RULE(when)                                                                                 \
    "rules:\n  - rule: a\n    why: w\n    when: " when "\n    then: {category: c}\n" LAST
    const char *f = "rules.yaml";
    check_error(f, RULE("{intnet: complaint}"), "4:12", "unknown key \"intnet\"", "\"intent\"");
    check_error(f, RULE("{intent: complain}"), "4:20", "found \"complain\"", "\"complaint\"");
    check_error(f, RULE("{intent: {is: spam, score_at_least: 2}}"), "4:47", "from 0 to 1", "");
    check_error(f, RULE("{rating: 2}"), "4:20", "at_least or at_most", "");
    check_error(f, RULE("{rating: {at_least: 3, at_most: 2}}"), "4:20", "more than", "");
    check_error(f, RULE("{text_has: complains}"), "4:22", "complains", "\"complaint\"");
    check_error(f, RULE("{private: maybe}"), "4:21", "yes or no", "");
    check_error(f, RULE("{}"), "4:11", "leave `when` out", "");
    check_error(f, RULE("{any: []}"), "4:17", "expected conditions", "");
    check_error(f, RULE("{risk: []}"), "4:18", "a word or a list", "");
    check_error(
        f, RULE("{any: {any: {any: {any: {any: {any: {any: {any: {any: {is_own: yes}}}}}}}}}}"),
        "4:65", "nested deeper than 8", "");
    check_error(f, "rules:\n  - {rule: z, why: w, then: {category: o, clock: nnoe}}\n", "2:50",
                "nnoe", "\"none\"");
    check_error(f, "rules:\n" LAST LAST, "3:12", "second rule", "");
    check_error(f, "rules:\n  - {rule: z, why: w, then: {category: o}}\n", "2:5",
                "the last rule must", "");
    check_error(f, "rules:\n  - {rule: z, why: w, r: R16, then: {category: o}}\n", "2:26",
                "R1 to R15", "");
    check_error(f, "rules:\n  - {rule: z, then: {category: o}}\n", "2:5", "\"why\" is missing", "");
}

static void test_missing_file(void **state)
{
    (void)state;
    apl_policy *p = NULL;
    apl_err err = {0};
    assert_int_equal(apl_policy_load(NULL, 0, NULL, &p, &err), APL_E_NOT_FOUND);
    assert_string_equal(err.where, "workspace.yaml");
}

static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint32_t dice(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

/* One slip of the hand in len bytes; returns the new length. */
static size_t slip(char *text, size_t len)
{
    static const char keys[] = "abcxyz019 :-,[]{}\"'#*&!|>?\n\t%@`\xC3\xFF";
    size_t at = dice((uint32_t)len);
    switch (dice(4)) {
    case 0:
        memmove(text + at, text + at + 1, len - at - 1);
        return len - 1;
    case 1:
        memmove(text + at + 1, text + at, len - at);
        text[at] = keys[dice(sizeof keys - 1)];
        return len + 1;
    case 2:
        text[at] = keys[dice(sizeof keys - 1)];
        return len;
    default:
        return at ? at : 1; /* cut off */
    }
}

/* where = "file:line:column" of a file that exists. */
static bool is_place(const char *where)
{
    apl_span s = apl_span_of(where);
    size_t colons = 0;
    for (size_t i = 0; i < s.len; i++)
        colons += s.ptr[i] == ':';
    return colons == 2 && s.ptr[s.len - 1] >= '0' && s.ptr[s.len - 1] <= '9';
}

static void test_typos_anywhere_have_a_place(void **state)
{
    (void)state;
    apl_policy_file files[POLICY_HELP_FILES_MAX];
    size_t count = policy_help_files(files);
    const char *rounds_text = getenv("APLOMB_FUZZ_ROUNDS");
    long rounds = rounds_text ? strtol(rounds_text, NULL, 10) : 600;
    int errors = 0;
    for (long i = 0; i < rounds; i++) {
        apl_policy_file broken[POLICY_HELP_FILES_MAX];
        memcpy(broken, files, sizeof files);
        /* Settings oftener than term lists: they have more to break. */
        apl_policy_file *f = &broken[dice((uint32_t)count)];
        if (strncmp(f->name, "terms/", 6) == 0 && dice(2))
            continue;
        char *text = malloc(f->bytes.len + 8);
        memcpy(text, f->bytes.ptr, f->bytes.len);
        size_t len = f->bytes.len;
        for (uint32_t slips = 1 + dice(3); slips && len > 2; slips--)
            len = slip(text, len);
        f->bytes = (apl_span){text, len};
        apl_policy *p = NULL;
        apl_err err = {0};
        apl_rc rc = apl_policy_load(broken, count, NULL, &p, &err);
        if (rc) {
            errors++;
            assert_null(p);
            if (!is_place(err.where) || !err.what[0])
                fail_msg("no place: \"%s\" \"%s\"", err.where, err.what);
        }
        apl_policy_free(p);
        free(text);
    }
    assert_true(errors > rounds / 10);
}

static void test_memory_may_run_out_anywhere(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth += nth < 50 ? 1 : 37) {
        apl_policy *p = NULL;
        apl_err err = {0};
        (void)apl_mem_fail_at(nth, 1);
        apl_rc rc = policy_help_load(&p, &err);
        size_t used = apl_mem_fail_at(0, 0);
        if (!rc) {
            assert_true(used < nth);
            apl_policy_free(p);
            return;
        }
        assert_int_equal(rc, APL_E_NOMEM);
        assert_null(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_R5_shipped_clocks),
        cmocka_unit_test(test_shipped_shape),
        cmocka_unit_test(test_workspace_and_calendars),
        cmocka_unit_test(test_errors_name_place_and_fix),
        cmocka_unit_test(test_errors_in_rules),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_typos_anywhere_have_a_place),
        cmocka_unit_test(test_memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
