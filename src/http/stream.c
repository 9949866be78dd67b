/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events. One stream is at most once in the workers' queue or running (is_scheduled), so next and closed
 * never run side by side. The reader on the loop suspends the connection when there is nothing to send, under
 * stream->lock, and whoever brings bytes resumes it under the same lock: no wake is lost and none is doubled.
 * Tests: tests/unit/http/test_stream.c
 */
#include "http/stream.h"

#include "http/internal.h"

#include <string.h>

enum { RESET_ROOM_BYTES = 64, EVENT_FIELD_MAX_BYTES = 256 };

static const char reset_event[] = "event: reset\ndata: {}\n\n";
static const char heartbeat[] = ": still here\n\n";

/* ---- the format ---- */

static bool is_one_line(apl_span text)
{
    return apl_span_find_byte(text, '\n') == SIZE_MAX &&
           apl_span_find_byte(text, '\r') == SIZE_MAX && apl_span_find_byte(text, '\0') == SIZE_MAX;
}

static apl_rc field_add(apl_buf *out, const char *name, apl_span value, apl_err *err)
{
    apl_rc rc = apl_buf_add_str(out, name, err);
    if (!rc)
        rc = apl_buf_add(out, value, err);
    if (!rc)
        rc = apl_buf_add_byte(out, '\n', err);
    return rc;
}

/* A carriage return ends a line too in this format, alone or before a line feed. */
static apl_rc data_add(apl_buf *out, apl_span data, apl_err *err)
{
    size_t start = 0;
    for (size_t i = 0; i <= data.len; i++) {
        bool is_end = i == data.len || data.ptr[i] == '\n' || data.ptr[i] == '\r';
        if (!is_end)
            continue;
        apl_rc rc = field_add(out, "data: ", apl_span_sub(data, start, i - start), err);
        if (rc)
            return rc;
        if (i + 1 < data.len && data.ptr[i] == '\r' && data.ptr[i + 1] == '\n')
            i++;
        start = i + 1;
    }
    return APL_OK;
}

apl_rc apl_http_event_add(apl_buf *out, const apl_http_event *event, apl_err *err)
{
    if (!is_one_line(event->id) || !is_one_line(event->event) ||
        event->id.len > EVENT_FIELD_MAX_BYTES || event->event.len > EVENT_FIELD_MAX_BYTES)
        return apl_err_set(err, APL_E_INVALID, "an event's id and name are short single lines");
    size_t before = out->len;
    apl_rc rc = APL_OK;
    if (event->id.len)
        rc = field_add(out, "id: ", event->id, err);
    if (!rc && event->event.len)
        rc = field_add(out, "event: ", event->event, err);
    if (!rc)
        rc = data_add(out, event->data, err);
    if (!rc)
        rc = apl_buf_add_byte(out, '\n', err);
    if (rc && out->ptr) {
        out->len = before;
        out->ptr[before] = '\0';
    }
    return rc;
}

/* ---- life ---- */

apl_rc apl_http_answer_stream(apl_http_response *response, const apl_http_stream_ops *ops,
                              void *ctx, apl_http_stream **out_stream, apl_err *err)
{
    http_exchange *exchange = (http_exchange *)response->request;
    apl_http_server *server = exchange->server;
    apl_rc rc = apl_http_header_set(response, "Content-Type", APL_SPAN("text/event-stream"), err);
    /* Proxies must not collect events. */
    if (!rc)
        rc = apl_http_header_set(response, "X-Accel-Buffering", APL_SPAN("no"), err);
    if (rc)
        return rc;
    apl_http_stream *stream = apl_mem_zalloc(1, sizeof *stream);
    if (!stream)
        return apl_err_nomem(err);
    apl_mutex_init(&stream->lock);
    stream->server = server;
    stream->ops = ops;
    stream->ctx = ctx;
    stream->pending = APL_BUF(server->config.stream_max_bytes + RESET_ROOM_BYTES);

    apl_mutex_lock(&server->streams_lock);
    bool is_full = server->are_streams_closed || server->stream_count >= server->config.stream_max;
    if (!is_full) {
        stream->next = server->streams;
        if (server->streams)
            server->streams->previous = stream;
        server->streams = stream;
        server->stream_count++;
    }
    apl_mutex_unlock(&server->streams_lock);
    if (is_full) {
        apl_mutex_release(&stream->lock);
        apl_mem_free(stream);
        atomic_fetch_add(&server->refused_busy, 1);
        apl_err_set(err, APL_E_BUSY, "all %u event streams are taken", server->config.stream_max);
        apl_err_fix(err, "close other windows, or raise the server's limit");
        return APL_E_BUSY;
    }
    if (response->stream)
        (void)http_stream_over(response->stream);
    response->stream = stream;
    response->status = 200;
    *out_stream = stream;
    return APL_OK;
}

static void stream_free(apl_http_stream *stream)
{
    apl_http_server *server = stream->server;
    apl_mutex_lock(&server->streams_lock);
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        server->streams = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    server->stream_count--;
    apl_mutex_unlock(&server->streams_lock);
    apl_buf_release(&stream->pending);
    apl_mutex_release(&stream->lock);
    apl_mem_free(stream);
    apl_mutex_lock(&server->lock);
    apl_cond_broadcast(&server->idle);
    apl_mutex_unlock(&server->lock);
}

/* The functions named …_locked want stream->lock held. */

static void schedule_locked(apl_http_stream *stream)
{
    if (stream->is_scheduled)
        return;
    stream->is_scheduled = true;
    http_pool_schedule(stream);
}

static void resume_locked(apl_http_stream *stream)
{
    if (!stream->is_suspended)
        return;
    stream->is_suspended = false;
    MHD_resume_connection(stream->connection);
}

/* Asks for more only when the client has taken what there is: that bounds memory and lets slow clients lag. */
static void want_locked(apl_http_stream *stream)
{
    if (stream->is_started && stream->is_woken && !stream->is_ended && !stream->is_over &&
        !stream->pending.len)
        schedule_locked(stream);
}

static void reset_locked(apl_http_stream *stream)
{
    if (stream->is_ended)
        return;
    stream->is_ended = true;
    /* When even this finds no memory, the client sees the connection end, which it must survive anyway. */
    apl_rc rc = apl_buf_add(&stream->pending, apl_span_of(reset_event), NULL);
    (void)rc;
    atomic_fetch_add(&stream->server->dropped_slow, 1);
    resume_locked(stream);
}

void apl_http_stream_wake(apl_http_stream *stream)
{
    apl_mutex_lock(&stream->lock);
    stream->is_woken = true;
    want_locked(stream);
    apl_mutex_unlock(&stream->lock);
}

void apl_http_stream_end(apl_http_stream *stream)
{
    apl_mutex_lock(&stream->lock);
    stream->is_ended = true;
    resume_locked(stream);
    apl_mutex_unlock(&stream->lock);
}

/* ---- on the loop ---- */

void http_stream_start(apl_http_stream *stream, struct MHD_Connection *connection)
{
    apl_mutex_lock(&stream->lock);
    stream->connection = connection;
    stream->is_started = true;
    stream->is_woken = true;
    stream->sent_us = stream->moved_us = http_now_us(stream->server);
    want_locked(stream);
    apl_mutex_unlock(&stream->lock);
}

ssize_t http_stream_read(void *ctx, uint64_t position, char *out, size_t max)
{
    apl_http_stream *stream = ctx;
    (void)position;
    ssize_t result = 0;
    apl_mutex_lock(&stream->lock);
    if (stream->pending.len) {
        size_t n = stream->pending.len < max ? stream->pending.len : max;
        memcpy(out, stream->pending.ptr, n);
        apl_buf_consume(&stream->pending, n);
        stream->sent_us = stream->moved_us = http_now_us(stream->server);
        stream->sent_bytes += n;
        if (!stream->pending.len)
            apl_buf_release(&stream->pending);
        want_locked(stream);
        result = (ssize_t)n;
    } else if (stream->is_ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    apl_mutex_unlock(&stream->lock);
    return result;
}

uint64_t http_stream_over(apl_http_stream *stream)
{
    apl_mutex_lock(&stream->lock);
    stream->is_over = true;
    uint64_t sent = stream->sent_bytes;
    /* Last use of stream here: the worker frees it, but not before it gets this lock. */
    schedule_locked(stream);
    apl_mutex_unlock(&stream->lock);
    return sent;
}

/* ---- on a worker ---- */

static void next_run(apl_http_stream *stream, void *worker_ctx)
{
    apl_buf fresh = APL_BUF(stream->server->config.stream_max_bytes);
    apl_err err = {0};
    apl_rc rc = stream->ops->next(stream->ctx, worker_ctx, &fresh, &err);

    apl_mutex_lock(&stream->lock);
    /* Nothing else fills pending while this runs; whole events that came before an error still go out. */
    if (fresh.len) {
        apl_buf_release(&stream->pending);
        fresh.max = stream->pending.max;
        stream->pending = fresh;
        stream->moved_us = http_now_us(stream->server);
    } else {
        apl_buf_release(&fresh);
    }
    if (rc)
        reset_locked(stream);
    if (stream->pending.len || stream->is_ended)
        resume_locked(stream);
    apl_mutex_unlock(&stream->lock);
}

void http_stream_run(apl_http_stream *stream, void *worker_ctx)
{
    apl_mutex_lock(&stream->lock);
    bool is_over = stream->is_over;
    bool is_wanted = !is_over && !stream->is_ended && !stream->pending.len && stream->is_woken;
    if (is_wanted)
        stream->is_woken = false;
    apl_mutex_unlock(&stream->lock);
    if (is_over) {
        stream->ops->closed(stream->ctx);
        stream_free(stream);
        return;
    }
    if (is_wanted)
        next_run(stream, worker_ctx);

    apl_mutex_lock(&stream->lock);
    stream->is_scheduled = false;
    if (stream->is_over)
        schedule_locked(stream);
    else
        want_locked(stream);
    apl_mutex_unlock(&stream->lock);
}

/* ---- the ticker ---- */

static void tick_one(apl_http_stream *stream, int64_t now_us)
{
    const apl_http_config *config = &stream->server->config;
    apl_mutex_lock(&stream->lock);
    bool is_live = stream->is_started && !stream->is_over && !stream->is_ended;
    if (is_live && stream->pending.len) {
        if (now_us - stream->moved_us >= config->stall_us)
            reset_locked(stream);
    } else if (is_live && !stream->is_scheduled &&
               now_us - stream->sent_us >= config->heartbeat_us) {
        if (!apl_buf_add(&stream->pending, apl_span_of(heartbeat), NULL)) {
            stream->moved_us = now_us;
            resume_locked(stream);
        }
    }
    apl_mutex_unlock(&stream->lock);
}

void http_streams_tick(apl_http_server *server, int64_t now_us)
{
    apl_mutex_lock(&server->streams_lock);
    for (apl_http_stream *s = server->streams; s; s = s->next)
        tick_one(s, now_us);
    apl_mutex_unlock(&server->streams_lock);
}

void http_streams_end(apl_http_server *server)
{
    apl_mutex_lock(&server->streams_lock);
    server->are_streams_closed = true;
    for (apl_http_stream *s = server->streams; s; s = s->next)
        apl_http_stream_end(s);
    apl_mutex_unlock(&server->streams_lock);
}
