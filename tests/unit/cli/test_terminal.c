/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(apl_span text, size_t max_bytes, const char *expected)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    assert_non_null(out);
    apl_cli_print_plain(out, text, max_bytes);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_steering_is_left_out(void **state)
{
    (void)state;
    expect(APL_SPAN("plain, ü 😡"), 100, "plain, ü 😡");
    expect(APL_SPAN("a\x1b[2J\r\n\tb\x7f"), 100, "a [2J   b ");
    expect(APL_SPAN("a\xc2\x9b"
                    "2J\xc2\x85"
                    "b"),
           100, "a 2J b");
    expect(APL_SPAN("\xe2\x80\xae"
                    "evil\xe2\x81\xa6"),
           100, " evil ");
    expect(APL_SPAN("bad \xff byte"), 100, "bad \xef\xbf\xbd byte");
}

static void test_cut_between_characters(void **state)
{
    (void)state;
    expect(APL_SPAN("abc"), 3, "abc");
    expect(APL_SPAN("abü"), 3, "ab …");
    expect(APL_SPAN(""), 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steering_is_left_out),
        cmocka_unit_test(test_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
