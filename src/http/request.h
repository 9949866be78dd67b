/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as handlers see it. All spans live as long as the request. The fields are for reading; only `session` is
 * the hooks' to set. Every getter's error names the place ("query parameter limit") and the fix.
 */
#ifndef APL_HTTP_REQUEST_H
#define APL_HTTP_REQUEST_H

#include "http/route.h"

enum { APL_HTTP_ADDRESS_BYTES = 48, APL_HTTP_ID_BYTES = 17, APL_HTTP_QUERY_MAX = 64 };

struct apl_http_request {
    apl_http_method method;
    const apl_http_route *route; /* NULL before it is matched and for 404 and 405 */
    apl_span path;               /* as sent, without the query */
    apl_span raw_query;
    apl_span body;
    const apl_http_pair *params; /* path parameters, decoded */
    size_t param_count;
    const apl_http_pair *query; /* decoded, in the order sent */
    size_t query_count;
    const apl_http_pair *headers;
    size_t header_count;
    char client
        [APL_HTTP_ADDRESS_BYTES]; /* behind trusted proxies: the one they name; "unix" for a local socket */
    char id[APL_HTTP_ID_BYTES]; /* also in the X-Request-Id of the answer */
    bool is_https;              /* as a trusted proxy says */
    bool is_unix;               /* came over the local socket */
    int64_t peer_uid;           /* user id behind a local socket, else -1 */
    int64_t started_us;         /* monotonic */
    apl_arena *arena;           /* freed with the request */
    void *worker_ctx;           /* of the thread that runs it: its own database reader */
    void *user;                 /* of the server's configuration */
    void *session;              /* set by the `before` hook */
};

/* Path parameter; empty when the pattern has none of that name. */
apl_span apl_http_param(const apl_http_request *request, const char *name);
/* APL_E_NOT_FOUND when it is no positive number: no such thing can exist. */
apl_rc apl_http_param_id(const apl_http_request *request, const char *name, int64_t *out_id,
                         apl_err *err) MUST_USE;

/* First header of that name, any case. False when absent. */
bool apl_http_header(const apl_http_request *request, const char *name, apl_span *out_value);
/* False when absent. The first cookie of that name counts. */
bool apl_http_cookie(const apl_http_request *request, const char *name, apl_span *out_value);
/* True for the media type (parameters after ";" do not count). */
bool apl_http_content_is(const apl_http_request *request, const char *media_type);

typedef struct apl_http_range {
    int64_t min;
    int64_t max;
    int64_t fallback; /* when absent */
} apl_http_range;

/* A parameter given twice is an error for the single getters. All errors are APL_E_INVALID (422). */
apl_rc apl_http_query_i64(const apl_http_request *request, const char *name, apl_http_range range,
                          int64_t *out_value, apl_err *err) MUST_USE;
/* Absent gives APL_SPAN_NONE (ptr NULL); present and empty has a ptr. */
apl_rc apl_http_query_text(const apl_http_request *request, const char *name, size_t max_bytes,
                           apl_span *out_value, apl_err *err) MUST_USE;
/* "true", "false", "1", "0". */
apl_rc apl_http_query_bool(const apl_http_request *request, const char *name, bool fallback,
                           bool *out_value, apl_err *err) MUST_USE;
/* The index-th value of a repeated parameter. False when there are no more. */
bool apl_http_query_at(const apl_http_request *request, const char *name, size_t index,
                       apl_span *out_value);
/* APL_E_INVALID when there is a parameter that is not in names (NULL ends the list): typing errors show. */
apl_rc apl_http_query_known(const apl_http_request *request, const char *const *names,
                            apl_err *err) MUST_USE;

/* Parses "a=1&b=2" into the arena; at most APL_HTTP_QUERY_MAX pairs. Also for form bodies. */
apl_rc apl_http_form_parse(apl_span text, apl_arena *arena, const apl_http_pair **out_pairs,
                           size_t *out_count, apl_err *err) MUST_USE;

/* APL_E_CONFLICT (412) when If-Match is there and names another state. *out_present may be NULL. tag without quotes. */
apl_rc apl_http_if_match(const apl_http_request *request, apl_span tag, bool *out_present,
                         apl_err *err) MUST_USE;
/* True when If-None-Match names this state (weak comparison). */
bool apl_http_if_none_match(const apl_http_request *request, apl_span tag);

/* True once the server gave up waiting at its shutdown: long handlers look now and then, and return. */
bool apl_http_must_stop(const apl_http_request *request);

#endif
