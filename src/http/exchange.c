/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer: reading the head, the checks before anybody sees it, running the handler, making the
 * MHD response. Tests: tests/unit/http/test_server.c
 */
#include "http/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_READ_MAX = 128, STREAM_BLOCK_BYTES = 4096 };

http_exchange *http_exchange_new(http_listener *listener, const char *target)
{
    apl_http_server *server = listener->server;
    http_exchange *exchange = apl_mem_zalloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    apl_arena_init(&exchange->arena, server->config.arena_max_bytes);
    exchange->target = apl_arena_str(&exchange->arena, apl_span_of(target));
    if (!exchange->target) {
        apl_arena_release(&exchange->arena);
        apl_mem_free(exchange);
        return NULL;
    }
    exchange->server = server;
    exchange->listener = listener;
    apl_http_request *request = &exchange->request;
    request->arena = &exchange->arena;
    request->user = server->config.user;
    request->started_us = http_now_us(server);
    request->peer_uid = -1;
    /* A counter under a random mask: unique, and tells nobody how many requests there were. */
    uint64_t id = atomic_fetch_add(&server->id_counter, 1) * 0x9e3779b97f4a7c15u ^ server->id_seed;
    (void)snprintf(request->id, sizeof request->id, "%016llx", (unsigned long long)id);
    exchange->response.request = request;
    exchange->response.body = APL_BUF(server->config.response_max_bytes);
    return exchange;
}

void http_exchange_free(http_exchange *exchange)
{
    apl_http_response_clear(&exchange->response);
    if (exchange->mhd)
        MHD_destroy_response(exchange->mhd);
    if (exchange->budget_bytes)
        atomic_fetch_sub(&exchange->server->bodies_bytes, exchange->budget_bytes);
    apl_buf_release(&exchange->body);
    apl_arena_release(&exchange->arena);
    apl_mem_free(exchange);
}

void http_exchange_refuse(http_exchange *exchange, int status, const apl_err *err)
{
    apl_http_answer_problem(&exchange->response, status, err);
    if (exchange->response.status == 503)
        atomic_fetch_add(&exchange->server->refused_busy, 1);
}

/* ---- the head ---- */

typedef struct header_list {
    apl_http_pair *pairs;
    size_t count;
} header_list;

static enum MHD_Result header_take(void *ctx, enum MHD_ValueKind kind, const char *key,
                                   size_t key_len, const char *value, size_t value_len)
{
    header_list *list = ctx;
    (void)kind;
    if (list->count == HEADERS_READ_MAX)
        return MHD_NO;
    list->pairs[list->count++] =
        (apl_http_pair){{key, key_len}, {value ? value : "", value ? value_len : 0}};
    return MHD_YES;
}

static apl_rc headers_read(http_exchange *exchange, apl_err *err)
{
    int count = MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, NULL, NULL);
    if (count > HEADERS_READ_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d headers", HEADERS_READ_MAX);
    header_list list = {
        .pairs = apl_arena_alloc(&exchange->arena, HEADERS_READ_MAX, sizeof(apl_http_pair))};
    if (!list.pairs)
        return apl_err_nomem(err);
    (void)MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, header_take, &list);
    exchange->request.headers = list.pairs;
    exchange->request.header_count = list.count;
    return APL_OK;
}

static size_t header_count(const apl_http_request *request, apl_span name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += apl_span_equal_nocase(request->headers[i].name, name);
    return count;
}

/* What two servers in a row could read in two ways (request smuggling), and names that are not ours. */
static int framing_check(const http_exchange *exchange, apl_err *err)
{
    const apl_http_request *request = &exchange->request;
    size_t lengths = header_count(request, APL_SPAN("content-length"));
    size_t codings = header_count(request, APL_SPAN("transfer-encoding"));
    size_t hosts = header_count(request, APL_SPAN("host"));
    if (lengths + codings > 1) {
        apl_err_set(err, APL_E_USAGE, "more than one header tells the length of the body");
        return 400;
    }
    if (hosts > 1) {
        apl_err_set(err, APL_E_USAGE, "more than one Host header");
        return 400;
    }
    apl_span host;
    if (exchange->listener->is_unix || !apl_http_header(request, "host", &host) ||
        http_host_is_allowed(exchange->server, host))
        return 0;
    apl_err_set(err, APL_E_DENIED, "this server is not known by the name \"%.*s\"",
                (int)(host.len > 80 ? 80 : host.len), host.ptr);
    apl_err_where(err, "header Host");
    apl_err_fix(err, "use the address the server was started with, or add the name to its hosts");
    return 421;
}

static int route_find(http_exchange *exchange, apl_err *err)
{
    apl_http_request *request = &exchange->request;
    apl_http_match match;
    apl_rc rc = apl_http_router_match(exchange->server->router, request->method, request->path,
                                      &exchange->arena, &match, err);
    if (rc)
        return apl_rc_http_status(rc);
    if (match.status == 200) {
        request->route = match.route;
        request->params = match.params;
        request->param_count = match.param_count;
        return 0;
    }
    if (match.status == 404) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is nothing at this address");
        apl_err_fix(err, "check the address for a typing error");
    } else if (match.status == 405) {
        apl_err_set(err, APL_E_USAGE, "%s is not possible here",
                    apl_http_method_name(request->method));
        apl_err_fix(err, "use one of: %s", match.allow);
    }
    if (match.status != 400)
        apl_err_where(err, "%.*s", (int)(request->path.len > 200 ? 200 : request->path.len),
                      request->path.ptr);
    if (match.status == 204)
        exchange->response.status = 204;
    else
        http_exchange_refuse(exchange, match.status, err);
    if (match.allow[0] &&
        apl_http_header_add(&exchange->response, "Allow", apl_span_of(match.allow), err))
        return 503;
    return exchange->response.status;
}

static int body_check(const http_exchange *exchange, apl_err *err)
{
    const apl_http_request *request = &exchange->request;
    apl_span text;
    int64_t bytes = 0;
    if (apl_http_header(request, "content-length", &text) &&
        apl_span_parse_i64(apl_span_trim(text), &bytes, NULL))
        bytes = INT64_MAX;
    bool is_chunked = header_count(request, APL_SPAN("transfer-encoding")) > 0;
    size_t max = request->route->body_max_bytes;
    if (bytes < 0) {
        apl_err_set(err, APL_E_USAGE, "a negative length");
        return 400;
    }
    if ((uint64_t)bytes <= max && (max || !is_chunked))
        return 0;
    apl_err_set(err, APL_E_LIMIT,
                max ? "the body is larger than %zu bytes" : "no body is taken here", max);
    apl_err_fix(err, max ? "send less at a time" : "leave the body out");
    return 413;
}

bool http_exchange_begin(http_exchange *exchange, const char *method)
{
    apl_http_request *request = &exchange->request;
    apl_err err = {0};
    apl_rc rc = headers_read(exchange, &err);
    if (!rc)
        http_client_find(exchange);
    apl_span target = apl_span_of(exchange->target);
    size_t mark = apl_span_find_byte(target, '?');
    request->path = apl_span_sub(target, 0, mark);
    request->raw_query = mark == SIZE_MAX ? APL_SPAN_NONE
                                          : apl_span_sub(target, mark + 1, SIZE_MAX);
    int status = rc == APL_E_LIMIT ? 431 : rc ? apl_rc_http_status(rc) : 0;
    if (!status && !apl_http_method_parse(apl_span_of(method), &request->method)) {
        apl_err_set(&err, APL_E_UNSUPPORTED, "this server does not know the method %.20s", method);
        status = 501;
    }
    if (!status)
        status = framing_check(exchange, &err);
    if (!status)
        status = route_find(exchange, &err);
    if (!status) {
        rc = apl_http_form_parse(request->raw_query, &exchange->arena, &request->query,
                                 &request->query_count, &err);
        if (rc)
            apl_err_where(&err, "query");
        status = rc ? apl_rc_http_status(rc) : 0;
    }
    if (!status)
        status = body_check(exchange, &err);
    if (status && !exchange->response.status)
        http_exchange_refuse(exchange, status, &err);
    return !status;
}

/* ---- the answer ---- */

void http_exchange_run(http_exchange *exchange, void *worker_ctx)
{
    apl_http_request *request = &exchange->request;
    apl_http_response *response = &exchange->response;
    apl_err err = {0};
    apl_rc rc = APL_OK;
    request->worker_ctx = worker_ctx;
    if (exchange->server->config.before)
        rc = exchange->server->config.before(request, response, &err);
    if (!rc && !response->status)
        rc = request->route->handler(request, response, &err);
    if (rc) {
        err.rc = rc;
        apl_http_answer_problem(response, 0, &err);
    } else if (!response->status) {
        response->status = response->body.len || response->fixed.len ? 200 : 204;
    }
    http_exchange_finish(exchange);
}

static void body_free(void *owner)
{
    apl_mem_free(owner);
}

static void nothing_free(void *owner)
{
    (void)owner;
}

static struct MHD_Response *body_make(http_exchange *exchange)
{
    apl_http_response *response = &exchange->response;
    if (response->stream)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
                                                 http_stream_read, response->stream, NULL);
    bool is_bare = response->status == 204 || response->status == 304;
    if (is_bare || (!response->fixed.ptr && !response->body.len)) {
        static char empty[1];
        return MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
    }
    struct MHD_Response *mhd;
    if (response->fixed.ptr) {
        exchange->response_bytes = response->fixed.len;
        mhd = MHD_create_response_from_buffer_with_free_callback_cls(
            response->fixed.len, (void *)(uintptr_t)response->fixed.ptr,
            response->fixed_free ? response->fixed_free : nothing_free, response->fixed_owner);
        if (mhd)
            response->fixed_free = NULL;
        return mhd;
    }
    size_t len = response->body.len;
    exchange->response_bytes = len;
    char *body = apl_buf_detach(&response->body);
    mhd = body ? MHD_create_response_from_buffer_with_free_callback_cls(len, body, body_free, body)
               : NULL;
    if (!mhd)
        apl_mem_free(body);
    return mhd;
}

static bool response_has(const apl_http_response *response, apl_span name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (apl_span_equal_nocase(response->headers[i].name, name))
            return true;
    }
    return false;
}

static bool defaults_add(const http_exchange *exchange, struct MHD_Response *mhd)
{
    static const struct {
        const char *name;
        const char *value;
    } defaults[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
         "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
         "frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    bool is_fine = true;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (!response_has(&exchange->response, apl_span_of(defaults[i].name)))
            is_fine &= MHD_add_response_header(mhd, defaults[i].name, defaults[i].value) == MHD_YES;
    }
    is_fine &= MHD_add_response_header(mhd, "X-Request-Id", exchange->request.id) == MHD_YES;
    return is_fine;
}

static struct MHD_Response *response_make(http_exchange *exchange)
{
    apl_http_response *response = &exchange->response;
    struct MHD_Response *mhd = body_make(exchange);
    bool is_fine = mhd && defaults_add(exchange, mhd);
    /* header_add made terminated copies without control bytes, so they are strings. */
    for (size_t i = 0; is_fine && i < response->header_count; i++)
        is_fine = MHD_add_response_header(mhd, response->headers[i].name.ptr,
                                          response->headers[i].value.ptr) == MHD_YES;
    if (!is_fine && mhd) {
        MHD_destroy_response(mhd);
        mhd = NULL;
    }
    return mhd;
}

void http_exchange_finish(http_exchange *exchange)
{
    exchange->mhd = response_make(exchange);
    if (!exchange->mhd) {
        apl_err err = {0};
        apl_err_set(&err, APL_E_NOMEM, "the answer could not be made");
        http_exchange_refuse(exchange, 0, &err);
        /* When this fails too, the client sees the connection close. */
        exchange->mhd = response_make(exchange);
    }
    exchange->phase = PHASE_READY;
}
