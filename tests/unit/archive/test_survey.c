/* SPDX-License-Identifier: Apache-2.0 */
/* What only the whole archive can tell. */
#include "support.h"

#include "archive/sketch.h"

static bool has_note(const apl_survey *survey, const char *part)
{
    for (size_t i = 0; i < survey->note_count; i++) {
        if (strstr(survey->notes[i], part))
            return true;
    }
    return false;
}

/* rows records made by fmt, which takes the row's number three times. */
static apl_survey *survey_rows(const char *head, const char *fmt, int rows)
{
    char *text = malloc((size_t)rows * 200 + 200);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, 200, "%s", head);
    for (int i = 0; i < rows; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", i);
        for (const char *f = fmt; *f; f++) {
            if (*f == '#')
                n += (size_t)snprintf(text + n, 16, "%s", number);
            else
                text[n++] = *f;
        }
    }
    text[n] = '\0';
    apl_survey *survey = survey_text(text, "");
    free(text);
    return survey;
}

static void test_ruined_ids(void **state)
{
    (void)state;
    apl_survey *s =
        survey_rows("tweet_id,text,time\n", "5.703E+17,post number #,2020-01-01T00:00:00Z\n", 2500);
    assert_int_equal(s->ids, APL_IDS_RUINED);
    assert_int_equal(s->ids_ruined, 2500);
    assert_int_equal(s->records, 2500);
    assert_in_range(s->contents_distinct, 2350, 2650);
    assert_true(has_note(s, "A spreadsheet has ruined the ids in \"tweet_id\": 2500 of 2500"));
    apl_survey_free(s);
    s = survey_rows("tweet_id,text,time\n",
                    "57030103140762#000,post number #,2020-01-01T00:00:00Z\n", 9);
    assert_int_equal(s->ids, APL_IDS_GOOD); /* too few to tell */
    apl_survey_free(s);
    s = survey_rows("tweet_id,text,time\n",
                    "570301031407624000,post number #,2020-01-01T00:00:00Z\n", 50);
    assert_int_equal(s->ids, APL_IDS_RUINED);
    apl_survey_free(s);
}

static void test_other_ids(void **state)
{
    (void)state;
    apl_survey *s = survey_rows("id,text,time\n", "7,post number #,2020-01-01T00:00:00Z\n", 50);
    assert_int_equal(s->ids, APL_IDS_NOT_UNIQUE);
    assert_true(has_note(s, "so it is no id of posts"));
    apl_survey_free(s);
    s = survey_rows("id,event,text,time\n", "7,edit,post number #,2020-01-01T00:00:00Z\n", 50);
    assert_int_equal(s->ids, APL_IDS_GOOD);
    apl_survey_free(s);
    s = survey_rows("id,text,time\n", "#,post number #,2020-01-01T00:00:00Z\n", 50);
    assert_int_equal(s->ids, APL_IDS_GOOD);
    apl_survey_free(s);
    s = survey_rows("text,time\n", "post number #,2020-01-01T00:00:00Z\n", 50);
    assert_int_equal(s->ids, APL_IDS_ABSENT);
    assert_true(has_note(s, "There are no ids"));
    apl_survey_free(s);
}

static void test_date_order_from_beyond_the_sample(void **state)
{
    (void)state;
    enum { ROWS = 1500 };
    static char text[ROWS * 40 + 200];
    size_t n = (size_t)snprintf(text, sizeof text, "id,text,date\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,hello,03/04/2015 10:00\n", i);
    apl_survey *s = survey_text(text, "");
    assert_int_equal(s->order, APL_DATE_ORDER_MDY);
    assert_true(s->order_assumed);
    assert_true(s->needs_zone);
    assert_true(has_note(s, "month before day is assumed"));
    assert_true(has_note(s, "1500 of 1500 times have no zone."));
    apl_survey_free(s);
    (void)snprintf(text + n, sizeof text - n, "x,hello,24/04/2015 10:00\n");
    s = survey_text(text, "");
    assert_int_equal(s->order, APL_DATE_ORDER_DMY);
    assert_false(s->order_assumed);
    char first[APL_TIME_TEXT_BYTES];
    assert_string_equal(apl_time_format(s->first_us, first), "2015-04-03T10:00:00Z");
    assert_string_equal(apl_time_format(s->last_us, first), "2015-04-24T10:00:00Z");
    apl_survey_free(s);
}

static void test_contradicting_dates(void **state)
{
    (void)state;
    apl_survey *s =
        survey_text("text,date\na b c,24/04/2015\na b,25/04/2015\nx y,04/26/2015\n", "");
    assert_int_equal(s->order, APL_DATE_ORDER_DMY);
    assert_true(has_note(s, "Dates contradict each other"));
    apl_survey_free(s);
}

static void test_own_accounts(void **state)
{
    (void)state;
    apl_survey *s = survey_text(
        "author,text,time,direction\n"
        "shop,a b,2020-01-01T00:00:00Z,outbound\nann,c d,2020-01-01T00:00:00Z,inbound\n"
        "care,e f,2020-01-01T00:00:00Z,outbound\nshop,g h,2020-01-01T00:00:00Z,outbound\n",
        "");
    assert_int_equal(s->own_records, 3);
    assert_int_equal(s->own_count, 2);
    assert_string_equal(s->own_names[0], "shop");
    assert_string_equal(s->own_names[1], "care");
    assert_false(s->needs_zone);
    apl_survey_free(s);
}

static void test_wrong_encoding_is_noticed_late(void **state)
{
    (void)state;
    enum { ROWS = 6000 };
    char *text = malloc(ROWS * 40);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, 100, "text,time\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, 40, "%s,2020-01-01T00:00:00Z\n",
                              i < 5000 ? "plain" : "caf\xE9");
    apl_survey *s = survey_text(text, "");
    assert_string_equal(s->suggested_encoding, "windows-1252");
    assert_int_equal(s->bad_utf8, 1000);
    assert_int_equal(s->rejects, 1000);
    apl_survey_free(s);
    free(text);
}

static apl_rc stop(void *ctx, uint64_t taken_bytes, uint64_t records)
{
    assert_true(taken_bytes > 0 && records > 0);
    *(uint64_t *)ctx = records;
    return APL_E_TIMEOUT;
}

static void test_progress_may_stop(void **state)
{
    (void)state;
    static char text[100 * 1024];
    uint64_t records = 0;
    size_t n = (size_t)snprintf(text, sizeof text, "text,time\n");
    for (int i = 0; i < 2000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "hello,2020-01-01T00:00:00Z\n");
    apl_memory memory;
    apl_archive *archive = open_text(&memory, text);
    apl_survey_options options = {.progress = stop, .progress_ctx = &records};
    apl_survey *survey = NULL;
    assert_int_equal(apl_survey_run(archive, &options, &survey, NULL), APL_E_TIMEOUT);
    assert_null(survey);
    assert_true(records > 0);
    apl_archive_close(archive);
}

static void test_sketch(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 10, 1000, 10000, 20000, 100000, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        apl_sketch sketch = {0};
        for (uint64_t n = 0; n < sizes[i]; n++) {
            for (int twice = 0; twice < 2; twice++)
                apl_sketch_add(&sketch, apl_span_hash((apl_span){(const char *)&n, sizeof n}));
        }
        uint64_t count = apl_sketch_count(&sketch);
        assert_true(count * 100 >= sizes[i] * 94 && count * 100 <= sizes[i] * 106);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ruined_ids),
        cmocka_unit_test(test_other_ids),
        cmocka_unit_test(test_date_order_from_beyond_the_sample),
        cmocka_unit_test(test_contradicting_dates),
        cmocka_unit_test(test_own_accounts),
        cmocka_unit_test(test_wrong_encoding_is_noticed_late),
        cmocka_unit_test(test_progress_may_stop),
        cmocka_unit_test(test_sketch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
