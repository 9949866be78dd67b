/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fold. Each case is a short script of events ("10:00 post 1", "10:20 reply 2") on Friday 2026-11-20 in a 9–17
 * calendar, and the clocks and state that must come out, written the same way.
 */
#include "model_test.h"

#include "model/timeline.h"

#include <stdlib.h>

enum { EVENTS_MAX = 32 };

static apl_zone zone;
static apl_calendar calendar;
static apl_clock_rule rules[3];
static apl_clock_policy policy;

static int set_up(void **state)
{
    (void)state;
    zone = zone_load("Europe/Berlin");
    nine_to_five(&calendar, &zone);
    rules[0] = (apl_clock_rule){
        .kind = APL_CLOCK_FIRST_RESPONSE,
        .limit_open_us = 30 * APL_US_PER_MINUTE,
        .limit_closed_us = 60 * APL_US_PER_MINUTE,
        .cap_end_of_day = true,
        .pause_states = APL_CASE_STATE_BIT(APL_CASE_ON_HOLD),
    };
    rules[1] = rules[0];
    rules[1].kind = APL_CLOCK_NEXT_RESPONSE;
    rules[2] = (apl_clock_rule){
        .kind = APL_CLOCK_RESOLUTION,
        .measure = APL_CLOCK_BUSINESS,
        .limit_open_us = 4 * APL_US_PER_HOUR,
        .limit_closed_us = 4 * APL_US_PER_HOUR,
        .pause_states = APL_CASE_STATE_BIT(APL_CASE_PENDING) | APL_CASE_STATE_BIT(APL_CASE_ON_HOLD),
    };
    policy = (apl_clock_policy){.calendar = &calendar, .rules = {&rules[0], &rules[1], NULL, NULL}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    apl_calendar_release(&calendar);
    apl_zone_release(&zone);
    return 0;
}

/* "10:00" on the Friday, "Mon 10:00" on the Monday after. */
static apl_time_us moment(const char *text)
{
    char full[40];
    bool is_monday = strncmp(text, "Mon ", 4) == 0;
    snprintf(full, sizeof full, "2026-11-%s %.5s", is_monday ? "23" : "20",
             text + (is_monday ? 4 : 0));
    return local_time(&zone, full);
}

/* Lines of "TIME post ID", "TIME thanks ID", "TIME reply ID", "TIME needless", "TIME <state>"; a post may end in
 * " deleted TIME". */
static size_t read_script(const char *script, apl_case_event *events)
{
    size_t count = 0;
    apl_span rest = apl_span_of(script);
    apl_span line;
    while (apl_span_split(&rest, ';', &line)) {
        char text[80];
        char word[20] = "";
        int id = 0;
        line = apl_span_trim(line);
        if (!line.len)
            continue;
        snprintf(text, sizeof text, "%.*s", APL_SPAN_ARGS(line));
        const char *at = text + (strncmp(text, "Mon ", 4) == 0 ? 10 : 6);
        assert_true(sscanf(at, "%19s %d", word, &id) >= 1);
        apl_case_event *event = &events[count++];
        *event = (apl_case_event){.at_us = moment(text), .sequence = id, .post_id = id};
        if (strcmp(word, "post") == 0 || strcmp(word, "thanks") == 0) {
            const char *deleted = strstr(text, "deleted ");
            event->needs_answer = strcmp(word, "post") == 0;
            event->is_deleted = deleted != NULL;
            event->deleted_us = deleted ? moment(deleted + 8) : 0;
        } else if (strcmp(word, "reply") == 0) {
            event->kind = APL_EVENT_OWN_REPLY;
        } else if (strcmp(word, "needless") == 0) {
            event->kind = APL_EVENT_NO_RESPONSE;
        } else {
            event->kind = APL_EVENT_STATE_CHANGE;
            assert_int_equal(apl_case_state_parse(apl_span_of(word), &event->to_state, NULL), 0);
        }
        assert_true(count < EVENTS_MAX);
    }
    return count;
}

static void add_moment(apl_buf *out, const char *label, apl_time_us time)
{
    if (time == APL_TIME_NONE)
        return;
    apl_zone_local local;
    apl_zone_to_local(&zone, time, &local);
    bool is_friday = local.day == day_of_text("2026-11-20");
    assert_int_equal(apl_buf_addf(out, NULL, "%s%s%02d:%02d", label,
                                  is_friday                                ? ""
                                  : local.day == day_of_text("2026-11-23") ? "Mon "
                                                                           : "other ",
                                  local.civil.hour, local.civil.minute),
                     APL_OK);
}

static void add_fold(apl_buf *out, const apl_case_fold *fold)
{
    static const char *const kinds[] = {"first", "next", "resolution"};
    for (size_t i = 0; i < fold->clock_count; i++) {
        const apl_clock_run *clock = &fold->clocks[i];
        assert_int_equal(
            apl_buf_addf(out, NULL, "%s %lld", kinds[clock->kind], (long long)clock->start_post_id),
            0);
        add_moment(out, " from ", clock->start_us);
        add_moment(out, " due ", clock->due_us);
        if (clock->stop)
            assert_int_equal(apl_buf_addf(out, NULL, " %s", apl_clock_stop_name(clock->stop)), 0);
        add_moment(out, " ", clock->stopped_us);
        if (clock->stop_post_id)
            assert_int_equal(apl_buf_addf(out, NULL, " by %lld", (long long)clock->stop_post_id),
                             0);
        if (clock->breached_us != APL_TIME_NONE) {
            assert_int_equal(clock->breached_us, clock->due_us);
            assert_int_equal(apl_buf_add_str(out, " late", NULL), 0);
        }
        add_moment(out, " paused since ", clock->paused_since_us);
        if (clock->paused_us)
            assert_int_equal(apl_buf_addf(out, NULL, " paused %lld",
                                          (long long)(clock->paused_us / APL_US_PER_MINUTE)),
                             0);
        assert_int_equal(apl_buf_add_str(out, "; ", NULL), 0);
    }
    assert_int_equal(apl_buf_add_str(out, apl_case_state_name(fold->state), NULL), 0);
    add_moment(out, " waiting since ", fold->waiting_since_us);
}

static void run(const char *script, const char *expected)
{
    apl_case_event events[EVENTS_MAX];
    size_t count = read_script(script, events);
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1 << 20);
    apl_timeline_sort(events, count);
    apl_case_fold fold;
    assert_int_equal(apl_timeline_fold(events, count, &policy, &arena, &fold, NULL), APL_OK);
    APL_AUTO(apl_buf) text = APL_BUF(4000);
    add_fold(&text, &fold);
    if (strcmp(apl_buf_str(&text), expected) != 0)
        fail_msg("%s\n gives    %s\n expected %s", script, apl_buf_str(&text), expected);
}

static void responses(void **state)
{
    (void)state;
    run("10:00 post 1", "first 1 from 10:00 due 10:30 late; new waiting since 10:00");
    run("10:00 post 1; 10:20 reply 2", "first 1 from 10:00 due 10:30 answered 10:20 by 2; pending");
    run("10:00 post 1; 10:30 reply 2", "first 1 from 10:00 due 10:30 answered 10:30 by 2; pending");
    run("10:00 post 1; 10:31 reply 2",
        "first 1 from 10:00 due 10:30 answered 10:31 by 2 late; pending");
    run("10:00 thanks 1", "new");
    run("10:00 thanks 1; 10:05 post 2; 10:10 reply 3",
        "first 2 from 10:05 due 10:35 answered 10:10 by 3; pending");
    /* many posts before one reply: one clock, from the first */
    run("10:00 post 1; 10:05 post 2; 10:06 post 3; 10:20 reply 4",
        "first 1 from 10:00 due 10:30 answered 10:20 by 4; pending");
    run("10:00 post 1; 10:20 reply 2; 10:40 post 3; 10:45 post 4; 11:00 reply 5; 11:10 post 6",
        "first 1 from 10:00 due 10:30 answered 10:20 by 2; next 3 from 10:40 due 11:10 answered "
        "11:00 by 5; "
        "next 6 from 11:10 due 11:40 late; open waiting since 11:10");
    /* a reply before the post answers nothing */
    run("09:00 reply 1; 10:00 post 2; 10:05 reply 3",
        "first 2 from 10:00 due 10:30 answered 10:05 by 3; pending");
    run("09:00 reply 1; 10:00 post 2",
        "first 2 from 10:00 due 10:30 late; open waiting since 10:00");
    /* at the same time the post comes first */
    run("10:00 reply 1; 10:00 post 2", "first 2 from 10:00 due 10:30 answered 10:00 by 1; pending");
    run("16:45 post 1", "first 1 from 16:45 due 17:15 late; new waiting since 16:45");
    run("17:05 post 1", "first 1 from 17:05 due 18:05 late; new waiting since 17:05");
    run("23:40 post 1", "first 1 from 23:40 due 23:59 late; new waiting since 23:40");
    run("", "new");
}

static void states(void **state)
{
    (void)state;
    run("10:00 post 1; 10:10 reply 2; 10:20 thanks 3",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; open");
    run("10:00 post 1; 10:10 reply 2; 10:15 solved; 10:20 thanks 3",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; solved");
    run("10:00 post 1; 10:10 reply 2; 10:15 solved; 10:20 post 3",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; next 3 from 10:20 due 10:50 late; open "
        "waiting since 10:20");
    run("10:00 post 1; 10:10 reply 2; 10:15 closed; 10:20 post 3; 10:21 reply 4",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; next 3 from 10:20 due 10:50 answered "
        "10:21 by 4; pending");
    /* explicit changes win at their time, also at the same time */
    run("10:00 post 1; 10:10 reply 2; 10:10 open",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; open");
    run("10:00 post 1; 10:10 reply 2; 10:10 solved",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; solved");
    /* solved or closed without a reply; the customer comes back and has still had no response */
    run("10:00 post 1; 10:10 closed", "first 1 from 10:00 due 10:30 solved 10:10; closed");
    run("10:00 post 1; 10:40 solved", "first 1 from 10:00 due 10:30 solved 10:40 late; solved");
    run("10:00 post 1; 10:10 solved; 11:00 post 2; 11:10 reply 3",
        "first 1 from 10:00 due 10:30 solved 10:10; first 2 from 11:00 due 11:30 answered 11:10 by "
        "3; pending");
    run("10:00 post 1; 10:10 needless", "first 1 from 10:00 due 10:30 not_needed 10:10; new");
}

static void deletions(void **state)
{
    (void)state;
    run("10:00 post 1 deleted 10:05", "first 1 from 10:00 due 10:30 withdrawn 10:05; new");
    run("10:00 post 1 deleted 10:45", "first 1 from 10:00 due 10:30 withdrawn 10:45 late; new");
    /* deleted after the answer: it was answered */
    run("10:00 post 1 deleted 10:25; 10:20 reply 2",
        "first 1 from 10:00 due 10:30 answered 10:20 by 2; pending");
    /* deleted before the reply: the reply answered nothing */
    run("10:00 post 1 deleted 10:15; 10:20 reply 2",
        "first 1 from 10:00 due 10:30 withdrawn 10:15; pending");
    /* another post waits: the clock is that one's */
    run("10:00 post 1 deleted 10:15; 10:05 post 2; 10:20 reply 3",
        "first 2 from 10:05 due 10:35 answered 10:20 by 3; pending");
    run("10:00 post 1; 10:05 post 2 deleted 10:06; 10:20 reply 3",
        "first 1 from 10:00 due 10:30 answered 10:20 by 3; pending");
    run("10:00 post 1 deleted 10:15; 10:05 post 2 deleted 10:07",
        "first 1 from 10:00 due 10:30 withdrawn 10:15; new");
    run("10:00 post 1 deleted 10:15; 11:00 post 2",
        "first 2 from 11:00 due 11:30 late; new waiting since 11:00");
    /* a withdrawn post reopens nothing, and the next one is still the first */
    run("10:00 post 1 deleted 10:01; 10:10 solved; 10:20 post 2 deleted 10:30; 10:40 post 3",
        "first 1 from 10:00 due 10:30 withdrawn 10:01; first 3 from 10:40 due 11:10 late; open "
        "waiting since 10:40");
    run("10:00 post 1; 10:10 reply 2; 10:15 solved; 10:20 post 3 deleted 10:30",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; next 3 from 10:20 due 10:50 withdrawn "
        "10:30; solved");
    run("10:00 post 1 deleted 09:00", "first 1 from 10:00 due 10:30 withdrawn 10:00; new");
}

static void pauses(void **state)
{
    (void)state;
    run("10:00 post 1; 10:10 on_hold",
        "first 1 from 10:00 due 10:30 paused since 10:10; on_hold waiting since 10:00");
    run("10:00 post 1; 10:10 on_hold; 11:10 open",
        "first 1 from 10:00 due 11:30 late paused 60; open waiting since 10:00");
    run("10:00 post 1; 10:10 on_hold; 11:10 open; 11:30 reply 2",
        "first 1 from 10:00 due 11:30 answered 11:30 by 2 paused 60; pending");
    run("10:00 post 1; 10:10 on_hold; 10:20 open; 10:25 on_hold; 10:40 open",
        "first 1 from 10:00 due 10:55 late paused 25; open waiting since 10:00");
    /* answered on hold, in time and late */
    run("10:00 post 1; 10:10 on_hold; 12:00 reply 2",
        "first 1 from 10:00 due 12:20 answered 12:00 by 2 paused 110; on_hold");
    run("10:00 post 1; 10:40 on_hold; 12:00 reply 2",
        "first 1 from 10:00 due 10:30 answered 12:00 by 2 late paused 80; on_hold");
    /* what is late stays late */
    run("10:00 post 1; 10:40 on_hold",
        "first 1 from 10:00 due 10:30 late paused since 10:40; on_hold waiting since 10:00");
    /* a post on hold starts a clock that stands still */
    run("10:00 post 1; 10:10 reply 2; 10:20 on_hold; 10:30 post 3; 10:50 open",
        "first 1 from 10:00 due 10:30 answered 10:10 by 2; next 3 from 10:30 due 11:20 late paused "
        "20; "
        "open waiting since 10:30");
}

static void resolution(void **state)
{
    (void)state;
    policy.rules[APL_CLOCK_RESOLUTION] = &rules[2];
    policy.rules[APL_CLOCK_FIRST_RESPONSE] = NULL;
    policy.rules[APL_CLOCK_NEXT_RESPONSE] = NULL;
    run("10:00 thanks 1; 10:10 post 2",
        "resolution 2 from 10:10 due 14:10 late; new waiting since 10:10");
    run("10:00 post 1; 10:10 reply 2",
        "resolution 1 from 10:00 due 14:00 paused since 10:10; pending");
    run("10:00 post 1; 10:10 reply 2; 12:10 post 3; 13:00 reply 4; 13:30 solved",
        "resolution 1 from 10:00 due 16:30 solved 13:30 paused 150; solved");
    /* business time: paused Fri 16:30 – Mon 10:00 with 10 minutes left */
    run("12:40 post 1; 16:30 reply 2; Mon 10:00 post 3",
        "resolution 1 from 12:40 due Mon 10:10 late paused 3930; open waiting since Mon 10:00");
    /* reopening by a post, and by hand */
    run("10:00 post 1; 10:30 solved; 11:00 post 2; 11:30 closed; 12:00 open",
        "resolution 1 from 10:00 due 14:00 solved 10:30; resolution 2 from 11:00 due 15:00 solved "
        "11:30; "
        "resolution 0 from 12:00 due 16:00 late; open");
    run("10:00 post 1; 10:30 solved; 10:40 closed",
        "resolution 1 from 10:00 due 14:00 solved 10:30; closed");
    run("10:00 post 1 deleted 10:05; 10:30 solved", "solved");
    /* no rule, no clock, but it is still known who waits */
    policy.rules[APL_CLOCK_RESOLUTION] = NULL;
    run("10:00 post 1", "new waiting since 10:00");
}

static void figures(void **state)
{
    (void)state;
    apl_case_event events[EVENTS_MAX];
    size_t count = read_script(
        "09:50 thanks 1; 10:00 post 2 deleted 10:01; 10:05 post 3; 10:10 solved; 10:20 reply 4; "
        "10:30 post 5; 10:40 reply 6; 10:50 solved; 11:00 post 7; 11:05 post 8",
        events);
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1 << 20);
    apl_case_fold fold;
    assert_int_equal(apl_timeline_fold(events, count, &policy, &arena, &fold, NULL), APL_OK);
    assert_time_equal(fold.first_customer_us, moment("09:50"), "first customer");
    assert_time_equal(fold.last_customer_us, moment("11:05"), "last customer");
    assert_time_equal(fold.first_needing_us, moment("10:05"), "first needing");
    assert_time_equal(fold.first_answer_us, moment("10:20"), "first answer");
    assert_time_equal(fold.last_reply_us, moment("10:40"), "last reply");
    assert_time_equal(fold.waiting_since_us, moment("11:00"), "waiting");
    assert_time_equal(fold.state_since_us, moment("11:00"), "state");
    assert_int_equal(fold.waiting_post_id, 7);
    assert_int_equal(fold.customer_count, 5);
    assert_int_equal(fold.withdrawn_count, 1);
    assert_int_equal(fold.reply_count, 2);
    assert_int_equal(fold.reopened_count, 2);
    assert_ptr_equal(fold.clocks[0].reason.rule, &rules[0]);
    assert_ptr_equal(fold.clocks[0].reason.calendar, &calendar);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static void random_events(uint64_t *seed, apl_case_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t kind = next_random(seed) % 10;
        apl_case_event *event = &events[i];
        /* few different minutes, so that many events share one */
        *event = (apl_case_event){
            .kind = kind < 5   ? APL_EVENT_CUSTOMER_POST
                    : kind < 8 ? APL_EVENT_OWN_REPLY
                    : kind < 9 ? APL_EVENT_STATE_CHANGE
                               : APL_EVENT_NO_RESPONSE,
            .at_us = moment("10:00") + (int64_t)(next_random(seed) % 20) * APL_US_PER_MINUTE * 7,
            .sequence = (int64_t)i,
            .post_id = (int64_t)i + 1,
            .needs_answer = next_random(seed) % 3 != 0,
            .is_deleted = next_random(seed) % 4 == 0,
            .to_state = (apl_case_state)(next_random(seed) % APL_CASE_STATE_COUNT),
        };
        event->deleted_us = event->at_us + (int64_t)(next_random(seed) % 60) * APL_US_PER_MINUTE;
    }
}

/* What must hold of every fold: one response clock at a time, sane times, waiting exactly when one runs. */
static void check_sane(const apl_case_fold *fold)
{
    apl_time_us free_from = INT64_MIN;
    bool is_running = false;
    for (size_t i = 0; i < fold->clock_count; i++) {
        const apl_clock_run *clock = &fold->clocks[i];
        assert_true(clock->due_us >= clock->start_us && clock->warn_us <= clock->due_us);
        assert_true(clock->stopped_us >= clock->start_us);
        assert_int_equal(clock->stop == APL_CLOCK_RUNNING, clock->stopped_us == APL_TIME_NONE);
        assert_true(i == 0 || fold->clocks[i - 1].start_us <= clock->start_us);
        if (clock->kind == APL_CLOCK_RESOLUTION || clock->stop == APL_CLOCK_WITHDRAWN)
            continue;
        assert_true(clock->start_us >= free_from);
        free_from = clock->stopped_us;
        is_running = clock->stop == APL_CLOCK_RUNNING;
    }
    assert_int_equal(is_running, fold->waiting_since_us != APL_TIME_NONE);
}

static void any_order_of_arrival_gives_the_same(void **state)
{
    (void)state;
    uint64_t seed = 20261123;
    policy.rules[APL_CLOCK_RESOLUTION] = &rules[2];
    for (int round = 0; round < 400; round++) {
        apl_case_event events[EVENTS_MAX];
        size_t count = 1 + next_random(&seed) % 14;
        random_events(&seed, events, count);
        APL_AUTO(apl_buf) first = APL_BUF(20000);
        for (int shuffle = 0; shuffle < 8; shuffle++) {
            for (size_t i = count; i > 1; i--) {
                size_t k = next_random(&seed) % i;
                apl_case_event swap = events[i - 1];
                events[i - 1] = events[k];
                events[k] = swap;
            }
            APL_AUTO(apl_arena) arena;
            apl_arena_init(&arena, 1 << 20);
            apl_timeline_sort(events, count);
            apl_case_fold fold;
            assert_int_equal(apl_timeline_fold(events, count, &policy, &arena, &fold, NULL),
                             APL_OK);
            check_sane(&fold);
            APL_AUTO(apl_buf) text = APL_BUF(20000);
            add_fold(shuffle ? &text : &first, &fold);
            if (shuffle)
                assert_string_equal(apl_buf_str(&text), apl_buf_str(&first));
        }
    }
}

/* A post that was deleted before anything came of it leaves no trace but the withdrawn clock. */
static void withdrawn_posts_leave_no_trace(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 400; round++) {
        apl_case_event events[EVENTS_MAX];
        apl_case_event kept[EVENTS_MAX];
        size_t count = 1 + next_random(&seed) % 14;
        size_t kept_count = 0;
        random_events(&seed, events, count);
        apl_timeline_sort(events, count);
        for (size_t i = 0; i < count; i++) {
            if (events[i].kind == APL_EVENT_CUSTOMER_POST && events[i].is_deleted)
                events[i].deleted_us = events[i].at_us -
                                       1; /* at once: nothing can have answered it … */
            bool is_last_at_its_time = i + 1 == count || events[i + 1].at_us > events[i].at_us;
            events[i].is_deleted = events[i].is_deleted &&
                                   is_last_at_its_time; /* … not even then */
            if (events[i].kind != APL_EVENT_CUSTOMER_POST || !events[i].is_deleted)
                kept[kept_count++] = events[i];
        }
        APL_AUTO(apl_arena) arena;
        apl_arena_init(&arena, 1 << 20);
        apl_case_fold with;
        apl_case_fold without;
        assert_int_equal(apl_timeline_fold(events, count, &policy, &arena, &with, NULL), APL_OK);
        assert_int_equal(apl_timeline_fold(kept, kept_count, &policy, &arena, &without, NULL),
                         APL_OK);
        assert_int_equal(with.state, without.state);
        assert_int_equal(with.waiting_post_id, without.waiting_post_id);
        assert_int_equal(with.first_answer_us, without.first_answer_us);
        size_t at = 0;
        for (size_t i = 0; i < with.clock_count; i++) {
            if (with.clocks[i].stop == APL_CLOCK_WITHDRAWN)
                continue;
            assert_true(at < without.clock_count);
            assert_int_equal(with.clocks[i].kind, without.clocks[at].kind);
            assert_int_equal(with.clocks[i].due_us, without.clocks[at].due_us);
            assert_int_equal(with.clocks[i].stopped_us, without.clocks[at].stopped_us);
            at++;
        }
        assert_int_equal(at, without.clock_count);
    }
}

static void bad_timelines(void **state)
{
    (void)state;
    apl_case_event events[EVENTS_MAX];
    size_t count = read_script("10:00 post 1; 09:00 reply 2", events);
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, 1 << 20);
    apl_case_fold fold = {.clock_count = 77};
    assert_int_equal(apl_timeline_fold(events, count, &policy, &arena, &fold, NULL), APL_E_INVALID);
    events[0].kind = (apl_event_kind)9;
    assert_int_equal(apl_timeline_fold(events, 1, &policy, &arena, &fold, NULL), APL_E_INVALID);
    events[0].kind = APL_EVENT_STATE_CHANGE;
    events[0].to_state = (apl_case_state)9;
    assert_int_equal(apl_timeline_fold(events, 1, &policy, &arena, &fold, NULL), APL_E_INVALID);
    assert_int_equal(
        apl_timeline_fold(events, APL_TIMELINE_EVENTS_MAX + 1, &policy, &arena, &fold, NULL),
        APL_E_LIMIT);
    count = read_script("10:00 post 1; 10:20 reply 2", events);
    for (size_t max = 0; max < 64; max += 8) {
        APL_AUTO(apl_arena) tiny;
        apl_arena_init(&tiny, max);
        assert_int_equal(apl_timeline_fold(events, count, &policy, &tiny, &fold, NULL),
                         APL_E_NOMEM);
    }
    assert_int_equal(fold.clock_count, 77);
}

/* Tens of thousands of events of one case stay cheap. */
static void long_case(void **state)
{
    (void)state;
    enum { COUNT = APL_TIMELINE_EVENTS_MAX };
    apl_case_event *events = calloc(COUNT, sizeof *events);
    assert_non_null(events);
    for (int i = 0; i < COUNT; i++)
        events[i] = (apl_case_event){.kind = i % 2 ? APL_EVENT_OWN_REPLY : APL_EVENT_CUSTOMER_POST,
                                     .at_us = moment("10:00") + i * APL_US_PER_SECOND,
                                     .post_id = i + 1,
                                     .needs_answer = true};
    APL_AUTO(apl_arena) arena;
    apl_arena_init(&arena, (size_t)64 << 20);
    apl_case_fold fold;
    assert_int_equal(apl_timeline_fold(events, COUNT, &policy, &arena, &fold, NULL), APL_OK);
    assert_int_equal(fold.clock_count, COUNT / 2);
    assert_int_equal(fold.clocks[0].kind, APL_CLOCK_FIRST_RESPONSE);
    assert_int_equal(fold.clocks[COUNT / 2 - 1].kind, APL_CLOCK_NEXT_RESPONSE);
    assert_int_equal(fold.clocks[COUNT / 2 - 1].stop_post_id, COUNT);
    free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(responses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deletions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resolution, set_up, tear_down),
        cmocka_unit_test_setup_teardown(figures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_order_of_arrival_gives_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(withdrawn_posts_leave_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_timelines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_case, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
