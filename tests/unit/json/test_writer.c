/* SPDX-License-Identifier: Apache-2.0 */
/* Writer: bytes, escapes, order of calls, caps, random documents read back, memory running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sys/clock.h"
#include "json/canonical.h"
#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_document(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(4096);
    apl_json_writer w;
    apl_err err = {0};
    apl_json_writer_init(&w, &buf);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "min", INT64_MIN);
    apl_json_member_i64(&w, "max", INT64_MAX);
    apl_json_key(&w, "list");
    apl_json_array_begin(&w);
    apl_json_i64(&w, 0);
    apl_json_bool(&w, true);
    apl_json_null(&w);
    apl_json_array_begin(&w);
    apl_json_array_end(&w);
    apl_json_object_begin(&w);
    apl_json_object_end(&w);
    apl_json_raw(&w, APL_SPAN("[1]"));
    apl_json_array_end(&w);
    apl_json_member_double(&w, "d", 0.1);
    apl_json_member_str(&w, "none", NULL);
    apl_json_member_time(&w, "at", (apl_time_us)1795410355 * APL_US_PER_SECOND + 1500);
    apl_json_member_time(&w, "never", APL_TIME_NONE);
    apl_json_member_bool(&w, "no", false);
    apl_json_key(&w, "hex");
    apl_json_hex(&w, APL_SPAN("\x00\xff\x1a"));
    apl_json_key(&w, "b");
    apl_json_array_begin(&w);
    apl_json_base64(&w, APL_SPAN(""));
    apl_json_base64(&w, APL_SPAN("f"));
    apl_json_base64(&w, APL_SPAN("fo"));
    apl_json_base64(&w, APL_SPAN("foobar"));
    apl_json_base64(&w, APL_SPAN("\xfb\xff\xfe"));
    apl_json_base64url(&w, APL_SPAN("\xfb\xff\xfe!"));
    apl_json_array_end(&w);
    apl_json_object_end(&w);
    assert_int_equal(apl_json_writer_finish(&w, &err), APL_OK);
    assert_string_equal(apl_buf_str(&buf),
                        "{\"min\":-9223372036854775808,\"max\":9223372036854775807,"
                        "\"list\":[0,true,null,[],{},[1]],\"d\":0.1,\"none\":null,"
                        "\"at\":\"2026-11-23T05:05:55.001500Z\",\"never\":null,\"no\":false,"
                        "\"hex\":\"00ff1a\",\"b\":[\"\",\"Zg==\",\"Zm8=\",\"Zm9vYmFy\",\"+//+\","
                        "\"-__-IQ\"]}");
    /* Ready for the next value. */
    apl_json_i64(&w, 5);
    assert_int_equal(apl_json_writer_finish(&w, &err), APL_OK);
}

static void check_string(apl_span text, bool html, const char *want)
{
    APL_AUTO(apl_buf) buf = APL_BUF(4096);
    apl_json_writer w;
    apl_json_writer_init(&w, &buf);
    w.html_safe = html;
    apl_json_string(&w, text);
    assert_int_equal(apl_json_writer_finish(&w, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&buf), want);
}

static void test_strings(void **state)
{
    (void)state;
    check_string(APL_SPAN(""), false, "\"\"");
    check_string(APL_SPAN_NONE, false, "\"\"");
    check_string(APL_SPAN("a\"b\\c/\b\f\n\r\t"), false, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\"");
    check_string(APL_SPAN("\0\x01\x1f\x7f"), false, "\"\\u0000\\u0001\\u001f\x7f\"");
    check_string(APL_SPAN("\xC3\xA9\xF0\x9F\x98\x82"), false, "\"\xC3\xA9\xF0\x9F\x98\x82\"");
    check_string(APL_SPAN("a\xFFz\xC3"), false, "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"");
    check_string(APL_SPAN("\xED\xA0\x80"), false, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_string(APL_SPAN("\xEF\xBF\xBD"), false, "\"\xEF\xBF\xBD\"");
    check_string(APL_SPAN("</s>&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), false,
                 "\"</s>&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA\"");
    check_string(APL_SPAN("</s>&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), true,
                 "\"\\u003c/s\\u003e\\u0026\\u2028\\u2029\xE2\x80\xAA\"");
}

static apl_rc run(const char *calls, char *out, size_t out_bytes)
{
    APL_AUTO(apl_buf) buf = APL_BUF(200);
    apl_json_writer w;
    apl_json_writer_init(&w, &buf);
    for (; *calls; calls++)
        switch (*calls) {
        case '{':
            apl_json_object_begin(&w);
            break;
        case '}':
            apl_json_object_end(&w);
            break;
        case '[':
            apl_json_array_begin(&w);
            break;
        case ']':
            apl_json_array_end(&w);
            break;
        case 'k':
            apl_json_key(&w, "k");
            break;
        default:
            apl_json_i64(&w, 1);
        }
    apl_rc rc = apl_json_writer_finish(&w, NULL);
    (void)snprintf(out, out_bytes, "%s", apl_buf_str(&buf));
    return rc;
}

static void test_order_of_calls(void **state)
{
    (void)state;
    char out[256];
    static const char *const wrong[] = {"",     "{",   "[", "{1}", "{k}",  "{kk1}", "k1",  "1 1",
                                        "{k1]", "[1}", "]", "}",   "[k1]", "{k11}", "[]]", "[][]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (run(wrong[i], out, sizeof out) != APL_E_INTERNAL)
            fail_msg("'%s' was taken", wrong[i]);
    assert_int_equal(run("{k[{k1}11[]]k{}}", out, sizeof out), APL_OK);
    assert_string_equal(out, "{\"k\":[{\"k\":1},1,1,[]],\"k\":{}}");
    char deep[2 * APL_JSON_WRITER_DEPTH_MAX + 3] = "";
    memset(deep, '[', APL_JSON_WRITER_DEPTH_MAX);
    memset(deep + APL_JSON_WRITER_DEPTH_MAX, ']', APL_JSON_WRITER_DEPTH_MAX);
    assert_int_equal(run(deep, out, sizeof out), APL_OK);
    memset(deep, '[', sizeof deep - 1);
    assert_int_equal(run(deep, out, sizeof out), APL_E_LIMIT);
}

static void test_errors_stick(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) buf = APL_BUF(8);
    apl_json_writer w;
    apl_err err = {0};
    apl_json_writer_init(&w, &buf);
    apl_json_array_begin(&w);
    for (int i = 0; i < 10; i++)
        apl_json_i64(&w, 100);
    apl_json_array_end(&w);
    assert_int_equal(apl_json_writer_finish(&w, &err), APL_E_LIMIT);
    assert_int_equal(err.rc, APL_E_LIMIT);
    assert_true(buf.len <= 8);
    apl_buf_clear(&buf);
    static const double wrong[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        apl_json_double(&w, wrong[i]);
        assert_int_equal(apl_json_writer_finish(&w, &err), APL_E_INVALID);
    }
    apl_err own = {0};
    apl_err_set(&own, APL_E_NOT_FOUND, "mine");
    apl_json_writer_fail(&w, APL_E_NOT_FOUND, &own);
    apl_json_writer_fail(&w, APL_E_IO, NULL);
    apl_json_null(&w);
    assert_int_equal(apl_json_writer_finish(&w, &err), APL_E_NOT_FOUND);
    assert_string_equal(err.what, "mine");
    assert_int_equal(buf.len, 0);
}

static void test_doubles_round_trip(void **state)
{
    (void)state;
    apl_random_seeded seeded = {7};
    apl_random_src random = apl_random_seeded_src(&seeded);
    APL_AUTO(apl_buf) buf = APL_BUF(64);
    for (int i = 0; i < 100000; i++) {
        double value;
        random.fill(random.ctx, &value, sizeof value);
        if (!isfinite(value))
            continue;
        apl_json_writer w;
        apl_buf_clear(&buf);
        apl_json_writer_init(&w, &buf);
        apl_json_double(&w, value);
        assert_int_equal(apl_json_writer_finish(&w, NULL), APL_OK);
        assert_true(buf.len <= 25);
        if (strtod(apl_buf_str(&buf), NULL) != value)
            fail_msg("%a became %s", value, apl_buf_str(&buf));
    }
}

/* A random value; what is written reads back and is written again as the same bytes. */
static void write_random(apl_json_writer *w, apl_random_src random, int depth)
{
    uint8_t r[24];
    random.fill(random.ctx, r, sizeof r);
    int64_t number;
    memcpy(&number, r + 8, sizeof number);
    switch (r[0] % (depth < 5 ? 7 : 5)) {
    case 0:
        apl_json_i64(w, number >> r[1] % 64);
        break;
    case 1:
        apl_json_bool(w, r[1] & 1);
        break;
    case 2:
        apl_json_null(w);
        break;
    case 3:
        apl_json_string(w, (apl_span){(const char *)r + 4, r[1] % 20});
        break;
    case 4:
        apl_json_double(w, (double)number / 1e5);
        break;
    case 5:
        apl_json_array_begin(w);
        for (int i = r[1] % 5; i > 0; i--)
            write_random(w, random, depth + 1);
        apl_json_array_end(w);
        break;
    default:
        apl_json_object_begin(w);
        for (int i = r[1] % 5; i > 0; i--) {
            apl_json_key_span(w, (apl_span){(const char *)r + 4 + i, r[2] % 10});
            write_random(w, random, depth + 1);
        }
        apl_json_object_end(w);
    }
}

static void test_random_documents(void **state)
{
    (void)state;
    apl_random_seeded seeded = {99};
    apl_random_src random = apl_random_seeded_src(&seeded);
    APL_AUTO(apl_buf) buf = APL_BUF(1 << 20);
    APL_AUTO(apl_buf) again = APL_BUF(1 << 20);
    APL_AUTO_JSON doc = apl_json_doc_new();
    size_t bytes = 0;
    for (int i = 0; i < 20000; i++) {
        apl_json_writer w;
        apl_err err = {0};
        apl_json root;
        apl_buf_clear(&buf);
        apl_buf_clear(&again);
        apl_json_writer_init(&w, &buf);
        w.html_safe = false;
        write_random(&w, random, 0);
        assert_int_equal(apl_json_writer_finish(&w, &err), APL_OK);
        if (apl_json_doc_parse(doc, apl_buf_view(&buf), NULL, &root, &err))
            fail_msg("%s: %s", err.what, apl_buf_str(&buf));
        assert_int_equal(apl_json_add_value(&again, root, &err), APL_OK);
        assert_string_equal(apl_buf_str(&again), apl_buf_str(&buf));
        bytes += buf.len;
    }
    assert_true(bytes > 200000);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    size_t n = 1;
    for (;; n++) {
        APL_AUTO(apl_buf) buf = APL_BUF(1 << 16);
        apl_json_writer w;
        apl_err err = {0};
        apl_mem_fail_at(n, 0);
        apl_json_writer_init(&w, &buf);
        apl_json_object_begin(&w);
        for (int i = 0; i < 100; i++) {
            apl_json_member_str(&w, "name", "value \n\xFF");
            apl_json_member_double(&w, "real", i / 3.0);
        }
        apl_json_object_end(&w);
        apl_rc rc = apl_json_writer_finish(&w, &err);
        apl_mem_fail_at(0, 0);
        if (!rc)
            break;
        assert_int_equal(rc, APL_E_NOMEM);
        assert_int_equal(err.rc, APL_E_NOMEM);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),           cmocka_unit_test(test_strings),
        cmocka_unit_test(test_order_of_calls),     cmocka_unit_test(test_errors_stick),
        cmocka_unit_test(test_doubles_round_trip), cmocka_unit_test(test_random_documents),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
