/* SPDX-License-Identifier: Apache-2.0 */
/* Compression and encodings, in one piece and byte by byte. */
#include "support.h"

#include <zlib.h>
#include <zstd.h>

static size_t gzip(const char *text, char *out, size_t cap)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    z.next_in = (Bytef *)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

/* All that comes out, or "E{…}". */
static const char *slurp(apl_span bytes, size_t step, const char *encoding)
{
    static char out[100 * 1024];
    apl_memory memory = {bytes, step};
    apl_stream *stream = NULL;
    apl_err err = {0};
    size_t n = 0, got = 1;
    apl_rc rc = apl_stream_open(apl_source_memory(&memory), encoding, &stream, &err);
    while (!rc && got) {
        rc = apl_stream_read(stream, out + n, sizeof out - n > 100 ? 100 : sizeof out - n, &got,
                             &err);
        n += rc ? 0 : got;
    }
    out[n] = '\0';
    apl_stream_close(stream);
    if (rc)
        (void)snprintf(out, sizeof out, "E%d{%s|%s}", rc, err.what, err.where);
    return out;
}

static void both(apl_span bytes, const char *wanted)
{
    assert_string_equal(slurp(bytes, 0, NULL), wanted);
    assert_string_equal(slurp(bytes, 1, NULL), wanted);
}

static void test_gzip_members(void **state)
{
    (void)state;
    char packed[1000];
    size_t n = gzip("hello, ", packed, sizeof packed);
    n += gzip("world", packed + n, sizeof packed - n);
    both((apl_span){packed, n}, "hello, world");
    memset(packed + n, 0, 100); /* padding of tapes */
    both((apl_span){packed, n + 100}, "hello, world");
    packed[n] = 'x';
    assert_non_null(
        strstr(slurp((apl_span){packed, n + 10}, 0, NULL), "other bytes follow its end"));
}

static void test_truncated_gzip_names_the_place(void **state)
{
    (void)state;
    char packed[1000], wanted[200];
    size_t n = gzip("hello, hello, world of letters", packed, sizeof packed);
    for (size_t cut = 4; cut < n; cut++) {
        (void)snprintf(
            wanted, sizeof wanted,
            "E%d{the gzip data is cut off: the file ends in the middle|byte %zu of the file}",
            APL_E_INVALID, cut);
        both((apl_span){packed, cut}, wanted);
    }
    packed[n - 6] ^= 0x55; /* the checksum */
    assert_non_null(strstr(slurp((apl_span){packed, n}, 0, NULL), "the gzip data is damaged"));
}

static void test_zstd(void **state)
{
    (void)state;
    char packed[1000];
    size_t n = ZSTD_compress(packed, sizeof packed, "hello, ", 7, 3);
    n += ZSTD_compress(packed + n, sizeof packed - n, "world", 5, 3);
    both((apl_span){packed, n}, "hello, world");
    assert_non_null(strstr(slurp((apl_span){packed, n - 3}, 1, NULL), "the zstd data is cut off"));
    packed[4] ^= 0x0f;
    assert_int_equal(slurp((apl_span){packed, n}, 0, NULL)[0], 'E');
}

static void test_bomb_is_streamed(void **state)
{
    (void)state;
    /* 200 MB of zeros in 200 kB: the header says CSV, the line is refused, memory stays small. */
    enum { PIECE = 1000 * 1000 };
    static char zeros[PIECE], packed[400 * 1000];
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    z.next_out = (Bytef *)packed;
    z.avail_out = sizeof packed;
    memset(zeros, 'x', sizeof zeros);
    for (int i = 0; i < 200; i++) {
        z.next_in = (Bytef *)zeros;
        z.avail_in = PIECE;
        assert_int_equal(deflate(&z, i == 199 ? Z_FINISH : Z_NO_FLUSH),
                         i == 199 ? Z_STREAM_END : Z_OK);
    }
    size_t n = z.total_out;
    deflateEnd(&z);
    assert_string_equal(dump_options((apl_span){packed, n}, 0, NULL),
                        "X1-1{the record has more than 1048576 bytes}\n");
}

static void test_encodings(void **state)
{
    (void)state;
    both(APL_SPAN("\xEF\xBB\xBF"
                  "a\xC3\xA9"),
         "a\xC3\xA9");
    both(APL_SPAN("\xFF\xFE"
                  "a\0\xE9\0\x3D\xD8\x00\xDE"),
         "a\xC3\xA9\xF0\x9F\x98\x80");
    both(APL_SPAN("\xFE\xFF\0a\0\xE9\xD8\x3D\xDE\x00"), "a\xC3\xA9\xF0\x9F\x98\x80");
    both(APL_SPAN("i\0d\0,\0t\0\n\0"), "id,t\n");
    both(APL_SPAN("caf\xE9 \x80 5"), "caf\xC3\xA9 \xE2\x82\xAC 5");
    assert_string_equal(slurp(APL_SPAN("caf\xE9 \xA4"), 1, "ISO-8859-15"),
                        "caf\xC3\xA9 \xE2\x82\xAC");
    assert_string_equal(slurp(APL_SPAN("\x82\xA0"), 1, "Shift_JIS"), "\xE3\x81\x82");
    assert_non_null(
        strstr(slurp(APL_SPAN("a"), 0, "klingon"), "the encoding \"klingon\" is not known"));
}

static void test_invalid_bytes_stay_invalid(void **state)
{
    (void)state;
    /* A lone surrogate in UTF-16 and a broken byte in Shift_JIS must not become a silent U+FFFD. */
    const char *out = slurp(APL_SPAN("\xFF\xFE"
                                     "a\0\x3D\xD8"
                                     "b\0"),
                            1, NULL);
    assert_string_equal(out, "a\xED\xA0\x80"
                             "b");
    out = slurp(APL_SPAN("a\x82\x20z"), 0, "Shift_JIS");
    assert_non_null(strstr(out, "\xED\xA0\x80"));
}

static void test_evidence(void **state)
{
    (void)state;
    apl_memory memory = {APL_SPAN("caf\xE9"), 0};
    apl_stream *stream = NULL;
    assert_int_equal(apl_stream_open(apl_source_memory(&memory), NULL, &stream, NULL), APL_OK);
    assert_string_equal(apl_stream_encoding(stream), "windows-1252");
    assert_non_null(strstr(apl_stream_encoding_evidence(stream), "no UTF-8"));
    apl_stream_close(stream);
    expect("id,text\n1,good \xC3\xA9 \xC3\xA9\n2,bad \xE9 x\n3,ok\n",
           "R2[1|good \xC3\xA9 \xC3\xA9]\n"
           "X3-3{byte 7 of the record (0xe9) is not valid UTF-8}\n"
           "R4[3|ok]\n");
}

static apl_rc fail_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    (void)buf;
    (void)n;
    if ((*(int *)ctx)-- > 0) {
        ((char *)buf)[0] = 'x';
        *out_n = 1;
        return APL_OK;
    }
    return apl_err_set(err, APL_E_IO, "the disk failed");
}

static void test_failing_source(void **state)
{
    (void)state;
    for (int good = 0; good < 5; good++) {
        int left = good;
        apl_archive *archive = NULL;
        apl_err err;
        assert_int_equal(apl_archive_open((apl_source){fail_read, &left}, NULL, &archive, &err),
                         APL_E_IO);
        assert_string_equal(err.what, "the disk failed");
        assert_null(archive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_members), cmocka_unit_test(test_truncated_gzip_names_the_place),
        cmocka_unit_test(test_zstd),         cmocka_unit_test(test_bomb_is_streamed),
        cmocka_unit_test(test_encodings),    cmocka_unit_test(test_invalid_bytes_stay_invalid),
        cmocka_unit_test(test_evidence),     cmocka_unit_test(test_failing_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
