/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Birth and death of the server. MHD aborts the process when it is stopped with suspended connections, so the order at
 * the end matters: refuse new work, end streams, wait for the workers, and only then stop MHD; the workers end last,
 * because MHD's end may still give them streams to close. Tests: tests/unit/http/test_server.c, test_stream.c
 */
#include "http/server.h"

#include "http/internal.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MAX_US = 1000000, TICK_MIN_US = 10000, GRACE_US = 500000 };

#define DEFAULT_TO(field, value)                                                                   \
    do {                                                                                           \
        if (!(field))                                                                              \
            (field) = (value);                                                                     \
    } while (0)

static void config_complete(apl_http_config *config)
{
    DEFAULT_TO(config->worker_count, 4);
    DEFAULT_TO(config->loop_count, 1);
    DEFAULT_TO(config->queue_max, 256);
    DEFAULT_TO(config->connection_max, 2048);
    DEFAULT_TO(config->stream_max, 1024);
    DEFAULT_TO(config->header_max_bytes, (size_t)16 << 10);
    DEFAULT_TO(config->arena_max_bytes, (size_t)16 << 20);
    DEFAULT_TO(config->response_max_bytes, (size_t)16 << 20);
    DEFAULT_TO(config->bodies_max_bytes, (size_t)256 << 20);
    DEFAULT_TO(config->stream_max_bytes, (size_t)64 << 10);
    DEFAULT_TO(config->idle_us, 30 * APL_US_PER_SECOND);
    DEFAULT_TO(config->header_us, 10 * APL_US_PER_SECOND);
    DEFAULT_TO(config->body_us, 30 * APL_US_PER_SECOND);
    DEFAULT_TO(config->heartbeat_us, 15 * APL_US_PER_SECOND);
    DEFAULT_TO(config->stall_us, 60 * APL_US_PER_SECOND);
    DEFAULT_TO(config->clock, apl_clock_system());
    DEFAULT_TO(config->random, apl_random_system());
}

/* ---- the ticker ---- */

static void peers_tick(apl_http_server *server, int64_t now_us)
{
    apl_mutex_lock(&server->peers_lock);
    for (http_peer *peer = server->peers; peer; peer = peer->next) {
        int64_t deadline_us = atomic_load(&peer->deadline_us);
        if (!deadline_us || now_us < deadline_us)
            continue;
        /* The loop sees the end of the stream and cleans up; the descriptor stays its own. */
        atomic_store(&peer->deadline_us, 0);
        atomic_fetch_add(&server->dropped_slow, 1);
        (void)shutdown(peer->fd, SHUT_RDWR);
    }
    apl_mutex_unlock(&server->peers_lock);
}

static int64_t tick_length_us(const apl_http_config *config)
{
    const int64_t wants[] = {config->heartbeat_us, config->stall_us, config->header_us,
                             config->body_us, config->idle_us};
    int64_t length = TICK_MAX_US;
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        length = wants[i] / 4 < length ? wants[i] / 4 : length;
    return length < TICK_MIN_US ? TICK_MIN_US : length;
}

static void ticker_run(void *ctx)
{
    apl_http_server *server = ctx;
    int64_t length_us = tick_length_us(&server->config);
    apl_mutex_lock(&server->lock);
    while (!server->is_ticker_ending) {
        (void)apl_cond_wait_us(&server->tick, &server->lock, length_us);
        if (server->is_ticker_ending)
            break;
        apl_mutex_unlock(&server->lock);
        int64_t now_us = http_now_us(server);
        peers_tick(server, now_us);
        http_streams_tick(server, now_us);
        apl_mutex_lock(&server->lock);
    }
    apl_mutex_unlock(&server->lock);
}

static void ticker_end(apl_http_server *server)
{
    apl_mutex_lock(&server->lock);
    server->is_ticker_ending = true;
    apl_cond_broadcast(&server->tick);
    apl_mutex_unlock(&server->lock);
    apl_thread_join(server->ticker);
    server->ticker = NULL;
}

/* ---- birth ---- */

static apl_http_server *server_new(const apl_http_config *config)
{
    apl_http_server *server = apl_mem_zalloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->config = *config;
    config_complete(&server->config);
    server->config.random->fill(server->config.random->ctx, &server->id_seed,
                                sizeof server->id_seed);
    apl_mutex_init(&server->lock);
    apl_mutex_init(&server->streams_lock);
    apl_mutex_init(&server->peers_lock);
    apl_cond_init(&server->work);
    apl_cond_init(&server->idle);
    apl_cond_init(&server->tick);
    for (size_t i = 0; i < APL_HTTP_LISTEN_MAX; i++)
        server->listeners[i] = (http_listener){.server = server, .fd = -1};
    return server;
}

static apl_rc listeners_bind(apl_http_server *server, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; !rc && i < APL_HTTP_LISTEN_MAX && server->config.listen[i]; i++) {
        rc = http_listener_bind(server->config.listen[i], &server->listeners[i], err);
        server->listener_count += !rc;
    }
    if (!rc && !server->listener_count)
        rc = apl_err_set(err, APL_E_USAGE, "no address to listen on");
    return rc;
}

apl_rc apl_http_server_open(const apl_http_config *config, apl_http_server **out_server,
                            apl_err *err)
{
    apl_http_server *server = server_new(config);
    if (!server)
        return apl_err_nomem(err);
    apl_rc rc = http_networks_parse(server, err);
    if (!rc)
        rc = apl_http_router_new(config->routes, config->route_count, &server->router, err);
    if (!rc)
        rc = listeners_bind(server, err);
    if (!rc)
        rc = http_pool_open(server, err);
    if (!rc)
        rc = apl_thread_start("http-ticker", ticker_run, server, &server->ticker, err);
    for (size_t i = 0; !rc && i < server->listener_count; i++)
        rc = http_listener_start(&server->listeners[i], err);
    if (rc) {
        (void)apl_http_server_close(server, 0);
        return rc;
    }
    *out_server = server;
    return APL_OK;
}

unsigned apl_http_server_port(const apl_http_server *server, size_t index)
{
    return index < server->listener_count ? server->listeners[index].port : 0;
}

/* ---- death ---- */

static void listeners_quiet(apl_http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        http_listener *listener = &server->listeners[i];
        if (listener->is_unix)
            (void)unlink(listener->unix_path);
        if (listener->daemon && MHD_quiesce_daemon(listener->daemon) != MHD_INVALID_SOCKET)
            listener->is_quiet = true;
        /* Who comes now is refused at once instead of waiting for the close. */
        (void)shutdown(listener->fd, SHUT_RDWR);
    }
}

static bool is_busy_locked(const apl_http_server *server)
{
    return server->active || server->queued || server->running || server->stream_first ||
           atomic_load(&server->stream_count);
}

/* False when the deadline came first. */
static bool drain(apl_http_server *server, int64_t deadline_us)
{
    int64_t end_us = http_now_us(server) + deadline_us;
    apl_mutex_lock(&server->lock);
    while (is_busy_locked(server)) {
        int64_t left_us = end_us - http_now_us(server);
        if (left_us <= 0)
            break;
        (void)apl_cond_wait_us(&server->idle, &server->lock, left_us);
    }
    bool is_drained = !is_busy_locked(server);
    apl_mutex_unlock(&server->lock);
    return is_drained;
}

/* Answers 503 to what is queued and waits for the handlers that run: afterwards no connection is suspended. */
static void cut_off(apl_http_server *server)
{
    atomic_store(&server->must_stop, true);
    apl_mutex_lock(&server->lock);
    http_exchange *queued = server->queue_first;
    server->queue_first = server->queue_last = NULL;
    server->queued = 0;
    apl_mutex_unlock(&server->lock);
    while (queued) {
        http_exchange *next = queued->next;
        struct MHD_Connection *connection = queued->connection;
        apl_err err = {0};
        apl_err_set(&err, APL_E_BUSY, "the server is stopping");
        http_exchange_refuse(queued, 503, &err);
        http_exchange_finish(queued);
        MHD_resume_connection(connection);
        queued = next;
    }
    apl_mutex_lock(&server->lock);
    while (server->running)
        apl_cond_wait(&server->idle, &server->lock);
    apl_mutex_unlock(&server->lock);
}

static void listeners_stop(apl_http_server *server)
{
    for (size_t i = 0; i < APL_HTTP_LISTEN_MAX; i++) {
        http_listener *listener = &server->listeners[i];
        bool is_closed_by_mhd = listener->daemon && !listener->is_quiet;
        if (listener->daemon)
            MHD_stop_daemon(listener->daemon);
        if (listener->fd >= 0 && !is_closed_by_mhd)
            close(listener->fd);
    }
}

bool apl_http_server_close(apl_http_server *server, int64_t deadline_us)
{
    if (!server)
        return true;
    apl_mutex_lock(&server->lock);
    atomic_store(&server->is_stopping, true);
    apl_mutex_unlock(&server->lock);
    listeners_quiet(server);
    http_streams_end(server);
    bool is_drained = drain(server, deadline_us);
    if (!is_drained) {
        cut_off(server);
        /* What was just answered still has to reach its client. */
        (void)drain(server, GRACE_US);
    }
    listeners_stop(server);
    http_pool_close(server);
    if (server->ticker)
        ticker_end(server);
    apl_http_router_free(server->router);
    apl_cond_release(&server->work);
    apl_cond_release(&server->idle);
    apl_cond_release(&server->tick);
    apl_mutex_release(&server->lock);
    apl_mutex_release(&server->streams_lock);
    apl_mutex_release(&server->peers_lock);
    apl_mem_free(server);
    return is_drained;
}

void apl_http_server_stats(apl_http_server *server, apl_http_stats *out_stats)
{
    apl_http_stats stats = {.streams = atomic_load(&server->stream_count),
                            .requests = atomic_load(&server->requests),
                            .refused_busy = atomic_load(&server->refused_busy),
                            .dropped_slow = atomic_load(&server->dropped_slow)};
    apl_mutex_lock(&server->lock);
    stats.active = server->active > stats.streams ? server->active - stats.streams : 0;
    stats.queued = server->queued;
    apl_mutex_unlock(&server->lock);
    apl_mutex_lock(&server->peers_lock);
    stats.connections = server->peer_count;
    apl_mutex_unlock(&server->peers_lock);
    *out_stats = stats;
}

bool apl_http_must_stop(const apl_http_request *request)
{
    const http_exchange *exchange = (const http_exchange *)request;
    return atomic_load(&exchange->server->must_stop);
}
