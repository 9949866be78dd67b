/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of cases: one walk per queue along its index, merged; see query.h. Only keys and what filters ask are read on the
 * walk, whole cases for the page that is shown. Tests: tests/e2e/test_api_cases.py
 */
#include "desk/query.h"

#include "desk/query_line.h"
#include "desk/refold.h"

#include <string.h>

enum { QUEUES = 5, CHUNK_FILTERED = 400 };

static const char *const view_names[APL_VIEW_COUNT] = {"needs_answer", "mine",     "unassigned",
                                                       "breached",     "due_soon", "pending",
                                                       "on_hold",      "solved",   "all"};
static const char *const sort_names[APL_SORT_COUNT] = {"due", "newest", "urgency"};

#define QUEUE_BIT(queue) (1U << (unsigned)(queue))
#define UNSOLVED                                                                                   \
    (QUEUE_BIT(APL_QUEUE_ANSWER) | QUEUE_BIT(APL_QUEUE_OPEN) | QUEUE_BIT(APL_QUEUE_PENDING) |      \
     QUEUE_BIT(APL_QUEUE_ON_HOLD))
static const unsigned view_queues[APL_VIEW_COUNT] = {
    QUEUE_BIT(APL_QUEUE_ANSWER),
    UNSOLVED,
    UNSOLVED,
    UNSOLVED,
    UNSOLVED,
    QUEUE_BIT(APL_QUEUE_PENDING),
    QUEUE_BIT(APL_QUEUE_ON_HOLD),
    QUEUE_BIT(APL_QUEUE_DONE),
    UNSOLVED | QUEUE_BIT(APL_QUEUE_DONE),
};

const char *apl_view_name(apl_view view)
{
    return (unsigned)view < APL_VIEW_COUNT ? view_names[view] : NULL;
}

bool apl_view_parse(apl_span name, apl_view *out_view)
{
    for (int i = 0; i < APL_VIEW_COUNT; i++) {
        if (apl_span_is(name, view_names[i])) {
            *out_view = (apl_view)i;
            return true;
        }
    }
    return false;
}

const char *apl_case_sort_name(apl_case_sort sort)
{
    return (unsigned)sort < APL_SORT_COUNT ? sort_names[sort] : NULL;
}

bool apl_case_sort_parse(apl_span name, apl_case_sort *out_sort)
{
    for (int i = 0; i < APL_SORT_COUNT; i++) {
        if (apl_span_is(name, sort_names[i])) {
            *out_sort = (apl_case_sort)i;
            return true;
        }
    }
    return false;
}

/* ---- the walk ---- */

/* One row on the walk. */
typedef struct step {
    int64_t id, key;
    int64_t due_us, assignee_id, channel_id;
    bool is_wanted; /* by company and intent */
} step;

typedef struct source {
    int64_t queue;
    step *steps;
    size_t count, at;
    bool is_done; /* nothing after steps[count - 1] */
} source;

typedef struct walk {
    apl_desk *desk;
    const apl_case_filter *filter;
    apl_case_place place; /* everything up to here was looked at */
    source sources[QUEUES];
    size_t chunk;
    size_t looked_at;
} walk;

/* Column order: id, key, due, assignee, channel, company, intent. Parameters: workspace, queue, key, id, limit, user. */
#define STEP_COLUMNS                                                                               \
    ", next_due_us, assignee_id, channel_id, company, intent FROM desk_case WHERE workspace_id = " \
    "$1"
static const char due_sql[] =
    "SELECT id, next_due_us" STEP_COLUMNS " AND queue = $2 AND (next_due_us, id) > ($3, $4)"
    " AND next_due_us < 9223372036854775807 ORDER BY next_due_us, id LIMIT $5";
static const char mine_sql[] =
    "SELECT id, next_due_us" STEP_COLUMNS " AND assignee_id = $6 AND assignee_id > 0 AND queue = $2"
    " AND (next_due_us, id) > ($3, $4) AND next_due_us < 9223372036854775807"
    " ORDER BY next_due_us, id LIMIT $5";
static const char rest_sql[] =
    "SELECT id, id" STEP_COLUMNS
    " AND queue = $2 AND next_due_us = 9223372036854775807 AND id < $3 AND id <= $4"
    " ORDER BY id DESC LIMIT $5";
static const char mine_rest_sql[] =
    "SELECT id, id" STEP_COLUMNS " AND assignee_id = $6 AND assignee_id > 0 AND queue = $2"
    " AND next_due_us = 9223372036854775807 AND id < $3 AND id <= $4"
    " ORDER BY id DESC LIMIT $5";
static const char newest_sql[] = "SELECT id, last_post_us" STEP_COLUMNS
                                 " AND queue = $2 AND (last_post_us, id) < ($3, $4)"
                                 " ORDER BY last_post_us DESC, id DESC LIMIT $5";
static const char urgency_sql[] = "SELECT id, urgency" STEP_COLUMNS
                                  " AND queue = $2 AND (urgency, id) < ($3, $4)"
                                  " ORDER BY urgency DESC, id DESC LIMIT $5";

static bool is_mine_walk(const walk *w)
{
    return w->filter->view == APL_VIEW_MINE && w->place.part <= 1;
}

static const char *sql_of(const walk *w)
{
    bool is_mine = is_mine_walk(w);
    switch (w->place.part) {
    case 0:
        return is_mine ? mine_sql : due_sql;
    case 1:
        return is_mine ? mine_rest_sql : rest_sql;
    case 2:
        return newest_sql;
    default:
        return urgency_sql;
    }
}

static bool is_ascending(const walk *w)
{
    return w->place.part == 0;
}

static bool goes_before(const walk *w, const step *a, const step *b)
{
    bool is_less = a->key < b->key || (a->key == b->key && a->id < b->id);
    return is_ascending(w) ? is_less : !is_less;
}

static bool word_passes(apl_span wanted, apl_span found)
{
    return !wanted.len || apl_span_equal(wanted, found);
}

static apl_rc fill(walk *w, source *s, apl_err *err)
{
    const apl_case_filter *filter = w->filter;
    apl_cursor *cursor = NULL;
    /* From where this queue was read to, else from where the page begins. */
    int64_t key = s->count ? s->steps[s->count - 1].key : w->place.key;
    int64_t id = s->count ? s->steps[s->count - 1].id : w->place.id;
    s->count = s->at = 0;
    const apl_val vals[] = {APL_I64(w->desk->workspace_id),
                            APL_I64(s->queue),
                            APL_I64(key),
                            APL_I64(id),
                            APL_I64(w->chunk),
                            APL_I64(filter->user_id)};
    apl_rc rc =
        apl_conn_query(w->desk->conn, sql_of(w), vals, is_mine_walk(w) ? 6 : 5, &cursor, err);
    bool has_row = true;
    while (!rc && has_row && s->count < w->chunk) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        s->steps[s->count++] = (step){
            .id = apl_cursor_i64(cursor, 0),
            .key = apl_cursor_i64(cursor, 1),
            .due_us = apl_cursor_i64(cursor, 2),
            .assignee_id = apl_cursor_i64(cursor, 3),
            .channel_id = apl_cursor_i64(cursor, 4),
            .is_wanted = word_passes(filter->company, apl_cursor_span(cursor, 5)) &&
                         word_passes(filter->intent, apl_cursor_span(cursor, 6)),
        };
    }
    apl_cursor_close(cursor);
    s->is_done = s->count < w->chunk;
    return rc;
}

/* The next row of all queues; NULL at the end. */
static apl_rc next_step(walk *w, step *out_step, bool *out_has, apl_err *err)
{
    source *best = NULL;
    for (size_t i = 0; i < QUEUES; i++) {
        source *s = &w->sources[i];
        if (!s->steps)
            continue;
        if (s->at == s->count && !s->is_done) {
            apl_rc rc = fill(w, s, err);
            if (rc)
                return rc;
        }
        if (s->at < s->count && (!best || goes_before(w, &s->steps[s->at], &best->steps[best->at])))
            best = s;
    }
    *out_has = best != NULL;
    if (best)
        *out_step = best->steps[best->at++];
    return APL_OK;
}

static apl_rc is_warned(walk *w, const step *row, bool *out_is, apl_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM clock WHERE workspace_id = $1 AND case_id = $2 AND due_us = $3"
        " AND warn_us <= $4 AND stopped_us = 9223372036854775807";
    int64_t count = 0;
    apl_rc rc = apl_conn_number(w->desk->conn, sql,
                                APL_VALS(APL_I64(w->desk->workspace_id), APL_I64(row->id),
                                         APL_I64(row->due_us), APL_I64(w->filter->now)),
                                &count, err);
    *out_is = count > 0;
    return rc;
}

static apl_rc passes(walk *w, const step *row, bool *out_passes, apl_err *err)
{
    const apl_case_filter *filter = w->filter;
    bool is_good = row->is_wanted && (!filter->channel_id || row->channel_id == filter->channel_id);
    switch (filter->view) {
    case APL_VIEW_MINE:
        is_good = is_good && filter->user_id && row->assignee_id == filter->user_id;
        break;
    case APL_VIEW_UNASSIGNED:
        is_good = is_good && !row->assignee_id;
        break;
    case APL_VIEW_BREACHED:
        is_good = is_good && row->due_us <= filter->now;
        break;
    case APL_VIEW_DUE_SOON:
        is_good = is_good && row->due_us > filter->now && row->due_us != APL_TIME_NONE;
        if (is_good)
            return is_warned(w, row, out_passes, err);
        break;
    default:
        break;
    }
    *out_passes = is_good;
    return APL_OK;
}

static bool is_filtered(const apl_case_filter *filter)
{
    return filter->channel_id || filter->company.len || filter->intent.len ||
           filter->view == APL_VIEW_UNASSIGNED || filter->view == APL_VIEW_DUE_SOON ||
           (filter->sort != APL_SORT_DUE &&
            (filter->view == APL_VIEW_MINE || filter->view == APL_VIEW_BREACHED));
}

static apl_case_place first_place(apl_case_sort sort)
{
    switch (sort) {
    case APL_SORT_NEWEST:
        return (apl_case_place){2, INT64_MAX, INT64_MAX};
    case APL_SORT_URGENCY:
        return (apl_case_place){3, INT64_MAX, INT64_MAX};
    default:
        return (apl_case_place){0, INT64_MIN, INT64_MIN};
    }
}

static bool fits_sort(const apl_case_place *place, apl_case_sort sort)
{
    return place->part == first_place(sort).part || (sort == APL_SORT_DUE && place->part == 1);
}

static apl_rc walk_begin(walk *w, apl_arena *arena, apl_err *err)
{
    for (unsigned queue = 0; queue < QUEUES; queue++) {
        source *s = &w->sources[queue];
        bool is_walked = view_queues[w->filter->view] & QUEUE_BIT(queue);
        s->queue = queue;
        s->count = s->at = 0;
        s->is_done = false;
        if (is_walked && !s->steps)
            s->steps = apl_arena_alloc(arena, w->chunk, sizeof *s->steps);
        if (is_walked && !s->steps)
            return apl_err_nomem(err);
    }
    return APL_OK;
}

/* Due views end where due times end; the others go on with what has no running clock. */
static bool goes_on_without_clock(const walk *w)
{
    return w->place.part == 0 && w->filter->view != APL_VIEW_BREACHED &&
           w->filter->view != APL_VIEW_DUE_SOON;
}

static bool is_past_the_end(const walk *w, const step *row)
{
    return w->place.part == 0 && w->filter->view == APL_VIEW_BREACHED &&
           row->due_us > w->filter->now;
}

/* Collects ids until there are limit, the end, or enough was looked at. */
static apl_rc collect(walk *w, int64_t *ids, size_t limit, size_t *count, bool *out_more,
                      apl_err *err)
{
    *out_more = true;
    while (w->looked_at < APL_SCAN_MAX) {
        step row;
        bool has = false, is_good = false;
        apl_rc rc = next_step(w, &row, &has, err);
        if (rc)
            return rc;
        if (!has || is_past_the_end(w, &row)) {
            *out_more = false;
            return APL_OK;
        }
        w->looked_at++;
        rc = passes(w, &row, &is_good, err);
        if (rc)
            return rc;
        if (is_good && *count == limit)
            return APL_OK;
        if (is_good)
            ids[(*count)++] = row.id;
        w->place.key = row.key;
        w->place.id = row.id;
    }
    return APL_OK;
}

apl_rc apl_case_list(apl_desk *desk, const apl_case_filter *filter, apl_arena *arena,
                     apl_case_page *out_page, apl_err *err)
{
    const apl_case_place *after = filter->after;
    size_t limit = filter->limit;
    if (filter->search.len)
        return apl_case_search(desk, filter, arena, out_page, err);
    walk w = {
        .desk = desk, .filter = filter, .chunk = is_filtered(filter) ? CHUNK_FILTERED : limit + 1};
    apl_case_page page = {0};
    w.place = after ? *after : first_place(filter->sort);
    /* What is not overdue need not be walked through to find what is about to be. */
    if (!after && filter->view == APL_VIEW_DUE_SOON && filter->sort == APL_SORT_DUE)
        w.place = (apl_case_place){0, filter->now, INT64_MAX};
    if (!fits_sort(&w.place, filter->sort))
        return apl_err_set(err, APL_E_INVALID, "this cursor belongs to another list");
    int64_t *ids = apl_arena_alloc(arena, limit, sizeof *ids);
    if (!ids)
        return apl_err_nomem(err);
    apl_rc rc = walk_begin(&w, arena, err);
    if (!rc)
        rc = collect(&w, ids, limit, &page.count, &page.has_more, err);
    if (!rc && !page.has_more && goes_on_without_clock(&w)) {
        w.place = (apl_case_place){1, INT64_MAX, INT64_MAX};
        rc = walk_begin(&w, arena, err);
        if (!rc)
            rc = collect(&w, ids, limit, &page.count, &page.has_more, err);
    }
    page.next = w.place;
    page.lines = apl_arena_alloc(arena, page.count, sizeof *page.lines);
    if (!rc && !page.lines && page.count)
        rc = apl_err_nomem(err);
    if (!rc)
        rc = apl_case_lines_fill(desk, ids, page.count, arena, page.lines, err);
    if (!rc)
        *out_page = page;
    return rc;
}

/* ---- counts ---- */

typedef struct count_job {
    apl_desk *desk;
    int64_t user_id;
    apl_time_us now;
} count_job;

/* extra: fourth parameter, when the statement has one. */
typedef struct count_sql {
    const char *sql;
    bool has_extra;
    int64_t extra;
} count_sql;

static const char queue_count_sql[] = "SELECT count(*) FROM (SELECT 1 AS one FROM desk_case WHERE "
                                      "workspace_id = $1 AND queue = $2 LIMIT $3) AS capped";
static const char mine_count_sql[] = "SELECT count(*) FROM (SELECT 1 AS one FROM desk_case WHERE "
                                     "workspace_id = $1 AND assignee_id = $4"
                                     " AND assignee_id > 0 AND queue = $2 LIMIT $3) AS capped";
static const char breached_count_sql[] =
    "SELECT count(*) FROM (SELECT 1 AS one FROM desk_case WHERE workspace_id = $1 AND queue = $2"
    " AND next_due_us <= $4 LIMIT $3) AS capped";

static apl_rc add_counts(const count_job *job, const count_sql *what, unsigned queues,
                         apl_view_count *out, apl_err *err)
{
    int64_t sum = 0;
    apl_rc rc = APL_OK;
    for (unsigned queue = 0; queue < QUEUES && !rc; queue++) {
        int64_t count = 0;
        if (!(queues & QUEUE_BIT(queue)))
            continue;
        const apl_val vals[] = {APL_I64(job->desk->workspace_id), APL_I64(queue),
                                APL_I64(APL_VIEW_COUNT_MAX + 1), APL_I64(what->extra)};
        rc =
            apl_conn_number(job->desk->conn, what->sql, vals, what->has_extra ? 4 : 3, &count, err);
        sum += count;
    }
    out->is_capped = sum > APL_VIEW_COUNT_MAX;
    out->count = out->is_capped ? APL_VIEW_COUNT_MAX : sum;
    return rc;
}

/* What only a look at the rows can tell is counted by the walk of the list, which stops at its own bound. */
static apl_rc count_by_walk(const count_job *job, apl_view view, apl_view_count *out, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    apl_case_filter filter = {.view = view, .user_id = job->user_id, .now = job->now};
    walk w = {.desk = job->desk, .filter = &filter, .chunk = CHUNK_FILTERED};
    int64_t ids[APL_VIEW_COUNT_MAX];
    size_t count = 0;
    bool has_more = false;
    apl_arena_init(&arena, 4 * 1024 * 1024);
    w.place = first_place(APL_SORT_DUE);
    if (view == APL_VIEW_DUE_SOON)
        w.place = (apl_case_place){0, job->now, INT64_MAX};
    apl_rc rc = walk_begin(&w, &arena, err);
    if (!rc)
        rc = collect(&w, ids, APL_VIEW_COUNT_MAX, &count, &has_more, err);
    if (!rc && !has_more && goes_on_without_clock(&w)) {
        w.place = (apl_case_place){1, INT64_MAX, INT64_MAX};
        rc = walk_begin(&w, &arena, err);
        if (!rc)
            rc = collect(&w, ids, APL_VIEW_COUNT_MAX, &count, &has_more, err);
    }
    *out = (apl_view_count){(int64_t)count, has_more};
    return rc;
}

apl_rc apl_view_counts(apl_desk *desk, int64_t user_id, apl_time_us now,
                       apl_view_count out_counts[APL_VIEW_COUNT], apl_err *err)
{
    const count_job job = {desk, user_id, now};
    apl_view_count counts[APL_VIEW_COUNT] = {0};
    apl_rc rc = APL_OK;
    for (int view = 0; view < APL_VIEW_COUNT && !rc; view++) {
        switch ((apl_view)view) {
        case APL_VIEW_MINE:
            rc = add_counts(&job, &(count_sql){mine_count_sql, true, user_id}, view_queues[view],
                            &counts[view], err);
            break;
        case APL_VIEW_BREACHED:
            rc = add_counts(&job, &(count_sql){breached_count_sql, true, now}, view_queues[view],
                            &counts[view], err);
            break;
        case APL_VIEW_UNASSIGNED:
        case APL_VIEW_DUE_SOON:
            rc = count_by_walk(&job, (apl_view)view, &counts[view], err);
            break;
        default:
            rc = add_counts(&job, &(count_sql){queue_count_sql, false, 0}, view_queues[view],
                            &counts[view], err);
            break;
        }
    }
    if (!rc)
        memcpy(out_counts, counts, sizeof counts);
    return rc;
}

bool apl_case_line_passes(const apl_case_filter *filter, const apl_case_line *line)
{
    const apl_case_row *row = &line->row;
    bool is_good = row->queue < QUEUES && (view_queues[filter->view] & QUEUE_BIT(row->queue)) &&
                   (!filter->channel_id || row->channel_id == filter->channel_id) &&
                   word_passes(filter->company, row->company) &&
                   word_passes(filter->intent, row->intent);
    if (!is_good)
        return false;
    switch (filter->view) {
    case APL_VIEW_MINE:
        return filter->user_id && row->assignee_id == filter->user_id;
    case APL_VIEW_UNASSIGNED:
        return !row->assignee_id;
    case APL_VIEW_BREACHED:
        return row->next_due_us <= filter->now;
    case APL_VIEW_DUE_SOON:
        return row->next_due_us > filter->now && line->clock_warn_us <= filter->now;
    default:
        return true;
    }
}
