/* SPDX-License-Identifier: Apache-2.0 */
/* Cases under people's hands, the fold after it, and the scheduler with a clock that is turned. */
#include "house.h"

#include "desk/case_change.h"
#include "desk/scheduler.h"

static int64_t open_case(house *h)
{
    apl_post_in post = said("1", "ann", "Where is my refund?", 0);
    return house_arrive(h, &post).result.case_id;
}

static apl_rc change(house *h, apl_case_change *c)
{
    c->arena = &h->arena;
    c->user_id = 0;
    return house_run(h, apl_case_change_apply, c);
}

static void test_solving_stops_the_clocks_and_a_question_reopens(void **state)
{
    house *h = *state;
    apl_case_change c = {
        .case_id = open_case(h), .if_revision = -1, .has_state = true, .state = APL_CASE_SOLVED};
    h->clock.now_us += 10 * MINUTE;
    HOUSE_OK(change(h, &c));
    assert_int_equal(c.row.state, APL_CASE_SOLVED);
    assert_int_equal(house_number(h, "SELECT count(*) FROM clock WHERE stop = 0"), 0);
    apl_post_in again = said("2", "ann", "It is still not here! Where is my refund?", 60);
    again.parent_id = APL_SPAN("1");
    (void)house_arrive(h, &again);
    assert_int_equal(house_number(h, "SELECT state FROM desk_case"), APL_CASE_OPEN);
    assert_int_equal(house_number(h, "SELECT start_us FROM clock WHERE stop = 0 AND kind = 0"),
                     HOUSE_START + 60 * MINUTE);
}

static void test_a_stale_revision_is_refused(void **state)
{
    house *h = *state;
    int64_t id = open_case(h);
    apl_case_change c = {
        .case_id = id, .if_revision = 1, .has_priority = true, .priority = APL_CASE_URGENT};
    HOUSE_OK(change(h, &c));
    assert_int_equal(c.row.revision, 2);
    apl_case_change late = {
        .case_id = id, .if_revision = 1, .has_priority = true, .priority = APL_CASE_LOW};
    assert_int_equal(change(h, &late), APL_E_CONFLICT);
    assert_int_equal(house_number(h, "SELECT priority FROM desk_case"), APL_CASE_URGENT);
}

static void test_what_a_person_set_stays(void **state)
{
    house *h = *state;
    char text[128];
    apl_case_change c = {.case_id = open_case(h),
                         .if_revision = -1,
                         .has_priority = true,
                         .priority = APL_CASE_LOW,
                         .has_category = true,
                         .category = APL_SPAN("praise"),
                         .has_tags = true,
                         .tag_count = 1};
    c.tags[0] = APL_SPAN("mine");
    HOUSE_OK(change(h, &c));
    apl_post_in angry = said("2", "ann", "I will sue you. My lawyer will write tomorrow.", 5);
    angry.parent_id = APL_SPAN("1");
    (void)house_arrive(h, &angry);
    assert_int_equal(house_number(h, "SELECT priority FROM desk_case"), APL_CASE_LOW);
    house_text(h, "SELECT category || ' ' || tags FROM desk_case", text, sizeof text);
    assert_string_equal(text, "praise mine");
}

static void test_nothing_to_change_changes_nothing(void **state)
{
    house *h = *state;
    int64_t id = open_case(h), entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    int64_t priority = house_number(h, "SELECT priority FROM desk_case");
    apl_case_change c = {.case_id = id,
                         .if_revision = -1,
                         .has_priority = true,
                         .priority = (apl_case_priority)priority};
    HOUSE_OK(change(h, &c));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
    assert_int_equal(c.row.revision, 1);
}

/* Notes and decisions of a case go along when it merges into another. */
static void test_a_merge_takes_notes_along(void **state)
{
    house *h = *state;
    apl_post_in low = said("3", "ann", "Nobody answers me!", 20),
                top = said("1", "ann", "Where is my refund?", 0);
    low.parent_id = APL_SPAN("2");
    int64_t older = house_arrive(h, &top).result.case_id,
            newer = house_arrive(h, &low).result.case_id;
    apl_note_new note = {.case_id = newer, .text = APL_SPAN("called her")};
    HOUSE_OK(house_run(h, apl_note_add, &note));
    h->clock.now_us += 30 * MINUTE;
    apl_case_change c = {
        .case_id = newer, .if_revision = -1, .has_state = true, .state = APL_CASE_ON_HOLD};
    HOUSE_OK(change(h, &c));
    apl_post_in link = answered("2", "1", 5);
    (void)house_arrive(h, &link);
    assert_int_equal(house_number(h, "SELECT case_id FROM note"), older);
    assert_int_equal(house_number(h, "SELECT case_id FROM case_step"), older);
    assert_int_equal(house_number(h, "SELECT state FROM desk_case WHERE id = 1"), APL_CASE_ON_HOLD);
    c = (apl_case_change){
        .case_id = newer, .if_revision = -1, .has_state = true, .state = APL_CASE_OPEN};
    assert_int_equal(change(h, &c), APL_E_CONFLICT);
}

static int64_t look(house *h, size_t limit)
{
    apl_due due = {.limit = limit};
    HOUSE_OK(house_run(h, apl_scheduler_note_breaches, &due));
    return (int64_t)due.count;
}

static void test_breaches_are_noted_once_and_none_is_missed(void **state)
{
    house *h = *state;
    static const char *const ids[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++) {
        apl_post_in post = said(ids[i], ids[i], "Where is my refund?", i);
        (void)house_arrive(h, &post);
    }
    h->clock.now_us = HOUSE_START + 30 * MINUTE;
    assert_int_equal(look(h, 10), 0); /* due is not past due */
    h->clock.now_us++;
    assert_int_equal(look(h, 10), 1);
    assert_int_equal(look(h, 10), 0);
    /* The program was off for a week: three at a time, until all are noted. */
    h->clock.now_us += 7 * APL_US_PER_DAY;
    int64_t noted = 1;
    for (int64_t found = 3; found == 3; noted += found)
        found = look(h, 3);
    assert_int_equal(noted, 10); /* five first responses, five resolutions */
    assert_int_equal(house_number(h, "SELECT count(*) FROM clock WHERE breach_us = due_us"), 10);
    assert_int_equal(
        house_number(
            h,
            "SELECT count(*) FROM ledger_entry WHERE entry LIKE '%\"kind\":\"clock.breached\"%'"),
        10);
}

/* A breach that was noted survives a late reply that shows that there was none, and the other way round. */
static void test_a_late_reply_that_was_in_time_takes_the_breach_back(void **state)
{
    house *h = *state;
    (void)open_case(h);
    h->clock.now_us = HOUSE_START + 31 * MINUTE;
    assert_int_equal(look(h, 10), 1);
    apl_post_in reply = answered("2", "1", 20);
    (void)house_arrive(h, &reply);
    assert_int_equal(
        house_number(h, "SELECT breach_us = 9223372036854775807 FROM clock WHERE kind = 0"), 1);
    assert_int_equal(house_number(h, "SELECT stop FROM clock WHERE kind = 0"), APL_CLOCK_ANSWERED);
    assert_int_equal(look(h, 10), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_solving_stops_the_clocks_and_a_question_reopens),
        T(test_a_stale_revision_is_refused),
        T(test_what_a_person_set_stays),
        T(test_nothing_to_change_changes_nothing),
        T(test_a_merge_takes_notes_along),
        T(test_breaches_are_noted_once_and_none_is_missed),
        T(test_a_late_reply_that_was_in_time_takes_the_breach_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
