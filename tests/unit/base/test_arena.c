/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h: alignment, caps, reuse, failing memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

static void blocks_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1 << 20);
    unsigned char *blocks[300];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 300; i++) {
            blocks[i] = apl_arena_alloc(&arena, i, 1);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
            for (size_t k = 0; k < i; k++)
                assert_int_equal(blocks[i][k], 0);
            memset(blocks[i], (int)(i % 255 + 1), i);
        }
        for (size_t i = 0; i < 300; i++)
            for (size_t k = 0; k < i; k++)
                assert_int_equal(blocks[i][k], i % 255 + 1);
        apl_arena_clear(&arena);
        assert_int_equal(arena.used_bytes, 0);
    }
}

static void cap_holds_and_is_given_back(void **state)
{
    (void)state;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 64 * 1024);
    assert_null(apl_arena_alloc(&arena, 64 * 1024 + 1, 1));
    assert_null(apl_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(apl_arena_alloc(&arena, SIZE_MAX / 2, 4));
    assert_non_null(apl_arena_alloc(&arena, 64 * 1024, 1));
    assert_null(apl_arena_alloc(&arena, 1, 1));
    apl_arena_clear(&arena);
    assert_null(arena.head); /* an unusually large chunk is not kept */
    for (int i = 0; i < 4096; i++)
        assert_non_null(apl_arena_alloc(&arena, 1, 16));
    assert_null(apl_arena_alloc(&arena, 1, 1));
    apl_arena_release(&arena);
    assert_non_null(apl_arena_alloc(&arena, 1, 1));
}

static void texts_are_terminated_copies(void **state)
{
    (void)state;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 4096);
    apl_span copy = APL_SPAN_NONE;
    assert_int_equal(apl_arena_copy(&arena, APL_SPAN("a\0b"), &copy, NULL), APL_OK);
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(apl_arena_str(&arena, APL_SPAN_NONE), "");
    assert_string_equal(apl_arena_printf(&arena, "%s-%d", "x", 5), "x-5");
    copy = APL_SPAN("before");
    char big[5000];
    memset(big, 'x', sizeof big);
    assert_int_equal(apl_arena_copy(&arena, (apl_span){big, sizeof big}, &copy, NULL), APL_E_NOMEM);
    assert_true(apl_span_is(copy, "before"));
    assert_null(apl_arena_printf(&arena, "%.*s", (int)sizeof big, big));
}

static void failing_memory_is_returned(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        APL_AUTO(apl_arena) arena;
        apl_arena_init(&arena, 1 << 20);
        (void)apl_mem_fail_at(n, 0);
        int made = 0;
        while (made < 100 && apl_arena_alloc(&arena, 1, 1024))
            made++;
        (void)apl_mem_fail_at(0, 0);
        if (made == 100) {
            assert_true(n > 3);
            break;
        }
        assert_int_equal(arena.used_bytes, made * 1024);
        assert_non_null(apl_arena_alloc(&arena, 1, 1024));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(cap_holds_and_is_given_back),
        cmocka_unit_test(texts_are_terminated_copies),
        cmocka_unit_test(failing_memory_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
