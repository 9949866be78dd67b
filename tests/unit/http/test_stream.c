/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: src/http/stream.c, with many clients, slow ones and ones that leave. */
#include "fixture.h"

enum { CROWD = 300 };

typedef struct world {
    gate opened;
    gate closed;
    gate hold; /* for test_next_is_never_twice */
    apl_mutex lock;
    struct subscriber *list;
    unsigned version; /* the "store": subscribers send what is newer than their cursor */
    size_t event_bytes;
    bool must_fail_next;
    bool must_fail_handler;
    bool must_hold;
    unsigned in_next;
    unsigned most_in_next;
} world;

typedef struct subscriber {
    world *w;
    apl_http_stream *stream;
    unsigned cursor;
    struct subscriber *next, *previous;
} subscriber;

static apl_rc events_next(void *ctx, void *worker_ctx, apl_buf *out, apl_err *err)
{
    subscriber *s = ctx;
    world *w = s->w;
    (void)worker_ctx;
    apl_mutex_lock(&w->lock);
    unsigned version = w->version;
    bool must_fail = w->must_fail_next;
    bool must_hold = w->must_hold;
    size_t bytes = w->event_bytes;
    w->in_next++;
    if (w->in_next > w->most_in_next)
        w->most_in_next = w->in_next;
    apl_mutex_unlock(&w->lock);
    if (must_hold)
        gate_pass(&w->hold);
    apl_rc rc = APL_OK;
    while (!rc && s->cursor < version) {
        char id[16];
        APL_AUTO(apl_buf) data = APL_BUF(bytes + 64);
        (void)snprintf(id, sizeof id, "%u", s->cursor + 1);
        rc = apl_buf_addf(&data, err, "%0*d", (int)(bytes ? bytes : 1), 7);
        const apl_http_event event = {apl_span_of(id), APL_SPAN("case"), apl_buf_view(&data)};
        if (!rc)
            rc = apl_http_event_add(out, &event, err);
        /* What does not fit waits for the next call; only an event that never fits is an error. */
        if (rc == APL_E_LIMIT && out->len) {
            rc = APL_OK;
            apl_http_stream_wake(s->stream);
            break;
        }
        if (!rc)
            s->cursor++;
    }
    if (!rc && must_fail)
        rc = apl_err_set(err, APL_E_IO, "the store is gone");
    apl_mutex_lock(&w->lock);
    w->in_next--;
    apl_mutex_unlock(&w->lock);
    return rc;
}

static void events_closed(void *ctx)
{
    subscriber *s = ctx;
    world *w = s->w;
    apl_mutex_lock(&w->lock);
    if (s->previous)
        s->previous->next = s->next;
    else
        w->list = s->next;
    if (s->next)
        s->next->previous = s->previous;
    apl_mutex_unlock(&w->lock);
    free(s);
    gate_count(&w->closed);
}

static const apl_http_stream_ops events_ops = {events_next, events_closed};

static apl_rc handle_events(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    world *w = request->user;
    subscriber *s = calloc(1, sizeof *s);
    s->w = w;
    apl_mutex_lock(&w->lock);
    apl_rc rc = apl_http_answer_stream(response, &events_ops, s, &s->stream, err);
    if (!rc) {
        s->next = w->list;
        if (w->list)
            w->list->previous = s;
        w->list = s;
    }
    bool must_fail = w->must_fail_handler;
    apl_mutex_unlock(&w->lock);
    if (rc)
        free(s);
    else
        gate_count(&w->opened);
    return rc || !must_fail ? rc : apl_err_set(err, APL_E_DENIED, "changed my mind");
}

static const apl_http_route routes[] = {
    {APL_HTTP_GET, "/events", handle_events, APL_HTTP_STREAM, 0, "events", NULL}};

static void publish(world *w, unsigned count)
{
    apl_mutex_lock(&w->lock);
    w->version += count;
    for (subscriber *s = w->list; s; s = s->next)
        apl_http_stream_wake(s->stream);
    apl_mutex_unlock(&w->lock);
}

static apl_http_config config_of(world *w)
{
    return (apl_http_config){
        .routes = routes, .route_count = 1, .user = w, .worker_count = 3, .idle_us = 60000000};
}

static int events_open(const apl_http_server *server)
{
    int fd = raw_open(server);
    assert_true(raw_say(fd, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    return fd;
}

static int world_setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    gate_init(&w->opened);
    gate_init(&w->closed);
    gate_init(&w->hold);
    apl_mutex_init(&w->lock);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    world *w = *state;
    /* closed was called once for each stream that was opened. */
    assert_int_equal(w->opened.entered, w->closed.entered);
    assert_null(w->list);
    gate_release(&w->opened);
    gate_release(&w->closed);
    gate_release(&w->hold);
    apl_mutex_release(&w->lock);
    free(w);
    return 0;
}

static void test_crowd(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.heartbeat_us = 200000; /* finds those who left */
    apl_http_server *server = serve(config);
    int fds[CROWD];
    apl_buf outs[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        fds[i] = events_open(server);
        apl_buf_init(&outs[i], READ_MAX_BYTES);
    }
    assert_true(gate_wait(&w->opened, CROWD));
    for (unsigned round = 1; round <= 5; round++) {
        publish(w, 1);
        char mark[32];
        (void)snprintf(mark, sizeof mark, "id: %u\nevent: case\ndata: 7\n\n", round);
        for (unsigned i = 0; i < CROWD; i++)
            assert_true(raw_read_until(fds[i], &outs[i], mark, 1));
    }
    assert_non_null(strstr(apl_buf_str(&outs[0]), "Content-Type: text/event-stream"));
    /* A third leaves, politely or not; the rest goes on. */
    for (unsigned i = 0; i < CROWD / 3; i++) {
        struct linger hard = {i % 2, 0};
        setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fds[i]);
    }
    assert_true(gate_wait(&w->closed, CROWD / 3));
    publish(w, 1);
    unsigned version = w->version;
    for (unsigned i = CROWD / 3; i < CROWD; i++) {
        char mark[32];
        (void)snprintf(mark, sizeof mark, "id: %u\n", version);
        assert_true(raw_read_until(fds[i], &outs[i], mark, 1));
    }
    apl_http_stats stats;
    apl_http_server_stats(server, &stats);
    assert_int_equal(stats.streams, CROWD - CROWD / 3);
    serve_end(server);
    for (unsigned i = 0; i < CROWD; i++) {
        if (i >= CROWD / 3) {
            raw_read_all(fds[i], &outs[i]);
            assert_true(apl_span_ends(apl_buf_view(&outs[i]), APL_SPAN("0\r\n\r\n")));
            close(fds[i]);
        }
        apl_buf_release(&outs[i]);
    }
}

/* Each wake alone brings its event: the heartbeat is further away than the test's patience. */
static void test_wake_alone_is_enough(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.heartbeat_us = 600 * APL_US_PER_SECOND;
    apl_http_server *server = serve(config);
    int fd = events_open(server);
    assert_true(gate_wait(&w->opened, 1));
    for (unsigned i = 1; i <= 200; i++) {
        char mark[16];
        APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
        (void)snprintf(mark, sizeof mark, "id: %u\n", i);
        publish(w, 1);
        assert_true(raw_read_until(fd, &out, mark, 1));
    }
    serve_end(server);
    close(fd);
}

static void test_heartbeat_and_quiet_leaver(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.heartbeat_us = 50000;
    apl_http_server *server = serve(config);
    int stays = events_open(server);
    int leaves = events_open(server);
    assert_true(gate_wait(&w->opened, 2));
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    assert_true(raw_read_until(stays, &out, ": still here\n\n", 3));
    close(leaves);
    /* Nobody publishes: the heartbeat finds out. */
    assert_true(gate_wait(&w->closed, 1));
    close(stays);
    assert_true(gate_wait(&w->closed, 2));
    serve_end(server);
}

static void test_slow_reader_is_reset(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.stall_us = 200000;
    config.stream_max_bytes = 32768;
    apl_http_server *server = serve(config);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)apl_http_server_port(server, 0))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_true(raw_say(fd, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(gate_wait(&w->opened, 1));
    apl_mutex_lock(&w->lock);
    w->event_bytes = 8000;
    apl_mutex_unlock(&w->lock);
    publish(w, 2000);
    apl_http_stats stats = {0};
    while (!stats.dropped_slow)
        apl_http_server_stats(server, &stats);
    /* Once it reads again it finds whole events in order, then the reset, then the end. */
    apl_buf out = APL_BUF((size_t)32 << 20);
    raw_read_all(fd, &out);
    assert_non_null(strstr(apl_buf_str(&out), "event: reset\ndata: {}\n\n"));
    assert_null(strstr(apl_buf_str(&out), "id: 2000\n"));
    assert_true(apl_span_ends(apl_buf_view(&out), APL_SPAN("0\r\n\r\n")));
    apl_buf_release(&out);
    close(fd);
    assert_true(gate_wait(&w->closed, 1));
    serve_end(server);
}

static void test_backlog_comes_whole(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.stream_max_bytes = 4096;
    apl_http_server *server = serve(config);
    w->event_bytes = 1000;
    w->version = 500;
    int fd = events_open(server);
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    assert_true(raw_read_until(fd, &out, "id: 500\n", 1));
    assert_true(raw_read_until(fd, &out, "event: case\n", 500));
    close(fd);
    serve_end(server);
}

static void test_failing_next_resets(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    w->must_fail_next = true;
    w->version = 1;
    int fd = events_open(server);
    APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
    raw_read_all(fd, &out);
    const char *event = strstr(apl_buf_str(&out), "id: 1\n");
    assert_non_null(event);
    assert_non_null(strstr(event, "event: reset\ndata: {}\n\n"));
    close(fd);
    assert_true(gate_wait(&w->closed, 1));
    /* An event that can never fit is the same. */
    w->must_fail_next = false;
    w->event_bytes = 100000;
    fd = events_open(server);
    apl_buf_clear(&out);
    raw_read_all(fd, &out);
    assert_non_null(strstr(apl_buf_str(&out), "event: reset\ndata: {}\n\n"));
    close(fd);
    assert_true(gate_wait(&w->closed, 2));
    serve_end(server);
}

static void test_handler_fails_after_making_it(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    w->must_fail_handler = true;
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(get(server, "/events", &reply), 403);
    assert_true(reply_has(&reply, "changed my mind"));
    assert_true(gate_wait(&w->closed, 1));
    serve_end(server);
}

static void test_head_of_a_stream(void **state)
{
    world *w = *state;
    apl_http_server *server = serve(config_of(w));
    assert_int_equal(ask(server, "HEAD", "/events", (apl_http_call){0}, NULL), 200);
    assert_true(gate_wait(&w->closed, 1));
    serve_end(server);
}

static void test_cap_on_streams(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.stream_max = 2;
    config.heartbeat_us = 50000;
    apl_http_server *server = serve(config);
    int one = events_open(server);
    int two = events_open(server);
    assert_true(gate_wait(&w->opened, 2));
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(get(server, "/events", &reply), 503);
    assert_true(reply_has(&reply, "all 2 event streams are taken"));
    close(one);
    assert_true(gate_wait(&w->closed, 1));
    apl_http_stats stats = {.streams = 2};
    while (stats.streams > 1)
        apl_http_server_stats(server, &stats);
    int three = events_open(server);
    assert_true(gate_wait(&w->opened, 3));
    close(two);
    close(three);
    serve_end(server);
}

/* The client leaves while next runs: closed comes after it, not during it. */
static void test_leaver_during_next(void **state)
{
    world *w = *state;
    apl_http_config config = config_of(w);
    config.heartbeat_us = 50000;
    apl_http_server *server = serve(config);
    w->must_hold = true;
    int fd = events_open(server);
    assert_true(gate_wait(&w->hold, 1));
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    for (unsigned i = 0; i < 1000; i++)
        publish(w, 1);
    assert_int_equal(w->closed.entered, 0);
    gate_open(&w->hold);
    assert_true(gate_wait(&w->closed, 1));
    assert_int_equal(w->most_in_next, 1);
    serve_end(server);
}

typedef struct storm {
    world *w;
    _Atomic(bool) must_end;
} storm;

static void *storm_run(void *ctx)
{
    storm *s = ctx;
    for (unsigned i = 0; !s->must_end; i++) {
        publish(s->w, i < 100);
        sched_yield();
    }
    return NULL;
}

/* Wakes from several threads, clients that come and go, and the end in the middle of it. */
static void test_storm_and_shutdown(void **state)
{
    world *w = *state;
    storm s = {.w = w};
    pthread_t threads[2];
    apl_http_server *server = serve(config_of(w));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &s), 0);
    int fds[8];
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 8; i++) {
            if (round)
                close(fds[i]);
            fds[i] = events_open(server);
        }
        APL_AUTO(apl_buf) out = APL_BUF((size_t)64 << 20);
        assert_true(raw_read_until(fds[round % 8], &out, "event: case\n", 1));
    }
    (void)apl_http_server_close(server, 300000);
    s.must_end = true;
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < 8; i++)
        close(fds[i]);
}

static void test_event_format(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) out = APL_BUF(80);
    apl_http_event event = {APL_SPAN("7"), APL_SPAN("case"), APL_SPAN("a\nb\r\nc\rd")};
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&out),
                        "id: 7\nevent: case\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
    /* All or nothing. */
    size_t before = out.len;
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_E_LIMIT);
    assert_int_equal(out.len, before);
    event = (apl_http_event){APL_SPAN_NONE, APL_SPAN_NONE, APL_SPAN_NONE};
    apl_buf_clear(&out);
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&out), "data: \n\n");
    event.id = APL_SPAN("1\nevent: evil");
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_E_INVALID);
    event.id = APL_SPAN("1\0");
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_E_INVALID);
    event = (apl_http_event){.event = APL_SPAN("a\rb")};
    assert_int_equal(apl_http_event_add(&out, &event, NULL), APL_E_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_event_format),         TEST(test_crowd),
        TEST(test_wake_alone_is_enough), TEST(test_heartbeat_and_quiet_leaver),
        TEST(test_slow_reader_is_reset), TEST(test_backlog_comes_whole),
        TEST(test_failing_next_resets),  TEST(test_handler_fails_after_making_it),
        TEST(test_head_of_a_stream),     TEST(test_cap_on_streams),
        TEST(test_leaver_during_next),   TEST(test_storm_and_shutdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
