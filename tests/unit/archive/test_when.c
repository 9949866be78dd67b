/* SPDX-License-Identifier: Apache-2.0 */
/* Times in all the shapes that exports have. */
#include "support.h"

static const char *resolve(const char *text, apl_date_order order)
{
    static char out[APL_TIME_TEXT_BYTES + 8];
    apl_when when;
    apl_time_us at;
    bool assumed;
    apl_when_scan(apl_span_of(text), &when);
    apl_when_reading how = {order, NULL, NULL};
    if (apl_when_resolve(&when, &how, &at, &assumed, NULL))
        return "refused";
    char time[APL_TIME_TEXT_BYTES];
    (void)snprintf(out, sizeof out, "%s%s", apl_time_format(at, time), assumed ? "?" : "");
    return out;
}

static void test_shapes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-11-23T05:05:55Z", "2026-11-23T05:05:55Z"},
        {"2026-11-23T05:05:55.123456+02:00", "2026-11-23T03:05:55.123456Z"},
        {"2026-11-23 05:05:55", "2026-11-23T05:05:55Z?"},
        {"2026-11-23T05:05", "2026-11-23T05:05:00Z?"},
        {"2015-02-24 11:15:35 -0800", "2015-02-24T19:15:35Z"},
        {"2015-02-24 11:15:35 UTC", "2015-02-24T11:15:35Z"},
        {"Tue Oct 31 22:10:47 +0000 2017", "2017-10-31T22:10:47Z"},
        {"Mon, 23 Nov 2026 05:05:55 +0100 (CET)", "2026-11-23T04:05:55Z"},
        {"23 Nov 26 05:05 EST", "2026-11-23T10:05:00Z"},
        {"31 Oct 2017", "2017-10-31T00:00:00Z?"},
        {"Oct 31, 2017 at 9:05 am", "2017-10-31T09:05:00Z?"},
        {"October 31st, 2017 12:05 AM", "2017-10-31T00:05:00Z?"},
        {"24-Feb-2015 11:15", "2015-02-24T11:15:00Z?"},
        {"24-02-2015 11.15", "2015-02-24T11:15:00Z?"},
        {"24.02.2015, 11:15:16", "2015-02-24T11:15:16Z?"},
        {"24/2/15 1:05 pm", "2015-02-24T13:05:00Z?"},
        {"2015/02/24 12:00", "2015-02-24T12:00:00Z?"},
        {"20150224", "2015-02-24T00:00:00Z?"},
        {"20150224T111535Z", "2015-02-24T11:15:35Z"},
        {"1509487847", "2017-10-31T22:10:47Z"},
        {"1509487847.5", "2017-10-31T22:10:47.500000Z"},
        {"1509487847123", "2017-10-31T22:10:47.123000Z"},
        {"1509487847123456", "2017-10-31T22:10:47.123456Z"},
        {"42059.46875", "2015-02-24T11:15:00Z?"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(resolve(cases[i][0], APL_DATE_ORDER_DMY), cases[i][1]);
}

static void test_no_times(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "hello",
                                        "4/5",
                                        "5",
                                        "2017",
                                        "12:30",
                                        "3.0",
                                        "115712",
                                        "Feb 2015",
                                        "yesterday at 5",
                                        "2024-02-30",
                                        "2024-13-01",
                                        "1.2.3",
                                        "0000-01-01T00:00:00Z",
                                        "9999-12-31 23:59:59",
                                        "0000-00-00 00:00:00",
                                        "1969-12-31T23:59:59Z",
                                        "2200-01-01T00:00:00Z",
                                        "2020-01-01T25:00:00Z",
                                        "24-02-2015 11.77",
                                        "2020-01-01T00:00:00+99:00",
                                        "Mon Mon Mon Mon",
                                        "2015-02-24 11:15:35 11:15",
                                        "1e9",
                                        "-5"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(resolve(cases[i], APL_DATE_ORDER_DMY), "refused");
}

static void test_years_are_refused_by_name(void **state)
{
    (void)state;
    apl_when when;
    apl_time_us at = 17;
    bool assumed;
    apl_err err;
    apl_when_reading how = {APL_DATE_ORDER_DMY, NULL, NULL};
    apl_when_scan(APL_SPAN("0000-01-01 00:00"), &when);
    assert_int_equal(apl_when_resolve(&when, &how, &at, &assumed, &err), APL_E_INVALID);
    assert_string_equal(err.what, "the year 0 is outside 1970 to 2199");
    assert_int_equal(at, 17);
}

static apl_date_order order_of(const char *const *values, bool *out_assumed)
{
    apl_when_tally tally = {0};
    for (; *values; values++) {
        apl_when when;
        apl_when_scan(apl_span_of(*values), &when);
        apl_when_tally_add(&tally, &when);
    }
    return apl_when_tally_order(&tally, out_assumed);
}

static void test_order_by_evidence(void **state)
{
    (void)state;
    bool assumed;
    const char *day_first[] = {"03/04/2015", "05/06/2015", "24/02/2015", NULL};
    const char *month_first[] = {"03.04.2015", "05.06.2015", "02.24.2015", NULL};
    const char *unclear_slash[] = {"03/04/2015", NULL};
    const char *unclear_dot[] = {"03.04.2015", NULL};
    const char *iso[] = {"2015-02-24", NULL};
    assert_int_equal(order_of(day_first, &assumed), APL_DATE_ORDER_DMY);
    assert_false(assumed);
    assert_int_equal(order_of(month_first, &assumed), APL_DATE_ORDER_MDY);
    assert_false(assumed);
    assert_int_equal(order_of(unclear_slash, &assumed), APL_DATE_ORDER_MDY);
    assert_true(assumed);
    assert_int_equal(order_of(unclear_dot, &assumed), APL_DATE_ORDER_DMY);
    assert_true(assumed);
    assert_int_equal(order_of(iso, &assumed), APL_DATE_ORDER_UNKNOWN);
    assert_string_equal(resolve("03/04/2015 10:00", APL_DATE_ORDER_MDY), "2015-03-04T10:00:00Z?");
    assert_string_equal(resolve("03/04/2015 10:00", APL_DATE_ORDER_DMY), "2015-04-03T10:00:00Z?");
    assert_string_equal(resolve("24/02/2015 10:00", APL_DATE_ORDER_MDY), "refused");
}

static apl_rc one_hour_east(void *ctx, const apl_civil *local, apl_time_us *out_utc, apl_err *err)
{
    (void)err;
    ++*(int *)ctx;
    *out_utc = apl_time_from_civil(local) - APL_US_PER_HOUR;
    return APL_OK;
}

static void test_zone_is_asked_only_when_there_is_none(void **state)
{
    (void)state;
    int asked = 0;
    apl_when_reading how = {APL_DATE_ORDER_UNKNOWN, one_hour_east, &asked};
    apl_when when;
    apl_time_us at;
    bool assumed;
    char text[APL_TIME_TEXT_BYTES];
    apl_when_scan(APL_SPAN("2020-05-05 12:00:00"), &when);
    assert_int_equal(apl_when_resolve(&when, &how, &at, &assumed, NULL), APL_OK);
    assert_true(assumed);
    assert_string_equal(apl_time_format(at, text), "2020-05-05T11:00:00Z");
    apl_when_scan(APL_SPAN("2020-05-05 12:00:00Z"), &when);
    assert_int_equal(apl_when_resolve(&when, &how, &at, &assumed, NULL), APL_OK);
    assert_false(assumed);
    assert_string_equal(apl_time_format(at, text), "2020-05-05T12:00:00Z");
    assert_int_equal(asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_no_times),
        cmocka_unit_test(test_years_are_refused_by_name),
        cmocka_unit_test(test_order_by_evidence),
        cmocka_unit_test(test_zone_is_asked_only_when_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
