/* SPDX-License-Identifier: Apache-2.0 */
/* Business time: shifts of every kind, holidays, changes of the clocks. 2026-11-20 is a Friday. */
#include "model_test.h"

static void shift_words(void **state)
{
    (void)state;
    apl_shift shift;
    assert_int_equal(apl_shift_parse(APL_SPAN("09:00-17:00"), &shift, NULL), APL_OK);
    assert_int_equal(shift.start_min, 540);
    assert_int_equal(shift.end_min, 1020);
    assert_int_equal(apl_shift_parse(APL_SPAN(" 9:30 \xe2\x80\x93 17:00"), &shift, NULL), APL_OK);
    assert_int_equal(shift.start_min, 570);
    assert_int_equal(apl_shift_parse(APL_SPAN("22:00-06:00"), &shift, NULL), APL_OK);
    assert_int_equal(shift.end_min, 1440 + 360);
    assert_int_equal(apl_shift_parse(APL_SPAN("00:00-24:00"), &shift, NULL), APL_OK);
    assert_int_equal(shift.end_min, 1440);
    static const char *const bad[] = {"",
                                      "-",
                                      "09:00",
                                      "09:00-",
                                      "9-17",
                                      "09:00-09:00",
                                      "24:00-25:00",
                                      "09:60-10:00",
                                      "-9:00-10:00",
                                      "24:00-02:00",
                                      "09:00-17:00x",
                                      "09:00-24:01",
                                      "009:00-10:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (apl_shift_parse(apl_span_of(bad[i]), &shift, NULL) != APL_E_INVALID)
            fail_msg("taken: %s", bad[i]);
}

static void overlaps_are_refused(void **state)
{
    (void)state;
    apl_zone zone = zone_load("UTC");
    apl_calendar calendar;
    apl_err err;
    apl_calendar_init(&calendar, &zone);
    shifts_add(&calendar, 6, 6,
               "22:00-06:00"); /* Saturday into Sunday, round the end of the week */
    shifts_add(&calendar, 0, 0, "06:00-12:00"); /* touches */
    assert_int_equal(apl_calendar_shift_add(&calendar, 0, (apl_shift){300, 330}, &err),
                     APL_E_INVALID);
    assert_non_null(strstr(err.what, "Sun"));
    assert_int_equal(apl_calendar_shift_add(&calendar, 6, (apl_shift){1430, 1440}, &err),
                     APL_E_INVALID);
    assert_int_equal(apl_calendar_shift_add(&calendar, 6, (apl_shift){1000, 2000}, &err),
                     APL_E_INVALID);
    assert_int_equal(apl_calendar_shift_add(&calendar, 7, (apl_shift){0, 1}, &err), APL_E_INVALID);
    assert_int_equal(apl_calendar_shift_add(&calendar, 1, (apl_shift){10, 10}, &err),
                     APL_E_INVALID);
    assert_int_equal(apl_calendar_shift_add(&calendar, 1, (apl_shift){10, 1451}, &err),
                     APL_E_INVALID);
    for (int i = 0; i < APL_CALENDAR_SHIFTS_PER_DAY; i++)
        assert_int_equal(
            apl_calendar_shift_add(&calendar, 3, (apl_shift){i * 10, i * 10 + 5}, NULL), 0);
    assert_int_equal(apl_calendar_shift_add(&calendar, 3, (apl_shift){200, 205}, &err),
                     APL_E_LIMIT);
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void business_minutes_of_the_issue(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int minutes;
        const char *due;
    } cases[] = {
        {"2026-11-20 16:45", 30, "2026-11-23 09:15"}, /* Fri 16:45 + 30 min -> Mon 9:15 */
        {"2026-11-20 16:30", 60, "2026-11-23 09:30"}, /* Fri 16:30 + 1 h -> Mon 9:30 */
        {"2026-11-20 16:30", 30, "2026-11-20 17:00"}, /* up to closing time, not the next morning */
        {"2026-11-20 17:00", 1, "2026-11-23 09:01"},
        {"2026-11-21 12:00", 480, "2026-11-23 17:00"},
        {"2026-11-20 08:00", 480 * 5 + 1, "2026-11-27 09:01"},
        {"2026-11-21 12:00", 0, "2026-11-21 12:00"},
    };
    apl_zone zone = zone_load("Europe/Berlin");
    apl_calendar calendar;
    nine_to_five(&calendar, &zone);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_time_us from = local_time(&zone, cases[i].from);
        apl_time_us due =
            apl_calendar_add_business(&calendar, from, cases[i].minutes * APL_US_PER_MINUTE);
        assert_time_equal(due, local_time(&zone, cases[i].due), cases[i].from);
        assert_int_equal(apl_calendar_business_us(&calendar, from, due),
                         cases[i].minutes * APL_US_PER_MINUTE);
    }
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void opening(void **state)
{
    (void)state;
    apl_zone zone = zone_load("Asia/Kathmandu"); /* +05:45 */
    apl_calendar calendar;
    apl_calendar_init(&calendar, &zone);
    shifts_add(&calendar, 1, 5, "08:00-12:00");
    shifts_add(&calendar, 1, 5, "13:30-17:00");
    static const struct {
        const char *at;
        bool is_open;
        const char *next;
    } cases[] = {
        {"2026-11-20 07:59:59", false, "2026-11-20 08:00"},
        {"2026-11-20 08:00", true, "2026-11-20 08:00"},
        {"2026-11-20 11:59:59", true, "2026-11-20 11:59:59"},
        {"2026-11-20 12:00", false, "2026-11-20 13:30"},
        {"2026-11-20 17:00", false, "2026-11-23 08:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_time_us at = local_time(&zone, cases[i].at);
        assert_int_equal(apl_calendar_is_open_at(&calendar, at), cases[i].is_open);
        assert_time_equal(apl_calendar_next_open(&calendar, at), local_time(&zone, cases[i].next),
                          cases[i].at);
    }
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

/* Open from `from` to `to` in that zone with that one shift on all days: real minutes. */
static void check_minutes(const char *zone_name, const char *shift, const char *from,
                          const char *to, int minutes)
{
    apl_zone zone = zone_load(zone_name);
    apl_calendar calendar;
    apl_calendar_init(&calendar, &zone);
    shifts_add(&calendar, 0, 6, shift);
    int64_t got =
        apl_calendar_business_us(&calendar, local_time(&zone, from), local_time(&zone, to));
    if (got != minutes * APL_US_PER_MINUTE)
        fail_msg("%s %s from %s: %lld minutes, not %d", zone_name, shift, from,
                 (long long)(got / APL_US_PER_MINUTE), minutes);
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void clock_changes(void **state)
{
    (void)state;
    const char *berlin = "Europe/Berlin";
    check_minutes(berlin, "22:00-06:00", "2026-11-20 12:00", "2026-11-21 12:00", 480);
    check_minutes(berlin, "22:00-06:00", "2026-03-28 12:00", "2026-03-29 12:00",
                  420); /* night of the gap */
    check_minutes(berlin, "22:00-06:00", "2026-10-24 12:00", "2026-10-25 12:00", 540);
    check_minutes(berlin, "00:00-24:00", "2026-03-29", "2026-03-30", 23 * 60);
    check_minutes(berlin, "00:00-24:00", "2026-10-25", "2026-10-26", 25 * 60);
    check_minutes(berlin, "02:30-04:00", "2026-03-29", "2026-03-30",
                  60); /* starts in the gap: at 03:00 */
    check_minutes(berlin, "01:00-02:30", "2026-03-29", "2026-03-30",
                  60); /* ends in the gap: at 02:00 = 03:00 */
    check_minutes(berlin, "02:10-02:50", "2026-03-29", "2026-03-30", 0); /* wholly in the gap */
    check_minutes(berlin, "02:10-02:50", "2026-10-25", "2026-10-26",
                  40); /* happens once, the first time */
    check_minutes(berlin, "02:30-03:30", "2026-10-25", "2026-10-26", 120);
    check_minutes("Australia/Lord_Howe", "00:00-24:00", "2026-04-05", "2026-04-06", 24 * 60 + 30);
    check_minutes("Australia/Lord_Howe", "01:00-03:00", "2026-10-04", "2026-10-05", 90);
    check_minutes("Pacific/Apia", "09:00-17:00", "2011-12-29", "2012-01-01",
                  2 * 480); /* no 30 December */
    /* The night shift of the 29th ends when the clock jumps past its end, at midnight. */
    check_minutes("Pacific/Apia", "22:00-06:00", "2011-12-29 12:00", "2011-12-31 12:00", 120);
    check_minutes("UTC", "09:00-17:00", "2028-02-28", "2028-03-02", 3 * 480); /* leap day */
    check_minutes("UTC", "09:00-17:00", "2027-02-28", "2027-03-02", 2 * 480);
}

static void holidays_close(void **state)
{
    (void)state;
    apl_zone zone = zone_load("Europe/Berlin");
    apl_calendar calendar;
    apl_calendar_init(&calendar, &zone);
    shifts_add(&calendar, 0, 6, "22:00-06:00");
    holiday_add(&calendar, "2026-12-25", "Christmas\nDay");
    holiday_add(&calendar, "2026-12-25", "Another");
    holiday_add(&calendar, "2026-12-25", "Another");
    assert_int_equal(calendar.holiday_count, 2);
    const apl_holiday *holiday = apl_calendar_holiday_on(&calendar, day_of_text("2026-12-25"));
    assert_non_null(holiday);
    assert_string_equal(holiday->name, "Another"); /* by name, not by order of arrival */
    assert_string_equal(holiday[1].name, "Christmas Day");
    assert_null(apl_calendar_holiday_on(&calendar, day_of_text("2026-12-24")));
    /* The shift of the 24th ends on the holiday; that of the 25th does not start. */
    assert_true(apl_calendar_is_open_at(&calendar, local_time(&zone, "2026-12-25 05:59")));
    assert_false(apl_calendar_is_open_at(&calendar, local_time(&zone, "2026-12-25 22:30")));
    assert_false(apl_calendar_is_open_at(&calendar, local_time(&zone, "2026-12-26 03:00")));
    assert_true(apl_calendar_is_open_at(&calendar, local_time(&zone, "2026-12-26 22:00")));
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void never_open(void **state)
{
    (void)state;
    apl_zone zone = zone_load("UTC");
    apl_calendar calendar;
    apl_calendar_init(&calendar, &zone);
    assert_true(apl_calendar_is_never_open(&calendar));
    assert_false(apl_calendar_is_open_at(&calendar, 0));
    assert_int_equal(apl_calendar_next_open(&calendar, 0), APL_TIME_NONE);
    assert_int_equal(apl_calendar_add_business(&calendar, 0, 1), APL_TIME_NONE);
    assert_int_equal(apl_calendar_business_us(&calendar, 0, APL_TIME_MAX_US), 0);
    shifts_add(&calendar, 1, 1, "09:00-10:00");
    assert_int_equal(apl_calendar_business_us(&calendar, 1000, 1000), 0);
    assert_int_equal(apl_calendar_business_us(&calendar, 1000, 10), 0);
    assert_int_equal(apl_calendar_add_business(&calendar, 0, INT64_MAX / 2), APL_TIME_NONE);
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
}

static void hours_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *shifts[4];
        int days[4][2];
        const char *text;
    } cases[] = {
        {{"09:00-17:00"},
         {{1, 5}},
         "Mon\xe2\x80\x93"
         "Fri 09:00\xe2\x80\x93"
         "17:00"},
        {{"00:00-24:00"}, {{0, 6}}, "always open"},
        {{NULL}, {{0, 0}}, "never open"},
        {{"22:00-06:00"},
         {{0, 6}},
         "Mon\xe2\x80\x93Sun 22:00\xe2\x80\x93"
         "06:00"},
        {{"08:00-12:00", "13:00-17:00", "08:00-13:00"},
         {{1, 4}, {1, 4}, {5, 6}},
         "Mon\xe2\x80\x93Thu 08:00\xe2\x80\x93"
         "12:00 and 13:00\xe2\x80\x93"
         "17:00, Fri, Sat 08:00\xe2\x80\x93"
         "13:00"},
    };
    apl_zone zone = zone_load("UTC");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_calendar calendar;
        apl_calendar_init(&calendar, &zone);
        for (size_t k = 0; k < 4 && cases[i].shifts[k]; k++)
            shifts_add(&calendar, cases[i].days[k][0], cases[i].days[k][1], cases[i].shifts[k]);
        APL_AUTO(apl_buf) text = APL_BUF(1000);
        assert_int_equal(apl_calendar_hours_format(&calendar, &text, NULL), APL_OK);
        assert_string_equal(apl_buf_str(&text), cases[i].text);
        apl_calendar_release(&calendar);
    }
    apl_zone_release(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shift_words),
        cmocka_unit_test(overlaps_are_refused),
        cmocka_unit_test(business_minutes_of_the_issue),
        cmocka_unit_test(opening),
        cmocka_unit_test(clock_changes),
        cmocka_unit_test(holidays_close),
        cmocka_unit_test(never_open),
        cmocka_unit_test(hours_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
