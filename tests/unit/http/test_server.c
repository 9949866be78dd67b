/* SPDX-License-Identifier: Apache-2.0 */
/* The server as clients see it: src/http/{server,loop,exchange,pool,address,asset}.c */
#include "fixture.h"

typedef struct world {
    gate gate;
    gate reports;
    apl_mutex lock;
    unsigned workers_open;
    int last_status;
    char last_route[32];
    uint64_t last_bytes;
    bool must_deny;
} world;

static apl_rc handle_hello(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)request;
    return apl_buf_add_str(&response->body, "hello", err);
}

static apl_rc handle_case(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    int64_t id = 0;
    apl_rc rc = apl_http_param_id(request, "id", &id, err);
    if (!rc)
        rc = apl_buf_addf(&response->body, err, "{\"id\":%lld}", (long long)id);
    return rc ? rc : apl_http_answer_json(response, 200, &response->body, err);
}

static apl_rc handle_echo(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_add(&response->body, request->body, err);
}

static apl_rc handle_slow(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    world *w = request->user;
    gate_pass(&w->gate);
    return apl_buf_add_str(&response->body, "done", err);
}

static apl_rc handle_query(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    int64_t limit = 0;
    apl_rc rc = apl_http_query_i64(request, "limit", (apl_http_range){1, 200, 50}, &limit, err);
    return rc ? rc : apl_buf_addf(&response->body, err, "%lld", (long long)limit);
}

static apl_rc handle_inject(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_http_header_add(response, "X-Name", apl_http_param(request, "text"), err);
}

static apl_rc handle_who(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_addf(&response->body, err, "%s %s %d %lld %d", request->client,
                        request->is_https ? "https" : "http", request->worker_ctx != NULL,
                        (long long)request->peer_uid, request->is_unix);
}

static apl_rc handle_empty(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)request;
    (void)response;
    (void)err;
    return APL_OK;
}

static apl_rc handle_tag(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    bool is_fresh = false;
    apl_rc rc = apl_http_if_match(request, APL_SPAN("v7"), NULL, err);
    if (!rc)
        rc = apl_http_answer_etag(response, APL_SPAN("v7"), &is_fresh, err);
    return rc || is_fresh ? rc : apl_buf_add_str(&response->body, "seven", err);
}

static const char app_plain[] = "plain text of the page";
static const char app_gzip[] = "pretend gzip";
static const char app_brotli[] = "pretend br";

static apl_rc handle_asset(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const apl_http_asset asset = {.path = "app.js",
                                         .content_type = "text/javascript",
                                         .etag = "abc",
                                         .plain = {app_plain, sizeof app_plain - 1},
                                         .gzip = {app_gzip, sizeof app_gzip - 1},
                                         .brotli = {app_brotli, sizeof app_brotli - 1},
                                         .is_immutable = true};
    (void)request;
    return apl_http_answer_asset(response, &asset, err);
}

static apl_rc handle_page(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_addf(&response->body, err, "page %.*s",
                        APL_SPAN_ARGS(apl_http_param(request, "path")));
}

static const apl_http_route routes[] = {
    {APL_HTTP_GET, "/hello", handle_hello, APL_HTTP_PUBLIC, 0, "hello", NULL},
    {APL_HTTP_GET, "/inline", handle_hello, APL_HTTP_PUBLIC | APL_HTTP_INLINE, 0, "inline", NULL},
    {APL_HTTP_GET, "/api/v1/cases/{id}", handle_case, 0, 0, "case_show", NULL},
    {APL_HTTP_DELETE, "/api/v1/cases/{id}", handle_empty, 0, 0, "case_delete", NULL},
    {APL_HTTP_POST, "/api/v1/echo", handle_echo, 0, 1000, "echo", NULL},
    {APL_HTTP_PUT, "/api/v1/big", handle_echo, 0, 3 << 20, "big", NULL},
    {APL_HTTP_GET, "/slow", handle_slow, 0, 0, "slow", NULL},
    {APL_HTTP_GET, "/query", handle_query, 0, 0, "query", NULL},
    {APL_HTTP_GET, "/inject/{text}", handle_inject, 0, 0, "inject", NULL},
    {APL_HTTP_GET, "/who", handle_who, 0, 0, "who", NULL},
    {APL_HTTP_GET, "/tag", handle_tag, 0, 0, "tag", NULL},
    {APL_HTTP_PUT, "/tag", handle_tag, 0, 100, "tag_set", NULL},
    {APL_HTTP_GET, "/app.js", handle_asset, APL_HTTP_INLINE, 0, "asset", NULL},
    {APL_HTTP_GET, "/page/{path*}", handle_page, 0, 0, "page", NULL},
};

static apl_rc worker_open(void *user, unsigned index, void **out_ctx, apl_err *err)
{
    world *w = user;
    (void)index;
    (void)err;
    w->workers_open++;
    *out_ctx = w;
    return APL_OK;
}

static void worker_close(void *user, void *worker_ctx)
{
    world *w = user;
    assert_ptr_equal(worker_ctx, w);
    w->workers_open--;
}

static apl_rc before(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    const world *w = request->user;
    (void)response;
    if (w->must_deny && !(request->route->flags & APL_HTTP_PUBLIC))
        return apl_err_set(err, APL_E_UNAUTH, "sign in first");
    return APL_OK;
}

static void after(void *user, const apl_http_report *report)
{
    world *w = user;
    apl_mutex_lock(&w->lock);
    w->last_status = report->status;
    w->last_bytes = report->response_bytes;
    (void)snprintf(w->last_route, sizeof w->last_route, "%s", report->route_name);
    apl_mutex_unlock(&w->lock);
    gate_count(&w->reports);
}

static apl_http_config config_of(world *w)
{
    return (apl_http_config){.routes = routes,
                             .route_count = sizeof routes / sizeof *routes,
                             .user = w,
                             .worker_open = worker_open,
                             .worker_close = worker_close,
                             .before = before,
                             .after = after,
                             .worker_count = 2};
}

static int world_setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    gate_init(&w->gate);
    gate_init(&w->reports);
    apl_mutex_init(&w->lock);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    world *w = *state;
    assert_int_equal(w->workers_open, 0);
    gate_release(&w->gate);
    gate_release(&w->reports);
    apl_mutex_release(&w->lock);
    free(w);
    return 0;
}

/* ---- routing ---- */

static void test_routing_matrix(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        int status;
        const char *allow;
        const char *body;
    } matrix[] = {
        {"GET", "/hello", 200, NULL, "hello"},
        {"GET", "/inline", 200, NULL, "hello"},
        {"HEAD", "/hello", 200, NULL, ""},
        {"POST", "/hello", 405, "GET, HEAD, OPTIONS", NULL},
        {"OPTIONS", "/hello", 204, "GET, HEAD, OPTIONS", ""},
        {"OPTIONS", "/api/v1/cases/1", 204, "GET, HEAD, DELETE, OPTIONS", ""},
        {"OPTIONS", "/none", 404, NULL, NULL},
        {"GET", "/api/v1/cases/17", 200, NULL, "{\"id\":17}"},
        {"GET", "/api/v1/cases/%31%37", 200, NULL, "{\"id\":17}"},
        {"DELETE", "/api/v1/cases/17", 204, NULL, ""},
        {"PATCH", "/api/v1/cases/17", 405, "GET, HEAD, DELETE, OPTIONS", NULL},
        {"GET", "/api/v1/cases/x", 404, NULL, NULL},
        {"GET", "/api/v1/cases/0", 404, NULL, NULL},
        {"GET", "/api/v1/cases/99999999999999999999", 404, NULL, NULL},
        {"GET", "/api/v1/cases/", 404, NULL, NULL},
        {"GET", "/api/v1/cases/1/", 404, NULL, NULL},
        {"GET", "/Hello", 404, NULL, NULL},
        {"GET", "/", 404, NULL, NULL},
        {"GET", "/page/a/b%20c", 200, NULL, "page a/b c"},
        {"GET", "/page/a%2Fb", 400, NULL, NULL},
        {"GET", "/page/%00", 400, NULL, NULL},
        {"GET", "/page/%2e%2e/x", 400, NULL, NULL},
        {"GET", "/page/%2", 400, NULL, NULL},
        {"GET", "/page/%ff", 400, NULL, NULL},
        {"GET", "/query?limit=7", 200, NULL, "7"},
        {"GET", "/query", 200, NULL, "50"},
        {"GET", "/query?limit=", 422, NULL, NULL},
        {"GET", "/query?limit=0", 422, NULL, NULL},
        {"GET", "/query?limit=201", 422, NULL, NULL},
        {"GET", "/query?limit=99999999999999999999", 422, NULL, NULL},
        {"GET", "/query?limit=1&limit=2", 422, NULL, NULL},
        {"GET", "/query?limit=%zz", 400, NULL, NULL},
        {"BREW", "/hello", 501, NULL, NULL},
    };
    apl_http_server *server = serve(config_of(*state));
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        APL_AUTO(apl_http_reply) reply = {0};
        int status = ask(server, matrix[i].method, matrix[i].path, (apl_http_call){0}, &reply);
        if (status != matrix[i].status)
            fail_msg("%s %s: %d, not %d: %s", matrix[i].method, matrix[i].path, status,
                     matrix[i].status, apl_buf_str(&reply.body));
        if (matrix[i].allow)
            assert_true(reply_header_is(&reply, "Allow", matrix[i].allow));
        if (matrix[i].body)
            assert_string_equal(apl_buf_str(&reply.body), matrix[i].body);
        if (status >= 400) {
            char wanted[32];
            assert_true(reply_header_is(&reply, "Content-Type", "application/problem+json"));
            (void)snprintf(wanted, sizeof wanted, "\"status\":%d", status);
            assert_true(reply_has(&reply, wanted));
        }
    }
    serve_end(server);
}

static void test_query_error_names_place_and_fix(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(get(server, "/query?limit=900", &reply), 422);
    assert_true(reply_has(&reply, "\"type\":\"urn:aplomb:problem:invalid\""));
    assert_true(reply_has(&reply, "\"where\":\"query parameter limit\""));
    assert_true(reply_has(&reply, "\"fix\":\"give a whole number from 1 to 200\""));
    serve_end(server);
}

static void test_security_headers_always(void **state)
{
    static const char *const paths[] = {"/hello", "/none", "/inline", "/page/%00"};
    apl_http_server *server = serve(config_of(*state));
    for (size_t i = 0; i < 4; i++) {
        APL_AUTO(apl_http_reply) reply = {0};
        apl_span value;
        (void)get(server, paths[i], &reply);
        assert_true(apl_http_reply_header(&reply, "Content-Security-Policy", &value));
        assert_true(apl_span_starts(value, APL_SPAN("default-src 'none'; script-src 'self';")));
        assert_true(reply_header_is(&reply, "X-Content-Type-Options", "nosniff"));
        assert_true(reply_header_is(&reply, "Referrer-Policy", "no-referrer"));
        assert_true(reply_header_is(&reply, "Cross-Origin-Opener-Policy", "same-origin"));
        assert_true(reply_header_is(&reply, "Cache-Control", "no-store"));
        assert_true(apl_http_reply_header(&reply, "X-Request-Id", &value));
        assert_int_equal(value.len, 16);
    }
    serve_end(server);
}

static void test_header_injection_is_refused(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    APL_AUTO(apl_http_reply) fine = {0};
    assert_int_equal(get(server, "/inject/abc", &fine), 204);
    assert_true(reply_header_is(&fine, "X-Name", "abc"));
    /* The router refuses control bytes in a path, so the handler is tried directly as well. */
    assert_int_equal(get(server, "/inject/a%0d%0aX-Evil:%201", NULL), 400);

    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1 << 16);
    apl_http_request request = {.arena = &arena};
    apl_http_response response = {.request = &request};
    apl_err err = {0};
    assert_int_equal(apl_http_header_add(&response, "X-A", APL_SPAN("a\r\nX-Evil: 1"), &err),
                     APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "X-A", APL_SPAN("a\nb"), &err), APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "X-A", APL_SPAN("a\0b"), &err), APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "X A", APL_SPAN("a"), &err), APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "", APL_SPAN("a"), &err), APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "content-length", APL_SPAN("7"), &err),
                     APL_E_INVALID);
    assert_int_equal(apl_http_header_add(&response, "X-Empty", APL_SPAN(""), &err), APL_OK);
    assert_int_equal(response.header_count, 0);
    serve_end(server);
}

/* ---- bodies ---- */

static void test_body_caps(void **state)
{
    static char big[2 << 20];
    memset(big, 'x', sizeof big);
    apl_http_server *server = serve(config_of(*state));
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(
        ask(server, "POST", "/api/v1/echo", (apl_http_call){.body = {big, 1000}}, &reply), 200);
    assert_int_equal(reply.body.len, 1000);
    assert_int_equal(
        ask(server, "POST", "/api/v1/echo", (apl_http_call){.body = {big, 1001}}, NULL), 413);
    assert_int_equal(
        ask(server, "POST", "/api/v1/echo", (apl_http_call){.body = {big, 900000}}, NULL), 413);
    assert_int_equal(
        ask(server, "DELETE", "/api/v1/cases/1", (apl_http_call){.body = {big, 1}}, NULL), 413);
    APL_AUTO(apl_http_reply) whole = {0};
    assert_int_equal(
        ask(server, "PUT", "/api/v1/big", (apl_http_call){.body = {big, sizeof big}}, &whole), 200);
    assert_int_equal(whole.body.len, sizeof big);
    serve_end(server);
}

static void test_body_chunked(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    static const char fine[] =
        "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_int_equal(raw_ask(server, fine, sizeof fine - 1, &out), 200);
    assert_non_null(strstr(apl_buf_str(&out), "\r\n\r\nabcde"));
    char large[4096];
    int len = snprintf(large, sizeof large,
                       "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n7d0\r\n%02000d\r\n0\r\n\r\n",
                       7);
    apl_buf_clear(&out);
    assert_int_equal(raw_ask(server, large, (size_t)len, &out), 413);
    assert_non_null(strstr(apl_buf_str(&out), "larger than 1000 bytes"));
    serve_end(server);
}

/* A client that announces far too much hears it at once, and one that never ends is cut. */
static void test_body_endless(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    assert_int_equal(raw_status(server, "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\n"
                                        "Content-Length: 99999999999\r\n\r\n"),
                     413);
    int fd = raw_open(server);
    static char piece[65536];
    memset(piece, 'x', sizeof piece);
    assert_true(raw_say(fd, "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n"));
    unsigned sent = 0;
    while (sent < 4096 && raw_say(fd, "10000\r\n") && raw_send(fd, piece, sizeof piece) &&
           raw_say(fd, "\r\n"))
        sent++;
    assert_true(sent < 4096);
    close(fd);
    serve_end(server);
}

static void test_bodies_budget(void **state)
{
    static char big[100000];
    apl_http_config config = config_of(*state);
    config.bodies_max_bytes = 50000;
    apl_http_server *server = serve(config);
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(
        ask(server, "PUT", "/api/v1/big", (apl_http_call){.body = {big, sizeof big}}, &reply), 503);
    assert_true(reply_header_is(&reply, "Retry-After", "1"));
    assert_int_equal(ask(server, "PUT", "/api/v1/big", (apl_http_call){.body = {big, 40000}}, NULL),
                     200);
    serve_end(server);
}

/* ---- connections ---- */

static void test_keep_alive_and_pipelining(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    int fd = raw_open(server);
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(raw_say(fd, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_true(raw_read_until(fd, &out, "\r\n\r\nhello", i));
    }
    apl_buf_clear(&out);
    assert_true(
        raw_say(fd, "GET /api/v1/cases/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
                    "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    "GET /inline HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    raw_read_all(fd, &out);
    const char *first = strstr(apl_buf_str(&out), "{\"id\":1}");
    const char *second = first ? strstr(first, "\r\n\r\nabc") : NULL;
    const char *third = second ? strstr(second, "404 Not Found") : NULL;
    assert_non_null(third);
    assert_non_null(strstr(third, "\r\n\r\nhello"));
    close(fd);
    serve_end(server);
}

static void test_host_check(void **state)
{
    static const char *const hosts[] = {"desk.example.com", NULL};
    apl_http_config config = config_of(*state);
    config.hosts = hosts;
    apl_http_server *server = serve(config);
    static const struct {
        const char *host;
        int status;
    } table[] = {
        {"localhost", 200},          {"LOCALHOST:8080", 200},        {"127.0.0.1:1", 200},
        {"[::1]:80", 200},           {"desk.example.com", 200},      {"Desk.Example.Com:443", 200},
        {"evil.example.com", 421},   {"desk.example.com.evil", 421}, {"", 421},
        {"127.0.0.1.evil.com", 421}, {"localhost.evil.com", 421}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "GET /hello HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                       table[i].host);
        int status = raw_status(server, text);
        if (status != table[i].status)
            fail_msg("Host %s: %d", table[i].host, status);
    }
    assert_int_equal(raw_status(server, "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
    assert_int_equal(raw_status(server,
                                "GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
                                "Connection: close\r\n\r\n"),
                     400);
    serve_end(server);
}

static void test_trusted_proxy(void **state)
{
    static const char *const proxies[] = {"127.0.0.0/8", "10.1.0.0/16", NULL};
    static const apl_http_pair headers[] = {
        {APL_SPAN("X-Forwarded-For"), APL_SPAN("6.6.6.6, 203.0.113.9, 10.1.2.3")},
        {APL_SPAN("X-Forwarded-Proto"), APL_SPAN("https")}};
    const apl_http_call call = {.headers = headers, .header_count = 2};
    apl_http_config config = config_of(*state);
    apl_http_server *server = serve(config);
    APL_AUTO(apl_http_reply) direct = {0};
    assert_int_equal(ask(server, "GET", "/who", call, &direct), 200);
    assert_string_equal(apl_buf_str(&direct.body), "127.0.0.1 http 1 -1 0");
    serve_end(server);
    config.trusted_proxies = proxies;
    server = serve(config);
    APL_AUTO(apl_http_reply) behind = {0};
    assert_int_equal(ask(server, "GET", "/who", call, &behind), 200);
    assert_string_equal(apl_buf_str(&behind.body), "203.0.113.9 https 1 -1 0");
    serve_end(server);
    static const char *const wrong[] = {"10.0.0.0/33", NULL};
    apl_err err = {0};
    config.trusted_proxies = wrong;
    config.listen[0] = "127.0.0.1:0";
    assert_int_equal(apl_http_server_open(&config, &server, &err), APL_E_INVALID);
}

/* ---- the pool ---- */

static void *ask_slow(void *ctx)
{
    int status = get(ctx, "/slow", NULL);
    return (void *)(intptr_t)status;
}

static void test_queue_full_is_503(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.queue_max = 2;
    apl_http_server *server = serve(config);
    pthread_t threads[4];
    /* Two run, two wait. */
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_slow, server), 0);
    assert_true(gate_wait(&w->gate, 2));
    for (unsigned i = 2; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_slow, server), 0);
    apl_http_stats stats = {0};
    while (stats.queued < 2)
        apl_http_server_stats(server, &stats);
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(get(server, "/hello", &reply), 503);
    assert_true(reply_header_is(&reply, "Retry-After", "1"));
    assert_true(reply_has(&reply, "try again in a moment"));
    /* What needs no worker goes on. */
    assert_int_equal(get(server, "/inline", NULL), 200);
    gate_open(&w->gate);
    for (unsigned i = 0; i < 4; i++) {
        void *status = NULL;
        assert_int_equal(pthread_join(threads[i], &status), 0);
        assert_int_equal((intptr_t)status, 200);
    }
    assert_int_equal(get(server, "/hello", NULL), 200);
    apl_http_server_stats(server, &stats);
    assert_int_equal(stats.refused_busy, 1);
    assert_int_equal(stats.requests, 7);
    serve_end(server);
}

static void test_client_leaves_while_running(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    int fd = raw_open(server);
    assert_true(raw_say(fd, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(gate_wait(&w->gate, 1));
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    gate_open(&w->gate);
    assert_true(gate_wait(&w->reports, 1));
    assert_int_equal(get(server, "/hello", NULL), 200);
    serve_end(server);
}

static void *close_server(void *ctx)
{
    return (void *)(intptr_t)apl_http_server_close(ctx, 20 * APL_US_PER_SECOND);
}

static void test_shutdown_finishes_requests(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    unsigned port = apl_http_server_port(server, 0);
    pthread_t threads[3];
    pthread_t closer;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_slow, server), 0);
    assert_true(gate_wait(&w->gate, 2));
    apl_http_stats stats = {0};
    while (!stats.queued)
        apl_http_server_stats(server, &stats);
    assert_int_equal(pthread_create(&closer, NULL, close_server, server), 0);
    /* New connections are refused while the old ones are being finished. */
    int refused = 0;
    while (!refused) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        refused = connect(fd, (struct sockaddr *)&to, sizeof to) != 0;
        close(fd);
    }
    gate_open(&w->gate);
    for (unsigned i = 0; i < 3; i++) {
        void *status = NULL;
        pthread_join(threads[i], &status);
        assert_int_equal((intptr_t)status, 200);
    }
    void *is_whole = NULL;
    pthread_join(closer, &is_whole);
    assert_true((intptr_t)is_whole);
}

static apl_rc handle_stubborn(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    world *w = request->user;
    (void)response;
    gate_count(&w->gate);
    while (!apl_http_must_stop(request))
        sched_yield();
    return apl_err_set(err, APL_E_BUSY, "interrupted");
}

static void test_shutdown_deadline(void **state)
{
    static const apl_http_route stubborn[] = {
        {APL_HTTP_GET, "/slow", handle_stubborn, 0, 0, "slow", NULL}};
    world *w = *state;
    apl_http_config config = config_of(w);
    config.routes = stubborn;
    config.route_count = 1;
    apl_http_server *server = serve(config);
    int fds[4];
    for (unsigned i = 0; i < 4; i++) {
        fds[i] = raw_open(server);
        assert_true(raw_say(fds[i], "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }
    assert_true(gate_wait(&w->gate, 2));
    apl_http_stats stats = {0};
    while (stats.queued < 2)
        apl_http_server_stats(server, &stats);
    /* Half-sent and idle connections must not hold the end up. */
    int half = raw_open(server);
    int idle = raw_open(server);
    assert_true(raw_say(half, "POST /slow HT"));
    assert_false(apl_http_server_close(server, 50000));
    for (unsigned i = 0; i < 4; i++) {
        APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
        raw_read_all(fds[i], &out);
        assert_non_null(strstr(apl_buf_str(&out), "503 Service Unavailable"));
        close(fds[i]);
    }
    close(half);
    close(idle);
}

/* ---- hooks ---- */

static void test_hooks(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    w->must_deny = true;
    assert_int_equal(get(server, "/hello", NULL), 200);
    assert_int_equal(get(server, "/query", NULL), 401);
    assert_int_equal(get(server, "/none", NULL), 404);
    assert_true(gate_wait(&w->reports, 3));
    apl_mutex_lock(&w->lock);
    assert_int_equal(w->last_status, 404);
    assert_string_equal(w->last_route, "-");
    apl_mutex_unlock(&w->lock);
    w->must_deny = false;
    assert_int_equal(get(server, "/api/v1/cases/5", NULL), 200);
    assert_true(gate_wait(&w->reports, 4));
    apl_mutex_lock(&w->lock);
    assert_int_equal(w->last_status, 200);
    assert_int_equal(w->last_bytes, 8);
    assert_string_equal(w->last_route, "case_show");
    apl_mutex_unlock(&w->lock);
    serve_end(server);
}

/* ---- caching ---- */

static int get_with(apl_http_server *server, const char *path, const char *name, const char *value,
                    apl_http_reply *out_reply)
{
    const apl_http_pair header = {apl_span_of(name), apl_span_of(value)};
    return ask(server, "GET", path, (apl_http_call){.headers = &header, .header_count = 1},
               out_reply);
}

static void test_conditions(void **state)
{
    apl_http_server *server = serve(config_of(*state));
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(get(server, "/tag", &reply), 200);
    assert_true(reply_header_is(&reply, "ETag", "\"v7\""));
    assert_int_equal(get_with(server, "/tag", "If-None-Match", "\"v7\"", NULL), 304);
    assert_int_equal(get_with(server, "/tag", "If-None-Match", "\"a\", W/\"v7\"", NULL), 304);
    assert_int_equal(get_with(server, "/tag", "If-None-Match", "*", NULL), 304);
    assert_int_equal(get_with(server, "/tag", "If-None-Match", "\"v8\"", NULL), 200);
    const apl_http_pair old = {APL_SPAN("If-Match"), APL_SPAN("\"v6\"")};
    const apl_http_pair now = {APL_SPAN("If-Match"), APL_SPAN("\"v7\"")};
    const apl_http_pair weak = {APL_SPAN("If-Match"), APL_SPAN("W/\"v7\"")};
    apl_http_call call = {.headers = &old, .header_count = 1, .body = APL_SPAN("x")};
    assert_int_equal(ask(server, "PUT", "/tag", call, NULL), 412);
    call.headers = &weak;
    assert_int_equal(ask(server, "PUT", "/tag", call, NULL), 412);
    call.headers = &now;
    assert_int_equal(ask(server, "PUT", "/tag", call, NULL), 200);
    serve_end(server);
}

static void test_assets(void **state)
{
    static const struct {
        const char *accept;
        const char *coding; /* NULL: plain */
        const char *body;
    } table[] = {{"gzip, br", "br", app_brotli},
                 {"gzip", "gzip", app_gzip},
                 {"br;q=0, gzip;q=0.5", "gzip", app_gzip},
                 {"br;q=0.1, gzip;q=0.5", "gzip", app_gzip},
                 {"gzip;q=0", NULL, app_plain},
                 {"identity", NULL, app_plain},
                 {"GZIP", "gzip", app_gzip},
                 {"br;q=x", NULL, app_plain}};
    apl_http_server *server = serve(config_of(*state));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        APL_AUTO(apl_http_reply) reply = {0};
        apl_span found;
        assert_int_equal(get_with(server, "/app.js", "Accept-Encoding", table[i].accept, &reply),
                         200);
        assert_string_equal(apl_buf_str(&reply.body), table[i].body);
        assert_int_equal(apl_http_reply_header(&reply, "Content-Encoding", &found),
                         table[i].coding != NULL);
        if (table[i].coding)
            assert_true(apl_span_is(found, table[i].coding));
        assert_true(reply_header_is(&reply, "Vary", "Accept-Encoding"));
        assert_true(reply_header_is(&reply, "Content-Type", "text/javascript"));
        assert_true(
            reply_header_is(&reply, "Cache-Control", "public, max-age=31536000, immutable"));
    }
    assert_int_equal(get_with(server, "/app.js", "If-None-Match", "\"abc\"", NULL), 304);
    assert_int_equal(get_with(server, "/app.js", "If-None-Match", "\"abc-br\"", NULL), 200);
    serve_end(server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_routing_matrix),
        TEST(test_query_error_names_place_and_fix),
        TEST(test_security_headers_always),
        TEST(test_header_injection_is_refused),
        TEST(test_body_caps),
        TEST(test_body_chunked),
        TEST(test_body_endless),
        TEST(test_bodies_budget),
        TEST(test_keep_alive_and_pipelining),
        TEST(test_host_check),
        TEST(test_trusted_proxy),
        TEST(test_queue_full_is_503),
        TEST(test_client_leaves_while_running),
        TEST(test_shutdown_finishes_requests),
        TEST(test_shutdown_deadline),
        TEST(test_hooks),
        TEST(test_conditions),
        TEST(test_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
