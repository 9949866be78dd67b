/* SPDX-License-Identifier: Apache-2.0 */
/* Intake and threads: late parents, ghosts, merges, direct messages, loops, contradictions, edits before their post. */
#include "house.h"

static const char cases_sql[] = "SELECT count(*) FROM desk_case WHERE queue < 9";
static const char first_clock_sql[] =
    "SELECT stop FROM clock WHERE kind = 0 AND stop < 5 ORDER BY case_id, ordinal LIMIT 1";

static void test_a_complaint_opens_a_case_with_a_clock(void **state)
{
    house *h = *state;
    apl_post_in post = said("1", "ann", "Where is my refund? I have waited three weeks!", 0);
    apl_batch_item item = house_arrive(h, &post);
    assert_int_equal(item.result.outcome, APL_INTAKE_TAKEN);
    assert_true(item.result.case_id > 0);
    assert_int_equal(house_number(h, "SELECT due_us FROM clock WHERE kind = 0"),
                     HOUSE_START + 30 * MINUTE);
    assert_int_equal(house_arrive(h, &post).result.outcome, APL_INTAKE_KNOWN);
    assert_int_equal(house_number(h, "SELECT count(*) FROM post_version"), 1);
}

static void test_an_answer_before_its_question(void **state)
{
    house *h = *state;
    apl_post_in reply = answered("2", "1", 10);
    apl_post_in second = answered("3", "2", 20);
    apl_batch_item item = house_arrive(h, &reply);
    assert_int_equal(item.result.case_id, 0);
    (void)house_arrive(h, &second);
    assert_int_equal(house_number(h, cases_sql), 0);
    apl_post_in post = said("1", "ann", "Where is my refund?", 0);
    item = house_arrive(h, &post);
    assert_int_equal(house_number(h, first_clock_sql), APL_CLOCK_ANSWERED);
    assert_int_equal(house_number(h, "SELECT reply_count FROM desk_case"), 2);
    assert_int_equal(house_number(h, "SELECT first_reply_us FROM desk_case"),
                     HOUSE_START + 10 * MINUTE);
    assert_int_equal(house_number(h, "SELECT count(*) FROM post WHERE case_id = 1"), 3);
}

/* Two cases of one author turn out to be one conversation; our answer below the late link finds the case that is left. */
static void test_a_late_link_merges_cases(void **state)
{
    house *h = *state;
    apl_post_in top = said("1", "ann", "Where is my refund?", 0);
    apl_post_in low = said("3", "ann", "Nobody answers me!", 20);
    low.parent_id = APL_SPAN("2");
    apl_batch_item first = house_arrive(h, &low), second = house_arrive(h, &top);
    assert_int_not_equal(first.result.case_id, second.result.case_id);
    apl_post_in link = answered("2", "1", 5);
    apl_batch_item item = house_arrive(h, &link);
    assert_int_equal(house_number(h, cases_sql), 1);
    assert_int_equal(item.result.case_id, first.result.case_id);
    assert_int_equal(house_number(h, "SELECT count(*) FROM post WHERE case_id = 1"), 3);
    assert_int_equal(house_number(h, "SELECT merged_into FROM desk_case WHERE id = 2"), 1);
    assert_int_equal(house_number(h, "SELECT count(*) FROM clock WHERE case_id = 2 AND stop < 5"),
                     0);
    assert_int_equal(house_number(h, "SELECT waiting_us FROM desk_case WHERE id = 1"),
                     HOUSE_START + 20 * MINUTE);
}

static void test_direct_messages_are_one_conversation(void **state)
{
    house *h = *state;
    for (int i = 0; i < 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "m%d", i);
        apl_post_in post = said(id, "ann", "Where is my refund?", i);
        post.kind = APL_POST_KIND_MESSAGE;
        (void)house_arrive(h, &post);
    }
    apl_post_in other = said("m9", "bob", "Where is my parcel?", 1);
    other.kind = APL_POST_KIND_MESSAGE;
    (void)house_arrive(h, &other);
    assert_int_equal(house_number(h, cases_sql), 2);
    assert_int_equal(house_number(h, "SELECT max(post_count) FROM desk_case"), 3);
}

static void test_a_post_that_answers_itself(void **state)
{
    house *h = *state;
    apl_post_in post = said("1", "ann", "Where is my refund?", 0);
    post.parent_id = APL_SPAN("1");
    (void)house_arrive(h, &post);
    assert_int_equal(house_number(h, "SELECT parent_id FROM post WHERE remote_id = '1'"), 0);
    assert_int_equal(house_number(h, cases_sql), 1);
}

static void loop_of_three(house *h, const int order[3])
{
    static const char *const ids[] = {"a", "b", "c"}, *const parents[] = {"b", "c", "a"};
    for (int i = 0; i < 3; i++) {
        int at = order[i];
        apl_post_in post = said(ids[at], at == 1 ? "bob" : "ann", "Where is my refund?", 5 + at);
        post.parent_id = apl_span_of(parents[at]);
        (void)house_arrive(h, &post);
    }
}

/* Whatever comes last, the earliest post of the loop is the root. */
static void test_a_loop_is_cut_alike_in_every_order(void **state)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int i = 0; i < 6; i++) {
        house *h = *state;
        char root[32];
        loop_of_three(h, orders[i]);
        house_text(h,
                   "SELECT r.remote_id FROM post p JOIN post r ON r.id = p.conversation_id"
                   " GROUP BY r.remote_id",
                   root, sizeof root);
        assert_string_equal(root, "a");
        assert_int_equal(house_number(h, "SELECT count(DISTINCT conversation_id) FROM post"), 1);
        assert_int_equal(house_number(h, "SELECT parent_id FROM post WHERE remote_id = 'a'"), 0);
        assert_int_equal(house_number(h, cases_sql), 2);
        (void)house_close(state);
        (void)house_open(state);
    }
}

static void test_another_author_is_refused_alone(void **state)
{
    house *h = *state;
    apl_post_in first = said("1", "ann", "Where is my refund?", 0);
    (void)house_arrive(h, &first);
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    apl_batch_item items[3] = {{.post = said("2", "bob", "Where is my parcel?", 1)},
                               {.post = said("1", "eve", "I am Ann", 2)},
                               {.post = said("3", "cyd", "Where is my dog?", 3)}};
    house_batch batch = {h, items, 3};
    HOUSE_OK(apl_batch_judge(h->judge, APL_SPAN("wall"), items, 3, &h->arena, &h->err));
    HOUSE_OK(house_run(h, house_apply, &batch));
    apl_batch_counts counts = apl_batch_count(items, 3);
    assert_int_equal(counts.taken, 2);
    assert_int_equal(counts.rejected, 1);
    assert_int_equal(items[1].rc, APL_E_CONFLICT);
    assert_non_null(strstr(items[1].err.what, "another author"));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries + 2);
    assert_int_equal(house_number(h, "SELECT count(*) FROM author WHERE remote_id = 'eve'"), 0);
}

/* An edit that does not say whose it is comes first; then the post, which is ours. */
static void test_an_early_edit_of_our_own_answer(void **state)
{
    house *h = *state;
    apl_post_in post = said("1", "ann", "Where is my refund?", 0);
    apl_post_in edit = said("2", "", "We are on it, Ann.", 15);
    edit.event = APL_POST_EVENT_EDIT;
    (void)house_arrive(h, &post);
    (void)house_arrive(h, &edit);
    assert_int_equal(house_number(h, cases_sql), 2);
    apl_post_in reply = answered("2", "1", 10);
    (void)house_arrive(h, &reply);
    char text[64];
    assert_int_equal(house_number(h, cases_sql), 1);
    assert_int_equal(house_number(h, first_clock_sql), APL_CLOCK_ANSWERED);
    assert_int_equal(house_number(h, "SELECT stopped_us FROM clock WHERE kind = 0 AND stop = 1"),
                     HOUSE_START + 10 * MINUTE);
    house_text(h,
               "SELECT v.text FROM post p JOIN post_version v ON v.post_id = p.id AND v.version_no "
               "= p.version_no"
               " WHERE p.remote_id = '2'",
               text, sizeof text);
    assert_string_equal(text, "We are on it, Ann.");
}

static void test_a_deletion_before_its_post(void **state)
{
    house *h = *state;
    apl_post_in gone = said("1", "", "", 5), post = said("1", "ann", "Where is my refund?", 0);
    gone.event = APL_POST_EVENT_DELETE;
    assert_int_equal(house_arrive(h, &gone).result.outcome, APL_INTAKE_DELETED);
    assert_int_equal(house_number(h, cases_sql), 0);
    assert_int_equal(house_arrive(h, &post).result.outcome, APL_INTAKE_TAKEN);
    assert_int_equal(house_number(h, first_clock_sql), APL_CLOCK_WITHDRAWN);
    assert_int_equal(house_arrive(h, &gone).result.outcome, APL_INTAKE_KNOWN);
}

static void test_tags_follow_every_post(void **state)
{
    house *h = *state;
    char tags[256];
    apl_post_in calm = said("1", "ann", "Where is my refund?", 0);
    apl_post_in angry = said("2", "ann", "I will sue you. My lawyer will write tomorrow.", 10);
    angry.parent_id = APL_SPAN("1");
    (void)house_arrive(h, &calm);
    (void)house_arrive(h, &angry);
    house_text(h, "SELECT tags FROM desk_case", tags, sizeof tags);
    assert_non_null(strstr(tags, "legal"));
    apl_post_in gone = angry;
    gone.event = APL_POST_EVENT_DELETE;
    gone.text = APL_SPAN_NONE;
    gone.at_us += MINUTE;
    (void)house_arrive(h, &gone);
    house_text(h, "SELECT tags FROM desk_case", tags, sizeof tags);
    assert_null(strstr(tags, "legal"));
}

/* Far deeper than any stack would like. */
static void test_a_long_chain_of_our_own_turns(void **state)
{
    enum { LENGTH = 600 };
    house *h = *state;
    char ids[LENGTH + 1][8];
    apl_batch_item *items = calloc(LENGTH, sizeof *items);
    assert_non_null(items);
    for (int i = 0; i <= LENGTH; i++)
        (void)snprintf(ids[i], sizeof ids[i], "%d", i);
    for (int i = 0; i < LENGTH; i++)
        items[i].post = answered(ids[i + 1], ids[i], i + 1);
    house_batch batch = {h, items, LENGTH};
    HOUSE_OK(house_run(h, house_apply, &batch));
    apl_post_in post = said("0", "ann", "Where is my refund?", 0);
    (void)house_arrive(h, &post);
    assert_int_equal(house_number(h, "SELECT reply_count FROM desk_case"), LENGTH);
    free(items);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_a_complaint_opens_a_case_with_a_clock),
        T(test_an_answer_before_its_question),
        T(test_a_late_link_merges_cases),
        T(test_direct_messages_are_one_conversation),
        T(test_a_post_that_answers_itself),
        T(test_a_loop_is_cut_alike_in_every_order),
        T(test_another_author_is_refused_alone),
        T(test_an_early_edit_of_our_own_answer),
        T(test_a_deletion_before_its_post),
        T(test_tags_follow_every_post),
        T(test_a_long_chain_of_our_own_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
