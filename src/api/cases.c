/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: views with their counts, lists of cases. Tests: tests/e2e/test_api_cases.py */
#include "api/internal.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Counts are at most this old, so that many open pages cost one count a second. */
static const int64_t counts_keep_us = APL_US_PER_SECOND;

static apl_rc view_counts(const apl_http_request *request, apl_view_count out[APL_VIEW_COUNT],
                          apl_err *err)
{
    api_counts *kept = &api_of(request)->counts;
    int64_t user_id = apl_caller_user_id(&who_of(request)->caller);
    apl_time_us now = api_now(request);
    apl_mutex_lock(&kept->mutex);
    bool is_fresh = kept->taken_us && kept->user_id == user_id && now >= kept->taken_us &&
                    now - kept->taken_us < counts_keep_us;
    if (is_fresh)
        memcpy(out, kept->counts, sizeof kept->counts);
    apl_mutex_unlock(&kept->mutex);
    if (is_fresh)
        return APL_OK;
    apl_rc rc = apl_view_counts(desk_of(request), user_id, now, out, err);
    if (rc)
        return rc;
    apl_mutex_lock(&kept->mutex);
    kept->user_id = user_id;
    kept->taken_us = now;
    memcpy(kept->counts, out, sizeof kept->counts);
    apl_mutex_unlock(&kept->mutex);
    return APL_OK;
}

apl_rc api_views_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {NULL};
    apl_view_count counts[APL_VIEW_COUNT];
    api_reply reply;
    apl_rc rc = api_query_known(request, names, err);
    if (!rc)
        rc = view_counts(request, counts, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (int i = 0; i < APL_VIEW_COUNT; i++) {
        apl_json_object_begin(&reply.w);
        apl_json_member_str(&reply.w, "name", apl_view_name((apl_view)i));
        apl_json_member_i64(&reply.w, "count", counts[i].count);
        apl_json_member_bool(&reply.w, "is_capped", counts[i].is_capped);
        apl_json_object_end(&reply.w);
    }
    api_list_end(&reply.w, NULL);
    return api_reply_send(&reply, response, 200, err);
}

/* ---- lists ---- */

typedef struct case_query {
    apl_case_filter filter;
    size_t limit;
    apl_place place;
    bool has_place;
} case_query;

static apl_rc bad_word(const char *name, apl_span word, const char *fix, apl_err *err)
{
    apl_err_set(err, APL_E_USAGE, "\"%.*s\" is no %s", APL_SPAN_ARGS(apl_utf8_cut(word, 60)), name);
    apl_err_where(err, "query parameter %s", name);
    apl_err_fix(err, "use one of: %s", fix);
    return APL_E_USAGE;
}

static apl_rc read_words(const apl_http_request *request, case_query *q, apl_err *err)
{
    apl_span view, sort;
    apl_rc rc = api_query_text(request, "view", 64, &view, err);
    if (!rc)
        rc = api_query_text(request, "sort", 64, &sort, err);
    if (rc)
        return rc;
    if (view.ptr && !apl_view_parse(view, &q->filter.view))
        return bad_word(
            "view", view,
            "needs_answer, mine, unassigned, breached, due_soon, pending, on_hold, solved, all",
            err);
    if (sort.ptr && !apl_case_sort_parse(sort, &q->filter.sort))
        return bad_word("sort", sort, "due, newest, urgency", err);
    return APL_OK;
}

/* What a cursor is bound to: everything but where the page begins and how long it is. */
static uint64_t query_mark(const apl_http_request *request, const apl_case_filter *filter)
{
    char numbers[64];
    int len = snprintf(numbers, sizeof numbers, "%d %d %lld", filter->view, filter->sort,
                       (long long)filter->channel_id);
    uint64_t mark = apl_place_query(0, (apl_span){numbers, (size_t)len});
    mark = apl_place_query(mark, filter->company);
    mark = apl_place_query(mark, filter->intent);
    mark = apl_place_query(mark, filter->search);
    (void)request;
    return mark;
}

static apl_rc read_query(const apl_http_request *request, case_query *q, apl_err *err)
{
    static const char *const names[] = {"view",   "q",      "sort",  "channel", "company",
                                        "intent", "cursor", "limit", NULL};
    apl_rc rc = api_query_known(request, names, err);
    *q = (case_query){.filter = {.now = api_now(request),
                                 .user_id = apl_caller_user_id(&who_of(request)->caller)}};
    if (!rc)
        rc = read_words(request, q, err);
    if (!rc)
        rc = api_query_text(request, "q", 1024, &q->filter.search, err);
    if (!rc)
        rc = api_query_text(request, "company", 1024, &q->filter.company, err);
    if (!rc)
        rc = api_query_text(request, "intent", 64, &q->filter.intent, err);
    if (!rc)
        rc = api_query_id(request, "channel", &q->filter.channel_id, err);
    if (!rc)
        rc = api_query_limit(request, &q->limit, err);
    q->filter.search = apl_span_trim(q->filter.search);
    q->place = (apl_place){.list = "cases", .query = query_mark(request, &q->filter)};
    return rc ? rc : api_query_place(request, &q->place, &q->has_place, err);
}

static bool is_plain_view(const case_query *q)
{
    const apl_case_filter *filter = &q->filter;
    return !filter->search.len && !filter->company.len && !filter->intent.len &&
           !filter->channel_id;
}

/* Of a whole view the counts know; of a filtered list only what this page shows is sure. */
static apl_rc estimate(const apl_http_request *request, const case_query *q,
                       const apl_case_page *page, apl_view_count *out, apl_err *err)
{
    apl_view_count counts[APL_VIEW_COUNT];
    *out = (apl_view_count){(int64_t)page->count, page->has_more || q->has_place};
    if (!is_plain_view(q) || (!page->has_more && !q->has_place))
        return APL_OK;
    apl_rc rc = view_counts(request, counts, err);
    if (!rc)
        *out = counts[q->filter.view];
    return rc;
}

apl_rc api_cases_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    case_query q;
    apl_case_page page;
    apl_view_count total;
    api_reply reply;
    char *next = NULL;
    apl_rc rc = read_query(request, &q, err);
    apl_case_place after = {q.place.keys[0], q.place.keys[1], q.place.keys[2]};
    q.filter.after = q.has_place ? &after : NULL;
    q.filter.limit = q.limit;
    if (!rc)
        rc = apl_case_list(desk_of(request), &q.filter, request->arena, &page, err);
    if (!rc)
        rc = estimate(request, &q, &page, &total, err);
    if (rc)
        return rc;
    if (page.has_more) {
        q.place.keys[0] = page.next.part;
        q.place.keys[1] = page.next.key;
        q.place.keys[2] = page.next.id;
        q.place.text = APL_SPAN_NONE;
        next = apl_place_format(&q.place, request->arena);
        if (!next)
            return apl_err_nomem(err);
    }
    api_reply_begin(&reply);
    apl_json_writer *w = &reply.w;
    apl_json_object_begin(w);
    apl_json_key(w, "items");
    apl_json_array_begin(w);
    for (size_t i = 0; i < page.count; i++)
        if (page.lines[i].row.id)
            api_case_line(w, &page.lines[i], q.filter.now);
    apl_json_array_end(w);
    api_member_text(w, "next_cursor", apl_span_of(next));
    apl_json_key(w, "total_estimate");
    apl_json_object_begin(w);
    apl_json_member_i64(w, "count", total.count);
    apl_json_member_bool(w, "is_capped", total.is_capped);
    apl_json_object_end(w);
    apl_json_object_end(w);
    return api_reply_send(&reply, response, 200, err);
}
