/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the model share: real zones, local times as text, the 9–17 calendar. */
#ifndef APL_TEST_MODEL_H
#define APL_TEST_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/calendar.h"

#include <stdio.h>
#include <string.h>

static inline apl_span zone_bytes(const char *name)
{
    static char bytes[APL_ZONE_FILE_MAX_BYTES + 1];
    char path[200];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing: install the package tzdata", path);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return (apl_span){bytes, len};
}

static inline apl_zone zone_load(const char *name)
{
    apl_zone zone;
    apl_err err;
    if (apl_zone_parse(zone_bytes(name), apl_span_of(name), &zone, &err))
        fail_msg("%s: %s", name, err.what);
    return zone;
}

/* "2026-11-20 16:45[:30]" as fields. */
static inline apl_civil civil_of(const char *text)
{
    apl_civil c = {0};
    int got =
        sscanf(text, "%d-%d-%d %d:%d:%d", &c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second);
    assert_true(got >= 3);
    return c;
}

static inline apl_time_us local_time(const apl_zone *zone, const char *text)
{
    apl_civil c = civil_of(text);
    return apl_zone_to_utc(zone, &c, NULL);
}

static inline apl_time_us utc_time(const char *text)
{
    apl_civil c = civil_of(text);
    return apl_time_from_civil(&c);
}

static inline int64_t day_of_text(const char *text)
{
    apl_civil c = civil_of(text);
    return apl_days_from_civil(c.year, c.month, c.day);
}

static inline void assert_time_equal(apl_time_us got, apl_time_us expected, const char *what)
{
    char a[APL_TIME_TEXT_BYTES];
    char b[APL_TIME_TEXT_BYTES];
    if (got != expected)
        fail_msg("%s: got %s, expected %s", what,
                 got == APL_TIME_NONE ? "none" : apl_time_format(got, a),
                 expected == APL_TIME_NONE ? "none" : apl_time_format(expected, b));
}

static inline void shifts_add(apl_calendar *calendar, int first_weekday, int last_weekday,
                              const char *text)
{
    apl_shift shift;
    assert_int_equal(apl_shift_parse(apl_span_of(text), &shift, NULL), APL_OK);
    for (int day = first_weekday; day <= last_weekday; day++)
        assert_int_equal(apl_calendar_shift_add(calendar, day, shift, NULL), APL_OK);
}

static inline void holiday_add(apl_calendar *calendar, const char *day, const char *name)
{
    apl_holiday holiday = {day_of_text(day), name};
    assert_int_equal(apl_calendar_holidays_add(calendar, &holiday, 1, NULL), APL_OK);
}

static inline void nine_to_five(apl_calendar *calendar, const apl_zone *zone)
{
    apl_calendar_init(calendar, zone);
    shifts_add(calendar, 1, 5, "09:00-17:00");
}

#endif
