/* SPDX-License-Identifier: Apache-2.0 */
/* A real server on a port that the system picks, raw sockets against it, and gates to hold handlers. No sleeps. */
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include "http/client.h"
#include "http/server.h"
#include "sys/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED_FN __attribute__((unused)) static

enum { PATIENCE_MS = 20000, READ_MAX_BYTES = 4 << 20 };

/* ---- a gate: handlers say that they are in, and wait to be let go ---- */

typedef struct gate {
    apl_mutex lock;
    apl_cond moved;
    unsigned entered;
    unsigned left; /* how many may pass; UINT32_MAX: all */
} gate;

UNUSED_FN void gate_init(gate *g)
{
    *g = (gate){.entered = 0};
    apl_mutex_init(&g->lock);
    apl_cond_init(&g->moved);
}

UNUSED_FN void gate_release(gate *g)
{
    apl_cond_release(&g->moved);
    apl_mutex_release(&g->lock);
}

UNUSED_FN void gate_pass(gate *g)
{
    apl_mutex_lock(&g->lock);
    g->entered++;
    apl_cond_broadcast(&g->moved);
    while (!g->left)
        apl_cond_wait(&g->moved, &g->lock);
    if (g->left != UINT32_MAX)
        g->left--;
    apl_mutex_unlock(&g->lock);
}

UNUSED_FN void gate_open(gate *g)
{
    apl_mutex_lock(&g->lock);
    g->left = UINT32_MAX;
    apl_cond_broadcast(&g->moved);
    apl_mutex_unlock(&g->lock);
}

/* Counts without waiting. */
UNUSED_FN void gate_count(gate *g)
{
    apl_mutex_lock(&g->lock);
    g->entered++;
    apl_cond_broadcast(&g->moved);
    apl_mutex_unlock(&g->lock);
}

UNUSED_FN bool gate_wait(gate *g, unsigned entered)
{
    bool is_fine = true;
    apl_mutex_lock(&g->lock);
    while (g->entered < entered && is_fine)
        is_fine = apl_cond_wait_us(&g->moved, &g->lock, PATIENCE_MS * 1000LL);
    is_fine = g->entered >= entered;
    apl_mutex_unlock(&g->lock);
    return is_fine;
}

/* ---- server ---- */

UNUSED_FN apl_http_server *serve(apl_http_config config)
{
    apl_http_server *server = NULL;
    apl_err err = {0};
    if (!config.listen[0])
        config.listen[0] = "127.0.0.1:0";
    if (apl_http_server_open(&config, &server, &err)) {
        char text[1024];
        fail_msg("%s", apl_err_format(&err, text, sizeof text));
    }
    return server;
}

UNUSED_FN void serve_end(apl_http_server *server)
{
    assert_true(apl_http_server_close(server, 20 * APL_US_PER_SECOND));
}

/* ---- raw sockets ---- */

UNUSED_FN int raw_open(const apl_http_server *server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)apl_http_server_port(server, 0))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

UNUSED_FN bool raw_send(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

UNUSED_FN bool raw_say(int fd, const char *text)
{
    return raw_send(fd, text, strlen(text));
}

/* One read; 0 at the end of the stream or when patience ends. */
UNUSED_FN size_t raw_read(int fd, char *out, size_t max)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0)
        return 0;
    ssize_t n = recv(fd, out, max, 0);
    return n > 0 ? (size_t)n : 0;
}

/* Reads until `mark` was seen `times` times, or the end. Appends to out. */
UNUSED_FN bool raw_read_until(int fd, apl_buf *out, const char *mark, unsigned times)
{
    char piece[16384];
    for (;;) {
        unsigned seen = 0;
        const char *at = apl_buf_str(out);
        while ((at = strstr(at, mark)) && seen < times) {
            seen++;
            at += strlen(mark);
        }
        if (seen >= times)
            return true;
        size_t n = raw_read(fd, piece, sizeof piece);
        if (!n || apl_buf_add(out, (apl_span){piece, n}, NULL))
            return false;
    }
}

UNUSED_FN void raw_read_all(int fd, apl_buf *out)
{
    char piece[16384];
    size_t n;
    while ((n = raw_read(fd, piece, sizeof piece)) > 0)
        assert_int_equal(apl_buf_add(out, (apl_span){piece, n}, NULL), APL_OK);
}

/* Sends and reads to the end of the connection; the request must ask for "Connection: close" or be refused. */
UNUSED_FN int raw_ask(const apl_http_server *server, const char *text, size_t len, apl_buf *out)
{
    int fd = raw_open(server);
    int64_t status = 0;
    (void)raw_send(fd, text, len);
    raw_read_all(fd, out);
    close(fd);
    apl_span view = apl_buf_view(out);
    if (apl_span_starts(view, APL_SPAN("HTTP/1.1 ")))
        (void)!apl_span_parse_i64(apl_span_sub(view, 9, 3), &status, NULL);
    return (int)status;
}

UNUSED_FN int raw_status(const apl_http_server *server, const char *text)
{
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    return raw_ask(server, text, strlen(text), &out);
}

/* ---- libcurl ---- */

UNUSED_FN int ask(const apl_http_server *server, const char *method, const char *path,
                  apl_http_call call, apl_http_reply *out_reply)
{
    char url[4096];
    apl_err err = {0};
    apl_http_client *client = NULL;
    apl_http_reply reply = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", apl_http_server_port(server, 0), path);
    call.method = method;
    call.url = url;
    assert_int_equal(apl_http_client_open(&client, &err), APL_OK);
    if (apl_http_client_run(client, &call, &reply, &err)) {
        char text[1024];
        fail_msg("%s", apl_err_format(&err, text, sizeof text));
    }
    apl_http_client_close(client);
    int status = reply.status;
    if (out_reply)
        *out_reply = reply;
    else
        apl_http_reply_release(&reply);
    return status;
}

UNUSED_FN int get(const apl_http_server *server, const char *path, apl_http_reply *out_reply)
{
    return ask(server, "GET", path, (apl_http_call){0}, out_reply);
}

UNUSED_FN bool reply_has(const apl_http_reply *reply, const char *text)
{
    return strstr(apl_buf_str(&reply->body), text) != NULL;
}

UNUSED_FN bool reply_header_is(const apl_http_reply *reply, const char *name, const char *value)
{
    apl_span found;
    return apl_http_reply_header(reply, name, &found) && apl_span_is(found, value);
}

#endif
