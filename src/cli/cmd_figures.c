/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb stats` and `aplomb report`. Tests: tests/e2e/test_report.py, tests/e2e/test_import.py */
#include "cli/commands.h"
#include "cli/terminal.h"
#include "desk/stats.h"
#include "pulse/report.h"

#include <stdio.h>
#include <string.h>

enum {
    OUTPUT_MAX_BYTES = 16 * 1024 * 1024,
    REPORT_ARENA_BYTES = 64 * 1024 * 1024,
    GROUPS_SHOWN = 12
};

apl_rc apl_cmd_stats(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_desk *desk = NULL;
    apl_stats stats;
    apl_json_writer w;
    apl_rc rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc)
        rc = apl_stats_read(desk, &stats, err);
    apl_desk_close(desk);
    if (rc)
        return rc;
    if (!apl_cli_has(cli, "json")) {
        (void)printf("posts            %12lld  (%lld of them replies)\ncases            %12lld  "
                     "(%lld open)\n"
                     "clocks running   %12lld  (%lld past due)\nauthors          %12lld\nversions  "
                     "       %12lld\n"
                     "notes            %12lld\nchannels         %12lld\nusers            %12lld\n"
                     "ledger entries   %12lld\n",
                     (long long)stats.posts, (long long)stats.replies, (long long)stats.cases,
                     (long long)stats.open_cases, (long long)stats.open_clocks,
                     (long long)stats.breached_clocks, (long long)stats.authors,
                     (long long)stats.post_versions, (long long)stats.notes,
                     (long long)stats.channels, (long long)stats.users,
                     (long long)stats.ledger_entries);
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_stats_write(&stats, &w);
    apl_json_object_end(&w);
    rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

/* --- report ------------------------------------------------------------------------------------------------------- */

static const char *duration(int64_t us, char out[32])
{
    double minutes = (double)us / 6e7;
    if (us < 0)
        (void)snprintf(out, 32, "–");
    else if (minutes < 1)
        (void)snprintf(out, 32, "%.0f s", (double)us / 1e6);
    else if (minutes < 120)
        (void)snprintf(out, 32, "%.0f min", minutes);
    else if (minutes < 48 * 60)
        (void)snprintf(out, 32, "%.1f h", minutes / 60);
    else
        (void)snprintf(out, 32, "%.1f days", minutes / 1440);
    return out;
}

static const char *percent(int64_t part, int64_t whole, char out[16])
{
    if (whole)
        (void)snprintf(out, 16, "%.1f %%", 100.0 * (double)part / (double)whole);
    else
        (void)snprintf(out, 16, "–");
    return out;
}

static void print_figures(const apl_figures *f)
{
    char a[32], b[32], p[16];
    (void)printf("conversations            %9lld  (%lld posts by customers)\n",
                 (long long)f->conversations, (long long)f->customer_posts);
    (void)printf("answered                 %9lld  %s\n", (long long)f->answered,
                 percent(f->answered, f->conversations, p));
    (void)printf("first response           median %s, 90 %% within %s\n", duration(f->median_us, a),
                 duration(f->p90_us, b));
    (void)printf("within the limit (R5)    %9lld  %s\n", (long long)f->within_limit,
                 percent(f->within_limit, f->conversations, p));
    (void)printf("on the same day          %9lld  %s\n", (long long)f->same_day,
                 percent(f->same_day, f->conversations, p));
    (void)printf("complaints               %9lld  of them unanswered %lld\n",
                 (long long)f->complaints, (long long)f->unanswered_complaints);
}

static void print_groups(const char *title, const apl_report_group *groups, size_t count)
{
    char a[32], p[16], q[16];
    if (!count || (count == 1 && !groups[0].key.len))
        return;
    (void)printf("\n%-24s %8s %9s %12s %10s %11s\n", title, "cases", "answered", "median",
                 "in limit", "unanswered");
    for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++) {
        const apl_figures *f = &groups[i].figures;
        apl_span key = groups[i].key.len ? apl_span_sub(groups[i].key, 0, 24)
                                         : APL_SPAN("(not named)");
        (void)printf("%-24.*s %8lld %9s %12s %10s %11lld\n", APL_SPAN_ARGS(key),
                     (long long)f->conversations, percent(f->answered, f->conversations, p),
                     duration(f->median_us, a), percent(f->within_limit, f->conversations, q),
                     (long long)f->unanswered_complaints);
    }
    if (count > GROUPS_SHOWN)
        (void)printf("… and %zu more (--json shows all)\n", count - GROUPS_SHOWN);
}

static void print_top(const apl_report *report)
{
    char when[APL_TIME_TEXT_BYTES];
    if (!report->top_count)
        return;
    (void)printf("\nshould have been answered first\n");
    for (size_t i = 0; i < report->top_count; i++) {
        const apl_report_top *t = &report->top[i];
        (void)printf("%3zu. ", i + 1);
        apl_cli_print_plain(stdout, t->text, SIZE_MAX);
        (void)printf("\n     case %lld, ", (long long)t->case_id);
        apl_cli_print_plain(stdout, t->author, SIZE_MAX);
        (void)printf(", %s%s\n     ", apl_time_format(t->posted_us, when),
                     t->reply_us == APL_TIME_NONE ? ", never answered" : ", answered late");
        apl_cli_print_plain(stdout, t->why, SIZE_MAX);
        (void)printf("\n");
    }
}

/* RFC 3339, or a date (its start in UTC). */
static apl_rc parse_bound(apl_cli *cli, const char *name, apl_time_us *out_time, apl_err *err)
{
    char text[64];
    const char *given = apl_cli_get(cli, name);
    *out_time = APL_TIME_NONE;
    if (!given)
        return APL_OK;
    (void)snprintf(text, sizeof text, "%.40s%s", given, strlen(given) == 10 ? "T00:00:00Z" : "");
    apl_rc rc = apl_time_parse(apl_span_of(text), out_time, err);
    if (rc) {
        apl_err_where(err, "--%s", name);
        return APL_E_USAGE;
    }
    return APL_OK;
}

static apl_rc print_report(apl_cli *cli, const apl_report *report, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    const char *by = apl_cli_get(cli, "by");
    if (!apl_cli_has(cli, "json")) {
        print_figures(&report->figures);
        if (!by || strcmp(by, "company") == 0)
            print_groups("company", report->companies, report->company_count);
        if (!by || strcmp(by, "channel") == 0)
            print_groups("channel", report->channels, report->channel_count);
        print_top(report);
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_report_write_all(report, &w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

apl_rc apl_cmd_report(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    apl_desk *desk = NULL;
    apl_report report;
    apl_time_us since = APL_TIME_NONE, until = APL_TIME_NONE;
    const char *by = apl_cli_get(cli, "by");
    apl_arena_init(&arena, REPORT_ARENA_BYTES);
    if (by && strcmp(by, "company") != 0 && strcmp(by, "channel") != 0)
        return apl_err_set(err, APL_E_USAGE, "--by takes company or channel");
    apl_rc rc = parse_bound(cli, "since", &since, err);
    if (!rc)
        rc = parse_bound(cli, "until", &until, err);
    if (!rc)
        rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc)
        rc = apl_report_make(desk, since, until, &arena, &report, err);
    if (!rc)
        rc = print_report(cli, &report, err);
    apl_desk_close(desk);
    return rc;
}
