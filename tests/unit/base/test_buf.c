/* SPDX-License-Identifier: Apache-2.0 */
/* base/buf.h: caps, growth, failing memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#include <string.h>

static void cap_is_exact(void **state)
{
    (void)state;
    for (size_t max = 0; max < 200; max++) {
        APL_AUTO(apl_buf) buf = APL_BUF(max);
        apl_err err;
        for (size_t i = 0; i < max; i++)
            assert_int_equal(apl_buf_add_byte(&buf, (char)('a' + i % 26), &err), APL_OK);
        assert_int_equal(apl_buf_add_byte(&buf, '!', &err), APL_E_LIMIT);
        assert_int_equal(apl_buf_addf(&buf, &err, "%d", 1), APL_E_LIMIT);
        assert_int_equal(apl_buf_add(&buf, APL_SPAN_NONE, &err), APL_OK);
        assert_int_equal(buf.len, max);
        assert_true(buf.cap <= max + 1);
        assert_int_equal(strlen(apl_buf_str(&buf)), max);
    }
}

static void huge_requests_are_refused(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(SIZE_MAX);
    assert_int_equal(apl_buf_reserve(&buf, SIZE_MAX, NULL), APL_E_NOMEM);
    assert_int_equal(apl_buf_reserve(&buf, SIZE_MAX - 1, NULL), APL_E_NOMEM);
    assert_int_equal(apl_buf_add_byte(&buf, 'x', NULL), APL_OK);
    assert_int_equal(apl_buf_reserve(&buf, SIZE_MAX, NULL), APL_E_LIMIT);
    assert_string_equal(apl_buf_str(&buf), "x");
}

static void is_always_terminated(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(1000);
    assert_string_equal(apl_buf_str(&buf), "");
    apl_buf_clear(&buf);
    apl_buf_consume(&buf, 3);
    assert_int_equal(apl_buf_reserve(&buf, 100, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), "");
    assert_int_equal(apl_buf_add_str(&buf, "hello", NULL), APL_OK);
    assert_int_equal(apl_buf_addf(&buf, NULL, " %s %d", "world", 7), APL_OK);
    assert_string_equal(apl_buf_str(&buf), "hello world 7");
    apl_buf_consume(&buf, 6);
    assert_string_equal(apl_buf_str(&buf), "world 7");
    assert_true(apl_span_is(apl_buf_view(&buf), "world 7"));
    apl_buf_consume(&buf, 99);
    assert_string_equal(apl_buf_str(&buf), "");
    assert_int_equal(apl_buf_add(&buf, APL_SPAN("a\0b"), NULL), APL_OK);
    assert_int_equal(buf.len, 3);
    apl_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_string_equal(apl_buf_str(&buf), "");
}

static void detach_gives_the_storage(void **state)
{
    (void)state;
    apl_buf buf = APL_BUF(10);
    APL_AUTO_MEM char *empty = apl_buf_detach(&buf);
    assert_string_equal(empty, "");
    assert_int_equal(apl_buf_add_str(&buf, "abc", NULL), APL_OK);
    APL_AUTO_MEM char *text = apl_buf_detach(&buf);
    assert_string_equal(text, "abc");
    assert_null(buf.ptr);
    assert_int_equal(buf.max, 10);
    (void)apl_mem_fail_at(1, 0);
    assert_null(apl_buf_detach(&buf));
    (void)apl_mem_fail_at(0, 0);
}

static apl_rc build(apl_buf *buf)
{
    apl_rc rc = apl_buf_add_str(buf, "start", NULL);
    for (int i = 0; i < 200 && !rc; i++)
        rc = apl_buf_addf(buf, NULL, "-%d", i);
    return rc;
}

/* The n-th allocation fails for n = 1, 2, …: what was there stays, until all goes through. */
static void failing_memory_changes_nothing(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        APL_AUTO(apl_buf) buf = APL_BUF(10000);
        (void)apl_mem_fail_at(n, 0);
        apl_rc rc = build(&buf);
        (void)apl_mem_fail_at(0, 0);
        assert_int_equal(strlen(apl_buf_str(&buf)), buf.len);
        if (!rc) {
            assert_true(n > 3);
            assert_true(apl_span_ends(apl_buf_view(&buf), APL_SPAN("-198-199")));
            break;
        }
        assert_int_equal(rc, APL_E_NOMEM);
        size_t len = buf.len;
        assert_int_equal(apl_buf_add_byte(&buf, '.', NULL), APL_OK);
        assert_int_equal(buf.len, len + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cap_is_exact),
        cmocka_unit_test(huge_requests_are_refused),
        cmocka_unit_test(is_always_terminated),
        cmocka_unit_test(detach_gives_the_storage),
        cmocka_unit_test(failing_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
