/* SPDX-License-Identifier: Apache-2.0 */
/* Getters of a request. Tests: tests/unit/http/test_request.c */
#include "http/request.h"

#include <string.h>

static const apl_span *pair_find(const apl_http_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (apl_span_is(pairs[i].name, name))
            return &pairs[i].value;
    }
    return NULL;
}

apl_span apl_http_param(const apl_http_request *request, const char *name)
{
    const apl_span *value = pair_find(request->params, request->param_count, name);
    return value ? *value : APL_SPAN_NONE;
}

apl_rc apl_http_param_id(const apl_http_request *request, const char *name, int64_t *out_id,
                         apl_err *err)
{
    apl_span text = apl_http_param(request, name);
    int64_t id = 0;
    /* "+7" and "007" parse, but must not be second addresses of the same thing. */
    bool is_plain = text.len && text.ptr[0] >= '1' && text.ptr[0] <= '9';
    if (!is_plain || apl_span_parse_i64(text, &id, NULL)) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no %s \"%.*s\"", name,
                    (int)(text.len > 40 ? 40 : text.len), text.ptr ? text.ptr : "");
        apl_err_where(err, "path parameter %s", name);
        apl_err_fix(err, "give the number of something that exists");
        return APL_E_NOT_FOUND;
    }
    *out_id = id;
    return APL_OK;
}

bool apl_http_header(const apl_http_request *request, const char *name, apl_span *out_value)
{
    apl_span wanted = apl_span_of(name);
    for (size_t i = 0; i < request->header_count; i++) {
        if (apl_span_equal_nocase(request->headers[i].name, wanted)) {
            *out_value = request->headers[i].value;
            return true;
        }
    }
    return false;
}

bool apl_http_cookie(const apl_http_request *request, const char *name, apl_span *out_value)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!apl_span_equal_nocase(request->headers[i].name, APL_SPAN("cookie")))
            continue;
        apl_span rest = request->headers[i].value;
        apl_span part;
        while (apl_span_split(&rest, ';', &part)) {
            part = apl_span_trim(part);
            size_t equals = apl_span_find_byte(part, '=');
            if (equals == SIZE_MAX || !apl_span_is(apl_span_sub(part, 0, equals), name))
                continue;
            apl_span value = apl_span_sub(part, equals + 1, SIZE_MAX);
            if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
                value = apl_span_sub(value, 1, value.len - 2);
            *out_value = value;
            return true;
        }
    }
    return false;
}

bool apl_http_content_is(const apl_http_request *request, const char *media_type)
{
    apl_span value;
    if (!apl_http_header(request, "content-type", &value))
        return false;
    size_t end = apl_span_find_byte(value, ';');
    return apl_span_equal_nocase(apl_span_trim(apl_span_sub(value, 0, end)),
                                 apl_span_of(media_type));
}

/* ---- query ---- */

static apl_rc form_pair_parse(apl_span part, apl_arena *arena, apl_http_pair *out, apl_err *err)
{
    size_t equals = apl_span_find_byte(part, '=');
    apl_span raw_value = equals == SIZE_MAX ? APL_SPAN("")
                                            : apl_span_sub(part, equals + 1, SIZE_MAX);
    apl_rc rc =
        apl_http_percent_decode(apl_span_sub(part, 0, equals), true, arena, &out->name, err);
    if (!rc)
        rc = apl_http_percent_decode(raw_value, true, arena, &out->value, err);
    return rc;
}

apl_rc apl_http_form_parse(apl_span text, apl_arena *arena, const apl_http_pair **out_pairs,
                           size_t *out_count, apl_err *err)
{
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.ptr[i] == '&';
    if (room > APL_HTTP_QUERY_MAX)
        return apl_err_set(err, APL_E_USAGE, "more than %d parameters", APL_HTTP_QUERY_MAX);
    apl_http_pair *pairs = apl_arena_alloc(arena, room, sizeof *pairs);
    if (!pairs)
        return apl_err_nomem(err);
    size_t count = 0;
    apl_span part;
    while (apl_span_split(&text, '&', &part)) {
        if (!part.len)
            continue;
        apl_rc rc = form_pair_parse(part, arena, &pairs[count], err);
        if (rc)
            return rc;
        count++;
    }
    *out_pairs = pairs;
    *out_count = count;
    return APL_OK;
}

static apl_rc query_error(apl_err *err, const char *name, const char *what, const char *fix)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "query parameter %s", name);
    apl_err_fix(err, "%s", fix);
    return APL_E_INVALID;
}

bool apl_http_query_at(const apl_http_request *request, const char *name, size_t index,
                       apl_span *out_value)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (apl_span_is(request->query[i].name, name) && !index--) {
            *out_value = request->query[i].value;
            return true;
        }
    }
    return false;
}

/* NONE when absent. */
static apl_rc query_single(const apl_http_request *request, const char *name, apl_span *out,
                           apl_err *err)
{
    apl_span value = APL_SPAN_NONE;
    apl_span second;
    (void)apl_http_query_at(request, name, 0, &value);
    if (apl_http_query_at(request, name, 1, &second))
        return query_error(err, name, "given more than once", "give it once");
    *out = value;
    return APL_OK;
}

apl_rc apl_http_query_i64(const apl_http_request *request, const char *name, apl_http_range range,
                          int64_t *out_value, apl_err *err)
{
    apl_span text;
    apl_rc rc = query_single(request, name, &text, err);
    if (rc)
        return rc;
    int64_t value = range.fallback;
    if (text.ptr &&
        (apl_span_parse_i64(text, &value, NULL) || value < range.min || value > range.max)) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not a number from %lld to %lld",
                    (int)(text.len > 40 ? 40 : text.len), text.ptr, (long long)range.min,
                    (long long)range.max);
        apl_err_where(err, "query parameter %s", name);
        apl_err_fix(err, "give a whole number from %lld to %lld", (long long)range.min,
                    (long long)range.max);
        return APL_E_INVALID;
    }
    *out_value = value;
    return APL_OK;
}

apl_rc apl_http_query_text(const apl_http_request *request, const char *name, size_t max_bytes,
                           apl_span *out_value, apl_err *err)
{
    apl_span text;
    apl_rc rc = query_single(request, name, &text, err);
    if (rc)
        return rc;
    if (text.len > max_bytes)
        return query_error(err, name, "too long", "shorten it");
    *out_value = text;
    return APL_OK;
}

apl_rc apl_http_query_bool(const apl_http_request *request, const char *name, bool fallback,
                           bool *out_value, apl_err *err)
{
    apl_span text;
    apl_rc rc = query_single(request, name, &text, err);
    if (rc)
        return rc;
    if (!text.ptr)
        *out_value = fallback;
    else if (apl_span_is(text, "true") || apl_span_is(text, "1"))
        *out_value = true;
    else if (apl_span_is(text, "false") || apl_span_is(text, "0"))
        *out_value = false;
    else
        return query_error(err, name, "neither true nor false", "give true or false");
    return APL_OK;
}

apl_rc apl_http_query_known(const apl_http_request *request, const char *const *names, apl_err *err)
{
    for (size_t i = 0; i < request->query_count; i++) {
        apl_span name = request->query[i].name;
        const char *const *known = names;
        while (*known && !apl_span_is(name, *known))
            known++;
        if (*known)
            continue;
        apl_err_set(err, APL_E_INVALID, "there is no such parameter here");
        apl_err_where(err, "query parameter %.*s", (int)(name.len > 60 ? 60 : name.len), name.ptr);
        apl_err_fix(err, "leave it out or correct its name");
        return APL_E_INVALID;
    }
    return APL_OK;
}

/* ---- conditions ---- */

static bool tag_list_has(apl_span list, apl_span tag, bool is_weak_fine)
{
    apl_span part;
    while (apl_span_split(&list, ',', &part)) {
        part = apl_span_trim(part);
        if (apl_span_is(part, "*"))
            return true;
        if (apl_span_starts(part, APL_SPAN("W/"))) {
            if (!is_weak_fine)
                continue;
            part = apl_span_sub(part, 2, SIZE_MAX);
        }
        if (part.len >= 2 && part.ptr[0] == '"' && part.ptr[part.len - 1] == '"' &&
            apl_span_equal(apl_span_sub(part, 1, part.len - 2), tag))
            return true;
    }
    return false;
}

apl_rc apl_http_if_match(const apl_http_request *request, apl_span tag, bool *out_present,
                         apl_err *err)
{
    apl_span list;
    bool is_present = apl_http_header(request, "if-match", &list);
    if (is_present && !tag_list_has(list, tag, false)) {
        apl_err_set(err, APL_E_CONFLICT, "somebody changed it meanwhile");
        apl_err_where(err, "header If-Match");
        apl_err_fix(err, "load it again, then repeat your change");
        return APL_E_CONFLICT;
    }
    if (out_present)
        *out_present = is_present;
    return APL_OK;
}

bool apl_http_if_none_match(const apl_http_request *request, apl_span tag)
{
    apl_span list;
    return apl_http_header(request, "if-none-match", &list) && tag_list_has(list, tag, true);
}
