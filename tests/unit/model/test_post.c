/* SPDX-License-Identifier: Apache-2.0 */
/* The post as it comes in: kinds, and what is refused with the field named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/post.h"

#include <string.h>

static apl_post_in good(void)
{
    return (apl_post_in){
        .remote_id = APL_SPAN("1"),
        .text = APL_SPAN("My parcel never came"),
        .rating_x10 = APL_POST_RATING_NONE,
        .at_us = 1000000,
    };
}

static void kinds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < APL_POST_KIND_COUNT; i++) {
        apl_post_kind got;
        assert_int_equal(
            apl_post_kind_parse(apl_span_of(apl_post_kind_name((apl_post_kind)i)), &got, NULL), 0);
        assert_int_equal(got, i);
    }
    apl_post_kind untouched = APL_POST_KIND_REVIEW;
    assert_int_equal(apl_post_kind_parse(APL_SPAN("fax"), &untouched, NULL), APL_E_INVALID);
    assert_int_equal(untouched, APL_POST_KIND_REVIEW);
    assert_null(apl_post_kind_name(APL_POST_KIND_COUNT));
    assert_true(apl_post_kind_is_private(APL_POST_KIND_EMAIL));
    assert_false(apl_post_kind_is_private(APL_POST_KIND_REVIEW));
}

static void check(const apl_post_in *post, apl_rc expected, const char *where)
{
    apl_err err = {0};
    assert_int_equal(apl_post_in_check(post, &err), expected);
    if (where)
        assert_string_equal(err.where, where);
}

static void checks(void **state)
{
    (void)state;
    static char long_text[APL_POST_TEXT_MAX_BYTES + 1];
    memset(long_text, 'x', sizeof long_text);
    apl_post_in post = good();
    check(&post, APL_OK, NULL);
    post.text = (apl_span){long_text, APL_POST_TEXT_MAX_BYTES};
    check(&post, APL_OK, NULL);
    post.text.len++;
    check(&post, APL_E_LIMIT, "text");
    post = good();
    post.text = APL_SPAN("a\xff");
    check(&post, APL_E_INVALID, "text");
    post.text = (apl_span){"a\0b", 3};
    check(&post, APL_E_INVALID, "text");
    post.text = APL_SPAN(" \n ");
    check(&post, APL_E_INVALID, "text");
    post.rating_x10 = 35; /* stars alone are a post */
    check(&post, APL_OK, NULL);
    post.rating_x10 = 51;
    check(&post, APL_E_INVALID, "rating");
    post = good();
    post.at_us = APL_TIME_MAX_US;
    check(&post, APL_E_INVALID, "time");
    post.at_us = -1;
    check(&post, APL_E_INVALID, "time");
    post = good();
    post.event = APL_POST_EVENT_DELETE;
    post.text = APL_SPAN_NONE;
    check(&post, APL_OK, NULL);
    post.remote_id = APL_SPAN_NONE;
    check(&post, APL_E_INVALID, "id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(checks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
