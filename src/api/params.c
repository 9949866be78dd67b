/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters and bodies. What cannot be read is 400 and names the place; what can be read and makes no sense is 422, which
 * is the business of the desk. Tests: tests/e2e/test_api_errors.py
 */
#include "api/internal.h"

#include "base/utf8.h"

#include <string.h>

/* A bad parameter: the address is wrong, not what somebody wants to say. */
static apl_rc as_usage(apl_rc rc, apl_err *err)
{
    if (rc != APL_E_INVALID)
        return rc;
    err->rc = APL_E_USAGE;
    return APL_E_USAGE;
}

apl_rc api_query_known(const apl_http_request *request, const char *const *names, apl_err *err)
{
    return as_usage(apl_http_query_known(request, names, err), err);
}

apl_rc api_query_text(const apl_http_request *request, const char *name, size_t max, apl_span *out,
                      apl_err *err)
{
    return as_usage(apl_http_query_text(request, name, max, out, err), err);
}

apl_rc api_query_limit(const apl_http_request *request, size_t *out_limit, apl_err *err)
{
    int64_t limit = 0;
    apl_http_range range = {1, APL_PAGE_MAX, API_LIMIT_DEFAULT};
    apl_rc rc = as_usage(apl_http_query_i64(request, "limit", range, &limit, err), err);
    if (!rc)
        *out_limit = (size_t)limit;
    return rc;
}

apl_rc api_query_id(const apl_http_request *request, const char *name, int64_t *out_id,
                    apl_err *err)
{
    int64_t id = 0;
    apl_http_range range = {1, INT64_C(9007199254740991), 0};
    apl_rc rc = as_usage(apl_http_query_i64(request, name, range, &id, err), err);
    if (!rc)
        *out_id = id;
    return rc;
}

apl_rc api_query_time(const apl_http_request *request, const char *name, apl_time_us *out,
                      apl_err *err)
{
    apl_span text;
    apl_time_us at = APL_TIME_NONE;
    apl_rc rc = api_query_text(request, name, 64, &text, err);
    if (!rc && text.ptr) {
        rc = as_usage(apl_time_parse(text, &at, err), err);
        if (rc) {
            apl_err_where(err, "query parameter %s", name);
            apl_err_fix(err, "write a time as 2026-11-23T08:45:00Z");
        }
    }
    if (!rc)
        *out = at;
    return rc;
}

apl_rc api_query_place(const apl_http_request *request, apl_place *inout_place, bool *out_has,
                       apl_err *err)
{
    apl_span text;
    apl_rc rc = api_query_text(request, "cursor", APL_PLACE_TEXT_MAX_BYTES, &text, err);
    if (!rc && text.ptr)
        rc = as_usage(apl_place_parse(text, request->arena, inout_place, err), err);
    if (!rc)
        *out_has = text.ptr != NULL;
    return rc;
}

apl_rc api_page_read(const apl_http_request *request, const char *list, api_page *out_page,
                     apl_err *err)
{
    static const char *const names[] = {"limit", "cursor", NULL};
    /* Bound to the very address: the notes of one case are no place in those of another. */
    api_page page = {.place = {.list = list, .query = apl_place_query(0, request->path)}};
    apl_rc rc = api_query_known(request, names, err);
    if (!rc)
        rc = api_query_limit(request, &page.limit, err);
    if (!rc)
        rc = api_query_place(request, &page.place, &page.has_place, err);
    if (!rc)
        *out_page = page;
    return rc;
}

char *api_page_next(const apl_http_request *request, const api_page *page, bool has_more,
                    const int64_t *keys, size_t key_count)
{
    if (!has_more)
        return NULL;
    apl_place place = page->place;
    place.text = APL_SPAN_NONE;
    for (size_t i = 0; i < key_count && i < APL_PLACE_KEYS_MAX; i++)
        place.keys[i] = keys[i];
    return apl_place_format(&place, request->arena);
}

apl_rc api_body(apl_http_request *request, const char *const *names, apl_json *out_root,
                apl_err *err)
{
    apl_json_limits limits = {API_IMPORT_BODY_BYTES, 16};
    apl_json root;
    size_t count = 0;
    while (names[count])
        count++;
    apl_rc rc = as_usage(
        apl_json_doc_parse(worker_of(request)->doc, request->body, &limits, &root, err), err);
    if (!rc && !apl_json_is(root, APL_JSON_OBJECT)) {
        apl_err_set(err, APL_E_USAGE, "the body is no JSON object");
        apl_err_where(err, "body");
        return APL_E_USAGE;
    }
    if (!rc)
        rc = apl_json_check_names(root, names, count, err);
    if (!rc)
        *out_root = root;
    return rc;
}

apl_rc api_body_text(apl_json object, const char *name, size_t min, size_t max, apl_span *out,
                     apl_err *err)
{
    apl_span text = APL_SPAN("");
    apl_rc rc = min ? apl_json_get_str(object, name, &text, err)
                    : apl_json_opt_str(object, name, &text, err);
    if (rc)
        return rc;
    size_t count = apl_utf8_count(text);
    if (count < min || count > max)
        return apl_json_refuse(apl_json_get(object, name), err,
                               count < min ? "at least %zu characters are wanted"
                                           : "at most %zu characters are taken",
                               count < min ? min : max);
    if (memchr(text.len ? text.ptr : "", 0, text.len))
        return apl_json_refuse(apl_json_get(object, name), err, "NUL is no text");
    *out = text;
    return APL_OK;
}
