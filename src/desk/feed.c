/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger as a live feed; see feed.h. Tests: tests/e2e/test_api_events.py */
#include "desk/feed.h"

#include "ledger/entry.h"
#include "json/reader.h"

#include <stdio.h>

apl_rc apl_feed_end(apl_conn *conn, int64_t workspace_id, int64_t *out_seq, apl_err *err)
{
    static const char sql[] = "SELECT size FROM ledger_head WHERE workspace_id = $1";
    int64_t size = 0;
    apl_rc rc = apl_conn_number(conn, sql, APL_VALS(APL_I64(workspace_id)), &size, err);
    if (!rc)
        *out_seq = size;
    return rc;
}

/* What the page is told; entries of other kinds about a case are "case.updated", the rest concerns no page. */
static const char *event_of(apl_span kind, bool has_case)
{
    static const struct {
        const char *ledger;
        const char *live;
    } names[] = {
        {"post.received", "post.created"},    {"reply.received", "post.created"},
        {"post.edited", "post.edited"},       {"post.deleted", "post.deleted"},
        {"note.added", "note.created"},       {"clock.breached", "clock.breached"},
        {"channel.added", "channel.created"}, {"policy.published", "policy.published"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (apl_span_is(kind, names[i].ledger))
            return names[i].live;
    return has_case ? "case.updated" : NULL;
}

/* "case/117" with noun "case" gives 117, else 0. */
static int64_t id_of(apl_span thing, apl_span noun)
{
    int64_t id = 0;
    if (!apl_span_starts(thing, noun) || thing.len <= noun.len || thing.ptr[noun.len] != '/')
        return 0;
    return apl_span_parse_i64(apl_span_sub(thing, noun.len + 1, SIZE_MAX), &id, NULL) ? 0 : id;
}

/* The first case and post that the entry is about. */
static bool read_event(const apl_entry_view *view, apl_feed_event *event)
{
    apl_json thing;
    apl_span text;
    *event = (apl_feed_event){.seq = view->seq, .at_us = view->at_us};
    for (apl_json_iter it = apl_json_each(view->about); apl_json_next(&it, NULL, &thing);) {
        if (!apl_json_as_str(thing, &text))
            continue;
        if (!event->case_id)
            event->case_id = id_of(text, APL_SPAN("case"));
        if (!event->post_id)
            event->post_id = id_of(text, APL_SPAN("post"));
    }
    event->kind = event_of(view->kind, event->case_id != 0);
    return event->kind != NULL;
}

apl_rc apl_feed_read(apl_conn *conn, int64_t workspace_id, apl_feed_page *inout_page, apl_err *err)
{
    static const char sql[] =
        "SELECT seq, entry FROM ledger_entry WHERE workspace_id = $1 AND seq >= $2"
        " ORDER BY seq LIMIT $3";
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_cursor *cursor = NULL;
    apl_feed_page *page = inout_page;
    if (!doc)
        return apl_err_nomem(err);
    page->count = 0;
    apl_rc rc = apl_conn_query(
        conn, sql, APL_VALS(APL_I64(workspace_id), APL_I64(page->next), APL_I64(APL_FEED_PAGE_MAX)),
        &cursor, err);
    for (bool has_row = true; !rc && has_row && page->count < APL_FEED_PAGE_MAX;) {
        apl_entry_view view;
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = apl_entry_parse(doc, apl_cursor_span(cursor, 1), &view, err);
        if (rc || !has_row)
            break;
        page->next = apl_cursor_i64(cursor, 0) + 1;
        page->count += read_event(&view, &page->events[page->count]);
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_span subject_of(int64_t workspace_id, char out[APL_BUS_SUBJECT_MAX_BYTES])
{
    int len = snprintf(out, APL_BUS_SUBJECT_MAX_BYTES, "ws.%lld.ledger", (long long)workspace_id);
    return (apl_span){out, (size_t)len};
}

void apl_feed_wake(apl_bus *bus, int64_t workspace_id)
{
    char subject[APL_BUS_SUBJECT_MAX_BYTES];
    apl_rc rc = apl_bus_publish(bus, subject_of(workspace_id, subject), APL_SPAN_NONE, NULL);
    (void)rc;
}

apl_rc apl_feed_subscribe(apl_bus *bus, int64_t workspace_id, apl_bus_callback wake, void *ctx,
                          apl_bus_subscription **out_subscription, apl_err *err)
{
    char subject[APL_BUS_SUBJECT_MAX_BYTES];
    return apl_bus_subscribe(bus, subject_of(workspace_id, subject), wake, ctx, out_subscription,
                             err);
}
