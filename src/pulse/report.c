/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report; see report.h. One pass over the cases in key order keeps a few numbers of each; percentiles come from
 * sorting those. Tests: tests/e2e/test_report.py (against an independent script)
 */
#include "pulse/report.h"

#include "model/clock.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 5000, CASES_MAX = 20 * 1000 * 1000 };

/* What is kept of a case. */
typedef struct sample {
    int64_t response_us; /* -1 = unanswered */
    int64_t customer_posts;
    int32_t company, channel; /* index of the group */
    bool is_within, is_same_day, is_complaint;
} sample;

typedef struct group_list {
    apl_report_group *items;
    size_t count, cap;
} group_list;

typedef struct work {
    apl_desk *desk;
    apl_arena *arena;
    apl_report *report;
    const apl_clock_rule *rule;
    const apl_calendar *calendar;
    sample *samples;
    size_t count, cap;
    group_list companies, channels;
} work;

static const char page_sql[] = "SELECT id, channel_id, company, opened_us, first_reply_us, intent, "
                               "urgency, priority, clock_policy,"
                               " post_count - reply_count FROM desk_case WHERE workspace_id = $1 "
                               "AND id > $2 AND queue < 9 AND opened_us >= $3"
                               " AND opened_us < $4 ORDER BY id LIMIT $5";

static apl_rc find_group(work *w, group_list *list, apl_span key, int64_t channel_id,
                         int32_t *out_index, apl_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].channel_id == channel_id &&
            apl_span_equal_nocase(list->items[i].key, key)) {
            *out_index = (int32_t)i;
            return APL_OK;
        }
    }
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 32;
        apl_report_group *items = apl_arena_alloc(w->arena, cap, sizeof *items);
        if (!items)
            return apl_err_nomem(err);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    apl_report_group *group = &list->items[list->count];
    *group = (apl_report_group){.channel_id = channel_id};
    *out_index = (int32_t)list->count++;
    return apl_arena_copy(w->arena, key, &group->key, err);
}

static bool is_same_day(const work *w, apl_time_us a, apl_time_us b)
{
    return apl_zone_day_of(w->calendar->zone, a) == apl_zone_day_of(w->calendar->zone, b);
}

/* Most pressing first: priority, urgency, the unanswered before the late, the oldest. */
typedef struct rank {
    int64_t priority, urgency, is_unanswered, opened_us, case_id;
} rank;

static bool goes_before(const rank *a, const rank *b)
{
    if (a->is_unanswered != b->is_unanswered)
        return a->is_unanswered > b->is_unanswered;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (a->urgency != b->urgency)
        return a->urgency > b->urgency;
    if (a->opened_us != b->opened_us)
        return a->opened_us < b->opened_us;
    return a->case_id < b->case_id;
}

static void keep_top(rank *ranks, size_t *count, const rank *new_rank)
{
    size_t at = *count;
    while (at > 0 && goes_before(new_rank, &ranks[at - 1]))
        at--;
    if (at == APL_REPORT_TOP_MAX)
        return;
    size_t last = *count < APL_REPORT_TOP_MAX ? (*count)++ : APL_REPORT_TOP_MAX - 1;
    memmove(&ranks[at + 1], &ranks[at], (last - at) * sizeof *ranks);
    ranks[at] = *new_rank;
}

static apl_rc add_sample(work *w, const sample *s, apl_err *err)
{
    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 4096;
        sample *grown = cap > CASES_MAX ? NULL : apl_mem_realloc(w->samples, cap * sizeof *grown);
        if (!grown)
            return apl_err_nomem(err);
        w->samples = grown;
        w->cap = cap;
    }
    w->samples[w->count++] = *s;
    return APL_OK;
}

static apl_rc take_case(work *w, apl_cursor *c, rank *ranks, size_t *rank_count, apl_err *err)
{
    apl_time_us opened = apl_cursor_i64(c, 3), reply = apl_cursor_i64(c, 4);
    bool answered = reply != APL_TIME_NONE;
    sample s = {
        .response_us = answered ? reply - opened : -1,
        .customer_posts = apl_cursor_i64(c, 9),
        .is_complaint = apl_span_is(apl_cursor_span(c, 5), "complaint"),
        .is_same_day = answered && is_same_day(w, opened, reply),
        .is_within = answered && w->rule &&
                     reply <= apl_clock_due(w->rule, w->calendar, opened, NULL, NULL),
    };
    apl_rc rc = find_group(w, &w->companies, apl_cursor_span(c, 2), 0, &s.company, err);
    if (!rc)
        rc = find_group(w, &w->channels, APL_SPAN_NONE, apl_cursor_i64(c, 1), &s.channel, err);
    if (!rc)
        rc = add_sample(w, &s, err);
    bool needs_answer = apl_cursor_span(c, 8).len > 0;
    rank r = {apl_cursor_i64(c, 7), apl_cursor_i64(c, 6), !answered, opened, apl_cursor_i64(c, 0)};
    if (!rc && needs_answer && !s.is_within)
        keep_top(ranks, rank_count, &r);
    return rc;
}

static apl_rc read_page(work *w, int64_t *inout_after, size_t *out_rows, rank *ranks,
                        size_t *rank_count, apl_err *err)
{
    apl_cursor *cursor = NULL;
    apl_time_us since = w->report->since_us == APL_TIME_NONE ? INT64_MIN : w->report->since_us;
    *out_rows = 0;
    apl_rc rc =
        apl_conn_query(w->desk->conn, page_sql,
                       APL_VALS(APL_I64(w->desk->workspace_id), APL_I64(*inout_after),
                                APL_I64(since), APL_I64(w->report->until_us), APL_I64(PAGE_ROWS)),
                       &cursor, err);
    for (bool has_row = true; !rc && has_row;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        *inout_after = apl_cursor_i64(cursor, 0);
        ++*out_rows;
        rc = take_case(w, cursor, ranks, rank_count, err);
    }
    apl_cursor_close(cursor);
    return rc;
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void add_figures(apl_figures *f, const sample *s)
{
    f->conversations++;
    f->customer_posts += s->customer_posts;
    f->answered += s->response_us >= 0;
    f->within_limit += s->is_within;
    f->same_day += s->is_same_day;
    f->complaints += s->is_complaint;
    f->unanswered_complaints += s->is_complaint && s->response_us < 0;
}

static void fill_percentiles(apl_figures *f, int64_t *times, size_t count)
{
    f->median_us = f->p90_us = -1;
    if (!count)
        return;
    qsort(times, count, sizeof *times, compare_i64);
    f->median_us = count % 2 ? times[count / 2] : (times[count / 2 - 1] + times[count / 2]) / 2;
    f->p90_us = times[(count * 9 + 9) / 10 - 1];
}

/* which: 0 all, 1 by company, 2 by channel. times has room for all samples. */
static void percentiles_of(const work *w, int which, int32_t index, int64_t *times, apl_figures *f)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        const sample *s = &w->samples[i];
        bool belongs = which == 0 || (which == 1 ? s->company : s->channel) == index;
        if (belongs && s->response_us >= 0)
            times[count++] = s->response_us;
    }
    fill_percentiles(f, times, count);
}

static int compare_groups(const void *a, const void *b)
{
    const apl_report_group *x = a, *y = b;
    if (x->figures.conversations != y->figures.conversations)
        return x->figures.conversations > y->figures.conversations ? -1 : 1;
    int order = apl_span_compare(x->key, y->key);
    return order ? order : (x->channel_id > y->channel_id) - (x->channel_id < y->channel_id);
}

static apl_rc sum_up(work *w, apl_err *err)
{
    int64_t *times = apl_mem_alloc((w->count + 1) * sizeof *times);
    if (!times)
        return apl_err_nomem(err);
    for (size_t i = 0; i < w->count; i++) {
        const sample *s = &w->samples[i];
        add_figures(&w->report->figures, s);
        add_figures(&w->companies.items[s->company].figures, s);
        add_figures(&w->channels.items[s->channel].figures, s);
    }
    percentiles_of(w, 0, 0, times, &w->report->figures);
    for (size_t i = 0; i < w->companies.count; i++)
        percentiles_of(w, 1, (int32_t)i, times, &w->companies.items[i].figures);
    for (size_t i = 0; i < w->channels.count; i++)
        percentiles_of(w, 2, (int32_t)i, times, &w->channels.items[i].figures);
    apl_mem_free(times);
    return APL_OK;
}

static size_t finish_groups(group_list *list, apl_report_group **out_items)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_groups);
    *out_items = list->items;
    return list->count < APL_REPORT_GROUPS_MAX ? list->count : APL_REPORT_GROUPS_MAX;
}

static apl_rc name_channels(work *w, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < w->channels.count && !rc; i++) {
        apl_channel_row row;
        bool found = false;
        int64_t keys[] = {w->desk->workspace_id, w->channels.items[i].channel_id};
        rc = apl_row_find(&(apl_reading){w->desk->conn, w->arena}, &apl_table_channel, keys, &row,
                          &found, err);
        if (!rc && found)
            w->channels.items[i].key = row.name;
    }
    return rc;
}

static apl_rc fill_top(work *w, const rank *ranks, size_t count, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        apl_case_row row;
        apl_author_row author = {.name = APL_SPAN("")};
        bool found = false;
        int64_t keys[] = {w->desk->workspace_id, ranks[i].case_id};
        rc = apl_row_find(&(apl_reading){w->desk->conn, w->arena}, &apl_table_case, keys, &row,
                          &found, err);
        if (rc || !found)
            continue;
        keys[1] = row.author_id;
        rc = apl_row_find(&(apl_reading){w->desk->conn, w->arena}, &apl_table_author, keys, &author,
                          &found, err);
        w->report->top[w->report->top_count++] = (apl_report_top){
            .case_id = row.id,
            .urgency = row.urgency,
            .posted_us = row.opened_us,
            .reply_us = row.first_reply_us,
            .author = author.name,
            .text = row.headline,
            .why = row.why,
            .company = row.company,
        };
    }
    return rc;
}

static apl_rc make(work *w, apl_err *err)
{
    rank ranks[APL_REPORT_TOP_MAX];
    size_t rank_count = 0, rows = PAGE_ROWS;
    apl_rc rc = APL_OK;
    for (int64_t after = 0; !rc && rows == PAGE_ROWS;)
        rc = read_page(w, &after, &rows, ranks, &rank_count, err);
    if (!rc)
        rc = sum_up(w, err);
    if (!rc)
        rc = name_channels(w, err);
    if (!rc)
        rc = fill_top(w, ranks, rank_count, err);
    w->report->company_count = finish_groups(&w->companies, &w->report->companies);
    w->report->channel_count = finish_groups(&w->channels, &w->report->channels);
    return rc;
}

apl_rc apl_report_make(apl_desk *desk, apl_time_us since_us, apl_time_us until_us, apl_arena *arena,
                       apl_report *out_report, apl_err *err)
{
    apl_policy_use *use = apl_policy_use_take(desk);
    apl_report report = {.since_us = since_us, .until_us = until_us};
    work w = {.desk = desk,
              .arena = arena,
              .report = &report,
              .calendar = use->policy->workspace.calendar};
    (void)apl_policy_response_rule(use, &w.rule, &w.calendar);
    apl_rc rc = apl_conn_begin(desk->conn, err);
    if (!rc) {
        rc = make(&w, err);
        apl_conn_rollback(desk->conn);
    }
    apl_mem_free(w.samples);
    apl_policy_use_drop(use);
    if (!rc)
        *out_report = report;
    return rc;
}

static void write_share(apl_json_writer *w, const char *name, int64_t part, int64_t whole)
{
    if (whole) {
        apl_json_member_double(w, name, (double)part / (double)whole);
        return;
    }
    apl_json_key(w, name);
    apl_json_null(w);
}

static void write_seconds(apl_json_writer *w, const char *name, int64_t us)
{
    if (us >= 0) {
        apl_json_member_double(w, name, (double)us / 1e6);
        return;
    }
    apl_json_key(w, name);
    apl_json_null(w);
}

static void write_figures(apl_json_writer *w, const apl_figures *f)
{
    apl_json_key(w, "figures");
    apl_json_object_begin(w);
    apl_json_member_i64(w, "customer_posts", f->customer_posts);
    apl_json_member_i64(w, "conversations", f->conversations);
    apl_json_member_i64(w, "answered", f->answered);
    write_share(w, "answered_share", f->answered, f->conversations);
    write_seconds(w, "first_response_median_s", f->median_us);
    write_seconds(w, "first_response_p90_s", f->p90_us);
    apl_json_member_i64(w, "within_limit", f->within_limit);
    write_share(w, "within_limit_share", f->within_limit, f->conversations);
    apl_json_member_i64(w, "same_day", f->same_day);
    write_share(w, "same_day_share", f->same_day, f->conversations);
    apl_json_member_i64(w, "complaints", f->complaints);
    apl_json_member_i64(w, "unanswered_complaints", f->unanswered_complaints);
    apl_json_object_end(w);
}

static void write_top(apl_json_writer *w, const apl_report *report)
{
    apl_json_key(w, "top");
    apl_json_array_begin(w);
    for (size_t i = 0; i < report->top_count; i++) {
        const apl_report_top *t = &report->top[i];
        apl_json_object_begin(w);
        apl_json_member_i64(w, "case_id", t->case_id);
        apl_json_member_string(w, "author", t->author);
        apl_json_member_string(w, "text", t->text);
        apl_json_member_time(w, "posted_at", t->posted_us);
        apl_json_member_string(w, "why", t->why);
        apl_json_member_i64(w, "urgency", (t->urgency + 5000) / 10000);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

static void write_groups(apl_json_writer *w, const char *name, const apl_report_group *groups,
                         size_t count)
{
    apl_json_key(w, name);
    apl_json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        apl_json_object_begin(w);
        apl_json_member_string(w, "key", groups[i].key);
        apl_json_key(w, "channel_id");
        if (groups[i].channel_id)
            apl_json_i64(w, groups[i].channel_id);
        else
            apl_json_null(w);
        write_figures(w, &groups[i].figures);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

void apl_report_write(const apl_report *report, const char *by, apl_json_writer *w)
{
    bool by_company = by && strcmp(by, "company") == 0,
         by_channel = by && strcmp(by, "channel") == 0;
    apl_json_object_begin(w);
    apl_json_member_time(w, "since", report->since_us);
    apl_json_member_time(w, "until", report->until_us);
    apl_json_member_str(w, "by", by);
    write_figures(w, &report->figures);
    write_top(w, report);
    write_groups(w, "groups", by_channel ? report->channels : report->companies,
                 by_channel   ? report->channel_count
                 : by_company ? report->company_count
                              : 0);
    apl_json_object_end(w);
}

void apl_report_write_all(const apl_report *report, apl_json_writer *w)
{
    apl_json_object_begin(w);
    apl_json_member_time(w, "since", report->since_us);
    apl_json_member_time(w, "until", report->until_us);
    write_figures(w, &report->figures);
    write_top(w, report);
    write_groups(w, "companies", report->companies, report->company_count);
    write_groups(w, "channels", report->channels, report->channel_count);
    apl_json_object_end(w);
}
