/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers questions about zones, calendars and clocks over a pipe, one line in, one line out, for the property tests
 * (test_zone_calendar.py). Times are microseconds, days are days since 1970, weekdays count from Sunday = 0.
 *   Z file name              load a zone             -> ok | error …
 *   L us                     to local                -> local_us offset_s is_dst abbrev
 *   U local_us               to UTC                  -> us fit
 *   D day                    a local day             -> start_us end_us
 *   C w:s-e,… day,…          calendar (minutes; "-" for none of them)  -> ok | error …
 *   O us / N us              open at / next open     -> 0|1 / us
 *   B from to / A from us    business time between / after             -> us
 *   R measure open closed cap  the clock rule        -> ok | error …
 *   T start wall business resumed  due time          -> due_us is_open is_capped
 */
#include "model/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct probe {
    apl_zone zone;
    apl_calendar calendar;
    apl_clock_rule rule;
} probe;

static void say(apl_rc rc, const apl_err *err)
{
    char text[900];
    if (rc)
        printf("error %s\n", apl_err_format(err, text, sizeof text));
    else
        puts("ok");
}

static void load_zone(probe *p, const char *file, const char *name)
{
    static char bytes[APL_ZONE_FILE_MAX_BYTES + 1];
    apl_err err = {0};
    FILE *in = fopen(file, "rb");
    if (!in) {
        puts("error cannot open");
        return;
    }
    size_t len = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    apl_zone zone;
    apl_rc rc = apl_zone_parse((apl_span){bytes, len}, apl_span_of(name), &zone, &err);
    if (!rc) {
        apl_calendar_release(&p->calendar);
        apl_zone_release(&p->zone);
        p->zone = zone;
        apl_calendar_init(&p->calendar, &p->zone);
    }
    say(rc, &err);
}

static apl_rc fill_calendar(apl_calendar *calendar, apl_span shifts, apl_span days, apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_span part;
    while (!rc && !apl_span_is(shifts, "-") && apl_span_split(&shifts, ',', &part)) {
        int weekday = 0;
        apl_shift shift = {0, 0};
        char text[40];
        snprintf(text, sizeof text, "%.*s", APL_SPAN_ARGS(part));
        if (sscanf(text, "%d:%d-%d", &weekday, &shift.start_min, &shift.end_min) != 3)
            return apl_err_set(err, APL_E_INVALID, "no shift");
        rc = apl_calendar_shift_add(calendar, weekday, shift, err);
    }
    while (!rc && !apl_span_is(days, "-") && apl_span_split(&days, ',', &part)) {
        apl_holiday holiday = {0, "off"};
        rc = apl_span_parse_i64(part, &holiday.day, err);
        if (!rc)
            rc = apl_calendar_holidays_add(calendar, &holiday, 1, err);
    }
    return rc;
}

static void make_calendar(probe *p, const char *shifts, const char *days)
{
    apl_err err = {0};
    apl_calendar_release(&p->calendar);
    apl_calendar_init(&p->calendar, &p->zone);
    say(fill_calendar(&p->calendar, apl_span_of(shifts), apl_span_of(days), &err), &err);
}

static void answer_zone(const probe *p, char command, int64_t value)
{
    if (command == 'L') {
        apl_zone_local local;
        apl_zone_to_local(&p->zone, value, &local);
        printf("%" PRId64 " %d %d %s\n", apl_time_from_civil(&local.civil), local.offset_s,
               local.is_dst, local.abbrev);
    } else if (command == 'U') {
        apl_civil civil;
        apl_zone_fit fit;
        apl_time_to_civil(value, &civil);
        apl_time_us at = apl_zone_to_utc(&p->zone, &civil, &fit);
        printf("%" PRId64 " %d\n", at, (int)fit);
    } else {
        printf("%" PRId64 " %" PRId64 "\n", apl_zone_day_start(&p->zone, value),
               apl_zone_day_end(&p->zone, value));
    }
}

static void answer_calendar(const probe *p, char command, int64_t a, int64_t b)
{
    int64_t value = 0;
    if (command == 'O')
        value = apl_calendar_is_open_at(&p->calendar, a);
    else if (command == 'N')
        value = apl_calendar_next_open(&p->calendar, a);
    else if (command == 'B')
        value = apl_calendar_business_us(&p->calendar, a, b);
    else
        value = apl_calendar_add_business(&p->calendar, a, b);
    printf("%" PRId64 "\n", value);
}

static void answer_due(const probe *p, const int64_t v[4])
{
    apl_clock_pauses pauses = {.wall_us = v[1], .business_us = v[2], .resumed_us = v[3]};
    apl_clock_reason reason;
    apl_time_us due = apl_clock_due(&p->rule, &p->calendar, v[0], &pauses, &reason);
    printf("%" PRId64 " %d %d\n", due, reason.posted_open, reason.is_capped);
}

static void set_rule(probe *p, const int64_t v[4])
{
    apl_err err = {0};
    p->rule = (apl_clock_rule){
        .measure = v[0] ? APL_CLOCK_BUSINESS : APL_CLOCK_WALL,
        .limit_open_us = v[1],
        .limit_closed_us = v[2],
        .cap_end_of_day = v[3] != 0,
    };
    say(apl_clock_rule_check(&p->rule, &err), &err);
}

int main(void)
{
    static char line[65536];
    static char first[32768];
    static char second[32768];
    probe p = {0};
    apl_err err = {0};
    if (apl_zone_init_utc(&p.zone, &err))
        return 1;
    apl_calendar_init(&p.calendar, &p.zone);
    while (fgets(line, sizeof line, stdin)) {
        int64_t v[4] = {0, 0, 0, 0};
        first[0] = second[0] = '\0';
        sscanf(line + 1, " %32767s %32767s", first, second);
        sscanf(line + 1, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &v[0], &v[1], &v[2],
               &v[3]);
        if (line[0] == 'Z')
            load_zone(&p, first, second);
        else if (line[0] == 'C')
            make_calendar(&p, first, second);
        else if (strchr("LUD", line[0]))
            answer_zone(&p, line[0], v[0]);
        else if (strchr("ONBA", line[0]))
            answer_calendar(&p, line[0], v[0], v[1]);
        else if (line[0] == 'R')
            set_rule(&p, v);
        else if (line[0] == 'T')
            answer_due(&p, v);
        else
            puts("error unknown command");
    }
    apl_calendar_release(&p.calendar);
    apl_zone_release(&p.zone);
    return 0;
}
