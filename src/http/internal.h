/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of src/http share; nobody else includes it.
 *
 * Threads: MHD's loop threads run loop.c's callbacks; workers run handlers and streams' next and closed; one ticker
 * cuts slow connections and sends heartbeats. An exchange belongs to the loop, then (phase RUNNING, its connection
 * suspended) to one worker, then to the loop again; MHD_resume_connection hands it over.
 *
 * Lock order: streams_lock, stream->lock, server->lock, then MHD's own. peers_lock is taken alone.
 */
#ifndef APL_HTTP_INTERNAL_H
#define APL_HTTP_INTERNAL_H

#include "http/server.h"
#include "sys/thread.h"

#include <microhttpd.h>
#include <stdatomic.h>

enum { NETWORKS_MAX = 32, UNIX_PATH_BYTES = 108, DISCARD_MAX_BYTES = 1 << 20 };

/* A TCP connection. */
typedef struct http_peer {
    struct http_peer *next, *previous;
    int fd;
    _Atomic(int64_t) deadline_us; /* 0: none. Past it the ticker shuts the socket down. */
} http_peer;

typedef struct http_listener {
    apl_http_server *server;
    struct MHD_Daemon *daemon;
    int fd;
    unsigned port;
    bool is_unix;
    bool is_quiet; /* MHD gave the listening socket back */
    char unix_path[UNIX_PATH_BYTES];
} http_listener;

typedef struct http_network {
    unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;
} http_network;

typedef enum http_phase {
    PHASE_NEW,
    PHASE_READING,    /* the body comes in */
    PHASE_DISCARDING, /* answered already; the rest of the body is thrown away */
    PHASE_RUNNING,    /* suspended; a worker has it */
    PHASE_READY,      /* to be sent */
    PHASE_SENT,
} http_phase;

typedef struct http_exchange {
    apl_http_request request;
    apl_http_response response;
    apl_arena arena;
    apl_buf body;
    apl_http_server *server;
    http_listener *listener;
    struct MHD_Connection *connection;
    http_peer *peer;
    struct http_exchange *next; /* in the queue */
    http_phase phase;
    char *target; /* the request target as sent */
    struct MHD_Response *mhd;
    uint64_t request_bytes;
    uint64_t response_bytes;
    size_t budget_bytes; /* what it took of bodies_max_bytes */
    size_t discarded_bytes;
    apl_http_stream *stream; /* once it is started */
    bool is_counted;         /* in server->active */
} http_exchange;

typedef struct http_worker {
    apl_http_server *server;
    apl_thread *thread;
    void *ctx;
    bool is_open;
} http_worker;

struct apl_http_stream {
    apl_mutex lock;
    apl_http_server *server;
    const apl_http_stream_ops *ops;
    void *ctx;
    struct MHD_Connection *connection; /* only while is_started and not is_over */
    apl_http_stream *next, *previous;  /* all streams, under streams_lock */
    apl_http_stream *queue_next;       /* under server->lock */
    apl_buf pending;                   /* for the client */
    int64_t moved_us; /* when the client took bytes last, or when bytes came to an empty buffer */
    int64_t sent_us;  /* for the heartbeat */
    uint64_t sent_bytes;
    bool is_started;
    bool is_suspended;
    bool is_woken;
    bool is_scheduled; /* in the workers' queue, or running */
    bool is_ended;     /* nothing more after pending */
    bool is_over;      /* the connection is gone */
};

struct apl_http_server {
    apl_http_config config;
    apl_http_router *router;
    http_listener listeners[APL_HTTP_LISTEN_MAX];
    size_t listener_count;
    http_network networks[NETWORKS_MAX];
    size_t network_count;

    apl_mutex lock;
    apl_cond work; /* something is queued, or the end */
    apl_cond idle; /* something finished */
    http_exchange *queue_first, *queue_last;
    apl_http_stream *stream_first, *stream_last;
    unsigned queued, running, active;
    atomic_bool is_stopping; /* takes nothing new; set under lock */
    bool is_worker_ending;   /* workers leave when there is nothing to do */
    bool is_ticker_ending;
    apl_cond tick;
    http_worker *workers;
    apl_thread *ticker;
    atomic_bool must_stop;

    apl_mutex streams_lock;
    apl_http_stream *streams;
    _Atomic(unsigned) stream_count;
    bool are_streams_closed;

    apl_mutex peers_lock;
    http_peer *peers;
    unsigned peer_count;

    atomic_size_t bodies_bytes;
    _Atomic(uint64_t) requests, refused_busy, dropped_slow, id_counter;
    uint64_t id_seed;
};

/* address.c */
apl_rc http_networks_parse(apl_http_server *server, apl_err *err) MUST_USE;
/* Fills client, is_https, is_unix and peer_uid. */
void http_client_find(http_exchange *exchange);
bool http_host_is_allowed(const apl_http_server *server, apl_span host);

/* listen.c */
apl_rc http_listener_bind(const char *address, http_listener *listener, apl_err *err) MUST_USE;

/* loop.c */
apl_rc http_listener_start(http_listener *listener, apl_err *err) MUST_USE;
int64_t http_now_us(const apl_http_server *server);

/* exchange.c */
http_exchange *http_exchange_new(http_listener *listener, const char *target) MUST_USE;
void http_exchange_free(http_exchange *exchange);
/* Reads what MHD has of the head, routes it, checks it; a refusal is put into the response. True: it goes on. */
bool http_exchange_begin(http_exchange *exchange, const char *method);
/* Refuses; status 0 takes that of err->rc. */
void http_exchange_refuse(http_exchange *exchange, int status, const apl_err *err);
/* Runs hook and handler, then makes the MHD response. */
void http_exchange_run(http_exchange *exchange, void *worker_ctx);
void http_exchange_finish(http_exchange *exchange);

/* pool.c */
apl_rc http_pool_open(apl_http_server *server, apl_err *err) MUST_USE;
void http_pool_close(apl_http_server *server);
/* Suspends and queues. False when the queue is full or the server stops. */
bool http_pool_take(http_exchange *exchange);
void http_pool_schedule(apl_http_stream *stream);
/* An inline request: counted like the others; false when the server stops. */
bool http_pool_count(http_exchange *exchange);
void http_pool_uncount(http_exchange *exchange);

/* stream.c */
void http_stream_start(apl_http_stream *stream, struct MHD_Connection *connection);
ssize_t http_stream_read(void *ctx, uint64_t position, char *out, size_t max);
/* The connection is gone, or never came. Returns the bytes sent. */
uint64_t http_stream_over(apl_http_stream *stream);
/* On a worker: next, or closed. */
void http_stream_run(apl_http_stream *stream, void *worker_ctx);
/* Heartbeats, and the end of those who take nothing. */
void http_streams_tick(apl_http_server *server, int64_t now_us);
void http_streams_end(apl_http_server *server);

#endif
