/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb user add|list|link`: on the directory itself, or through the server that holds it. Tests: tests/e2e/test_cli.py */
#include "cli/commands.h"
#include "cli/remote.h"
#include "cli/terminal.h"
#include "desk/session.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 4 * 1024 * 1024, ARENA_BYTES = 4 * 1024 * 1024, CURSOR_BYTES = 1024 };

typedef struct user_job {
    apl_span email, name;
    apl_role role;
    bool only_link; /* the person exists */
    int64_t id;
    char token[APL_TOKEN_TEXT_BYTES];
} user_job;

static apl_rc nobody(const user_job *job, apl_err *err)
{
    return apl_err_set(err, APL_E_NOT_FOUND, "there is nobody with the address %.*s",
                       APL_SPAN_ARGS(job->email));
}

static apl_rc add_or_find(apl_tx *tx, user_job *job, apl_err *err)
{
    apl_user_row row;
    bool found = false;
    if (!job->only_link) {
        apl_user_new person = {.email = job->email, .name = job->name, .role = job->role};
        apl_rc rc = apl_user_add(tx, &person, (apl_actor){"cli", 0}, &row, err);
        job->id = rc ? 0 : row.id;
        return rc;
    }
    apl_rc rc = apl_user_find_email(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id,
                                    job->email, &row, &found, err);
    if (!rc && !found)
        rc = nobody(job, err);
    job->id = rc ? 0 : row.id;
    return rc;
}

static apl_rc run_locally(apl_desk *desk, user_job *job, apl_err *err)
{
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    rc = add_or_find(&tx, job, err);
    if (!rc)
        rc = job->only_link
                 ? apl_link_renew(&tx, job->id, (apl_actor){"cli", 0}, job->token, err)
                 : apl_link_make(&tx, job->id, APL_LINK_TERMINAL_LIFETIME_US, job->token, err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    return apl_tx_commit(&tx, err);
}

static apl_rc print_user(const apl_cli *cli, const user_job *job, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    if (!apl_cli_has(cli, "json")) {
        (void)printf("%.*s: sign in once, within a day, at\n  /sign-in?token=%s\n(on the address "
                     "of your server, such as"
                     " http://127.0.0.1:8080)\n",
                     APL_SPAN_ARGS(job->email), job->token);
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "id", job->id);
    apl_json_member_string(&w, "email", job->email);
    apl_json_member_str(&w, "token", job->token);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

/* The server's answer as if it were our own: the person's id and the token of the link. */
static apl_rc read_made(const apl_http_reply *reply, user_job *job, apl_err *err)
{
    static const char path[] = "/sign-in?token=";
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root, user;
    apl_span link;
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_json_doc_parse(doc, apl_buf_view(&reply->body), NULL, &root, err);
    if (!rc)
        rc = apl_json_get_object(root, "user", &user, err);
    if (!rc)
        rc = apl_json_get_i64(user, "id", &job->id, err);
    if (!rc)
        rc = apl_json_get_str(root, "sign_in_path", &link, err);
    if (!rc && !apl_span_starts(link, apl_span_of(path)))
        rc = apl_err_set(err, APL_E_INTERNAL, "the server's link is not understood");
    if (!rc)
        (void)snprintf(job->token, sizeof job->token, "%.*s",
                       APL_SPAN_ARGS(apl_span_sub(link, sizeof path - 1, link.len)));
    return rc;
}

static apl_rc add_remotely(apl_remote *remote, user_job *job, apl_err *err)
{
    APL_AUTO(apl_buf) body = APL_BUF(OUTPUT_MAX_BYTES);
    APL_AUTO(apl_http_reply) reply = {0};
    apl_json_writer w;
    apl_json_writer_init(&w, &body);
    apl_json_object_begin(&w);
    apl_json_member_string(&w, "email", job->email);
    apl_json_member_string(&w, "name", job->name);
    apl_json_member_str(&w, "role", apl_role_name(job->role));
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        rc = apl_remote_call(remote, "POST", "/api/v1/users", apl_buf_view(&body), &reply, err);
    return rc ? rc : read_made(&reply, job, err);
}

/* One page of people: the id of the wanted one, or where the next page begins ("" after the last). */
static apl_rc look_through(apl_remote *remote, user_job *job, char cursor[CURSOR_BYTES],
                           apl_err *err)
{
    APL_AUTO(apl_http_reply) reply = {0};
    APL_AUTO_JSON doc = apl_json_doc_new();
    char path[CURSOR_BYTES + 64];
    apl_json root, items, item;
    apl_span text = APL_SPAN("");
    if (!doc)
        return apl_err_nomem(err);
    (void)snprintf(path, sizeof path, "/api/v1/users?limit=200%s%s", cursor[0] ? "&cursor=" : "",
                   cursor);
    apl_rc rc = apl_remote_call(remote, "GET", path, APL_SPAN(""), &reply, err);
    if (!rc)
        rc = apl_json_doc_parse(doc, apl_buf_view(&reply.body), NULL, &root, err);
    if (!rc)
        rc = apl_json_get_array(root, "items", &items, err);
    if (rc)
        return rc;
    for (apl_json_iter it = apl_json_each(items); !job->id && apl_json_next(&it, NULL, &item);)
        if (apl_json_as_str(apl_json_get(item, "email"), &text) &&
            apl_span_equal_nocase(text, job->email))
            rc = apl_json_get_i64(item, "id", &job->id, err);
    text = APL_SPAN("");
    (void)apl_json_as_str(apl_json_get(root, "next_cursor"), &text);
    (void)snprintf(cursor, CURSOR_BYTES, "%.*s", APL_SPAN_ARGS(text));
    return rc;
}

static apl_rc link_remotely(apl_remote *remote, user_job *job, apl_err *err)
{
    APL_AUTO(apl_http_reply) reply = {0};
    char cursor[CURSOR_BYTES] = "", path[64];
    apl_rc rc = APL_OK;
    do
        rc = look_through(remote, job, cursor, err);
    while (!rc && !job->id && cursor[0]);
    if (!rc && !job->id)
        rc = nobody(job, err);
    (void)snprintf(path, sizeof path, "/api/v1/users/%lld/link", (long long)job->id);
    if (!rc)
        rc = apl_remote_call(remote, "POST", path, APL_SPAN("{}"), &reply, err);
    return rc ? rc : read_made(&reply, job, err);
}

/* On the directory itself, or by the server that holds it. */
static apl_rc run_anywhere(apl_cli *cli, user_job *job, apl_err *err)
{
    apl_desk *desk = NULL;
    apl_remote *remote = NULL;
    apl_rc rc = apl_cli_open(cli, APL_DESK_WRITE, &desk, err);
    if (rc == APL_E_BUSY) {
        rc = apl_remote_open(apl_cli_data_dir(cli), &remote, err);
        if (!rc)
            rc = job->only_link ? link_remotely(remote, job, err) : add_remotely(remote, job, err);
        apl_remote_close(remote);
    } else if (!rc) {
        rc = run_locally(desk, job, err);
        apl_desk_close(desk);
    }
    return rc ? rc : print_user(cli, job, err);
}

apl_rc apl_cmd_user_add(apl_cli *cli, apl_err *err)
{
    const char *name = apl_cli_get(cli, "name"), *role = apl_cli_get(cli, "role");
    user_job job = {.email = apl_span_of(cli->args[0]),
                    .name = apl_span_of(name ? name : cli->args[0])};
    apl_rc rc = apl_role_parse(apl_span_of(role ? role : "agent"), &job.role, err);
    return rc ? apl_err_wrap(err, APL_E_USAGE, "--role") : run_anywhere(cli, &job, err);
}

apl_rc apl_cmd_user_link(apl_cli *cli, apl_err *err)
{
    user_job job = {.email = apl_span_of(cli->args[0]), .only_link = true};
    return run_anywhere(cli, &job, err);
}

apl_rc apl_cmd_user_list(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_desk *desk = NULL;
    apl_user_page page = {0};
    apl_json_writer w;
    apl_arena_init(&arena, ARENA_BYTES);
    apl_rc rc = apl_cli_open(cli, APL_DESK_READ, &desk, err);
    if (!rc)
        rc = apl_user_list(&(apl_reading){desk->conn, &arena}, desk->workspace_id,
                           &(apl_user_ask){.limit = 1000}, &page, err);
    apl_json_writer_init(&w, &text);
    apl_json_array_begin(&w);
    for (size_t i = 0; i < page.count && !rc; i++) {
        const apl_user_row *row = &page.rows[i];
        if (!apl_cli_has(cli, "json")) {
            (void)printf("%6lld  %-10.*s %-32.*s ", (long long)row->id, APL_SPAN_ARGS(row->role),
                         APL_SPAN_ARGS(row->email));
            apl_cli_print_plain(stdout, row->name, SIZE_MAX);
            (void)printf("\n");
            continue;
        }
        apl_json_object_begin(&w);
        apl_json_member_i64(&w, "id", row->id);
        apl_json_member_string(&w, "email", row->email);
        apl_json_member_string(&w, "name", row->name);
        apl_json_member_string(&w, "role", row->role);
        apl_json_object_end(&w);
    }
    apl_json_array_end(&w);
    if (!rc)
        rc = apl_json_writer_finish(&w, err);
    if (!rc && apl_cli_has(cli, "json"))
        (void)printf("%s\n", apl_buf_str(&text));
    apl_desk_close(desk);
    return rc;
}
