/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's clock and randomness, and the turned ones for tests; see clock.h.
 * Identifiers and salts are many small fills, so each thread draws a block from the kernel and hands out parts; what
 * was handed out is wiped, and a forked child never sees the parent's block. Tests: tests/unit/sys/test_clock.c
 */
#include "sys/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { BLOCK_BYTES = 512, SMALL_MAX_BYTES = 64 };

static int64_t read_us(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * APL_US_PER_SECOND + t.tv_nsec / 1000;
}

static apl_time_us system_now(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_REALTIME);
}

static int64_t system_mono(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_MONOTONIC);
}

const apl_clock_src *apl_clock_system(void)
{
    static const apl_clock_src source = {system_now, system_mono, NULL};
    return &source;
}

apl_time_us apl_clock_now(const apl_clock_src *clock)
{
    return clock->now_us(clock->ctx);
}

static void draw(unsigned char *out, size_t len)
{
    while (len) {
        ssize_t got = getrandom(out, len, 0);
        if (got > 0) {
            out += got;
            len -= (size_t)got;
        } else if (errno != EINTR) {
            /* Only a kernel without getrandom comes here; guessable salts would be worse than stopping. */
            abort();
        }
    }
}

static atomic_uint fork_count;

static void count_fork(void)
{
    atomic_fetch_add(&fork_count, 1);
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork);
}

static void system_fill(void *ctx, void *out, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local unsigned char block[BLOCK_BYTES];
    static _Thread_local size_t left;
    static _Thread_local unsigned drawn_in;

    (void)ctx;
    if (len > SMALL_MAX_BYTES) {
        draw(out, len);
        return;
    }
    (void)pthread_once(&once, watch_forks);
    unsigned forks = atomic_load_explicit(&fork_count, memory_order_relaxed);
    if (left < len || drawn_in != forks) {
        draw(block, sizeof block);
        left = sizeof block;
        drawn_in = forks;
    }
    unsigned char *part = block + sizeof block - left;
    memcpy(out, part, len);
    explicit_bzero(part, len);
    left -= len;
}

const apl_random_src *apl_random_system(void)
{
    static const apl_random_src source = {system_fill, NULL};
    return &source;
}

static apl_time_us manual_now(void *ctx)
{
    return ((apl_clock_manual *)ctx)->now_us;
}

apl_clock_src apl_clock_manual_src(apl_clock_manual *manual)
{
    return (apl_clock_src){manual_now, manual_now, manual};
}

/* SplitMix64 (Steele, Lea, Flood, 2014): every seed is good, and the bytes are the same on every machine. */
static void seeded_fill(void *ctx, void *out, size_t len)
{
    apl_random_seeded *seeded = ctx;
    unsigned char *at = out;
    while (len) {
        uint64_t z = seeded->state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        for (int i = 0; i < 8 && len; i++, len--)
            *at++ = (unsigned char)(z >> (8 * i));
    }
}

apl_random_src apl_random_seeded_src(apl_random_seeded *seeded)
{
    return (apl_random_src){seeded_fill, seeded};
}
