/* SPDX-License-Identifier: Apache-2.0 */
/* CSV by RFC 4180 and by life: every case read whole and byte by byte. */
#include "support.h"

#define HEAD "id,author,text,created_at\n"
#define WHEN "2020-01-02T03:04:05Z"

static void test_rfc_4180(void **state)
{
    (void)state;
    expect("id,text\r\n1,aaa\r\n2,bbb\r\n", "R2[1|aaa]\nR3[2|bbb]\n");
    expect("id,text\r\n1,aaa\r\n2,bbb", "R2[1|aaa]\nR3[2|bbb]\n");
    expect("id,text\n\"1\",\"aaa\"\n2,bbb\n", "R2[1|aaa]\nR3[2|bbb]\n");
    expect("id,text\r\n1,\"b\r\nbb\"\r\n2,c\r\n", "R2[1|b\r\nbb]\nR4[2|c]\n");
    expect("id,text\n1,\"b\"\"bb\"\n2,\"\"\"\"\n3,\"\"\n", "R2[1|b\"bb]\nR3[2|\"]\nR4[3|]\n");
    expect("id,text\n1,a\"b\n2, \"x\"\n", "R2[1|a\"b]\nR3[2| \"x\"]\n");
    expect("id,text\n1,\"a,b\n;\t|\"\n2,c\n", "R2[1|a,b\n;\t|]\nR4[2|c]\n");
    expect("id,text\n1,\n,x\n", "R2[1|]\nR3[|x]\n");
    expect("id,text\n\n1,a\n\r\n2,b\n\n", "R3[1|a]\nR5[2|b]\n");
    expect("\xEF\xBB\xBFid,text\n1,\xC3\xA4\n", "R2[1|\xC3\xA4]\n");
    expect("", "");
    expect("\n", "");
}

static void test_dialects(void **state)
{
    (void)state;
    expect("id;text\n1;a, b\n2;c, d, e\n", "R2[1|a, b]\nR3[2|c, d, e]\n");
    expect("id\ttext\n1\t\"a\n2\tb \"c\" d\n", "R2[1|\"a]\nR3[2|b \"c\" d]\n");
    expect("id\ttext\n1\t\"a\tb\"\n2\t\"c\nd\"\n", "R2[1|a\tb]\nR3[2|c\nd]\n");
    expect("id|text\n1|a\n2|b\n", "R2[1|a]\nR3[2|b]\n");
    expect("sep=;\nid;text\n1;a,b,c\n2;d,e\n", "R3[1|a,b,c]\nR4[2|d,e]\n");
    expect("id,text\r1,a\r2,b\r", "R2[1|a]\nR3[2|b]\n");
    expect("My parcel is late\nWhere is it, please?\nno, not again, no\n",
           "R1[My parcel is late]\nR2[Where is it, please?]\nR3[no, not again, no]\n");
    apl_archive_options pipes = {.delimiter = '|', .header = APL_ARCHIVE_HEADER_NO};
    assert_string_equal(dump_options(APL_SPAN("a,b|c,d\n"), 0, &pipes), "R1[a,b|c,d]\n");
}

static void test_header_is_found_or_not(void **state)
{
    (void)state;
    expect("1,bob,it broke\n2,ann,it works\n", "R1[1|bob|it broke]\nR2[2|ann|it works]\n");
    expect("foo,bar\n1,2020-01-01\n2,2020-01-02\n", "R2[1|2020-01-01]\nR3[2|2020-01-02]\n");
    expect("late again today\tcomplaint\nthank you so much\tpraise\n",
           "R1[late again today|complaint]\nR2[thank you so much|praise]\n");
    apl_memory memory;
    apl_archive *archive = open_text(&memory, "1,bob,it broke\n2,ann,it works\n");
    assert_false(apl_archive_has_header(archive));
    assert_int_equal(apl_archive_column_count(archive), 3);
    assert_true(apl_span_is(apl_archive_column_name(archive, 2), "3"));
    apl_archive_close(archive);
}

static void test_ragged_rows_are_refused_one_by_one(void **state)
{
    (void)state;
    expect("id,text,stars\n1,a,5\n2,b\n3,c\n4,d,4\n5,e,3,x\n6,f,1\n",
           "R2[1|a|5]\n"
           "X3-3{the record has 2 fields, 3 are expected}\n"
           "X4-4{the record has 2 fields, 3 are expected}\n"
           "R5[4|d|4]\n"
           "X6-6{the record has 4 fields, 3 are expected}\n"
           "R7[6|f|1]\n");
}

static void test_short_rows_that_could_be_joined_stay_apart(void **state)
{
    (void)state;
    expect("user,text,city\nbob,hello,rome\nann,hi\neve,ho\njoe,hey,oslo\n",
           "R2[bob|hello|rome]\n"
           "X3-3{the record has 2 fields, 3 are expected}\n"
           "X4-4{the record has 2 fields, 3 are expected}\n"
           "R5[joe|hey|oslo]\n");
}

static void test_record_broken_over_lines_is_one_reject(void **state)
{
    (void)state;
    expect(HEAD "1,bob,late," WHEN "\n2,ann,it broke\n\nand burned," WHEN "\n3,eve,ok," WHEN "\n",
           "R2[1|bob|late|" WHEN "]\n"
           "X3-5{the record is broken over lines 3 to 5: line 3 has 3 fields of 4}\n"
           "R6[3|eve|ok|" WHEN "]\n");
    expect(HEAD "1,bob,late," WHEN "\n2,ann,it broke\nand burned," WHEN "\n",
           "R2[1|bob|late|" WHEN "]\n"
           "X3-4{the record is broken over lines 3 to 4: line 3 has 3 fields of 4}\n");
}

static void test_unclosed_quote_costs_one_record(void **state)
{
    (void)state;
    expect(HEAD "1,bob,\"late," WHEN "\n2,ann,ok," WHEN "\n3,eve,\"fine\nnow\"," WHEN
                "\n4,joe,x," WHEN "\n",
           "X2-2{text follows a closing quote}\n"
           "R3[2|ann|ok|" WHEN "]\n"
           "R4[3|eve|fine\nnow|" WHEN "]\n"
           "R6[4|joe|x|" WHEN "]\n");
    expect(HEAD "1,bob,late," WHEN "\n2,ann,\"ok," WHEN "\n3,eve,fine," WHEN "\n",
           "R2[1|bob|late|" WHEN "]\n"
           "X3-3{a quote is opened and not closed}\n"
           "R4[3|eve|fine|" WHEN "]\n");
    expect(HEAD "1,bob,\"a\" b," WHEN "\n2,ann,ok," WHEN "\n",
           "X2-2{text follows a closing quote}\nR3[2|ann|ok|" WHEN "]\n");
}

static void test_quote_that_swallows_whole_rows(void **state)
{
    (void)state;
    /* The quote of line 2 is closed by that of line 4: the record has the right end but too few fields. */
    expect(HEAD "1,bob,\"late," WHEN "\n2,ann,ok," WHEN "\n3,eve,fine\"," WHEN "\n4,joe,x," WHEN
                "\n",
           "R2[1|bob|late," WHEN "\n2,ann,ok," WHEN "\n3,eve,fine|" WHEN "]\n"
           "R5[4|joe|x|" WHEN "]\n");
    expect(HEAD "1,\"bob,late," WHEN "\n2,ann,ok," WHEN "\n3,eve,fine\"," WHEN "\n4,joe,x," WHEN
                "\n",
           "X2-2{the record has 3 fields after a quoted line break, 4 are expected}\n"
           "R3[2|ann|ok|" WHEN "]\n"
           "R4[3|eve|fine\"|" WHEN "]\n"
           "R5[4|joe|x|" WHEN "]\n");
}

static void test_unclosed_quote_before_megabytes_of_records(void **state)
{
    enum { ROWS = 60 * 1000 };
    (void)state;
    char *text = malloc(ROWS * 40 + 200);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, 200, HEAD "1,bob,\"late," WHEN "\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, 40, "%d,ann,ok," WHEN "\n", i);
    apl_memory memory;
    apl_archive_record r;
    apl_archive *archive = open_text(&memory, text);
    uint64_t records = 0, rejects = 0;
    for (;;) {
        assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
        if (r.item == APL_ARCHIVE_END)
            break;
        records += r.item == APL_ARCHIVE_RECORD;
        if (r.item == APL_ARCHIVE_REJECT) {
            rejects++;
            assert_int_equal(r.line, 2);
            assert_int_equal(r.line_end, 2);
            assert_string_equal(r.error.what, "a quote is opened and not closed");
        }
    }
    assert_int_equal(records, ROWS);
    assert_int_equal(rejects, 1);
    apl_archive_close(archive);
    free(text);
}

/* A short record and then more blank lines than are ever held back. */
static void test_blank_lines_without_end(void **state)
{
    enum { BLANKS = 5 * 1000 * 1000 };
    (void)state;
    char *text = malloc(BLANKS + 300);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, 200, HEAD "1,bob,late," WHEN "\n2,ann\n");
    memset(text + n, '\n', BLANKS);
    (void)snprintf(text + n + BLANKS, 100, "3,eve,ok," WHEN "\n");
    const char *out = dump(text);
    assert_non_null(strstr(out, "{the record has 2 fields, 4 are expected}\nR5000004[3|eve|ok|"));
    free(text);
}

/* Hands out a header, a good record, a line of `bytes` letters, and a good record. */
typedef struct long_line {
    uint64_t at, bytes;
    bool quoted;
} long_line;

static apl_rc read_long_line(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    static const char before[] = HEAD "1,bob,late," WHEN "\n2,ann,";
    static const char after[] = "," WHEN "\n3,eve,ok," WHEN "\n";
    long_line *l = ctx;
    size_t made = 0;
    (void)err;
    for (; made < n; made++, l->at++) {
        uint64_t at = l->at;
        char c;
        if (at < sizeof before - 1)
            c = before[at];
        else if ((at -= sizeof before - 1) < l->bytes)
            c = l->quoted && !at ? '"' : l->quoted && at % 100 == 99 ? '\n' : 'x';
        else if ((at -= l->bytes) < sizeof after - 1)
            c = after[at];
        else
            break;
        ((char *)buf)[made] = c;
    }
    *out_n = made;
    return APL_OK;
}

static void read_around_long_line(bool quoted, uint64_t last_line)
{
    long_line l = {0, (uint64_t)100 * 1000 * 1000, quoted};
    apl_archive *archive = NULL;
    apl_archive_record r;
    assert_int_equal(apl_archive_open((apl_source){read_long_line, &l}, NULL, &archive, NULL),
                     APL_OK);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_RECORD);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_REJECT);
    assert_int_equal(r.line, 3);
    assert_true(r.raw_cut);
    assert_true(r.raw.len <= APL_ARCHIVE_RECORD_MAX_BYTES);
    assert_non_null(strstr(r.error.what, "more than 1048576 bytes"));
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_RECORD);
    assert_int_equal(r.line, last_line);
    assert_true(apl_span_is(r.fields[1], "eve"));
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_END);
    apl_archive_close(archive);
}

static void test_line_of_100_megabytes(void **state)
{
    (void)state;
    read_around_long_line(false, 4);
}

static void test_open_quote_over_100_megabytes(void **state)
{
    (void)state;
    read_around_long_line(true, 3 + 1000 * 1000 + 1);
}

static void test_reject_carries_its_bytes(void **state)
{
    (void)state;
    apl_memory memory;
    apl_archive_record r;
    apl_archive *archive = open_text(&memory, "id,text,stars\r\n1,a,5\r\n2,\"b\"x,4\r\n3,c,2\r\n");
    assert_true(apl_span_is(apl_archive_header_raw(archive), "id,text,stars\r\n"));
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_true(apl_span_is(r.raw, "1,a,5\r\n"));
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_REJECT);
    assert_true(apl_span_is(r.raw, "2,\"b\"x,4\r\n"));
    assert_string_equal(r.error.where, "line 3");
    apl_archive_close(archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_4180),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_header_is_found_or_not),
        cmocka_unit_test(test_ragged_rows_are_refused_one_by_one),
        cmocka_unit_test(test_short_rows_that_could_be_joined_stay_apart),
        cmocka_unit_test(test_unclosed_quote_before_megabytes_of_records),
        cmocka_unit_test(test_blank_lines_without_end),
        cmocka_unit_test(test_record_broken_over_lines_is_one_reject),
        cmocka_unit_test(test_unclosed_quote_costs_one_record),
        cmocka_unit_test(test_quote_that_swallows_whole_rows),
        cmocka_unit_test(test_line_of_100_megabytes),
        cmocka_unit_test(test_open_quote_over_100_megabytes),
        cmocka_unit_test(test_reject_carries_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
