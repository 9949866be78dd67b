/* SPDX-License-Identifier: Apache-2.0 */
/* One case: clocks, person, trace, assessment; its changes; its history. Tests: tests/e2e/test_api_case.py */
#include "api/internal.h"

#include "desk/case_change.h"
#include "desk/history.h"
#include "model/timeline.h"

static void write_clock(apl_json_writer *w, const apl_clock_row *row, apl_time_us now)
{
    bool is_running = row->stop == APL_CLOCK_RUNNING;
    bool is_paused = is_running && row->paused_since_us != APL_TIME_NONE;
    bool is_breached = row->breach_us != APL_TIME_NONE ||
                       (is_running && !is_paused && row->due_us <= now);
    apl_json_object_begin(w);
    apl_json_member_str(w, "kind", apl_clock_kind_name((apl_clock_kind)row->kind));
    apl_json_member_time(w, "started_at", row->start_us);
    apl_json_member_time(w, "warn_at", row->warn_us);
    apl_json_member_time(w, "due_at", row->due_us);
    apl_json_member_time(w, "stopped_at", row->stopped_us);
    apl_json_member_str(w, "stop_reason",
                        is_running ? NULL : apl_clock_stop_name((apl_clock_stop)row->stop));
    apl_json_member_bool(w, "is_breached", is_breached);
    apl_json_member_bool(w, "is_paused", is_paused);
    apl_json_member_i64(w, "paused_us", row->paused_us);
    apl_json_member_string(w, "explain", row->reason);
    api_member_id(w, "started_by_post_id", row->start_post_id);
    api_member_id(w, "stopped_by_post_id", row->stop_post_id);
    apl_json_object_end(w);
}

typedef struct case_page {
    apl_case_line line;
    apl_case_clocks clocks;
    apl_person person;
    apl_thread_post decider;
    bool has_decider;
} case_page;

static apl_rc load(apl_http_request *request, case_page *page, apl_err *err)
{
    apl_desk *desk = desk_of(request);
    const apl_case_row *row = &page->line.row;
    apl_rc rc = apl_case_clock_list(desk, row->id, request->arena, &page->clocks, err);
    if (!rc)
        rc = apl_person_find(desk, row, request->arena, &page->person, err);
    if (!rc)
        rc = apl_case_decider(desk, row->id, request->arena, &page->decider, &page->has_decider,
                              err);
    return rc;
}

static void write_person(apl_json_writer *w, const apl_person *person)
{
    apl_json_key(w, "person");
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", person->id);
    apl_json_key(w, "names");
    apl_json_array_begin(w);
    for (size_t i = 0; i < person->name_count; i++)
        apl_json_string(w, person->names[i]);
    apl_json_array_end(w);
    apl_json_member_i64(w, "other_cases_count", person->other_cases);
    apl_json_object_end(w);
}

static apl_rc send_page(apl_http_request *request, apl_http_response *response,
                        const case_page *page, apl_err *err)
{
    apl_time_us now = api_now(request);
    api_reply reply;
    api_reply_begin(&reply);
    apl_json_writer *w = &reply.w;
    apl_json_object_begin(w);
    apl_json_key(w, "case");
    api_case_line(w, &page->line, now);
    apl_json_key(w, "clocks");
    apl_json_array_begin(w);
    for (size_t i = 0; i < page->clocks.count; i++)
        write_clock(w, &page->clocks.rows[i], now);
    apl_json_array_end(w);
    write_person(w, &page->person);
    apl_rc rc = api_trace(w, request, &page->decider, err);
    api_member_id(w, "assessed_post_id", page->decider.post.id);
    if (!rc)
        rc = api_assessment(w, request, &page->decider, err);
    apl_json_object_end(w);
    if (rc)
        apl_json_writer_fail(w, rc, err);
    return api_reply_send(&reply, response, 200, err);
}

/* Only the case's own row has the version; what changes with time alone (breached) the page counts itself. */
static apl_rc answer_case(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    case_page page = {0};
    bool is_fresh = false;
    apl_rc rc = api_case_wanted(request, &page.line, err);
    if (rc)
        return rc;
    char *tag = api_case_tag(request, &page.line.row);
    if (!tag)
        return apl_err_nomem(err);
    rc = apl_http_answer_etag(response, apl_span_of(tag), &is_fresh, err);
    if (!rc && !is_fresh)
        rc = load(request, &page, err);
    return rc || is_fresh ? rc : send_page(request, response, &page, err);
}

apl_rc api_case_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {NULL};
    apl_rc rc = api_query_known(request, names, err);
    return rc ? rc : answer_case(request, response, err);
}

/* ---- changes ---- */

static apl_rc read_tags(apl_json root, apl_case_change *change, apl_err *err)
{
    apl_json list = APL_JSON_NONE, tag;
    apl_rc rc = apl_json_opt_array(root, "tags", &list, err);
    change->has_tags = !rc && apl_json_is(list, APL_JSON_ARRAY);
    if (rc || !change->has_tags)
        return rc;
    if (apl_json_count(list) > APL_CASE_TAGS_MAX)
        return apl_json_refuse(list, err, "a case has at most %d tags", APL_CASE_TAGS_MAX);
    for (apl_json_iter it = apl_json_each(list); apl_json_next(&it, NULL, &tag);)
        if (!apl_json_as_str(tag, &change->tags[change->tag_count++]))
            return apl_json_refuse(tag, err, "a tag is a text");
    return APL_OK;
}

static apl_rc read_words(apl_json root, apl_case_change *change, apl_err *err)
{
    apl_span state = APL_SPAN_NONE, priority = APL_SPAN_NONE;
    apl_rc rc = apl_json_opt_str(root, "state", &state, err);
    if (!rc)
        rc = apl_json_opt_str(root, "priority", &priority, err);
    change->has_state = state.ptr != NULL;
    change->has_priority = priority.ptr != NULL;
    if (!rc && change->has_state) {
        rc = apl_case_state_parse(state, &change->state, err);
        if (rc)
            apl_err_where(err, "/state");
    }
    if (!rc && change->has_priority) {
        rc = apl_case_priority_parse(priority, &change->priority, err);
        if (rc)
            apl_err_where(err, "/priority");
    }
    return rc;
}

static apl_rc read_change(apl_http_request *request, apl_case_change *change, apl_err *err)
{
    static const char *const names[] = {"state",    "priority", "assignee_id",
                                        "category", "tags",     NULL};
    apl_json root;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc && !apl_json_count(root))
        return apl_err_set(err, APL_E_INVALID, "there is nothing to change in the body");
    if (!rc)
        rc = read_words(root, change, err);
    if (!rc)
        rc = read_tags(root, change, err);
    if (!rc)
        rc = apl_json_opt_str(root, "category", &change->category, err);
    if (!rc)
        rc = apl_json_opt_i64(root, "assignee_id", &change->assignee_id, err);
    change->has_category = apl_json_get(root, "category").doc != NULL;
    change->has_assignee = apl_json_get(root, "assignee_id").doc != NULL;
    if (!rc && change->assignee_id < 0)
        rc = apl_json_refuse(apl_json_get(root, "assignee_id"), err, "an id is a positive number");
    return rc;
}

static apl_rc refuse_unconditional(apl_http_response *response)
{
    apl_err problem = {0};
    apl_err_set(&problem, APL_E_CONFLICT, "a change of a case needs the ETag that it is based on");
    apl_err_where(&problem, "header If-Match");
    apl_err_fix(&problem, "load the case and send its ETag in If-Match");
    return api_problem(response, 428, &problem);
}

apl_rc api_case_update(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_case_line line;
    apl_span given;
    apl_case_change change = {.arena = request->arena,
                              .user_id = apl_caller_user_id(&who_of(request)->caller),
                              .if_revision = -1};
    apl_rc rc = api_case_wanted(request, &line, err);
    if (rc)
        return rc;
    char *tag = api_case_tag(request, &line.row);
    if (!tag)
        return apl_err_nomem(err);
    if (!apl_http_header(request, "if-match", &given))
        return refuse_unconditional(response);
    rc = apl_http_if_match(request, apl_span_of(tag), NULL, err);
    if (!rc)
        rc = read_change(request, &change, err);
    if (rc)
        return rc;
    change.case_id = line.row.id;
    /* What was compared above holds until the write, or the write is refused. */
    if (!apl_span_is(apl_span_trim(given), "*"))
        change.if_revision = line.row.revision;
    rc = apl_writer_run(api_of(request)->writer, apl_case_change_apply, &change, err);
    return rc ? rc : answer_case(request, response, err);
}

/* ---- history ---- */

apl_rc api_case_history(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_page page;
    apl_case_line line;
    apl_history_page history;
    api_reply reply;
    apl_rc rc = api_page_read(request, "history", &page, err);
    if (!rc)
        rc = api_case_wanted(request, &line, err);
    if (!rc)
        rc = apl_case_history(desk_of(request), line.row.id,
                              &(apl_ask){{page.has_place ? page.place.keys[0] : INT64_MAX, 0},
                                         page.limit,
                                         request->arena},
                              &history, err);
    if (rc)
        return rc;
    int64_t last = history.count ? history.lines[history.count - 1].seq : 0;
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (size_t i = 0; i < history.count; i++) {
        const apl_history_line *l = &history.lines[i];
        apl_json_object_begin(&reply.w);
        apl_json_member_i64(&reply.w, "seq", l->seq);
        apl_json_member_time(&reply.w, "at", l->at_us);
        apl_json_member_string(&reply.w, "kind", l->kind);
        api_user_ref(&reply.w, "actor", l->user_id, l->user_name);
        apl_json_member_string(&reply.w, "sentence", l->sentence);
        api_member_id(&reply.w, "post_id", l->post_id);
        apl_json_object_end(&reply.w);
    }
    api_list_end(&reply.w, api_page_next(request, &page, history.has_more, &last, 1));
    return api_reply_send(&reply, response, 200, err);
}
