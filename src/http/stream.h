/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events. A handler turns its request into a stream; from then on `next` is asked for bytes after every
 * wake, on a worker thread (so it may read the store with worker_ctx), never twice at a time for one stream. It is not
 * asked again before the client has taken what is there, so a slow client costs one buffer: `next` keeps a cursor and
 * sends what is new since then. A client that takes nothing for stall_us, and one whose `next` fails or overflows the
 * buffer, gets a last "event: reset" and is closed; it then reconnects with Last-Event-ID.
 */
#ifndef APL_HTTP_STREAM_H
#define APL_HTTP_STREAM_H

#include "http/response.h"

typedef struct apl_http_stream_ops {
    /* Appends whole events; nothing new is fine. out's cap is the stream's. An error ends the stream with a reset. */
    apl_rc (*next)(void *ctx, void *worker_ctx, apl_buf *out, apl_err *err);
    /*
     * Called exactly once, on a worker thread, when the stream is over for whatever reason (also when the handler
     * failed after making it, and at shutdown). Unsubscribe and free ctx here. After it returned the stream is gone;
     * until then apl_http_stream_wake is safe. Must not wait for long.
     */
    void (*closed)(void *ctx);
} apl_http_stream_ops;

/*
 * ctx must not live in the request's arena: it is used until closed was called, which may be after the request is gone.
 * Makes the response a stream (200, text/event-stream); `next` is first asked when the headers are on their way.
 * APL_E_BUSY (503) when the server has as many streams as it takes; then closed is not called.
 */
apl_rc apl_http_answer_stream(apl_http_response *response, const apl_http_stream_ops *ops,
                              void *ctx, apl_http_stream **out_stream, apl_err *err) MUST_USE;
/* Any thread, never waits; many wakes before `next` runs are one. */
void apl_http_stream_wake(apl_http_stream *stream);
/* Any thread: closes after the bytes that are waiting. `next` is not asked again. */
void apl_http_stream_end(apl_http_stream *stream);

typedef struct apl_http_event {
    apl_span id;    /* may be empty */
    apl_span event; /* may be empty: "message" */
    apl_span data;  /* lines are split as the format wants */
} apl_http_event;
/* Appends the whole event or nothing. APL_E_INVALID for a line break or NUL in id or event. */
apl_rc apl_http_event_add(apl_buf *out, const apl_http_event *event, apl_err *err) MUST_USE;

#endif
