/* SPDX-License-Identifier: Apache-2.0 */
/* Reader: types, members, places in errors, limits, hostile texts, memory running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "json/canonical.h"
#include "json/locate.h"
#include "json/reader.h"

#include <string.h>

static apl_json parse(apl_json_doc *doc, const char *text)
{
    apl_json root = APL_JSON_NONE;
    apl_err err = {0};
    apl_rc rc = apl_json_doc_parse(doc, apl_span_of(text), NULL, &root, &err);
    if (rc)
        fail_msg("%s: %s: %s", text, err.where, err.what);
    return root;
}

static void assert_span(apl_span got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr ? got.ptr : "", want, got.len);
}

static void test_types(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root = parse(doc, " {\"s\":\"h\\u00e9\\u0000x\",\"i\":-9223372036854775808,\"d\":1.5,"
                               "\"u\":18446744073709551615,\"t\":true,\"f\":false,\"n\":null,"
                               "\"a\":[1,[2,3],{}],\"o\":{\"\":0}} \n");
    static const struct {
        const char *key;
        apl_json_type type;
    } want[] = {{"s", APL_JSON_STRING},  {"i", APL_JSON_I64},   {"d", APL_JSON_DOUBLE},
                {"u", APL_JSON_DOUBLE},  {"t", APL_JSON_BOOL},  {"f", APL_JSON_BOOL},
                {"n", APL_JSON_NULL},    {"a", APL_JSON_ARRAY}, {"o", APL_JSON_OBJECT},
                {"x", APL_JSON_MISSING}, {"", APL_JSON_MISSING}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(apl_json_type_of(apl_json_get(root, want[i].key)), want[i].type);
    assert_int_equal(apl_json_count(root), 9);
    assert_int_equal(apl_json_count(apl_json_get(root, "a")), 3);
    assert_int_equal(apl_json_count(apl_json_get(root, "s")), 0);

    apl_span text;
    int64_t number;
    double real;
    bool truth;
    assert_true(apl_json_as_str(apl_json_get(root, "s"), &text));
    assert_int_equal(text.len, 5);
    assert_memory_equal(text.ptr, "h\xC3\xA9\0x", 5);
    assert_true(apl_json_as_i64(apl_json_get(root, "i"), &number));
    assert_true(number == INT64_MIN);
    assert_true(apl_json_as_double(apl_json_get(root, "i"), &real));
    assert_true(real == -9223372036854775808.0);
    assert_true(apl_json_as_double(apl_json_get(root, "u"), &real));
    assert_true(real == 18446744073709551616.0);
    assert_false(apl_json_as_i64(apl_json_get(root, "u"), &number));
    assert_false(apl_json_as_i64(apl_json_get(root, "d"), &number));
    assert_false(apl_json_as_str(apl_json_get(root, "n"), &text));
    assert_true(apl_json_as_bool(apl_json_get(root, "f"), &truth));
    assert_false(truth);
    assert_true(apl_json_is_absent(apl_json_get(root, "n")));
    assert_true(apl_json_is_absent(apl_json_get(apl_json_get(root, "no"), "way")));
    assert_false(apl_json_is_absent(apl_json_get(root, "f")));
    assert_true(apl_json_as_i64(apl_json_get(apl_json_get(root, "o"), ""), &number));
}

static void test_iterate(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root = parse(doc, "{\"a\":{\"deep\":[1,2]},\"b\":[[],{},\"x\",1.5,7],\"a\":2}");
    apl_json_iter it = apl_json_each(root);
    apl_span key;
    apl_json value;
    assert_true(apl_json_next(&it, &key, &value));
    assert_span(key, "a");
    assert_true(apl_json_is(value, APL_JSON_OBJECT));
    assert_true(apl_json_next(&it, NULL, &value));
    apl_json_iter inner = apl_json_each(value);
    size_t count = 0;
    for (apl_json child; apl_json_next(&inner, &key, &child); count++)
        assert_int_equal(key.len, 0);
    assert_int_equal(count, 5);
    assert_true(apl_json_next(&it, &key, &value));
    assert_span(key, "a");
    assert_false(apl_json_next(&it, &key, &value));
    /* The first of two wins. */
    assert_true(apl_json_is(apl_json_get(root, "a"), APL_JSON_OBJECT));
    it = apl_json_each(APL_JSON_NONE);
    assert_false(apl_json_next(&it, &key, &value));
    it = apl_json_each(apl_json_get(parse(doc, "{\"a\":1}"), "a"));
    assert_false(apl_json_next(&it, &key, &value));
}

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where, *what;
    } cases[] = {
        {"", "line 1, column 1 (byte 0)", "empty"},
        {" \n", "line 2, column 1 (byte 2)", "empty"},
        {"{\"a\":1,\n \"b\":}", "line 2, column 6 (byte 13)", "expected a JSON value"},
        {"{\"\xC3\xA9\":1,,}", "line 1, column 8 (byte 8)", "expected a name"},
        {"{a:1}", "line 1, column 2 (byte 1)", "expected a name"},
        {"{\"a\" 1}", "line 1, column 6 (byte 5)", "expected ':'"},
        {"{\"a\":1 \"b\":2}", "line 1, column 8 (byte 7)", "expected ',' or '}'"},
        {"[1 2]", "line 1, column 4 (byte 3)", "expected ',' or ']'"},
        {"[1,]", "line 1, column 4 (byte 3)", "expected a JSON value"},
        {"[1", "line 1, column 3 (byte 2)", "ends inside an array"},
        {"{\"a\":1", "line 1, column 7 (byte 6)", "ends inside an object"},
        {"{\"a\"", "line 1, column 5 (byte 4)", "ends inside an object"},
        {"{", "line 1, column 2 (byte 1)", "ends inside an object"},
        {"\"abc", "line 1, column 5 (byte 4)", "ends inside a string"},
        {"\"abc\\", "line 1, column 6 (byte 5)", "ends inside a string"},
        {"\"\\x\"", "line 1, column 3 (byte 2)", "unknown escape"},
        {"\"\\u12g4\"", "line 1, column 6 (byte 5)", "hexadecimal"},
        {"\"\\ud800\"", "line 1, column 2 (byte 1)", "surrogate"},
        {"\"\\ud800\\u0041\"", "line 1, column 2 (byte 1)", "surrogate"},
        {"\"\\udc00\"", "line 1, column 2 (byte 1)", "surrogate"},
        {"\"\\udc00\\udc00\"", "line 1, column 2 (byte 1)", "surrogate"},
        {"\"\\ud800\\ud800\"", "line 1, column 2 (byte 1)", "surrogate"},
        {"\"a\nb\"", "line 1, column 3 (byte 2)", "control character"},
        {"tru", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"nul", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"'a'", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"NaN", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"01", "line 1, column 1 (byte 0)", "start with 0"},
        {"-", "line 1, column 2 (byte 1)", "digit"},
        {"1.", "line 1, column 3 (byte 2)", "digit"},
        {"1e+", "line 1, column 4 (byte 3)", "digit"},
        {"+1", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"1 2", "line 1, column 3 (byte 2)", "text after"},
        {"{}{}", "line 1, column 3 (byte 2)", "text after"},
        {"]", "line 1, column 1 (byte 0)", "expected a JSON value"},
        {"[}", "line 1, column 2 (byte 1)", "expected a JSON value"},
        {"\xEF\xBB\xBF{}", "line 1, column 1 (byte 0)", "byte order mark"},
        {"[\"\xFF\"]", "line 1, column 3 (byte 2)", "UTF-8"},
        {"[\"\xED\xA0\x80\"]", "line 1, column 3 (byte 2)", "UTF-8"},
        {"[\"\xC0\x80\"]", "line 1, column 3 (byte 2)", "UTF-8"},
        {"123456789012345678901234567890", "", "too large"},
        {"-1e999", "", "too large"},
    };
    APL_AUTO_JSON doc = apl_json_doc_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apl_err err = {0};
        apl_json root;
        apl_rc rc = apl_json_doc_parse(doc, apl_span_of(cases[i].text), NULL, &root, &err);
        if (rc != APL_E_INVALID || strcmp(err.where, cases[i].where) != 0 ||
            !strstr(err.what, cases[i].what))
            fail_msg("%s: rc %d, %s: %s", cases[i].text, rc, err.where, err.what);
        assert_int_equal(apl_json_doc_parse(doc, apl_span_of(cases[i].text), NULL, &root, NULL),
                         rc);
    }
    apl_err err = {0};
    apl_json root;
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("[\"a\0\"]"), NULL, &root, &err),
                     APL_E_INVALID);
    assert_non_null(strstr(err.what, "NUL"));
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("1\0"), NULL, &root, &err), APL_E_INVALID);
}

static void test_limits(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root;
    apl_err err = {0};
    for (size_t depth = 1; depth <= 70; depth++) {
        char text[160], objects[1024];
        size_t len = 0;
        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        for (size_t i = 0; i < depth; i++, len += 5)
            memcpy(objects + len, "{\"a\":", 5);
        objects[len++] = '1';
        memset(objects + len, '}', depth);
        for (size_t max = depth - 1; max <= depth; max++) {
            apl_json_limits limits = {4096, max};
            apl_rc want = max < depth ? APL_E_LIMIT : APL_OK;
            assert_int_equal(
                apl_json_doc_parse(doc, (apl_span){text, 2 * depth + 1}, &limits, &root, &err),
                want);
            assert_int_equal(
                apl_json_doc_parse(doc, (apl_span){objects, len + depth}, &limits, &root, &err),
                want);
        }
    }
    assert_non_null(strstr(err.what, "levels"));

    static char bomb[400000];
    memset(bomb, '[', sizeof bomb);
    assert_int_equal(apl_json_doc_parse(doc, (apl_span){bomb, sizeof bomb}, NULL, &root, &err),
                     APL_E_LIMIT);
    apl_json_limits deep = {1 << 20, 1u << 20};
    assert_int_equal(apl_json_doc_parse(doc, (apl_span){bomb, sizeof bomb}, &deep, &root, &err),
                     APL_E_LIMIT);
    apl_json_limits small = {5, 10};
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("[1,2]"), &small, &root, &err), APL_OK);
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("[1,2] "), &small, &root, &err), APL_E_LIMIT);
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("[1,2]"), &small, &root, &err), APL_OK);
}

static void test_fields(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_err err = {0};
    apl_json root = parse(doc,
                          "{\"items\":[{},{\"a/b~c\":{\"text\":5,\"at\":\"2026-11-23T05:05:55Z\","
                          "\"bad\":\"yesterday\",\"n\":null,\"ok\":true,\"x\":0.5}}]}");
    apl_json items, last = APL_JSON_NONE;
    assert_int_equal(apl_json_get_array(root, "items", &items, &err), APL_OK);
    for (apl_json_iter it = apl_json_each(items); apl_json_next(&it, NULL, &last);)
        ;
    apl_json object = apl_json_get(last, "a/b~c");
    char pointer[64];
    assert_string_equal(apl_json_pointer(object, pointer, sizeof pointer), "/items/1/a~1b~0c");
    assert_string_equal(apl_json_pointer(root, pointer, sizeof pointer), "");
    assert_string_equal(apl_json_pointer(object, pointer, 6), "/item");

    apl_span text = APL_SPAN("old");
    assert_int_equal(apl_json_get_str(object, "text", &text, &err), APL_E_INVALID);
    assert_string_equal(err.what, "\"text\" is whole number; expected a string");
    assert_string_equal(err.where, "/items/1/a~1b~0c/text");
    assert_int_equal(apl_json_opt_str(object, "text", &text, &err), APL_E_INVALID);
    assert_int_equal(apl_json_get_str(object, "none", &text, &err), APL_E_INVALID);
    assert_string_equal(err.what, "\"none\" is missing; expected a string");
    assert_string_equal(err.where, "/items/1/a~1b~0c/none");
    assert_int_equal(apl_json_opt_str(object, "none", &text, &err), APL_OK);
    assert_int_equal(apl_json_opt_str(object, "n", &text, &err), APL_OK);
    assert_int_equal(apl_json_get_str(object, "n", &text, NULL), APL_E_INVALID);
    assert_span(text, "old");

    int64_t number = 0;
    bool truth = false;
    double real = 0;
    apl_time_us time = 0;
    assert_int_equal(apl_json_get_i64(object, "text", &number, &err), APL_OK);
    assert_int_equal(number, 5);
    assert_int_equal(apl_json_get_i64(object, "x", &number, &err), APL_E_INVALID);
    assert_int_equal(apl_json_get_bool(object, "ok", &truth, &err), APL_OK);
    assert_true(truth);
    assert_int_equal(apl_json_opt_bool(object, "x", &truth, &err), APL_E_INVALID);
    assert_int_equal(apl_json_get_double(object, "x", &real, &err), APL_OK);
    assert_true(real == 0.5);
    assert_int_equal(apl_json_get_time(object, "at", &time, &err), APL_OK);
    assert_true(time == (apl_time_us)1795410355 * APL_US_PER_SECOND);
    assert_int_equal(apl_json_opt_time(object, "n", &time, &err), APL_OK);
    assert_int_equal(apl_json_get_time(object, "bad", &time, &err), APL_E_INVALID);
    assert_string_equal(err.where, "/items/1/a~1b~0c/bad");
    assert_int_equal(apl_json_get_object(object, "at", &items, &err), APL_E_INVALID);
    assert_int_equal(apl_json_opt_array(object, "n", &items, &err), APL_OK);

    static const char *const names[] = {"items"}, *const others[] = {"item"};
    assert_int_equal(apl_json_check_names(root, names, 1, &err), APL_OK);
    assert_int_equal(apl_json_check_names(root, others, 1, &err), APL_E_INVALID);
    assert_string_equal(err.where, "/items");
    assert_non_null(strstr(err.what, "items"));
    assert_int_equal(apl_json_check_names(items, names, 1, &err), APL_E_INVALID);
}

/* The walk that names places and the fast parser agree on what is JSON, over damaged texts. */
static void test_damaged_texts(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"a\":[1,2.5e3,-0.1],\"b\":{\"c\":\"x\\n\\u00e9\\ud83d\\ude02\"},\"d\":null,\"e\":true}",
        "[[],{},\"\",0,-1,false,[{\"k\":[null]}]]",
        "  \"\xF0\x9F\x98\x82 text\"  ",
    };
    static const char alphabet[] = "{}[]:,\"\\u0019eE+-.tfn \n\x01\x80\xC3\xFF";
    apl_random_seeded seeded = {42};
    apl_random_src random = apl_random_seeded_src(&seeded);
    APL_AUTO_JSON doc = apl_json_doc_new();
    size_t good = 0, bad = 0;
    for (int round = 0; round < 60000; round++) {
        char text[160];
        uint32_t r[4];
        random.fill(random.ctx, r, sizeof r);
        const char *seed = seeds[r[0] % 3];
        size_t len = strlen(seed);
        memcpy(text, seed, len);
        text[r[1] % len] = alphabet[r[2] % (sizeof alphabet - 1)];
        if (r[3] % 3 == 0)
            text[r[3] % len] = alphabet[(r[2] >> 8) % (sizeof alphabet - 1)];
        if (r[3] % 5 == 0)
            len = r[3] / 7 % (len + 1);
        apl_json root;
        apl_json_fault fault;
        apl_err err = {0};
        apl_span damaged = {text, len};
        apl_rc rc = apl_json_doc_parse(doc, damaged, NULL, &root, &err);
        bool faulty = apl_json_locate(damaged, 64, &fault);
        if (!faulty != !rc && !strstr(err.what, "too large"))
            fail_msg("parser %d, walk %d at %zu: %.*s", rc, faulty, faulty ? fault.at : 0, (int)len,
                     text);
        if (faulty)
            assert_true(fault.at <= len);
        rc ? bad++ : good++;
    }
    assert_true(good > 1000 && bad > 10000);
}

static void test_reuse(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    enum { BIG = 3 * 1024 * 1024 };
    apl_json_limits limits = {BIG, 8};
    char *big = apl_mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        big[i] = i % 2 ? '1' : ',';
    big[0] = '[';
    big[BIG - 1] = ']';
    big[BIG - 2] = ' ';
    big[BIG - 3] = '1';
    for (int i = 0; i < 3; i++) {
        apl_json root;
        assert_int_equal(apl_json_doc_parse(doc, (apl_span){big, BIG}, &limits, &root, NULL),
                         APL_OK);
        assert_int_equal(apl_json_count(root), BIG / 2 - 1);
        /* After a giant the small ones go on, and the first of them gives the memory back. */
        (void)apl_mem_fail_at(0, 0);
        for (int k = 0; k < 3; k++) {
            apl_span text;
            assert_int_equal(apl_json_get_str(parse(doc, "{\"a\":\"b\"}"), "a", &text, NULL),
                             APL_OK);
            assert_span(text, "b");
            size_t allocations = apl_mem_fail_at(0, 0);
            assert_true(k ? !allocations : allocations > 0);
        }
    }
    apl_mem_free(big);
    /* In the steady state nothing is allocated. */
    apl_mem_fail_at(1, 1);
    for (int k = 0; k < 100; k++)
        assert_int_equal(apl_json_count(parse(doc, "[1,2,3]")), 3);
    apl_mem_fail_at(0, 0);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    char text[9000];
    memset(text, ' ', sizeof text);
    text[0] = '[';
    text[sizeof text - 1] = ']';
    size_t n = 1;
    for (;; n++) {
        apl_json root;
        apl_err err = {0};
        apl_mem_fail_at(n, 0);
        APL_AUTO_JSON doc = apl_json_doc_new();
        apl_rc rc = APL_E_NOMEM;
        if (doc)
            rc = apl_json_doc_parse(doc, APL_SPAN("[1]"), NULL, &root, &err);
        if (!rc)
            rc = apl_json_doc_parse(doc, (apl_span){text, sizeof text}, NULL, &root, &err);
        bool again = rc == APL_E_NOMEM;
        apl_mem_fail_at(0, 0);
        if (!again) {
            assert_int_equal(rc, APL_OK);
            break;
        }
        /* A failed document is usable once there is memory. */
        if (doc)
            assert_int_equal(apl_json_count(parse(doc, "[1,2]")), 2);
    }
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),  cmocka_unit_test(test_iterate),
        cmocka_unit_test(test_places), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_fields), cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test(test_reuse),  cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
