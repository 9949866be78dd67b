/* SPDX-License-Identifier: Apache-2.0 */
/* sys/clock.h: the system's and the turned clock and randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void system_clock_agrees_with_time(void **state)
{
    (void)state;
    const apl_clock_src *clock = apl_clock_system();
    int64_t before = (int64_t)time(NULL);
    apl_time_us now = apl_clock_now(clock);
    assert_in_range(now / APL_US_PER_SECOND, before - 1, before + 5);
    int64_t mono = clock->mono_us(clock->ctx);
    for (int i = 0; i < 1000; i++) {
        int64_t next = clock->mono_us(clock->ctx);
        assert_true(next >= mono);
        mono = next;
    }
}

static void manual_clock_stands_still(void **state)
{
    (void)state;
    apl_clock_manual manual = {APL_US_PER_DAY};
    apl_clock_src clock = apl_clock_manual_src(&manual);
    assert_true(apl_clock_now(&clock) == APL_US_PER_DAY && apl_clock_now(&clock) == APL_US_PER_DAY);
    manual.now_us += 7;
    assert_true(apl_clock_now(&clock) == APL_US_PER_DAY + 7);
    assert_true(clock.mono_us(clock.ctx) == APL_US_PER_DAY + 7);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void fill_many(void *out)
{
    const apl_random_src *random = apl_random_system();
    for (size_t i = 0; i < 5000; i++)
        random->fill(random->ctx, (char *)out + i * 16, 16);
}

static void system_bytes_never_repeat_across_threads(void **state)
{
    (void)state;
    static char ids[4 * 5000][16];
    apl_thread *threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(apl_thread_start("fill", fill_many, ids[i * 5000], &threads[i], NULL),
                         APL_OK);
    for (size_t i = 0; i < 4; i++)
        apl_thread_join(threads[i]);
    qsort(ids, 4 * 5000, 16, by_bytes);
    for (size_t i = 1; i < 4 * 5000; i++)
        assert_true(memcmp(ids[i - 1], ids[i], 16) != 0);
}

static void every_size_is_filled_whole(void **state)
{
    (void)state;
    const apl_random_src *random = apl_random_system();
    for (size_t len = 1; len <= 600; len++) {
        unsigned char seen[600] = {0}, block[602];
        for (int round = 0; round < 8; round++) {
            memset(block, 0, sizeof block);
            random->fill(random->ctx, block + 1, len);
            assert_int_equal(block[0] | block[len + 1], 0);
            for (size_t i = 0; i < len; i++)
                seen[i] |= block[i + 1];
        }
        /* 8 zero bytes at one place by chance: less than 1e-14 over the whole test. */
        for (size_t i = 0; i < len; i++)
            assert_true(seen[i] != 0);
    }
}

static void forked_child_draws_its_own(void **state)
{
    (void)state;
    const apl_random_src *random = apl_random_system();
    char first[8], ours[16], theirs[16];
    int ends[2];
    random->fill(random->ctx, first, sizeof first);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        random->fill(random->ctx, theirs, sizeof theirs);
        _exit(write(ends[1], theirs, sizeof theirs) != sizeof theirs);
    }
    random->fill(random->ctx, ours, sizeof ours);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(memcmp(ours, theirs, sizeof ours) != 0);
}

static void seeded_bytes_are_splitmix64(void **state)
{
    (void)state;
    /* First output for seed 1234567, as published with the algorithm: 6457827717110365317. */
    apl_random_seeded a = {1234567}, b = {1234567};
    apl_random_src one = apl_random_seeded_src(&a), two = apl_random_seeded_src(&b);
    unsigned char x[8], y[13], z[13];
    uint64_t value = 0;
    one.fill(one.ctx, x, sizeof x);
    for (int i = 7; i >= 0; i--)
        value = value << 8 | x[i];
    assert_true(value == 6457827717110365317u);
    two.fill(two.ctx, x, sizeof x);
    one.fill(one.ctx, y, sizeof y);
    two.fill(two.ctx, z, sizeof z);
    assert_memory_equal(y, z, sizeof y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_clock_agrees_with_time),
        cmocka_unit_test(manual_clock_stands_still),
        cmocka_unit_test(system_bytes_never_repeat_across_threads),
        cmocka_unit_test(every_size_is_filled_whole),
        cmocka_unit_test(forked_child_draws_its_own),
        cmocka_unit_test(seeded_bytes_are_splitmix64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
