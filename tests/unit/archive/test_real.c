/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two archives as people have them, which stay outside the project: found by APLOMB_DATA_DIR or next to the repository,
 * skipped with a line when absent.
 */
#include "support.h"

#include "content_set.h"

typedef struct result {
    uint64_t taken, own, with_parent, distinct, assumed, rejected, reject_line;
    char reject[400];
} result;

static FILE *open_data(const char *name)
{
    const char *dirs[] = {getenv("APLOMB_DATA_DIR"), "../shared/data", "../../shared/data",
                          "../../../shared/data"};
    char path[1000];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        (void)snprintf(path, sizeof path, "%s/archives/%s", dirs[i] ? dirs[i] : "/nowhere", name);
        FILE *file = fopen(path, "rb");
        if (file)
            return file;
    }
    print_message("%s is absent (set APLOMB_DATA_DIR): skipped\n", name);
    return NULL;
}

static apl_rc read_stdio(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    *out_n = fread(buf, 1, n, ctx);
    return ferror((FILE *)ctx) ? apl_err_set(err, APL_E_IO, "reading failed") : APL_OK;
}

static void convert_all(apl_archive *archive, const apl_survey *survey, result *out)
{
    apl_convert *convert = NULL;
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 4 * 1024 * 1024);
    content_set set = {0};
    assert_int_equal(apl_convert_new(survey, archive, NULL, &convert, NULL), APL_OK);
    for (;;) {
        apl_archive_record r;
        apl_post_in post;
        bool assumed;
        apl_err err = {0};
        assert_int_equal(apl_archive_next(archive, &r, &err), APL_OK);
        if (r.item == APL_ARCHIVE_END)
            break;
        bool rejected = r.item == APL_ARCHIVE_REJECT;
        if (!rejected && apl_convert_record(convert, &r, &arena, &post, &assumed, &err)) {
            r.error = err;
            rejected = true;
        }
        if (rejected) {
            out->rejected++;
            out->reject_line = r.line;
            (void)snprintf(out->reject, sizeof out->reject, "%s", r.error.what);
        } else {
            out->taken++;
            out->own += post.is_own;
            out->with_parent += post.parent_id.len > 0;
            out->assumed += assumed;
            out->distinct += content_set_add(&set, &post);
        }
        apl_arena_clear(&arena);
    }
    content_set_release(&set);
    apl_convert_free(convert);
}

static apl_survey *run(FILE *file, const char *name, result *out)
{
    apl_archive_options options = {.name = name};
    apl_archive *archive = NULL;
    apl_survey *survey = NULL;
    apl_source source = {read_stdio, file};
    *out = (result){0};
    assert_int_equal(apl_archive_open(source, &options, &archive, NULL), APL_OK);
    assert_int_equal(apl_survey_run(archive, NULL, &survey, NULL), APL_OK);
    apl_archive_close(archive);
    rewind(file);
    assert_int_equal(apl_archive_open(source, &options, &archive, NULL), APL_OK);
    convert_all(archive, survey, out);
    apl_archive_close(archive);
    (void)fclose(file);
    return survey;
}

static void test_spreadsheet_archive(void **state)
{
    (void)state;
    FILE *file = open_data("airline-tweets.csv");
    result r;
    if (!file)
        skip();
    apl_survey *survey = run(file, "airline-tweets.csv", &r);
    assert_int_equal(r.taken, 11691);
    assert_int_equal(r.rejected, 0);
    assert_int_equal(r.distinct, 11565);
    assert_int_equal(r.assumed, 11691);
    assert_int_equal(survey->ids, APL_IDS_RUINED);
    assert_int_equal(survey->order, APL_DATE_ORDER_DMY);
    assert_false(survey->order_assumed);
    assert_true(survey->needs_zone);
    apl_survey_free(survey);
}

static void test_support_archive(void **state)
{
    (void)state;
    FILE *file = open_data("customer-support.csv");
    result r;
    if (!file)
        skip();
    apl_survey *survey = run(file, "customer-support.csv", &r);
    assert_int_equal(r.taken, 4997);
    assert_int_equal(r.own, 2221);
    assert_int_equal(r.with_parent, 3693);
    assert_int_equal(r.assumed, 0);
    assert_int_equal(r.rejected, 1);
    assert_int_equal(r.reject_line, 2589);
    assert_non_null(strstr(r.reject, "broken over lines 2589 to 2591"));
    assert_int_equal(survey->ids, APL_IDS_GOOD);
    assert_true(survey->ids_float);
    assert_int_equal(survey->own_count, 76);
    apl_survey_free(survey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spreadsheet_archive),
        cmocka_unit_test(test_support_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
