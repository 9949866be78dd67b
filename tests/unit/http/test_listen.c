/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the server, well and badly: addresses, local sockets, tables, workers, memory (src/http/{server,listen,pool}.c). */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

static unsigned workers_open;

static apl_rc handle_hello(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)request;
    return apl_buf_add_str(&response->body, "hello", err);
}

static apl_rc handle_echo(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_add(&response->body, request->body, err);
}

static apl_rc handle_who(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return apl_buf_addf(&response->body, err, "%s %lld %d", request->client,
                        (long long)request->peer_uid, request->is_unix);
}

static const apl_http_route routes[] = {
    {APL_HTTP_GET, "/hello", handle_hello, 0, 0, "hello", NULL},
    {APL_HTTP_POST, "/echo", handle_echo, 0, 1000, "echo", NULL},
    {APL_HTTP_GET, "/who", handle_who, 0, 0, "who", NULL},
};

static apl_rc worker_open(void *user, unsigned index, void **out_ctx, apl_err *err)
{
    (void)user;
    (void)index;
    (void)err;
    workers_open++;
    *out_ctx = &workers_open;
    return APL_OK;
}

static void worker_close(void *user, void *worker_ctx)
{
    (void)user;
    assert_ptr_equal(worker_ctx, &workers_open);
    workers_open--;
}

static int check_workers(void **state)
{
    (void)state;
    assert_int_equal(workers_open, 0);
    return 0;
}

static const apl_http_config base = {.routes = routes,
                                     .route_count = sizeof routes / sizeof *routes,
                                     .worker_open = worker_open,
                                     .worker_close = worker_close,
                                     .worker_count = 2};

static void test_port_in_use(void **state)
{
    apl_http_config config = base;
    (void)state;
    apl_http_server *server = serve(config);
    apl_http_server *second = NULL;
    apl_err err = {0};
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", apl_http_server_port(server, 0));
    config.listen[0] = address;
    assert_int_equal(apl_http_server_open(&config, &second, &err), APL_E_BUSY);
    assert_string_equal(err.where, address);
    assert_non_null(strstr(err.what, "another program listens there"));
    assert_non_null(strstr(err.fix, "choose another address"));
    static const char *const wrong[] = {"127.0.0.1",   "127.0.0.1:",  "127.0.0.1:65536",
                                        "::1:80",      "unix:",       "",
                                        "127.0.0.1:x", "300.1.1.1:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        config.listen[0] = wrong[i];
        assert_int_equal(apl_http_server_open(&config, &second, &err), APL_E_INVALID);
    }
    config.listen[0] = "192.0.2.77:0";
    assert_int_equal(apl_http_server_open(&config, &second, &err), APL_E_INVALID);
    assert_null(second);
    serve_end(server);
    /* The port is free again at once. */
    config.listen[0] = address;
    serve_end(serve(config));
}

static void test_unix_socket(void **state)
{
    char folder[] = "/tmp/apl-http-XXXXXX";
    char address[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(address, sizeof address, "unix:%s/sock", folder);
    apl_http_config config = base;
    (void)state;
    static const char *const hosts[] = {"desk.example.com", NULL};
    config.hosts = hosts;
    config.listen[0] = "127.0.0.1:0";
    config.listen[1] = address;
    apl_http_server *server = serve(config);
    struct stat file;
    assert_int_equal(stat(address + 5, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    APL_AUTO(apl_http_reply) reply = {0};
    assert_int_equal(ask(server, "GET", "/who", (apl_http_call){.unix_path = address + 5}, &reply),
                     200);
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "unix %lld 1", (long long)getuid());
    assert_string_equal(apl_buf_str(&reply.body), wanted);
    apl_http_server *second = NULL;
    apl_err err = {0};
    config.listen[0] = "127.0.0.1:0";
    assert_int_equal(apl_http_server_open(&config, &second, &err), APL_E_BUSY);
    serve_end(server);
    assert_int_not_equal(stat(address + 5, &file), 0);
    /* A file left by a killed server is taken over; a plain file is not. */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", address + 5);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    serve_end(serve(config));
    close(open(address + 5, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(apl_http_server_open(&config, &second, &err), APL_E_BUSY);
    unlink(address + 5);
    rmdir(folder);
}

static void test_wrong_routes_are_refused(void **state)
{
    static const apl_http_route doubled[] = {
        {APL_HTTP_GET, "/a/{x}", handle_hello, 0, 0, "one", NULL},
        {APL_HTTP_GET, "/a/{y}", handle_hello, 0, 0, "two", NULL}};
    apl_http_config config = base;
    (void)state;
    apl_http_server *server = NULL;
    apl_err err = {0};
    config.listen[0] = "127.0.0.1:0";
    config.routes = doubled;
    config.route_count = 2;
    assert_int_equal(apl_http_server_open(&config, &server, &err), APL_E_INVALID);
    assert_non_null(strstr(err.where, "/a/{"));
}

static apl_rc worker_fails(void *user, unsigned index, void **out_ctx, apl_err *err)
{
    return index == 1 ? apl_err_set(err, APL_E_IO, "no reader")
                      : worker_open(user, index, out_ctx, err);
}

static void test_worker_factory_fails(void **state)
{
    apl_http_config config = base;
    (void)state;
    apl_http_server *server = NULL;
    apl_err err = {0};
    config.listen[0] = "127.0.0.1:0";
    config.worker_open = worker_fails;
    assert_int_equal(apl_http_server_open(&config, &server, &err), APL_E_IO);
    assert_string_equal(err.what, "no reader");
}

/* Every allocation of opening fails once; nothing leaks, nothing hangs (the sanitizers look). */
static void test_open_without_memory(void **state)
{
    apl_http_config config = base;
    (void)state;
    config.listen[0] = "127.0.0.1:0";
    apl_rc rc = APL_E_NOMEM;
    for (size_t n = 1; rc && n < 200; n++) {
        apl_http_server *server = NULL;
        apl_err err = {0};
        (void)apl_mem_fail_at(n, 0);
        rc = apl_http_server_open(&config, &server, &err);
        (void)apl_mem_fail_at(0, 0);
        if (rc)
            assert_int_equal(rc, APL_E_NOMEM);
        else
            serve_end(server);
    }
    assert_int_equal(rc, APL_OK);
}

/* And of answering: the client gets an answer or an end, and the server lives. */
static void test_answer_without_memory(void **state)
{
    (void)state;
    apl_http_server *server = serve(base);
    for (size_t n = 1; n < 40; n++) {
        int fd = raw_open(server);
        APL_AUTO(apl_buf) out = APL_BUF(READ_MAX_BYTES);
        assert_int_equal(apl_buf_reserve(&out, 65536, NULL), APL_OK);
        (void)apl_mem_fail_at(n, 0);
        (void)raw_say(fd, "POST /echo?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Content-Length: 3\r\n\r\nabc");
        raw_read_all(fd, &out);
        (void)apl_mem_fail_at(0, 0);
        close(fd);
    }
    assert_int_equal(get(server, "/hello", NULL), 200);
    serve_end(server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, check_workers)
    const struct CMUnitTest tests[] = {
        TEST(test_port_in_use),
        TEST(test_unix_socket),
        TEST(test_wrong_routes_are_refused),
        TEST(test_worker_factory_fails),
        TEST(test_open_without_memory),
        TEST(test_answer_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
