/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A business calendar: weekly shifts in one time zone, less the holidays.
 *
 * - A shift belongs to the local date on which it starts; "22:00–06:00" ends on the next one. A weekday may have several
 *   (split shifts); shifts may touch but never overlap, also not across midnight.
 * - A shift starts and ends the first time that the wall clock shows its time or jumps past it. So one that starts in a
 *   gap starts when the gap is over, one that lies wholly in a gap does not happen, and one over a repeated hour is
 *   longer: business time is real elapsed time while open.
 * - A holiday closes the shifts that *start* on that date; a night shift from the evening before still ends in it.
 * - A date that the zone skipped has no shifts.
 * - Open means start <= t < end.
 *
 * A calendar is immutable once it is filled; any number of threads may then ask it.
 */
#ifndef APL_MODEL_CALENDAR_H
#define APL_MODEL_CALENDAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/zone.h"

enum {
    APL_CALENDAR_SHIFTS_PER_DAY = 8,
    APL_CALENDAR_HOLIDAYS_MAX = 50000,
    APL_CALENDAR_FILE_MAX_BYTES = 4 * 1024 * 1024,
    APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES = 200,
    APL_CALENDAR_MINUTES_PER_DAY = 1440,
    /* Holidays are expanded for these years and no others. */
    APL_CALENDAR_YEAR_MIN = 1970,
    APL_CALENDAR_YEAR_MAX = 2099,
};

typedef struct apl_shift {
    int start_min; /* 0–1439 after midnight */
    int end_min;   /* start_min < end_min <= start_min + 1440; above 1440 = on the next day */
} apl_shift;

typedef struct apl_holiday {
    int64_t day;      /* days since 1970-01-01 */
    const char *name; /* UTF-8, the calendar's */
} apl_holiday;

typedef struct apl_calendar {
    const apl_zone *zone; /* borrowed; outlives the calendar */
    apl_shift shifts[7]
                    [APL_CALENDAR_SHIFTS_PER_DAY]; /* by weekday, 0 = Sunday; in order of start */
    size_t shift_count[7];
    apl_holiday *holidays; /* in order of day, then name */
    size_t holiday_count;
    apl_arena names;
} apl_calendar;

typedef struct apl_open_span {
    apl_time_us start;
    apl_time_us end; /* exclusive */
} apl_open_span;

/* Never open, until shifts are added. */
void apl_calendar_init(apl_calendar *calendar, const apl_zone *zone);
void apl_calendar_release(apl_calendar *calendar);
void apl_calendar_release_auto(apl_calendar *calendar);

/* "09:00-17:00" (also with an en dash), "22:00-06:00" (past midnight), "00:00-24:00". APL_E_INVALID. */
apl_rc apl_shift_parse(apl_span text, apl_shift *out_shift, apl_err *err) MUST_USE;
/* weekday 0 = Sunday. APL_E_INVALID when out of range or overlapping, APL_E_LIMIT. */
apl_rc apl_calendar_shift_add(apl_calendar *calendar, int weekday, apl_shift shift,
                              apl_err *err) MUST_USE;
/*
 * Adds all or, on an error, none. Names (any bytes up to NUL) are copied, cleaned of control characters and cut to
 * APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES; what is already there (same day and name) is dropped. Give many in one call.
 */
apl_rc apl_calendar_holidays_add(apl_calendar *calendar, const apl_holiday *holidays, size_t count,
                                 apl_err *err) MUST_USE;
/*
 * Adds the holidays of an iCalendar file (RFC 5545): every local date that a VEVENT touches, all-day or timed, expanded
 * by RRULE (daily to yearly), RDATE, EXDATE and RECURRENCE-ID; cancelled events are left out. A timed event must be in
 * UTC, without zone, or in the calendar's own zone. source names the file in errors ("holidays.ics:12"). On an error the
 * calendar is unchanged.
 */
apl_rc apl_calendar_holidays_load(apl_calendar *calendar, apl_span ical, const char *source,
                                  apl_err *err) MUST_USE;

/* The holiday of that local date, or NULL. */
const apl_holiday *apl_calendar_holiday_on(const apl_calendar *calendar, int64_t day);
bool apl_calendar_is_never_open(const apl_calendar *calendar);
bool apl_calendar_is_open_at(const apl_calendar *calendar, apl_time_us time);
/* The first stretch (one shift) that ends after `time`. False when there is none before 2200. */
bool apl_calendar_next_span(const apl_calendar *calendar, apl_time_us time,
                            apl_open_span *out_span);
/* `time` when open then, else the next opening; APL_TIME_NONE when there is none. */
apl_time_us apl_calendar_next_open(const apl_calendar *calendar, apl_time_us time);
/* Open microseconds in [from, to); 0 when to <= from. */
int64_t apl_calendar_business_us(const apl_calendar *calendar, apl_time_us from, apl_time_us to);
/*
 * The earliest instant by which that much business time has passed since `from`: adding what is left until closing time
 * gives closing time, not the next morning; adding nothing gives `from`. APL_TIME_NONE when 2200 comes first.
 */
apl_time_us apl_calendar_add_business(const apl_calendar *calendar, apl_time_us from,
                                      int64_t business_us);
/* The week in words: "Mon–Fri 09:00–17:00", "Mon–Thu 08:00–12:00 and 13:00–17:00, Fri 08:00–13:00", "always open". */
apl_rc apl_calendar_hours_format(const apl_calendar *calendar, apl_buf *buf, apl_err *err) MUST_USE;

#endif
