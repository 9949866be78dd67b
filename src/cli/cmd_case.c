/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb case list` and `aplomb case show`, from the same queries as the inbox. Tests: tests/e2e/test_cli.py */
#include "cli/commands.h"
#include "cli/terminal.h"
#include "desk/detail.h"
#include "desk/query_case.h"
#include "model/timeline.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, OUTPUT_MAX_BYTES = 16 * 1024 * 1024, THREAD_MAX = 200 };

static void print_left(apl_time_us due, apl_time_us now)
{
    double minutes = (double)(due - now) / 6e7;
    const char *word = minutes < 0 ? "overdue by" : "due in";
    if (minutes < 0)
        minutes = -minutes;
    if (minutes < 120)
        (void)printf("%s %.0f min", word, minutes);
    else if (minutes < 2880)
        (void)printf("%s %.0f h", word, minutes / 60);
    else
        (void)printf("%s %.0f days", word, minutes / 1440);
}

static void print_line(const apl_case_line *line, apl_time_us now)
{
    (void)printf("%6lld  %-8s ", (long long)line->row.id,
                 apl_case_state_name((apl_case_state)line->row.state));
    if (line->row.next_due_us != APL_TIME_NONE)
        print_left(line->row.next_due_us, now);
    else
        (void)printf("no clock runs");
    (void)printf("  ");
    apl_cli_print_plain(stdout, line->author_name, 32);
    (void)printf("\n        ");
    apl_cli_print_plain(stdout, line->row.headline, 160);
    (void)printf("\n        ");
    apl_cli_print_plain(stdout, line->row.why, 160);
    (void)printf("\n");
}

static void write_line(apl_json_writer *w, const apl_case_line *line)
{
    const apl_case_row *row = &line->row;
    apl_json_member_i64(w, "id", row->id);
    apl_json_member_str(w, "state", apl_case_state_name((apl_case_state)row->state));
    apl_json_member_str(w, "priority", apl_case_priority_name((apl_case_priority)row->priority));
    apl_json_member_string(w, "category", row->category);
    apl_json_member_string(w, "intent", row->intent);
    apl_json_member_string(w, "company", row->company);
    apl_json_member_string(w, "author", line->author_name);
    apl_json_member_string(w, "channel", line->channel_name);
    apl_json_member_string(w, "headline", row->headline);
    apl_json_member_string(w, "why", row->why);
    apl_json_member_time(w, "opened_at", row->opened_us);
    apl_json_member_time(w, "first_reply_at", row->first_reply_us);
    apl_json_member_time(w, "waiting_since", row->waiting_us);
    apl_json_member_time(w, "due_at", row->next_due_us);
    apl_json_member_str(w, "clock",
                        row->next_clock >= 0 ? apl_clock_kind_name((apl_clock_kind)row->next_clock)
                                             : NULL);
    apl_json_member_i64(w, "posts", row->post_count);
    apl_json_member_i64(w, "replies", row->reply_count);
}

static apl_rc print_json(apl_json_writer *w, apl_buf *text, apl_err *err)
{
    apl_rc rc = apl_json_writer_finish(w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(text));
    return rc;
}

apl_rc apl_cmd_case_list(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    const char *view = apl_cli_get(cli, "view");
    apl_case_filter filter = {.now = apl_clock_now(cli->env->clock),
                              .search = apl_span_of(apl_cli_get(cli, "q"))};
    apl_case_page page = {0};
    apl_desk *desk = NULL;
    apl_json_writer w;
    int64_t limit = 20;
    apl_arena_init(&arena, ARENA_BYTES);
    if (view && !apl_view_parse(apl_span_of(view), &filter.view))
        return apl_err_set(err, APL_E_USAGE,
                           "there is no view \"%.40s\"; see: aplomb case list --help", view);
    apl_rc rc = apl_cli_number(cli, "limit", (apl_cli_range){1, APL_PAGE_MAX, 20}, &limit, err);
    if (!rc)
        rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    filter.limit = (size_t)limit;
    if (!rc)
        rc = apl_case_list(desk, &filter, &arena, &page, err);
    apl_json_writer_init(&w, &text);
    apl_json_array_begin(&w);
    for (size_t i = 0; i < page.count && !rc; i++) {
        if (!apl_cli_has(cli, "json")) {
            print_line(&page.lines[i], filter.now);
            continue;
        }
        apl_json_object_begin(&w);
        write_line(&w, &page.lines[i]);
        apl_json_object_end(&w);
    }
    apl_json_array_end(&w);
    if (!rc && apl_cli_has(cli, "json"))
        rc = print_json(&w, &text, err);
    else if (!rc && !page.count)
        (void)printf("no case is in this view\n");
    apl_desk_close(desk);
    return rc;
}

typedef struct whole_case {
    apl_case_line line;
    apl_case_clocks clocks;
    apl_thread_page thread;
    apl_thread_post decider;
    bool has_decider;
} whole_case;

static apl_rc load_case(apl_desk *desk, int64_t id, apl_arena *arena, whole_case *c, apl_err *err)
{
    bool found = false;
    apl_rc rc = apl_case_line_find(desk, id, arena, &c->line, &found, err);
    if (!rc && !found)
        return apl_err_set(err, APL_E_NOT_FOUND, "there is no case %lld", (long long)id);
    if (!rc)
        rc = apl_case_clock_list(desk, c->line.row.id, arena, &c->clocks, err);
    if (!rc)
        rc = apl_case_thread(desk, &c->line.row, &(apl_ask){{INT64_MIN, 0}, THREAD_MAX, arena},
                             &c->thread, err);
    return rc ? rc
              : apl_case_decider(desk, c->line.row.id, arena, &c->decider, &c->has_decider, err);
}

static void print_trace(const apl_desk *desk, const whole_case *c)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    const apl_policy *policy =
        desk->policy->id == c->decider.assessment.policy_id ? desk->policy->policy : NULL;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root, step;
    if (!doc || !c->has_decider ||
        apl_json_doc_parse(doc, c->decider.assessment.detail, NULL, &root, NULL))
        return;
    (void)printf("\nwhy it is here\n");
    for (apl_json_iter it = apl_json_each(apl_json_get(root, "trace"));
         apl_json_next(&it, NULL, &step);) {
        apl_detail_step d = apl_detail_step_of(step);
        apl_buf_clear(&text);
        if (apl_detail_step_format(&d, policy, &text, NULL))
            break;
        (void)printf("  %.*s: ", APL_SPAN_ARGS(d.rule));
        apl_cli_print_plain(stdout, apl_buf_view(&text), 300);
        (void)printf("\n");
    }
}

static void print_case(const apl_desk *desk, const whole_case *c, apl_time_us now)
{
    char when[APL_TIME_TEXT_BYTES];
    print_line(&c->line, now);
    (void)printf("\nclocks\n");
    for (size_t i = 0; i < c->clocks.count; i++) {
        const apl_clock_row *row = &c->clocks.rows[i];
        const char *stop = apl_clock_stop_name((apl_clock_stop)row->stop);
        if (!stop)
            continue;
        if (row->stop == APL_CLOCK_RUNNING && row->paused_since_us != APL_TIME_NONE)
            stop = "paused";
        (void)printf("  %-15s %-11s ", apl_clock_kind_name((apl_clock_kind)row->kind), stop);
        apl_cli_print_plain(stdout, row->reason, 300);
        (void)printf("\n");
    }
    (void)printf("\nposts\n");
    for (size_t i = 0; i < c->thread.count; i++) {
        const apl_thread_post *p = &c->thread.posts[i];
        (void)printf("  %s  ", apl_time_format(p->post.posted_us, when));
        apl_cli_print_plain(stdout, p->author_name, 40);
        (void)printf("%s%s\n    ", p->post.is_own ? " (own)" : "",
                     p->post.deleted_us != APL_TIME_NONE ? " (deleted)" : "");
        apl_cli_print_plain(stdout, p->version.text, 2000);
        (void)printf("\n");
    }
    print_trace(desk, c);
}

static void write_clocks(apl_json_writer *w, const apl_case_clocks *clocks)
{
    apl_json_key(w, "clocks");
    apl_json_array_begin(w);
    for (size_t i = 0; i < clocks->count; i++) {
        const apl_clock_row *row = &clocks->rows[i];
        const char *stop = apl_clock_stop_name((apl_clock_stop)row->stop);
        if (!stop)
            continue;
        apl_json_object_begin(w);
        apl_json_member_str(w, "kind", apl_clock_kind_name((apl_clock_kind)row->kind));
        apl_json_member_str(w, "state", stop);
        apl_json_member_bool(w, "paused", row->paused_since_us != APL_TIME_NONE);
        apl_json_member_time(w, "started_at", row->start_us);
        apl_json_member_time(w, "due_at", row->due_us);
        apl_json_member_time(w, "stopped_at", row->stopped_us);
        apl_json_member_bool(w, "breached", row->breach_us != APL_TIME_NONE);
        apl_json_member_string(w, "reason", row->reason);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

static void write_posts(apl_json_writer *w, const apl_thread_page *thread)
{
    apl_json_key(w, "thread");
    apl_json_array_begin(w);
    for (size_t i = 0; i < thread->count; i++) {
        const apl_thread_post *p = &thread->posts[i];
        apl_json_object_begin(w);
        apl_json_member_i64(w, "id", p->post.id);
        apl_json_member_string(w, "remote_id", p->post.remote_id);
        apl_json_member_bool(w, "own", p->post.is_own != 0);
        apl_json_member_string(w, "author", p->author_name);
        apl_json_member_time(w, "at", p->post.posted_us);
        apl_json_member_time(w, "deleted_at", p->post.deleted_us);
        apl_json_member_string(w, "text", p->version.text);
        apl_json_member_i64(w, "versions", p->post.version_count);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

apl_rc apl_cmd_case_show(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_desk *desk = NULL;
    whole_case c = {0};
    apl_json_writer w;
    int64_t id = 0;
    apl_arena_init(&arena, ARENA_BYTES);
    if (apl_span_parse_i64(apl_span_of(cli->args[0]), &id, NULL))
        return apl_err_set(err, APL_E_USAGE, "\"%.40s\" is no number of a case", cli->args[0]);
    apl_rc rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc)
        rc = load_case(desk, id, &arena, &c, err);
    if (!rc && apl_cli_has(cli, "json")) {
        apl_json_writer_init(&w, &text);
        apl_json_object_begin(&w);
        write_line(&w, &c.line);
        write_clocks(&w, &c.clocks);
        write_posts(&w, &c.thread);
        apl_json_object_end(&w);
        rc = print_json(&w, &text, err);
    } else if (!rc) {
        print_case(desk, &c, apl_clock_now(cli->env->clock));
    }
    apl_desk_close(desk);
    return rc;
}
