/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical form: the vectors of RFC 8785 and of its test suite, order of names, refusals, memory running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sys/clock.h"
#include "json/canonical.h"
#include "json/writer.h"

#include <string.h>

static const struct {
    const char *in, *out;
} vectors[] = {
    /* RFC 8785 section 3.2.2 and 3.2.4 */
    {"{\n\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
     "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
     "\"literals\": [null, true, false]\n}",
     "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
     "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
    /* section 3.2.3 */
    {"{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
     "With Dagesh\","
     "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
     "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
     "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
     "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\","
     "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
     "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}"},
    /* The published test suite: arrays, structures, french, unicode, weird. */
    {"[\n 56,\n {\n \"d\": true,\n \"10\": null,\n \"1\": [ ]\n }\n]",
     "[56,{\"1\":[],\"10\":null,\"d\":true}]"},
    {"{\"1\": {\"f\": {\"f\": \"hi\",\"F\": 5} ,\"\\n\": 56.0},\"10\": { },\"\": \"empty\","
     "\"a\": { },\"111\": [ { } ],\"A\": { }}",
     "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":{},\"111\":[{}],"
     "\"A\":{},\"a\":{}}"},
    {"{\"peach\":\"This sorting order\",\"p\xC3\xA9"
     "ch\xC3\xA9\":\"is wrong according to French\","
     "\"p\xC3\xAA"
     "che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}",
     "{\"peach\":\"This sorting order\",\"p\xC3\xA9"
     "ch\xC3\xA9\":\"is wrong according to French\","
     "\"p\xC3\xAA"
     "che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}"},
    {"{\"Unnormalized Unicode\":\"A\\u030a\"}", "{\"Unnormalized Unicode\":\"A\xCC\x8A\"}"},
    {"{\"\\u20ac\":\"Euro "
     "Sign\",\"1\":\"One\",\"\\u0080\":\"Control\\u007f\",\"\\ud83d\\ude02\":\"Smiley\","
     "\"\\u00f6\":\"O\",\"\\ufb33\":\"Dalet\",\"</script>\":\"Browser Challenge\"}",
     "{\"1\":\"One\",\"</script>\":\"Browser "
     "Challenge\",\"\xC2\x80\":\"Control\x7F\",\"\xC3\xB6\":\"O\","
     "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x82\":\"Smiley\",\"\xEF\xAC\xB3\":\"Dalet\"}"},
    /* Numbers are doubles. */
    {"[9007199254740992,9007199254740993,-9007199254740993,9223372036854775809,1e0,-0,-0.0]",
     "[9007199254740992,9007199254740992,-9007199254740992,9223372036854776000,1,0,0]"},
};

static apl_rc canonical(apl_json_doc *doc, apl_span text, apl_buf *out, apl_err *err)
{
    apl_json root;
    apl_rc rc = apl_json_doc_parse(doc, text, NULL, &root, err);
    return rc ? rc : apl_json_add_canonical(out, root, err);
}

static void test_vectors(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        APL_AUTO(apl_buf) out = APL_BUF(4096);
        apl_err err = {0};
        apl_json root;
        if (canonical(doc, apl_span_of(vectors[i].in), &out, &err))
            fail_msg("%s: %s", vectors[i].in, err.what);
        assert_string_equal(apl_buf_str(&out), vectors[i].out);
        assert_int_equal(apl_json_doc_parse(doc, apl_span_of(vectors[i].out), NULL, &root, &err),
                         APL_OK);
        assert_int_equal(apl_json_check_canonical(root, apl_span_of(vectors[i].out), &err), APL_OK);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    /* RFC 8785 appendix B. */
    static const struct {
        uint64_t bits;
        const char *text;
    } numbers[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        APL_AUTO(apl_buf) buf = APL_BUF(64);
        apl_json_writer w;
        double value;
        memcpy(&value, &numbers[i].bits, sizeof value);
        apl_json_writer_init(&w, &buf);
        apl_json_double(&w, value);
        assert_int_equal(apl_json_writer_finish(&w, NULL), APL_OK);
        assert_string_equal(apl_buf_str(&buf), numbers[i].text);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        " 1",
        "1 ",
        "[1, 2]",
        "{\"b\":1,\"a\":2}",
        "1.0",
        "1e2",
        "-0",
        "\"\\u0041\"",
        "\"\\/\"",
        "\"\\u000A\"",
        "\"\\u001F\"",
        "[1E400]",
        "100000000000000000000000",
        "9007199254740993",
        "{\"\xEF\xAC\xB3\":1,\"\xF0\x9F\x98\x82\":2}",
        "[1e10,1e10,1e10,1e10,1e10]",
        "[1e20,1e20]",
    };
    APL_AUTO_JSON doc = apl_json_doc_new();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        apl_json root;
        apl_rc rc = apl_json_doc_parse(doc, apl_span_of(wrong[i]), NULL, &root, NULL);
        if (!rc)
            rc = apl_json_check_canonical(root, apl_span_of(wrong[i]), NULL);
        if (rc != APL_E_INVALID)
            fail_msg("%s: %d", wrong[i], rc);
    }
    static const char *const twice[] = {"{\"a\":1,\"a\":1}", "{\"b\":1,\"a\":2,\"b\":3}",
                                        "[{\"x\":{\"\":1,\"\\u0000\":1,\"\":2}}]"};
    for (size_t i = 0; i < 3; i++) {
        APL_AUTO(apl_buf) out = APL_BUF(100);
        apl_err err = {0};
        assert_int_equal(canonical(doc, apl_span_of(twice[i]), &out, &err), APL_E_INVALID);
        assert_non_null(strstr(err.what, "twice"));
    }
    apl_err err = {0};
    apl_json root;
    assert_int_equal(apl_json_doc_parse(doc, APL_SPAN("[1,2, 3]"), NULL, &root, &err), APL_OK);
    assert_int_equal(apl_json_check_canonical(root, APL_SPAN("[1,2, 3]"), &err), APL_E_INVALID);
    assert_string_equal(err.where, "byte 5");
}

static size_t to_utf16(apl_span s, uint16_t *out)
{
    size_t n = 0;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = apl_utf8_next(s, &at);
        if (c >= 0x10000) {
            out[n++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            out[n++] = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            out[n++] = (uint16_t)c;
        }
    }
    return n;
}

/* Against the definition: compare as UTF-16. */
static void test_order_of_names(void **state)
{
    (void)state;
    static const uint32_t points[] = {0,      'a',     'b',     0x7F,    0x80,   0xE9,
                                      0x7FF,  0x800,   0xD7FF,  0xE000,  0xFB33, 0xFFFD,
                                      0xFFFF, 0x10000, 0x1F602, 0x10FFFF};
    apl_random_seeded seeded = {3};
    apl_random_src random = apl_random_seeded_src(&seeded);
    for (int round = 0; round < 20000; round++) {
        char text[2][32];
        uint16_t units[2][32];
        size_t len[2] = {0, 0}, n[2];
        for (int k = 0; k < 2; k++) {
            uint8_t r[5];
            random.fill(random.ctx, r, sizeof r);
            for (int i = 0; i < r[4] % 4; i++)
                len[k] += apl_utf8_encode(points[r[i] % 16], text[k] + len[k]);
            n[k] = to_utf16((apl_span){text[k], len[k]}, units[k]);
        }
        int want = 0;
        for (size_t i = 0; !want && i < n[0] && i < n[1]; i++)
            want = (units[0][i] > units[1][i]) - (units[0][i] < units[1][i]);
        if (!want)
            want = (n[0] > n[1]) - (n[0] < n[1]);
        int got = apl_json_name_compare((apl_span){text[0], len[0]}, (apl_span){text[1], len[1]});
        assert_int_equal((got > 0) - (got < 0), want);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root;
    apl_span text = apl_span_of(vectors[1].in);
    assert_int_equal(apl_json_doc_parse(doc, text, NULL, &root, NULL), APL_OK);
    size_t n = 1;
    for (;; n++) {
        APL_AUTO(apl_buf) out = APL_BUF(4096);
        apl_mem_fail_at(n, 0);
        apl_rc rc = apl_json_add_canonical(&out, root, NULL);
        apl_rc check = rc ? rc : apl_json_check_canonical(root, text, NULL);
        apl_mem_fail_at(0, 0);
        if (check == APL_E_INVALID)
            break;
        assert_int_equal(check, APL_E_NOMEM);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_order_of_names),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
