/* SPDX-License-Identifier: Apache-2.0 */
/* Waits after failures: five free, then doubling, then a ceiling; a flood of names stays bounded. */
#include "desk/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

static apl_throttle throttle;
static const apl_time_us start = INT64_C(1700000000000000);

static void waits_double_and_end(void **state)
{
    (void)state;
    apl_span who = APL_SPAN("kim");
    apl_throttle_init(&throttle);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(apl_throttle_wait_s(&throttle, who, start), 0);
        apl_throttle_fail(&throttle, who, start);
    }
    static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        assert_int_equal(apl_throttle_wait_s(&throttle, who, start), waits[i]);
        assert_int_equal(
            apl_throttle_wait_s(&throttle, who, start + waits[i] * APL_US_PER_SECOND - 1), 1);
        assert_int_equal(apl_throttle_wait_s(&throttle, who, start + waits[i] * APL_US_PER_SECOND),
                         0);
        apl_throttle_fail(&throttle, who, start);
    }
    apl_throttle_clear(&throttle, who);
    assert_int_equal(apl_throttle_wait_s(&throttle, who, start), 0);
    apl_throttle_release(&throttle);
}

static void others_do_not_wait(void **state)
{
    (void)state;
    apl_throttle_init(&throttle);
    for (int i = 0; i < 9; i++)
        apl_throttle_fail(&throttle, APL_SPAN("kim"), start);
    assert_int_not_equal(apl_throttle_wait_s(&throttle, APL_SPAN("kim"), start), 0);
    assert_int_equal(apl_throttle_wait_s(&throttle, APL_SPAN("jo"), start), 0);
    apl_throttle_release(&throttle);
}

static void old_failures_are_forgotten(void **state)
{
    (void)state;
    apl_throttle_init(&throttle);
    for (int i = 0; i < 9; i++)
        apl_throttle_fail(&throttle, APL_SPAN("kim"), start);
    apl_time_us later = start + APL_US_PER_HOUR;
    apl_throttle_fail(&throttle, APL_SPAN("kim"), later);
    assert_int_equal(apl_throttle_wait_s(&throttle, APL_SPAN("kim"), later), 0);
    apl_throttle_release(&throttle);
}

static void a_flood_of_names_pushes_out_the_oldest_only(void **state)
{
    (void)state;
    char name[32];
    apl_throttle_init(&throttle);
    for (int i = 0; i < 50000; i++) {
        int len = snprintf(name, sizeof name, "name%d", i);
        apl_throttle_fail(&throttle, (apl_span){name, (size_t)len}, start + i);
    }
    for (int i = 0; i < 9; i++)
        apl_throttle_fail(&throttle, APL_SPAN("kim"), start + 60000);
    assert_int_equal(apl_throttle_wait_s(&throttle, APL_SPAN("kim"), start + 60000), 16);
    apl_throttle_release(&throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_and_end),
        cmocka_unit_test(others_do_not_wait),
        cmocka_unit_test(old_failures_are_forgotten),
        cmocka_unit_test(a_flood_of_names_pushes_out_the_oldest_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
