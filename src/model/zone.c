/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a time zone; see zone.h. Reading the file is in tzif.c. Every answer is a binary search over one table of
 * changes; segment i (1-based) runs from change i-1 to change i, segment 0 is everything before the first.
 * Tests: tests/unit/model/test_zone.c, tests/property/test_zone_calendar.py (against zoneinfo, all zones).
 */
#include "model/zone.h"

#include <string.h>

/* No offset is further from UTC (RFC 9636 §3.2), so this many seconds around a local time cover its instants. */
enum { OFFSET_REACH_S = 94000 };

void apl_zone_release(apl_zone *zone)
{
    apl_mem_free(zone->types);
    apl_mem_free(zone->changes);
    *zone = (apl_zone){0};
}

void apl_zone_release_auto(apl_zone *zone)
{
    apl_zone_release(zone);
}

static bool name_char_is_valid(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '.';
}

bool apl_zone_name_is_valid(apl_span name)
{
    if (!name.len || name.len > APL_ZONE_NAME_MAX_BYTES || name.ptr[name.len - 1] == '/')
        return false;
    apl_span rest = name;
    apl_span part;
    while (apl_span_split(&rest, '/', &part)) {
        if (!part.len || apl_span_is(part, ".") || apl_span_is(part, ".."))
            return false;
        for (size_t i = 0; i < part.len; i++)
            if (!name_char_is_valid(part.ptr[i]))
                return false;
    }
    return true;
}

apl_rc apl_zone_init_utc(apl_zone *out_zone, apl_err *err)
{
    apl_zone zone = {.name = "UTC", .type_count = 1};
    zone.types = apl_mem_zalloc(1, sizeof *zone.types);
    if (!zone.types)
        return apl_err_nomem(err);
    memcpy(zone.types[0].abbrev, "UTC", 4);
    *out_zone = zone;
    return APL_OK;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static const apl_zone_type *segment_type(const apl_zone *zone, size_t segment)
{
    return &zone->types[segment ? zone->changes[segment - 1].type : 0];
}

/* Number of changes at or before that second. */
static size_t segment_at(const apl_zone *zone, int64_t utc_s)
{
    size_t low = 0;
    size_t high = zone->change_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (zone->changes[mid].at_s <= utc_s)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void apl_zone_to_local(const apl_zone *zone, apl_time_us time, apl_zone_local *out)
{
    const apl_zone_type *type =
        segment_type(zone, segment_at(zone, floor_div(time, APL_US_PER_SECOND)));
    apl_time_us local = time + type->offset_s * APL_US_PER_SECOND;
    apl_time_to_civil(local, &out->civil);
    out->day = floor_div(local, APL_US_PER_DAY);
    out->offset_s = type->offset_s;
    out->is_dst = type->is_dst;
    out->abbrev = type->abbrev;
}

int64_t apl_zone_day_of(const apl_zone *zone, apl_time_us time)
{
    const apl_zone_type *type =
        segment_type(zone, segment_at(zone, floor_div(time, APL_US_PER_SECOND)));
    return floor_div(time + type->offset_s * APL_US_PER_SECOND, APL_US_PER_DAY);
}

/* The local second up to which the offset before the change is used: the later of both readings of that instant. */
static int64_t change_local_s(const apl_zone *zone, size_t index)
{
    int64_t before = segment_type(zone, index)->offset_s;
    int64_t after = segment_type(zone, index + 1)->offset_s;
    return zone->changes[index].at_s + (before > after ? before : after);
}

static apl_zone_fit fit_of(const apl_zone *zone, size_t segment, int64_t local_s)
{
    if (segment == zone->change_count)
        return APL_ZONE_FIT_ONCE;
    const apl_zone_change *next = &zone->changes[segment];
    int64_t before = segment_type(zone, segment)->offset_s;
    int64_t after = segment_type(zone, segment + 1)->offset_s;
    if (after > before && local_s >= next->at_s + before)
        return APL_ZONE_FIT_GAP;
    if (after < before && local_s >= next->at_s + after)
        return APL_ZONE_FIT_TWICE;
    return APL_ZONE_FIT_ONCE;
}

apl_time_us apl_zone_to_utc(const apl_zone *zone, const apl_civil *civil, apl_zone_fit *out_fit)
{
    int64_t local_us = apl_time_from_civil(civil);
    int64_t local_s = floor_div(local_us, APL_US_PER_SECOND);
    size_t low = 0;
    size_t high = zone->change_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (change_local_s(zone, mid) <= local_s)
            low = mid + 1;
        else
            high = mid;
    }
    if (out_fit)
        *out_fit = fit_of(zone, low, local_s);
    return local_us - segment_type(zone, low)->offset_s * APL_US_PER_SECOND;
}

apl_time_us apl_zone_first_at(const apl_zone *zone, int64_t day, int64_t second_of_day)
{
    int64_t local_s = day * 86400 + second_of_day;
    size_t segment = segment_at(zone, local_s - OFFSET_REACH_S);
    for (;; segment++) {
        int64_t first = local_s - segment_type(zone, segment)->offset_s;
        if (segment && zone->changes[segment - 1].at_s > first)
            first = zone->changes[segment - 1].at_s;
        if (segment == zone->change_count || first < zone->changes[segment].at_s)
            return first * APL_US_PER_SECOND;
    }
}

apl_time_us apl_zone_day_start(const apl_zone *zone, int64_t day)
{
    return apl_zone_first_at(zone, day, 0);
}

apl_time_us apl_zone_day_end(const apl_zone *zone, int64_t day)
{
    int64_t local_s = (day + 1) * 86400;
    size_t segment = segment_at(zone, local_s + OFFSET_REACH_S);
    for (;; segment--) {
        /* The end of the part of this segment that reads earlier than local_s; empty when not after its start. */
        int64_t end = local_s - segment_type(zone, segment)->offset_s;
        if (segment < zone->change_count && zone->changes[segment].at_s < end)
            end = zone->changes[segment].at_s;
        if (!segment || end > zone->changes[segment - 1].at_s)
            return end * APL_US_PER_SECOND;
    }
}

bool apl_zone_has_day(const apl_zone *zone, int64_t day)
{
    return apl_zone_day_start(zone, day) != apl_zone_day_start(zone, day + 1);
}
