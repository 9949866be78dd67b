/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workers. Two queues: requests (bounded: who comes late gets 503 at once instead of waiting for nothing) and
 * streams that were woken (bounded by the number of streams). They take turns, so that neither starves the other.
 * Tests: tests/unit/http/test_server.c, test_stream.c
 */
#include "http/internal.h"

#include <stdio.h>

static bool admit_locked(http_exchange *exchange)
{
    apl_http_server *server = exchange->server;
    if (server->is_stopping)
        return false;
    exchange->is_counted = true;
    server->active++;
    return true;
}

bool http_pool_count(http_exchange *exchange)
{
    apl_mutex_lock(&exchange->server->lock);
    bool is_in = admit_locked(exchange);
    apl_mutex_unlock(&exchange->server->lock);
    return is_in;
}

void http_pool_uncount(http_exchange *exchange)
{
    apl_http_server *server = exchange->server;
    if (!exchange->is_counted)
        return;
    apl_mutex_lock(&server->lock);
    server->active--;
    if (server->is_stopping)
        apl_cond_broadcast(&server->idle);
    apl_mutex_unlock(&server->lock);
    exchange->is_counted = false;
}

bool http_pool_take(http_exchange *exchange)
{
    apl_http_server *server = exchange->server;
    bool is_in = false;
    apl_mutex_lock(&server->lock);
    if (server->queued < server->config.queue_max && admit_locked(exchange)) {
        exchange->phase = PHASE_RUNNING;
        exchange->next = NULL;
        /* Under the lock: the worker's resume must not overtake it. */
        MHD_suspend_connection(exchange->connection);
        if (server->queue_last)
            server->queue_last->next = exchange;
        else
            server->queue_first = exchange;
        server->queue_last = exchange;
        server->queued++;
        is_in = true;
        apl_cond_signal(&server->work);
    }
    apl_mutex_unlock(&server->lock);
    return is_in;
}

void http_pool_schedule(apl_http_stream *stream)
{
    apl_http_server *server = stream->server;
    apl_mutex_lock(&server->lock);
    stream->queue_next = NULL;
    if (server->stream_last)
        server->stream_last->queue_next = stream;
    else
        server->stream_first = stream;
    server->stream_last = stream;
    apl_cond_signal(&server->work);
    apl_mutex_unlock(&server->lock);
}

static http_exchange *exchange_pop_locked(apl_http_server *server)
{
    http_exchange *exchange = server->queue_first;
    if (exchange) {
        server->queue_first = exchange->next;
        if (!server->queue_first)
            server->queue_last = NULL;
        server->queued--;
    }
    return exchange;
}

static apl_http_stream *stream_pop_locked(apl_http_server *server)
{
    apl_http_stream *stream = server->stream_first;
    if (stream) {
        server->stream_first = stream->queue_next;
        if (!server->stream_first)
            server->stream_last = NULL;
    }
    return stream;
}

static void worker_run(void *ctx)
{
    http_worker *worker = ctx;
    apl_http_server *server = worker->server;
    bool is_streams_turn = false;
    apl_mutex_lock(&server->lock);
    for (;;) {
        apl_http_stream *stream = NULL;
        http_exchange *exchange = NULL;
        if (is_streams_turn || !server->queue_first)
            stream = stream_pop_locked(server);
        if (!stream)
            exchange = exchange_pop_locked(server);
        is_streams_turn = !is_streams_turn;
        if (!stream && !exchange) {
            if (server->is_worker_ending)
                break;
            apl_cond_wait(&server->work, &server->lock);
            continue;
        }
        server->running++;
        apl_mutex_unlock(&server->lock);
        if (exchange) {
            struct MHD_Connection *connection = exchange->connection;
            http_exchange_run(exchange, worker->ctx);
            /* From here on the exchange is the loop's. */
            MHD_resume_connection(connection);
        } else {
            http_stream_run(stream, worker->ctx);
        }
        apl_mutex_lock(&server->lock);
        server->running--;
        if (server->is_stopping)
            apl_cond_broadcast(&server->idle);
    }
    apl_mutex_unlock(&server->lock);
}

apl_rc http_pool_open(apl_http_server *server, apl_err *err)
{
    const apl_http_config *config = &server->config;
    server->workers = apl_mem_zalloc(config->worker_count, sizeof *server->workers);
    if (!server->workers)
        return apl_err_nomem(err);
    apl_rc rc = APL_OK;
    for (unsigned i = 0; !rc && i < config->worker_count; i++) {
        http_worker *worker = &server->workers[i];
        char name[16];
        worker->server = server;
        if (config->worker_open)
            rc = config->worker_open(config->user, i, &worker->ctx, err);
        if (rc)
            break;
        worker->is_open = true;
        (void)snprintf(name, sizeof name, "http-worker-%u", i);
        rc = apl_thread_start(name, worker_run, worker, &worker->thread, err);
    }
    return rc;
}

void http_pool_close(apl_http_server *server)
{
    if (!server->workers)
        return;
    apl_mutex_lock(&server->lock);
    server->is_worker_ending = true;
    apl_cond_broadcast(&server->work);
    apl_mutex_unlock(&server->lock);
    for (unsigned i = 0; i < server->config.worker_count; i++)
        apl_thread_join(server->workers[i].thread);
    for (unsigned i = 0; i < server->config.worker_count; i++) {
        if (server->workers[i].is_open && server->config.worker_close)
            server->config.worker_close(server->config.user, server->workers[i].ctx);
    }
    apl_mem_free(server->workers);
    server->workers = NULL;
}
