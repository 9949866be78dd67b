/* SPDX-License-Identifier: Apache-2.0 */
/* Time arithmetic; see time.h. Tests: tests/unit/base/test_time.c */
#include "base/time.h"

#include <stdio.h>

int64_t apl_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (int64_t)(month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void apl_civil_from_days(int64_t days, int *out_year, int *out_month, int *out_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *out_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *out_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *out_year = (int)(yoe + era * 400 + (*out_month <= 2));
}

int apl_weekday_from_days(int64_t days)
{
    int64_t day = (days + 4) % 7;
    return (int)(day < 0 ? day + 7 : day);
}

apl_time_us apl_time_from_civil(const apl_civil *c)
{
    int64_t seconds = apl_days_from_civil(c->year, c->month, c->day) * 86400 +
                      (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
    return seconds * APL_US_PER_SECOND + c->micro;
}

void apl_time_to_civil(apl_time_us time, apl_civil *out)
{
    int64_t days = time / APL_US_PER_DAY;
    int64_t rest = time % APL_US_PER_DAY;
    if (rest < 0) {
        rest += APL_US_PER_DAY;
        days--;
    }
    apl_civil_from_days(days, &out->year, &out->month, &out->day);
    out->hour = (int)(rest / APL_US_PER_HOUR);
    out->minute = (int)(rest / APL_US_PER_MINUTE % 60);
    out->second = (int)(rest / APL_US_PER_SECOND % 60);
    out->micro = (int)(rest % APL_US_PER_SECOND);
}

bool apl_civil_is_valid(const apl_civil *c)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->month < 1 || c->month > 12 || c->day < 1)
        return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    int length = lengths[c->month - 1] + (c->month == 2 && leap);
    return c->day <= length && c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60 &&
           c->second >= 0 && c->second < 60 && c->micro >= 0 && c->micro < APL_US_PER_SECOND;
}

/* Exactly `count` digits at *at. */
static bool digits(apl_span s, size_t *at, size_t count, int *out)
{
    int value = 0;
    if (s.len - *at < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = s.ptr[*at + i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool byte_is(apl_span s, size_t *at, const char *any_of)
{
    if (*at >= s.len)
        return false;
    for (; *any_of; any_of++) {
        if (s.ptr[*at] == *any_of) {
            ++*at;
            return true;
        }
    }
    return false;
}

static bool parse_fields(apl_span s, size_t *at, apl_civil *c)
{
    *c = (apl_civil){0};
    if (!digits(s, at, 4, &c->year) || !byte_is(s, at, "-") || !digits(s, at, 2, &c->month) ||
        !byte_is(s, at, "-") || !digits(s, at, 2, &c->day) || !byte_is(s, at, "Tt ") ||
        !digits(s, at, 2, &c->hour) || !byte_is(s, at, ":") || !digits(s, at, 2, &c->minute) ||
        !byte_is(s, at, ":") || !digits(s, at, 2, &c->second))
        return false;
    if (byte_is(s, at, ".")) {
        int scale = 100000, digit = 0;
        if (!digits(s, at, 1, &digit))
            return false;
        do {
            c->micro += digit * scale;
            scale /= 10;
        } while (digits(s, at, 1, &digit));
    }
    return true;
}

apl_rc apl_time_parse(apl_span s, apl_time_us *out_time, apl_err *err)
{
    apl_civil c;
    size_t at = 0;
    int hours = 0, minutes = 0;
    int64_t offset = 0;
    bool ok = parse_fields(s, &at, &c) && apl_civil_is_valid(&c);
    if (ok && at == s.len) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" has no time zone",
                    APL_SPAN_ARGS(apl_span_sub(s, 0, 60)));
        apl_err_fix(err, "end it in Z or an offset such as +02:00");
        return APL_E_INVALID;
    }
    if (ok && !byte_is(s, &at, "Zz")) {
        bool minus = s.ptr[at] == '-';
        ok = byte_is(s, &at, "+-") && digits(s, &at, 2, &hours) && byte_is(s, &at, ":") &&
             digits(s, &at, 2, &minutes) && hours < 24 && minutes < 60;
        offset = ((int64_t)hours * 60 + minutes) * APL_US_PER_MINUTE * (minus ? -1 : 1);
    }
    if (!ok || at != s.len) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not a time",
                    APL_SPAN_ARGS(apl_span_sub(s, 0, 60)));
        apl_err_fix(err, "write it like 2026-11-23T05:05:55Z (RFC 3339)");
        return APL_E_INVALID;
    }
    apl_time_us time = apl_time_from_civil(&c) - offset;
    /* At both ends an offset could lead out of what RFC 3339 can write. */
    if (time < apl_time_from_civil(&(apl_civil){0, 1, 1, 0, 0, 0, 0}) ||
        time >= apl_time_from_civil(&(apl_civil){10000, 1, 1, 0, 0, 0, 0}))
        return apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not in the years 0 to 9999 of UTC",
                           APL_SPAN_ARGS(apl_span_sub(s, 0, 60)));
    *out_time = time;
    return APL_OK;
}

const char *apl_time_format(apl_time_us time, char out[APL_TIME_TEXT_BYTES])
{
    apl_civil c;
    apl_time_to_civil(time, &c);
    int len = snprintf(out, APL_TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month,
                       c.day, c.hour, c.minute, c.second);
    if (len < 0 || len >= APL_TIME_TEXT_BYTES - 8)
        len = 0;
    if (c.micro)
        len += snprintf(out + len, APL_TIME_TEXT_BYTES - (size_t)len, ".%06d", c.micro);
    (void)snprintf(out + len, APL_TIME_TEXT_BYTES - (size_t)len, "Z");
    return out;
}
