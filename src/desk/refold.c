/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a case's timeline, folds it (model/timeline.h), writes what changed. The label fields come from the most urgent
 * customer post, headline and "why" from the one that waits, else the latest. Tests: tests/unit/desk/test_intake.c
 */
#include "desk/refold.h"

#include "base/utf8.h"
#include "model/timeline.h"

#include <string.h>

enum { HEADLINE_MAX_BYTES = 280, REASON_MAX_BYTES = 1024, TAGS_MAX_BYTES = 1024 };

/* One post of the case with what its current version's assessment says. */
typedef struct member {
    int64_t id, is_own, posted_us, deleted_us;
    int64_t version_no, needs_answer, urgency, priority;
    apl_span remote_id, company, intent, sentiment, conduct, subject, risks, category, clock_policy,
        why, tags;
} member;

typedef struct timeline {
    member *members;
    size_t member_count, member_cap;
    apl_case_event *events;
    size_t event_count, event_cap;
} timeline;

static const char members_sql[] =
    "SELECT p.id, p.is_own, p.posted_us, p.deleted_us, p.version_no, coalesce(a.needs_answer, 0),"
    " coalesce(a.urgency, 0), coalesce(a.priority, 0), p.remote_id, p.company, coalesce(a.intent, "
    "''),"
    " coalesce(a.sentiment, ''), coalesce(a.conduct, ''), coalesce(a.subject, ''),"
    " coalesce(a.risks, ''), coalesce(a.category, ''), coalesce(a.clock_policy, ''),"
    " coalesce(a.why, ''), coalesce(a.tags, '') FROM post p LEFT JOIN assessment a"
    " ON a.workspace_id = p.workspace_id AND a.post_id = p.id AND a.version_no = p.version_no"
    " WHERE p.workspace_id = $1 AND p.case_id = $2 AND p.case_id > 0"
    " AND p.posted_us < 9223372036854775807 ORDER BY p.posted_us LIMIT 50000";
static const char steps_sql[] =
    "SELECT id, at_us, to_state FROM case_step WHERE workspace_id = $1 AND case_id = $2"
    " ORDER BY at_us, id LIMIT 50000";

enum { MEMBER_NUMBERS = 8, MEMBER_TEXTS = 11, FIRST_CAP = 16 };

static apl_rc read_member(apl_tx *tx, apl_cursor *c, member *m, apl_err *err)
{
    int64_t *numbers[MEMBER_NUMBERS] = {&m->id,         &m->is_own,     &m->posted_us,
                                        &m->deleted_us, &m->version_no, &m->needs_answer,
                                        &m->urgency,    &m->priority};
    apl_span *texts[MEMBER_TEXTS] = {&m->remote_id,    &m->company, &m->intent, &m->sentiment,
                                     &m->conduct,      &m->subject, &m->risks,  &m->category,
                                     &m->clock_policy, &m->why,     &m->tags};
    for (int i = 0; i < MEMBER_NUMBERS; i++)
        *numbers[i] = apl_cursor_i64(c, i);
    for (int i = 0; i < MEMBER_TEXTS; i++) {
        apl_span text = apl_cursor_span(c, MEMBER_NUMBERS + i);
        *texts[i] = APL_SPAN("");
        apl_rc rc = text.len ? apl_arena_copy(&tx->arena, text, texts[i], err) : APL_OK;
        if (rc)
            return rc;
    }
    return APL_OK;
}

/* Room for one more; what grew stays behind in the arena, which is cleared with the job. */
static apl_rc grow(apl_tx *tx, void **inout_list, size_t count, size_t *inout_cap, size_t size,
                   apl_err *err)
{
    if (count < *inout_cap)
        return APL_OK;
    size_t cap = *inout_cap ? *inout_cap * 2 : FIRST_CAP;
    void *bigger = apl_arena_alloc(&tx->arena, cap, size);
    if (!bigger)
        return apl_err_nomem(err);
    if (count)
        memcpy(bigger, *inout_list, count * size);
    *inout_list = bigger;
    *inout_cap = cap;
    return APL_OK;
}

/* Equal times by remote id, bytewise: no store's collation may decide. They come by time, so few places change. */
static void sort_members(member *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        member m = list[i];
        size_t at = i;
        while (at && list[at - 1].posted_us == m.posted_us &&
               apl_span_compare(list[at - 1].remote_id, m.remote_id) > 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = m;
    }
}

static apl_rc load_members(apl_tx *tx, int64_t case_id, timeline *t, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = true;
    void *list = NULL;
    apl_rc rc = apl_conn_query(tx->conn, members_sql,
                               APL_VALS(APL_I64(tx->workspace_id), APL_I64(case_id)), &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        rc = grow(tx, &list, t->member_count, &t->member_cap, sizeof *t->members, err);
        t->members = list;
        if (!rc)
            rc = read_member(tx, cursor, &t->members[t->member_count++], err);
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc load_steps(apl_tx *tx, int64_t case_id, timeline *t, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = true;
    void *list = t->events;
    apl_rc rc = apl_conn_query(tx->conn, steps_sql,
                               APL_VALS(APL_I64(tx->workspace_id), APL_I64(case_id)), &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        rc = grow(tx, &list, t->event_count, &t->event_cap, sizeof *t->events, err);
        t->events = list;
        if (!rc)
            t->events[t->event_count++] = (apl_case_event){
                .kind = APL_EVENT_STATE_CHANGE,
                .sequence = apl_cursor_i64(cursor, 0),
                .at_us = apl_cursor_i64(cursor, 1),
                .to_state = (apl_case_state)apl_cursor_i64(cursor, 2),
            };
    }
    apl_cursor_close(cursor);
    return rc;
}

/* Members come by time and remote id: their rank settles equal times alike, whatever the order of arrival. */
static void add_post_event(timeline *t, const member *m)
{
    size_t rank = t->event_count++;
    t->events[rank] = (apl_case_event){
        .kind = m->is_own ? APL_EVENT_OWN_REPLY : APL_EVENT_CUSTOMER_POST,
        .at_us = m->posted_us,
        .sequence = (int64_t)rank,
        .post_id = m->id,
        .needs_answer = m->needs_answer != 0,
        .is_deleted = m->deleted_us != APL_TIME_NONE,
        .deleted_us = m->deleted_us,
    };
}

static apl_rc load_timeline(apl_tx *tx, int64_t case_id, timeline *t, apl_err *err)
{
    *t = (timeline){.members = NULL};
    apl_rc rc = load_members(tx, case_id, t, err);
    if (rc)
        return rc;
    sort_members(t->members, t->member_count);
    t->event_cap = t->member_count + 1;
    t->events = apl_arena_alloc(&tx->arena, t->event_cap, sizeof *t->events);
    if (!t->events)
        return apl_err_nomem(err);
    for (size_t i = 0; i < t->member_count; i++)
        add_post_event(t, &t->members[i]);
    rc = load_steps(tx, case_id, t, err);
    apl_timeline_sort(t->events, t->event_count);
    return rc;
}

/* The post that decides labels, category and clock policy: the most urgent, the earliest of equals. */
static const member *worst_of(const timeline *t)
{
    const member *worst = NULL;
    for (size_t i = 0; i < t->member_count; i++) {
        const member *m = &t->members[i];
        if (m->is_own)
            continue;
        bool better = !worst ||
                      (worst->deleted_us != APL_TIME_NONE && m->deleted_us == APL_TIME_NONE) ||
                      (m->needs_answer > worst->needs_answer) ||
                      (m->needs_answer == worst->needs_answer && m->urgency > worst->urgency);
        if (better &&
            !(worst && m->deleted_us != APL_TIME_NONE && worst->deleted_us == APL_TIME_NONE))
            worst = m;
    }
    return worst;
}

static const member *member_with_id(const timeline *t, int64_t id)
{
    for (size_t i = 0; i < t->member_count; i++)
        if (t->members[i].id == id)
            return &t->members[i];
    return NULL;
}

static const member *last_customer(const timeline *t)
{
    for (size_t i = t->member_count; i > 0; i--)
        if (!t->members[i - 1].is_own)
            return &t->members[i - 1];
    return NULL;
}

static bool is_response(apl_clock_kind kind)
{
    return kind == APL_CLOCK_FIRST_RESPONSE || kind == APL_CLOCK_NEXT_RESPONSE;
}

/* The clock that people see: a response clock that runs, else whatever runs. */
static const apl_clock_run *next_clock(const apl_case_fold *fold)
{
    const apl_clock_run *best = NULL;
    for (size_t i = 0; i < fold->clock_count; i++) {
        const apl_clock_run *run = &fold->clocks[i];
        if (run->stop != APL_CLOCK_RUNNING || run->paused_since_us != APL_TIME_NONE)
            continue;
        if (!best || (is_response(run->kind) && !is_response(best->kind)) ||
            (is_response(run->kind) == is_response(best->kind) && run->due_us < best->due_us))
            best = run;
    }
    return best;
}

static apl_queue queue_of(const apl_case_fold *fold)
{
    /* What was taken for a customer's turned out to be our own: no case, until a customer comes. */
    if (!fold->customer_count && !fold->withdrawn_count)
        return APL_QUEUE_MERGED;
    switch (fold->state) {
    case APL_CASE_SOLVED:
    case APL_CASE_CLOSED:
        return APL_QUEUE_DONE;
    case APL_CASE_PENDING:
        return APL_QUEUE_PENDING;
    case APL_CASE_ON_HOLD:
        return APL_QUEUE_ON_HOLD;
    default:
        return fold->waiting_since_us != APL_TIME_NONE ? APL_QUEUE_ANSWER : APL_QUEUE_OPEN;
    }
}

static apl_time_us first_reply(const timeline *t, apl_time_us from)
{
    for (size_t i = 0; i < t->member_count; i++)
        if (t->members[i].is_own && t->members[i].posted_us >= from)
            return t->members[i].posted_us;
    return APL_TIME_NONE;
}

static bool has_tag(apl_span tags, apl_span tag)
{
    apl_span word;
    while (apl_span_split(&tags, ',', &word))
        if (apl_span_equal(word, tag))
            return true;
    return false;
}

/* Every tag that the rules gave to a post of the case, each once, until a person sets them. */
static apl_rc fill_tags(apl_tx *tx, apl_case_row *row, const timeline *t, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(TAGS_MAX_BYTES);
    apl_rc rc = APL_OK;
    if (row->pinned & 4)
        return APL_OK;
    for (size_t i = 0; i < t->member_count && !rc; i++) {
        apl_span rest = t->members[i].tags, tag;
        bool counts = !t->members[i].is_own && t->members[i].deleted_us == APL_TIME_NONE;
        while (counts && !rc && apl_span_split(&rest, ',', &tag)) {
            if (!tag.len || has_tag(apl_buf_view(&text), tag) ||
                text.len + tag.len + 1 > TAGS_MAX_BYTES)
                continue;
            rc = apl_buf_addf(&text, err, "%s%.*s", text.len ? "," : "", APL_SPAN_ARGS(tag));
        }
    }
    return rc ? rc : apl_arena_copy(&tx->arena, apl_buf_view(&text), &row->tags, err);
}

static void fill_labels(apl_case_row *row, const timeline *t, const member *worst)
{
    int64_t priority = 0;
    for (size_t i = 0; i < t->member_count; i++)
        if (t->members[i].priority > priority)
            priority = t->members[i].priority;
    if (!(row->pinned & 1))
        row->priority = priority;
    if (!worst)
        return;
    if (!(row->pinned & 2))
        row->category = worst->category;
    row->clock_policy = worst->clock_policy;
    row->intent = worst->intent;
    row->sentiment = worst->sentiment;
    row->conduct = worst->conduct;
    row->subject = worst->subject;
    row->risks = worst->risks;
    row->urgency = worst->urgency;
}

static void fill_case(apl_case_row *row, const timeline *t, const apl_case_fold *fold)
{
    const apl_clock_run *next = next_clock(fold);
    row->state = fold->state;
    row->queue = queue_of(fold);
    row->next_due_us = next ? next->due_us : APL_TIME_NONE;
    row->next_clock = next ? (int64_t)next->kind : -1;
    row->waiting_us = fold->waiting_since_us;
    row->opened_us = fold->first_customer_us;
    row->first_reply_us = first_reply(t, fold->first_customer_us);
    row->last_reply_us = fold->last_reply_us;
    row->last_post_us = t->member_count ? t->members[t->member_count - 1].posted_us
                                        : row->opened_us;
    row->post_count = (int64_t)t->member_count;
    row->reply_count = (int64_t)fold->reply_count;
}

static apl_rc post_text(apl_tx *tx, const member *m, apl_span *out_text, apl_err *err)
{
    static const char sql[] = "SELECT text, title FROM post_version WHERE workspace_id = $1"
                              " AND post_id = $2 AND version_no = $3";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    *out_text = APL_SPAN("");
    apl_rc rc = apl_conn_query(
        tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_I64(m->id), APL_I64(m->version_no)),
        &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row) {
        apl_span text = apl_cursor_span(cursor, 0);
        if (!text.len)
            text = apl_cursor_span(cursor, 1);
        rc = apl_arena_copy(&tx->arena, apl_utf8_cut(text, HEADLINE_MAX_BYTES), out_text, err);
    }
    apl_cursor_close(cursor);
    return rc;
}

/* The same clock by its numbers, which its sentence is made of. */
static bool same_sentence(const apl_clock_row *row, const apl_clock_run *run)
{
    return row->kind == (int64_t)run->kind && row->start_us == run->start_us &&
           row->due_us == run->due_us && row->paused_us == run->paused_us;
}

static apl_rc clock_reason(apl_tx *tx, const apl_clock_run *run, const apl_clock_row *old,
                           apl_span *out, apl_err *err)
{
    APL_AUTO(apl_buf) sentence = APL_BUF(REASON_MAX_BYTES);
    if (old && same_sentence(old, run)) {
        *out = old->reason;
        return APL_OK;
    }
    apl_rc rc = apl_clock_reason_format(&run->reason, &sentence, err);
    return rc ? rc : apl_arena_copy(&tx->arena, apl_buf_view(&sentence), out, err);
}

static apl_rc clock_row_of(apl_tx *tx, size_t ordinal, const apl_clock_run *run,
                           const apl_clock_row *old, apl_clock_row *out, apl_err *err)
{
    apl_span reason = APL_SPAN_NONE;
    apl_rc rc = clock_reason(tx, run, old, &reason, err);
    if (rc)
        return rc;
    bool breached = run->breached_us != APL_TIME_NONE && run->stop != APL_CLOCK_RUNNING;
    *out = (apl_clock_row){
        .workspace_id = tx->workspace_id,
        .ordinal = (int64_t)ordinal,
        .kind = run->kind,
        .start_us = run->start_us,
        .due_us = run->due_us,
        .warn_us = run->warn_us,
        .stopped_us = run->stopped_us,
        .stop = run->stop,
        .paused_us = run->paused_us,
        .paused_since_us = run->paused_since_us,
        .breach_us = breached ? run->breached_us : APL_TIME_NONE,
        .start_post_id = run->start_post_id,
        .stop_post_id = run->stop_post_id,
        .reason = reason,
    };
    return APL_OK;
}

static bool same_clock(const apl_clock_row *a, const apl_clock_row *b)
{
    return a->kind == b->kind && a->start_us == b->start_us && a->due_us == b->due_us &&
           a->warn_us == b->warn_us && a->stopped_us == b->stopped_us && a->stop == b->stop &&
           a->paused_us == b->paused_us && a->paused_since_us == b->paused_since_us &&
           a->start_post_id == b->start_post_id && a->stop_post_id == b->stop_post_id &&
           apl_span_equal(a->reason, b->reason);
}

/* A clock that the timeline no longer has stays as a row, so that the ledger's seals keep their row. */
static apl_clock_row void_clock(const apl_clock_row *old)
{
    apl_clock_row row = *old;
    row.stop = APL_CLOCK_STOP_COUNT;
    row.stopped_us = row.start_us;
    row.breach_us = APL_TIME_NONE;
    return row;
}

typedef struct clock_list {
    apl_clock_row *rows; /* ordinal = place */
    size_t count, cap;
} clock_list;

static apl_rc load_clocks(apl_tx *tx, int64_t case_id, clock_list *out, apl_err *err)
{
    static const char sql[] = "SELECT " APL_LIST(
        APL_CLOCK_COLUMNS) " FROM clock"
                           " WHERE workspace_id = $1 AND case_id = $2 ORDER BY ordinal";
    apl_cursor *cursor = NULL;
    bool has_row = true;
    void *list = NULL;
    *out = (clock_list){NULL, 0, 0};
    apl_rc rc = apl_conn_query(tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_I64(case_id)),
                               &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        rc = grow(tx, &list, out->count, &out->cap, sizeof *out->rows, err);
        out->rows = list;
        if (!rc)
            rc = apl_row_read(cursor, &apl_table_clock, 0, &tx->arena, &out->rows[out->count++],
                              err);
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc put_clock(apl_tx *tx, const apl_clock_row *row, const apl_clock_row *old,
                        apl_err *err)
{
    apl_clock_row next = *row;
    if (!old)
        return apl_tx_insert(tx, &apl_table_clock, row, NULL, err);
    if (same_clock(old, row))
        return APL_OK;
    /* A breach that was noted stays noted while the clock runs on to the same end. */
    if (next.stop == APL_CLOCK_RUNNING && old->due_us == next.due_us)
        next.breach_us = old->breach_us;
    return apl_tx_update(tx, &apl_table_clock, &next, err);
}

static apl_rc void_clocks_from(apl_tx *tx, const clock_list *clocks, size_t ordinal, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (; ordinal < clocks->count && !rc; ordinal++) {
        apl_clock_row row = void_clock(&clocks->rows[ordinal]);
        if (clocks->rows[ordinal].stop != APL_CLOCK_STOP_COUNT)
            rc = apl_tx_update(tx, &apl_table_clock, &row, err);
    }
    return rc;
}

/* may_keep: clocks of the same policy under the same name were folded before, so that sentences can be kept. */
static apl_rc put_clocks(apl_tx *tx, const apl_case_row *of, const apl_case_fold *fold,
                         bool may_keep, apl_err *err)
{
    clock_list old = {NULL, 0, 0};
    apl_rc rc = of->revision == 1 ? APL_OK : load_clocks(tx, of->id, &old, err);
    for (size_t i = 0; i < fold->clock_count && !rc; i++) {
        apl_clock_row row;
        const apl_clock_row *before = i < old.count ? &old.rows[i] : NULL;
        rc = clock_row_of(tx, i, &fold->clocks[i], may_keep ? before : NULL, &row, err);
        row.case_id = of->id;
        if (!rc)
            rc = put_clock(tx, &row, before, err);
    }
    return rc ? rc : void_clocks_from(tx, &old, fold->clock_count, err);
}

static apl_rc fold_into(apl_tx *tx, apl_case_row *row, const timeline *t, apl_span text,
                        bool is_new, apl_err *err)
{
    apl_case_fold fold;
    apl_clock_policy clocks;
    const member *worst = worst_of(t);
    apl_span clocks_before = row->clock_policy;
    fill_labels(row, t, worst);
    apl_rc rc = fill_tags(tx, row, t, err);
    if (!rc)
        rc = apl_policy_clocks(tx->desk->policy, row->clock_policy, &clocks, err);
    if (!rc)
        rc = apl_timeline_fold(t->events, t->event_count, &clocks, &tx->arena, &fold, err);
    if (rc)
        return rc;
    fill_case(row, t, &fold);
    const member *shown = fold.waiting_post_id ? member_with_id(t, fold.waiting_post_id)
                                               : last_customer(t);
    row->why = shown ? shown->why : APL_SPAN("");
    row->headline = apl_utf8_cut(text, HEADLINE_MAX_BYTES);
    if (!text.ptr && shown)
        rc = post_text(tx, shown, &row->headline, err);
    row->revision++;
    bool may_keep = !tx->policy_changed && apl_span_equal(clocks_before, row->clock_policy);
    if (!rc)
        rc = is_new ? apl_tx_insert(tx, &apl_table_case, row, NULL, err)
                    : apl_tx_update_in_place(tx, &apl_table_case, row, err);
    if (!rc)
        rc = put_clocks(tx, row, &fold, may_keep, err);
    if (!rc)
        rc = apl_tx_about(tx, "case", row->id, err);
    return rc;
}

/* The company that answers names the case; else the one that was spoken to first. */
static void fill_company(apl_case_row *row, const timeline *t)
{
    const member *best = NULL;
    for (size_t i = 0; i < t->member_count; i++) {
        const member *m = &t->members[i];
        if (!m->company.len || (best && best->is_own && !m->is_own))
            continue;
        /* Members come by time and remote id, so the first one of a side counts in any order of arrival. */
        if (!best || (m->is_own && !best->is_own))
            best = m;
    }
    if (best)
        row->company = best->company;
}

static void member_of_judged(member *m, const apl_post_row *post, const apl_judged *j)
{
    apl_assessment_row a = {0};
    if (j)
        apl_judged_fill(j, &a);
    *m = (member){
        .id = post->id,
        .is_own = post->is_own,
        .posted_us = post->posted_us,
        .deleted_us = post->deleted_us,
        .needs_answer = a.needs_answer,
        .urgency = a.urgency,
        .priority = a.priority,
        .intent = a.intent,
        .sentiment = a.sentiment,
        .conduct = a.conduct,
        .subject = a.subject,
        .risks = a.risks,
        .category = a.category,
        .clock_policy = a.clock_policy,
        .why = a.why,
        .tags = a.tags,
    };
}

apl_rc apl_case_open(apl_tx *tx, const apl_post_row *post, const apl_judged *judgement,
                     apl_span text, bool is_alone, apl_err *err)
{
    apl_case_row row = {
        .workspace_id = tx->workspace_id,
        .id = post->case_id,
        .conversation_id = post->conversation_id,
        .author_id = post->author_id,
        .channel_id = post->channel_id,
        .company = post->company,
        .tags = APL_SPAN(""),
    };
    member alone;
    apl_case_event event;
    timeline t = {.members = &alone, .member_count = 1, .events = &event};
    apl_rc rc = APL_OK;
    if (is_alone) {
        member_of_judged(&alone, post, judgement);
        add_post_event(&t, &alone);
    } else {
        rc = load_timeline(tx, row.id, &t, err);
        fill_company(&row, &t);
    }
    return rc ? rc : fold_into(tx, &row, &t, is_alone ? text : APL_SPAN_NONE, true, err);
}

apl_rc apl_case_refold(apl_tx *tx, int64_t case_id, apl_err *err)
{
    apl_case_row row;
    timeline t;
    apl_rc rc = apl_tx_find(tx, &apl_table_case, case_id, &row, err);
    if (rc || row.merged_into)
        return rc;
    rc = load_timeline(tx, case_id, &t, err);
    fill_company(&row, &t);
    return rc ? rc : fold_into(tx, &row, &t, APL_SPAN_NONE, false, err);
}

/* Rows that hang on a case, one by one: each is sealed anew. */
typedef struct followers {
    const apl_table *table;
    const char *first_sql;
    void *row; /* of the table, and where in it the case stands */
    int64_t *row_case_id;
} followers;

static apl_rc move_followers(apl_tx *tx, const followers *f, int64_t gone, int64_t keep,
                             apl_err *err)
{
    for (;;) {
        apl_cursor *cursor = NULL;
        bool has_row = false;
        apl_rc rc = apl_conn_query(tx->conn, f->first_sql,
                                   APL_VALS(APL_I64(tx->workspace_id), APL_I64(gone)), &cursor,
                                   err);
        if (!rc)
            rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = apl_row_read(cursor, f->table, 0, &tx->arena, f->row, err);
        apl_cursor_close(cursor);
        if (rc || !has_row)
            return rc;
        *f->row_case_id = keep;
        rc = apl_tx_update(tx, f->table, f->row, err);
        if (rc)
            return rc;
    }
}

static apl_rc move_steps_and_notes(apl_tx *tx, int64_t gone, int64_t keep, apl_err *err)
{
    static const char step_sql[] =
        "SELECT " APL_LIST(APL_STEP_COLUMNS) " FROM case_step WHERE workspace_id = $1"
                                             " AND case_id = $2 ORDER BY id LIMIT 1";
    static const char note_sql[] =
        "SELECT " APL_LIST(APL_NOTE_COLUMNS) " FROM note WHERE workspace_id = $1"
                                             " AND case_id = $2 ORDER BY id LIMIT 1";
    apl_step_row step;
    apl_note_row note;
    const followers steps = {&apl_table_step, step_sql, &step, &step.case_id};
    const followers notes = {&apl_table_note, note_sql, &note, &note.case_id};
    apl_rc rc = move_followers(tx, &steps, gone, keep, err);
    return rc ? rc : move_followers(tx, &notes, gone, keep, err);
}

/* What people have set on the case that goes is not lost: its tags join, and the rest counts where nothing was set. */
static apl_rc hand_over_settings(apl_tx *tx, const apl_case_row *gone, int64_t keep_id,
                                 apl_err *err)
{
    apl_case_row keep;
    apl_rc rc = apl_tx_find(tx, &apl_table_case, keep_id, &keep, err);
    if (rc)
        return rc;
    if (!keep.assignee_id)
        keep.assignee_id = gone->assignee_id;
    if (gone->pinned & ~keep.pinned & 1)
        keep.priority = gone->priority;
    if (gone->pinned & ~keep.pinned & 2)
        keep.category = gone->category;
    keep.pinned |= gone->pinned;
    APL_AUTO(apl_buf) tags = APL_BUF(TAGS_MAX_BYTES);
    apl_span rest = gone->pinned & 4 ? gone->tags : APL_SPAN_NONE, tag;
    rc = apl_buf_add(&tags, keep.tags, err);
    while (!rc && apl_span_split(&rest, ',', &tag)) {
        if (!tag.len || has_tag(apl_buf_view(&tags), tag) ||
            tags.len + tag.len + 1 > TAGS_MAX_BYTES)
            continue;
        if (tags.len)
            rc = apl_buf_add_byte(&tags, ',', err);
        if (!rc)
            rc = apl_buf_add(&tags, tag, err);
    }
    keep.tags = apl_buf_view(&tags);
    keep.revision++;
    return rc ? rc : apl_tx_update(tx, &apl_table_case, &keep, err);
}

apl_rc apl_case_merge(apl_tx *tx, int64_t gone, int64_t keep, apl_err *err)
{
    apl_case_row row;
    clock_list clocks;
    apl_rc rc = apl_tx_find(tx, &apl_table_case, gone, &row, err);
    if (!rc)
        rc = hand_over_settings(tx, &row, keep, err);
    if (rc)
        return rc;
    row.merged_into = keep;
    row.queue = APL_QUEUE_MERGED;
    row.next_due_us = APL_TIME_NONE;
    row.next_clock = -1;
    row.revision++;
    rc = apl_tx_update(tx, &apl_table_case, &row, err);
    if (!rc)
        rc = load_clocks(tx, gone, &clocks, err);
    if (!rc)
        rc = void_clocks_from(tx, &clocks, 0, err);
    if (!rc)
        rc = move_steps_and_notes(tx, gone, keep, err);
    if (!rc)
        rc = apl_tx_about(tx, "case", gone, err);
    return rc;
}
