/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: one descriptor per resource and method; the router is made from the table once and only read afterwards.
 * A pattern is literal segments, "{name}" for exactly one segment, and "{name*}" as the last for one or more.
 * A literal segment goes before a parameter, a parameter before a tail, whatever the order of the table.
 */
#ifndef APL_HTTP_ROUTE_H
#define APL_HTTP_ROUTE_H

#include "base/arena.h"

typedef enum apl_http_method {
    APL_HTTP_GET,
    APL_HTTP_HEAD,
    APL_HTTP_POST,
    APL_HTTP_PUT,
    APL_HTTP_PATCH,
    APL_HTTP_DELETE,
    APL_HTTP_OPTIONS,
    APL_HTTP_METHOD_COUNT
} apl_http_method;

/* PUBLIC, CSRF and IDEMPOTENT mean nothing to the server: they tell the `before` hook what this route wants. */
enum {
    APL_HTTP_PUBLIC = 1,     /* works without being signed in */
    APL_HTTP_CSRF = 2,       /* a session cookie alone is not enough */
    APL_HTTP_IDEMPOTENT = 4, /* takes an Idempotency-Key */
    APL_HTTP_STREAM = 8,     /* may answer with a stream of events */
    APL_HTTP_INLINE =
        16, /* runs on the loop, worker_ctx is NULL: must not wait for anything, not even a file */
};

typedef struct apl_http_request apl_http_request;
typedef struct apl_http_response apl_http_response;
/*
 * Fills the response. An error code becomes application/problem+json with err's words, and what the handler put into
 * the response before is dropped. APL_OK with status 0 means 200, or 204 when there is no body.
 */
typedef apl_rc (*apl_http_handler)(apl_http_request *request, apl_http_response *response,
                                   apl_err *err);

typedef struct apl_http_route {
    apl_http_method method; /* GET serves HEAD too */
    const char *pattern;    /* "/api/v1/cases/{id}" */
    apl_http_handler handler;
    unsigned flags;
    size_t body_max_bytes; /* larger is 413; 0: no body is taken */
    const char *name;      /* for metrics and logs: "case_show" */
    const void *extra;     /* the caller's */
} apl_http_route;

typedef struct apl_http_pair {
    apl_span name;
    apl_span value;
} apl_http_pair;

typedef struct apl_http_router apl_http_router;

/* The table must outlive the router. APL_E_INVALID names a bad or doubled pattern. */
apl_rc apl_http_router_new(const apl_http_route *routes, size_t count, apl_http_router **out_router,
                           apl_err *err) MUST_USE;
void apl_http_router_free(apl_http_router *router);

typedef struct apl_http_match {
    const apl_http_route *route; /* NULL unless status is 200 */
    int status;                  /* 200, 204 (OPTIONS), 400, 404, 405 */
    const apl_http_pair *params; /* decoded, in the arena, in order of the pattern */
    size_t param_count;
    char allow[64]; /* for 204 and 405: "GET, HEAD, OPTIONS" */
} apl_http_match;

/*
 * path is as sent, without the query; it is split first and each segment decoded once. 400: bad escape, an escaped
 * slash, a control byte, a "." or ".." segment, not UTF-8. The error tells why. APL_E_* only for memory.
 */
apl_rc apl_http_router_match(const apl_http_router *router, apl_http_method method, apl_span path,
                             apl_arena *arena, apl_http_match *out_match, apl_err *err) MUST_USE;

/* "GET"; case-sensitive as RFC 9110 has it. */
bool apl_http_method_parse(apl_span text, apl_http_method *out_method);
const char *apl_http_method_name(apl_http_method method);

/*
 * Decodes %XX (and "+" as a space when is_form) into the arena. Refuses bad escapes, NUL and what is not UTF-8;
 * in a path (not is_form) also other control bytes and slashes.
 */
apl_rc apl_http_percent_decode(apl_span text, bool is_form, apl_arena *arena, apl_span *out_text,
                               apl_err *err) MUST_USE;

#endif
