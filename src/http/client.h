/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outgoing HTTP calls, blocking, over libcurl: the command line talking to a running server, webhooks. http and https
 * only, no redirects (a signed body must not wander), certificates are always checked.
 */
#ifndef APL_HTTP_CLIENT_H
#define APL_HTTP_CLIENT_H

#include "base/buf.h"
#include "http/route.h"

typedef struct apl_http_call {
    const char *method; /* NULL: "GET" */
    const char *url;
    const char *unix_path; /* NULL: over TCP */
    const apl_http_pair *headers;
    size_t header_count;
    apl_span body;             /* sent when ptr is not NULL */
    int64_t connect_us;        /* 0: 10 s */
    int64_t total_us;          /* 0: 30 s; below 0: none */
    size_t response_max_bytes; /* 0: 16 MiB; more is APL_E_LIMIT */
    const char *ca_file;       /* NULL: the system's */
    bool use_proxy;            /* as https_proxy and its like say; else direct */
} apl_http_call;

typedef struct apl_http_reply {
    int status;
    apl_buf body;
    apl_buf raw_headers; /* "name: value" lines ended by \n, of the final answer */
} apl_http_reply;

/* Keeps connections between calls. One thread at a time. */
typedef struct apl_http_client apl_http_client;
apl_rc apl_http_client_open(apl_http_client **out_client, apl_err *err) MUST_USE;
void apl_http_client_close(apl_http_client *client);

/*
 * Any status is APL_OK. APL_E_NOT_FOUND: no such host, or nobody listens; APL_E_TIMEOUT; APL_E_LIMIT; APL_E_DENIED: the
 * certificate does not hold; APL_E_INVALID: bad URL or header; APL_E_IO: the rest. On failure out_reply is untouched.
 */
apl_rc apl_http_client_run(apl_http_client *client, const apl_http_call *call,
                           apl_http_reply *out_reply, apl_err *err) MUST_USE;
void apl_http_reply_release(apl_http_reply *reply);
void apl_http_reply_release_auto(apl_http_reply *reply);
/* First header of that name, any case. */
bool apl_http_reply_header(const apl_http_reply *reply, const char *name, apl_span *out_value);

#endif
