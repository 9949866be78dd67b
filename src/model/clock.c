/* SPDX-License-Identifier: Apache-2.0 */
/* Due times and their reasons; see clock.h. Tests: tests/unit/model/test_clock.c, tests/property/test_zone_calendar.py */
#include "model/clock.h"

#include "base/utf8.h"

#define LIMIT_MAX_US (3660 * APL_US_PER_DAY)

static const char *const kind_names[APL_CLOCK_KIND_COUNT] = {"first_response", "next_response",
                                                             "resolution", "follow_up"};

const char *apl_clock_kind_name(apl_clock_kind kind)
{
    return (unsigned)kind < APL_CLOCK_KIND_COUNT ? kind_names[kind] : NULL;
}

apl_rc apl_clock_kind_parse(apl_span text, apl_clock_kind *out_kind, apl_err *err)
{
    for (unsigned i = 0; i < APL_CLOCK_KIND_COUNT; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(kind_names[i]))) {
            *out_kind = (apl_clock_kind)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no kind of clock",
                APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "use one of: first_response, next_response, resolution, follow_up");
    return APL_E_INVALID;
}

static apl_rc wrong(apl_err *err, const char *field, const char *what)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s", field);
    return APL_E_INVALID;
}

apl_rc apl_clock_rule_check(const apl_clock_rule *rule, apl_err *err)
{
    if ((unsigned)rule->kind >= APL_CLOCK_KIND_COUNT)
        return wrong(err, "kind", "there is no such kind of clock");
    if (rule->measure != APL_CLOCK_WALL && rule->measure != APL_CLOCK_BUSINESS)
        return wrong(err, "measure", "a clock counts wall or business time");
    if (rule->limit_open_us <= 0 || rule->limit_open_us > LIMIT_MAX_US)
        return wrong(err, "limit_open", "a limit must be above 0 and at most ten years");
    if (rule->limit_closed_us <= 0 || rule->limit_closed_us > LIMIT_MAX_US)
        return wrong(err, "limit_closed", "a limit must be above 0 and at most ten years");
    if (rule->cap_end_of_day && rule->measure == APL_CLOCK_BUSINESS)
        return wrong(err, "cap_end_of_day",
                     "only a wall clock can end with the day: business time may go on tomorrow");
    if (rule->pause_states >> APL_CASE_STATE_COUNT)
        return wrong(err, "pause_states", "there is no such state of a case");
    if (rule->warn_before_us < 0 || rule->warn_before_us > LIMIT_MAX_US)
        return wrong(err, "warn_before", "a warning comes at most ten years before the due time");
    if (rule->warn_permille < 0 || rule->warn_permille > 1000)
        return wrong(err, "warn_permille",
                     "the share left at the warning is 0 to 1000 thousandths");
    return APL_OK;
}

/* 23:59:59 of the local day of `running_since`, or that instant itself when it is later still. */
static apl_time_us day_cap(const apl_zone *zone, apl_time_us running_since)
{
    int64_t day = apl_zone_day_of(zone, running_since);
    apl_time_us cap = apl_zone_day_end(zone, day) - APL_US_PER_SECOND;
    return cap > running_since ? cap : running_since;
}

apl_time_us apl_clock_due(const apl_clock_rule *rule, const apl_calendar *calendar,
                          apl_time_us start, const apl_clock_pauses *pauses,
                          apl_clock_reason *out_reason)
{
    apl_clock_pauses none = APL_CLOCK_PAUSES_NONE;
    if (!pauses)
        pauses = &none;
    apl_clock_reason reason = {
        .rule = rule,
        .calendar = calendar,
        .start_us = start,
        .posted_open = apl_calendar_is_open_at(calendar, start),
    };
    reason.limit_us = reason.posted_open ? rule->limit_open_us : rule->limit_closed_us;
    if (!reason.posted_open)
        reason.holiday = apl_calendar_holiday_on(calendar, apl_zone_day_of(calendar->zone, start));
    if (rule->measure == APL_CLOCK_BUSINESS) {
        reason.paused_us = pauses->business_us;
        reason.due_us =
            apl_calendar_add_business(calendar, start, reason.limit_us + reason.paused_us);
    } else {
        reason.paused_us = pauses->wall_us;
        reason.due_us = start + reason.limit_us + reason.paused_us;
    }
    if (rule->cap_end_of_day) {
        apl_time_us cap = day_cap(calendar->zone,
                                  pauses->resumed_us == APL_TIME_NONE ? start : pauses->resumed_us);
        if (cap < reason.due_us) {
            reason.due_us = cap;
            reason.is_capped = true;
        }
    }
    if (out_reason)
        *out_reason = reason;
    return reason.due_us;
}

apl_time_us apl_clock_warn_at(const apl_clock_reason *reason)
{
    if (reason->due_us == APL_TIME_NONE)
        return APL_TIME_NONE;
    const apl_clock_rule *rule = reason->rule;
    int64_t before = reason->limit_us / 1000 * rule->warn_permille;
    if (before < rule->warn_before_us)
        before = rule->warn_before_us;
    if (rule->measure == APL_CLOCK_BUSINESS) {
        int64_t total = reason->limit_us + reason->paused_us;
        return apl_calendar_add_business(reason->calendar, reason->start_us,
                                         before < total ? total - before : 0);
    }
    apl_time_us at = reason->due_us - before;
    return at > reason->start_us ? at : reason->start_us;
}

/* --- in words --- */

apl_rc apl_clock_duration_format(int64_t us, apl_buf *buf, apl_err *err)
{
    int64_t minutes = us / APL_US_PER_MINUTE;
    if (!minutes) {
        int64_t seconds = us / APL_US_PER_SECOND;
        return apl_buf_addf(buf, err, "%lld second%s", (long long)seconds, seconds == 1 ? "" : "s");
    }
    const struct {
        int64_t count;
        const char *unit;
    } parts[] = {
        {minutes / 1440, "day"},
        {minutes / 60 % 24, "hour"},
        {minutes % 60, "minute"},
    };
    const char *joint = "";
    for (size_t i = 0; i < 3; i++) {
        if (!parts[i].count)
            continue;
        apl_rc rc = apl_buf_addf(buf, err, "%s%lld %s%s", joint, (long long)parts[i].count,
                                 parts[i].unit, parts[i].count == 1 ? "" : "s");
        if (rc)
            return rc;
        joint = " ";
    }
    return APL_OK;
}

/* 24 business hours are no day, so hours and minutes only. */
static apl_rc format_limit(const apl_clock_reason *reason, int64_t us, apl_buf *buf, apl_err *err)
{
    if (reason->rule->measure == APL_CLOCK_WALL || us < APL_US_PER_MINUTE)
        return apl_clock_duration_format(us, buf, err);
    int64_t minutes = us / APL_US_PER_MINUTE;
    if (minutes % 60 == 0)
        return apl_buf_addf(buf, err, "%lld business hour%s", (long long)(minutes / 60),
                            minutes == 60 ? "" : "s");
    return apl_buf_addf(buf, err, "%lld business minute%s", (long long)minutes,
                        minutes == 1 ? "" : "s");
}

static apl_rc format_place(const apl_clock_reason *reason, apl_buf *buf, apl_err *err)
{
    apl_rc rc = APL_OK;
    if (reason->posted_open)
        rc = apl_buf_add_str(buf, ", in business hours (", err);
    else if (reason->holiday)
        rc = apl_buf_addf(buf, err, ", on a holiday (%s; ", reason->holiday->name);
    else
        rc = apl_buf_add_str(buf, ", outside business hours (", err);
    if (!rc)
        rc = apl_calendar_hours_format(reason->calendar, buf, err);
    if (!rc)
        rc = apl_buf_addf(buf, err, ", %s): ", reason->calendar->zone->name);
    return rc;
}

static apl_rc format_due(const apl_clock_reason *reason, const apl_zone_local *start, apl_buf *buf,
                         apl_err *err)
{
    static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (reason->due_us == APL_TIME_NONE)
        return apl_buf_add_str(buf, ", which never comes: the calendar does not open.", err);
    apl_zone_local due;
    apl_zone_to_local(reason->calendar->zone, reason->due_us, &due);
    apl_rc rc = apl_buf_add_str(
        buf, reason->is_capped ? ", but no later than the end of the day, so due " : ", so due ",
        err);
    if (!rc && due.day != start->day)
        rc = apl_buf_addf(buf, err, "%s ", weekdays[apl_weekday_from_days(due.day)]);
    if (!rc && due.day - start->day > 6) /* the weekday alone would be ambiguous */
        rc = apl_buf_addf(buf, err, "%d %s %d ", due.civil.day, months[due.civil.month - 1],
                          due.civil.year);
    if (!rc)
        rc = apl_buf_addf(buf, err, "%02d:%02d", due.civil.hour, due.civil.minute);
    if (!rc && due.civil.second)
        rc = apl_buf_addf(buf, err, ":%02d", due.civil.second);
    if (!rc && reason->rule->method)
        rc = apl_buf_addf(buf, err, " (%s)", reason->rule->method);
    return rc ? rc : apl_buf_add_byte(buf, '.', err);
}

apl_rc apl_clock_reason_format(const apl_clock_reason *reason, apl_buf *buf, apl_err *err)
{
    static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    apl_zone_local start;
    apl_zone_to_local(reason->calendar->zone, reason->start_us, &start);
    apl_rc rc = apl_buf_addf(buf, err, "Posted %s %02d:%02d",
                             weekdays[apl_weekday_from_days(start.day)], start.civil.hour,
                             start.civil.minute);
    if (!rc)
        rc = format_place(reason, buf, err);
    if (!rc)
        rc = format_limit(reason, reason->limit_us, buf, err);
    if (!rc && reason->paused_us) {
        rc = apl_buf_add_str(buf, ", plus ", err);
        if (!rc)
            rc = format_limit(reason, reason->paused_us, buf, err);
        if (!rc)
            rc = apl_buf_add_str(buf, " paused", err);
    }
    return rc ? rc : format_due(reason, &start, buf, err);
}
