/* SPDX-License-Identifier: Apache-2.0 */
/* mbox files with ordinary, quoted and poisonous mail. */
#include "support.h"

#include "archive/html.h"

#define FROM "From a@b.example Mon Nov 23 05:05:55 2026\n"

static void test_messages(void **state)
{
    (void)state;
    expect(FROM
           "Message-ID: <m1@x>\nFrom: Ann Example <ann@x.example>\nTo: shop@y.example\n"
           "Date: Mon, 23 Nov 2026 05:05:55 +0100\nSubject: =?utf-8?q?L=C3=A4te?=\n"
           "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xE9 is late\n>From here on\n\n" FROM
           "Message-ID: <m2@x>\nIn-Reply-To: <m1@x>\nReferences: <m0@x> <m9@x>\n"
           "From: shop@y.example\nDate: Mon, 23 Nov 2026 06:05:55 +0100\nSubject: Re\n\nsorry\n",
           "R1[m1@x||ann@x.example|Ann Example|Mon, 23 Nov 2026 05:05:55 +0100|L\xC3\xA4te|"
           "caf\xC3\xA9 is late\nFrom here on|shop@y.example]\n"
           "R12[m2@x|m1@x|shop@y.example||Mon, 23 Nov 2026 06:05:55 +0100|Re|sorry|]\n");
}

static void test_multipart_prefers_plain(void **state)
{
    (void)state;
    const char *mail = FROM
        "Message-ID: <m1@x>\nReferences: <m0@x> <m9@x>\nFrom: a@b.example\n"
        "Content-Type: multipart/alternative; boundary=zz\n\n--zz\nContent-Type: text/html\n\n"
        "<p>html</p>\n--zz\nContent-Type: text/plain\n\nplain\n--zz--\n\n" FROM
        "From: a@b.example\nContent-Type: text/html\n\n<style>x</style><p>Dear &lt;you&gt;"
        "</p><br><script>alert(1)</script>bye\n";
    const char *out = dump(mail);
    assert_non_null(strstr(out, "|plain|]\n"));
    assert_non_null(strstr(out, "R1[m1@x|m9@x|"));
    assert_non_null(strstr(out, "|Dear <you>\nbye|]\n"));
}

static void test_survey_and_kind(void **state)
{
    (void)state;
    const char *mail = FROM "Message-ID: <m1@x>\nFrom: Ann <ann@x.example>\nSubject: Late\n"
                            "Date: Mon, 23 Nov 2026 05:05:55 +0100\n\nhello\n";
    apl_survey *survey = survey_text(mail, "");
    apl_memory memory;
    apl_archive *archive = open_text(&memory, mail);
    const char *own[] = {"@ANN@x.example"};
    apl_convert_options options = {.own_names = own, .own_count = 1};
    apl_convert *convert = NULL;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1024 * 1024);
    apl_archive_record r;
    apl_post_in post;
    bool assumed = true;
    assert_int_equal(apl_convert_new(survey, archive, &options, &convert, NULL), APL_OK);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(apl_convert_record(convert, &r, &arena, &post, &assumed, NULL), APL_OK);
    assert_int_equal(post.kind, APL_POST_KIND_EMAIL);
    assert_true(post.is_own);
    assert_false(assumed);
    assert_true(apl_span_is(post.remote_id, "m1@x"));
    assert_true(apl_span_is(post.author_name, "Ann"));
    assert_true(apl_span_is(post.title, "Late"));
    assert_true(apl_span_is(post.text, "hello"));
    apl_convert_free(convert);
    apl_archive_close(archive);
    apl_survey_free(survey);
}

/* A mail of 26 MB between two small ones. */
typedef struct poison {
    uint64_t at;
} poison;

static apl_rc read_poison(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    static const char head[] = FROM "Message-ID: <m1@x>\nFrom: a@b.example\n\nhello\n\n" FROM
                                    "Message-ID: <m2@x>\n\n";
    static const char tail[] = "\n" FROM "Message-ID: <m3@x>\nFrom: a@b.example\n\nbye\n";
    const uint64_t middle = (uint64_t)26 * 1024 * 1024;
    poison *p = ctx;
    size_t made = 0;
    (void)err;
    for (; made < n; made++, p->at++) {
        uint64_t at = p->at;
        if (at < sizeof head - 1)
            ((char *)buf)[made] = head[at];
        else if ((at -= sizeof head - 1) < middle)
            ((char *)buf)[made] = at % 64 == 63 ? '\n' : 'x';
        else if ((at -= middle) < sizeof tail - 1)
            ((char *)buf)[made] = tail[at];
        else
            break;
    }
    *out_n = made;
    return APL_OK;
}

static void test_poison_mail_is_refused_and_reading_goes_on(void **state)
{
    (void)state;
    poison p = {0};
    apl_archive *archive = NULL;
    apl_archive_record r;
    assert_int_equal(apl_archive_open((apl_source){read_poison, &p}, NULL, &archive, NULL), APL_OK);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_true(apl_span_is(r.fields[0], "m1@x"));
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_int_equal(r.item, APL_ARCHIVE_REJECT);
    assert_int_equal(r.line, 7);
    assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    assert_true(apl_span_is(r.fields[0], "m3@x"));
    apl_archive_close(archive);
}

static void test_nesting_bomb(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) mail = APL_BUF(8 * 1024 * 1024);
    assert_int_equal(apl_buf_add_str(&mail, FROM "From: a@b.example\n", NULL), APL_OK);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(apl_buf_addf(&mail, NULL,
                                      "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
                                      i),
                         APL_OK);
    assert_int_equal(apl_buf_add_str(&mail, "\nend\n\n" FROM "Message-ID: <m2@x>\n\nbye\n", NULL),
                     APL_OK);
    assert_non_null(strstr(dump_options(apl_buf_view(&mail), 0, NULL), "[m2@x|"));
}

static void html(const char *from, const char *wanted)
{
    APL_AUTO(apl_buf) out = APL_BUF(1000);
    assert_int_equal(apl_html_add_text(&out, apl_span_of(from), NULL), APL_OK);
    assert_string_equal(apl_buf_str(&out), wanted);
}

static void test_html(void **state)
{
    (void)state;
    html("a  <b>b</b>\n c", "a b c");
    html("<p>one</p><p>two<br/>three", "one\ntwo\nthree");
    html("x&amp;y &#233; &#x20AC; &nope; & &#0;", "x&y \xC3\xA9 \xE2\x82\xAC &nope; & &#0;");
    html("<!-- <p>no</p> -->yes<script>if (a < b) no()</script >!", "yes!");
    html("<title>no</title><brx>ok", "ok");
    html("cut <a href=\"x", "cut ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_multipart_prefers_plain),
        cmocka_unit_test(test_survey_and_kind),
        cmocka_unit_test(test_poison_mail_is_refused_and_reading_goes_on),
        cmocka_unit_test(test_nesting_bomb),
        cmocka_unit_test(test_html),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
