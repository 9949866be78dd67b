/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load on a server: several keep-alive connections, each a thread that asks one address after the other and waits for the
 * answer, so that all addresses meet the same load.
 *
 *   load PORT CONNECTIONS SECONDS CASES COOKIE PATH…
 *
 * "{case}" in a path is a random case. Prints one JSON object per path: requests, p50 and p99 in microseconds, and how many
 * answers were not 200.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATHS_MAX = 16, CONNECTIONS_MAX = 64, SAMPLES_MAX = 400000, ANSWER_BYTES = 4 * 1024 * 1024 };

typedef struct samples {
    uint32_t us[SAMPLES_MAX];
    size_t count, bad;
} samples;

static struct {
    int port, paths, seconds;
    uint64_t cases;
    const char *cookie, *path[PATHS_MAX];
    pthread_mutex_t mutex;
    samples *all; /* per path */
} load = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load.port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static size_t receive(int fd, char *answer, size_t have)
{
    ssize_t n = recv(fd, answer + have, ANSWER_BYTES - 1 - have, 0);
    if (n <= 0)
        die("the connection was closed in the middle of an answer");
    answer[have + (size_t)n] = '\0';
    return have + (size_t)n;
}

/* Reads one answer with a Content-Length; true when it is 200. */
static int read_answer(int fd, char *answer)
{
    size_t have = 0;
    char *end = NULL;
    answer[0] = '\0';
    while (!(end = strstr(answer, "\r\n\r\n")))
        have = receive(fd, answer, have);
    char *length = strcasestr(answer, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end + 4 - answer) + body;
    while (have < whole)
        have = receive(fd, answer, have);
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void ask(int fd, const char *path, uint64_t case_id)
{
    char request[2048], place[1024];
    const char *mark = strstr(path, "{case}");
    if (mark)
        (void)snprintf(place, sizeof place, "%.*s%llu%s", (int)(mark - path), path,
                       (unsigned long long)case_id, mark + 6);
    else
        (void)snprintf(place, sizeof place, "%s", path);
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n\r\n", place,
                       load.port, load.cookie);
    if (len < 0 || send(fd, request, (size_t)len, 0) != len)
        die("send");
}

static void keep(int path, double seconds, int good)
{
    samples *s = &load.all[path];
    pthread_mutex_lock(&load.mutex);
    if (s->count < SAMPLES_MAX)
        s->us[s->count++] = (uint32_t)(seconds * 1e6);
    s->bad += !good;
    pthread_mutex_unlock(&load.mutex);
}

static void *run(void *arg)
{
    uint64_t state = (uint64_t)(uintptr_t)arg * 0x9E3779B97F4A7C15u + 1;
    int fd = dial(), path = (int)((uintptr_t)arg % (uintptr_t)load.paths);
    char *answer = malloc(ANSWER_BYTES);
    if (!answer)
        die("malloc");
    for (double end = now() + load.seconds; now() < end; path = (path + 1) % load.paths) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double begun = now();
        ask(fd, load.path[path], (state >> 33) % load.cases + 1);
        int good = read_answer(fd, answer);
        keep(path, now() - begun, good);
    }
    free(answer);
    (void)close(fd);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    pthread_t threads[CONNECTIONS_MAX];
    if (argc < 7 || argc - 6 > PATHS_MAX) {
        (void)fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS CASES COOKIE PATH…\n");
        return 2;
    }
    load.port = (int)strtol(argv[1], NULL, 10);
    long connections = strtol(argv[2], NULL, 10);
    load.seconds = (int)strtol(argv[3], NULL, 10);
    load.cases = strtoull(argv[4], NULL, 10);
    load.cookie = argv[5];
    load.paths = argc - 6;
    load.all = calloc((size_t)load.paths, sizeof *load.all);
    if (!load.all || connections < 1 || connections > CONNECTIONS_MAX || !load.cases)
        die("arguments");
    for (int i = 0; i < load.paths; i++)
        load.path[i] = argv[6 + i];
    for (long i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i))
            die("pthread_create");
    for (long i = 0; i < connections; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < load.paths; i++) {
        samples *s = &load.all[i];
        qsort(s->us, s->count, sizeof *s->us, compare);
        (void)printf(
            "{\"path\":\"%s\",\"requests\":%zu,\"p50_us\":%u,\"p99_us\":%u,\"not_200\":%zu}\n",
            load.path[i], s->count, s->count ? s->us[s->count / 2] : 0,
            s->count ? s->us[s->count * 99 / 100] : 0, s->bad);
    }
    free(load.all);
    return 0;
}
