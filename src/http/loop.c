/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs on MHD's loop threads; nothing here waits. MHD calls on_target when it has the request line, on_request
 * once with the head, once per piece of body, once at its end, and again after each resume; on_completed comes last and
 * frees, whatever happened. Tests: tests/unit/http/test_server.c, test_hostile.c
 */
#include "http/internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SLOWEST_US_PER_BYTE = 61 /* 16 KiB per second */ };

int64_t http_now_us(const apl_http_server *server)
{
    return server->config.clock->mono_us(server->config.clock->ctx);
}

static void deadline_set(http_exchange *exchange, int64_t deadline_us)
{
    if (exchange->peer)
        atomic_store(&exchange->peer->deadline_us, deadline_us);
}

static enum MHD_Result answer_send(http_exchange *exchange)
{
    apl_http_server *server = exchange->server;
    apl_http_stream *stream = exchange->response.stream;
    struct MHD_Connection *connection = exchange->connection;
    if (!exchange->mhd)
        return MHD_NO;
    if (stream || atomic_load(&server->is_stopping))
        (void)MHD_add_response_header(exchange->mhd, "Connection", "close");
    if (stream) {
        /* A quiet stream is healthy, and a stalled one is the ticker's. */
        int64_t seconds = (server->config.stall_us + server->config.idle_us) / APL_US_PER_SECOND;
        (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        (unsigned)seconds + 1);
    }
    enum MHD_Result result =
        MHD_queue_response(connection, (unsigned)exchange->response.status, exchange->mhd);
    MHD_destroy_response(exchange->mhd);
    exchange->mhd = NULL;
    exchange->phase = PHASE_SENT;
    if (result != MHD_YES)
        return MHD_NO;
    int64_t now_us = http_now_us(server);
    deadline_set(exchange, stream ? 0
                                  : now_us + server->config.body_us +
                                        (int64_t)exchange->response_bytes * SLOWEST_US_PER_BYTE);
    if (stream) {
        exchange->stream = stream;
        exchange->response.stream = NULL;
        http_stream_start(stream, connection);
    }
    return MHD_YES;
}

static void refuse_busy(http_exchange *exchange)
{
    apl_err err = {0};
    if (atomic_load(&exchange->server->is_stopping))
        apl_err_set(&err, APL_E_BUSY, "the server is stopping");
    else
        apl_err_set(&err, APL_E_BUSY, "the server has more to do than it can take on");
    apl_err_fix(&err, "try again in a moment");
    http_exchange_refuse(exchange, 503, &err);
    http_exchange_finish(exchange);
}

/* The whole request is here. */
static enum MHD_Result dispatch(http_exchange *exchange)
{
    exchange->request.body = apl_buf_view(&exchange->body);
    deadline_set(exchange, 0);
    if (exchange->request.route->flags & APL_HTTP_INLINE) {
        if (http_pool_count(exchange))
            http_exchange_run(exchange, NULL);
        else
            refuse_busy(exchange);
        return answer_send(exchange);
    }
    /* Once taken it is the worker's, and may not be looked at. */
    if (http_pool_take(exchange))
        return MHD_YES;
    refuse_busy(exchange);
    return answer_send(exchange);
}

/* ---- the body ---- */

static apl_rc body_add(http_exchange *exchange, apl_span piece, apl_err *err)
{
    apl_http_server *server = exchange->server;
    size_t max = exchange->request.route->body_max_bytes;
    if (piece.len > max - exchange->body.len) {
        apl_err_set(err, APL_E_LIMIT, "the body is larger than %zu bytes", max);
        apl_err_fix(err, "send less at a time");
        return APL_E_LIMIT;
    }
    size_t before = atomic_fetch_add(&server->bodies_bytes, piece.len);
    exchange->budget_bytes += piece.len;
    if (before + piece.len > server->config.bodies_max_bytes) {
        apl_err_set(err, APL_E_BUSY, "too much is being uploaded at this moment");
        apl_err_fix(err, "try again in a moment");
        return APL_E_BUSY;
    }
    return apl_buf_add(&exchange->body, piece, err);
}

static enum MHD_Result body_take(http_exchange *exchange, apl_span piece)
{
    exchange->request_bytes += piece.len;
    if (exchange->peer)
        atomic_fetch_add(&exchange->peer->deadline_us, (int64_t)piece.len * SLOWEST_US_PER_BYTE);
    if (exchange->phase == PHASE_READING) {
        apl_err err = {0};
        if (!body_add(exchange, piece, &err))
            return MHD_YES;
        apl_buf_release(&exchange->body);
        http_exchange_refuse(exchange, 0, &err);
        http_exchange_finish(exchange);
        exchange->phase = PHASE_DISCARDING;
    }
    exchange->discarded_bytes += piece.len;
    return exchange->discarded_bytes > DISCARD_MAX_BYTES ? MHD_NO : MHD_YES;
}

/*
 * MHD takes an answer either now, and then closes the connection, or at the end of the body. A small body is read and
 * thrown away, because a client that is still sending when the connection closes may lose the answer.
 */
static bool must_answer_now(const http_exchange *exchange)
{
    apl_span text;
    int64_t bytes = 0;
    if (apl_http_header(&exchange->request, "expect", &text))
        return true;
    return apl_http_header(&exchange->request, "content-length", &text) &&
           (apl_span_parse_i64(apl_span_trim(text), &bytes, NULL) || bytes < 0 ||
            bytes > DISCARD_MAX_BYTES);
}

static enum MHD_Result head_take(http_exchange *exchange, const char *method)
{
    apl_http_server *server = exchange->server;
    atomic_fetch_add(&server->requests, 1);
    deadline_set(exchange, http_now_us(server) + server->config.body_us);
    if (http_exchange_begin(exchange, method)) {
        exchange->body = APL_BUF(exchange->request.route->body_max_bytes);
        exchange->phase = PHASE_READING;
        return MHD_YES;
    }
    http_exchange_finish(exchange);
    if (must_answer_now(exchange))
        return answer_send(exchange);
    exchange->phase = PHASE_DISCARDING;
    return MHD_YES;
}

/* ---- MHD's callbacks ---- */

static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    http_exchange *exchange = http_exchange_new(ctx, target);
    if (!exchange)
        return NULL;
    exchange->connection = connection;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->peer = info ? info->socket_context : NULL;
    return exchange;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_len, void **slot)
{
    http_exchange *exchange = *slot;
    (void)ctx;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange)
        return MHD_NO;
    if (exchange->phase == PHASE_NEW)
        return head_take(exchange, method);
    if (*piece_len) {
        apl_span bytes = {piece, *piece_len};
        *piece_len = 0;
        return body_take(exchange, bytes);
    }
    switch (exchange->phase) {
    case PHASE_READING:
        return dispatch(exchange);
    case PHASE_DISCARDING:
    case PHASE_READY:
        return answer_send(exchange);
    default:
        return MHD_YES;
    }
}

static void report_send(http_exchange *exchange, bool is_complete)
{
    const apl_http_server *server = exchange->server;
    if (!server->config.after)
        return;
    bool was_answered = exchange->phase == PHASE_SENT;
    const apl_http_route *route = exchange->request.route;
    const apl_http_report report = {
        .request = &exchange->request,
        .route_name = route ? route->name : "-",
        .status = was_answered ? exchange->response.status : 0,
        .duration_us = http_now_us(server) - exchange->request.started_us,
        .request_bytes = exchange->request_bytes,
        .response_bytes = was_answered ? exchange->response_bytes : 0,
        .is_complete = was_answered && is_complete,
    };
    server->config.after(server->config.user, &report);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode how)
{
    http_exchange *exchange = *slot;
    (void)ctx;
    (void)connection;
    *slot = NULL;
    if (!exchange)
        return;
    const apl_http_config *config = &exchange->server->config;
    if (exchange->stream) {
        exchange->response_bytes = http_stream_over(exchange->stream);
        exchange->stream = NULL;
    }
    report_send(exchange, how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    deadline_set(exchange, http_now_us(exchange->server) + config->idle_us + config->header_us);
    http_pool_uncount(exchange);
    http_exchange_free(exchange);
}

static void on_peer(void *ctx, struct MHD_Connection *connection, void **slot,
                    enum MHD_ConnectionNotificationCode what)
{
    http_listener *listener = ctx;
    apl_http_server *server = listener->server;
    http_peer *peer = *slot;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        peer = info ? apl_mem_zalloc(1, sizeof *peer) : NULL;
        *slot = peer;
        if (!peer)
            return;
        peer->fd = info->connect_fd;
        atomic_init(&peer->deadline_us, http_now_us(server) + server->config.header_us);
        apl_mutex_lock(&server->peers_lock);
        peer->next = server->peers;
        if (server->peers)
            server->peers->previous = peer;
        server->peers = peer;
        server->peer_count++;
        apl_mutex_unlock(&server->peers_lock);
    } else if (peer) {
        apl_mutex_lock(&server->peers_lock);
        if (peer->previous)
            peer->previous->next = peer->next;
        else
            server->peers = peer->next;
        if (peer->next)
            peer->next->previous = peer->previous;
        server->peer_count--;
        apl_mutex_unlock(&server->peers_lock);
        apl_mem_free(peer);
        *slot = NULL;
    }
}

apl_rc http_listener_start(http_listener *listener, apl_err *err)
{
    const apl_http_config *config = &listener->server->config;
    unsigned idle_s = (unsigned)(config->idle_us / APL_US_PER_SECOND);
    /* 8 KiB beside the head, for MHD's own tables and for what it sends. */
    size_t memory = config->header_max_bytes + 8192;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, listener->fd, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, listener},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, listener},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_peer, listener},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)memory, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->connection_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, idle_s ? idle_s : 1, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)config->address_connection_max, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {config->loop_count > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
         (intptr_t)config->loop_count, NULL},
        {MHD_OPTION_END, 0, NULL}};
    /* MHD's threads inherit the mask: signals are for the main thread. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    listener->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0,
                                        NULL, NULL, on_request, listener, MHD_OPTION_ARRAY, options,
                                        MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!listener->daemon) {
        apl_err_set(err, APL_E_IO, "the HTTP loop cannot start");
        apl_err_fix(err, "check the limits on threads and open files (ulimit -u, ulimit -n)");
        return APL_E_IO;
    }
    return APL_OK;
}
