/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TZif file format (RFC 9636): header of 44 bytes ("TZif", version, six counts), data block with 32-bit times, then
 * from version 2 on a second header and block with 64-bit times and a footer "\n<POSIX TZ string>\n". The first block of
 * such files is skipped unread. The bytes may be hostile: every count is checked against what is there before use, and
 * the footer is a closed grammar. Tests: tests/unit/model/test_zone.c
 */
#include "model/zone.h"

#include <string.h>

enum {
    HEADER_BYTES = 44,
    TYPE_MAX = 254, /* leaves room for the footer's two */
    CHANGE_MAX = 10000,
    ABBREV_MAX = 4096,
    RULE_YEAR_MIN = 1969,
    RULE_YEAR_MAX = 2210,
    OFFSET_MIN_S = -89999,
    OFFSET_MAX_S = 93599,
};
/* zic's "Big Bang"; anything beyond cannot be time, and sums with offsets stay far from overflow. */
#define CHANGE_LIMIT_S ((int64_t)1 << 59)

typedef struct block {
    size_t isut_count, isstd_count, leap_count, change_count, type_count, abbrev_bytes;
    size_t time_bytes;
    const unsigned char *data;
    size_t data_bytes;
} block;

typedef enum date_form { DATE_JULIAN, DATE_ZERO_BASED, DATE_MONTH } date_form;

typedef struct rule_date {
    date_form form;
    int month, week, day; /* day only, except for DATE_MONTH */
    int64_t second;       /* of that day, local; may lie days off */
} rule_date;

typedef struct footer {
    apl_zone_type std, dst;
    bool has_dst;
    rule_date dst_start, dst_end;
} footer;

typedef struct cursor {
    apl_span text;
    size_t at;
} cursor;

static apl_rc damaged(apl_err *err, const char *what)
{
    apl_err_set(err, APL_E_INVALID, "this is no sound time zone file: %s", what);
    apl_err_fix(err, "reinstall the package tzdata");
    return APL_E_INVALID;
}

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_time(const unsigned char *bytes, size_t width)
{
    if (width == 4)
        return (int32_t)read_u32(bytes);
    return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

/* Header and extent of the data block at *at, which moves past both. */
static apl_rc read_block(apl_span bytes, size_t *at, size_t time_bytes, block *out, apl_err *err)
{
    if (bytes.len - *at < HEADER_BYTES || memcmp(bytes.ptr + *at, "TZif", 4) != 0)
        return damaged(err, "the header is missing");
    const unsigned char *head = (const unsigned char *)bytes.ptr + *at;
    block b = {
        .isut_count = read_u32(head + 20),
        .isstd_count = read_u32(head + 24),
        .leap_count = read_u32(head + 28),
        .change_count = read_u32(head + 32),
        .type_count = read_u32(head + 36),
        .abbrev_bytes = read_u32(head + 40),
        .time_bytes = time_bytes,
        .data = head + HEADER_BYTES,
    };
    /* Six 32-bit counts with small factors cannot overflow 64 bits. */
    b.data_bytes = b.change_count * (time_bytes + 1) + b.type_count * 6 + b.abbrev_bytes +
                   b.leap_count * (time_bytes + 4) + b.isstd_count + b.isut_count;
    if (b.data_bytes > bytes.len - *at - HEADER_BYTES)
        return damaged(err, "it is cut short");
    *at += HEADER_BYTES + b.data_bytes;
    *out = b;
    return APL_OK;
}

static apl_rc check_counts(const block *b, apl_err *err)
{
    if (b->leap_count)
        return apl_err_set(err, APL_E_UNSUPPORTED,
                           "the time zone file counts leap seconds (\"right\" time)");
    if (!b->type_count)
        return damaged(err, "it has no local time");
    if (b->type_count > TYPE_MAX || b->change_count > CHANGE_MAX || b->abbrev_bytes > ABBREV_MAX)
        return apl_err_set(err, APL_E_LIMIT, "the time zone file is larger than any real one");
    return APL_OK;
}

static apl_rc read_types(const block *b, apl_zone *zone, apl_err *err)
{
    const unsigned char *types = b->data + b->change_count * (b->time_bytes + 1);
    const char *abbrevs = (const char *)types + b->type_count * 6;
    for (size_t i = 0; i < b->type_count; i++) {
        const unsigned char *raw = types + i * 6;
        apl_zone_type *type = &zone->types[i];
        type->offset_s = (int32_t)read_u32(raw);
        type->is_dst = raw[4] == 1;
        if (type->offset_s < OFFSET_MIN_S || type->offset_s > OFFSET_MAX_S)
            return damaged(err, "an offset is more than a day");
        if (raw[4] > 1 || raw[5] >= b->abbrev_bytes)
            return damaged(err, "a local time is out of range");
        size_t room = b->abbrev_bytes - raw[5];
        size_t len = strnlen(abbrevs + raw[5], room);
        if (len == room)
            return damaged(err, "an abbreviation has no end");
        memcpy(type->abbrev, abbrevs + raw[5],
               len < sizeof type->abbrev ? len : sizeof type->abbrev - 1);
    }
    zone->type_count = b->type_count;
    return APL_OK;
}

static apl_rc read_changes(const block *b, apl_zone *zone, apl_err *err)
{
    const unsigned char *indexes = b->data + b->change_count * b->time_bytes;
    for (size_t i = 0; i < b->change_count; i++) {
        apl_zone_change *change = &zone->changes[i];
        change->at_s = read_time(b->data + i * b->time_bytes, b->time_bytes);
        change->type = indexes[i];
        if (change->type >= b->type_count)
            return damaged(err, "a change leads to a local time that is not there");
        if (change->at_s < -CHANGE_LIMIT_S || change->at_s > CHANGE_LIMIT_S)
            return damaged(err, "a change lies outside all time");
        if (i && change->at_s <= zone->changes[i - 1].at_s)
            return damaged(err, "its changes are out of order");
    }
    zone->change_count = b->change_count;
    return APL_OK;
}

/* --- the footer: a POSIX TZ string with the extensions of RFC 9636 §3.3.1 --- */

static char peek(const cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static bool take(cursor *c, char wanted)
{
    if (peek(c) != wanted || c->at >= c->text.len)
        return false;
    c->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_number(cursor *c, int min, int max, int *out)
{
    int value = 0;
    size_t start = c->at;
    while (is_digit(peek(c)) && c->at - start < 4)
        value = value * 10 + (c->text.ptr[c->at++] - '0');
    *out = value;
    return c->at > start && value >= min && value <= max;
}

static bool take_abbrev(cursor *c, char out[APL_ZONE_ABBREV_BYTES])
{
    bool is_quoted = take(c, '<');
    size_t len = 0;
    for (char next = peek(c);
         is_alpha(next) || (is_quoted && (is_digit(next) || next == '+' || next == '-'));
         next = peek(c)) {
        if (len + 1 >= APL_ZONE_ABBREV_BYTES)
            return false;
        out[len++] = next;
        c->at++;
    }
    out[len] = '\0';
    return len >= 3 && (!is_quoted || take(c, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_clock(cursor *c, int max_hours, int64_t *out)
{
    int sign = take(c, '-') ? -1 : (take(c, '+'), 1);
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!take_number(c, 0, max_hours, &hours))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 0, 59, &minutes))
            return false;
        if (take(c, ':') && !take_number(c, 0, 59, &seconds))
            return false;
    }
    *out = sign * ((int64_t)hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool take_rule(cursor *c, rule_date *out)
{
    rule_date rule = {.second = 7200};
    if (take(c, 'M')) {
        rule.form = DATE_MONTH;
        if (!take_number(c, 1, 12, &rule.month) || !take(c, '.') ||
            !take_number(c, 1, 5, &rule.week) || !take(c, '.') || !take_number(c, 0, 6, &rule.day))
            return false;
    } else if (take(c, 'J')) {
        rule.form = DATE_JULIAN;
        if (!take_number(c, 1, 365, &rule.day))
            return false;
    } else {
        rule.form = DATE_ZERO_BASED;
        if (!take_number(c, 0, 365, &rule.day))
            return false;
    }
    if (take(c, '/') && !take_clock(c, 167, &rule.second))
        return false;
    *out = rule;
    return true;
}

static bool parse_footer(apl_span text, footer *out)
{
    cursor c = {.text = text};
    footer f = {0};
    int64_t west = 0;
    if (!take_abbrev(&c, f.std.abbrev) || !take_clock(&c, 24, &west))
        return false;
    f.std.offset_s = (int32_t)-west;
    if (c.at < text.len) {
        f.has_dst = true;
        f.dst.is_dst = true;
        if (!take_abbrev(&c, f.dst.abbrev))
            return false;
        west -= 3600;
        if (peek(&c) != ',' && !take_clock(&c, 24, &west))
            return false;
        f.dst.offset_s = (int32_t)-west;
        if (!take(&c, ',') || !take_rule(&c, &f.dst_start) || !take(&c, ',') ||
            !take_rule(&c, &f.dst_end))
            return false;
    }
    *out = f;
    return c.at == text.len;
}

/* The rule's local time in that year as seconds since 1970, as if in UTC. */
static int64_t rule_second(const rule_date *rule, int year)
{
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t day = apl_days_from_civil(year, 1, 1);
    if (rule->form == DATE_ZERO_BASED) {
        day += rule->day;
    } else if (rule->form == DATE_JULIAN) {
        day += rule->day - 1 + (is_leap && rule->day >= 60); /* J60 is always 1 March */
    } else {
        day = apl_days_from_civil(year, rule->month, 1);
        int64_t next_month = rule->month == 12 ? apl_days_from_civil(year + 1, 1, 1)
                                               : apl_days_from_civil(year, rule->month + 1, 1);
        day += (rule->day - apl_weekday_from_days(day) + 7) % 7 + (rule->week - 1) * 7;
        while (day >= next_month) /* week 5 is the last one */
            day -= 7;
    }
    return day * 86400 + rule->second;
}

static uint8_t type_find_or_add(apl_zone *zone, const apl_zone_type *wanted)
{
    for (size_t i = 0; i < zone->type_count; i++) {
        const apl_zone_type *type = &zone->types[i];
        if (type->offset_s == wanted->offset_s && type->is_dst == wanted->is_dst &&
            strcmp(type->abbrev, wanted->abbrev) == 0)
            return (uint8_t)i;
    }
    zone->types[zone->type_count] = *wanted;
    return (uint8_t)zone->type_count++;
}

static void add_change(apl_zone *zone, size_t file_count, int64_t at_s, uint8_t type)
{
    size_t count = zone->change_count;
    if (file_count && at_s <= zone->changes[file_count - 1].at_s)
        return;
    /* All-year daylight time ends and starts in the same second (RFC 9636 §3.3.1); rules may also overlap by days. */
    while (count > file_count && zone->changes[count - 1].at_s >= at_s)
        count--;
    zone->changes[count] = (apl_zone_change){at_s, type};
    zone->change_count = count + 1;
}

static void add_year(apl_zone *zone, const footer *f, size_t file_count, int year,
                     const uint8_t types[2])
{
    int64_t start = rule_second(&f->dst_start, year) - f->std.offset_s;
    int64_t end = rule_second(&f->dst_end, year) - f->dst.offset_s;
    if (start < end) {
        add_change(zone, file_count, start, types[1]);
        add_change(zone, file_count, end, types[0]);
    } else {
        add_change(zone, file_count, end, types[0]);
        add_change(zone, file_count, start, types[1]);
    }
}

static void add_footer_changes(apl_zone *zone, const footer *f, size_t file_count)
{
    uint8_t types[2] = {type_find_or_add(zone, &f->std), 0};
    if (!f->has_dst) {
        if (!file_count)
            zone->types[0] = f->std;
        return;
    }
    types[1] = type_find_or_add(zone, &f->dst);
    int first = RULE_YEAR_MIN;
    if (file_count) {
        int month;
        int day;
        int64_t last_day = zone->changes[file_count - 1].at_s / 86400;
        if (last_day > apl_days_from_civil(RULE_YEAR_MAX, 12, 31))
            return;
        if (last_day > apl_days_from_civil(RULE_YEAR_MIN, 1, 1))
            apl_civil_from_days(last_day, &first, &month, &day);
        first--; /* rules may reach days into the next year */
    }
    for (int year = first; year <= RULE_YEAR_MAX; year++)
        add_year(zone, f, file_count, year, types);
}

static apl_rc read_footer(apl_span rest, apl_zone *zone, apl_err *err)
{
    if (rest.len < 2 || rest.ptr[0] != '\n')
        return damaged(err, "the footer is missing");
    rest = apl_span_sub(rest, 1, SIZE_MAX);
    size_t end = apl_span_find_byte(rest, '\n');
    if (end == SIZE_MAX)
        return damaged(err, "the footer has no end");
    if (!end)
        return APL_OK;
    footer f;
    if (!parse_footer(apl_span_sub(rest, 0, end), &f))
        return damaged(err, "the footer is no POSIX TZ string");
    add_footer_changes(zone, &f, zone->change_count);
    return APL_OK;
}

static apl_rc fill_zone(apl_span bytes, apl_zone *zone, apl_err *err)
{
    size_t at = 0;
    block b;
    apl_rc rc = read_block(bytes, &at, 4, &b, err);
    if (rc)
        return rc;
    bool has_footer = bytes.ptr[4] >= '2';
    if (has_footer)
        rc = read_block(bytes, &at, 8, &b, err);
    if (!rc)
        rc = check_counts(&b, err);
    if (rc)
        return rc;
    zone->types = apl_mem_zalloc(b.type_count + 2, sizeof *zone->types);
    size_t rule_changes = has_footer ? 2 * (RULE_YEAR_MAX - RULE_YEAR_MIN + 2) : 0;
    zone->changes = apl_mem_zalloc(b.change_count + rule_changes + 1, sizeof *zone->changes);
    if (!zone->types || !zone->changes)
        return apl_err_nomem(err);
    rc = read_types(&b, zone, err);
    if (!rc)
        rc = read_changes(&b, zone, err);
    if (!rc && has_footer)
        rc = read_footer(apl_span_sub(bytes, at, SIZE_MAX), zone, err);
    return rc;
}

apl_rc apl_zone_parse(apl_span bytes, apl_span name, apl_zone *out_zone, apl_err *err)
{
    if (!apl_zone_name_is_valid(name)) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no name of a time zone",
                    APL_SPAN_ARGS(apl_span_sub(name, 0, 40)));
        apl_err_fix(err, "use a name like Europe/Berlin");
        return APL_E_INVALID;
    }
    if (bytes.len > APL_ZONE_FILE_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the time zone file has more than %d bytes",
                           APL_ZONE_FILE_MAX_BYTES);
    apl_zone zone = {0};
    memcpy(zone.name, name.ptr, name.len);
    apl_rc rc = fill_zone(bytes, &zone, err);
    if (rc) {
        apl_err_where(err, "time zone %s", zone.name);
        apl_zone_release(&zone);
        return rc;
    }
    *out_zone = zone;
    return APL_OK;
}
