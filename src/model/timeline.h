/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fold: from the ordered timeline of one case to its clocks and derived state. A pure function of the *set* of
 * events, so that late, doubled or reordered arrivals end in the same state; O(n) over the sorted array.
 *
 * Clocks
 * - first_response starts at the first customer post that needs an answer and stops at the first own reply after it. From
 *   then on each further such post starts a next_response clock, unless one runs; it stops at the next own reply.
 * - A post that was deleted before anything answered it counts as never posted: the clock that it started starts at the
 *   earliest other waiting post instead; when there is none, the clock is kept as *withdrawn* (stopped at the deletion).
 * - Solving or closing without a reply stops response clocks as *solved*; the decision "no response" stops them as *not
 *   needed*. As long as no reply has come, the next post that needs an answer starts first_response again.
 * - resolution starts at the first post that needs an answer, stops when solved or closed, starts anew on reopening.
 * - While the case is in one of a rule's pause_states that clock stands still. follow_up is no matter of the fold.
 *
 * State: new until something happens; an own reply makes new and open pending; any customer post makes pending open; one
 * that needs an answer reopens solved and closed (a "thank you" does not); on hold stays on hold; an explicit change wins at
 * its time.
 */
#ifndef APL_MODEL_TIMELINE_H
#define APL_MODEL_TIMELINE_H

#include "base/arena.h"
#include "model/clock.h"

/* In the order in which they count when they carry the same time: an answer follows its question. */
typedef enum apl_event_kind {
    APL_EVENT_CUSTOMER_POST = 0,
    APL_EVENT_OWN_REPLY,
    APL_EVENT_NO_RESPONSE, /* decision: what was said so far needs no answer */
    APL_EVENT_STATE_CHANGE,
    APL_EVENT_KIND_COUNT
} apl_event_kind;

typedef struct apl_case_event {
    apl_event_kind kind;
    apl_time_us at_us;
    int64_t
        sequence; /* settles equal times; must not depend on the order of arrival where that can differ */
    int64_t post_id;         /* customer post, own reply */
    bool needs_answer;       /* customer post */
    bool is_deleted;         /* customer post; an own reply that was deleted still answered */
    apl_time_us deleted_us;  /* when is_deleted; before at_us counts as at_us */
    apl_case_state to_state; /* state change */
} apl_case_event;

typedef enum apl_clock_stop {
    APL_CLOCK_RUNNING = 0, /* or standing still, see paused_since_us */
    APL_CLOCK_ANSWERED,
    APL_CLOCK_WITHDRAWN, /* the post was deleted */
    APL_CLOCK_SOLVED,    /* solved or closed; for a response clock: without a reply */
    APL_CLOCK_NOT_NEEDED,
    APL_CLOCK_STOP_COUNT
} apl_clock_stop;

typedef struct apl_clock_run {
    apl_clock_kind kind;
    apl_clock_stop stop;
    apl_time_us start_us;
    apl_time_us due_us; /* while paused: as if the pause ended now it began; not to be fired then */
    apl_time_us warn_us;         /* at most due_us */
    apl_time_us stopped_us;      /* APL_TIME_NONE = not stopped */
    apl_time_us paused_since_us; /* APL_TIME_NONE = not paused */
    /*
     * due_us when the clock was passed or, if nothing happens, will be at that time; APL_TIME_NONE when it was stopped at
     * or before its due time, or stands still in time.
     */
    apl_time_us breached_us;
    int64_t paused_us;     /* all finished pauses */
    int64_t start_post_id; /* 0 = none (reopened by hand) */
    int64_t stop_post_id;  /* the reply; 0 = none */
    apl_clock_reason reason;
} apl_clock_run;

typedef struct apl_clock_policy {
    const apl_calendar *calendar;
    const apl_clock_rule *rules[APL_CLOCK_KIND_COUNT]; /* NULL = no such clock */
} apl_clock_policy;

typedef struct apl_case_fold {
    const apl_clock_run *clocks; /* in order of start; in the arena */
    size_t clock_count;
    apl_case_state state;
    apl_time_us state_since_us;    /* APL_TIME_NONE for an untouched new case */
    apl_time_us first_customer_us; /* all times: APL_TIME_NONE = never */
    apl_time_us last_customer_us;  /* posts withdrawn by deletion do not count */
    apl_time_us last_reply_us;
    apl_time_us first_needing_us; /* the first post that needed an answer … */
    apl_time_us first_answer_us;  /* … and the first reply after it */
    apl_time_us waiting_since_us; /* the oldest unanswered post that needs an answer */
    int64_t waiting_post_id;
    size_t customer_count;
    size_t reply_count;
    size_t withdrawn_count;
    size_t reopened_count; /* solved or closed -> open */
} apl_case_fold;

enum { APL_TIMELINE_EVENTS_MAX = 100000 };

const char *apl_event_kind_name(apl_event_kind kind);
/* "answered"; "running" for APL_CLOCK_RUNNING; NULL for an unknown one. */
const char *apl_clock_stop_name(apl_clock_stop stop);
/* By time, kind, sequence, post id. */
void apl_timeline_sort(apl_case_event *events, size_t count);
/*
 * Requires the order of apl_timeline_sort and distinct events. policy is borrowed by the clocks' reasons. APL_E_INVALID
 * when out of order, APL_E_LIMIT for more than APL_TIMELINE_EVENTS_MAX events, APL_E_NOMEM.
 */
apl_rc apl_timeline_fold(const apl_case_event *events, size_t count, const apl_clock_policy *policy,
                         apl_arena *arena, apl_case_fold *out_fold, apl_err *err) MUST_USE;

#endif
