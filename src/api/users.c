/* SPDX-License-Identifier: Apache-2.0 */
/* People of the workspace. Tests: tests/e2e/test_api_auth.py */
#include "api/internal.h"

void api_user(apl_json_writer *w, const apl_user_row *row)
{
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->id);
    apl_json_member_string(w, "name", row->name);
    apl_json_member_string(w, "email", row->email);
    apl_json_member_string(w, "role", row->role);
    apl_json_member_bool(w, "has_password", row->password.len > 0);
    apl_json_object_end(w);
}

apl_rc api_users_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_desk *desk = desk_of(request);
    api_page page;
    apl_user_page users;
    api_reply reply;
    char *next = NULL;
    apl_rc rc = api_page_read(request, "users", &page, err);
    if (!rc)
        rc = apl_user_list(&(apl_reading){desk->conn, request->arena}, desk->workspace_id,
                           &(apl_user_ask){page.place.text, page.place.keys[0], page.limit}, &users,
                           err);
    if (rc)
        return rc;
    if (users.has_more) {
        page.place.text = users.rows[users.count - 1].name;
        page.place.keys[0] = users.rows[users.count - 1].id;
        next = apl_place_format(&page.place, request->arena);
    }
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (size_t i = 0; i < users.count; i++)
        api_user(&reply.w, &users.rows[i]);
    api_list_end(&reply.w, next);
    return api_reply_send(&reply, response, 200, err);
}

typedef struct user_job {
    apl_user_new user;
    apl_actor actor;
} user_job;

/* Shows the link this once. */
static apl_rc answer_link(apl_tx *tx, const apl_user_row *row, char token[APL_TOKEN_TEXT_BYTES],
                          apl_json_writer *w, apl_err *err)
{
    char *path = apl_arena_printf(&tx->arena, "/sign-in?token=%s", token);
    apl_secret_wipe(token, APL_TOKEN_TEXT_BYTES);
    if (!path)
        return apl_err_nomem(err);
    apl_json_object_begin(w);
    apl_json_key(w, "user");
    api_user(w, row);
    apl_json_member_str(w, "sign_in_path", path);
    apl_json_member_time(w, "expires_at", tx->now + APL_LINK_TERMINAL_LIFETIME_US);
    apl_json_object_end(w);
    return APL_OK;
}

static apl_rc run_create(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    user_job *job = ctx;
    apl_user_row row;
    char token[APL_TOKEN_TEXT_BYTES];
    apl_rc rc = apl_user_add(tx, &job->user, job->actor, &row, err);
    if (!rc)
        rc = apl_link_make(tx, row.id, APL_LINK_TERMINAL_LIFETIME_US, token, err);
    return rc ? rc : answer_link(tx, &row, token, w, err);
}

typedef struct link_job {
    int64_t user_id;
    apl_actor actor;
} link_job;

static apl_rc run_link(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    const link_job *job = ctx;
    apl_user_row row;
    char token[APL_TOKEN_TEXT_BYTES];
    apl_rc rc = apl_link_renew(tx, job->user_id, job->actor, token, err);
    if (!rc)
        rc = apl_tx_find(tx, &apl_table_user, job->user_id, &row, err);
    return rc ? rc : answer_link(tx, &row, token, w, err);
}

apl_rc api_user_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"email", "name", "role", NULL};
    user_job job = {.actor = who_of(request)->caller.actor};
    apl_json root;
    apl_span role;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "email", 3, APL_USER_EMAIL_MAX_BYTES, &job.user.email, err);
    if (!rc)
        rc = api_body_text(root, "name", 1, APL_USER_NAME_MAX_BYTES, &job.user.name, err);
    if (!rc)
        rc = apl_json_get_str(root, "role", &role, err);
    if (!rc)
        rc = apl_role_parse(role, &job.user.role, err);
    if (rc)
        return rc;
    return api_write_run(request, response, &(api_write){run_create, &job, 201, NULL}, err);
}

apl_rc api_user_link(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    link_job job = {.actor = who_of(request)->caller.actor};
    apl_rc rc = apl_http_param_id(request, "user_id", &job.user_id, err);
    return rc ? rc : api_write_run(request, response, &(api_write){run_link, &job, 201, NULL}, err);
}
