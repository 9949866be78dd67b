/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing a policy: clocks of open cases move, answered ones stay, the same files again change nothing. */
#include "house.h"

static apl_policy_file edited[128];
static char edited_text[64 * 1024];

/* The shipped files with `from` replaced by `to` (of the same length or shorter) in clocks.yaml. */
static void edit_clocks(house *h, const char *from, const char *to)
{
    memcpy(edited, h->policy, sizeof edited);
    for (size_t i = 0; i < h->env.default_policy_count; i++) {
        if (strcmp(edited[i].name, "clocks.yaml") != 0)
            continue;
        size_t out = 0;
        apl_span rest = edited[i].bytes;
        for (size_t at; (at = apl_span_find(rest, apl_span_of(from))) != SIZE_MAX;) {
            memcpy(edited_text + out, rest.ptr, at);
            memcpy(edited_text + out + at, to, strlen(to));
            out += at + strlen(to);
            rest = apl_span_sub(rest, at + strlen(from), SIZE_MAX);
        }
        memcpy(edited_text + out, rest.ptr, rest.len);
        edited[i].bytes = (apl_span){edited_text, out + rest.len};
    }
}

static bool publish(house *h)
{
    bool published = false;
    HOUSE_OK(
        apl_policy_publish(h->desk, edited, h->env.default_policy_count, 0, &published, &h->err));
    return published;
}

static void test_publishing_moves_running_clocks_only(void **state)
{
    house *h = *state;
    apl_post_in post = said("1", "ann", "Where is my refund?", 0),
                other = said("2", "bob", "Where is my parcel?", 0);
    (void)house_arrive(h, &post);
    (void)house_arrive(h, &other);
    edit_clocks(h, "in_hours: 30m", "in_hours: 20m");
    assert_true(publish(h));
    assert_int_equal(house_number(h, "SELECT count(*) FROM clock WHERE kind = 0 AND stop = 0"), 2);
    assert_int_equal(house_number(h, "SELECT min(due_us) FROM clock WHERE kind = 0"),
                     HOUSE_START + 20 * MINUTE);
    assert_int_equal(house_number(h, "SELECT min(next_due_us) FROM desk_case"),
                     HOUSE_START + 20 * MINUTE);
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    assert_false(publish(h));
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
    assert_int_equal(house_number(h, "SELECT count(*) FROM policy"), 2);
}

/* A case that is done keeps the promise that held when it was worked on. */
static void test_a_done_case_keeps_its_clocks(void **state)
{
    house *h = *state;
    apl_post_in post = said("1", "ann", "Where is my refund?", 0);
    int64_t id = house_arrive(h, &post).result.case_id;
    assert_int_equal(id, 1);
    apl_conn *conn = h->desk->conn;
    HOUSE_OK(apl_conn_begin(conn, &h->err));
    HOUSE_OK(apl_conn_run(conn, "UPDATE desk_case SET queue = 4", NULL, 0, &h->err));
    HOUSE_OK(apl_conn_commit(conn, &h->err));
    edit_clocks(h, "in_hours: 30m", "in_hours: 20m");
    assert_true(publish(h));
    assert_int_equal(house_number(h, "SELECT due_us FROM clock WHERE kind = 0"),
                     HOUSE_START + 30 * MINUTE);
}

static void test_a_mistake_publishes_nothing(void **state)
{
    house *h = *state;
    bool published = true;
    int64_t entries = house_number(h, "SELECT count(*) FROM ledger_entry");
    edit_clocks(h, "in_hours: 30m", "in_hours: 30x");
    apl_rc rc =
        apl_policy_publish(h->desk, edited, h->env.default_policy_count, 0, &published, &h->err);
    assert_int_equal(rc, APL_E_INVALID);
    assert_non_null(strstr(h->err.where, "clocks.yaml:"));
    assert_false(published);
    assert_int_equal(house_number(h, "SELECT count(*) FROM ledger_entry"), entries);
    assert_int_equal(house_number(h, "SELECT count(*) FROM policy"), 1);
}

/* The next start finds the policy that was published, not the one that is compiled in. */
static void test_the_next_start_adopts_it(void **state)
{
    house *h = *state;
    edit_clocks(h, "in_hours: 30m", "in_hours: 20m");
    assert_true(publish(h));
    apl_judge_free(h->judge);
    h->judge = NULL;
    apl_desk_close(h->desk);
    h->desk = NULL;
    HOUSE_OK(house_reopen(h, APL_DESK_READ));
    const apl_clock_rule *rule = NULL;
    const apl_calendar *calendar = NULL;
    assert_true(apl_policy_response_rule(h->desk->policy, &rule, &calendar));
    assert_int_equal(rule->limit_open_us, 20 * MINUTE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)
    const struct CMUnitTest tests[] = {
        T(test_publishing_moves_running_clocks_only),
        T(test_a_done_case_keeps_its_clocks),
        T(test_a_mistake_publishes_nothing),
        T(test_the_next_start_adopts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
