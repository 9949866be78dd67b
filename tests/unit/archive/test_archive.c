/* SPDX-License-Identifier: Apache-2.0 */
/* Telling formats apart, bad input, running out of memory, and that the size of reads changes nothing. */
#include "support.h"

#define MAIL "From a@b.example Mon Nov 23 05:05:55 2026\nMessage-ID: <m@x>\n\nhello\n"

static const char *describe(apl_span text, const char *name)
{
    static char out[300];
    apl_memory memory = {text, 0};
    apl_archive_options options = {.name = name};
    apl_archive *archive = NULL;
    apl_err err = {0};
    if (apl_archive_open(apl_source_memory(&memory), &options, &archive, &err))
        (void)snprintf(out, sizeof out, "E%d{%.150s|%.100s}", err.rc, err.what, err.fix);
    else
        (void)snprintf(out, sizeof out, "%s", apl_archive_description(archive));
    apl_archive_close(archive);
    return out;
}

static void test_formats_are_told_apart(void **state)
{
    (void)state;
    assert_string_equal(describe(APL_SPAN("id,text\n1,a\n"), NULL),
                        "CSV, comma, with a header, UTF-8");
    assert_string_equal(describe(APL_SPAN("1;a\n2;b\n"), NULL),
                        "CSV, semicolon, without a header, UTF-8");
    assert_string_equal(describe(APL_SPAN("id\ttext\n1\ta\n"), NULL), "TSV, with a header, UTF-8");
    assert_string_equal(describe(APL_SPAN("hello there\nhow, are, you\nfine\nwell\n"), NULL),
                        "Lines, without a header, UTF-8");
    assert_string_equal(describe(APL_SPAN(" {\"a\":1}\n"), "x.csv"), "JSON Lines, UTF-8");
    assert_string_equal(describe(APL_SPAN("\n[{\"a\":1}]"), NULL), "JSON array, UTF-8");
    assert_string_equal(describe(APL_SPAN("\xFF\xFE[\0{\0}\0]\0"), NULL), "JSON array, UTF-16LE");
    assert_string_equal(describe(APL_SPAN(MAIL), NULL), "mbox, UTF-8");
    assert_string_equal(
        describe(APL_SPAN("From caf\xE9\xE9 Mon Nov 23 05:05:55 2026\n\n\xE9"), NULL),
        "mbox, UTF-8");
    assert_string_equal(describe(APL_SPAN("From,when\nme,now\n"), NULL),
                        "CSV, comma, with a header, UTF-8");
}

static void test_binaries_say_what_to_do(void **state)
{
    (void)state;
    assert_non_null(strstr(describe(APL_SPAN("PK\x03\x04zip"), NULL), "a zip file or a workbook"));
    assert_non_null(strstr(describe(APL_SPAN("%PDF-1.7"), NULL), "ask for the data as CSV"));
    assert_non_null(strstr(describe(APL_SPAN("BZh91AY"), NULL), "bunzip2"));
    assert_non_null(strstr(describe(APL_SPAN("SQLite format 3\0xx"), NULL), "export the table"));
}

static void test_format_names(void **state)
{
    (void)state;
    apl_archive_format format = APL_ARCHIVE_DETECT;
    apl_err err;
    for (int f = APL_ARCHIVE_CSV; f <= APL_ARCHIVE_MBOX; f++) {
        const char *name = apl_archive_format_name((apl_archive_format)f);
        assert_int_equal(apl_archive_format_parse(apl_span_of(name), &format, &err), APL_OK);
        assert_int_equal(format, f);
    }
    assert_int_equal(apl_archive_format_parse(APL_SPAN("xlsx"), &format, &err), APL_E_USAGE);
    assert_non_null(strstr(err.fix, "csv, tsv"));
}

static void test_bad_bytes_cost_one_record(void **state)
{
    (void)state;
    apl_span text = APL_SPAN("id,text\n1,\xC3\xA9\n2,a\0b\n3,\xC3\xA9\xFF\n4,\xC3\xA9\n");
    const char *wanted = "R2[1|\xC3\xA9]\n"
                         "X3-3{byte 4 of the record is NUL}\n"
                         "X4-4{byte 5 of the record (0xff) is not valid UTF-8}\n"
                         "R5[4|\xC3\xA9]\n";
    assert_string_equal(dump_options(text, 0, NULL), wanted);
    assert_string_equal(dump_options(text, 1, NULL), wanted);
}

static void test_too_many_columns(void **state)
{
    (void)state;
    static char text[2000];
    memset(text, ',', 1500);
    text[1500] = '\n';
    assert_non_null(strstr(describe((apl_span){text, 1501}, NULL), "1501 columns, more than 512"));
}

static void test_options_are_obeyed(void **state)
{
    (void)state;
    apl_archive_options lines = {.format = APL_ARCHIVE_LINES};
    assert_string_equal(dump_options(APL_SPAN("a,b\nc,d\n"), 1, &lines), "R1[a,b]\nR2[c,d]\n");
    apl_archive_options no_header = {.header = APL_ARCHIVE_HEADER_NO};
    assert_string_equal(dump_options(APL_SPAN("id,text\n1,a\n"), 1, &no_header),
                        "R1[id|text]\nR2[1|a]\n");
    apl_archive_options header = {.header = APL_ARCHIVE_HEADER_YES};
    assert_string_equal(dump_options(APL_SPAN("1,2\n3,4\n"), 1, &header), "R2[3|4]\n");
    apl_archive_options encoding = {.encoding = "ISO-8859-5"};
    assert_string_equal(dump_options(APL_SPAN("id,text\n1,\xB0\n"), 1, &encoding),
                        "R2[1|\xD0\x90]\n");
}

/* Rejects with the header before them are an archive that gives the same rejects, and mended ones go through. */
static void test_rejects_file_can_be_fed_again(void **state)
{
    (void)state;
    apl_memory memory;
    apl_archive_record r;
    APL_AUTO(apl_buf) file = APL_BUF(10000);
    apl_archive *archive = open_text(
        &memory,
        "id;text;date\n1;a;2020-01-01\n2;b\n3;c;2020-01-01\n4;\"d\"x;2020-01-01\n5;e;2020-01-02\n");
    assert_int_equal(apl_buf_add(&file, apl_archive_header_raw(archive), NULL), APL_OK);
    do {
        assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
        if (r.item == APL_ARCHIVE_REJECT)
            assert_int_equal(apl_buf_add(&file, r.raw, NULL), APL_OK);
    } while (r.item != APL_ARCHIVE_END);
    apl_archive_close(archive);
    assert_string_equal(apl_buf_str(&file), "id;text;date\n2;b\n4;\"d\"x;2020-01-01\n");
    assert_string_equal(dump("id;text;date\n2;b;2020-01-01\n4;\"d\"\"x\";2020-01-01\n"),
                        "R2[2|b|2020-01-01]\nR3[4|d\"x|2020-01-01]\n");
}

/* Everything in one go, for failing the n-th allocation. */
static apl_rc whole_way(const char *text, uint64_t *out_posts)
{
    apl_memory memory = {apl_span_of(text), 7};
    apl_archive *archive = NULL;
    apl_survey *survey = NULL;
    apl_convert *convert = NULL;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1024 * 1024);
    APL_AUTO(apl_buf) map = APL_BUF(1000);
    *out_posts = 0;
    apl_rc rc = apl_archive_open(apl_source_memory(&memory), NULL, &archive, NULL);
    if (!rc)
        rc = apl_survey_run(archive, NULL, &survey, NULL);
    if (!rc)
        rc = apl_mapping_format(&survey->mapping, archive, &map, NULL);
    apl_archive_close(archive);
    archive = NULL;
    memory = (apl_memory){apl_span_of(text), 7};
    if (!rc)
        rc = apl_archive_open(apl_source_memory(&memory), NULL, &archive, NULL);
    if (!rc)
        rc = apl_convert_new(survey, archive, NULL, &convert, NULL);
    while (!rc) {
        apl_archive_record r;
        apl_post_in post;
        bool assumed;
        rc = apl_archive_next(archive, &r, NULL);
        if (rc || r.item == APL_ARCHIVE_END)
            break;
        if (r.item == APL_ARCHIVE_RECORD)
            rc = apl_convert_record(convert, &r, &arena, &post, &assumed, NULL);
        *out_posts += !rc;
    }
    apl_convert_free(convert);
    apl_archive_close(archive);
    apl_survey_free(survey);
    return rc;
}

static void fail_every_allocation(const char *text)
{
    uint64_t wanted, posts;
    apl_mem_fail_at(0, 0);
    assert_int_equal(whole_way(text, &wanted), APL_OK);
    assert_true(wanted > 0);
    size_t count = apl_mem_fail_at(0, 0);
    assert_true(count > 5);
    for (size_t n = 1; n <= count; n++) {
        apl_mem_fail_at(n, 0);
        assert_int_equal(whole_way(text, &posts), APL_E_NOMEM);
    }
    apl_mem_fail_at(0, 0);
    assert_int_equal(whole_way(text, &posts), APL_OK);
    assert_int_equal(posts, wanted);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    fail_every_allocation(
        "id,text,time,inbound,user\n1,\"a\"\"b\r\nc\",2020-01-01T00:00:00Z,False,bob\n2,x\n"
        "3,c,2020-01-01 00:00:00,True,ann\n");
    fail_every_allocation("{\"id\":1,\"text\":\"a\",\"time\":\"2020-01-01T00:00:00Z\"}\nbad\n");
    fail_every_allocation(
        "From a@b.example Mon Nov 23 05:05:55 2026\nMessage-ID: <m@x>\nDate: Mon, 23 Nov 2026 "
        "05:05:55 +0100\nContent-Type: text/html\n\n<p>hello\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_are_told_apart),
        cmocka_unit_test(test_binaries_say_what_to_do),
        cmocka_unit_test(test_format_names),
        cmocka_unit_test(test_bad_bytes_cost_one_record),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_options_are_obeyed),
        cmocka_unit_test(test_rejects_file_can_be_fed_again),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
