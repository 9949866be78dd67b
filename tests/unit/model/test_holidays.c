/* SPDX-License-Identifier: Apache-2.0 */
/* Holidays out of iCalendar files: what people export, and what a stranger may send. */
#include "model_test.h"

#include <stdlib.h>

typedef struct fixture {
    apl_zone zone;
    apl_calendar calendar;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f.zone = zone_load("Europe/Berlin");
    nine_to_five(&f.calendar, &f.zone);
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

/* The events between the lines every file has; the first of them is line 3. */
static apl_rc load(fixture *f, const char *events, apl_err *err)
{
    static char file[100000];
    snprintf(file, sizeof file, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n", events);
    return apl_calendar_holidays_load(&f->calendar, apl_span_of(file), "days.ics", err);
}

static void expect_days(fixture *f, const char *const *days)
{
    size_t count = 0;
    for (; days[count]; count++) {
        if (!apl_calendar_holiday_on(&f->calendar, day_of_text(days[count])))
            fail_msg("%s is no holiday", days[count]);
    }
    assert_int_equal(f->calendar.holiday_count, count);
}

static void single_events(void **state)
{
    static const struct {
        const char *event;
        const char *days[6];
    } cases[] = {
        {"DTSTART;VALUE=DATE:20261225\r\n", {"2026-12-25"}},
        {"DTSTART:20261225\n", {"2026-12-25"}},
        {"DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n",
         {"2026-12-25", "2026-12-26"}},
        {"DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225\r\n", {"2026-12-25"}},
        {"DTSTART;VALUE=DATE:20261231\r\nDURATION:P2D\r\n", {"2026-12-31", "2027-01-01"}},
        {"DTSTART;VALUE=DATE:20280229\r\n", {"2028-02-29"}},
        /* timed: every local date that it touches */
        {"DTSTART:20261224T140000\r\nDTEND:20261224T180000\r\n", {"2026-12-24"}},
        {"DTSTART:20261224T140000\r\nDTEND:20261225T000000\r\n", {"2026-12-24"}},
        {"DTSTART:20261224T140000\r\nDTEND:20261225T000001\r\n", {"2026-12-24", "2026-12-25"}},
        {"DTSTART:20261224T233000Z\r\nDURATION:PT30M\r\n", {"2026-12-25"}}, /* 00:30 in Berlin */
        {"DTSTART;TZID=Europe/Berlin:20261224T140000\r\n", {"2026-12-24"}},
        {"DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED\r\n", {NULL}},
        /* an alarm's times are not the event's */
        {"DTSTART;VALUE=DATE:20261225\r\nBEGIN:VALARM\r\nDTSTART:nonsense\r\nEND:VALARM\r\n",
         {"2026-12-25"}},
        {"DTSTART;VALUE=DA\r\n TE:202612\r\n\t25\r\n", {"2026-12-25"}}, /* folded */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *own;
        set_up(&own);
        char events[1000];
        snprintf(events, sizeof events, "BEGIN:VEVENT\r\n%sEND:VEVENT\r\n", cases[i].event);
        apl_err err;
        if (load(own, events, &err))
            fail_msg("%s: %s", cases[i].event, err.what);
        expect_days(own, cases[i].days);
        tear_down(&own);
    }
}

static void recurring_events(void **state)
{
    fixture *f = *state;
    apl_err err;
    apl_rc rc = load(
        f,
        "BEGIN:VEVENT\r\nUID:xmas\r\nDTSTART;VALUE=DATE:16041225\r\n"
        "RRULE:FREQ=YEARLY\r\nSUMMARY:First Christmas Day\\, closed\r\nEND:VEVENT\r\n"
        /* 4th Thursday of November */
        "BEGIN:VEVENT\r\nUID:thanks\r\nDTSTART;VALUE=DATE:20241128\r\n"
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\r\nSUMMARY:Thanksgiving\r\nEND:VEVENT\r\n",
        &err);
    if (rc)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(f->calendar.holiday_count, 130 + 3);
    assert_string_equal(apl_calendar_holiday_on(&f->calendar, day_of_text("2026-12-25"))->name,
                        "First Christmas Day, closed");
    assert_non_null(apl_calendar_holiday_on(&f->calendar, day_of_text("1970-12-25")));
    assert_non_null(apl_calendar_holiday_on(&f->calendar, day_of_text("2099-12-25")));
    static const char *const thursdays[] = {"2024-11-28", "2025-11-27", "2026-11-26"};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(apl_calendar_holiday_on(&f->calendar, day_of_text(thursdays[i]))->name,
                            "Thanksgiving");
    assert_null(apl_calendar_holiday_on(&f->calendar, day_of_text("2027-11-25")));
}

static void exceptions(void **state)
{
    fixture *f = *state;
    apl_err err;
    apl_rc rc = load(f,
                     /* the moved day comes before the series that it belongs to */
                     "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;VALUE=DATE:20260305\r\n"
                     "DTSTART;VALUE=DATE:20260306\r\nSUMMARY:moved\r\nEND:VEVENT\r\n"
                     "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20260301\r\nRRULE:FREQ=DAILY;"
                     "INTERVAL=2;COUNT=5\r\n"
                     "EXDATE;VALUE=DATE:20260303,20260307\r\nRDATE;VALUE=DATE:20260401\r\nRDATE:"
                     "20260402,20260403\r\n"
                     "END:VEVENT\r\n"
                     "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;VALUE=DATE:20260309\r\nDTSTART;VALUE="
                     "DATE:20260309\r\n"
                     "STATUS:CANCELLED\r\nEND:VEVENT\r\n",
                     &err);
    if (rc)
        fail_msg("%s: %s", err.where, err.what);
    expect_days(f, (const char *const[]){"2026-03-01", "2026-03-06", "2026-04-01", "2026-04-02",
                                         "2026-04-03", NULL});
}

static void utc_series_follow_the_zone(void **state)
{
    fixture *f = *state;
    /* 22:30 UTC is 23:30 in winter and 00:30 of the next day in summer. */
    assert_int_equal(load(f,
                          "BEGIN:VEVENT\r\nDTSTART:20260115T223000Z\r\nDTEND:20260115T224500Z\r\n"
                          "RRULE:FREQ=MONTHLY;INTERVAL=6;COUNT=2\r\nEND:VEVENT\r\n",
                          NULL),
                     APL_OK);
    expect_days(f, (const char *const[]){"2026-01-15", "2026-07-16", NULL});
}

static void errors_name_the_line(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *events;
        const char *where;
        apl_rc rc;
    } cases[] = {
        {"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261325\r\nEND:VEVENT\r\n", "days.ics:4",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:tomorrow\r\nEND:VEVENT\r\n", "days.ics:4", APL_E_INVALID},
        {"BEGIN:VEVENT\r\nSUMMARY:x\r\n y\r\nDTSTART:20260230\r\nEND:VEVENT\r\n", "days.ics:6",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "days.ics:3", APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nRRULE:FREQ=SOMETIMES\r\nEND:VEVENT\r\n", "days.ics:5",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n", "days.ics:5",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nRRULE:FREQ=DAILY;BYHOUR=1,2\r\nEND:VEVENT\r\n",
         "days.ics:5", APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nRRULE:FREQ=DAILY;INTERVAL=0\r\nEND:VEVENT\r\n",
         "days.ics:5", APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nDTEND:20261224\r\nEND:VEVENT\r\n", "days.ics:3",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nDTEND:20291224\r\nEND:VEVENT\r\n", "days.ics:3",
         APL_E_LIMIT},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nDURATION:P9999999W\r\nEND:VEVENT\r\n", "days.ics:5",
         APL_E_LIMIT},
        {"BEGIN:VEVENT\r\nDTSTART;TZID=Asia/Tokyo:20261225T100000\r\nEND:VEVENT\r\n", "days.ics:4",
         APL_E_INVALID},
        {"BEGIN:VEVENT\r\nDTSTART:20261225\r\nEND:VTODO\r\n", "days.ics:5", APL_E_INVALID},
        {"no colon here\r\n", "days.ics:3", APL_E_INVALID},
        {"BEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\n",
         "days.ics:10", APL_E_LIMIT},
        {"END:VCALENDAR\r\nX:y\r\n", "days.ics:4", APL_E_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_err err = {0};
        apl_rc rc = load(f, cases[i].events, &err);
        if (rc != cases[i].rc || strcmp(err.where, cases[i].where) != 0)
            fail_msg("%s: %s at \"%s\": %s", cases[i].events, apl_rc_name(rc), err.where, err.what);
        assert_int_equal(f->calendar.holiday_count, 0); /* nothing changed */
    }
}

static void whole_files(void **state)
{
    fixture *f = *state;
    apl_err err = {0};
    static const struct {
        const char *file;
        const char *where;
    } cases[] = {
        {"", "days.ics:1"},
        {"hello", "days.ics:1"},
        {"BEGIN:VCARD\n", "days.ics:1"},
        {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n", "days.ics:4"},
        {"BEGIN:VCALENDAR\nX:\xff\n", "days.ics:2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            apl_calendar_holidays_load(&f->calendar, apl_span_of(cases[i].file), "days.ics", &err),
            APL_E_INVALID);
        assert_string_equal(err.where, cases[i].where);
    }
    assert_int_equal(apl_calendar_holidays_load(&f->calendar, (apl_span){"BEGIN:VCALENDAR\n\0", 17},
                                                "days.ics", &err),
                     APL_E_INVALID);
    assert_string_equal(err.where, "days.ics:2");
    assert_int_equal(apl_calendar_holidays_load(&f->calendar,
                                                APL_SPAN("\xef\xbb\xbf"
                                                         "BEGIN:VCALENDAR\nEND:VCALENDAR"),
                                                "days.ics", &err),
                     APL_OK);
}

/* Rules that never fit, hardly ever, or every day for centuries, end within their budget. */
static void hostile_rules(void **state)
{
    fixture *f = *state;
    static const char *const never[] = {
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;UNTIL=20270101",
    };
    char events[300];
    apl_err err = {0};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        snprintf(events, sizeof events,
                 "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nRRULE:%s\nEND:VEVENT\n", never[i]);
        if (load(f, events, &err) != APL_E_INVALID)
            fail_msg("taken: %s", never[i]);
        assert_string_equal(err.where, "days.ics:3");
    }
    static const char *const many[] = {
        "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=3",
    };
    static char file[90000];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
        size_t at = 0;
        for (int k = 0; k < 500; k++)
            at += (size_t)snprintf(
                file + at, sizeof file - at,
                "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:%s\nEND:VEVENT\n", many[i]);
        assert_int_equal(load(f, file, &err), APL_E_LIMIT);
        assert_int_equal(f->calendar.holiday_count, 0);
    }
    /* what people have fits: 150 yearly days since 1604 */
    size_t at = 0;
    for (int k = 0; k < 150; k++)
        at += (size_t)snprintf(file + at, sizeof file - at,
                               "BEGIN:VEVENT\nDTSTART;VALUE=DATE:16040101\n"
                               "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEND:VEVENT\n");
    assert_int_equal(load(f, file, &err), APL_OK);
    assert_int_equal(f->calendar.holiday_count, 130);
}

static void until_is_the_last_day(void **state)
{
    fixture *f = *state;
    assert_int_equal(load(f,
                          "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\n"
                          "RRULE:FREQ=DAILY;UNTIL=20260103\nEND:VEVENT\n",
                          NULL),
                     APL_OK);
    expect_days(f, (const char *const[]){"2026-01-01", "2026-01-02", "2026-01-03", NULL});
}

static void random_damage(void **state)
{
    fixture *f = *state;
    static const char good[] =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20260301\r\n"
        "DTEND;VALUE=DATE:20260302\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1SU;UNTIL=20300101\r\n"
        "EXDATE;VALUE=DATE:20270307\r\nSUMMARY:A day\\, off\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    uint64_t seed = 42;
    for (int round = 0; round < 3000; round++) {
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        for (int i = 0; i < 3; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            bytes[(seed >> 33) % (sizeof good - 1)] = good[(seed >> 12) % (sizeof good - 1)];
        }
        (void)!apl_calendar_holidays_load(&f->calendar, (apl_span){bytes, sizeof good - 1}, "x",
                                          NULL);
    }
}

static void out_of_memory(void **state)
{
    fixture *f = *state;
    for (size_t n = 1;; n++) {
        apl_mem_fail_at(n, 0);
        apl_rc rc = load(
            f,
            "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
            "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20270301\nDTSTART;VALUE=DATE:20270302\n"
            "SUMMARY:x\nEND:VEVENT\n",
            NULL);
        apl_mem_fail_at(0, 0);
        if (!rc) {
            assert_true(n > 5);
            break;
        }
        assert_int_equal(f->calendar.holiday_count, 0);
    }
    assert_null(apl_calendar_holiday_on(&f->calendar, day_of_text("2027-03-01")));
    assert_non_null(apl_calendar_holiday_on(&f->calendar, day_of_text("2027-03-02")));
    assert_string_equal(apl_calendar_holiday_on(&f->calendar, day_of_text("2026-03-01"))->name,
                        "holiday");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_events),
        cmocka_unit_test_setup_teardown(recurring_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exceptions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(utc_series_follow_the_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_name_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whole_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(until_is_the_last_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(out_of_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
