/* SPDX-License-Identifier: Apache-2.0 */
/* Filling responses. Tests: tests/unit/http/test_server.c, test_server.c */
#include "http/response.h"

#include "http/internal.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { PROBLEM_MAX_BYTES = 8192, HEADER_VALUE_MAX_BYTES = 8192 };

static bool is_token_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(apl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_byte((unsigned char)text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

static bool is_header_value(apl_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 || c == 0x7f)
            return false;
    }
    return value.len <= HEADER_VALUE_MAX_BYTES;
}

/* What describes the connection and the framing is the server's alone. */
static bool is_reserved(apl_span name)
{
    static const char *const names[] = {"Connection", "Content-Length", "Transfer-Encoding",
                                        "Date"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (apl_span_equal_nocase(name, apl_span_of(names[i])))
            return true;
    }
    return false;
}

static apl_rc header_check(const char *name, apl_span value, apl_err *err)
{
    apl_span wanted = apl_span_of(name);
    if (is_token(wanted) && is_header_value(value) && !is_reserved(wanted))
        return APL_OK;
    apl_err_set(err, APL_E_INVALID,
                "control bytes, long values and the server's own headers are not allowed");
    apl_err_where(err, "response header %.60s", name);
    return APL_E_INVALID;
}

apl_rc apl_http_header_add(apl_http_response *response, const char *name, apl_span value,
                           apl_err *err)
{
    apl_rc rc = header_check(name, value, err);
    if (rc || !value.len)
        return rc;
    if (response->header_count == APL_HTTP_HEADERS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d response headers", APL_HTTP_HEADERS_MAX);
    apl_http_pair copy;
    rc = apl_arena_copy(response->request->arena, apl_span_of(name), &copy.name, err);
    if (!rc)
        rc = apl_arena_copy(response->request->arena, value, &copy.value, err);
    if (!rc)
        response->headers[response->header_count++] = copy;
    return rc;
}

apl_rc apl_http_header_set(apl_http_response *response, const char *name, apl_span value,
                           apl_err *err)
{
    apl_rc rc = header_check(name, value, err);
    if (rc)
        return rc;
    size_t kept = 0;
    for (size_t i = 0; i < response->header_count; i++) {
        if (!apl_span_equal_nocase(response->headers[i].name, apl_span_of(name)))
            response->headers[kept++] = response->headers[i];
    }
    response->header_count = kept;
    return apl_http_header_add(response, name, value, err);
}

static void body_drop(apl_http_response *response)
{
    apl_buf_release(&response->body);
    if (response->fixed_free)
        response->fixed_free(response->fixed_owner);
    response->fixed = APL_SPAN_NONE;
    response->fixed_free = NULL;
    response->fixed_owner = NULL;
    if (response->stream)
        (void)http_stream_over(response->stream);
    response->stream = NULL;
}

void apl_http_response_clear(apl_http_response *response)
{
    body_drop(response);
    response->status = 0;
    response->header_count = 0;
}

apl_rc apl_http_answer_buf(apl_http_response *response, int status, const char *content_type,
                           apl_buf *take_body, apl_err *err)
{
    apl_rc rc = apl_http_header_set(response, "Content-Type", apl_span_of(content_type), err);
    if (rc) {
        apl_buf_release(take_body);
        return rc;
    }
    /* The caller's buffer may be the response's own. */
    apl_buf taken = *take_body;
    *take_body = APL_BUF(taken.max);
    body_drop(response);
    response->body = taken;
    response->status = status;
    return APL_OK;
}

apl_rc apl_http_answer_json(apl_http_response *response, int status, apl_buf *take_body,
                            apl_err *err)
{
    return apl_http_answer_buf(response, status, "application/json", take_body, err);
}

apl_rc apl_http_answer_fixed(apl_http_response *response, int status, const char *content_type,
                             apl_http_fixed fixed, apl_err *err)
{
    apl_rc rc = apl_http_header_set(response, "Content-Type", apl_span_of(content_type), err);
    if (rc) {
        if (fixed.free)
            fixed.free(fixed.owner);
        return rc;
    }
    body_drop(response);
    response->fixed = fixed.bytes;
    response->fixed_free = fixed.free;
    response->fixed_owner = fixed.owner;
    response->status = status;
    return APL_OK;
}

apl_rc apl_http_answer_redirect(apl_http_response *response, int status, apl_span location,
                                apl_err *err)
{
    apl_rc rc = apl_http_header_set(response, "Location", location, err);
    if (rc)
        return rc;
    body_drop(response);
    response->status = status;
    return APL_OK;
}

const char *apl_http_status_text(int status)
{
    return MHD_get_reason_phrase_for((unsigned)status);
}

/* ---- problems ---- */

static apl_rc problem_write(apl_buf *out, int status, const apl_err *problem, const char *id)
{
    bool is_usual = status == apl_rc_http_status(problem->rc);
    char type[64] = "about:blank";
    if (is_usual)
        (void)snprintf(type, sizeof type, "urn:aplomb:problem:%s", apl_rc_name(problem->rc));
    apl_json_writer w;
    apl_json_writer_init(&w, out);
    apl_json_object_begin(&w);
    apl_json_key(&w, "type");
    apl_json_str(&w, type);
    apl_json_key(&w, "title");
    apl_json_str(&w, is_usual ? apl_rc_title(problem->rc) : apl_http_status_text(status));
    apl_json_key(&w, "status");
    apl_json_i64(&w, status);
    const struct {
        const char *key;
        const char *text;
    } fields[] = {{"detail", problem->what},
                  {"where", problem->where},
                  {"fix", problem->fix},
                  {"request_id", id}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!fields[i].text[0])
            continue;
        apl_json_key(&w, fields[i].key);
        apl_json_str(&w, fields[i].text);
    }
    apl_json_object_end(&w);
    return apl_json_writer_finish(&w, NULL);
}

void apl_http_answer_problem(apl_http_response *response, int status, const apl_err *problem)
{
    apl_err copy = *problem;
    apl_http_response_clear(response);
    if (!copy.rc)
        copy.rc = APL_E_INTERNAL;
    if (!status)
        status = apl_rc_http_status(copy.rc);
    response->status = status;
    response->body = APL_BUF(PROBLEM_MAX_BYTES);
    apl_rc rc = problem_write(&response->body, status, &copy, response->request->id);
    if (!rc)
        rc = apl_http_header_add(response, "Content-Type", APL_SPAN("application/problem+json"),
                                 NULL);
    if (rc)
        apl_buf_release(&response->body);
    if (status == 503)
        rc = apl_http_header_add(response, "Retry-After", APL_SPAN("1"), NULL);
    (void)rc;
}

/* ---- conditions, cookies ---- */

apl_rc apl_http_answer_etag(apl_http_response *response, apl_span tag, bool *out_fresh,
                            apl_err *err)
{
    apl_http_request *request = response->request;
    if (apl_span_find_byte(tag, '"') != SIZE_MAX)
        return apl_err_set(err, APL_E_INVALID, "an ETag may not hold a quote");
    char *quoted = apl_arena_printf(request->arena, "\"%.*s\"", APL_SPAN_ARGS(tag));
    if (!quoted)
        return apl_err_nomem(err);
    apl_rc rc = apl_http_header_set(response, "ETag", apl_span_of(quoted), err);
    /* no-store would keep the browser from ever asking "is it still the same?". */
    if (!rc)
        rc = apl_http_header_set(response, "Cache-Control", APL_SPAN("private, no-cache"), err);
    if (rc)
        return rc;
    bool is_read = request->method == APL_HTTP_GET || request->method == APL_HTTP_HEAD;
    *out_fresh = is_read && apl_http_if_none_match(request, tag);
    if (*out_fresh)
        response->status = 304;
    return APL_OK;
}

static bool is_cookie_value(apl_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == ';' || c == ',' || c == '"' || c == '\\')
            return false;
    }
    return true;
}

apl_rc apl_http_cookie_add(apl_http_response *response, const apl_http_cookie_spec *cookie,
                           apl_err *err)
{
    apl_span name = apl_span_of(cookie->name);
    if (!is_token(name) || !is_cookie_value(cookie->value)) {
        apl_err_set(err, APL_E_INVALID, "a cookie's value is printable ASCII without ; , \" \\");
        apl_err_where(err, "cookie %.60s", cookie->name);
        return APL_E_INVALID;
    }
    bool is_secure = cookie->is_secure || response->request->is_https ||
                     apl_span_starts(name, APL_SPAN("__Host-")) ||
                     apl_span_starts(name, APL_SPAN("__Secure-"));
    char age[48] = "";
    if (cookie->max_age_s >= 0)
        (void)snprintf(age, sizeof age, "; Max-Age=%lld", (long long)cookie->max_age_s);
    char *text = apl_arena_printf(response->request->arena, "%s=%.*s; Path=/%s; SameSite=%s%s%s",
                                  cookie->name, APL_SPAN_ARGS(cookie->value), age,
                                  cookie->is_lax ? "Lax" : "Strict", is_secure ? "; Secure" : "",
                                  cookie->is_readable ? "" : "; HttpOnly");
    if (!text)
        return apl_err_nomem(err);
    return apl_http_header_add(response, "Set-Cookie", apl_span_of(text), err);
}
