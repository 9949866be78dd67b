/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as archives write them; see when.h. One pass over tokens: numbers, words and signs find their place by what is
 * already known (a sign behind a time is a zone, a number behind a month's name is a day or a year).
 * Tests: tests/unit/archive/test_when.c
 */
#include "archive/when.h"

#include <math.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 80 };

typedef struct parser {
    apl_span s;
    size_t at;
    apl_when when;
    int numbers[3]; /* of the date in the order written */
    size_t number_count;
    size_t first_digits, last_digits;
    int month; /* by name */
    bool has_time, is_pm, is_am;
} parser;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char peek(const parser *p, size_t ahead)
{
    return p->at + ahead < p->s.len ? p->s.ptr[p->at + ahead] : '\0';
}

/* Digits at the place, at most 9 of them; returns how many. */
static size_t take_digits(parser *p, int *out)
{
    size_t n = 0;
    int value = 0;
    while (n < 9 && is_digit(peek(p, 0))) {
        value = value * 10 + (peek(p, 0) - '0');
        p->at++;
        n++;
    }
    *out = value;
    return is_digit(peek(p, 0)) ? 0 : n;
}

static bool take_fraction(parser *p)
{
    int scale = 100000;
    if ((peek(p, 0) != '.' && peek(p, 0) != ',') || !is_digit(peek(p, 1)))
        return true;
    p->at++;
    for (; is_digit(peek(p, 0)); p->at++, scale /= 10)
        p->when.civil.micro += (peek(p, 0) - '0') * scale;
    return true;
}

/* The rest of a time whose hour was read: separator is at the place. */
static bool take_time(parser *p, int hour)
{
    char separator = peek(p, 0);
    if (p->has_time)
        return false;
    p->has_time = true;
    p->when.civil.hour = hour;
    p->at++;
    if (take_digits(p, &p->when.civil.minute) != 2)
        return false;
    if (peek(p, 0) != separator || !is_digit(peek(p, 1)))
        return true;
    p->at++;
    if (take_digits(p, &p->when.civil.second) != 2)
        return false;
    /* A leap second has no place in our time; it is the last moment before. */
    if (p->when.civil.second == 60)
        p->when.civil.second = 59;
    return take_fraction(p);
}

static bool take_zone(parser *p)
{
    int sign = peek(p, 0) == '-' ? -1 : 1, hours = 0, minutes = 0;
    p->at++;
    size_t n = take_digits(p, &hours);
    if (n == 4) {
        minutes = hours % 100;
        hours /= 100;
    } else if (n == 2 && peek(p, 0) == ':') {
        p->at++;
        if (take_digits(p, &minutes) != 2)
            return false;
    } else if (n != 2 && n != 1) {
        return false;
    }
    p->when.has_zone = true;
    p->when.offset_minutes = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

/* 20150224, 20150224T111535 */
static bool take_compact(parser *p, int value)
{
    if (p->number_count)
        return false;
    p->numbers[0] = value / 10000;
    p->numbers[1] = value / 100 % 100;
    p->numbers[2] = value % 100;
    p->number_count = 3;
    p->first_digits = 4;
    p->when.separator = '-';
    if ((peek(p, 0) | 0x20) != 't' || !is_digit(peek(p, 1)))
        return true;
    p->at++;
    int time = 0;
    size_t n = take_digits(p, &time);
    if (n != 6 && n != 4)
        return n == 2 && peek(p, 0) == ':' && take_time(p, time);
    if (n == 4)
        time *= 100;
    p->has_time = true;
    p->when.civil.hour = time / 10000;
    p->when.civil.minute = time / 100 % 100;
    p->when.civil.second = time % 100;
    return take_fraction(p);
}

static bool take_number(parser *p)
{
    int value;
    size_t n = take_digits(p, &value);
    bool is_dated = p->number_count + (p->month != 0) >= 3;
    if (!n)
        return false;
    char next = peek(p, 0);
    if (next == ':' || (is_dated && !p->has_time && next == '.' && is_digit(peek(p, 1))))
        return n <= 2 && take_time(p, value);
    if (is_dated && !p->has_time && n <= 2) { /* "10 PM" */
        p->has_time = true;
        p->when.civil.hour = value;
        return true;
    }
    if (n == 8)
        return take_compact(p, value);
    if (p->number_count == 3)
        return false;
    if (!p->number_count)
        p->first_digits = n;
    p->last_digits = n;
    p->numbers[p->number_count++] = value;
    bool goes_on = (next == '-' || next == '/' || next == '.') &&
                   (is_digit(peek(p, 1)) || is_alpha(peek(p, 1)));
    if (goes_on) {
        if (!p->when.separator)
            p->when.separator = next;
        p->at++;
    }
    return true;
}

static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
static const char *const day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};

/* A name or its beginning of at least three letters. */
static bool begins_name(apl_span word, const char *name)
{
    return word.len >= 3 && word.len <= strlen(name) &&
           apl_span_equal_nocase(word, (apl_span){name, word.len});
}

static bool take_zone_name(parser *p, apl_span word)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"Z", 0},    {"UTC", 0},  {"GMT", 0},  {"UT", 0},   {"EST", -5},
                 {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6},
                 {"PST", -8}, {"PDT", -7}, {"CET", 1},  {"CEST", 2}, {"BST", 1}};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (apl_span_equal_nocase(word, apl_span_of(zones[i].name))) {
            p->when.has_zone = true;
            p->when.offset_minutes = zones[i].hours * 60;
            return true;
        }
    }
    return false;
}

static bool take_month(parser *p, apl_span word)
{
    for (int i = 0; i < 12; i++) {
        bool is_sept = i == 8 && apl_span_equal_nocase(word, APL_SPAN("sept"));
        if (begins_name(word, month_names[i]) || is_sept) {
            p->month = i + 1;
            p->at += peek(p, 0) == '-' || peek(p, 0) == '.' || peek(p, 0) == '/';
            return true;
        }
    }
    return false;
}

static bool take_half_day(parser *p, apl_span word)
{
    bool is_pm = apl_span_equal_nocase(word, APL_SPAN("pm"));
    bool is_am = apl_span_equal_nocase(word, APL_SPAN("am"));
    p->is_pm |= is_pm;
    p->is_am |= is_am;
    return is_pm || is_am;
}

/* Words that only join: the days of the week, "T", "at", the endings of ordinals. */
static bool is_filler(const parser *p, apl_span word)
{
    static const char *const fillers[] = {"T", "at", "of", "th", "st", "nd", "rd", "um", "on"};
    for (size_t i = 0; i < sizeof day_names / sizeof *day_names; i++) {
        if (begins_name(word, day_names[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        if (p->number_count && apl_span_equal_nocase(word, apl_span_of(fillers[i])))
            return true;
    }
    return false;
}

static bool take_word(parser *p)
{
    size_t from = p->at;
    while (is_alpha(peek(p, 0)))
        p->at++;
    apl_span word = apl_span_sub(p->s, from, p->at - from);
    if (!p->month && take_month(p, word))
        return true;
    if (p->has_time && (take_half_day(p, word) || take_zone_name(p, word)))
        return true;
    if (!is_filler(p, word))
        return false;
    p->at += peek(p, 0) == '.'; /* "Tue." */
    return true;
}

static bool take_token(parser *p)
{
    char c = peek(p, 0);
    if (is_digit(c))
        return take_number(p);
    if (is_alpha(c))
        return take_word(p);
    if ((c == '+' || c == '-') && p->has_time && !p->when.has_zone && is_digit(peek(p, 1)))
        return take_zone(p);
    if (c == '(') { /* a comment of RFC 2822: (PDT) */
        size_t close = apl_span_find_byte(apl_span_sub(p->s, p->at, SIZE_MAX), ')');
        p->at += close + 1;
        return close != SIZE_MAX && (p->has_time || p->number_count);
    }
    p->at++;
    return c == ' ' || c == ',' || (c == '.' && p->number_count);
}

static int full_year(int year, size_t digits)
{
    if (digits > 2)
        return year;
    return year < 70 ? 2000 + year : 1900 + year;
}

/* Numbers find their places. */
static bool place(parser *p)
{
    apl_civil *c = &p->when.civil;
    p->when.shape = APL_WHEN_CIVIL;
    if (p->month && p->number_count == 2) {
        bool year_first = p->first_digits > 2;
        c->month = p->month;
        c->day = p->numbers[year_first];
        c->year = full_year(p->numbers[!year_first], year_first ? p->first_digits : p->last_digits);
        return true;
    }
    if (p->month || p->number_count != 3 || !p->when.separator)
        return false;
    if (p->first_digits != 4 &&
        (p->first_digits > 2 || (p->last_digits != 2 && p->last_digits != 4)))
        return false;
    if (p->first_digits == 4) {
        c->year = p->numbers[0];
        c->month = p->numbers[1];
        c->day = p->numbers[2];
        return true;
    }
    p->when.shape = APL_WHEN_NUMERIC;
    c->month = p->numbers[0];
    c->day = p->numbers[1];
    c->year = full_year(p->numbers[2], p->last_digits);
    return true;
}

/* Plain numbers: by size an epoch or a spreadsheet's serial; others (ratings, counts, years) are no times. */
static bool scan_number(apl_span s, apl_when *out)
{
    double value;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && s.ptr[i] != '.')
            return false;
    }
    if (apl_span_parse_double(s, &value, NULL))
        return false;
    out->has_time = true;
    if (value >= 20000 && value < 110000) {
        bool has_fraction = value != floor(value);
        out->shape = APL_WHEN_SERIAL;
        apl_time_us at = (apl_time_us)llround((value - 25569) * 86400) * APL_US_PER_SECOND;
        apl_time_to_civil(at, &out->civil);
        out->has_time = has_fraction;
        return true;
    }
    static const struct {
        double from;
        double to_us;
    } sizes[] = {{1e8, 1e6}, {1e11, 1e3}, {1e14, 1}, {1e17, 1e-3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (value >= sizes[i].from && value < sizes[i].from * 72.5) {
            out->shape = APL_WHEN_EPOCH;
            out->has_zone = true;
            out->at_us = (apl_time_us)llround(value * sizes[i].to_us);
            return true;
        }
    }
    return false;
}

/* RFC 3339 with digits in their places, the most frequent shape by far. */
static bool scan_common(apl_span s, apl_when *out)
{
    apl_time_us at;
    if (s.len < 20 || s.ptr[4] != '-' || s.ptr[7] != '-' || apl_time_parse(s, &at, NULL))
        return false;
    apl_time_to_civil(at, &out->civil);
    out->shape = APL_WHEN_CIVIL;
    out->has_time = out->has_zone = true;
    return true;
}

void apl_when_scan(apl_span text, apl_when *out)
{
    parser p = {.s = apl_span_trim(text)};
    *out = (apl_when){0};
    if (p.s.len < 5 || p.s.len > TEXT_MAX_BYTES)
        return;
    if (scan_number(p.s, out) || scan_common(p.s, out))
        return;
    bool ok = true;
    while (ok && p.at < p.s.len)
        ok = take_token(&p);
    if (!ok || !place(&p)) {
        *out = (apl_when){0};
        return;
    }
    if (p.is_pm && p.when.civil.hour < 12)
        p.when.civil.hour += 12;
    else if (p.is_am && p.when.civil.hour == 12)
        p.when.civil.hour = 0;
    p.when.has_time = p.has_time;
    *out = p.when;
}

void apl_when_tally_add(apl_when_tally *tally, const apl_when *when)
{
    tally->count[when->shape]++;
    if (when->shape == APL_WHEN_NONE)
        return;
    if (when->has_zone)
        tally->zoned++;
    else
        tally->local++;
    if (when->shape != APL_WHEN_NUMERIC)
        return;
    tally->separator = when->separator;
    if (when->civil.month > 12 && when->civil.day <= 12)
        tally->day_first++;
    else if (when->civil.day > 12 && when->civil.month <= 12)
        tally->month_first++;
    else
        tally->either++;
}

apl_date_order apl_when_tally_order(const apl_when_tally *tally, bool *out_assumed)
{
    *out_assumed = false;
    if (!tally->count[APL_WHEN_NUMERIC])
        return APL_DATE_ORDER_UNKNOWN;
    if (tally->day_first != tally->month_first)
        return tally->day_first > tally->month_first ? APL_DATE_ORDER_DMY : APL_DATE_ORDER_MDY;
    *out_assumed = true;
    return tally->separator == '/' ? APL_DATE_ORDER_MDY : APL_DATE_ORDER_DMY;
}

static apl_rc out_of_range(int64_t year, apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "the year %lld is outside 1970 to 2199", (long long)year);
    apl_err_fix(err, "a placeholder such as 0000 or 9999 is no time: give the real one");
    return APL_E_INVALID;
}

apl_rc apl_when_resolve(const apl_when *when, const apl_when_reading *how, apl_time_us *out_time,
                        bool *out_assumed_zone, apl_err *err)
{
    apl_civil c = when->civil;
    apl_time_us at = when->at_us;
    bool assumed = false;
    if (when->shape == APL_WHEN_NONE)
        return apl_err_set(err, APL_E_INVALID, "no time can be read here");
    if (when->shape == APL_WHEN_NUMERIC && how->order == APL_DATE_ORDER_DMY) {
        c.month = when->civil.day;
        c.day = when->civil.month;
    }
    if (when->shape != APL_WHEN_EPOCH) {
        if (c.year < 1970 || c.year > 2199)
            return out_of_range(c.year, err);
        if (!apl_civil_is_valid(&c))
            return apl_err_set(err, APL_E_INVALID, "there is no %04d-%02d-%02d %02d:%02d:%02d",
                               c.year, c.month, c.day, c.hour, c.minute, c.second);
        at = apl_time_from_civil(&c) - when->offset_minutes * APL_US_PER_MINUTE;
        assumed = !when->has_zone;
        apl_rc rc = assumed && how->zone ? how->zone(how->zone_ctx, &c, &at, err) : APL_OK;
        if (rc)
            return rc;
    }
    if (at < APL_TIME_MIN_US || at >= APL_TIME_MAX_US)
        return out_of_range(at < APL_TIME_MIN_US ? 1969 : 2200, err);
    *out_time = at;
    *out_assumed_zone = assumed;
    return APL_OK;
}
