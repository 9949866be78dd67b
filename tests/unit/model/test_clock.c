/* SPDX-License-Identifier: Apache-2.0 */
/* Due times and their sentences. R5: 30 minutes in business hours, 60 otherwise, never past the local day. */
#include "model_test.h"

#include "model/clock.h"

static const apl_clock_rule r5 = {
    .kind = APL_CLOCK_FIRST_RESPONSE,
    .measure = APL_CLOCK_WALL,
    .limit_open_us = 30 * APL_US_PER_MINUTE,
    .limit_closed_us = 60 * APL_US_PER_MINUTE,
    .cap_end_of_day = true,
    .warn_permille = 250,
};

static apl_clock_rule business_rule(int minutes)
{
    return (apl_clock_rule){
        .kind = APL_CLOCK_RESOLUTION,
        .measure = APL_CLOCK_BUSINESS,
        .limit_open_us = minutes * APL_US_PER_MINUTE,
        .limit_closed_us = minutes * APL_US_PER_MINUTE,
        .warn_permille = 500,
    };
}

typedef struct fixture {
    apl_zone zone;
    apl_calendar calendar;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f.zone = zone_load("Europe/Berlin");
    nine_to_five(&f.calendar, &f.zone);
    holiday_add(&f.calendar, "2026-12-25", "Weihnachten");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    apl_calendar_release(&f->calendar);
    apl_zone_release(&f->zone);
    return 0;
}

#define DASH "\xe2\x80\x93"
#define HOURS "(Mon" DASH "Fri 09:00" DASH "17:00, Europe/Berlin): "

static void check_sentence(const apl_clock_reason *reason, const char *expected)
{
    APL_AUTO(apl_buf) text = APL_BUF(1000);
    assert_int_equal(apl_clock_reason_format(reason, &text, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&text), expected);
}

static void a_clock_names_its_rule(void **state)
{
    fixture *f = *state;
    apl_clock_rule rule = r5;
    apl_clock_reason reason;
    rule.method = "R5";
    (void)apl_clock_due(&rule, &f->calendar, local_time(&f->zone, "2026-11-20 16:45"), NULL,
                        &reason);
    APL_AUTO(apl_buf) buf = APL_BUF(500);
    assert_int_equal(apl_clock_reason_format(&reason, &buf, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), "Posted Fri 16:45, in business hours " HOURS
                                           "30 minutes, so due 17:15 (R5).");
}

static void r5_examples(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *posted, *due, *warn, *why;
    } cases[] = {
        {"2026-11-20 16:45", "2026-11-20 17:15", "2026-11-20 17:07:30",
         "Posted Fri 16:45, in business hours " HOURS "30 minutes, so due 17:15."},
        {"2026-11-20 17:05", "2026-11-20 18:05", "2026-11-20 17:50",
         "Posted Fri 17:05, outside business hours " HOURS "1 hour, so due 18:05."},
        {"2026-11-20 23:40", "2026-11-20 23:59:59", "2026-11-20 23:44:59",
         "Posted Fri 23:40, outside business hours " HOURS
         "1 hour, but no later than the end of the day, so due 23:59:59."},
        {"2026-11-20 23:59:59", "2026-11-20 23:59:59", "2026-11-20 23:59:59",
         "Posted Fri 23:59, outside business hours " HOURS
         "1 hour, but no later than the end of the day, so due 23:59:59."},
        {"2026-12-25 10:00", "2026-12-25 11:00", "2026-12-25 10:45",
         "Posted Fri 10:00, on a holiday (Weihnachten; Mon" DASH "Fri 09:00" DASH
         "17:00, Europe/Berlin): 1 hour, so due 11:00."},
        /* the hour that comes twice: an hour is an hour */
        {"2026-10-25 02:30", "2026-10-25 02:30+", "2026-10-25 02:15+",
         "Posted Sun 02:30, outside business hours " HOURS "1 hour, so due 02:30."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_clock_reason reason;
        apl_time_us second_time = strchr(cases[i].due, '+') ? APL_US_PER_HOUR : 0;
        apl_time_us due =
            apl_clock_due(&r5, &f->calendar, local_time(&f->zone, cases[i].posted), NULL, &reason);
        assert_time_equal(due, local_time(&f->zone, cases[i].due) + second_time, cases[i].posted);
        assert_time_equal(apl_clock_warn_at(&reason),
                          local_time(&f->zone, cases[i].warn) + second_time, cases[i].posted);
        assert_int_equal(due, reason.due_us);
        check_sentence(&reason, cases[i].why);
    }
}

static void business_examples(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *posted;
        int minutes;
        const char *due, *why;
    } cases[] = {
        {"2026-11-20 16:45", 30, "2026-11-23 09:15",
         "Posted Fri 16:45, in business hours " HOURS "30 business minutes, so due Mon 09:15."},
        {"2026-11-20 16:30", 60, "2026-11-23 09:30",
         "Posted Fri 16:30, in business hours " HOURS "1 business hour, so due Mon 09:30."},
        {"2026-12-24 16:30", 60, "2026-12-28 09:30", /* over the holiday and the weekend */
         "Posted Thu 16:30, in business hours " HOURS "1 business hour, so due Mon 09:30."},
        {"2026-11-21 10:00", 3000, "2026-12-01 11:00",
         "Posted Sat 10:00, outside business hours " HOURS
         "50 business hours, so due Tue 1 Dec 2026 11:00."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_clock_rule rule = business_rule(cases[i].minutes);
        apl_clock_reason reason;
        apl_time_us due = apl_clock_due(&rule, &f->calendar, local_time(&f->zone, cases[i].posted),
                                        NULL, &reason);
        assert_time_equal(due, local_time(&f->zone, cases[i].due), cases[i].posted);
        check_sentence(&reason, cases[i].why);
    }
    /* Half of the business hour is left on Friday at closing time. */
    apl_clock_rule rule = business_rule(60);
    apl_clock_reason reason;
    (void)apl_clock_due(&rule, &f->calendar, local_time(&f->zone, "2026-11-20 16:30"), NULL,
                        &reason);
    assert_time_equal(apl_clock_warn_at(&reason), local_time(&f->zone, "2026-11-20 17:00"), "warn");
}

static void pauses_move_the_due_time(void **state)
{
    fixture *f = *state;
    apl_clock_reason reason;
    /* Wall: by their length; the cap is that of the day on which the clock goes on. */
    apl_clock_pauses day = {.wall_us = 24 * APL_US_PER_HOUR,
                            .resumed_us = local_time(&f->zone, "2026-11-21 23:50")};
    apl_time_us due =
        apl_clock_due(&r5, &f->calendar, local_time(&f->zone, "2026-11-20 23:40"), &day, &reason);
    assert_time_equal(due, local_time(&f->zone, "2026-11-21 23:59:59"), "paused for a day");
    assert_true(reason.is_capped);
    apl_clock_pauses over_midnight = {.wall_us = 40 * APL_US_PER_MINUTE,
                                      .resumed_us = local_time(&f->zone, "2026-11-21 00:30")};
    due = apl_clock_due(&r5, &f->calendar, local_time(&f->zone, "2026-11-20 23:40"), &over_midnight,
                        &reason);
    assert_time_equal(due, local_time(&f->zone, "2026-11-21 01:20"), "paused over midnight");
    check_sentence(&reason, "Posted Fri 23:40, outside business hours " HOURS
                            "1 hour, plus 40 minutes paused, so due Sat 01:20.");
    /* Business: by their business time. Paused Fri 16:45 – Mon 08:00 with 15 of 30 minutes left. */
    apl_clock_rule rule = business_rule(30);
    apl_time_us since = local_time(&f->zone, "2026-11-20 16:45");
    apl_time_us until = local_time(&f->zone, "2026-11-23 08:00");
    apl_clock_pauses weekend = {.wall_us = until - since,
                                .business_us = apl_calendar_business_us(&f->calendar, since, until),
                                .resumed_us = until};
    due = apl_clock_due(&rule, &f->calendar, local_time(&f->zone, "2026-11-20 16:30"), &weekend,
                        NULL);
    assert_time_equal(due, local_time(&f->zone, "2026-11-23 09:15"), "business pause");
}

static void odd_days(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *posted, *due;
    } cases[] = {
        {"Pacific/Apia", "2011-12-29 23:40", "2011-12-29 23:59:59"}, /* the day after never was */
        {"Asia/Kathmandu", "2026-11-20 23:40", "2026-11-20 23:59:59"},
        {"America/Sao_Paulo", "2018-11-03 23:40",
         "2018-11-03 23:59:59"}, /* the next day starts at 01:00 */
        {"Australia/Lord_Howe", "2026-04-05 23:40", "2026-04-05 23:59:59"},
        {"UTC", "2028-02-29 23:40", "2028-02-29 23:59:59"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_zone zone = zone_load(cases[i].zone);
        apl_calendar calendar;
        nine_to_five(&calendar, &zone);
        assert_time_equal(
            apl_clock_due(&r5, &calendar, local_time(&zone, cases[i].posted), NULL, NULL),
            local_time(&zone, cases[i].due), cases[i].zone);
        apl_calendar_release(&calendar);
        apl_zone_release(&zone);
    }
    /* Posted within the last second of the day: due at once, never before it was posted. */
    apl_zone utc = zone_load("UTC");
    apl_calendar hours;
    nine_to_five(&hours, &utc);
    apl_time_us posted = utc_time("2026-11-20 23:59:59") + APL_US_PER_SECOND / 2;
    assert_time_equal(apl_clock_due(&r5, &hours, posted, NULL, NULL), posted, "last second");
    apl_calendar_release(&hours);
    apl_zone_release(&utc);
    /* St John's, 2006-10-29: at 00:01 the clocks went back to 23:01 of the 28th. Posted before that, at 23:40, an hour
     * later is still the 28th; posted in the second 23:40, the day ends for good 20 minutes later. */
    apl_zone zone = zone_load("America/St_Johns");
    apl_calendar calendar;
    nine_to_five(&calendar, &zone);
    apl_time_us first = local_time(&zone, "2006-10-28 23:40");
    assert_time_equal(apl_clock_due(&r5, &calendar, first, NULL, NULL), first + APL_US_PER_HOUR,
                      "first");
    apl_time_us second = first + APL_US_PER_HOUR;
    assert_time_equal(apl_clock_due(&r5, &calendar, second, NULL, NULL),
                      second + 20 * APL_US_PER_MINUTE - APL_US_PER_SECOND, "second");
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void rules_are_checked(void **state)
{
    fixture *f = *state;
    apl_err err;
    assert_int_equal(apl_clock_rule_check(&r5, &err), APL_OK);
    const struct {
        apl_clock_rule rule;
        const char *where;
    } cases[] = {
        {{.kind = (apl_clock_kind)9, .limit_open_us = 1, .limit_closed_us = 1}, "kind"},
        {{.measure = (apl_clock_measure)9, .limit_open_us = 1, .limit_closed_us = 1}, "measure"},
        {{.limit_open_us = 0, .limit_closed_us = 1}, "limit_open"},
        {{.limit_open_us = 1, .limit_closed_us = -1}, "limit_closed"},
        {{.limit_open_us = INT64_MAX, .limit_closed_us = 1}, "limit_open"},
        {{.measure = APL_CLOCK_BUSINESS,
          .limit_open_us = 1,
          .limit_closed_us = 1,
          .cap_end_of_day = true},
         "cap_end_of_day"},
        {{.limit_open_us = 1, .limit_closed_us = 1, .pause_states = 1U << APL_CASE_STATE_COUNT},
         "pause_states"},
        {{.limit_open_us = 1, .limit_closed_us = 1, .warn_before_us = -1}, "warn_before"},
        {{.limit_open_us = 1, .limit_closed_us = 1, .warn_permille = 1001}, "warn_permille"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(apl_clock_rule_check(&cases[i].rule, &err), APL_E_INVALID);
        assert_string_equal(err.where, cases[i].where);
    }
    apl_calendar never;
    apl_calendar_init(&never, &f->zone);
    apl_clock_rule rule = business_rule(30);
    apl_clock_reason reason;
    assert_time_equal(apl_clock_due(&rule, &never, 0, NULL, &reason), APL_TIME_NONE, "never open");
    assert_time_equal(apl_clock_warn_at(&reason), APL_TIME_NONE, "never open");
    check_sentence(&reason, "Posted Thu 01:00, outside business hours (never open, Europe/Berlin): "
                            "30 business minutes, which never comes: the calendar does not open.");
    apl_calendar_release(&never);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0 seconds"},
        {1, "1 second"},
        {59, "59 seconds"},
        {60, "1 minute"},
        {1800, "30 minutes"},
        {3600, "1 hour"},
        {5400, "1 hour 30 minutes"},
        {86400 * 2, "2 days"},
        {90060, "1 day 1 hour 1 minute"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        APL_AUTO(apl_buf) text = APL_BUF(100);
        assert_int_equal(
            apl_clock_duration_format(cases[i].seconds * APL_US_PER_SECOND, &text, NULL), 0);
        assert_string_equal(apl_buf_str(&text), cases[i].text);
    }
    for (unsigned i = 0; i < APL_CLOCK_KIND_COUNT; i++) {
        apl_clock_kind kind;
        assert_int_equal(
            apl_clock_kind_parse(apl_span_of(apl_clock_kind_name((apl_clock_kind)i)), &kind, NULL),
            0);
        assert_int_equal(kind, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clock_names_its_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(r5_examples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(business_examples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_move_the_due_time, set_up, tear_down),
        cmocka_unit_test(odd_days),
        cmocka_unit_test_setup_teardown(rules_are_checked, set_up, tear_down),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
