/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Business time; see calendar.h for the rules. Everything walks one ordered sequence of stretches: for each local date
 * that is no holiday, its shifts as instants. apl_zone_first_at never decreases, and shifts do not overlap in local
 * time, so the stretches are disjoint and ascending. Holidays out of iCalendar files are read in holidays.c.
 * Tests: tests/unit/model/test_calendar.c, tests/property/test_zone_calendar.py (against a minute-by-minute walk).
 */
#include "model/calendar.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX_BYTES = 4 * 1024 * 1024, WEEK_MINUTES = 7 * APL_CALENDAR_MINUTES_PER_DAY };

typedef struct walk {
    const apl_calendar *calendar;
    int64_t day;
    size_t shift; /* the next one to look at */
    int64_t last_day;
} walk;

void apl_calendar_init(apl_calendar *calendar, const apl_zone *zone)
{
    *calendar = (apl_calendar){.zone = zone};
    apl_arena_init(&calendar->names, NAMES_MAX_BYTES);
}

void apl_calendar_release(apl_calendar *calendar)
{
    apl_mem_free(calendar->holidays);
    apl_arena_release(&calendar->names);
    *calendar = (apl_calendar){0};
}

void apl_calendar_release_auto(apl_calendar *calendar)
{
    apl_calendar_release(calendar);
}

/* --- filling --- */

/* "hh:mm", at most 24:00. */
static bool parse_minute(apl_span text, int *out)
{
    apl_span hours;
    apl_span minutes = apl_span_trim(text);
    int64_t h = 0;
    int64_t m = 0;
    if (!apl_span_split(&minutes, ':', &hours) || !hours.len || hours.len > 2 || minutes.len != 2 ||
        apl_span_parse_i64(hours, &h, NULL) || apl_span_parse_i64(minutes, &m, NULL))
        return false;
    if (h < 0 || m < 0 || m > 59 || h * 60 + m > APL_CALENDAR_MINUTES_PER_DAY)
        return false;
    *out = (int)(h * 60 + m);
    return true;
}

apl_rc apl_shift_parse(apl_span text, apl_shift *out_shift, apl_err *err)
{
    static const apl_span dashes[] = {APL_SPAN("-"), APL_SPAN("\xe2\x80\x93")};
    for (size_t i = 0; i < 2; i++) {
        size_t at = apl_span_find(text, dashes[i]);
        apl_shift shift;
        if (at == SIZE_MAX || !parse_minute(apl_span_sub(text, 0, at), &shift.start_min) ||
            !parse_minute(apl_span_sub(text, at + dashes[i].len, SIZE_MAX), &shift.end_min))
            continue;
        if (shift.start_min == shift.end_min || shift.start_min == APL_CALENDAR_MINUTES_PER_DAY)
            break;
        if (shift.end_min < shift.start_min)
            shift.end_min += APL_CALENDAR_MINUTES_PER_DAY;
        *out_shift = shift;
        return APL_OK;
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no shift", APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "write it like 09:00-17:00, 22:00-06:00 or 00:00-24:00");
    return APL_E_INVALID;
}

static const char *const weekday_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Whether two shifts meet when both are laid on the circle of a week. */
static bool shifts_overlap(int weekday_a, apl_shift a, int weekday_b, apl_shift b)
{
    int start_a = weekday_a * APL_CALENDAR_MINUTES_PER_DAY + a.start_min;
    int start_b = weekday_b * APL_CALENDAR_MINUTES_PER_DAY + b.start_min;
    int from_a_to_b = (start_b - start_a + WEEK_MINUTES) % WEEK_MINUTES;
    int from_b_to_a = (WEEK_MINUTES - from_a_to_b) % WEEK_MINUTES;
    return from_a_to_b < a.end_min - a.start_min || from_b_to_a < b.end_min - b.start_min;
}

apl_rc apl_calendar_shift_add(apl_calendar *calendar, int weekday, apl_shift shift, apl_err *err)
{
    if (weekday < 0 || weekday > 6 || shift.start_min < 0 ||
        shift.start_min >= APL_CALENDAR_MINUTES_PER_DAY || shift.end_min <= shift.start_min ||
        shift.end_min > shift.start_min + APL_CALENDAR_MINUTES_PER_DAY)
        return apl_err_set(err, APL_E_INVALID,
                           "a shift starts within a day and lasts at most 24 hours");
    for (int other = 0; other < 7; other++) {
        for (size_t i = 0; i < calendar->shift_count[other]; i++) {
            if (!shifts_overlap(weekday, shift, other, calendar->shifts[other][i]))
                continue;
            apl_err_set(err, APL_E_INVALID, "the %s shift from %02d:%02d overlaps a shift of %s",
                        weekday_names[weekday], shift.start_min / 60, shift.start_min % 60,
                        weekday_names[other]);
            apl_err_fix(err, "let the one end when the other starts");
            return APL_E_INVALID;
        }
    }
    size_t count = calendar->shift_count[weekday];
    if (count == APL_CALENDAR_SHIFTS_PER_DAY)
        return apl_err_set(err, APL_E_LIMIT, "a day has at most %d shifts",
                           APL_CALENDAR_SHIFTS_PER_DAY);
    apl_shift *shifts = calendar->shifts[weekday];
    size_t at = count;
    for (; at && shifts[at - 1].start_min > shift.start_min; at--)
        shifts[at] = shifts[at - 1];
    shifts[at] = shift;
    calendar->shift_count[weekday] = count + 1;
    return APL_OK;
}

static int compare_holidays(const void *a, const void *b)
{
    const apl_holiday *left = a;
    const apl_holiday *right = b;
    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    return strcmp(left->name, right->name);
}

static apl_rc clean_name(apl_calendar *calendar, apl_span name, const char **out, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(4 * APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES);
    name = apl_span_trim(apl_utf8_cut(name, APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES));
    apl_rc rc = apl_utf8_add_clean(&text, name.len ? name : APL_SPAN("holiday"), err);
    if (rc)
        return rc;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            text.ptr[i] = ' ';
    *out = apl_arena_str(&calendar->names, apl_buf_view(&text));
    return *out ? APL_OK : apl_err_nomem(err);
}

apl_rc apl_calendar_holidays_add(apl_calendar *calendar, const apl_holiday *holidays, size_t count,
                                 apl_err *err)
{
    size_t old = calendar->holiday_count;
    if (count > APL_CALENDAR_HOLIDAYS_MAX || old + count > APL_CALENDAR_HOLIDAYS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "a calendar has at most %d holidays",
                           APL_CALENDAR_HOLIDAYS_MAX);
    APL_AUTO_MEM apl_holiday *all = apl_mem_zalloc(old + count + 1, sizeof *all);
    if (!all)
        return apl_err_nomem(err);
    for (size_t i = 0; i < old; i++)
        all[i] = calendar->holidays[i];
    for (size_t i = 0; i < count; i++) {
        all[old + i].day = holidays[i].day;
        if (i && holidays[i].name == holidays[i - 1].name) {
            all[old + i].name =
                all[old + i - 1].name; /* the many days of one event share their name */
            continue;
        }
        apl_rc rc = clean_name(calendar, apl_span_of(holidays[i].name), &all[old + i].name, err);
        if (rc)
            return rc;
    }
    qsort(all, old + count, sizeof *all, compare_holidays);
    size_t kept = 0;
    for (size_t i = 0; i < old + count; i++)
        if (!kept || compare_holidays(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    apl_mem_free(calendar->holidays);
    calendar->holidays = all;
    calendar->holiday_count = kept;
    all = NULL;
    return APL_OK;
}

/* --- asking --- */

const apl_holiday *apl_calendar_holiday_on(const apl_calendar *calendar, int64_t day)
{
    size_t low = 0;
    size_t high = calendar->holiday_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (calendar->holidays[mid].day < day)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < calendar->holiday_count && calendar->holidays[low].day == day)
        return &calendar->holidays[low];
    return NULL;
}

bool apl_calendar_is_never_open(const apl_calendar *calendar)
{
    for (int weekday = 0; weekday < 7; weekday++)
        if (calendar->shift_count[weekday])
            return false;
    return true;
}

/* Stretches in order, from those that start on the local date before `from`: none is longer than a day. */
static walk walk_from(const apl_calendar *calendar, apl_time_us from)
{
    return (walk){
        .calendar = calendar,
        .day = apl_zone_day_of(calendar->zone, from) - 2,
        .last_day = apl_calendar_is_never_open(calendar) ? INT64_MIN
                                                         : APL_TIME_MAX_US / APL_US_PER_DAY,
    };
}

static bool walk_next(walk *w, apl_open_span *out)
{
    const apl_calendar *calendar = w->calendar;
    while (w->day <= w->last_day) {
        int weekday = apl_weekday_from_days(w->day);
        if (w->shift == calendar->shift_count[weekday] ||
            (!w->shift && (apl_calendar_holiday_on(calendar, w->day) ||
                           !apl_zone_has_day(calendar->zone, w->day)))) {
            w->day++;
            w->shift = 0;
            continue;
        }
        apl_shift shift = calendar->shifts[weekday][w->shift++];
        out->start = apl_zone_first_at(calendar->zone, w->day, shift.start_min * 60);
        out->end = apl_zone_first_at(calendar->zone, w->day, shift.end_min * 60);
        if (out->start < out->end)
            return true;
    }
    return false;
}

bool apl_calendar_next_span(const apl_calendar *calendar, apl_time_us time, apl_open_span *out_span)
{
    walk w = walk_from(calendar, time);
    apl_open_span span;
    while (walk_next(&w, &span)) {
        if (span.end > time) {
            *out_span = span;
            return true;
        }
    }
    return false;
}

bool apl_calendar_is_open_at(const apl_calendar *calendar, apl_time_us time)
{
    walk w = walk_from(calendar, time);
    w.last_day = w.day > w.last_day ? w.last_day : w.day + 4;
    apl_open_span span;
    while (walk_next(&w, &span))
        if (span.end > time)
            return span.start <= time;
    return false;
}

apl_time_us apl_calendar_next_open(const apl_calendar *calendar, apl_time_us time)
{
    apl_open_span span;
    if (!apl_calendar_next_span(calendar, time, &span))
        return APL_TIME_NONE;
    return span.start > time ? span.start : time;
}

int64_t apl_calendar_business_us(const apl_calendar *calendar, apl_time_us from, apl_time_us to)
{
    walk w = walk_from(calendar, from);
    apl_open_span span;
    int64_t total = 0;
    while (walk_next(&w, &span) && span.start < to) {
        apl_time_us start = span.start > from ? span.start : from;
        apl_time_us end = span.end < to ? span.end : to;
        if (start < end)
            total += end - start;
    }
    return total;
}

apl_time_us apl_calendar_add_business(const apl_calendar *calendar, apl_time_us from,
                                      int64_t business_us)
{
    if (business_us <= 0)
        return from;
    walk w = walk_from(calendar, from);
    apl_open_span span;
    int64_t left = business_us;
    while (walk_next(&w, &span)) {
        apl_time_us start = span.start > from ? span.start : from;
        if (span.end <= start)
            continue;
        if (left <= span.end - start)
            return start + left;
        left -= span.end - start;
    }
    return APL_TIME_NONE;
}

/* --- in words --- */

static bool same_shifts(const apl_calendar *calendar, int weekday_a, int weekday_b)
{
    size_t count = calendar->shift_count[weekday_a];
    return count == calendar->shift_count[weekday_b] &&
           memcmp(calendar->shifts[weekday_a], calendar->shifts[weekday_b],
                  count * sizeof(apl_shift)) == 0;
}

static bool is_all_day(const apl_calendar *calendar, int weekday)
{
    const apl_shift *shift = &calendar->shifts[weekday][0];
    return calendar->shift_count[weekday] == 1 && shift->start_min == 0 &&
           shift->end_min == APL_CALENDAR_MINUTES_PER_DAY;
}

/* By hand, because every clock that is started says its hours. */
static void put_minute(char out[5], int minute)
{
    out[0] = (char)('0' + minute / 600);
    out[1] = (char)('0' + minute / 60 % 10);
    out[3] = (char)('0' + minute % 60 / 10);
    out[4] = (char)('0' + minute % 10);
}

static apl_rc format_shifts(const apl_calendar *calendar, int weekday, apl_buf *buf, apl_err *err)
{
    apl_rc rc = APL_OK;
    size_t count = calendar->shift_count[weekday];
    for (size_t i = 0; !rc && i < count; i++) {
        apl_shift shift = calendar->shifts[weekday][i];
        int end = shift.end_min > APL_CALENDAR_MINUTES_PER_DAY
                      ? shift.end_min - APL_CALENDAR_MINUTES_PER_DAY
                      : shift.end_min;
        char text[] = "00:00\xe2\x80\x93"
                      "00:00";
        put_minute(text, shift.start_min);
        put_minute(text + 8, end);
        rc = apl_buf_add_str(buf, !i ? " " : i + 1 == count ? " and " : ", ", err);
        if (!rc)
            rc = apl_buf_add(buf, (apl_span){text, sizeof text - 1}, err);
    }
    return rc;
}

apl_rc apl_calendar_hours_format(const apl_calendar *calendar, apl_buf *buf, apl_err *err)
{
    if (apl_calendar_is_never_open(calendar))
        return apl_buf_add_str(buf, "never open", err);
    if (is_all_day(calendar, 1) && same_shifts(calendar, 1, 0)) {
        int same = 2;
        while (same < 7 && same_shifts(calendar, 1, same))
            same++;
        if (same == 7)
            return apl_buf_add_str(buf, "always open", err);
    }
    apl_rc rc = APL_OK;
    bool is_first = true;
    for (int step = 1; !rc && step <= 7;) { /* the week as people write it, from Monday */
        int last = step;
        while (last < 7 && same_shifts(calendar, step, (last + 1) % 7))
            last++;
        if (calendar->shift_count[step % 7]) {
            rc = apl_buf_add_str(buf, is_first ? "" : ", ", err);
            if (!rc)
                rc = apl_buf_add_str(buf, weekday_names[step % 7], err);
            if (!rc && last > step)
                rc = apl_buf_add_str(buf, last == step + 1 ? ", " : "\xe2\x80\x93", err);
            if (!rc && last > step)
                rc = apl_buf_add_str(buf, weekday_names[last % 7], err);
            if (!rc)
                rc = format_shifts(calendar, step % 7, buf, err);
            is_first = false;
        }
        step = last + 1;
    }
    return rc;
}
