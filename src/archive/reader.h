/* SPDX-License-Identifier: Apache-2.0 */
/* What a format's reader is to the archive above it. Private to archive/. */
#ifndef APL_ARCHIVE_READER_H
#define APL_ARCHIVE_READER_H

#include "archive/archive.h"

/* Column names; owned copies, in order. */
typedef struct apl_columns {
    apl_span names[APL_ARCHIVE_COLUMNS_MAX];
    size_t count;
} apl_columns;

/* A copy of name becomes the last column. APL_E_LIMIT when there are too many. */
apl_rc apl_columns_add(apl_columns *columns, apl_span name, apl_err *err) MUST_USE;
void apl_columns_release(apl_columns *columns);

typedef struct apl_reader {
    /* As apl_archive_next; fields need not be checked for UTF-8 and NUL, the archive does that over raw. */
    apl_rc (*next)(void *self, apl_archive_record *out_record, apl_err *err);
    void (*free)(void *self);
    void *self;
} apl_reader;

/* Which part of the archive a reject is about. */
typedef struct apl_extent {
    uint64_t from, to; /* lines */
    apl_span raw;
} apl_extent;

/* Fills in a reject. Returns APL_OK. */
apl_rc apl_record_reject(apl_archive_record *record, apl_extent extent, const char *fix,
                         const char *fmt, ...) APL_PRINTF(4, 5);

#endif
