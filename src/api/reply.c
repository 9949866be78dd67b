/* SPDX-License-Identifier: Apache-2.0 */
/* Making answers. Tests: tests/e2e (every reply is held against api/openapi.yaml) */
#include "api/internal.h"

#include "base/utf8.h"

#include <stdio.h>

void api_reply_begin(api_reply *reply)
{
    reply->buf = APL_BUF(API_REPLY_MAX_BYTES);
    apl_json_writer_init(&reply->w, &reply->buf);
}

apl_rc api_reply_send(api_reply *reply, apl_http_response *response, int status, apl_err *err)
{
    apl_rc rc = apl_json_writer_finish(&reply->w, err);
    if (!rc)
        rc = apl_http_answer_json(response, status, &reply->buf, err);
    apl_buf_release(&reply->buf);
    return rc;
}

void api_member_text(apl_json_writer *w, const char *name, apl_span text)
{
    apl_json_key(w, name);
    if (text.len)
        apl_json_string(w, text);
    else
        apl_json_null(w);
}

void api_member_id(apl_json_writer *w, const char *name, int64_t id)
{
    apl_json_key(w, name);
    if (id)
        apl_json_i64(w, id);
    else
        apl_json_null(w);
}

void api_member_words(apl_json_writer *w, const char *name, apl_span joined)
{
    apl_span word;
    apl_json_key(w, name);
    apl_json_array_begin(w);
    while (apl_span_split(&joined, ',', &word))
        if (word.len)
            apl_json_string(w, word);
    apl_json_array_end(w);
}

void api_list_begin(apl_json_writer *w)
{
    apl_json_object_begin(w);
    apl_json_key(w, "items");
    apl_json_array_begin(w);
}

void api_list_end(apl_json_writer *w, const char *next_cursor)
{
    apl_json_array_end(w);
    apl_json_key(w, "next_cursor");
    if (next_cursor)
        apl_json_str(w, next_cursor);
    else
        apl_json_null(w);
    apl_json_object_end(w);
}

int64_t api_code_points(apl_span text, int64_t bytes)
{
    size_t len = bytes < 0 ? 0 : (size_t)bytes;
    return (int64_t)apl_utf8_count(apl_span_sub(text, 0, len));
}

apl_rc api_problem(apl_http_response *response, int status, const apl_err *err)
{
    apl_http_answer_problem(response, status, err);
    return APL_OK;
}

apl_rc api_too_many(apl_http_response *response, int64_t wait_s, apl_err *err)
{
    char seconds[24];
    int len = snprintf(seconds, sizeof seconds, "%lld", (long long)wait_s);
    apl_err problem = {0};
    apl_err_set(&problem, APL_E_RATE, "too many attempts failed");
    apl_err_fix(&problem, "wait %lld seconds", (long long)wait_s);
    apl_http_answer_problem(response, 0, &problem);
    return apl_http_header_set(response, "Retry-After", (apl_span){seconds, (size_t)len}, err);
}
