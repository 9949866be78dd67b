/* SPDX-License-Identifier: Apache-2.0 */
/* Guessing columns from invented exports, correcting, remembering. */
#include "support.h"

#define T "2020-01-02T03:04:05Z"

static const char *guess(const char *text, const char *pins)
{
    static char out[2048];
    APL_AUTO(apl_buf) buf = APL_BUF(2000);
    apl_survey *survey = survey_text(text, pins);
    apl_memory memory;
    apl_archive *archive = open_text(&memory, text);
    apl_archive_record r;
    do { /* the columns of JSON are known after reading */
        assert_int_equal(apl_archive_next(archive, &r, NULL), APL_OK);
    } while (r.item != APL_ARCHIVE_END);
    assert_int_equal(apl_mapping_format(&survey->mapping, archive, &buf, NULL), APL_OK);
    (void)snprintf(out, sizeof out, "%s", apl_buf_str(&buf));
    apl_archive_close(archive);
    apl_survey_free(survey);
    return out;
}

static void test_guesses(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"tweet_id,name,text,tweet_created\n1,bob,hi there you," T "\n",
         "id=tweet_id,text=text,author=name,time=tweet_created"},
        {",tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n"
         "0,1,shop,False," T ",sorry about that,2,3.0\n",
         "id=tweet_id,text=text,author=author_id,time=created_at,parent=in_response_to_tweet_id,"
         "direction=inbound"},
        {"Review ID;Reviewer Name;Star Rating;Review Title;Review Text;Review Date\n"
         "a1;Ann;4;Fine;It works so well;03.04.2020\n",
         "id=Review ID,text=Review Text,author=Reviewer Name,time=Review Date,rating=Star Rating,"
         "title=Review Title"},
        {"Date,User,Rating,Comment\n2020-01-01,bob,5/5,very good indeed\n",
         "text=Comment,author=User,time=Date,rating=Rating"},
        {"{\"id_str\":\"1\",\"full_text\":\"hello you there\",\"created_at\":\"" T "\",\"user\":"
         "{\"screen_name\":\"bob\",\"followers_count\":12,\"name\":\"Bob B\"},\"retweet_count\":3,"
         "\"lang\":\"en\"}\n",
         "id=id_str,text=full_text,author=user.screen_name,author_name=user.name,time=created_at,"
         "lang=lang,reach=user.followers_count,echo_count=retweet_count"},
        {"body\tcreatedAt\tauthorName\thandle\nit broke down again\t" T "\tBob B\tbobb\n",
         "text=body,author=handle,author_name=authorName,time=createdAt"},
        {"Kommentar;Verfasser;Datum;Sterne\nGeht leider nicht mehr;Uwe;24.12.2020 18:00;2\n",
         "text=Kommentar,author=Verfasser,time=Datum,rating=Sterne"},
        {"message_id,thread_id,from,date,subject,body,direction\nm1,m0,a@b.example," T
         ",Late,where is my order,inbound\n",
         "id=message_id,text=body,author=from,time=date,parent=thread_id,direction=direction,"
         "title=subject"},
        {"text,sentiment,label,date\nit is so bad,negative,1," T "\n", "text=text,time=date"},
        {"foo,bar\nthe parcel came open," T "\nthe parcel is late," T "\n", "text=foo,time=bar"},
        {"1001234,bob,the parcel came open," T "\n1001235,ann,the parcel is late," T
         "\n1001236,ann,the parcel is wet," T "\n",
         "id=1,text=3,author=2,time=4"},
        {"id,text,time,url,views,version,event\n1,hello you there," T
         ",https://a.example/1,1200,2,edit\n",
         "id=id,text=text,time=time,url=url,reach=views,revision=version,event=event"},
        {"posted,airline,username,tweet,type\n" T ",Zephyr Air,bob,they lost my bag,mention\n",
         "text=tweet,author=username,time=posted,company=airline,kind=type"},
        {"number,rating,description\n1,bad,the food was cold and late\n2,good,warm and nice for "
         "once\n",
         "id=number,text=description"},
        {"author_id,text,timestamp\n7,hello you there,1509487847\n8,hello again you,1509487999\n",
         "text=text,author=author_id,time=timestamp"},
        {"is_agent,reply_to,msg,content,sent\nyes,4,9,we are sorry for that," T "\n",
         "text=content,time=sent,parent=reply_to,direction=is_agent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(guess(cases[i][0], ""), cases[i][1]);
}

static void test_pins(void **state)
{
    (void)state;
    const char *text = "name,comment,said\nbob,hello you there," T "\n";
    assert_string_equal(guess(text, "author=name,text=2"), "text=comment,author=name,time=said");
    assert_string_equal(guess(text, "title=comment,text="),
                        "text=,author=name,time=said,title=comment");
    assert_string_equal(guess(text, " text = COMMENT , time=3,"),
                        "text=comment,author=name,time=said");
    /* What was remembered gives the same again. */
    assert_string_equal(guess(text, guess(text, "title=comment,text=")),
                        "text=,author=name,time=said,title=comment");
    assert_string_equal(guess("a,a,\"b,c\"\nsome long text here," T ",x\n", "author=3,text=1"),
                        "text=a,author=3,time=2");
}

static void pin_error(const char *pins, const char *what, const char *fix)
{
    apl_memory memory;
    apl_archive *archive = open_text(&memory, "review_text,user,created\nhello there,bob," T "\n");
    apl_mapping mapping, before;
    apl_err err;
    apl_mapping_init(&mapping);
    before = mapping;
    assert_int_equal(apl_mapping_pin(&mapping, archive, apl_span_of(pins), &err), APL_E_USAGE);
    assert_string_equal(err.what, what);
    assert_non_null(strstr(err.fix, fix));
    assert_string_equal(err.where, "--map");
    assert_memory_equal(&mapping, &before, sizeof mapping);
    apl_archive_close(archive);
}

static void test_pin_errors(void **state)
{
    (void)state;
    pin_error("text=1,text=user", "\"text\" is given twice", "one column");
    pin_error("text=reveiw_text", "there is no column \"reveiw_text\"",
              "the nearest: review_text, ");
    pin_error("user=user,text=4", "\"user\" is nothing that a column can be",
              "use one of: id, text,");
    pin_error("text=4", "there is no column \"4\"", "a number from 1 to 3");
    pin_error("text=0", "there is no column \"0\"", "a number from 1 to 3");
    pin_error("text", "\"text\" has no '='", "text=review_text");
}

static void test_check_says_what_is_missing(void **state)
{
    (void)state;
    apl_memory memory;
    apl_err err;
    apl_archive *archive = open_text(&memory, "user,created\nbob," T "\n");
    apl_mapping mapping;
    apl_mapping_init(&mapping);
    assert_int_equal(apl_mapping_check(&mapping, archive, &err), APL_E_USAGE);
    assert_string_equal(err.what, "no column holds the text, as far as can be told");
    assert_non_null(strstr(err.fix, "--map text=COLUMN"));
    mapping.column[APL_COLUMN_RATING] = 0;
    assert_int_equal(apl_mapping_check(&mapping, archive, &err), APL_OK);
    apl_archive_close(archive);
}

static void test_direction_sense(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool true_is_own;
    } cases[] = {{"inbound", false}, {"outbound", true},     {"is_customer", false},
                 {"is_agent", true}, {"from_company", true}, {"from_customer", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "text,time,%s\nhello you," T ",True\n", cases[i].name);
        apl_survey *survey = survey_text(text, "");
        assert_int_equal(survey->mapping.column[APL_COLUMN_DIRECTION], 2);
        assert_int_equal(survey->mapping.direction_true_is_own, cases[i].true_is_own);
        apl_survey_free(survey);
    }
}

static uint64_t fingerprint(const char *text)
{
    apl_memory memory;
    apl_archive *archive = open_text(&memory, text);
    uint64_t hash = apl_mapping_fingerprint(archive);
    apl_archive_close(archive);
    return hash;
}

/* A few values over and over are labels, not people. */
static void test_labels_are_no_authors(void **state)
{
    (void)state;
    char text[8000];
    size_t n = 0;
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "the parcel %d is late\t%s\n", i,
                              i % 2 ? "negative" : "neutral");
    apl_survey *survey = survey_text(text, "");
    assert_int_equal(survey->mapping.column[APL_COLUMN_TEXT], 0);
    assert_int_equal(survey->mapping.column[APL_COLUMN_AUTHOR], APL_MAPPING_NO_COLUMN);
    apl_survey_free(survey);
}

static void test_fingerprint(void **state)
{
    (void)state;
    uint64_t one = fingerprint("id,text\n1,a\n");
    assert_int_equal(one, fingerprint("id;text\n2;b c d\n3;\n"));
    assert_int_not_equal(one, fingerprint("text,id\n1,a\n"));
    assert_int_not_equal(fingerprint("idt,ext\n1,a\n"), fingerprint("id,text\n1,a\n"));
    /* It is stored, so it may never change. */
    assert_true(one == 0x5435b9e3d8ba2ccbu);
}

static void test_why(void **state)
{
    (void)state;
    apl_survey *survey = survey_text("text,at,airline_sentiment\nhello you," T ",bad\n", "");
    assert_string_equal(survey->mapping.why[APL_COLUMN_TIME],
                        "by its name; 1 of 1 values are times");
    assert_int_equal(apl_mapping_role_of(&survey->mapping, 2), APL_COLUMN_NONE);
    assert_non_null(strstr(apl_mapping_ignored_why(APL_SPAN("airline_sentiment")), "a label"));
    assert_string_equal(apl_mapping_ignored_why(APL_SPAN("tweet_coord")), "no use for it");
    apl_survey_free(survey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guesses),         cmocka_unit_test(test_pins),
        cmocka_unit_test(test_pin_errors),      cmocka_unit_test(test_check_says_what_is_missing),
        cmocka_unit_test(test_direction_sense), cmocka_unit_test(test_labels_are_no_authors),
        cmocka_unit_test(test_fingerprint),     cmocka_unit_test(test_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
