/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live updates as server-sent events: each stream keeps its own place in the ledger and reads on from there after every
 * wake, so nothing is lost when wakes are joined, and a slow client costs one number. Tests: tests/e2e/test_api_events.py
 */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { EVENTS_BEHIND_MAX = 10000, EVENT_MAX_BYTES = 512 };

typedef struct live {
    apl_api *api;
    apl_http_stream *stream;
    apl_bus_subscription *subscription;
    int64_t next; /* seq of the entry to go on with */
    bool must_reset;
    apl_time_us ends_us; /* of the session: a stream does not outlive the right to read it */
} live;

static void wake(void *ctx, const apl_bus_message *message)
{
    live *l = ctx;
    (void)message;
    apl_http_stream_wake(l->stream);
}

static apl_rc add_event(apl_buf *out, const apl_feed_event *event, apl_err *err)
{
    APL_AUTO(apl_buf) data = APL_BUF(EVENT_MAX_BYTES);
    apl_json_writer w;
    char id[24];
    int len = snprintf(id, sizeof id, "%" PRId64, event->seq);
    apl_json_writer_init(&w, &data);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "kind", event->kind);
    if (event->case_id)
        apl_json_member_i64(&w, "case_id", event->case_id);
    if (event->post_id)
        apl_json_member_i64(&w, "post_id", event->post_id);
    apl_json_member_time(&w, "at", event->at_us);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    apl_http_event line = {{id, (size_t)len}, apl_span_of(event->kind), apl_buf_view(&data)};
    return rc ? rc : apl_http_event_add(out, &line, err);
}

static apl_rc add_reset(live *l, apl_buf *out, apl_time_us now, apl_err *err)
{
    /* The id is that of the last entry that is skipped: whoever comes again goes on after it. */
    apl_feed_event event = {.seq = l->next - 1, .at_us = now, .kind = "reset"};
    l->must_reset = false;
    return add_event(out, &event, err);
}

static apl_rc next(void *ctx, void *worker_ctx, apl_buf *out, apl_err *err)
{
    live *l = ctx;
    api_worker *worker = worker_ctx;
    apl_desk *desk = worker->desk;
    apl_feed_page page;
    apl_time_us now = apl_clock_now(desk->env.clock);
    if (now >= l->ends_us)
        return apl_err_set(err, APL_E_UNAUTH, "the session has ended");
    apl_rc rc = l->must_reset ? add_reset(l, out, now, err) : APL_OK;
    /* Until there is something to send or nothing more to read: entries that no page shows give no event. */
    while (!rc && out->len < EVENT_MAX_BYTES) {
        page.next = l->next;
        rc = apl_feed_read(desk->conn, desk->workspace_id, &page, err);
        for (size_t i = 0; !rc && i < page.count; i++)
            rc = add_event(out, &page.events[i], err);
        bool is_end = !rc && page.next == l->next;
        if (!rc)
            l->next = page.next;
        if (is_end)
            return APL_OK;
    }
    /* There may be more; ask again once the client has taken this. */
    if (!rc)
        apl_http_stream_wake(l->stream);
    return rc;
}

static void closed(void *ctx)
{
    live *l = ctx;
    apl_bus_unsubscribe(l->api->config.bus, l->subscription);
    apl_mem_free(l);
}

static apl_rc find_start(apl_http_request *request, live *l, apl_err *err)
{
    apl_span text;
    int64_t end = 0, last = 0;
    apl_desk *desk = desk_of(request);
    apl_rc rc = apl_feed_end(desk->conn, desk->workspace_id, &end, err);
    l->next = end;
    if (rc || !apl_http_header(request, "last-event-id", &text))
        return rc;
    if (text.len > 16 || apl_span_parse_i64(text, &last, NULL) || last < 0) {
        apl_err_set(err, APL_E_USAGE, "this is no id of an event");
        apl_err_where(err, "header Last-Event-ID");
        return APL_E_USAGE;
    }
    l->must_reset = last >= end || end - last - 1 > EVENTS_BEHIND_MAX;
    if (last == end - 1)
        l->must_reset = false;
    if (!l->must_reset)
        l->next = last + 1;
    return APL_OK;
}

apl_rc api_events_stream(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const apl_http_stream_ops ops = {next, closed};
    static const char *const names[] = {NULL};
    const api_who *who = who_of(request);
    apl_api *api = api_of(request);
    live *l = apl_mem_zalloc(1, sizeof *l);
    if (!l)
        return apl_err_nomem(err);
    l->api = api;
    l->ends_us = who->is_local ? APL_TIME_NONE : who->session.expires_us;
    apl_rc rc = api_query_known(request, names, err);
    if (!rc)
        rc = find_start(request, l, err);
    if (!rc)
        rc = apl_http_answer_stream(response, &ops, l, &l->stream, err);
    if (rc) {
        apl_mem_free(l);
        return rc;
    }
    /* From here on `closed` frees l, also when this fails. */
    return apl_feed_subscribe(api->config.bus, api->workspace_id, wake, l, &l->subscription, err);
}
