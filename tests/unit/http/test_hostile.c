/* SPDX-License-Identifier: Apache-2.0 */
/* What angry or broken clients send: malformed, smuggled, oversized, and slow. */
#include "fixture.h"

static apl_rc handle_echo(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_add(&response->body, request->body.len ? request->body : APL_SPAN("-"), err);
}

static const apl_http_route routes[] = {
    {APL_HTTP_GET, "/", handle_echo, 0, 0, "root", NULL},
    {APL_HTTP_POST, "/", handle_echo, 0, 100000, "echo", NULL},
};

static const apl_http_config plain = {.routes = routes, .route_count = 2};

#define END "\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void test_malformed(void **state)
{
    static const struct {
        const char *text;
        int status; /* 0: whatever, but no crash and no success; -1: closed or refused or served */
    } table[] = {
        {"GET / HTTP/1.1" END, 200},
        {"\r\n\r\nGET / HTTP/1.1" END, -1},
        {"GET" END, 0},
        {"GET /" END, -1},
        {"GET  / HTTP/1.1" END, -1},
        {"GET / HTTP/9.9" END, 0},
        {"GET / FTP/1.1" END, 0},
        {"GET http://localhost/ HTTP/1.1" END, 400},
        {"GET localhost HTTP/1.1" END, 400},
        {"GET * HTTP/1.1" END, 400},
        {"OPTIONS * HTTP/1.1" END, 204},
        {"GET /%zz HTTP/1.1" END, 400},
        {"GET /../etc/passwd HTTP/1.1" END, 400},
        {"GET /a/%2e%2E/b HTTP/1.1" END, 400},
        {"GET /?%00=1 HTTP/1.1" END, 400},
        {"GET /?a=%ff HTTP/1.1" END, 400},
        {"GET /\x80 HTTP/1.1" END, 400},
        {"get / HTTP/1.1" END, 501},
        {"CONNECT localhost:80 HTTP/1.1" END, 501},
        {"TRACE / HTTP/1.1" END, 501},
        {"POST / HTTP/1.1\r\nContent-Length: -1" END, 0},
        {"POST / HTTP/1.1\r\nContent-Length: x" END, 0},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999" END, 0},
        {"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4" END "abc", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked" END "0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked" END "zz\r\n", 0},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked" END "ffffffffffffffffff\r\n", 0},
    };
    (void)state;
    apl_http_server *server = serve(plain);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int status = raw_status(server, table[i].text);
        bool is_fine = table[i].status == -1  ? true
                       : table[i].status == 0 ? status != 200
                                              : status == table[i].status;
        if (!is_fine)
            fail_msg("%s: %d", table[i].text, status);
    }
    assert_int_equal(get(server, "/", NULL), 200);
    serve_end(server);
}

/* One request with a few bytes changed, sometimes cut short. */
static int mutant_send(const apl_http_server *server, const apl_random_src *random)
{
    static const char head[] = "POST /?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                               "Connection: close\r\nX-Y: z\r\n\r\nhello";
    char text[sizeof head];
    unsigned char dice[16];
    memcpy(text, head, sizeof head);
    random->fill(random->ctx, dice, sizeof dice);
    for (unsigned k = 0; k < 1u + dice[0] % 4; k++)
        text[dice[1 + k] % (sizeof head - 1)] = (char)dice[8 + k];
    size_t len = sizeof head - 1 - (dice[15] % 8 == 0 ? dice[14] % 60 : 0);
    int fd = raw_open(server);
    (void)raw_send(fd, text, len);
    shutdown(fd, SHUT_WR);
    return fd;
}

static void test_random_bytes(void **state)
{
    (void)state;
    enum { TOGETHER = 50 };
    apl_random_seeded seeded = {.state = 42};
    const apl_random_src random = apl_random_seeded_src(&seeded);
    apl_http_config config = plain;
    /* Half-closed clients whose request is not whole are only cut by these. */
    config.header_us = config.body_us = config.idle_us = 100000;
    apl_http_server *server = serve(config);
    for (unsigned round = 0; round < 20; round++) {
        int fds[TOGETHER];
        for (unsigned i = 0; i < TOGETHER; i++)
            fds[i] = mutant_send(server, &random);
        for (unsigned i = 0; i < TOGETHER; i++) {
            APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
            raw_read_all(fds[i], &out);
            close(fds[i]);
        }
    }
    assert_int_equal(get(server, "/", NULL), 200);
    serve_end(server);
}

static void test_large_heads(void **state)
{
    static char text[80000];
    (void)state;
    apl_http_server *server = serve(plain);
    int len = snprintf(text, sizeof text, "GET /?%030000d HTTP/1.1" END, 1);
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    assert_int_equal(raw_ask(server, text, (size_t)len, &out), 414);
    apl_buf_clear(&out);
    len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nX: %030000d" END, 1);
    assert_int_equal(raw_ask(server, text, (size_t)len, &out), 431);
    apl_buf_clear(&out);
    len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < 150; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "X%u: y\r\n", i);
    len += snprintf(text + len, sizeof text - (size_t)len,
                    "Host: localhost\r\nConnection: close\r\n\r\n");
    assert_int_equal(raw_ask(server, text, (size_t)len, &out), 431);
    apl_buf_clear(&out);
    len = snprintf(text, sizeof text, "GET /?");
    for (unsigned i = 0; i < 100; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "a%u=1&", i);
    len += snprintf(text + len, sizeof text - (size_t)len, " HTTP/1.1" END);
    assert_int_equal(raw_ask(server, text, (size_t)len, &out), 400);
    serve_end(server);
}

/* Sends a byte at a time, as fast as the server takes them, until it is cut off. True when it was. */
static bool drip(int fd, unsigned max)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (unsigned i = 0; i < max; i++) {
        /* The pause between two bytes is also where the end of the connection is seen. */
        if (poll(&p, 1, 10) > 0) {
            char byte[512];
            if (recv(fd, byte, sizeof byte, 0) <= 0)
                return true;
        }
        if (send(fd, "a", 1, MSG_NOSIGNAL) != 1)
            return true;
    }
    return false;
}

static void test_slow_head_is_cut(void **state)
{
    (void)state;
    apl_http_config config = plain;
    config.header_us = 200000;
    apl_http_server *server = serve(config);
    int fd = raw_open(server);
    assert_true(raw_say(fd, "GET / HTTP/1.1\r\nX-Slow: "));
    assert_true(drip(fd, 2000));
    close(fd);
    apl_http_stats stats;
    apl_http_server_stats(server, &stats);
    assert_int_equal(stats.dropped_slow, 1);
    assert_int_equal(get(server, "/", NULL), 200);
    serve_end(server);
}

static void test_slow_body_is_cut(void **state)
{
    (void)state;
    apl_http_config config = plain;
    config.body_us = 200000;
    apl_http_server *server = serve(config);
    int fd = raw_open(server);
    assert_true(raw_say(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n"));
    assert_true(drip(fd, 2000));
    close(fd);
    serve_end(server);
}

static void test_silent_connection_is_cut(void **state)
{
    (void)state;
    apl_http_config config = plain;
    config.header_us = 200000;
    apl_http_server *server = serve(config);
    int fd = raw_open(server);
    char byte;
    assert_int_equal(raw_read(fd, &byte, 1), 0);
    close(fd);
    apl_http_stats stats;
    apl_http_server_stats(server, &stats);
    assert_int_equal(stats.dropped_slow, 1);
    serve_end(server);
}

static void test_connections_per_address(void **state)
{
    (void)state;
    apl_http_config config = plain;
    config.address_connection_max = 3;
    apl_http_server *server = serve(config);
    int fds[3];
    for (unsigned i = 0; i < 3; i++) {
        APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
        fds[i] = raw_open(server);
        assert_true(raw_say(fds[i], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_true(raw_read_until(fds[i], &out, "\r\n\r\n-", 1));
    }
    assert_int_equal(raw_status(server, "GET / HTTP/1.1" END), 0);
    for (unsigned i = 0; i < 3; i++)
        close(fds[i]);
    int status = 0;
    while (status != 200)
        status = raw_status(server, "GET / HTTP/1.1" END);
    serve_end(server);
}

/* Clients that vanish at every point of a request. */
static void test_vanishing_clients(void **state)
{
    static const char text[] =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
    (void)state;
    apl_http_server *server = serve(plain);
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        int fd = raw_open(server);
        struct linger hard = {len % 2, 0};
        (void)raw_send(fd, text, len);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fd);
    }
    assert_int_equal(get(server, "/", NULL), 200);
    serve_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_large_heads),
        cmocka_unit_test(test_slow_head_is_cut),
        cmocka_unit_test(test_slow_body_is_cut),
        cmocka_unit_test(test_silent_connection_is_cut),
        cmocka_unit_test(test_connections_per_address),
        cmocka_unit_test(test_vanishing_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
