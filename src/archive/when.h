/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as archives write them. One value alone may not say which of two numbers is the day; so a value is first taken
 * apart (scan), the whole column is weighed (apl_when_tally), and then resolved with what the column says.
 */
#ifndef APL_ARCHIVE_WHEN_H
#define APL_ARCHIVE_WHEN_H

#include "base/time.h"

typedef enum apl_when_shape {
    APL_WHEN_NONE = 0, /* not a time */
    APL_WHEN_CIVIL,    /* year, month, day known */
    APL_WHEN_NUMERIC,  /* two of day and month in an order to be found */
    APL_WHEN_EPOCH,    /* seconds, milliseconds, microseconds or nanoseconds since 1970 */
    APL_WHEN_SERIAL,   /* days since 1899-12-30, as spreadsheets count */
} apl_when_shape;

typedef enum apl_date_order {
    APL_DATE_ORDER_UNKNOWN = 0,
    APL_DATE_ORDER_DMY,
    APL_DATE_ORDER_MDY,
} apl_date_order;

typedef struct apl_when {
    apl_when_shape shape;
    apl_civil
        civil; /* CIVIL: all; NUMERIC: month and day are the first and the second number as written */
    bool has_time;
    bool has_zone;
    int offset_minutes;
    char separator;    /* of a NUMERIC date */
    apl_time_us at_us; /* EPOCH */
} apl_when;

/* What the values of a column say together. */
typedef struct apl_when_tally {
    uint64_t count[5];     /* by shape; [APL_WHEN_NONE] counts values that are no time */
    uint64_t zoned, local; /* values with and without a zone (epochs count as zoned) */
    uint64_t day_first, month_first, either; /* NUMERIC: by which number exceeds 12 */
    char separator;
} apl_when_tally;

/*
 * Takes a value apart: RFC 3339, RFC 2822, "Tue Oct 31 22:10:47 +0000 2017", "24-02-2015 11.15", "10/31/2017 10:10 PM",
 * "31 Oct 2017", "20150224T111535Z", epochs, spreadsheet serials. Never fails; shape APL_WHEN_NONE = no time.
 */
void apl_when_scan(apl_span text, apl_when *out_when);
void apl_when_tally_add(apl_when_tally *tally, const apl_when *when);
/* The order by evidence; when there is none, by custom ('/' month first, else day first) with *out_assumed true. */
apl_date_order apl_when_tally_order(const apl_when_tally *tally, bool *out_assumed);

/* Local time to UTC in the archive's zone. A time that does not exist or is doubled there is resolved, never refused. */
typedef apl_rc (*apl_zone_fn)(void *ctx, const apl_civil *local, apl_time_us *out_utc,
                              apl_err *err);

/* How a column's times are read; zone NULL = UTC. */
typedef struct apl_when_reading {
    apl_date_order order;
    apl_zone_fn zone;
    void *zone_ctx;
} apl_when_reading;

/*
 * To UTC. *out_assumed_zone tells whether the zone was used. Impossible dates and years outside
 * 1970 … 2199 are APL_E_INVALID and name the value.
 */
apl_rc apl_when_resolve(const apl_when *when, const apl_when_reading *how, apl_time_us *out_time,
                        bool *out_assumed_zone, apl_err *err) MUST_USE;

#endif
