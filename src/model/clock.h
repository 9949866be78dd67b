/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a clock is due, and why. Pure: a rule, a calendar, an instant and the pauses so far in; due time and reason out.
 *
 * - The moment of posting picks the limit: limit_open_us in business hours, limit_closed_us otherwise.
 * - A *wall* clock runs on; a *business* clock runs only while the calendar is open.
 * - cap_end_of_day (wall clocks only): never past 23:59:59 local of the day on which the clock last began to run, which
 *   is the day of posting or, after a pause, the day on which the last pause ended. (The last second and not the next
 *   midnight, because people read "due 00:00 Saturday" as a new day.) Posted within that last second: due at once.
 * - Pauses do not count: a wall clock's due time moves by their length, a business clock's by their business time. A
 *   pause that begins after the due time moves nothing.
 */
#ifndef APL_MODEL_CLOCK_H
#define APL_MODEL_CLOCK_H

#include "model/calendar.h"
#include "model/case.h"

/* The numbers are stored; append only. */
typedef enum apl_clock_kind {
    APL_CLOCK_FIRST_RESPONSE = 0,
    APL_CLOCK_NEXT_RESPONSE,
    APL_CLOCK_RESOLUTION,
    APL_CLOCK_FOLLOW_UP,
    APL_CLOCK_KIND_COUNT
} apl_clock_kind;

typedef enum apl_clock_measure { APL_CLOCK_WALL = 0, APL_CLOCK_BUSINESS } apl_clock_measure;

typedef struct apl_clock_rule {
    apl_clock_kind kind;
    apl_clock_measure measure;
    int64_t limit_open_us;
    int64_t limit_closed_us;
    bool cap_end_of_day;
    unsigned pause_states;  /* set of APL_CASE_STATE_BIT */
    int64_t warn_before_us; /* warn this long before the due time … */
    int warn_permille; /* … or when this share of the limit is left (250 = a quarter); the earlier of both counts */
    const char *method; /* "R5": the rule of the method that it serves; NULL = none. Borrowed */
} apl_clock_rule;

typedef struct apl_clock_pauses {
    int64_t wall_us;        /* sum of all pauses that began before the due time */
    int64_t business_us;    /* business time in them */
    apl_time_us resumed_us; /* end of the last one; APL_TIME_NONE = never paused */
} apl_clock_pauses;

#define APL_CLOCK_PAUSES_NONE ((apl_clock_pauses){0, 0, APL_TIME_NONE})

/* Everything that led to a due time. Rule and calendar are borrowed. */
typedef struct apl_clock_reason {
    const apl_clock_rule *rule;
    const apl_calendar *calendar;
    apl_time_us start_us;
    apl_time_us due_us; /* APL_TIME_NONE: the calendar does not open long enough before 2200 */
    bool posted_open;
    bool is_capped; /* the end of the day came before the limit */
    int64_t limit_us;
    int64_t paused_us;          /* what of the pauses counted, in the rule's measure */
    const apl_holiday *holiday; /* of the local date of posting, when posted closed; else NULL */
} apl_clock_reason;

/* "first_response"; NULL for an unknown kind. */
const char *apl_clock_kind_name(apl_clock_kind kind);
apl_rc apl_clock_kind_parse(apl_span text, apl_clock_kind *out_kind, apl_err *err) MUST_USE;
/* Limits above 0 and at most ten years, no cap on a business clock, known states, sane warning. where names the field. */
apl_rc apl_clock_rule_check(const apl_clock_rule *rule, apl_err *err) MUST_USE;

/* pauses may be NULL. out_reason may be NULL. Returns the due time. */
apl_time_us apl_clock_due(const apl_clock_rule *rule, const apl_calendar *calendar,
                          apl_time_us start, const apl_clock_pauses *pauses,
                          apl_clock_reason *out_reason);
/* When to warn: before the due time, not before the start; in the rule's measure. APL_TIME_NONE when never due. */
apl_time_us apl_clock_warn_at(const apl_clock_reason *reason);
/*
 * One plain sentence: "Posted Fri 16:45, in business hours (Mon–Fri 09:00–17:00, Europe/Berlin): 30 minutes, so due
 * 17:15 (R5)." Times are local to the calendar; the due time names its day when it is another one; the number is that of
 * the clock rule's method, when it names one.
 */
apl_rc apl_clock_reason_format(const apl_clock_reason *reason, apl_buf *buf, apl_err *err) MUST_USE;
/* "30 minutes", "1 hour", "1 hour 30 minutes", "2 days"; seconds only below a minute. */
apl_rc apl_clock_duration_format(int64_t us, apl_buf *buf, apl_err *err) MUST_USE;

#endif
