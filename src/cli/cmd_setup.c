/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aplomb workspace`, `channel`, `policy`, `migrate`: setting a workspace up. Each works on the directory itself, or asks
 * the server that holds it. Tests: tests/e2e/test_cli.py
 */
#include "cli/commands.h"
#include "cli/remote.h"
#include "cli/terminal.h"
#include "desk/channel.h"
#include "desk/workspace.h"
#include "desk/writer.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 4 * 1024 * 1024, POLICY_ARENA_BYTES = 2 * APL_POLICY_BYTES_MAX };

static apl_rc in_tx(apl_desk *desk, apl_write_fn run, void *ctx, apl_err *err)
{
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    rc = run(&tx, ctx, err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    return apl_tx_commit(&tx, err);
}

/* --- workspace ---------------------------------------------------------------------------------------------------- */

apl_rc apl_cmd_workspace_set(apl_cli *cli, apl_err *err)
{
    apl_desk *desk = NULL;
    apl_workspace_change change = {
        .name = apl_span_of(apl_cli_get(cli, "name")),
        .zone = apl_span_of(apl_cli_get(cli, "zone")),
        .mark_demo = apl_cli_has(cli, "demo"),
    };
    apl_rc rc = apl_cli_open(cli, APL_DESK_WRITE, &desk, err);
    if (!rc)
        rc = apl_workspace_set(desk, &change, err);
    apl_desk_close(desk);
    return rc;
}

/* --- channels ----------------------------------------------------------------------------------------------------- */

typedef struct channel_job {
    apl_channel_new new_channel;
    apl_channel_row row;
    char secret[APL_CHANNEL_SECRET_TEXT_BYTES];
    char slug[APL_CHANNEL_SLUG_MAX_BYTES];
    int64_t id;
} channel_job;

static apl_rc add_channel(apl_tx *tx, void *ctx, apl_err *err)
{
    channel_job *job = ctx;
    apl_rc rc =
        apl_channel_add(tx, &job->new_channel, (apl_actor){"cli", 0}, &job->row, job->secret, err);
    if (!rc) {
        job->id = job->row.id;
        (void)snprintf(job->slug, sizeof job->slug, "%.*s", APL_SPAN_ARGS(job->row.slug));
    }
    return rc;
}

static apl_rc read_channel_reply(apl_span body, channel_job *job, apl_err *err)
{
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root, channel;
    apl_span secret = APL_SPAN_NONE;
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_json_doc_parse(doc, body, NULL, &root, err);
    if (!rc)
        rc = apl_json_get_object(root, "channel", &channel, err);
    if (!rc)
        rc = apl_json_get_i64(channel, "id", &job->id, err);
    if (!rc)
        rc = apl_json_opt_str(root, "secret", &secret, err);
    if (!rc)
        (void)snprintf(job->secret, sizeof job->secret, "%.*s", APL_SPAN_ARGS(secret));
    return rc;
}

/* The short name that the server made; it is in the store by now. */
static apl_rc find_slug(apl_cli *cli, channel_job *job, apl_err *err)
{
    apl_desk *desk = NULL;
    apl_channel_row row;
    bool found = false;
    apl_rc rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc) {
        int64_t keys[] = {desk->workspace_id, job->id};
        rc = apl_row_find(&(apl_reading){desk->conn, &desk->arena}, &apl_table_channel, keys, &row,
                          &found, err);
    }
    if (!rc && found)
        (void)snprintf(job->slug, sizeof job->slug, "%.*s", APL_SPAN_ARGS(row.slug));
    apl_desk_close(desk);
    return rc;
}

static apl_rc add_channel_remotely(apl_cli *cli, channel_job *job, apl_err *err)
{
    APL_AUTO(apl_buf) body = APL_BUF(OUTPUT_MAX_BYTES);
    APL_AUTO(apl_http_reply) reply = {0};
    apl_remote *remote = NULL;
    apl_json_writer w;
    apl_rc rc = apl_remote_open(apl_cli_data_dir(cli), &remote, err);
    if (rc)
        return rc;
    apl_json_writer_init(&w, &body);
    apl_json_object_begin(&w);
    apl_json_member_string(&w, "name", job->new_channel.name);
    apl_json_member_string(&w, "kind", job->new_channel.kind);
    if (job->new_channel.slug.len)
        apl_json_member_string(&w, "slug", job->new_channel.slug);
    apl_json_object_end(&w);
    rc = apl_json_writer_finish(&w, err);
    if (!rc)
        rc = apl_remote_call(remote, "POST", "/api/v1/channels", apl_buf_view(&body), &reply, err);
    apl_remote_close(remote);
    if (!rc)
        rc = read_channel_reply(apl_buf_view(&reply.body), job, err);
    return rc ? rc : find_slug(cli, job, err);
}

static apl_rc print_channel(const apl_cli *cli, const channel_job *job, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    if (!apl_cli_has(cli, "json")) {
        (void)printf("channel %lld, %s\n", (long long)job->id, job->slug);
        if (job->secret[0])
            (void)printf(
                "deliver to /api/v1/hooks/%lld, signed with this secret (shown only now):\n%s\n",
                (long long)job->id, job->secret);
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "id", job->id);
    apl_json_member_str(&w, "slug", job->slug);
    apl_json_member_string(&w, "kind", job->new_channel.kind);
    apl_json_member_string(&w, "name", job->new_channel.name);
    apl_json_member_str(&w, "secret", job->secret[0] ? job->secret : NULL);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

apl_rc apl_cmd_channel_add(apl_cli *cli, apl_err *err)
{
    apl_desk *desk = NULL;
    const char *kind = apl_cli_get(cli, "kind"), *name = apl_cli_get(cli, "name");
    channel_job job = {.new_channel = {.slug = apl_span_of(apl_cli_get(cli, "slug")),
                                       .kind = apl_span_of(kind ? kind : "webhook"),
                                       .name = apl_span_of(name)}};
    if (!name)
        return apl_err_set(err, APL_E_USAGE, "a channel needs --name");
    apl_rc rc = apl_cli_open(cli, APL_DESK_WRITE, &desk, err);
    if (rc == APL_E_BUSY)
        rc = add_channel_remotely(cli, &job, err);
    else if (!rc)
        rc = in_tx(desk, add_channel, &job, err);
    apl_desk_close(desk);
    return rc ? rc : print_channel(cli, &job, err);
}

static apl_rc list_channels(apl_cli *cli, apl_desk *desk, apl_json_writer *w, apl_err *err)
{
    static const char sql[] =
        "SELECT id, slug, kind, name FROM channel WHERE workspace_id = $1 ORDER BY id";
    apl_cursor *cursor = NULL;
    bool as_json = apl_cli_has(cli, "json");
    apl_rc rc =
        apl_conn_query(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &cursor, err);
    for (bool has_row = true; !rc && has_row;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        if (as_json) {
            apl_json_object_begin(w);
            apl_json_member_i64(w, "id", apl_cursor_i64(cursor, 0));
            apl_json_member_string(w, "slug", apl_cursor_span(cursor, 1));
            apl_json_member_string(w, "kind", apl_cursor_span(cursor, 2));
            apl_json_member_string(w, "name", apl_cursor_span(cursor, 3));
            apl_json_object_end(w);
        } else {
            (void)printf("%6lld  %-10.*s %-24.*s ", (long long)apl_cursor_i64(cursor, 0),
                         APL_SPAN_ARGS(apl_cursor_span(cursor, 2)),
                         APL_SPAN_ARGS(apl_cursor_span(cursor, 1)));
            apl_cli_print_plain(stdout, apl_cursor_span(cursor, 3), SIZE_MAX);
            (void)printf("\n");
        }
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_cmd_channel_list(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_desk *desk = NULL;
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_array_begin(&w);
    apl_rc rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc)
        rc = list_channels(cli, desk, &w, err);
    apl_json_array_end(&w);
    if (!rc)
        rc = apl_json_writer_finish(&w, err);
    if (!rc && apl_cli_has(cli, "json"))
        (void)printf("%s\n", apl_buf_str(&text));
    apl_desk_close(desk);
    return rc;
}

/* --- policy ------------------------------------------------------------------------------------------------------- */

apl_rc apl_cmd_policy_check(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    char dir[APL_PATH_MAX_BYTES];
    apl_policy_file *files = NULL;
    apl_policy_use *use = NULL;
    size_t count = 0;
    const char *given = apl_cli_get(cli, "policy");
    apl_arena_init(&arena, POLICY_ARENA_BYTES);
    (void)snprintf(dir, sizeof dir, "%s%s", given ? given : apl_cli_data_dir(cli),
                   given ? "" : "/policy");
    apl_rc rc = apl_policy_files_load(dir, &arena, &files, &count, err);
    if (!rc)
        rc = apl_policy_use_new(files, count, &use, err);
    if (!rc)
        (void)printf("%zu files, %zu rules, %zu clock policies, %zu calendars, %zu term lists: no "
                     "mistakes found\n",
                     count, use->policy->rule_count, use->policy->clock_count,
                     use->policy->calendar_count, use->policy->list_count);
    apl_policy_use_drop(use);
    return rc;
}

apl_rc apl_cmd_policy_publish(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_http_reply) reply = {0};
    apl_remote *remote = NULL;
    apl_desk *desk = NULL;
    /* Opening for writing publishes what differs. */
    apl_rc rc = apl_cli_open(cli, APL_DESK_WRITE, &desk, err);
    if (rc == APL_E_BUSY) {
        rc = apl_remote_open(apl_cli_data_dir(cli), &remote, err);
        if (!rc)
            rc = apl_remote_call(remote, "POST", "/api/v1/policy/publish", APL_SPAN("{}"), &reply,
                                 err);
        apl_remote_close(remote);
        if (!rc)
            (void)printf("published by the running server\n");
        return rc;
    }
    if (!rc)
        (void)printf("in force: policy %lld, %s\n", (long long)desk->policy->id,
                     desk->policy->digest);
    apl_desk_close(desk);
    return rc;
}

apl_rc apl_cmd_migrate(apl_cli *cli, apl_err *err)
{
    apl_desk *desk = NULL;
    apl_rc rc = apl_cli_open(cli, APL_DESK_MIGRATE, &desk, err);
    if (!rc)
        (void)printf("schema version %d\n",
                     cli->env->migrations[cli->env->migration_count - 1].version);
    apl_desk_close(desk);
    return rc;
}
