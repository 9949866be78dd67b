/* SPDX-License-Identifier: Apache-2.0 */
/* base/mem.h: the fault hook itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <string.h>

static void edges(void **state)
{
    (void)state;
    void *nothing = apl_mem_alloc(0);
    assert_non_null(nothing);
    apl_mem_free(nothing);
    apl_mem_free(NULL);
    assert_null(apl_mem_zalloc(SIZE_MAX / 2, 3));
    unsigned char *zeros = apl_mem_zalloc(5, 3);
    for (int i = 0; i < 15; i++)
        assert_int_equal(zeros[i], 0);
    zeros[0] = 9;
    zeros = apl_mem_realloc(zeros, 4000);
    assert_int_equal(zeros[0], 9);
    apl_mem_free(zeros);
    char *copy = apl_mem_dup("ab\0cd", 5);
    assert_memory_equal(copy, "ab\0cd", 6);
    apl_mem_free(copy);
    APL_AUTO_MEM char *freed = apl_mem_dup(NULL, 0);
    assert_string_equal(freed, "");
}

static int count_failures(int tries)
{
    int failures = 0;
    for (int i = 0; i < tries; i++) {
        void *p = i % 2 ? apl_mem_alloc(8) : apl_mem_zalloc(2, 4);
        failures += !p;
        apl_mem_free(p);
    }
    return failures;
}

static void only_the_nth_fails(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 6; n++) {
        (void)apl_mem_fail_at(n, 0);
        assert_int_equal(count_failures(5), n <= 5);
        assert_int_equal(apl_mem_fail_at(0, 0), 5);
    }
    (void)apl_mem_fail_at(2, 1);
    assert_int_equal(count_failures(5), 4);
    (void)apl_mem_fail_at(0, 0);
    assert_int_equal(count_failures(5), 0);
}

static void failed_realloc_keeps_the_block(void **state)
{
    (void)state;
    char *text = apl_mem_dup("keep", 4);
    (void)apl_mem_fail_at(1, 0);
    assert_null(apl_mem_realloc(text, 1 << 20));
    (void)apl_mem_fail_at(0, 0);
    assert_string_equal(text, "keep");
    apl_mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(only_the_nth_fails),
        cmocka_unit_test(failed_realloc_keeps_the_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
