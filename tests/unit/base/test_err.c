/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h and base/rc.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

static void codes_have_names_and_statuses(void **state)
{
    (void)state;
    for (int rc = 0; rc < APL_RC_COUNT; rc++) {
        assert_non_null(apl_rc_name((apl_rc)rc));
        assert_true(strlen(apl_rc_title((apl_rc)rc)) > 1);
        assert_in_range(apl_rc_exit_status((apl_rc)rc), 0, 2);
        for (int other = 0; other < rc; other++)
            assert_string_not_equal(apl_rc_name((apl_rc)rc), apl_rc_name((apl_rc)other));
        if (rc)
            assert_in_range(apl_rc_http_status((apl_rc)rc), 400, 599);
    }
    assert_int_equal(apl_rc_http_status(APL_OK), 200);
    assert_int_equal(apl_rc_http_status(APL_E_FULL), 507);
    assert_int_equal(apl_rc_exit_status(APL_E_USAGE), 2);
    assert_string_equal(apl_rc_name((apl_rc)999), "internal");
    assert_string_equal(apl_rc_name((apl_rc)-1), "internal");
}

static void set_clears_where_and_fix(void **state)
{
    (void)state;
    apl_err err;
    char text[512];
    assert_int_equal(apl_err_set(&err, APL_E_INVALID, "line %d", 7), APL_E_INVALID);
    apl_err_where(&err, "%s:%d", "posts.csv", 7);
    apl_err_fix(&err, "quote it");
    assert_string_equal(apl_err_format(&err, text, sizeof text), "posts.csv:7: line 7; quote it");
    assert_int_equal(apl_err_set(&err, APL_E_IO, "disk"), APL_E_IO);
    assert_string_equal(apl_err_format(&err, text, sizeof text), "disk");
    assert_int_equal(err.rc, APL_E_IO);
}

static void wrap_keeps_cause_where_fix(void **state)
{
    (void)state;
    apl_err err;
    char text[512];
    (void)apl_err_set(&err, APL_E_INVALID, "no zone");
    apl_err_where(&err, "a:1");
    apl_err_fix(&err, "add Z");
    assert_int_equal(apl_err_wrap(&err, APL_E_CORRUPT, "import %s", "x"), APL_E_CORRUPT);
    assert_string_equal(apl_err_format(&err, text, sizeof text), "a:1: import x: no zone; add Z");
    assert_int_equal(err.rc, APL_E_CORRUPT);
}

static void every_function_takes_null(void **state)
{
    (void)state;
    assert_int_equal(apl_err_set(NULL, APL_E_IO, "x"), APL_E_IO);
    apl_err_where(NULL, "x");
    apl_err_fix(NULL, "x");
    assert_int_equal(apl_err_wrap(NULL, APL_E_IO, "x"), APL_E_IO);
    assert_int_equal(apl_err_nomem(NULL), APL_E_NOMEM);
    assert_int_equal(apl_err_errno(NULL, ENOSPC, "x"), APL_E_FULL);
}

static void errno_maps_to_codes(void **state)
{
    (void)state;
    static const struct {
        int value;
        apl_rc rc;
    } table[] = {{ENOSPC, APL_E_FULL},       {EDQUOT, APL_E_FULL},  {ENOENT, APL_E_NOT_FOUND},
                 {EACCES, APL_E_DENIED},     {EPERM, APL_E_DENIED}, {EROFS, APL_E_DENIED},
                 {EEXIST, APL_E_EXISTS},     {ENOMEM, APL_E_NOMEM}, {EAGAIN, APL_E_BUSY},
                 {ETIMEDOUT, APL_E_TIMEOUT}, {EIO, APL_E_IO},       {EBADF, APL_E_IO}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        apl_err err;
        assert_int_equal(apl_err_errno(&err, table[i].value, "write"), table[i].rc);
        assert_int_equal(err.rc, table[i].rc);
        assert_memory_equal(err.what, "write: ", 7);
        assert_string_equal(err.where, "");
        assert_int_equal(err.fix[0] != '\0', table[i].rc == APL_E_FULL);
    }
}

/* Whatever is quoted and wherever it is cut, the text is valid UTF-8 without control characters. */
static void hostile_text_is_cleaned(void **state)
{
    (void)state;
    apl_err err;
    (void)apl_err_set(&err, APL_E_INVALID, "a\033[2Jb\nc\xffg\xc2\x9bh\x7f\xe2\x82");
    assert_string_equal(err.what, "a?[2Jb c?g?h???");
    (void)apl_err_set(&err, APL_E_INVALID, "caf\xc3\xa9 \xf0\x9f\x98\x80");
    assert_string_equal(err.what, "caf\xc3\xa9 \xf0\x9f\x98\x80");
    static const char *const units[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff",
                                        "x"};
    for (size_t u = 0; u < 5; u++) {
        for (int lead = 0; lead < 5; lead++) {
            char text[1200] = "";
            char out[320];
            memset(text, '.', (size_t)lead);
            for (size_t at = (size_t)lead; at + 4 < sizeof text; at += strlen(units[u]))
                memcpy(text + at, units[u], strlen(units[u]) + 1);
            (void)apl_err_set(&err, APL_E_INVALID, "%s", text);
            apl_err_where(&err, "%s", text);
            apl_err_fix(&err, "%s", text);
            (void)apl_err_wrap(&err, APL_E_INVALID, "c%s", "ontext");
            assert_true(apl_utf8_is_valid(apl_span_of(err.what)));
            assert_true(apl_utf8_is_valid(apl_span_of(err.where)));
            assert_true(apl_utf8_is_valid(apl_span_of(err.fix)));
            assert_true(strlen(err.what) >= sizeof err.what - 5);
            assert_true(strlen(err.where) >= sizeof err.where - 5);
            assert_true(apl_utf8_is_valid(apl_span_of(apl_err_format(&err, out, sizeof out))));
            (void)apl_err_errno(&err, EIO, "%s", text);
            assert_true(apl_utf8_is_valid(apl_span_of(err.what)));
        }
    }
}

static void format_falls_back_to_title_and_fits(void **state)
{
    (void)state;
    apl_err err = {.rc = APL_E_DENIED};
    char text[8];
    assert_string_equal(apl_err_format(&err, text, sizeof text), "Not all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_names_and_statuses),
        cmocka_unit_test(set_clears_where_and_fix),
        cmocka_unit_test(wrap_keeps_cause_where_fix),
        cmocka_unit_test(every_function_takes_null),
        cmocka_unit_test(errno_maps_to_codes),
        cmocka_unit_test(hostile_text_is_cleaned),
        cmocka_unit_test(format_falls_back_to_title_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
