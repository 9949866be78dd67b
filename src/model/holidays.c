/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holidays out of iCalendar bytes (RFC 5545); see calendar.h. The file is a stranger's: lines and components are taken
 * apart here, with caps and line numbers, and libical sees one property at a time, so that nothing nests or grows inside
 * it. It reads the values and expands recurrence rules; those are refused below a day and run on a budget.
 *
 * All times of an event become *stamps*: seconds of the calendar's local time as if it were UTC. Occurrences are kept
 * until the end of the file, because a RECURRENCE-ID may replace one that stood earlier.
 * Tests: tests/unit/model/test_holidays.c
 */
#include "model/calendar.h"

#include "base/utf8.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LINE_MAX_BYTES = 16 * 1024,
    DEPTH_MAX = 8,
    COMPONENT_NAME_BYTES = 24,
    EVENTS_MAX = 20000,
    RULES_PER_EVENT = 4,
    DATES_PER_EVENT = 2000,
    OCCURRENCES_MAX = 200000,
    EXPANSION_MAX = 500000, /* all recurrence rules of a file, see expansion_cost: seconds */
    RULE_YEAR_END = 2582,   /* libical looks no further */
    EVENT_DAYS_MAX = 366,
    SECONDS_PER_DAY = 86400,
};

typedef struct stamp {
    int64_t second;
    bool is_date;
    bool is_utc; /* was given in UTC: recurs in UTC */
} stamp;

typedef struct occurrence {
    int64_t start_s; /* stamp, of the whole occurrence */
    int64_t day;     /* one of the dates it touches */
    uint64_t uid;
    const char *name;
    bool is_override;
    bool is_date;
} occurrence;

typedef struct override_key {
    uint64_t uid;
    int64_t day;
} override_key;

typedef struct event {
    size_t line;
    bool has_start, has_end, has_duration, is_cancelled, is_override;
    struct icaltimetype start_time;
    stamp start, end, recurrence_id;
    int64_t duration_s;
    struct icalrecurrencetype rules[RULES_PER_EVENT];
    size_t rule_count;
    stamp *added, *excluded; /* each DATES_PER_EVENT, of the reader */
    size_t added_count, excluded_count;
    uint64_t uid;
    char name[APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES + 1];
} event;

typedef struct reader {
    const apl_calendar *calendar;
    const char *source;
    apl_span rest;
    size_t line;      /* of the content line in `text` */
    size_t next_line; /* of the first byte of rest */
    apl_buf text;     /* the unfolded line */
    bool is_cut;      /* it was longer than LINE_MAX_BYTES */
    char stack[DEPTH_MAX][COMPONENT_NAME_BYTES];
    size_t depth;
    bool had_calendar;
    event event;
    size_t event_count;
    int64_t expansion_cost;
    apl_arena names;
    occurrence *occurrences;
    size_t occurrence_count, occurrence_cap;
    override_key *overrides;
    size_t override_count, override_cap;
} reader;

static apl_rc fail(const reader *r, size_t line, apl_err *err, const char *what, const char *fix)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s:%zu", r->source, line);
    if (fix)
        apl_err_fix(err, "%s", fix);
    return APL_E_INVALID;
}

static apl_rc fail_limit(const reader *r, size_t line, apl_err *err, const char *what)
{
    apl_err_set(err, APL_E_LIMIT, "%s", what);
    apl_err_where(err, "%s:%zu", r->source, line);
    return APL_E_LIMIT;
}

/* Room for one more; the array stays the caller's on failure. */
static bool grow(void **items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t wanted = *cap ? *cap * 2 : 64;
    void *grown = apl_mem_realloc(*items, wanted * size);
    if (!grown)
        return false;
    *items = grown;
    *cap = wanted;
    return true;
}

/* --- lines --- */

static apl_span take_raw_line(reader *r)
{
    apl_span line;
    if (!apl_span_split(&r->rest, '\n', &line))
        return APL_SPAN_NONE;
    r->next_line++;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* Joins a content line with its continuations (RFC 5545 §3.1). False at the end. */
static apl_rc next_line(reader *r, bool *out_has_line, apl_err *err)
{
    apl_buf_clear(&r->text);
    r->is_cut = false;
    *out_has_line = false;
    while (r->rest.len) {
        r->line = r->next_line;
        apl_span raw = take_raw_line(r);
        if (!raw.len)
            continue;
        *out_has_line = true;
        for (bool is_first = true;; is_first = false) {
            apl_span part = is_first ? raw : apl_span_sub(raw, 1, SIZE_MAX);
            if (part.len > LINE_MAX_BYTES - r->text.len) {
                r->is_cut = true;
                part.len = 0;
            }
            apl_rc rc = apl_buf_add(&r->text, part, err);
            if (rc)
                return rc;
            if (!r->rest.len || (r->rest.ptr[0] != ' ' && r->rest.ptr[0] != '\t'))
                return APL_OK;
            raw = take_raw_line(r);
        }
    }
    return APL_OK;
}

/* The property's name, the text up to the value, and the value. A colon in a quoted parameter is none. */
static bool split_line(apl_span line, apl_span *name, apl_span *head, apl_span *value)
{
    bool is_quoted = false;
    size_t name_len = SIZE_MAX;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (c == '"')
            is_quoted = !is_quoted;
        if (is_quoted || (c != ':' && c != ';'))
            continue;
        if (name_len == SIZE_MAX)
            name_len = i;
        if (c == ':') {
            *name = apl_span_sub(line, 0, name_len);
            *head = apl_span_sub(line, 0, i);
            *value = apl_span_sub(line, i + 1, SIZE_MAX);
            return name_len > 0;
        }
    }
    return false;
}

/* --- values, through libical --- */

static icalproperty *parse_property(apl_span head, apl_span value)
{
    APL_AUTO(apl_buf) text = APL_BUF(LINE_MAX_BYTES + 8);
    if (apl_buf_addf(&text, NULL, "%.*s:%.*s", APL_SPAN_ARGS(head), APL_SPAN_ARGS(value)))
        return NULL;
    return icalproperty_new_from_string(apl_buf_str(&text));
}

static apl_rc to_stamp(const reader *r, icalproperty *property, struct icaltimetype time,
                       stamp *out, apl_err *err)
{
    apl_civil civil = {.year = time.year, .month = time.month, .day = time.day};
    if (!time.is_date) {
        civil.hour = time.hour;
        civil.minute = time.minute;
        civil.second = time.second == 60 ? 59 : time.second;
    }
    if (!apl_civil_is_valid(&civil) || civil.year < 1583 || civil.year > 2199)
        return fail(r, r->line, err, "this is no date between the years 1583 and 2199",
                    "write a date like 20261225 or a time like 20261225T140000Z");
    icalparameter *param = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *tzid = param ? icalparameter_get_tzid(param) : NULL;
    stamp result = {.is_date = time.is_date, .is_utc = !time.is_date && icaltime_is_utc(time)};
    if (tzid && !time.is_date && !result.is_utc && strcmp(tzid, r->calendar->zone->name) != 0)
        return fail(r, r->line, err, "the time is in another zone than the calendar's",
                    "use all-day events, times in UTC, or the calendar's own zone");
    apl_time_us at = apl_time_from_civil(&civil);
    if (result.is_utc) {
        apl_zone_local local;
        apl_zone_to_local(r->calendar->zone, at, &local);
        at += local.offset_s * APL_US_PER_SECOND;
    }
    result.second = at / APL_US_PER_SECOND;
    *out = result;
    return APL_OK;
}

static apl_rc read_time(reader *r, apl_span head, apl_span value, stamp *out,
                        struct icaltimetype *out_time, apl_err *err)
{
    icalproperty *property = parse_property(head, value);
    icalvalue *parsed = property ? icalproperty_get_value(property) : NULL;
    icalvalue_kind kind = parsed ? icalvalue_isa(parsed) : ICAL_NO_VALUE;
    struct icaltimetype time = icaltime_null_time();
    if (kind == ICAL_DATE_VALUE) {
        time = icalvalue_get_date(parsed);
    } else if (kind == ICAL_DATETIME_VALUE) {
        time = icalvalue_get_datetime(parsed);
    } else if (kind == ICAL_DATETIMEPERIOD_VALUE || kind == ICAL_PERIOD_VALUE) {
        struct icaldatetimeperiodtype both = icalvalue_get_datetimeperiod(parsed);
        time = icaltime_is_null_time(both.time) ? both.period.start : both.time;
    }
    apl_rc rc = !icaltime_is_null_time(time)
                    ? to_stamp(r, property, time, out, err)
                    : fail(r, r->line, err, "this is no date",
                           "write a date like 20261225 or a time like 20261225T140000Z");
    if (property)
        icalproperty_free(property);
    if (!rc && out_time)
        *out_time = time;
    return rc;
}

static apl_rc read_times(reader *r, apl_span head, apl_span values, stamp *list, size_t *count,
                         apl_err *err)
{
    apl_span value;
    while (apl_span_split(&values, ',', &value)) {
        if (*count == DATES_PER_EVENT)
            return fail_limit(r, r->line, err, "the event has more than 2000 dates");
        apl_rc rc = read_time(r, head, value, &list[*count], NULL, err);
        if (rc)
            return rc;
        ++*count;
    }
    return APL_OK;
}

static apl_rc read_rule(reader *r, apl_span value, apl_err *err)
{
    event *e = &r->event;
    if (e->rule_count == RULES_PER_EVENT)
        return fail_limit(r, r->line, err, "the event has more than 4 recurrence rules");
    if (value.len >= 5 && apl_span_find(value, APL_SPAN("RSCALE")) != SIZE_MAX)
        return fail(r, r->line, err, "recurrence in another calendar system is not understood",
                    "list the dates with RDATE");
    APL_AUTO(apl_buf) text = APL_BUF(LINE_MAX_BYTES + 8);
    apl_rc rc = apl_buf_add(&text, value, err);
    if (rc)
        return rc;
    struct icalrecurrencetype rule = icalrecurrencetype_from_string(apl_buf_str(&text));
    if (rule.freq == ICAL_NO_RECURRENCE || rule.interval < 1 || rule.count < 0)
        return fail(r, r->line, err, "this is no recurrence rule",
                    "write one like FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25");
    if (rule.freq < ICAL_DAILY_RECURRENCE || rule.by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX ||
        rule.by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX ||
        rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX)
        return fail(r, r->line, err, "a holiday cannot recur more often than daily", NULL);
    e->rules[e->rule_count++] = rule;
    return APL_OK;
}

static apl_rc read_duration(reader *r, apl_span value, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(LINE_MAX_BYTES + 8);
    apl_rc rc = apl_buf_add(&text, value, err);
    if (rc)
        return rc;
    struct icaldurationtype duration = icaldurationtype_from_string(apl_buf_str(&text));
    if (icaldurationtype_is_bad_duration(duration) || duration.is_neg)
        return fail(r, r->line, err, "this is no duration", "write one like P1D or PT8H");
    /* Fields may be anything; bounded before they are multiplied. */
    int64_t seconds = ((int64_t)duration.weeks * 7 + duration.days) * SECONDS_PER_DAY +
                      (int64_t)duration.hours * 3600 + (int64_t)duration.minutes * 60 +
                      duration.seconds;
    if (seconds < 0 || seconds > (int64_t)EVENT_DAYS_MAX * SECONDS_PER_DAY)
        return fail_limit(r, r->line, err, "the event lasts longer than a year");
    r->event.duration_s = seconds;
    r->event.has_duration = true;
    return APL_OK;
}

static void read_name(event *e, apl_span head, apl_span value)
{
    icalproperty *property = parse_property(head, value);
    const char *text = property ? icalproperty_get_summary(property) : NULL;
    apl_span name = apl_utf8_cut(apl_span_of(text), APL_CALENDAR_HOLIDAY_NAME_MAX_BYTES);
    if (name.len)
        memcpy(e->name, name.ptr, name.len);
    e->name[name.len] = '\0';
    if (property)
        icalproperty_free(property);
}

/* --- one event --- */

static apl_rc event_property(reader *r, apl_span name, apl_span head, apl_span value, apl_err *err)
{
    event *e = &r->event;
    apl_rc rc = APL_OK;
    if (apl_span_equal_nocase(name, APL_SPAN("DTSTART"))) {
        rc = read_time(r, head, value, &e->start, &e->start_time, err);
        e->has_start = !rc;
    } else if (apl_span_equal_nocase(name, APL_SPAN("DTEND"))) {
        rc = read_time(r, head, value, &e->end, NULL, err);
        e->has_end = !rc;
    } else if (apl_span_equal_nocase(name, APL_SPAN("RECURRENCE-ID"))) {
        rc = read_time(r, head, value, &e->recurrence_id, NULL, err);
        e->is_override = !rc;
    } else if (apl_span_equal_nocase(name, APL_SPAN("DURATION"))) {
        rc = read_duration(r, value, err);
    } else if (apl_span_equal_nocase(name, APL_SPAN("RRULE"))) {
        rc = read_rule(r, value, err);
    } else if (apl_span_equal_nocase(name, APL_SPAN("RDATE"))) {
        rc = read_times(r, head, value, e->added, &e->added_count, err);
    } else if (apl_span_equal_nocase(name, APL_SPAN("EXDATE"))) {
        rc = read_times(r, head, value, e->excluded, &e->excluded_count, err);
    } else if (apl_span_equal_nocase(name, APL_SPAN("SUMMARY"))) {
        read_name(e, head, value);
    } else if (apl_span_equal_nocase(name, APL_SPAN("UID"))) {
        e->uid = apl_span_hash(value);
    } else if (apl_span_equal_nocase(name, APL_SPAN("STATUS"))) {
        e->is_cancelled = apl_span_equal_nocase(apl_span_trim(value), APL_SPAN("CANCELLED"));
    } else {
        return APL_OK;
    }
    if (!rc && r->is_cut)
        return fail_limit(r, r->line, err, "the line is longer than 16 kB");
    return rc;
}

static int64_t day_of(int64_t second)
{
    return second / SECONDS_PER_DAY - (second % SECONDS_PER_DAY < 0);
}

static bool is_excluded(const event *e, const stamp *at)
{
    for (size_t i = 0; i < e->excluded_count; i++) {
        const stamp *out = &e->excluded[i];
        if (out->is_date || at->is_date ? day_of(out->second) == day_of(at->second)
                                        : out->second == at->second)
            return true;
    }
    return false;
}

static apl_rc add_occurrence(reader *r, const stamp *at, int64_t length_s, const char *name,
                             apl_err *err)
{
    const event *e = &r->event;
    if (is_excluded(e, at))
        return APL_OK;
    int64_t first = day_of(at->second);
    int64_t last = length_s > 0 ? day_of(at->second + length_s - 1) : first;
    int64_t window_start = apl_days_from_civil(APL_CALENDAR_YEAR_MIN, 1, 1);
    int64_t window_end = apl_days_from_civil(APL_CALENDAR_YEAR_MAX + 1, 1, 1);
    for (int64_t day = first < window_start ? window_start : first; day <= last && day < window_end;
         day++) {
        if (r->occurrence_count == OCCURRENCES_MAX)
            return fail_limit(r, e->line, err, "the file has more than 200,000 days of holidays");
        if (!grow((void **)&r->occurrences, r->occurrence_count, &r->occurrence_cap,
                  sizeof *r->occurrences))
            return apl_err_nomem(err);
        r->occurrences[r->occurrence_count++] = (occurrence){
            .start_s = at->second,
            .day = day,
            .uid = e->uid,
            .name = name,
            .is_override = e->is_override,
            .is_date = at->is_date,
        };
    }
    return APL_OK;
}

static stamp stamp_of_recurrence(const reader *r, const stamp *base, struct icaltimetype time)
{
    apl_civil civil = {.year = time.year, .month = time.month, .day = time.day};
    if (!time.is_date) {
        civil.hour = time.hour;
        civil.minute = time.minute;
        civil.second = time.second;
    }
    stamp result = *base;
    apl_time_us at = apl_time_from_civil(&civil);
    if (base->is_utc) {
        apl_zone_local local;
        apl_zone_to_local(r->calendar->zone, at, &local);
        at += local.offset_s * APL_US_PER_SECOND;
    }
    result.second = at / APL_US_PER_SECOND;
    return result;
}

/*
 * What libical does to find the next date is hidden, and a rule that hardly ever fits makes it search for centuries. The
 * days that it searched through are the measure: in units of about 2 µs, by what a day costs at each frequency.
 */
static int64_t expansion_cost(const struct icalrecurrencetype *rule, struct icaltimetype from,
                              struct icaltimetype to)
{
    int64_t days = apl_days_from_civil(to.year, to.month, to.day) -
                   apl_days_from_civil(from.year, from.month, from.day);
    if (rule->freq == ICAL_MONTHLY_RECURRENCE)
        return days / 2 + 1;
    if (rule->freq == ICAL_YEARLY_RECURRENCE && rule->by_set_pos[0] == ICAL_RECURRENCE_ARRAY_MAX)
        return days / 96 + 1;
    return days + 1;
}

/* UNTIL is looked at here and not by libical, so that every date it searched for is seen. */
static apl_rc expand_rule(reader *r, struct icalrecurrencetype rule, int64_t length_s,
                          const char *name, apl_err *err)
{
    const event *e = &r->event;
    struct icaltimetype until = rule.until;
    rule.until = icaltime_null_time();
    icalrecur_iterator *walk = icalrecur_iterator_new(rule, e->start_time);
    if (!walk)
        return fail(r, e->line, err, "the recurrence rule gives no date", NULL);
    apl_rc rc = APL_OK;
    struct icaltimetype last = e->start_time;
    for (int count = 0; !rc; count++) {
        struct icaltimetype time = icalrecur_iterator_next(walk);
        bool is_end = icaltime_is_null_time(time);
        if (is_end && !count) {
            rc = fail(r, e->line, err, "the recurrence rule gives no date", NULL);
            break;
        }
        if (is_end && rule.count && count >= rule.count)
            break;
        if (is_end)
            time = (struct icaltimetype){.year = RULE_YEAR_END, .month = 1, .day = 1};
        r->expansion_cost += expansion_cost(&rule, last, time);
        if (r->expansion_cost > EXPANSION_MAX) {
            rc = fail_limit(r, e->line, err, "the recurrence rules of the file take too long");
            break;
        }
        if (is_end || time.year > APL_CALENDAR_YEAR_MAX ||
            (!icaltime_is_null_time(until) && icaltime_compare(time, until) > 0))
            break;
        stamp at = stamp_of_recurrence(r, &e->start, time);
        rc = add_occurrence(r, &at, length_s, name, err);
        last = time;
    }
    icalrecur_iterator_free(walk);
    return rc;
}

static apl_rc event_length(const reader *r, int64_t *out_s, apl_err *err)
{
    const event *e = &r->event;
    int64_t length = e->start.is_date ? SECONDS_PER_DAY : 0;
    if (e->has_end)
        length = e->end.second - e->start.second;
    else if (e->has_duration)
        length = e->duration_s;
    if (e->has_end && length < 0)
        return fail(r, e->line, err, "the event ends before it starts", NULL);
    if (length > (int64_t)EVENT_DAYS_MAX * SECONDS_PER_DAY)
        return fail_limit(r, e->line, err, "the event lasts longer than a year");
    /* RFC 5545 has DTEND exclusive, but files with DTEND = DTSTART for one day are about. */
    *out_s = e->start.is_date && !length ? SECONDS_PER_DAY : length;
    return APL_OK;
}

static apl_rc event_end(reader *r, apl_err *err)
{
    event *e = &r->event;
    if (!e->has_start)
        return fail(r, e->line, err, "the event has no DTSTART", NULL);
    int64_t length_s = 0;
    apl_rc rc = event_length(r, &length_s, err);
    if (rc)
        return rc;
    if (e->is_override) {
        if (!grow((void **)&r->overrides, r->override_count, &r->override_cap,
                  sizeof *r->overrides))
            return apl_err_nomem(err);
        r->overrides[r->override_count++] = (override_key){e->uid, day_of(e->recurrence_id.second)};
    }
    if (e->is_cancelled)
        return APL_OK;
    const char *name = apl_arena_str(&r->names, apl_span_of(e->name));
    if (!name)
        return apl_err_nomem(err);
    rc = add_occurrence(r, &e->start, length_s, name, err);
    for (size_t i = 0; !rc && i < e->rule_count; i++)
        rc = expand_rule(r, e->rules[i], length_s, name, err);
    for (size_t i = 0; !rc && i < e->added_count; i++)
        rc = add_occurrence(r, &e->added[i], length_s, name, err);
    return rc;
}

/* --- components --- */

static apl_rc component_begin(reader *r, apl_span name, apl_err *err)
{
    if (r->depth == DEPTH_MAX)
        return fail_limit(r, r->line, err, "components are nested deeper than 8");
    if (name.len >= COMPONENT_NAME_BYTES || !name.len)
        return fail(r, r->line, err, "this is no name of a component", NULL);
    if (!r->depth && !apl_span_equal_nocase(name, APL_SPAN("VCALENDAR")))
        return fail(r, r->line, err, "the file does not start with BEGIN:VCALENDAR",
                    "export the holidays as iCalendar (.ics)");
    memset(r->stack[r->depth], 0, COMPONENT_NAME_BYTES);
    memcpy(r->stack[r->depth++], name.ptr, name.len);
    r->had_calendar = true;
    if (r->depth == 2 && apl_span_equal_nocase(name, APL_SPAN("VEVENT"))) {
        if (++r->event_count > EVENTS_MAX)
            return fail_limit(r, r->line, err, "the file has more than 20,000 events");
        stamp *added = r->event.added;
        stamp *excluded = r->event.excluded;
        memset(&r->event, 0, sizeof r->event);
        r->event.added = added;
        r->event.excluded = excluded;
        r->event.line = r->line;
    }
    return APL_OK;
}

static bool in_event(const reader *r)
{
    return r->depth == 2 && strcasecmp(r->stack[1], "VEVENT") == 0;
}

static apl_rc component_end(reader *r, apl_span name, apl_err *err)
{
    if (!r->depth || !apl_span_equal_nocase(name, apl_span_of(r->stack[r->depth - 1])))
        return fail(r, r->line, err, "this END has no BEGIN", NULL);
    apl_rc rc = in_event(r) ? event_end(r, err) : APL_OK;
    r->depth--;
    return rc;
}

static apl_rc content_line(reader *r, apl_err *err)
{
    apl_span name;
    apl_span head;
    apl_span value;
    if (!split_line(apl_buf_view(&r->text), &name, &head, &value))
        return fail(r, r->line, err, "this line has no colon", "a line reads NAME:value");
    if (apl_span_equal_nocase(name, APL_SPAN("BEGIN")))
        return component_begin(r, apl_span_trim(value), err);
    if (apl_span_equal_nocase(name, APL_SPAN("END")))
        return component_end(r, apl_span_trim(value), err);
    if (!r->depth)
        return fail(r, r->line, err, "the file does not start with BEGIN:VCALENDAR",
                    "export the holidays as iCalendar (.ics)");
    return in_event(r) ? event_property(r, name, head, value, err) : APL_OK;
}

/* --- the file --- */

static int compare_overrides(const void *left, const void *right)
{
    const override_key *a = left;
    const override_key *b = right;
    if (a->uid != b->uid)
        return a->uid < b->uid ? -1 : 1;
    return a->day < b->day ? -1 : a->day > b->day;
}

static apl_rc hand_over(reader *r, apl_calendar *calendar, apl_err *err)
{
    APL_AUTO_MEM apl_holiday *holidays = apl_mem_zalloc(r->occurrence_count + 1, sizeof *holidays);
    if (!holidays)
        return apl_err_nomem(err);
    if (r->override_count > 1)
        qsort(r->overrides, r->override_count, sizeof *r->overrides, compare_overrides);
    size_t count = 0;
    for (size_t i = 0; i < r->occurrence_count; i++) {
        const occurrence *o = &r->occurrences[i];
        override_key key = {o->uid, day_of(o->start_s)};
        bool is_replaced =
            !o->is_override && r->override_count &&
            bsearch(&key, r->overrides, r->override_count, sizeof key, compare_overrides);
        if (!is_replaced)
            holidays[count++] = (apl_holiday){o->day, o->name};
    }
    apl_rc rc = apl_calendar_holidays_add(calendar, holidays, count, err);
    if (rc)
        apl_err_where(err, "%s", r->source);
    return rc;
}

static apl_rc read_file(reader *r, apl_err *err)
{
    r->event.added = apl_mem_zalloc(DATES_PER_EVENT, sizeof *r->event.added);
    r->event.excluded = apl_mem_zalloc(DATES_PER_EVENT, sizeof *r->event.excluded);
    if (!r->event.added || !r->event.excluded)
        return apl_err_nomem(err);
    for (;;) {
        bool has_line = false;
        apl_rc rc = next_line(r, &has_line, err);
        if (!rc && has_line)
            rc = content_line(r, err);
        if (rc)
            return rc;
        if (!has_line)
            break;
    }
    if (r->depth || !r->had_calendar)
        return fail(r, r->next_line, err, "the file ends within its calendar",
                    "it was probably cut short: fetch it again");
    return APL_OK;
}

static apl_rc check_bytes(apl_span ical, const char *source, apl_err *err)
{
    if (ical.len > APL_CALENDAR_FILE_MAX_BYTES) {
        apl_err_set(err, APL_E_LIMIT, "the holiday file has more than %d bytes",
                    APL_CALENDAR_FILE_MAX_BYTES);
        apl_err_where(err, "%s", source);
        return APL_E_LIMIT;
    }
    size_t bad = apl_utf8_invalid_at(ical);
    size_t nul = apl_span_find_byte(ical, '\0');
    if (bad == SIZE_MAX && nul == SIZE_MAX)
        return APL_OK;
    size_t line = 1;
    for (size_t i = 0; i < (bad < nul ? bad : nul); i++)
        line += ical.ptr[i] == '\n';
    apl_err_set(err, APL_E_INVALID, "the holiday file is not valid UTF-8 text");
    apl_err_where(err, "%s:%zu", source, line);
    return APL_E_INVALID;
}

apl_rc apl_calendar_holidays_load(apl_calendar *calendar, apl_span ical, const char *source,
                                  apl_err *err)
{
    apl_rc rc = check_bytes(ical, source, err);
    if (rc)
        return rc;
    if (apl_span_starts(ical, APL_SPAN("\xef\xbb\xbf")))
        ical = apl_span_sub(ical, 3, SIZE_MAX);
    icalerror_set_errors_are_fatal(0);
    reader *r = apl_mem_zalloc(1, sizeof *r);
    if (!r)
        return apl_err_nomem(err);
    r->calendar = calendar;
    r->source = source;
    r->rest = ical;
    r->next_line = 1;
    apl_buf_init(&r->text, LINE_MAX_BYTES + 1);
    apl_arena_init(&r->names, 8 * 1024 * 1024);
    rc = read_file(r, err);
    if (!rc)
        rc = hand_over(r, calendar, err);
    apl_mem_free(r->event.added);
    apl_mem_free(r->event.excluded);
    apl_mem_free(r->occurrences);
    apl_mem_free(r->overrides);
    apl_arena_release(&r->names);
    apl_buf_release(&r->text);
    apl_mem_free(r);
    return rc;
}
