/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Lines, JSON arrays, and what goes wrong in them. */
#include "support.h"

static void test_lines(void **state)
{
    (void)state;
    expect("{\"id\":1,\"text\":\"a\"}\n\n{\"text\":\"b\",\"id\":570301031407624196}\r\n{\"id\":3}",
           "R1[1|a]\nR3[570301031407624196|b]\nR4[3]\n");
    expect("{\"a\":{\"b\":{\"c\":\"x\"},\"d\":true},\"e\":null,\"f\":[1,\"two\",{\"n\":1}],\"g\":1."
           "5}\n",
           "R1[x|true||1, two|1.5]\n");
    expect("{\"t\":\"\\u00e9\\n\\ud83d\\ude00\"}\n", "R1[\xC3\xA9\n\xF0\x9F\x98\x80]\n");
}

static void test_columns_grow_in_one_order(void **state)
{
    (void)state;
    apl_memory memory;
    apl_archive_record r;
    apl_archive *archive = open_text(&memory, "{\"a\":1}\n{\"b\":{\"c\":2},\"a\":3}\n");
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(apl_archive_column_count(archive), 1);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(apl_archive_column_count(archive), 2);
    assert_true(apl_span_is(apl_archive_column_name(archive, 1), "b.c"));
    assert_true(apl_span_is(r.fields[0], "3") && apl_span_is(r.fields[1], "2"));
    apl_archive_close(archive);
}

static void test_bad_lines_cost_themselves(void **state)
{
    (void)state;
    const char *out =
        dump("{\"id\":1}\n{\"id\":2\n[1]\n{\"id\":\"\\u0000\"}\n{\"id\":5}x\n{\"id\":6}\n");
    assert_non_null(strstr(out, "R1[1]\nX2-2{"));
    assert_non_null(strstr(out, "X3-3{expected an object, found a"));
    assert_non_null(strstr(out, "X4-4{id holds a NUL}"));
    assert_non_null(strstr(out, "X5-5{"));
    assert_non_null(strstr(out, "R6[6]\n"));
}

static void test_bad_bytes(void **state)
{
    (void)state;
    const char *out =
        dump_options(APL_SPAN("{\"id\":\"good \xC3\xA9\"}\n{\"id\":\"\xE9!!\"}\n{\"id\":\"\0\"}\n"
                              "{\"id\":4}\n"),
                     1, NULL);
    assert_non_null(strstr(out, "X2-2{"));
    assert_non_null(strstr(out, "X3-3{"));
    assert_non_null(strstr(out, "R4[4]\n"));
}

static void test_deep(void **state)
{
    (void)state;
    char text[4096];
    size_t n = 0;
    for (int depth = 0; depth < 500; depth++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{\"a\":");
    n += (size_t)snprintf(text + n, sizeof text - n, "1");
    memset(text + n, '}', 500);
    (void)snprintf(text + n + 500, sizeof text - n - 500, "\n{\"id\":2}\n");
    const char *out = dump_options(apl_span_of(text), 0, NULL);
    assert_int_equal(strncmp(out, "X1-1{", 5), 0);
    assert_non_null(strstr(out, "R2[2]\n"));
}

static void test_too_many_columns(void **state)
{
    (void)state;
    static char text[64 * 1024];
    size_t n = (size_t)snprintf(text, sizeof text, "{");
    for (int i = 0; i < 600; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"c%d\":%d", i ? "," : "", i, i);
    (void)snprintf(text + n, sizeof text - n, "}\n");
    apl_memory memory;
    apl_archive_record r;
    apl_archive *archive = open_text(&memory, text);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_RECORD);
    assert_int_equal(r.field_count, APL_ARCHIVE_COLUMNS_MAX);
    apl_archive_close(archive);
}

static void test_array(void **state)
{
    (void)state;
    expect("[]", "");
    expect("[{\"id\":1,\"t\":\"]}\\\"{\"},\n {\"id\":2,\n  \"t\":\"b\"}\n]\n",
           "R1[1|]}\"{]\nR2[2|b]\n");
    expect("  [ {\"id\":1} , {\"id\":2} ] ", "R1[1]\nR1[2]\n");
    const char *out = dump("[{\"id\":1},{\"id\":},3,{\"id\":4}]");
    assert_non_null(strstr(out, "R1[1]\nX1-1{"));
    assert_non_null(strstr(out, "R1[4]\n"));
    out = dump("[{\"id\":1},\n{\"id\":2}\n");
    assert_non_null(strstr(out, "R2[2]\nE{the JSON array is cut off: its ']' is missing}\n"));
    out = dump("[{\"id\":1},{\"id\":");
    assert_non_null(strstr(out, "R1[1]\nX1-1{"));
}

static void test_spread_out_objects(void **state)
{
    (void)state;
    expect("{\n  \"id\": 1,\n  \"t\": \"a\"\n}\n{\n  \"id\": 2\n}\n", "R1[1|a]\nR5[2]\n");
}

/* A record of `bytes` letters in a line or an array. */
static void test_large_record(void **state)
{
    (void)state;
    enum { LARGE = 3 * 1024 * 1024 };
    char *text = malloc(LARGE + 100);
    assert_non_null(text);
    memcpy(text, "{\"id\":1}\n{\"id\":\"", 16);
    memset(text + 16, 'x', LARGE);
    memcpy(text + 16 + LARGE, "\"}\n{\"id\":3}\n", 13);
    assert_string_equal(dump_options(apl_span_of(text), 0, NULL),
                        "R1[1]\nX2-2{the record has more than 1048576 bytes}\nR3[3]\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_columns_grow_in_one_order),
        cmocka_unit_test(test_bad_lines_cost_themselves),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_spread_out_objects),
        cmocka_unit_test(test_large_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
