/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The router: the table is sorted once so that the most literal pattern is tried first; a match is then the first hit.
 * A few hundred patterns compare in about a microsecond, so there is no tree. Tests: tests/unit/http/test_route.c
 */
#include "http/route.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_MAX = 24 };

/* In the order in which they are tried. */
typedef enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_TAIL } segment_kind;

typedef struct segment {
    segment_kind kind;
    apl_span text; /* literal, or the parameter's name */
} segment;

typedef struct entry {
    const apl_http_route *route;
    segment segments[SEGMENTS_MAX];
    size_t count;
} entry;

struct apl_http_router {
    entry *entries;
    size_t count;
};

static const char *const method_names[APL_HTTP_METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                                "PATCH", "DELETE", "OPTIONS"};

bool apl_http_method_parse(apl_span text, apl_http_method *out_method)
{
    for (size_t i = 0; i < APL_HTTP_METHOD_COUNT; i++) {
        if (apl_span_is(text, method_names[i])) {
            *out_method = (apl_http_method)i;
            return true;
        }
    }
    return false;
}

const char *apl_http_method_name(apl_http_method method)
{
    return (unsigned)method < APL_HTTP_METHOD_COUNT ? method_names[method] : "?";
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Why a decoded byte may not be there, or NULL. */
static const char *byte_problem(unsigned char c, bool is_form, bool was_escaped)
{
    if (!c)
        return "a NUL byte";
    if (is_form)
        return NULL;
    if (c < 0x20 || c == 0x7f)
        return "a control byte";
    if (was_escaped && (c == '/' || c == '\\'))
        return "an escaped slash";
    return NULL;
}

apl_rc apl_http_percent_decode(apl_span text, bool is_form, apl_arena *arena, apl_span *out_text,
                               apl_err *err)
{
    char *out = apl_arena_alloc(arena, text.len + 1, 1);
    if (!out)
        return apl_err_nomem(err);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_escape = c == '%';
        if (is_escape) {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return apl_err_set(err, APL_E_USAGE, "%% is not followed by two hex digits");
            c = (char)(high * 16 + low);
            i += 2;
        } else if (is_form && c == '+') {
            c = ' ';
        }
        const char *problem = byte_problem((unsigned char)c, is_form, is_escape);
        if (problem)
            return apl_err_set(err, APL_E_USAGE, "%s is not allowed here", problem);
        out[len++] = c;
    }
    apl_span decoded = {out, len};
    if (!apl_utf8_is_valid(decoded))
        return apl_err_set(err, APL_E_USAGE, "not valid UTF-8");
    *out_text = decoded;
    return APL_OK;
}

/* ---- compiling ---- */

static apl_rc segment_compile(apl_span part, bool is_last, segment *out, apl_err *err)
{
    if (!part.len || part.ptr[0] != '{') {
        if (apl_span_find_byte(part, '{') != SIZE_MAX || apl_span_find_byte(part, '}') != SIZE_MAX)
            return apl_err_set(err, APL_E_INVALID, "a parameter must be a whole segment");
        *out = (segment){SEGMENT_LITERAL, part};
        return APL_OK;
    }
    if (part.len < 3 || part.ptr[part.len - 1] != '}')
        return apl_err_set(err, APL_E_INVALID, "a parameter must be {name} or {name*}");
    apl_span name = {part.ptr + 1, part.len - 2};
    bool is_tail = name.ptr[name.len - 1] == '*';
    if (is_tail && !is_last)
        return apl_err_set(err, APL_E_INVALID, "{name*} must be the last segment");
    if (is_tail)
        name.len--;
    *out = (segment){is_tail ? SEGMENT_TAIL : SEGMENT_PARAM, name};
    return APL_OK;
}

static apl_rc entry_compile(const apl_http_route *route, entry *out, apl_err *err)
{
    apl_span rest = apl_span_of(route->pattern);
    if (!rest.len || rest.ptr[0] != '/' || !route->handler || !route->name)
        return apl_err_set(err, APL_E_INVALID,
                           "a route needs a pattern from /, a handler and a name");
    rest = apl_span_sub(rest, 1, SIZE_MAX);
    *out = (entry){.route = route};
    bool more = true;
    while (more) {
        size_t slash = apl_span_find_byte(rest, '/');
        more = slash != SIZE_MAX;
        if (out->count == SEGMENTS_MAX)
            return apl_err_set(err, APL_E_LIMIT, "more than %d segments", SEGMENTS_MAX);
        apl_rc rc =
            segment_compile(apl_span_sub(rest, 0, slash), !more, &out->segments[out->count++], err);
        if (rc)
            return rc;
        rest = more ? apl_span_sub(rest, slash + 1, SIZE_MAX) : APL_SPAN_NONE;
    }
    return APL_OK;
}

/* Same kinds first; 0 means that both match exactly the same paths. */
static int entry_compare_paths(const entry *a, const entry *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (a->segments[i].kind != b->segments[i].kind)
            return (int)a->segments[i].kind - (int)b->segments[i].kind;
        int order = a->segments[i].kind == SEGMENT_LITERAL
                        ? apl_span_compare(a->segments[i].text, b->segments[i].text)
                        : 0;
        if (order)
            return order;
    }
    return a->count < b->count ? -1 : a->count > b->count;
}

static int entry_compare(const void *left, const void *right)
{
    const entry *a = left;
    const entry *b = right;
    int order = entry_compare_paths(a, b);
    return order ? order : (int)a->route->method - (int)b->route->method;
}

apl_rc apl_http_router_new(const apl_http_route *routes, size_t count, apl_http_router **out_router,
                           apl_err *err)
{
    apl_http_router *router = apl_mem_zalloc(1, sizeof *router);
    entry *entries = apl_mem_zalloc(count ? count : 1, sizeof *entries);
    apl_rc rc = router && entries ? APL_OK : apl_err_nomem(err);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = entry_compile(&routes[i], &entries[i], err);
        if (rc)
            apl_err_where(err, "route %s", routes[i].pattern ? routes[i].pattern : "(none)");
    }
    if (!rc && count > 1)
        qsort(entries, count, sizeof *entries, entry_compare);
    for (size_t i = 1; !rc && i < count; i++) {
        if (!entry_compare(&entries[i - 1], &entries[i])) {
            rc = apl_err_set(err, APL_E_INVALID, "two routes match the same method and paths");
            apl_err_where(err, "route %s", entries[i].route->pattern);
        }
    }
    if (rc) {
        apl_mem_free(entries);
        apl_mem_free(router);
        return rc;
    }
    *router = (apl_http_router){entries, count};
    *out_router = router;
    return APL_OK;
}

void apl_http_router_free(apl_http_router *router)
{
    if (!router)
        return;
    apl_mem_free(router->entries);
    apl_mem_free(router);
}

/* ---- matching ---- */

typedef struct path_parts {
    apl_span decoded[SEGMENTS_MAX];
    size_t count;
    bool is_too_long;
} path_parts;

/* APL_E_USAGE for a path that nobody may send. */
static apl_rc path_split(apl_span path, apl_arena *arena, path_parts *out, apl_err *err)
{
    if (!path.len || path.ptr[0] != '/')
        return apl_err_set(err, APL_E_USAGE, "the path does not start with a slash");
    apl_span rest = apl_span_sub(path, 1, SIZE_MAX);
    for (bool more = true; more;) {
        size_t slash = apl_span_find_byte(rest, '/');
        more = slash != SIZE_MAX;
        apl_span part;
        apl_rc rc = apl_http_percent_decode(apl_span_sub(rest, 0, slash), false, arena, &part, err);
        if (rc)
            return rc;
        if (apl_span_is(part, ".") || apl_span_is(part, ".."))
            return apl_err_set(err, APL_E_USAGE, "\".\" and \"..\" are not allowed here");
        if (out->count < SEGMENTS_MAX)
            out->decoded[out->count++] = part;
        else
            out->is_too_long = true;
        rest = more ? apl_span_sub(rest, slash + 1, SIZE_MAX) : APL_SPAN_NONE;
    }
    return APL_OK;
}

static bool entry_matches(const entry *e, const path_parts *path)
{
    const segment *last = &e->segments[e->count - 1];
    bool has_tail = last->kind == SEGMENT_TAIL;
    if (has_tail ? path->count < e->count : path->count != e->count)
        return false;
    for (size_t i = 0; i < e->count; i++) {
        if (e->segments[i].kind == SEGMENT_LITERAL &&
            !apl_span_equal(e->segments[i].text, path->decoded[i]))
            return false;
        /* "/cases/" is not case "". */
        if (e->segments[i].kind == SEGMENT_PARAM && !path->decoded[i].len)
            return false;
    }
    return true;
}

static apl_rc tail_join(const path_parts *path, size_t from, apl_arena *arena, apl_span *out,
                        apl_err *err)
{
    size_t bytes = 0;
    for (size_t i = from; i < path->count; i++)
        bytes += path->decoded[i].len + 1;
    char *text = apl_arena_alloc(arena, bytes + 1, 1);
    if (!text)
        return apl_err_nomem(err);
    size_t len = 0;
    for (size_t i = from; i < path->count; i++) {
        if (i > from)
            text[len++] = '/';
        if (path->decoded[i].len)
            memcpy(text + len, path->decoded[i].ptr, path->decoded[i].len);
        len += path->decoded[i].len;
    }
    *out = (apl_span){text, len};
    return APL_OK;
}

static apl_rc params_take(const entry *e, const path_parts *path, apl_arena *arena,
                          apl_http_match *match, apl_err *err)
{
    apl_http_pair *params = apl_arena_alloc(arena, e->count, sizeof *params);
    if (!params)
        return apl_err_nomem(err);
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->segments[i].kind == SEGMENT_LITERAL)
            continue;
        apl_span value = path->decoded[i];
        apl_rc rc = e->segments[i].kind == SEGMENT_TAIL ? tail_join(path, i, arena, &value, err)
                                                        : APL_OK;
        if (rc)
            return rc;
        params[count++] = (apl_http_pair){e->segments[i].text, value};
    }
    match->params = params;
    match->param_count = count;
    return APL_OK;
}

static void allow_format(unsigned methods, char *out, size_t out_bytes)
{
    if (methods & 1u << APL_HTTP_GET)
        methods |= 1u << APL_HTTP_HEAD;
    methods |= 1u << APL_HTTP_OPTIONS;
    size_t len = 0;
    for (unsigned i = 0; i < APL_HTTP_METHOD_COUNT; i++) {
        if (methods & 1u << i)
            len += (size_t)snprintf(out + len, out_bytes - len, "%s%s", len ? ", " : "",
                                    method_names[i]);
    }
}

static apl_rc entries_match(const apl_http_router *router, apl_http_method method,
                            const path_parts *path, apl_arena *arena, apl_http_match *out,
                            apl_err *err)
{
    apl_http_method wanted = method == APL_HTTP_HEAD ? APL_HTTP_GET : method;
    unsigned methods = 0;
    const entry *first = NULL;
    for (size_t i = 0; i < router->count; i++) {
        const entry *e = &router->entries[i];
        if (!entry_matches(e, path))
            continue;
        /* A page's catch-all must not answer for the methods of a more literal resource. */
        if (first && entry_compare_paths(first, e))
            break;
        first = e;
        methods |= 1u << e->route->method;
        if (e->route->method == wanted) {
            out->route = e->route;
            out->status = 200;
            return params_take(e, path, arena, out, err);
        }
    }
    out->status = !first ? 404 : method == APL_HTTP_OPTIONS ? 204 : 405;
    if (first)
        allow_format(methods, out->allow, sizeof out->allow);
    return APL_OK;
}

apl_rc apl_http_router_match(const apl_http_router *router, apl_http_method method, apl_span path,
                             apl_arena *arena, apl_http_match *out_match, apl_err *err)
{
    apl_http_match match = {.status = 404};
    if (method == APL_HTTP_OPTIONS && apl_span_is(path, "*")) {
        match.status = 204;
        allow_format((1u << APL_HTTP_METHOD_COUNT) - 1, match.allow, sizeof match.allow);
        *out_match = match;
        return APL_OK;
    }
    path_parts parts = {.count = 0};
    apl_rc rc = path_split(path, arena, &parts, err);
    if (rc == APL_E_USAGE)
        match.status = 400;
    else if (rc)
        return rc;
    else if (!parts.is_too_long)
        rc = entries_match(router, method, &parts, arena, &match, err);
    if (rc && rc != APL_E_USAGE)
        return rc;
    *out_match = match;
    return APL_OK;
}
