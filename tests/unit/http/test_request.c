/* SPDX-License-Identifier: Apache-2.0 */
/* Getters and cookies without a server: src/http/request.c, response.c. */
#include "fixture.h"

typedef struct world {
    apl_arena arena;
    apl_http_request request;
    apl_http_response response;
} world;

static const apl_http_pair headers[] = {
    {APL_SPAN("Content-Type"), APL_SPAN("Application/JSON; charset=utf-8")},
    {APL_SPAN("cookie"), APL_SPAN("a=1; session=\"abc=\" ;b")},
    {APL_SPAN("Cookie"), APL_SPAN("late=2; a=3")},
};

static int world_setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    apl_arena_init(&w->arena, 1 << 16);
    w->request.arena = &w->arena;
    w->request.headers = headers;
    w->request.header_count = 3;
    w->response.request = &w->request;
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    world *w = *state;
    apl_http_response_clear(&w->response);
    apl_arena_release(&w->arena);
    free(w);
    return 0;
}

static void query_set(world *w, const char *text)
{
    assert_int_equal(apl_http_form_parse(apl_span_of(text), &w->arena, &w->request.query,
                                         &w->request.query_count, NULL),
                     APL_OK);
}

static void test_headers_and_cookies(void **state)
{
    world *w = *state;
    apl_span value;
    assert_true(apl_http_header(&w->request, "CONTENT-TYPE", &value));
    assert_false(apl_http_header(&w->request, "content", &value));
    assert_true(apl_http_content_is(&w->request, "application/json"));
    assert_false(apl_http_content_is(&w->request, "application/js"));
    assert_true(apl_http_cookie(&w->request, "session", &value));
    assert_true(apl_span_is(value, "abc="));
    assert_true(apl_http_cookie(&w->request, "a", &value));
    assert_true(apl_span_is(value, "1"));
    assert_true(apl_http_cookie(&w->request, "late", &value));
    assert_false(apl_http_cookie(&w->request, "b", &value));
    assert_false(apl_http_cookie(&w->request, "A", &value));
}

static void test_query(void **state)
{
    world *w = *state;
    apl_http_request *r = &w->request;
    apl_err err = {0};
    int64_t number = -1;
    apl_span text;
    bool flag = false;
    query_set(w,
              "limit=5&q=a+b%26c&tag=x&tag=y&empty=&bare&neg=-9223372036854775808&on=true&&min=7");
    assert_int_equal(apl_http_query_i64(r, "limit", (apl_http_range){1, 10, 3}, &number, &err),
                     APL_OK);
    assert_int_equal(number, 5);
    assert_int_equal(apl_http_query_i64(r, "absent", (apl_http_range){1, 10, 3}, &number, &err),
                     APL_OK);
    assert_int_equal(number, 3);
    assert_int_equal(apl_http_query_i64(r, "neg", (apl_http_range){INT64_MIN, 0, 3}, &number, &err),
                     APL_OK);
    assert_true(number == INT64_MIN);
    number = 77;
    assert_int_equal(apl_http_query_i64(r, "limit", (apl_http_range){6, 10, 3}, &number, &err),
                     APL_E_INVALID);
    assert_string_equal(err.where, "query parameter limit");
    assert_int_equal(apl_http_query_i64(r, "q", (apl_http_range){6, 10, 3}, &number, &err),
                     APL_E_INVALID);
    assert_int_equal(apl_http_query_i64(r, "empty", (apl_http_range){6, 10, 3}, &number, &err),
                     APL_E_INVALID);
    assert_int_equal(number, 77);
    assert_int_equal(apl_http_query_text(r, "q", 10, &text, &err), APL_OK);
    assert_true(apl_span_is(text, "a b&c"));
    assert_int_equal(apl_http_query_text(r, "q", 4, &text, &err), APL_E_INVALID);
    assert_int_equal(apl_http_query_text(r, "absent", 4, &text, &err), APL_OK);
    assert_null(text.ptr);
    assert_int_equal(apl_http_query_text(r, "bare", 4, &text, &err), APL_OK);
    assert_non_null(text.ptr);
    assert_int_equal(apl_http_query_text(r, "tag", 4, &text, &err), APL_E_INVALID);
    assert_non_null(strstr(err.what, "more than once"));
    assert_true(apl_http_query_at(r, "tag", 1, &text));
    assert_true(apl_span_is(text, "y"));
    assert_false(apl_http_query_at(r, "tag", 2, &text));
    assert_int_equal(apl_http_query_bool(r, "on", false, &flag, &err), APL_OK);
    assert_true(flag);
    assert_int_equal(apl_http_query_bool(r, "q", false, &flag, &err), APL_E_INVALID);
    static const char *const some[] = {"limit", "q", "tag", "empty", "bare", "neg", "on", NULL};
    assert_int_equal(apl_http_query_known(r, some, &err), APL_E_INVALID);
    assert_string_equal(err.where, "query parameter min");
    query_set(w, "limit=1");
    assert_int_equal(apl_http_query_known(r, some, &err), APL_OK);
    query_set(w, "");
    assert_int_equal(r->query_count, 0);
}

static void test_ids(void **state)
{
    static const char *const wrong[] = {"",  "0", "-1", "+1", "01", "1x", "9223372036854775808",
                                        " 1"};
    world *w = *state;
    apl_err err = {0};
    int64_t id = -5;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const apl_http_pair param = {APL_SPAN("id"), apl_span_of(wrong[i])};
        w->request.params = &param;
        w->request.param_count = 1;
        assert_int_equal(apl_http_param_id(&w->request, "id", &id, &err), APL_E_NOT_FOUND);
    }
    const apl_http_pair fine = {APL_SPAN("id"), APL_SPAN("9223372036854775807")};
    w->request.params = &fine;
    assert_int_equal(apl_http_param_id(&w->request, "id", &id, &err), APL_OK);
    assert_true(id == INT64_MAX);
    assert_int_equal(apl_http_param_id(&w->request, "other", &id, &err), APL_E_NOT_FOUND);
}

static const char *cookie_of(world *w, apl_http_cookie_spec spec)
{
    w->response.header_count = 0;
    assert_int_equal(apl_http_cookie_add(&w->response, &spec, NULL), APL_OK);
    return w->response.headers[0].value.ptr;
}

static void test_setting_cookies(void **state)
{
    world *w = *state;
    assert_string_equal(
        cookie_of(w, (apl_http_cookie_spec){.name = "s", .value = APL_SPAN("v"), .max_age_s = 60}),
        "s=v; Path=/; Max-Age=60; SameSite=Strict; HttpOnly");
    assert_string_equal(cookie_of(w, (apl_http_cookie_spec){.name = "s"}),
                        "s=; Path=/; Max-Age=0; SameSite=Strict; HttpOnly");
    assert_string_equal(cookie_of(w, (apl_http_cookie_spec){.name = "__Host-s",
                                                            .value = APL_SPAN("v"),
                                                            .max_age_s = -1,
                                                            .is_lax = true}),
                        "__Host-s=v; Path=/; SameSite=Lax; Secure; HttpOnly");
    w->request.is_https = true;
    assert_string_equal(cookie_of(w, (apl_http_cookie_spec){.name = "s",
                                                            .value = APL_SPAN("v"),
                                                            .max_age_s = -1,
                                                            .is_readable = true}),
                        "s=v; Path=/; SameSite=Strict; Secure");
    static const char *const wrong[] = {"a;b", "a b", "a\r\nb", "a\"", "\xc3\xa9", "a,b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const apl_http_cookie_spec bad = {.name = "s", .value = apl_span_of(wrong[i])};
        assert_int_equal(apl_http_cookie_add(&w->response, &bad, NULL), APL_E_INVALID);
    }
    const apl_http_cookie_spec bad_name = {.name = "a=b"};
    assert_int_equal(apl_http_cookie_add(&w->response, &bad_name, NULL), APL_E_INVALID);
}

static void count_free(void *owner)
{
    ++*(unsigned *)owner;
}

/* Whatever is replaced or dropped is freed once. */
static void test_bodies_are_freed_once(void **state)
{
    world *w = *state;
    unsigned freed = 0;
    const apl_http_fixed fixed = {APL_SPAN("x"), count_free, &freed};
    apl_buf body = APL_BUF(100);
    assert_int_equal(apl_http_answer_fixed(&w->response, 200, "text/plain", fixed, NULL), APL_OK);
    assert_int_equal(freed, 0);
    assert_int_equal(apl_buf_add_str(&body, "{}", NULL), APL_OK);
    assert_int_equal(apl_http_answer_json(&w->response, 201, &body, NULL), APL_OK);
    assert_int_equal(freed, 1);
    assert_null(body.ptr);
    assert_int_equal(apl_http_answer_fixed(&w->response, 200, "bad\ntype", fixed, NULL),
                     APL_E_INVALID);
    assert_int_equal(freed, 2);
    assert_int_equal(apl_http_answer_fixed(&w->response, 200, "text/plain", fixed, NULL), APL_OK);
    const apl_err problem = {.rc = APL_E_DENIED, .what = "no \"quotes\" \x01 \xff"};
    apl_http_answer_problem(&w->response, 0, &problem);
    assert_int_equal(freed, 3);
    assert_int_equal(w->response.status, 403);
    assert_non_null(
        strstr(apl_buf_str(&w->response.body), "no \\\"quotes\\\" \\u0001 \xef\xbf\xbd"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_headers_and_cookies),
        TEST(test_query),
        TEST(test_ids),
        TEST(test_setting_cookies),
        TEST(test_bodies_are_freed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
