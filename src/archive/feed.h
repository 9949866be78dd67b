/* SPDX-License-Identifier: Apache-2.0 */
/* A sliding view on a stream for readers that look ahead: bytes stay where they are until taken. Private to archive/. */
#ifndef APL_ARCHIVE_FEED_H
#define APL_ARCHIVE_FEED_H

#include "archive/source.h"

typedef struct apl_feed {
    apl_source source;
    char *bytes;
    size_t cap, max;
    size_t pos, end;
    bool is_last;  /* the source has ended */
    uint64_t line; /* physical line of pos, from 1; the readers count */
} apl_feed;

/* Never shows more than max_bytes at once. */
void apl_feed_init(apl_feed *feed, apl_source source, size_t max_bytes);
void apl_feed_release(apl_feed *feed);
/* What can be seen; spans into it die with the next apl_feed_more. */
apl_span apl_feed_view(const apl_feed *feed);
/*
 * Reads on until the view has at least doubled (so that scanning it again and again stays linear), the source has
 * ended, or max is reached. *out_grew: something was added.
 */
apl_rc apl_feed_more(apl_feed *feed, bool *out_grew, apl_err *err) MUST_USE;
void apl_feed_take(apl_feed *feed, size_t n);
/* Drops everything up to and including the next line feed, however far; counts it. */
apl_rc apl_feed_skip_line(apl_feed *feed, apl_err *err) MUST_USE;
/*
 * The next physical line with its end. *out_long: it is longer than max; then the line is its beginning and
 * apl_feed_skip_line takes it. Not taken; empty = the end.
 */
apl_rc apl_feed_line(apl_feed *feed, apl_span *out_line, bool *out_long, apl_err *err) MUST_USE;
/* Line feeds in s. */
uint64_t apl_feed_count_lines(apl_span s);

#endif
