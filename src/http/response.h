/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler answers. The server adds to every answer: X-Request-Id, the content security policy and its
 * companions, and Cache-Control: no-store unless a cache header was set. A header value that holds a control byte is
 * refused (response splitting).
 */
#ifndef APL_HTTP_RESPONSE_H
#define APL_HTTP_RESPONSE_H

#include "http/request.h"

#include "base/buf.h"

enum { APL_HTTP_HEADERS_MAX = 32 };

typedef struct apl_http_stream apl_http_stream;

struct apl_http_response {
    int status; /* 0 until somebody answers */
    apl_buf body;
    apl_span fixed; /* instead of body: bytes of somebody else, see apl_http_answer_fixed */
    void (*fixed_free)(void *owner);
    void *fixed_owner;
    apl_http_pair headers[APL_HTTP_HEADERS_MAX];
    size_t header_count;
    apl_http_stream *stream;
    apl_http_request *request;
};

/*
 * Both are copied. Adds, so that Set-Cookie can repeat; an empty value adds nothing. APL_E_INVALID for a name or value
 * that HTTP does not allow, and for Connection, Content-Length, Transfer-Encoding and Date.
 */
apl_rc apl_http_header_add(apl_http_response *response, const char *name, apl_span value,
                           apl_err *err) MUST_USE;
/* Replaces; an empty value removes. */
apl_rc apl_http_header_set(apl_http_response *response, const char *name, apl_span value,
                           apl_err *err) MUST_USE;
/* Removes body, fixed bytes, stream and headers. */
void apl_http_response_clear(apl_http_response *response);

/* The buffer's bytes become the body (the buffer is empty afterwards, also on failure). */
apl_rc apl_http_answer_json(apl_http_response *response, int status, apl_buf *take_body,
                            apl_err *err) MUST_USE;
apl_rc apl_http_answer_buf(apl_http_response *response, int status, const char *content_type,
                           apl_buf *take_body, apl_err *err) MUST_USE;
/* bytes stay where they are until free(owner) was called; free may be NULL (bytes of the program itself). */
typedef struct apl_http_fixed {
    apl_span bytes;
    void (*free)(void *owner);
    void *owner;
} apl_http_fixed;
apl_rc apl_http_answer_fixed(apl_http_response *response, int status, const char *content_type,
                             apl_http_fixed fixed, apl_err *err) MUST_USE;
/* 303 See Other (after a form) or another 3xx. */
apl_rc apl_http_answer_redirect(apl_http_response *response, int status, apl_span location,
                                apl_err *err) MUST_USE;
/*
 * application/problem+json (RFC 9457): type "urn:aplomb:problem:<rc name>", title, status, detail, where, fix,
 * request_id. status 0 takes the one of the table in rc.h. Cannot fail: when memory is short the body is left out.
 */
void apl_http_answer_problem(apl_http_response *response, int status, const apl_err *problem);

/*
 * Sets ETag ("tag" in quotes). When the request is GET or HEAD and names the same state, the answer becomes 304 without
 * body and *out_fresh is true: the handler may return at once. Call it before the body is made.
 */
apl_rc apl_http_answer_etag(apl_http_response *response, apl_span tag, bool *out_fresh,
                            apl_err *err) MUST_USE;

typedef struct apl_http_cookie_spec {
    const char *name; /* "__Host-" and "__Secure-" names get Secure */
    apl_span value;
    int64_t max_age_s; /* 0: removes the cookie; below 0: until the browser closes */
    bool is_secure;    /* else as the request came */
    bool is_readable;  /* without HttpOnly */
    bool is_lax;       /* SameSite=Lax instead of Strict */
} apl_http_cookie_spec;
apl_rc apl_http_cookie_add(apl_http_response *response, const apl_http_cookie_spec *cookie,
                           apl_err *err) MUST_USE;

/* A file of the page, embedded in the program. Variants that do not exist are empty. */
typedef struct apl_http_asset {
    const char *path; /* "assets/app-3f2a.js" */
    const char *content_type;
    const char *etag; /* hash of the plain bytes */
    apl_span plain;
    apl_span gzip;
    apl_span brotli;
    bool is_immutable; /* its name changes with its content: cached for a year */
} apl_http_asset;
/* Picks the variant by Accept-Encoding, sets Vary, ETag and caching, answers 304. */
apl_rc apl_http_answer_asset(apl_http_response *response, const apl_http_asset *asset,
                             apl_err *err) MUST_USE;

/* The reason-independent name of a status for tests and logs: "Not Found". */
const char *apl_http_status_text(int status);

#endif
