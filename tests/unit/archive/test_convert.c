/* SPDX-License-Identifier: Apache-2.0 */
/* Records become posts; values as people write them. */
#include "support.h"

#include "archive/values.h"

/* Surveys and converts; per record "time kind own id<parent author/name company rating reach echo event: text". */
static const char *convert_text(const char *text, const apl_convert_options *options)
{
    static char out[32 * 1024];
    size_t n = 0;
    apl_survey *survey = survey_text(text, "");
    apl_memory memory;
    apl_archive *archive = open_text(&memory, text);
    apl_convert *convert = NULL;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1024 * 1024);
    apl_err err;
    out[0] = '\0';
    if (apl_convert_new(survey, archive, options, &convert, &err))
        fail_msg("%s", err.what);
    for (;;) {
        apl_archive_record r;
        apl_post_in p;
        bool assumed;
        char time[APL_TIME_TEXT_BYTES];
        assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
        if (r.item == APL_ARCHIVE_END)
            break;
        if (r.item == APL_ARCHIVE_REJECT ||
            apl_convert_record(convert, &r, &arena, &p, &assumed, &err)) {
            const apl_err *why = r.item == APL_ARCHIVE_REJECT ? &r.error : &err;
            n += (size_t)snprintf(out + n, sizeof out - n, "X %s|%s\n", why->where, why->what);
            continue;
        }
        n += (size_t)snprintf(
            out + n, sizeof out - n, "%s%s %s%s %.*s<%.*s %.*s/%.*s %.*s %d %d %d %d: %.*s\n",
            apl_time_format(p.at_us, time), assumed ? "?" : "", apl_post_kind_name(p.kind),
            p.is_own ? " own" : "", APL_SPAN_ARGS(p.remote_id), APL_SPAN_ARGS(p.parent_id),
            APL_SPAN_ARGS(p.author_id), APL_SPAN_ARGS(p.author_name), APL_SPAN_ARGS(p.company),
            p.rating_x10, (int)p.reach, (int)p.echo_count, p.event, APL_SPAN_ARGS(p.text));
        apl_arena_clear(&arena);
    }
    apl_convert_free(convert);
    apl_archive_close(archive);
    apl_survey_free(survey);
    return out;
}

static void test_thread_with_own_turns(void **state)
{
    (void)state;
    const char *text = "tweet_id,author_id,inbound,created_at,text,in_response_to_tweet_id\n"
                       "1,shop,False,Tue Oct 31 22:10:47 +0000 2017,sorry,2.0\n"
                       "2,ann,True,Tue Oct 31 22:08:27 +0000 2017,@shop it broke,\n"
                       "3,Shop2,True,Tue Oct 31 22:09:27 +0000 2017,hi,nan\n"
                       "4,ann,maybe,Tue Oct 31 22:09:27 +0000 2017,hi,1.0\n";
    const char *own[] = {"@shop2", "x"};
    apl_convert_options options = {.own_names = own, .own_count = 2};
    assert_string_equal(
        convert_text(text, NULL),
        "2017-10-31T22:10:47Z comment own 1<2 shop/  -1 0 0 0: sorry\n"
        "2017-10-31T22:08:27Z mention 2< ann/  -1 0 0 0: @shop it broke\n"
        "2017-10-31T22:09:27Z post 3< Shop2/  -1 0 0 0: hi\n"
        "X line 5, column inbound|\"maybe\" is no direction (True or False, inbound or "
        "outbound)\n");
    assert_non_null(strstr(convert_text(text, &options), " post own 3< Shop2/"));
}

static void test_ruined_ids_leave_the_content_key(void **state)
{
    (void)state;
    assert_string_equal(convert_text("tweet_id,name,text,tweet_created\n"
                                     "5.70301E+17,bob,it broke,24-02-2015 11.15\n"
                                     "5.70301E+17,ann,it broke too,24-02-2015 1.05\n",
                                     NULL),
                        "2015-02-24T11:15:00Z? post < bob/  -1 0 0 0: it broke\n"
                        "2015-02-24T01:05:00Z? post < ann/  -1 0 0 0: it broke too\n");
}

static void test_one_ruined_id_among_good_ones(void **state)
{
    (void)state;
    char text[20000];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "id,parent_id,text,time\n5.7E+17,5.7E+17,a,2020-01-01T00:00:00Z\n");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,7,a%d,2020-01-01T00:00:00Z\n", i, i);
    const char *out = convert_text(text, NULL);
    assert_non_null(strstr(out, "2020-01-01T00:00:00Z post < /"));
    assert_non_null(strstr(out, "2020-01-01T00:00:00Z comment 1<7 /"));
}

static void test_reviews_and_numbers(void **state)
{
    (void)state;
    assert_string_equal(
        convert_text("review_id,user,stars,text,date,brand,views,likes\n"
                     "1,ann,4/5,good one,2020-01-01T00:00:00Z,Acme,1.2K,\"1,234\"\n"
                     "2,bob,\xE2\x98\x85\xE2\x98\x85\xE2\x98\x86,,2020-01-01T00:00:00Z,,900,x\n"
                     "3,eve,lots,hm,2020-01-01T00:00:00Z,,1,1\n"
                     "4,eve,3.5,hm,2020-01-01T00:00:00Z,,1,1\n"
                     "5,eve,,,2020-01-01T00:00:00Z,,1,1\n"
                     "6,eve,5,hm,2020-01-01T00:00:00Z,,1,1\n",
                     NULL),
        "2020-01-01T00:00:00Z review 1< ann/ Acme 40 1200 1234 0: good one\n"
        "2020-01-01T00:00:00Z review 2< bob/  20 900 0 0: \n"
        "X line 4, column stars|\"lots\" is no rating (4, 4/5, \xE2\x98\x85\xE2\x98\x85\xE2\x98\x85"
        "\xE2\x98\x85\xE2\x98\x86, 80%)\n"
        "2020-01-01T00:00:00Z review 4< eve/  35 1 1 0: hm\n"
        "X line 6, text|the text is empty\n"
        "2020-01-01T00:00:00Z review 6< eve/  50 1 1 0: hm\n");
}

static void test_scale_of_ten(void **state)
{
    (void)state;
    const char *out = convert_text("id,score,text,date\n1,8,good one,2020-01-01T00:00:00Z\n"
                                   "2,3,bad,2020-01-01T00:00:00Z\n",
                                   NULL);
    assert_non_null(strstr(out, " 40 0 0 0: good one\n"));
    assert_non_null(strstr(out, " 15 0 0 0: bad\n"));
}

static void test_events(void **state)
{
    (void)state;
    assert_string_equal(convert_text("id,event,text,time\n1,delete,gone,2020-01-01T00:00:00Z\n"
                                     "1,edited,new text,2020-01-01T00:00:01Z\n"
                                     ",edited,which one,2020-01-01T00:00:01Z\n",
                                     NULL),
                        "2020-01-01T00:00:00Z post 1< /  -1 0 0 2: \n"
                        "2020-01-01T00:00:01Z post 1< /  -1 0 0 1: new text\n"
                        "X line 4, id|an edit or a deletion must name the post\n");
}

static void test_bad_times(void **state)
{
    (void)state;
    assert_string_equal(
        convert_text("id,text,time\n1,a,0000-01-01 00:00:00\n2,b,9999-12-31 00:00:00\n"
                     "3,c,\n4,d,soon\n5,e,2020-02-30 00:00:00\n"
                     "6,f,2020-02-03 04:05:06\n7,g,2020-02-03 04:05:06\n"
                     "8,h,2020-02-03 04:05:06\n",
                     NULL),
        "X line 2, column time|the year 0 is outside 1970 to 2199\n"
        "X line 3, column time|the year 9999 is outside 1970 to 2199\n"
        "X line 4, column time|the time is empty\n"
        "X line 5, column time|\"soon\" is no time\n"
        "X line 6, column time|there is no 2020-02-30 00:00:00\n"
        "2020-02-03T04:05:06Z? post 6< /  -1 0 0 0: f\n"
        "2020-02-03T04:05:06Z? post 7< /  -1 0 0 0: g\n"
        "2020-02-03T04:05:06Z? post 8< /  -1 0 0 0: h\n");
}

static void test_line_ends_and_long_text(void **state)
{
    (void)state;
    assert_non_null(strstr(
        convert_text("id,text,time\n1,\"a\r\nb\rc\",2020-01-01T00:00:00Z\n", NULL), ": a\nb\nc\n"));
    static char text[80 * 1024];
    size_t n = (size_t)snprintf(text, sizeof text, "id,text,time\n1,");
    memset(text + n, 'x', 70 * 1024);
    (void)snprintf(text + n + 70 * 1024, 100, ",2020-01-01T00:00:00Z\n");
    assert_non_null(
        strstr(convert_text(text, NULL), "X line 2, text|text has 71680 bytes, more than 65536"));
}

static void test_options(void **state)
{
    (void)state;
    apl_convert_options options = {
        .kind_given = true, .kind = APL_POST_KIND_LETTER, .company = APL_SPAN("Acme")};
    const char *out =
        convert_text("text,time,type\nhello,2020-01-01T00:00:00Z,mention\n", &options);
    assert_string_equal(out, "2020-01-01T00:00:00Z letter < / Acme -1 0 0 0: hello\n");
    assert_non_null(strstr(convert_text("text,time,type\nhello,2020-01-01T00:00:00Z,DM\n", NULL),
                           " message < /"));
}

static void test_ratings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale, rating; /* -1 = none */
    } cases[] = {{"4", 5, 40},       {"4.5", 5, 45},
                 {"4,5", 5, 45},     {"8", 10, 40},
                 {"80%", 5, 40},     {"4/5", 5, 40},
                 {"8/10", 5, 40},    {"4 out of 5 stars", 5, 40},
                 {"5 stars", 5, 50}, {"1 star", 10, 10},
                 {"73", 100, 37},    {"0", 5, 0},
                 {"6", 5, -1},       {"-1", 5, -1},
                 {"five", 5, -1},    {"4/0", 5, -1},
                 {"6/5", 5, -1},     {"4 bananas", 5, -1},
                 {"", 5, -1},        {"\xE2\xAD\x90\xE2\xAD\x90\xE2\xAD\x90", 5, 30}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rating = -1;
        bool is = apl_value_rating(apl_span_of(cases[i].text), cases[i].scale, &rating);
        assert_int_equal(rating, cases[i].rating);
        assert_int_equal(is, cases[i].rating >= 0);
    }
}

static void test_ids(void **state)
{
    (void)state;
    bool was_float;
    assert_true(apl_span_is(apl_value_id(APL_SPAN(" 3.0 "), &was_float), "3") && was_float);
    assert_true(apl_span_is(apl_value_id(APL_SPAN("3.05"), &was_float), "3.05") && !was_float);
    assert_true(apl_span_is(apl_value_id(APL_SPAN("v3.0"), &was_float), "v3.0") && !was_float);
    assert_true(apl_value_is_ruined_id(APL_SPAN("5.70301E+17")));
    assert_true(apl_value_is_ruined_id(APL_SPAN("5,703e+17")));
    assert_true(apl_value_is_ruined_id(APL_SPAN("5E+17")));
    assert_false(apl_value_is_ruined_id(APL_SPAN("570301031407624196")));
    assert_false(apl_value_is_ruined_id(APL_SPAN("5E17x")));
    assert_true(apl_value_is_rounded_id(APL_SPAN("570301031407624000")));
    assert_false(apl_value_is_rounded_id(APL_SPAN("570301031407624196")));
    assert_false(apl_value_is_rounded_id(APL_SPAN("100000000000000")));
}

static void test_no_times(void **state)
{
    (void)state;
    apl_convert_options options = {.taken_us = (apl_time_us)1000000 * 86400};
    assert_string_equal(convert_text("text\tlabel\nit broke\tbad\n", &options),
                        "1970-01-02T00:00:00Z post < /  -1 0 0 0: it broke\n");
    assert_non_null(
        strstr(convert_text("text\tlabel\nit broke\tbad\n", NULL), "the time is empty"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_with_own_turns),
        cmocka_unit_test(test_ruined_ids_leave_the_content_key),
        cmocka_unit_test(test_one_ruined_id_among_good_ones),
        cmocka_unit_test(test_reviews_and_numbers),
        cmocka_unit_test(test_scale_of_ten),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_bad_times),
        cmocka_unit_test(test_no_times),
        cmocka_unit_test(test_line_ends_and_long_text),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_ratings),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
