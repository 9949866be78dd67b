/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fold; see timeline.h for its rules. Two passes: backwards to find, for each post, the next event that would stop a
 * response clock (so that a deletion can be told from a deletion after the answer), then forwards over the events with at
 * most one response clock and one resolution clock running. Tests: tests/unit/model/test_timeline.c
 */
#include "model/timeline.h"

#include <stdlib.h>
#include <string.h>

typedef struct live_clock {
    bool is_running;
    size_t index; /* in clocks; only when the policy has a rule for it */
    bool has_clock;
    apl_clock_pauses pauses;
} live_clock;

typedef struct fold {
    const apl_clock_policy *policy;
    apl_arena *arena;
    apl_clock_run *clocks;
    size_t clock_count, clock_cap;
    live_clock response, resolution;
    bool has_answer; /* a reply came after the first post that needed one */
    bool out_of_memory;
    /* Deleted posts of the stretch since the last stop: a withdrawn clock, unless a real one takes its place. */
    const apl_case_event *withdrawn_first;
    apl_time_us withdrawn_us;
    apl_case_fold result;
} fold;

const char *apl_event_kind_name(apl_event_kind kind)
{
    static const char *const names[APL_EVENT_KIND_COUNT] = {"customer_post", "own_reply",
                                                            "no_response", "state_change"};
    return (unsigned)kind < APL_EVENT_KIND_COUNT ? names[kind] : NULL;
}

const char *apl_clock_stop_name(apl_clock_stop stop)
{
    static const char *const names[APL_CLOCK_STOP_COUNT] = {"running", "answered", "withdrawn",
                                                            "solved", "not_needed"};
    return (unsigned)stop < APL_CLOCK_STOP_COUNT ? names[stop] : NULL;
}

static int compare_i64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_events(const void *left, const void *right)
{
    const apl_case_event *a = left;
    const apl_case_event *b = right;
    int order = compare_i64(a->at_us, b->at_us);
    if (!order)
        order = compare_i64((int64_t)a->kind, (int64_t)b->kind);
    if (!order)
        order = compare_i64(a->sequence, b->sequence);
    return order ? order : compare_i64(a->post_id, b->post_id);
}

void apl_timeline_sort(apl_case_event *events, size_t count)
{
    if (count > 1)
        qsort(events, count, sizeof *events, compare_events);
}

/* --- one clock --- */

static void clock_update(fold *f, const live_clock *live)
{
    apl_clock_run *clock = &f->clocks[live->index];
    clock->due_us = apl_clock_due(f->policy->rules[clock->kind], f->policy->calendar,
                                  clock->start_us, &live->pauses, &clock->reason);
    clock->warn_us = apl_clock_warn_at(&clock->reason);
}

static void clock_pause(fold *f, const live_clock *live, apl_time_us at)
{
    apl_clock_run *clock = &f->clocks[live->index];
    if (clock->paused_since_us == APL_TIME_NONE)
        clock->paused_since_us = at;
}

static void clock_resume(fold *f, live_clock *live, apl_time_us at)
{
    apl_clock_run *clock = &f->clocks[live->index];
    apl_time_us since = clock->paused_since_us;
    if (since == APL_TIME_NONE)
        return;
    clock->paused_since_us = APL_TIME_NONE;
    clock->paused_us += at - since;
    if (since > clock->due_us || at == since) /* what is late stays late */
        return;
    live->pauses.wall_us += at - since;
    if (clock->reason.rule->measure == APL_CLOCK_BUSINESS)
        live->pauses.business_us += apl_calendar_business_us(f->policy->calendar, since, at);
    live->pauses.resumed_us = at;
    clock_update(f, live);
}

/* A clock pauses and goes on with the state of the case. */
static void clock_follow_state(fold *f, live_clock *live, apl_time_us at)
{
    if (!live->is_running || !live->has_clock)
        return;
    unsigned pause_states = f->clocks[live->index].reason.rule->pause_states;
    if (pause_states & APL_CASE_STATE_BIT(f->result.state))
        clock_pause(f, live, at);
    else
        clock_resume(f, live, at);
}

static apl_clock_run *clock_add(fold *f)
{
    if (f->clock_count == f->clock_cap) {
        size_t cap = f->clock_cap ? f->clock_cap * 2 : 4;
        apl_clock_run *grown = apl_arena_alloc(f->arena, cap, sizeof *grown);
        if (!grown) {
            f->out_of_memory = true;
            return NULL;
        }
        if (f->clock_count)
            memcpy(grown, f->clocks, f->clock_count * sizeof *grown);
        f->clocks = grown;
        f->clock_cap = cap;
    }
    return &f->clocks[f->clock_count++];
}

static void clock_start(fold *f, live_clock *live, apl_clock_kind kind, apl_time_us at,
                        int64_t post_id)
{
    *live = (live_clock){.is_running = true, .pauses = APL_CLOCK_PAUSES_NONE};
    if (!f->policy->rules[kind])
        return;
    apl_clock_run *clock = clock_add(f);
    if (!clock)
        return;
    *clock = (apl_clock_run){
        .kind = kind,
        .start_us = at,
        .stopped_us = APL_TIME_NONE,
        .paused_since_us = APL_TIME_NONE,
        .breached_us = APL_TIME_NONE,
        .start_post_id = post_id,
    };
    live->index = f->clock_count - 1;
    live->has_clock = true;
    clock_update(f, live);
    clock_follow_state(f, live, at);
}

static void clock_stop(fold *f, live_clock *live, apl_clock_stop stop, apl_time_us at,
                       int64_t reply_id)
{
    if (!live->is_running)
        return;
    live->is_running = false;
    if (!live->has_clock)
        return;
    clock_resume(f, live, at);
    apl_clock_run *clock = &f->clocks[live->index];
    clock->stop = stop;
    clock->stopped_us = at;
    clock->stop_post_id = reply_id;
    if (at > clock->due_us)
        clock->breached_us = clock->due_us;
}

/* --- stretches between two stops --- */

static apl_time_us deletion_us(const apl_case_event *event)
{
    return event->deleted_us > event->at_us ? event->deleted_us : event->at_us;
}

static apl_clock_kind response_kind(const fold *f)
{
    return f->has_answer ? APL_CLOCK_NEXT_RESPONSE : APL_CLOCK_FIRST_RESPONSE;
}

/* Puts down the withdrawn clock of the stretch that ends now. */
static void withdrawn_flush(fold *f)
{
    const apl_case_event *post = f->withdrawn_first;
    f->withdrawn_first = NULL;
    if (!post)
        return;
    live_clock live;
    clock_start(f, &live, response_kind(f), post->at_us, post->post_id);
    if (live.has_clock) /* the state now is not the state then; it ran while it was there */
        f->clocks[live.index].paused_since_us = APL_TIME_NONE;
    clock_stop(f, &live, APL_CLOCK_WITHDRAWN, f->withdrawn_us, 0);
}

static void response_stop(fold *f, apl_clock_stop stop, apl_time_us at, int64_t reply_id)
{
    withdrawn_flush(f);
    clock_stop(f, &f->response, stop, at, reply_id);
    f->result.waiting_since_us = APL_TIME_NONE;
    f->result.waiting_post_id = 0;
}

/* --- events --- */

static void set_state(fold *f, apl_case_state state, apl_time_us at)
{
    apl_case_state from = f->result.state;
    if (state == from)
        return;
    f->result.state = state;
    f->result.state_since_us = at;
    if (apl_case_state_is_done(from) && !apl_case_state_is_done(state))
        f->result.reopened_count++;
    clock_follow_state(f, &f->response, at);
    clock_follow_state(f, &f->resolution, at);
}

static void on_withdrawn_post(fold *f, const apl_case_event *event)
{
    f->result.withdrawn_count++;
    if (!event->needs_answer || f->response.is_running)
        return;
    apl_time_us deleted = deletion_us(event);
    if (!f->withdrawn_first) {
        f->withdrawn_first = event;
        f->withdrawn_us = deleted;
    } else if (deleted > f->withdrawn_us) {
        f->withdrawn_us = deleted;
    }
}

static void on_customer_post(fold *f, const apl_case_event *event)
{
    apl_case_fold *result = &f->result;
    result->customer_count++;
    if (result->first_customer_us == APL_TIME_NONE)
        result->first_customer_us = event->at_us;
    result->last_customer_us = event->at_us;
    bool reopens = event->needs_answer && apl_case_state_is_done(result->state);
    if (result->state == APL_CASE_PENDING || reopens)
        set_state(f, APL_CASE_OPEN, event->at_us);
    if (!event->needs_answer)
        return;
    if (result->first_needing_us == APL_TIME_NONE)
        result->first_needing_us = event->at_us;
    if (!f->resolution.is_running)
        clock_start(f, &f->resolution, APL_CLOCK_RESOLUTION, event->at_us, event->post_id);
    if (f->response.is_running)
        return;
    f->withdrawn_first = NULL; /* this post's clock stands for the stretch */
    result->waiting_since_us = event->at_us;
    result->waiting_post_id = event->post_id;
    clock_start(f, &f->response, response_kind(f), event->at_us, event->post_id);
}

static void on_own_reply(fold *f, const apl_case_event *event)
{
    f->result.reply_count++;
    f->result.last_reply_us = event->at_us;
    response_stop(f, APL_CLOCK_ANSWERED, event->at_us, event->post_id);
    if (!f->has_answer && f->result.first_needing_us != APL_TIME_NONE) {
        f->has_answer = true;
        f->result.first_answer_us = event->at_us;
    }
    if (f->result.state == APL_CASE_NEW || f->result.state == APL_CASE_OPEN)
        set_state(f, APL_CASE_PENDING, event->at_us);
}

static void on_state_change(fold *f, const apl_case_event *event)
{
    bool was_done = apl_case_state_is_done(f->result.state);
    set_state(f, event->to_state, event->at_us);
    if (apl_case_state_is_done(event->to_state)) {
        response_stop(f, APL_CLOCK_SOLVED, event->at_us, 0);
        clock_stop(f, &f->resolution, APL_CLOCK_SOLVED, event->at_us, 0);
    } else if (was_done && f->result.first_needing_us != APL_TIME_NONE) {
        clock_start(f, &f->resolution, APL_CLOCK_RESOLUTION, event->at_us, 0);
    }
}

static bool stops_response(const apl_case_event *event)
{
    return event->kind == APL_EVENT_OWN_REPLY || event->kind == APL_EVENT_NO_RESPONSE ||
           (event->kind == APL_EVENT_STATE_CHANGE && apl_case_state_is_done(event->to_state));
}

/* Which posts were deleted before anything answered them. */
static void find_withdrawn(const apl_case_event *events, size_t count, bool *out_is_withdrawn)
{
    apl_time_us next_stop_us = APL_TIME_NONE;
    for (size_t i = count; i--;) {
        const apl_case_event *event = &events[i];
        if (stops_response(event))
            next_stop_us = event->at_us;
        out_is_withdrawn[i] = event->kind == APL_EVENT_CUSTOMER_POST && event->is_deleted &&
                              deletion_us(event) < next_stop_us;
    }
}

static apl_rc check_events(const apl_case_event *events, size_t count, apl_err *err)
{
    if (count > APL_TIMELINE_EVENTS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "a case has more than %d events",
                           APL_TIMELINE_EVENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const apl_case_event *event = &events[i];
        if ((unsigned)event->kind >= APL_EVENT_KIND_COUNT ||
            (event->kind == APL_EVENT_STATE_CHANGE &&
             (unsigned)event->to_state >= APL_CASE_STATE_COUNT))
            return apl_err_set(err, APL_E_INVALID, "event %zu of the case is of no known kind", i);
        if (i && compare_events(&events[i - 1], event) > 0)
            return apl_err_set(err, APL_E_INVALID, "event %zu of the case is out of order", i);
    }
    return APL_OK;
}

static void fold_event(fold *f, const apl_case_event *event, bool is_withdrawn)
{
    switch (event->kind) {
    case APL_EVENT_CUSTOMER_POST:
        if (is_withdrawn)
            on_withdrawn_post(f, event);
        else
            on_customer_post(f, event);
        break;
    case APL_EVENT_OWN_REPLY:
        on_own_reply(f, event);
        break;
    case APL_EVENT_NO_RESPONSE:
        response_stop(f, APL_CLOCK_NOT_NEEDED, event->at_us, 0);
        break;
    case APL_EVENT_STATE_CHANGE:
        on_state_change(f, event);
        break;
    case APL_EVENT_KIND_COUNT:
        break;
    }
}

static int compare_clocks(const void *left, const void *right)
{
    const apl_clock_run *a = left;
    const apl_clock_run *b = right;
    int order = compare_i64(a->start_us, b->start_us);
    if (!order)
        order = compare_i64((int64_t)a->kind, (int64_t)b->kind);
    return order ? order : compare_i64(a->start_post_id, b->start_post_id);
}

static void finish(fold *f)
{
    withdrawn_flush(f);
    for (size_t i = 0; i < f->clock_count; i++) {
        apl_clock_run *clock = &f->clocks[i];
        bool is_still_in_time = clock->paused_since_us != APL_TIME_NONE &&
                                clock->paused_since_us <= clock->due_us;
        if (clock->stop == APL_CLOCK_RUNNING && !is_still_in_time)
            clock->breached_us = clock->due_us;
    }
    if (f->clock_count > 1)
        qsort(f->clocks, f->clock_count, sizeof *f->clocks, compare_clocks);
    f->result.clocks = f->clocks;
    f->result.clock_count = f->clock_count;
}

apl_rc apl_timeline_fold(const apl_case_event *events, size_t count, const apl_clock_policy *policy,
                         apl_arena *arena, apl_case_fold *out_fold, apl_err *err)
{
    apl_rc rc = check_events(events, count, err);
    if (rc)
        return rc;
    bool *is_withdrawn = apl_arena_alloc(arena, count + 1, sizeof *is_withdrawn);
    if (!is_withdrawn)
        return apl_err_nomem(err);
    find_withdrawn(events, count, is_withdrawn);
    fold f = {
        .policy = policy,
        .arena = arena,
        .result =
            {
                .state = APL_CASE_NEW,
                .state_since_us = APL_TIME_NONE,
                .first_customer_us = APL_TIME_NONE,
                .last_customer_us = APL_TIME_NONE,
                .last_reply_us = APL_TIME_NONE,
                .first_needing_us = APL_TIME_NONE,
                .first_answer_us = APL_TIME_NONE,
                .waiting_since_us = APL_TIME_NONE,
            },
    };
    for (size_t i = 0; i < count; i++)
        fold_event(&f, &events[i], is_withdrawn[i]);
    finish(&f);
    if (f.out_of_memory)
        return apl_err_nomem(err);
    *out_fold = f.result;
    return APL_OK;
}
