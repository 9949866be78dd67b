/* SPDX-License-Identifier: Apache-2.0 */
/* Threads; see thread.h. Tests: tests/unit/sys/test_process.c */
#include "sys/thread.h"

#include "base/mem.h"
#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

struct apl_thread {
    pthread_t raw;
    void (*run)(void *ctx);
    void *ctx;
    char name[16];
};

/* These fail only by misuse (unlocking what is not locked), which no caller could handle. */
static void must(int failed)
{
    assert(!failed);
    (void)failed;
}

void apl_mutex_init(apl_mutex *mutex)
{
    must(pthread_mutex_init(&mutex->raw, NULL));
}

void apl_mutex_release(apl_mutex *mutex)
{
    must(pthread_mutex_destroy(&mutex->raw));
}

void apl_mutex_lock(apl_mutex *mutex)
{
    must(pthread_mutex_lock(&mutex->raw));
}

void apl_mutex_unlock(apl_mutex *mutex)
{
    must(pthread_mutex_unlock(&mutex->raw));
}

void apl_cond_init(apl_cond *cond)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes));
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must(pthread_cond_init(&cond->raw, &attributes));
    must(pthread_condattr_destroy(&attributes));
}

void apl_cond_release(apl_cond *cond)
{
    must(pthread_cond_destroy(&cond->raw));
}

void apl_cond_wait(apl_cond *cond, apl_mutex *mutex)
{
    must(pthread_cond_wait(&cond->raw, &mutex->raw));
}

bool apl_cond_wait_us(apl_cond *cond, apl_mutex *mutex, int64_t max_us)
{
    struct timespec until;
    if (max_us < 0)
        max_us = 0;
    /* A day is enough for any wait, and keeps the sum far from overflow. */
    if (max_us > APL_US_PER_DAY)
        max_us = APL_US_PER_DAY;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanos = until.tv_nsec + max_us % APL_US_PER_SECOND * 1000;
    until.tv_sec += max_us / APL_US_PER_SECOND + nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    int rc = pthread_cond_timedwait(&cond->raw, &mutex->raw, &until);
    must(rc && rc != ETIMEDOUT);
    return rc == 0;
}

void apl_cond_signal(apl_cond *cond)
{
    must(pthread_cond_signal(&cond->raw));
}

void apl_cond_broadcast(apl_cond *cond)
{
    must(pthread_cond_broadcast(&cond->raw));
}

static void *enter(void *take_thread)
{
    apl_thread *thread = take_thread;
    (void)pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->ctx);
    return NULL;
}

apl_rc apl_thread_start(const char *name, void (*run)(void *ctx), void *ctx,
                        apl_thread **out_thread, apl_err *err)
{
    apl_thread *thread = apl_mem_zalloc(1, sizeof *thread);
    if (!thread)
        return apl_err_nomem(err);
    thread->run = run;
    thread->ctx = ctx;
    (void)snprintf(thread->name, sizeof thread->name, "%s", name);
    sigset_t all, before;
    /* Faults of the thread itself stay open: blocked, they would kill without a sanitizer's report. */
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF};
    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        (void)sigdelset(&all, own[i]);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread->raw, NULL, enter, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        apl_mem_free(thread);
        return apl_err_errno(err, failed, "cannot start the thread %s", name);
    }
    *out_thread = thread;
    return APL_OK;
}

void apl_thread_join(apl_thread *thread)
{
    if (!thread)
        return;
    must(pthread_join(thread->raw, NULL));
    apl_mem_free(thread);
}
