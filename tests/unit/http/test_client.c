/* SPDX-License-Identifier: Apache-2.0 */
/* src/http/client.c against our own server and against sockets that misbehave. */
#include "fixture.h"

static apl_rc handle_mirror(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_span name = APL_SPAN_NONE;
    (void)apl_http_header(request, "x-name", &name);
    apl_rc rc = apl_http_header_add(response, "X-Back", name, err);
    if (!rc)
        rc = apl_buf_addf(&response->body, err, "%s %zu", apl_http_method_name(request->method),
                          request->body.len);
    return rc;
}

static apl_rc handle_away(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)request;
    return apl_http_answer_redirect(response, 303, APL_SPAN("/mirror"), err);
}

static apl_rc handle_big(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char zeros[100000];
    (void)request;
    return apl_http_answer_fixed(response, 200, "text/plain",
                                 (apl_http_fixed){.bytes = {zeros, sizeof zeros}}, err);
}

static const apl_http_route routes[] = {
    {APL_HTTP_GET, "/mirror", handle_mirror, 0, 0, "get", NULL},
    {APL_HTTP_POST, "/mirror", handle_mirror, 0, 1000, "post", NULL},
    {APL_HTTP_DELETE, "/mirror", handle_mirror, 0, 0, "delete", NULL},
    {APL_HTTP_GET, "/away", handle_away, 0, 0, "away", NULL},
    {APL_HTTP_GET, "/big", handle_big, 0, 0, "big", NULL},
};

static void test_calls(void **state)
{
    static const apl_http_pair headers[] = {{APL_SPAN("X-Name"), APL_SPAN("a:b")}};
    (void)state;
    apl_http_server *server = serve((apl_http_config){.routes = routes, .route_count = 5});
    APL_AUTO(apl_http_reply) one = {0};
    apl_http_call call = {.headers = headers, .header_count = 1};
    assert_int_equal(ask(server, "GET", "/mirror", call, &one), 200);
    assert_string_equal(apl_buf_str(&one.body), "GET 0");
    assert_true(reply_header_is(&one, "x-back", "a:b"));
    assert_false(reply_header_is(&one, "x-bac", "a:b"));
    APL_AUTO(apl_http_reply) two = {0};
    assert_int_equal(ask(server, "POST", "/mirror", (apl_http_call){.body = APL_SPAN("abc")}, &two),
                     200);
    assert_string_equal(apl_buf_str(&two.body), "POST 3");
    APL_AUTO(apl_http_reply) three = {0};
    assert_int_equal(ask(server, "POST", "/mirror", (apl_http_call){.body = APL_SPAN("")}, &three),
                     200);
    assert_string_equal(apl_buf_str(&three.body), "POST 0");
    APL_AUTO(apl_http_reply) four = {0};
    assert_int_equal(ask(server, "DELETE", "/mirror", (apl_http_call){0}, &four), 200);
    assert_string_equal(apl_buf_str(&four.body), "DELETE 0");
    /* A redirect is an answer, not an order. */
    APL_AUTO(apl_http_reply) five = {0};
    assert_int_equal(get(server, "/away", &five), 303);
    assert_true(reply_header_is(&five, "Location", "/mirror"));
    serve_end(server);
}

/* One client, many calls: one connection. */
static void test_keeps_connection(void **state)
{
    (void)state;
    apl_http_server *server = serve((apl_http_config){.routes = routes, .route_count = 5});
    apl_http_client *client = NULL;
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/mirror", apl_http_server_port(server, 0));
    assert_int_equal(apl_http_client_open(&client, NULL), APL_OK);
    for (unsigned i = 0; i < 20; i++) {
        APL_AUTO(apl_http_reply) reply = {0};
        const apl_http_call call = {.url = url};
        assert_int_equal(apl_http_client_run(client, &call, &reply, NULL), APL_OK);
    }
    apl_http_stats stats;
    apl_http_server_stats(server, &stats);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.requests, 20);
    apl_http_client_close(client);
    serve_end(server);
}

static apl_rc run(const apl_http_call *call, apl_err *err)
{
    apl_http_client *client = NULL;
    apl_http_reply reply = {.status = -1};
    assert_int_equal(apl_http_client_open(&client, err), APL_OK);
    apl_rc rc = apl_http_client_run(client, call, &reply, err);
    apl_http_client_close(client);
    if (rc)
        assert_int_equal(reply.status, -1);
    else
        apl_http_reply_release(&reply);
    return rc;
}

static void test_refusals(void **state)
{
    static const apl_http_pair evil = {APL_SPAN("X-A"), APL_SPAN("a\r\nX-B: c")};
    static const apl_http_pair evil_name = {APL_SPAN("X-A: b\nX"), APL_SPAN("a")};
    (void)state;
    apl_http_server *server = serve((apl_http_config){.routes = routes, .route_count = 5});
    char url[64];
    apl_err err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/big", apl_http_server_port(server, 0));
    apl_http_call call = {.url = url, .response_max_bytes = 99999};
    assert_int_equal(run(&call, &err), APL_E_LIMIT);
    assert_string_equal(err.where, url);
    call.response_max_bytes = 100000;
    assert_int_equal(run(&call, &err), APL_OK);
    call.headers = &evil;
    call.header_count = 1;
    assert_int_equal(run(&call, &err), APL_E_INVALID);
    call.headers = &evil_name;
    assert_int_equal(run(&call, &err), APL_E_INVALID);
    serve_end(server);
    call = (apl_http_call){.url = url};
    assert_int_equal(run(&call, &err), APL_E_NOT_FOUND);
    assert_non_null(strstr(err.fix, "check that the server runs"));
    call.url = "file:///etc/passwd";
    assert_int_equal(run(&call, &err), APL_E_INVALID);
    call.url = "http://[::1";
    assert_int_equal(run(&call, &err), APL_E_INVALID);
    call.url = "http://localhost/";
    call.unix_path = "/nonexistent/sock";
    assert_int_equal(run(&call, &err), APL_E_NOT_FOUND);
}

/* Listens, and never answers. */
static int mute_open(unsigned *out_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

static void test_timeout(void **state)
{
    (void)state;
    unsigned port;
    char url[64];
    int fd = mute_open(&port);
    apl_err err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    const apl_http_call call = {.url = url, .total_us = 100000};
    assert_int_equal(run(&call, &err), APL_E_TIMEOUT);
    close(fd);
}

typedef struct rogue {
    int fd;
    const char *text;
} rogue;

static void *rogue_run(void *ctx)
{
    const rogue *r = ctx;
    int fd = accept(r->fd, NULL, NULL);
    char piece[4096];
    (void)raw_read(fd, piece, sizeof piece);
    (void)raw_say(fd, r->text);
    close(fd);
    return NULL;
}

static void test_broken_answers(void **state)
{
    static const char *const texts[] = {
        "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        unsigned port;
        char url[64];
        apl_err err = {0};
        pthread_t thread;
        rogue r = {mute_open(&port), texts[i]};
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
        assert_int_equal(pthread_create(&thread, NULL, rogue_run, &r), 0);
        const apl_http_call call = {.url = url};
        assert_int_equal(run(&call, &err), APL_E_IO);
        pthread_join(thread, NULL);
        close(r.fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),          cmocka_unit_test(test_keeps_connection),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_broken_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
