/* SPDX-License-Identifier: Apache-2.0 */
/* The sliding view; see feed.h. Tests: through tests/unit/archive/test_csv.c, one byte at a time. */
#include "archive/feed.h"

#include <string.h>

enum { FEED_STEP_BYTES = 64 * 1024 };

void apl_feed_init(apl_feed *feed, apl_source source, size_t max_bytes)
{
    *feed = (apl_feed){.source = source, .max = max_bytes, .line = 1};
}

void apl_feed_release(apl_feed *feed)
{
    apl_mem_free(feed->bytes);
    feed->bytes = NULL;
    feed->cap = feed->pos = feed->end = 0;
}

apl_span apl_feed_view(const apl_feed *feed)
{
    return (apl_span){feed->bytes ? feed->bytes + feed->pos : "", feed->end - feed->pos};
}

/* Moves the view to the front and makes room for at least 64 more bytes, as decoders ask for. */
static apl_rc make_room(apl_feed *feed, apl_err *err)
{
    if (feed->pos) {
        memmove(feed->bytes, feed->bytes + feed->pos, feed->end - feed->pos);
        feed->end -= feed->pos;
        feed->pos = 0;
    }
    if (feed->cap - feed->end >= FEED_STEP_BYTES / 2)
        return APL_OK;
    size_t cap = feed->cap ? feed->cap * 2 : FEED_STEP_BYTES;
    if (cap > feed->max + FEED_STEP_BYTES)
        cap = feed->max + FEED_STEP_BYTES;
    if (cap <= feed->cap)
        return APL_OK;
    char *bytes = apl_mem_realloc(feed->bytes, cap);
    if (!bytes)
        return apl_err_nomem(err);
    feed->bytes = bytes;
    feed->cap = cap;
    return APL_OK;
}

apl_rc apl_feed_more(apl_feed *feed, bool *out_grew, apl_err *err)
{
    size_t before = feed->end - feed->pos;
    size_t target = before * 2 < FEED_STEP_BYTES / 2 ? FEED_STEP_BYTES / 2 : before * 2;
    *out_grew = false;
    while (!feed->is_last && feed->end - feed->pos < target && feed->end - feed->pos < feed->max) {
        apl_rc rc = make_room(feed, err);
        if (rc)
            return rc;
        size_t n = 0;
        rc = feed->source.read(feed->source.ctx, feed->bytes + feed->end, feed->cap - feed->end, &n,
                               err);
        if (rc)
            return rc;
        feed->end += n;
        feed->is_last = n == 0;
        *out_grew |= n != 0;
    }
    return APL_OK;
}

void apl_feed_take(apl_feed *feed, size_t n)
{
    feed->pos += n;
}

uint64_t apl_feed_count_lines(apl_span s)
{
    uint64_t lines = 0;
    for (size_t at; (at = apl_span_find_byte(s, '\n')) != SIZE_MAX; lines++)
        s = apl_span_sub(s, at + 1, SIZE_MAX);
    return lines;
}

apl_rc apl_feed_skip_line(apl_feed *feed, apl_err *err)
{
    for (;;) {
        apl_span view = apl_feed_view(feed);
        size_t at = apl_span_find_byte(view, '\n');
        if (at != SIZE_MAX) {
            feed->pos += at + 1;
            feed->line++;
            return APL_OK;
        }
        feed->pos = feed->end;
        bool grew;
        apl_rc rc = apl_feed_more(feed, &grew, err);
        if (rc || !grew)
            return rc;
    }
}

apl_rc apl_feed_line(apl_feed *feed, apl_span *out_line, bool *out_long, apl_err *err)
{
    size_t seen = 0;
    *out_long = false;
    for (;;) {
        apl_span view = apl_feed_view(feed);
        size_t at = apl_span_find_byte(apl_span_sub(view, seen, SIZE_MAX), '\n');
        size_t len = at == SIZE_MAX ? view.len : seen + at + 1;
        bool is_long = len > feed->max || (at == SIZE_MAX && view.len >= feed->max);
        if (at != SIZE_MAX || is_long || (feed->is_last && !view.len)) {
            *out_long = is_long;
            *out_line = apl_span_sub(view, 0, len < feed->max ? len : feed->max);
            return APL_OK;
        }
        seen = view.len;
        bool grew;
        apl_rc rc = apl_feed_more(feed, &grew, err);
        if (rc)
            return rc;
        if (!grew) {
            *out_line = apl_feed_view(feed);
            return APL_OK;
        }
    }
}
