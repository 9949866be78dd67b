/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time zone from the bytes of a TZif file (RFC 9636, versions 1 to 4); reading the file is not here. Pure and
 * immutable after parsing, so any number of threads may share one.
 *
 * All of a zone is one table of transitions: the file's own, then those that its POSIX TZ footer gives up to the end of
 * 2210, which lies past every time that Aplomb takes (base/time.h). Later times keep the last offset.
 */
#ifndef APL_MODEL_ZONE_H
#define APL_MODEL_ZONE_H

#include "base/mem.h"
#include "base/time.h"

enum {
    APL_ZONE_NAME_MAX_BYTES = 64,
    APL_ZONE_FILE_MAX_BYTES = 256 * 1024,
    APL_ZONE_ABBREV_BYTES = 16,
};

typedef struct apl_zone_type {
    int32_t offset_s; /* local = UTC + offset */
    bool is_dst;
    char abbrev[APL_ZONE_ABBREV_BYTES]; /* cut when the file's is longer */
} apl_zone_type;

typedef struct apl_zone_change {
    int64_t at_s; /* UTC seconds from which `type` holds */
    uint8_t type;
} apl_zone_change;

typedef struct apl_zone {
    char name[APL_ZONE_NAME_MAX_BYTES + 1];
    apl_zone_type *types; /* types[0] holds before the first change */
    size_t type_count;
    apl_zone_change *changes; /* strictly ascending */
    size_t change_count;
} apl_zone;

typedef struct apl_zone_local {
    apl_civil civil;
    int64_t day; /* days since 1970-01-01 of that local date */
    int32_t offset_s;
    bool is_dst;
    const char *abbrev; /* the zone's */
} apl_zone_local;

typedef enum apl_zone_fit {
    APL_ZONE_FIT_ONCE = 0,
    APL_ZONE_FIT_GAP,  /* the clocks jumped over it */
    APL_ZONE_FIT_TWICE /* the clocks were set back over it */
} apl_zone_fit;

/* An IANA name as a relative path: letters, digits, "_+-." in parts between single slashes; no part "." or "..", not
 * empty, not longer than APL_ZONE_NAME_MAX_BYTES. It says nothing about whether such a zone exists. */
bool apl_zone_name_is_valid(apl_span name);
/* APL_E_INVALID (name or bytes), APL_E_LIMIT, APL_E_UNSUPPORTED (a "right" file that counts leap seconds), APL_E_NOMEM. */
apl_rc apl_zone_parse(apl_span bytes, apl_span name, apl_zone *out_zone, apl_err *err) MUST_USE;
/* UTC without a file. */
apl_rc apl_zone_init_utc(apl_zone *out_zone, apl_err *err) MUST_USE;
void apl_zone_release(apl_zone *zone);
void apl_zone_release_auto(apl_zone *zone);

void apl_zone_to_local(const apl_zone *zone, apl_time_us time, apl_zone_local *out_local);
/* Days since 1970-01-01 of the local date at that time. */
int64_t apl_zone_day_of(const apl_zone *zone, apl_time_us time);
/*
 * The meaning of Python's zoneinfo with fold=0: a time that comes twice is its first coming; a time in a gap is read with
 * the offset from before the gap (02:30 in a gap from 02:00 to 03:00 is the instant shown as 03:30). out_fit may be NULL.
 */
apl_time_us apl_zone_to_utc(const apl_zone *zone, const apl_civil *civil, apl_zone_fit *out_fit);
/*
 * The first instant at which the local clock shows second_of_day (any, also past 86400) of that date, or jumps past it.
 * Never decreases as the local time grows; so intervals made of it never overlap when their local times do not.
 */
apl_time_us apl_zone_first_at(const apl_zone *zone, int64_t day, int64_t second_of_day);
/* The first instant of the local date (not always 00:00). */
apl_time_us apl_zone_day_start(const apl_zone *zone, int64_t day);
/* The first instant from which the local date stays later than `day`. Equals the start of the next day, except when the
 * clocks are set back over midnight. A day that a zone skipped has start == end. */
apl_time_us apl_zone_day_end(const apl_zone *zone, int64_t day);
/* False for a date that the zone skipped (Pacific/Apia 2011-12-30). */
bool apl_zone_has_day(const apl_zone *zone, int64_t day);

#endif
