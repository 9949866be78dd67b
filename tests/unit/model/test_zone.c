/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: the well-known odd days, and files that are damaged, hostile or of an unusual version. */
#include "model_test.h"

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {
        "UTC",       "Europe/Berlin", "America/Argentina/Buenos_Aires",
        "Etc/GMT+5", "GMT-0",         "America/Port-au-Prince"};
    static const char *const bad[] = {
        "",
        "/etc/passwd",
        "../x",
        "Europe/../../x",
        "Europe//Berlin",
        "Europe/",
        "Europe/Ber lin",
        "a\nb",
        ".",
        "Europe/.",
        "\xc3\xa9",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(apl_zone_name_is_valid(apl_span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(apl_zone_name_is_valid(apl_span_of(bad[i])));
    assert_false(apl_zone_name_is_valid((apl_span){"UTC\0x", 5}));
}

static void to_local(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *utc, *local, *abbrev;
        int offset_s;
        bool is_dst;
    } cases[] = {
        {"Europe/Berlin", "2026-03-29 00:59:59", "2026-03-29 01:59:59", "CET", 3600, false},
        {"Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 03:00:00", "CEST", 7200, true},
        {"Europe/Berlin", "2026-10-25 00:59:59", "2026-10-25 02:59:59", "CEST", 7200, true},
        {"Europe/Berlin", "2026-10-25 01:00:00", "2026-10-25 02:00:00", "CET", 3600, false},
        {"America/New_York", "2026-11-01 06:00:00", "2026-11-01 01:00:00", "EST", -18000, false},
        {"Asia/Kathmandu", "2026-01-01 00:00:00", "2026-01-01 05:45:00", "+0545", 20700, false},
        {"Asia/Kathmandu", "1985-12-31 18:30:00", "1986-01-01 00:15:00", "+0545", 20700, false},
        {"Pacific/Chatham", "2026-01-01 00:00:00", "2026-01-01 13:45:00", "+1345", 49500, true},
        {"Australia/Lord_Howe", "2026-04-04 14:59:59", "2026-04-05 01:59:59", "+11", 39600, true},
        {"Australia/Lord_Howe", "2026-04-04 15:00:00", "2026-04-05 01:30:00", "+1030", 37800,
         false},
        {"Pacific/Apia", "2011-12-30 09:59:59", "2011-12-29 23:59:59", "-10", -36000, true},
        {"Pacific/Apia", "2011-12-30 10:00:00", "2011-12-31 00:00:00", "+14", 50400, true},
        /* past the file's own table, from the footer */
        {"Europe/Berlin", "2099-07-01 12:00:00", "2099-07-01 14:00:00", "CEST", 7200, true},
        {"America/New_York", "2199-12-31 23:00:00", "2199-12-31 18:00:00", "EST", -18000, false},
        {"Europe/Berlin", "2044-02-29 23:30:00", "2044-03-01 00:30:00", "CET", 3600, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_zone zone = zone_load(cases[i].zone);
        apl_zone_local local;
        apl_zone_to_local(&zone, utc_time(cases[i].utc), &local);
        apl_civil expected = civil_of(cases[i].local);
        assert_memory_equal(&local.civil, &expected, sizeof expected);
        assert_int_equal(local.offset_s, cases[i].offset_s);
        assert_int_equal(local.is_dst, cases[i].is_dst);
        assert_string_equal(local.abbrev, cases[i].abbrev);
        assert_int_equal(local.day, day_of_text(cases[i].local));
        apl_zone_release(&zone);
    }
}

static void to_utc(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *local, *utc;
        apl_zone_fit fit;
    } cases[] = {
        {"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59", APL_ZONE_FIT_ONCE},
        {"Europe/Berlin", "2026-03-29 02:00:00", "2026-03-29 01:00:00", APL_ZONE_FIT_GAP},
        {"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:30:00", APL_ZONE_FIT_GAP},
        {"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29 01:00:00", APL_ZONE_FIT_ONCE},
        {"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24 23:59:59", APL_ZONE_FIT_ONCE},
        {"Europe/Berlin", "2026-10-25 02:00:00", "2026-10-25 00:00:00", APL_ZONE_FIT_TWICE},
        {"Europe/Berlin", "2026-10-25 02:59:59", "2026-10-25 00:59:59", APL_ZONE_FIT_TWICE},
        {"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25 02:00:00", APL_ZONE_FIT_ONCE},
        {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 22:00:00", APL_ZONE_FIT_GAP},
        {"Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00", APL_ZONE_FIT_TWICE},
        {"Asia/Kathmandu", "2026-11-20 16:45:00", "2026-11-20 11:00:00", APL_ZONE_FIT_ONCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_zone zone = zone_load(cases[i].zone);
        apl_civil civil = civil_of(cases[i].local);
        apl_zone_fit fit;
        assert_time_equal(apl_zone_to_utc(&zone, &civil, &fit), utc_time(cases[i].utc),
                          cases[i].local);
        assert_int_equal(fit, cases[i].fit);
        apl_zone_release(&zone);
    }
}

static void local_days(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *day, *start, *end;
    } cases[] = {
        {"Europe/Berlin", "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"}, /* 23 hours */
        {"Europe/Berlin", "2026-10-25", "2026-10-24 22:00", "2026-10-25 23:00"}, /* 25 hours */
        {"America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00",
         "2018-11-05 02:00"}, /* starts at 01:00 */
        {"Pacific/Apia", "2011-12-30", "2011-12-30 10:00", "2011-12-30 10:00"}, /* never was */
        {"Pacific/Apia", "2011-12-29", "2011-12-29 10:00", "2011-12-30 10:00"},
        {"Pacific/Apia", "2011-12-31", "2011-12-30 10:00", "2011-12-31 10:00"},
        /* set back over midnight: at 00:01 it was 23:01 of the day before again */
        {"America/St_Johns", "2006-10-28", "2006-10-28 02:30", "2006-10-29 03:30"},
        {"America/St_Johns", "2006-10-29", "2006-10-29 02:30", "2006-10-30 03:30"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_zone zone = zone_load(cases[i].zone);
        int64_t day = day_of_text(cases[i].day);
        assert_time_equal(apl_zone_day_start(&zone, day), utc_time(cases[i].start), cases[i].day);
        assert_time_equal(apl_zone_day_end(&zone, day), utc_time(cases[i].end), cases[i].day);
        assert_int_equal(apl_zone_has_day(&zone, day), strcmp(cases[i].start, cases[i].end) != 0);
        apl_zone_release(&zone);
    }
}

/* --- files made by hand --- */

typedef struct maker {
    char bytes[4096];
    size_t len;
} maker;

static void put(maker *m, uint64_t value, size_t width)
{
    while (width--)
        m->bytes[m->len++] = (char)(value >> (8 * width));
}

static void put_header(maker *m, char version, uint32_t times, uint32_t types, uint32_t chars)
{
    memcpy(m->bytes + m->len, "TZif", 4);
    m->len += 4;
    m->bytes[m->len++] = version;
    for (int i = 0; i < 15; i++)
        m->bytes[m->len++] = 0;
    put(m, 0, 4);
    put(m, 0, 4);
    put(m, 0, 4);
    put(m, times, 4);
    put(m, types, 4);
    put(m, chars, 4);
}

static void put_type(maker *m, int32_t offset_s, uint8_t is_dst, uint8_t abbrev_at)
{
    put(m, (uint32_t)offset_s, 4);
    put(m, is_dst, 1);
    put(m, abbrev_at, 1);
}

/* A version 3 file without changes of its own, with the footer. */
static maker footer_file(const char *footer)
{
    maker m = {.len = 0};
    put_header(&m, '3', 0, 1, 4);
    put_type(&m, 0, 0, 0);
    put(&m, 0x2d303000, 4); /* "-00" */
    put_header(&m, '3', 0, 1, 4);
    put_type(&m, 0, 0, 0);
    put(&m, 0x2d303000, 4);
    m.len += (size_t)snprintf(m.bytes + m.len, sizeof m.bytes - m.len, "\n%s\n", footer);
    return m;
}

static apl_rc parse(const maker *m, apl_zone *out)
{
    return apl_zone_parse((apl_span){m->bytes, m->len}, APL_SPAN("Test/Zone"), out, NULL);
}

static int offset_at(const apl_zone *zone, const char *utc)
{
    apl_zone_local local;
    apl_zone_to_local(zone, utc_time(utc), &local);
    return local.offset_s;
}

static void footers(void **state)
{
    (void)state;
    static const struct {
        const char *footer, *utc;
        int offset_s;
    } cases[] = {
        {"UTC0", "2026-07-01 00:00", 0},
        {"<-03>3", "2026-07-01 00:00", -10800},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 00:59", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:00", 7200},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04 14:59", 39600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04 15:00", 37800},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 00:59", -7200}, /* hours before the day */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 01:00", -3600},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27 23:59", 7200}, /* hours after the day */
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28 00:00", 10800},
        {"XXX3EDT4,0/0,J365/23", "2026-01-01 00:00",
         -14400}, /* daylight time all year (RFC 9636) */
        {"XXX3EDT4,0/0,J365/23", "2027-01-01 03:00", -14400},
        {"AAA0BBB,J60/0,J61/0", "2028-03-01 12:00", 3600}, /* J60 is 1 March in leap years too */
        {"AAA0BBB,59/0,60/0", "2028-02-29 12:00", 3600},   /* day 59 from 0 is 29 February then */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        maker m = footer_file(cases[i].footer);
        apl_zone zone;
        if (parse(&m, &zone))
            fail_msg("%s does not parse", cases[i].footer);
        if (offset_at(&zone, cases[i].utc) != cases[i].offset_s)
            fail_msg("%s at %s: %d", cases[i].footer, cases[i].utc, offset_at(&zone, cases[i].utc));
        apl_zone_release(&zone);
    }
}

static void bad_footers(void **state)
{
    (void)state;
    static const char *const bad[] = {"X",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-1CEST,",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.1.0,M1.1.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-25",
                                      "<CET",
                                      "CET-1CEST,J0,J1",
                                      "CET-1CEST,366,1",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-1 ",
                                      "CET-1CEST,M3.5.0,M10.5.0/3x",
                                      "CET-1CEST,M99999999999.5.0,M10.5.0",
                                      "AVERYVERYVERYLONGNAME-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        maker m = footer_file(bad[i]);
        apl_zone zone = {.type_count = 7};
        if (parse(&m, &zone) != APL_E_INVALID)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(zone.type_count, 7); /* outputs only on success */
    }
}

static void version_1(void **state)
{
    (void)state;
    maker m = {.len = 0};
    put_header(&m, '\0', 1, 2, 8);
    put(&m, 1000000000, 4);
    put(&m, 1, 1);
    put_type(&m, -3600, 0, 0);
    put_type(&m, 3600, 1, 4);
    memcpy(m.bytes + m.len, "ABC\0DEF", 8);
    m.len += 8;
    apl_zone zone;
    assert_int_equal(parse(&m, &zone), APL_OK);
    assert_int_equal(offset_at(&zone, "2001-09-09 01:46:39"), -3600);
    assert_int_equal(offset_at(&zone, "2001-09-09 01:46:40"), 3600);
    apl_zone_release(&zone);
}

static void hostile_files(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* byte of the second header or block of a Berlin file made small */
        uint64_t value;
        size_t width;
        const char *what;
    } cases[] = {
        {0, 'X', 1, "magic"},
        {32, 0xffffffff, 4, "count of changes"},
        {36, 0xffffffff, 4, "count of types"},
        {36, 0, 4, "no types"},
        {40, 0xffffffff, 4, "count of characters"},
        {28, 0xffffffff, 4, "count of leap seconds"},
        {28, 1, 4, "leap seconds"},
        {44, 0x7fffffffffffffff, 8, "a change after all time"},
        {44, 0x8000000000000000, 8, "a change before all time"},
        {52, 0, 8, "changes out of order"},
        {60, 9, 1, "type of a change"},
        {62, 0x7fffffff, 4, "offset of years"},
        {62, 0x80000000, 4, "offset of minus years"},
        {66, 7, 1, "daylight flag"},
        {67, 200, 1, "abbreviation index"},
        {81, 'X', 1, "abbreviation without end"},
    };
    for (size_t i = 0; i <= sizeof cases / sizeof *cases; i++) {
        maker m = {.len = 0};
        put_header(&m, '2', 0, 1, 4);
        put_type(&m, 0, 0, 0);
        put(&m, 0x2d303000, 4);
        size_t base = m.len;
        put_header(&m, '2', 2, 2, 8);
        put(&m, 1000, 8);
        put(&m, 2000, 8);
        put(&m, 0x0100, 2);
        put_type(&m, 3600, 0, 0);
        put_type(&m, 7200, 1, 4);
        memcpy(m.bytes + m.len, "ABC\0DEF", 8);
        m.len += 8;
        m.len += (size_t)snprintf(m.bytes + m.len, 64, "\nABC-1\n");
        apl_zone zone;
        if (i == sizeof cases / sizeof *cases) { /* untouched, it is good */
            assert_int_equal(parse(&m, &zone), APL_OK);
            apl_zone_release(&zone);
            for (size_t len = 0; len < m.len; len++) { /* cut short anywhere, it is not */
                maker cut = m;
                cut.len = len;
                assert_int_not_equal(parse(&cut, &zone), APL_OK);
            }
            break;
        }
        size_t end = m.len;
        m.len = base + cases[i].at;
        put(&m, cases[i].value, cases[i].width);
        m.len = end;
        if (!parse(&m, &zone))
            fail_msg("taken: %s", cases[i].what);
    }
    apl_zone zone;
    apl_err err;
    assert_int_equal(apl_zone_parse(zone_bytes("UTC"), APL_SPAN("../UTC"), &zone, &err),
                     APL_E_INVALID);
    assert_non_null(strstr(err.fix, "Europe/Berlin"));
}

static void out_of_memory(void **state)
{
    (void)state;
    apl_span bytes = zone_bytes("Europe/Berlin");
    for (size_t n = 1;; n++) {
        apl_zone zone;
        apl_mem_fail_at(n, 0);
        apl_rc rc = apl_zone_parse(bytes, APL_SPAN("Europe/Berlin"), &zone, NULL);
        apl_mem_fail_at(0, 0);
        if (!rc) {
            assert_true(n > 2);
            apl_zone_release(&zone);
            break;
        }
        assert_int_equal(rc, APL_E_NOMEM);
    }
    apl_zone utc;
    assert_int_equal(apl_zone_init_utc(&utc, NULL), APL_OK);
    assert_int_equal(offset_at(&utc, "2026-07-01 00:00"), 0);
    apl_zone_release(&utc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),         cmocka_unit_test(to_local),
        cmocka_unit_test(to_utc),        cmocka_unit_test(local_days),
        cmocka_unit_test(footers),       cmocka_unit_test(bad_footers),
        cmocka_unit_test(version_1),     cmocka_unit_test(hostile_files),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
