/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP API and the page: api/openapi.yaml over src/desk. Opening it starts the writer on the desk that is given,
 * one reading desk per worker, and the server; from then on the desk belongs to the API until it is closed.
 *
 * Besides the addresses given it listens on DIR/serve.sock: there the kernel tells who calls, and the data directory's
 * owner (and root) may do everything. That is the command line's way in.
 */
#ifndef APL_API_API_H
#define APL_API_API_H

#include "desk/feed.h"
#include "desk/writer.h"
#include "http/server.h"

enum { APL_API_LISTEN_MAX = APL_HTTP_LISTEN_MAX - 1 };

typedef struct apl_api_config {
    apl_desk *desk; /* opened for writing */
    apl_bus *bus;   /* wakes the live streams after commits */
    const char *version;
    const char *listen[APL_API_LISTEN_MAX]; /* "127.0.0.1:8080"; NULL ends the list */
    const apl_http_asset *assets;           /* the page; "index.html" among them */
    size_t asset_count;
    const char *const *hosts;           /* further names that Host may have; NULL ends the list */
    const char *const *trusted_proxies; /* NULL ends the list */
    unsigned worker_count;              /* 0: 4 */
} apl_api_config;

typedef struct apl_api apl_api;

/* Strings and lists of config must outlive the API. Errors are those of the server: an address in use is APL_E_BUSY. */
apl_rc apl_api_open(const apl_api_config *config, apl_api **out_api, apl_err *err) MUST_USE;
/* Port of the index-th address of `listen`. */
unsigned apl_api_port(const apl_api *api, size_t index);
/* For the scheduler and whoever else changes something beside the API. */
apl_writer *apl_api_writer(apl_api *api);
/*
 * Takes nothing new, lets running requests end for at most deadline_us, finishes the writer's queue. False when the
 * deadline cut something off. The desk is the caller's again. NULL is allowed.
 */
bool apl_api_close(apl_api *api, int64_t deadline_us);

#endif
