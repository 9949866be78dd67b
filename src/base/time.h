/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time arithmetic: UTC microseconds since 1970-01-01T00:00:00Z as int64, proleptic Gregorian, no leap seconds.
 * Zones are not here (model/zone.h); reading the clock is not here (sys/clock.h).
 */
#ifndef APL_BASE_TIME_H
#define APL_BASE_TIME_H

#include "base/span.h"

typedef int64_t apl_time_us;

#define APL_US_PER_SECOND ((int64_t)1000000)
#define APL_US_PER_MINUTE (60 * APL_US_PER_SECOND)
#define APL_US_PER_HOUR (60 * APL_US_PER_MINUTE)
#define APL_US_PER_DAY (24 * APL_US_PER_HOUR)

/* What Aplomb takes as the time of a post: 1970-01-01 up to, not including, 2200-01-01. */
#define APL_TIME_MIN_US ((apl_time_us)0)
#define APL_TIME_MAX_US ((apl_time_us)7258118400 * APL_US_PER_SECOND)
/* "No time": sorts after every time. */
#define APL_TIME_NONE INT64_MAX

typedef struct apl_civil {
    int year;  /* may be any */
    int month; /* 1–12 */
    int day;   /* 1–31 */
    int hour, minute, second;
    int micro;
} apl_civil;

enum { APL_TIME_TEXT_BYTES = 32 };

/* Days since 1970-01-01 of a civil date, and back. Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t apl_days_from_civil(int year, int month, int day);
void apl_civil_from_days(int64_t days, int *out_year, int *out_month, int *out_day);
/* 0 = Sunday … 6 = Saturday. */
int apl_weekday_from_days(int64_t days);
/* Fields as if in UTC. No range check. */
apl_time_us apl_time_from_civil(const apl_civil *civil);
void apl_time_to_civil(apl_time_us time, apl_civil *out_civil);
/* True for a real date and time of day (leap seconds are not). */
bool apl_civil_is_valid(const apl_civil *civil);
/* RFC 3339 ("2026-11-23T05:05:55.123456Z", offset allowed, "T" may be a space). A date without zone is APL_E_INVALID. */
apl_rc apl_time_parse(apl_span text, apl_time_us *out_time, apl_err *err) MUST_USE;
/* RFC 3339 in UTC with microseconds only when not zero. Returns out. */
const char *apl_time_format(apl_time_us time, char out[APL_TIME_TEXT_BYTES]);

#endif
