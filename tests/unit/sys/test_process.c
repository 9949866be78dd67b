/* SPDX-License-Identifier: Apache-2.0 */
/* sys/process.h and sys/thread.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "sys/process.h"
#include "sys/thread.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void knows_itself(void **state)
{
    (void)state;
    assert_int_equal(apl_process_id(), getpid());
    assert_true(apl_process_is_alive(getpid()) && apl_process_is_alive(1));
    assert_false(apl_process_is_alive(0) || apl_process_is_alive(-1) ||
                 apl_process_is_alive(INT64_MAX));
    assert_in_range(apl_process_cpu_count(), 1, 100000);
    uint64_t before = apl_process_memory_bytes();
    assert_true(before > 100 * 1024);
    volatile char *block = malloc(64 << 20);
    for (size_t i = 0; i < 64 << 20; i += 1024)
        block[i] = 1;
    assert_true(apl_process_memory_bytes() > before + (48 << 20));
    free((void *)block);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(apl_process_is_alive(child));
}

static void a_gone_reader_does_not_kill(void **state)
{
    (void)state;
    int ends[2];
    apl_process_ignore_sigpipe();
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    (void)close(ends[1]);
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* In a child, so that this process keeps its own signals. Exit status = number of the step that went wrong. */
static int shutdown_steps(void)
{
    int fd = -1, again = -1;
    if (apl_shutdown_watch(&fd, NULL) || apl_shutdown_watch(&again, NULL) || fd != again)
        return 1;
    if (is_readable(fd) || apl_shutdown_is_requested())
        return 2;
    (void)raise(SIGTERM);
    if (!is_readable(fd) || !is_readable(fd) || !apl_shutdown_is_requested())
        return 3;
    (void)raise(SIGTERM);
    return 4;
}

static void first_signal_asks_second_kills(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(shutdown_steps());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

typedef struct counter {
    apl_mutex mutex;
    apl_cond cond;
    int count;
    int turn;
    char name[16];
} counter;

static void count_up(void *ctx)
{
    counter *c = ctx;
    for (int i = 0; i < 20000; i++) {
        apl_mutex_lock(&c->mutex);
        c->count++;
        apl_mutex_unlock(&c->mutex);
    }
}

static void answer_turn(void *ctx)
{
    counter *c = ctx;
    apl_mutex_lock(&c->mutex);
    (void)pthread_getname_np(pthread_self(), c->name, sizeof c->name);
    while (c->turn != 1)
        apl_cond_wait(&c->cond, &c->mutex);
    c->turn = 2;
    apl_cond_broadcast(&c->cond);
    apl_mutex_unlock(&c->mutex);
}

static void threads_count_and_take_turns(void **state)
{
    (void)state;
    counter c = {.count = 0};
    apl_thread *threads[4];
    apl_mutex_init(&c.mutex);
    apl_cond_init(&c.cond);
    for (int i = 0; i < 4; i++)
        assert_int_equal(apl_thread_start("count", count_up, &c, &threads[i], NULL), APL_OK);
    for (int i = 0; i < 4; i++)
        apl_thread_join(threads[i]);
    assert_int_equal(c.count, 80000);

    assert_int_equal(
        apl_thread_start("a-very-long-thread-name", answer_turn, &c, &threads[0], NULL), APL_OK);
    apl_mutex_lock(&c.mutex);
    c.turn = 1;
    apl_cond_signal(&c.cond);
    while (c.turn != 2)
        assert_true(apl_cond_wait_us(&c.cond, &c.mutex, APL_US_PER_MINUTE));
    apl_mutex_unlock(&c.mutex);
    apl_thread_join(threads[0]);
    assert_string_equal(c.name, "a-very-long-thr");
    apl_thread_join(NULL);

    apl_mutex_lock(&c.mutex);
    assert_false(apl_cond_wait_us(&c.cond, &c.mutex, -999999));
    assert_false(apl_cond_wait_us(&c.cond, &c.mutex, 1500));
    apl_mutex_unlock(&c.mutex);
    apl_cond_release(&c.cond);
    apl_mutex_release(&c.mutex);

    (void)apl_mem_fail_at(1, 0);
    assert_int_equal(apl_thread_start("none", count_up, &c, &threads[0], NULL), APL_E_NOMEM);
    (void)apl_mem_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_itself),
        cmocka_unit_test(a_gone_reader_does_not_kill),
        cmocka_unit_test(first_signal_asks_second_kills),
        cmocka_unit_test(threads_count_and_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
