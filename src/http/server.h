/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server over libmicrohttpd. Its loop never blocks: it reads a request up to the route's cap, parks the
 * connection, queues the request for the workers, and sends what they answer. Full queue: 503 with Retry-After.
 * TLS and HTTP/2 are the business of a proxy in front.
 */
#ifndef APL_HTTP_SERVER_H
#define APL_HTTP_SERVER_H

#include "http/stream.h"
#include "sys/clock.h"

enum { APL_HTTP_LISTEN_MAX = 4 };

/* What the `after` hook gets, on the loop: it must not wait. */
typedef struct apl_http_report {
    const apl_http_request *request; /* route may be NULL */
    const char *route_name;          /* never NULL: "-" when no route matched */
    int status;                      /* 0 when the client left before there was an answer */
    int64_t duration_us;     /* from the request line to the last byte handed to the kernel */
    uint64_t request_bytes;  /* of the body */
    uint64_t response_bytes; /* of the body */
    bool is_complete;        /* the client got all of it, as far as the kernel knows */
} apl_http_report;

typedef struct apl_http_config {
    /* "127.0.0.1:8080", "[::1]:0", ":8080" (all addresses), "unix:/path/to.sock"; NULL ends the list. */
    const char *listen[APL_HTTP_LISTEN_MAX];
    const apl_http_route *routes;
    size_t route_count;
    void *user; /* request->user, and the first parameter of the hooks below */

    /* A worker's own context, made before the server listens; may be NULL. */
    apl_rc (*worker_open)(void *user, unsigned index, void **out_ctx, apl_err *err);
    void (*worker_close)(void *user, void *worker_ctx);
    /*
     * Before the handler, on the same thread: who is it, may they, is the token right. An error code, or a response
     * whose status is set, is the answer and the handler does not run.
     */
    apl_http_handler before;
    void (*after)(void *user, const apl_http_report *report);

    /*
     * Names that Host may have, without port; NULL ends the list, which may be NULL itself; "*" takes all. "localhost"
     * and address literals always pass: what this stops is DNS rebinding, which needs a name. Else 421.
     */
    const char *const *hosts;
    /* Addresses or networks ("10.0.0.0/8") whose X-Forwarded-For and X-Forwarded-Proto count; NULL ends the list. */
    const char *const *trusted_proxies;

    /* 0 gives the value in brackets. */
    unsigned worker_count;           /* [4] */
    unsigned loop_count;             /* [1] threads that read and write sockets */
    unsigned queue_max;              /* [256] requests that wait for a worker */
    unsigned connection_max;         /* [2048] */
    unsigned address_connection_max; /* [0 = no limit] per client address */
    unsigned stream_max;             /* [1024] */
    size_t header_max_bytes; /* [16 KiB] request line and headers; more is 431 (414 for the line) */
    size_t arena_max_bytes;  /* [16 MiB] per request */
    size_t response_max_bytes;    /* [16 MiB] cap of response->body */
    size_t bodies_max_bytes;      /* [256 MiB] of all request bodies at one time; more is 503 */
    size_t stream_max_bytes;      /* [64 KiB] waiting for one stream's client */
    int64_t idle_us;              /* [30 s] a connection on which nothing moves */
    int64_t header_us;            /* [10 s] for the headers, however slowly they drip */
    int64_t body_us;              /* [30 s] for the body, plus one second per 16 KiB */
    int64_t heartbeat_us;         /* [15 s] comment line on quiet streams */
    int64_t stall_us;             /* [60 s] until a stream whose client takes nothing is dropped */
    const apl_clock_src *clock;   /* [the system's] */
    const apl_random_src *random; /* [the system's] */
} apl_http_config;

typedef struct apl_http_server apl_http_server;

/* Strings, routes and lists of config must outlive the server. An address in use is APL_E_BUSY with the fix. */
apl_rc apl_http_server_open(const apl_http_config *config, apl_http_server **out_server,
                            apl_err *err) MUST_USE;
/* The port of the index-th listener (what the system picked for port 0); 0 for a local socket. */
unsigned apl_http_server_port(const apl_http_server *server, size_t index);
/*
 * Takes nothing new, ends streams, lets accepted requests finish for at most deadline_us; then what is still queued gets
 * 503 and running handlers see apl_http_must_stop. Waits for handlers (a thread cannot be taken away from them), frees
 * all. False when the deadline cut something off. NULL is allowed.
 */
bool apl_http_server_close(apl_http_server *server, int64_t deadline_us);

typedef struct apl_http_stats {
    unsigned connections;
    unsigned active; /* requests that were taken and not yet answered to the end, without streams */
    unsigned queued;
    unsigned streams;
    uint64_t requests;     /* since the start */
    uint64_t refused_busy; /* answered 503 by the server itself */
    uint64_t dropped_slow; /* connections cut and streams reset for slowness */
} apl_http_stats;
void apl_http_server_stats(apl_http_server *server, apl_http_stats *out_stats);

#endif
