/* SPDX-License-Identifier: Apache-2.0 */
/* base/time.h: every day of 1600 to 2400 by counting, timegm as a witness, and the forms of RFC 3339. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"

#include <string.h>
#include <time.h>

/* Counted day by day with the rule of the calendar, not with the formula under test. */
static void every_day(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -135140; /* 1600-01-01, a Saturday */
    int weekday = 6;
    for (int year = 1600; year <= 2400; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100);
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= lengths[month - 1] + (month == 2 && leap); day++) {
                int y, m, d;
                apl_civil_from_days(days, &y, &m, &d);
                if (y != year || m != month || d != day ||
                    apl_days_from_civil(year, month, day) != days ||
                    apl_weekday_from_days(days) != weekday)
                    fail_msg("%04d-%02d-%02d", year, month, day);
                days++;
                weekday = (weekday + 1) % 7;
            }
    }
    assert_int_equal(days, 157420); /* 2401-01-01 */
}

static void agrees_with_timegm(void **state)
{
    (void)state;
    for (int64_t seconds = -70000000000; seconds < 70000000000; seconds += 86399 * 13 + 7) {
        time_t t = (time_t)seconds;
        struct tm tm;
        apl_civil c;
        (void)gmtime_r(&t, &tm);
        apl_time_to_civil(seconds * APL_US_PER_SECOND + 17, &c);
        if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
            c.hour != tm.tm_hour || c.minute != tm.tm_min || c.second != tm.tm_sec ||
            c.micro != 17 || apl_time_from_civil(&c) != seconds * APL_US_PER_SECOND + 17 ||
            !apl_civil_is_valid(&c))
            fail_msg("second %lld", (long long)seconds);
    }
}

static void limits_are_what_they_say(void **state)
{
    (void)state;
    char text[APL_TIME_TEXT_BYTES];
    assert_string_equal(apl_time_format(APL_TIME_MIN_US, text), "1970-01-01T00:00:00Z");
    assert_string_equal(apl_time_format(APL_TIME_MAX_US, text), "2200-01-01T00:00:00Z");
    assert_string_equal(apl_time_format(-1, text), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(apl_time_format(1000000 * 59 + 1, text), "1970-01-01T00:00:59.000001Z");
    assert_string_equal(apl_time_format(INT64_MAX, text), "294247-01-10T04:00:54.775807Z");
    assert_string_equal(apl_time_format(INT64_MIN, text), "-290308-12-21T19:59:05.224192Z");
}

static void rejects_impossible_dates(void **state)
{
    (void)state;
    static const apl_civil bad[] = {
        {2023, 2, 29, 0, 0, 0, 0}, {1900, 2, 29, 0, 0, 0, 0}, {2024, 2, 30, 0, 0, 0, 0},
        {2024, 13, 1, 0, 0, 0, 0}, {2024, 0, 1, 0, 0, 0, 0},  {2024, 4, 31, 0, 0, 0, 0},
        {2024, 1, 0, 0, 0, 0, 0},  {2024, 1, 1, 24, 0, 0, 0}, {2024, 1, 1, 0, 60, 0, 0},
        {2024, 1, 1, 0, 0, 60, 0}, {2024, 1, 1, -1, 0, 0, 0}, {2024, 1, 1, 0, 0, 0, 1000000},
        {2024, 1, 1, 0, -1, 0, 0}, {2024, 1, 1, 0, 0, -1, 0}, {2024, 1, 1, 0, 0, 0, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(apl_civil_is_valid(&bad[i]));
    assert_true(apl_civil_is_valid(&(apl_civil){2000, 2, 29, 23, 59, 59, 999999}));
}

static void parses_rfc_3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *same; /* NULL: refused */
    } table[] = {
        {"2026-11-23T05:05:55Z", "2026-11-23T05:05:55Z"},
        {"2026-11-23t05:05:55z", "2026-11-23T05:05:55Z"},
        {"2026-11-23 05:05:55Z", "2026-11-23T05:05:55Z"},
        {"2026-11-23T05:05:55.1Z", "2026-11-23T05:05:55.100000Z"},
        {"2026-11-23T05:05:55.000001Z", "2026-11-23T05:05:55.000001Z"},
        {"2026-11-23T05:05:55.123456789012345678901234567890Z", "2026-11-23T05:05:55.123456Z"},
        {"2026-11-23T05:05:55.000000Z", "2026-11-23T05:05:55Z"},
        {"2026-11-23T05:05:55+02:00", "2026-11-23T03:05:55Z"},
        {"2026-11-23T05:05:55-00:00", "2026-11-23T05:05:55Z"},
        {"2026-12-31T23:30:00-00:45", "2027-01-01T00:15:00Z"},
        {"2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"2026-11-23T05:05:55", NULL},
        {"2026-11-23T05:05:55.5", NULL},
        {"2026-11-23", NULL},
        {"2026-11-23T05:05Z", NULL},
        {"2026-11-23T05:05:55.Z", NULL},
        {"2026-11-23T05:05:55,5Z", NULL},
        {"2026-11-23T05:05:60Z", NULL},
        {"2026-11-23T24:00:00Z", NULL},
        {"2026-02-29T00:00:00Z", NULL},
        {"2026-11-23T05:05:55+0200", NULL},
        {"2026-11-23T05:05:55+02", NULL},
        {"2026-11-23T05:05:55+24:00", NULL},
        {"2026-11-23T05:05:55+02:60", NULL},
        {"2026-11-23T05:05:55+02:00Z", NULL},
        {"2026-11-23T05:05:55Z ", NULL},
        {" 2026-11-23T05:05:55Z", NULL},
        {"26-11-23T05:05:55Z", NULL},
        {"+026-11-23T05:05:55Z", NULL},
        {"2026-1-23T05:05:55Z", NULL},
        {"2026/11/23T05:05:55Z", NULL},
        {"", NULL},
        {"yesterday", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        apl_time_us time = 4711;
        apl_err err = {0};
        char text[APL_TIME_TEXT_BYTES];
        /* Not terminated, and in a block of exactly that size. */
        APL_AUTO_MEM char *exact = apl_mem_dup(table[i].text, strlen(table[i].text));
        apl_rc rc = apl_time_parse((apl_span){exact, strlen(exact)}, &time, &err);
        if (table[i].same) {
            assert_int_equal(rc, APL_OK);
            assert_string_equal(apl_time_format(time, text), table[i].same);
        } else {
            assert_int_equal(rc, APL_E_INVALID);
            assert_int_equal(time, 4711);
            assert_true(strlen(err.fix) > 10);
        }
    }
    apl_time_us time;
    apl_err err;
    assert_int_equal(apl_time_parse(APL_SPAN("2026-11-23T05:05:55"), &time, &err), APL_E_INVALID);
    assert_non_null(strstr(err.what, "no time zone"));
    assert_int_equal(apl_time_parse(APL_SPAN("2026-11-23T05:05:55\0"), &time, &err), APL_E_INVALID);
}

static void stays_in_four_digit_years(void **state)
{
    (void)state;
    apl_time_us time = 4711;
    assert_int_equal(apl_time_parse(APL_SPAN("0000-01-01T00:00:00+00:01"), &time, NULL),
                     APL_E_INVALID);
    assert_int_equal(apl_time_parse(APL_SPAN("9999-12-31T23:59:59-00:01"), &time, NULL),
                     APL_E_INVALID);
    assert_int_equal(time, 4711);
}

static void text_comes_back(void **state)
{
    (void)state;
    for (apl_time_us time = 0; time < APL_TIME_MAX_US; time += 987654321987) {
        char text[APL_TIME_TEXT_BYTES];
        apl_time_us back = 0;
        assert_int_equal(apl_time_parse(apl_span_of(apl_time_format(time, text)), &back, NULL),
                         APL_OK);
        assert_true(back == time);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(agrees_with_timegm),
        cmocka_unit_test(limits_are_what_they_say),
        cmocka_unit_test(rejects_impossible_dates),
        cmocka_unit_test(parses_rfc_3339),
        cmocka_unit_test(stays_in_four_digit_years),
        cmocka_unit_test(text_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
