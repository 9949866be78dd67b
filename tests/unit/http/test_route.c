/* SPDX-License-Identifier: Apache-2.0 */
/* src/http/route.c without a server. */
#include "fixture.h"

static apl_rc handle(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)request;
    (void)response;
    (void)err;
    return APL_OK;
}

#define ROUTE(method, pattern)                                                                     \
    {                                                                                              \
        APL_HTTP_##method, pattern, handle, 0, 0, #method " " pattern, NULL                        \
    }

/* In an order that would be wrong if the table's order counted. */
static const apl_http_route routes[] = {
    ROUTE(GET, "/{path*}"),
    ROUTE(GET, "/cases/{id}"),
    ROUTE(PATCH, "/cases/{id}"),
    ROUTE(GET, "/cases/search"),
    ROUTE(POST, "/cases"),
    ROUTE(GET, "/cases"),
    ROUTE(GET, "/cases/{id}/notes/{note}"),
    ROUTE(GET, "/{kind}/{id}/notes/all"),
    ROUTE(GET, "/files/{path*}"),
    ROUTE(GET, "/"),
};

static void test_most_literal_wins(void **state)
{
    static const struct {
        apl_http_method method;
        const char *path;
        int status;
        const char *name; /* or Allow */
        const char *params;
    } table[] = {
        {APL_HTTP_GET, "/", 200, "GET /", ""},
        {APL_HTTP_HEAD, "/cases", 200, "GET /cases", ""},
        {APL_HTTP_POST, "/cases", 200, "POST /cases", ""},
        {APL_HTTP_PUT, "/cases", 405, "GET, HEAD, POST, OPTIONS", ""},
        {APL_HTTP_GET, "/cases/7", 200, "GET /cases/{id}", "id=7;"},
        {APL_HTTP_PATCH, "/cases/7", 200, "PATCH /cases/{id}", "id=7;"},
        {APL_HTTP_GET, "/cases/search", 200, "GET /cases/search", ""},
        {APL_HTTP_PATCH, "/cases/search", 405, "GET, HEAD, OPTIONS", ""},
        {APL_HTTP_GET, "/cases/7/notes/9", 200, "GET /cases/{id}/notes/{note}", "id=7;note=9;"},
        {APL_HTTP_GET, "/posts/7/notes/all", 200, "GET /{kind}/{id}/notes/all", "kind=posts;id=7;"},
        {APL_HTTP_GET, "/files/a/b/c", 200, "GET /files/{path*}", "path=a/b/c;"},
        {APL_HTTP_GET, "/files", 200, "GET /{path*}", "path=files;"},
        {APL_HTTP_GET, "/cases/", 200, "GET /{path*}", "path=cases/;"},
        {APL_HTTP_DELETE, "/other", 405, "GET, HEAD, OPTIONS", ""},
        {APL_HTTP_OPTIONS, "/cases/7", 204, "GET, HEAD, PATCH, OPTIONS", ""},
        {APL_HTTP_GET, "/cases/%20%C3%A9", 200, "GET /cases/{id}", "id= \xc3\xa9;"},
        {APL_HTTP_GET, "/cases/%2541", 200, "GET /cases/{id}", "id=%41;"},
        {APL_HTTP_GET, "/cases/a+b", 200, "GET /cases/{id}", "id=a+b;"},
        {APL_HTTP_GET, "/cases/%2f", 400, "", ""},
        {APL_HTTP_GET, "/cases/%5c", 400, "", ""},
        {APL_HTTP_GET, "/cases/%0a", 400, "", ""},
        {APL_HTTP_GET, "/cases/%7f", 400, "", ""},
        {APL_HTTP_GET, "/cases/.", 400, "", ""},
        {APL_HTTP_GET, "/cases/..%2f", 400, "", ""},
        {APL_HTTP_GET, "/%c0%ae%c0%ae/", 400, "", ""},
        {APL_HTTP_GET, "/%", 400, "", ""},
        {APL_HTTP_GET, "/%4", 400, "", ""},
        {APL_HTTP_GET, "", 400, "", ""},
        {APL_HTTP_GET, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", 404, "", ""},
    };
    (void)state;
    apl_http_router *router = NULL;
    apl_err err = {0};
    assert_int_equal(apl_http_router_new(routes, sizeof routes / sizeof *routes, &router, &err),
                     APL_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        APL_AUTO(apl_arena) arena;
        apl_arena_init(&arena, 1 << 16);
        apl_http_match match;
        apl_span path = apl_span_of(table[i].path);
        assert_int_equal(apl_http_router_match(router, table[i].method, path, &arena, &match, &err),
                         APL_OK);
        char params[256] = "";
        for (size_t k = 0; k < match.param_count; k++)
            (void)snprintf(params + strlen(params), sizeof params - strlen(params), "%.*s=%.*s;",
                           APL_SPAN_ARGS(match.params[k].name),
                           APL_SPAN_ARGS(match.params[k].value));
        if (match.status != table[i].status)
            fail_msg("%s: %d", table[i].path, match.status);
        assert_string_equal(match.route ? match.route->name : match.allow, table[i].name);
        assert_string_equal(params, table[i].params);
    }
    apl_http_router_free(router);
}

static void test_bad_tables(void **state)
{
    static const apl_http_route wrong[] = {
        ROUTE(GET, "cases"),
        ROUTE(GET, ""),
        ROUTE(GET, "/a{id}"),
        ROUTE(GET, "/{id}x"),
        ROUTE(GET, "/{}"),
        ROUTE(GET, "/{a*}/b"),
        ROUTE(GET, "/{id"),
        {APL_HTTP_GET, "/a", NULL, 0, 0, "no handler", NULL},
        {APL_HTTP_GET, "/a", handle, 0, 0, NULL, NULL},
        {APL_HTTP_GET, NULL, handle, 0, 0, "no pattern", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        apl_http_router *router = NULL;
        apl_err err = {0};
        if (apl_http_router_new(&wrong[i], 1, &router, &err) != APL_E_INVALID)
            fail_msg("%s was taken", wrong[i].pattern);
        assert_non_null(strstr(err.where, "route "));
        assert_null(router);
    }
}

static void test_methods(void **state)
{
    (void)state;
    apl_http_method method;
    assert_true(apl_http_method_parse(APL_SPAN("PATCH"), &method));
    assert_int_equal(method, APL_HTTP_PATCH);
    assert_false(apl_http_method_parse(APL_SPAN("patch"), &method));
    assert_false(apl_http_method_parse(APL_SPAN(""), &method));
    assert_string_equal(apl_http_method_name(APL_HTTP_DELETE), "DELETE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_most_literal_wins),
                                       cmocka_unit_test(test_bad_tables),
                                       cmocka_unit_test(test_methods)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
