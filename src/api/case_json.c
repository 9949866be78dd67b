/* SPDX-License-Identifier: Apache-2.0 */
/* Cases and their assessments as JSON, shared by lists and the case page. Tests: tests/e2e/test_api_case.py */
#include "api/internal.h"

#include "base/utf8.h"
#include "desk/detail.h"
#include "model/case.h"
#include "model/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { SUBJECT_CODE_POINTS = 120, SNIPPET_CODE_POINTS = 280 };

/* The first `max` code points. */
static apl_span cut(apl_span text, size_t max)
{
    size_t at = 0;
    for (size_t i = 0; i < max && at < text.len; i++)
        (void)apl_utf8_next(text, &at);
    return apl_span_sub(text, 0, at);
}

static apl_span first_line(apl_span text)
{
    apl_span line;
    text = apl_span_trim(text);
    return apl_span_split(&text, '\n', &line) ? apl_span_trim(line) : APL_SPAN("");
}

void api_author(apl_json_writer *w, const char *name, int64_t id, apl_span display, apl_span handle)
{
    apl_json_key(w, name);
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", id);
    apl_json_member_string(w, "name", display);
    api_member_text(w, "handle", handle);
    apl_json_object_end(w);
}

void api_user_ref(apl_json_writer *w, const char *name, int64_t id, apl_span display)
{
    apl_json_key(w, name);
    if (!id) {
        apl_json_null(w);
        return;
    }
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", id);
    apl_json_member_string(w, "name", display);
    apl_json_object_end(w);
}

static void write_next_clock(apl_json_writer *w, const apl_case_line *line, apl_time_us now)
{
    const apl_case_row *row = &line->row;
    apl_json_key(w, "next_clock");
    if (row->next_due_us == APL_TIME_NONE || row->next_clock < 0 ||
        line->clock_start_us == APL_TIME_NONE) {
        apl_json_null(w);
        return;
    }
    apl_json_object_begin(w);
    apl_json_member_str(w, "kind", apl_clock_kind_name((apl_clock_kind)row->next_clock));
    apl_json_member_time(w, "started_at", line->clock_start_us);
    apl_json_member_time(w, "warn_at", line->clock_warn_us);
    apl_json_member_time(w, "due_at", row->next_due_us);
    apl_json_member_bool(w, "is_breached", row->next_due_us <= now);
    apl_json_member_bool(w, "is_paused", false); /* a clock that stands still is not the next one */
    apl_json_object_end(w);
}

static void write_labels(apl_json_writer *w, const apl_case_row *row)
{
    api_member_text(w, "company", row->company);
    api_member_text(w, "intent", row->intent);
    api_member_text(w, "sentiment", row->sentiment);
    api_member_text(w, "conduct", row->conduct);
    api_member_words(w, "risks", row->risks);
    apl_json_member_i64(w, "urgency", (row->urgency + 5000) / 10000);
    apl_json_member_i64(w, "post_count", row->post_count);
    api_member_words(w, "tags", row->tags);
}

void api_case_line(apl_json_writer *w, const apl_case_line *line, apl_time_us now)
{
    const apl_case_row *row = &line->row;
    char etag[64];
    (void)snprintf(etag, sizeof etag, "\"%" PRId64 "-%" PRId64 "\"", row->id, row->revision);
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->id);
    apl_json_member_str(w, "state", apl_case_state_name((apl_case_state)row->state));
    apl_json_member_str(w, "priority", apl_case_priority_name((apl_case_priority)row->priority));
    api_member_text(w, "category", row->category);
    apl_json_member_string(w, "subject_line", cut(first_line(row->headline), SUBJECT_CODE_POINTS));
    apl_json_member_string(w, "snippet", cut(row->headline, SNIPPET_CODE_POINTS));
    api_author(w, "author", row->author_id, line->author_name, line->author_handle);
    apl_json_key(w, "channel");
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->channel_id);
    apl_json_member_string(w, "name", line->channel_name);
    apl_json_member_string(w, "kind", line->channel_kind);
    apl_json_object_end(w);
    write_labels(w, row);
    api_user_ref(w, "assignee", row->assignee_id, line->assignee_name);
    write_next_clock(w, line, now);
    apl_json_member_time(w, "first_posted_at",
                         row->opened_us == APL_TIME_NONE ? row->last_post_us : row->opened_us);
    apl_json_member_time(w, "last_posted_at", row->last_post_us);
    apl_json_member_str(w, "etag", etag);
    apl_json_member_string(w, "why", row->why);
    apl_json_object_end(w);
}

char *api_case_tag(const apl_http_request *request, const apl_case_row *row)
{
    return apl_arena_printf(request->arena, "%" PRId64 "-%" PRId64, row->id, row->revision);
}

apl_rc api_case_wanted(const apl_http_request *request, apl_case_line *out_line, apl_err *err)
{
    int64_t id = 0;
    bool found = false;
    apl_rc rc = apl_http_param_id(request, "case_id", &id, err);
    if (!rc)
        rc = apl_case_line_find(desk_of(request), id, request->arena, out_line, &found, err);
    if (rc || found)
        return rc;
    apl_err_set(err, APL_E_NOT_FOUND, "there is no case %" PRId64, id);
    apl_err_where(err, "case_id");
    return APL_E_NOT_FOUND;
}

/* ---- what triage and rules found ---- */

/* The stored detail; *out_root is missing when there is none or it is damaged, which must not hide the case. */
static void read_detail(const apl_http_request *request, const apl_thread_post *post,
                        apl_json *out_root)
{
    *out_root = APL_JSON_NONE;
    if (!post->assessment.post_id || !post->assessment.detail.len)
        return;
    if (apl_json_doc_parse(worker_of(request)->doc, post->assessment.detail, NULL, out_root, NULL))
        *out_root = APL_JSON_NONE;
}

static void write_heads(apl_json_writer *w, apl_json heads)
{
    apl_json head;
    apl_json_key(w, "heads");
    apl_json_array_begin(w);
    for (apl_json_iter it = apl_json_each(heads); apl_json_next(&it, NULL, &head);) {
        apl_detail_head h = apl_detail_head_of(head);
        apl_json_object_begin(w);
        apl_json_member_string(w, "name", h.head);
        apl_json_member_string(w, "label", h.label);
        apl_json_member_double(w, "score", (double)h.score / 1000.0);
        apl_json_member_bool(w, "is_unsure", h.unsure);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

/* Bytes in the store, code points for the page. field: 0 text, 1 title, 2 not from words. */
static void write_reasons(apl_json_writer *w, apl_json reasons, const apl_version_row *version)
{
    apl_json reason;
    apl_json_key(w, "reasons");
    apl_json_array_begin(w);
    for (apl_json_iter it = apl_json_each(reasons); apl_json_next(&it, NULL, &reason);) {
        apl_detail_reason r = apl_detail_reason_of(reason);
        bool is_title = r.field == 1;
        apl_span text = is_title ? version->title : version->text;
        int64_t from = api_code_points(text, r.offset);
        apl_json_object_begin(w);
        apl_json_member_string(w, "label", r.label);
        apl_json_member_string(w, "list", r.list);
        apl_json_member_str(w, "field", is_title ? "title" : "text");
        apl_json_member_i64(w, "offset", from);
        apl_json_member_i64(w, "length", api_code_points(text, r.offset + r.len) - from);
        apl_json_member_double(w, "weight", (double)r.weight / 1000.0);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

apl_rc api_assessment(apl_json_writer *w, const apl_http_request *request,
                      const apl_thread_post *post, apl_err *err)
{
    apl_json root;
    (void)err;
    read_detail(request, post, &root);
    apl_json_key(w, "assessment");
    if (!apl_json_is(root, APL_JSON_OBJECT)) {
        apl_json_null(w);
        return APL_OK;
    }
    apl_json_object_begin(w);
    apl_json_member_i64(w, "urgency", (post->assessment.urgency + 5000) / 10000);
    api_member_text(w, "lang", post->assessment.lang);
    write_heads(w, apl_json_get(root, "heads"));
    write_reasons(w, apl_json_get(root, "reasons"), &post->version);
    apl_json_member_i64(w, "version", post->assessment.version_no);
    apl_json_object_end(w);
    return APL_OK;
}

static bool is_method_rule(apl_span text)
{
    bool good = text.len >= 2 && text.len <= 3 && text.ptr[0] == 'R';
    for (size_t i = 1; i < text.len && good; i++)
        good = text.ptr[i] >= '0' && text.ptr[i] <= '9';
    return good;
}

apl_rc api_trace(apl_json_writer *w, const apl_http_request *request, const apl_thread_post *post,
                 apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(API_SMALL_BODY_BYTES);
    apl_json root, step;
    apl_judge *judge = NULL;
    apl_rc rc = api_judge(request, &judge, err);
    if (rc)
        return rc;
    const apl_policy_use *use = apl_judge_policy(judge);
    const apl_policy *policy = use->id == post->assessment.policy_id ? use->policy : NULL;
    read_detail(request, post, &root);
    apl_json_key(w, "trace");
    apl_json_array_begin(w);
    for (apl_json_iter it = apl_json_each(apl_json_get(root, "trace"));
         !rc && apl_json_next(&it, NULL, &step);) {
        apl_detail_step d = apl_detail_step_of(step);
        apl_buf_clear(&text);
        if (d.matched && d.why.len)
            rc = apl_buf_addf(&text, err, "%.*s It ", APL_SPAN_ARGS(d.why));
        if (!rc)
            rc = apl_detail_step_format(&d, policy, &text, err);
        if (!rc)
            rc = apl_buf_add_byte(&text, '.', err);
        apl_json_object_begin(w);
        apl_json_member_string(w, "rule", d.rule);
        apl_json_member_bool(w, "is_match", d.matched);
        apl_json_member_string(w, "sentence", apl_buf_view(&text));
        api_member_text(w, "r_number", is_method_rule(d.method) ? d.method : APL_SPAN_NONE);
        api_member_text(w, "where", APL_SPAN_NONE);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
    return rc;
}
