/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in and out, the own password. Tests: tests/e2e/test_api_auth.py */
#include "api/internal.h"

#include "base/utf8.h"

#include <string.h>

static void write_workspace(apl_json_writer *w, const apl_workspace_row *row)
{
    apl_json_key(w, "workspace");
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->workspace_id);
    apl_json_member_string(w, "name", row->name);
    apl_json_member_string(w, "zone", row->zone);
    apl_json_member_bool(w, "is_demo", row->is_demo != 0);
    apl_json_object_end(w);
}

typedef struct session_view {
    const apl_user_row *user; /* NULL: the local owner */
    apl_caller caller;
    apl_span csrf;
    apl_time_us expires_us;
} session_view;

static void write_session(apl_json_writer *w, const apl_desk *desk, const session_view *view)
{
    apl_json_object_begin(w);
    apl_json_key(w, "user");
    if (view->user)
        api_user(w, view->user);
    else
        apl_json_null(w);
    write_workspace(w, &desk->workspace);
    api_member_text(w, "csrf_token", view->csrf);
    apl_json_key(w, "permissions");
    apl_json_array_begin(w);
    for (int i = 0; i < APL_PERMISSION_COUNT; i++)
        if (apl_access_has(&view->caller, (apl_permission)i))
            apl_json_str(w, apl_permission_name((apl_permission)i));
    apl_json_array_end(w);
    apl_json_member_time(w, "expires_at", view->expires_us);
    apl_json_object_end(w);
}

apl_rc api_session_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    const api_who *who = who_of(request);
    api_reply reply;
    session_view view = {.caller = who->caller, .expires_us = APL_TIME_NONE};
    if (!who->is_local) {
        view.user = &who->session.user;
        view.csrf = who->session.csrf;
        view.expires_us = who->session.expires_us;
    }
    /* Name and mark of the workspace may have changed since this worker began. */
    apl_rc rc = apl_desk_reload_workspace(desk_of(request), err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    write_session(&reply.w, desk_of(request), &view);
    return api_reply_send(&reply, response, 200, err);
}

/* ---- in ---- */

typedef struct sign_in {
    apl_span token; /* of a link; empty: user_id was checked */
    int64_t user_id;
    apl_session_new session;
} sign_in;

static apl_rc run_sign_in(apl_tx *tx, void *ctx, apl_err *err)
{
    sign_in *s = ctx;
    return s->token.len ? apl_link_redeem(tx, s->token, &s->session, err)
                        : apl_session_start(tx, s->user_id, &s->session, err);
}

static apl_rc answer_signed_in(apl_http_request *request, apl_http_response *response,
                               const apl_session_new *session, apl_err *err)
{
    apl_desk *desk = desk_of(request);
    apl_user_row user;
    apl_role role = APL_ROLE_READER;
    bool found = false;
    api_reply reply;
    apl_http_cookie_spec cookie = {
        .name = api_cookie_name(request),
        .value = apl_span_of(session->token),
        .max_age_s = APL_SESSION_LIFETIME_US / APL_US_PER_SECOND,
        .is_lax = true, /* a link from a mail to a case must find its reader signed in */
    };
    apl_rc rc = apl_user_find(&(apl_reading){desk->conn, request->arena}, desk->workspace_id,
                              session->user_id, &user, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_UNAUTH, "this person is no longer here");
    if (!rc)
        rc = apl_role_parse(user.role, &role, err);
    if (!rc)
        rc = apl_desk_reload_workspace(desk, err);
    if (!rc)
        rc = apl_http_cookie_add(response, &cookie, err);
    if (rc)
        return rc;
    session_view view = {
        &user, {{"user", user.id}, role}, apl_span_of(session->csrf), session->expires_us};
    api_reply_begin(&reply);
    write_session(&reply.w, desk, &view);
    return api_reply_send(&reply, response, 201, err);
}

static apl_rc start(apl_http_request *request, apl_http_response *response, sign_in *s,
                    apl_err *err)
{
    apl_rc rc = apl_writer_run(api_of(request)->writer, run_sign_in, s, err);
    if (!rc)
        rc = answer_signed_in(request, response, &s->session, err);
    apl_secret_wipe(&s->session, sizeof s->session);
    return rc;
}

/* Who is slowed down: this account as tried from this address. */
static char *throttle_name(const apl_http_request *request, const char *what, apl_span account)
{
    char *name = apl_arena_printf(request->arena, "%s\n%.*s\n%s", what, APL_SPAN_ARGS(account),
                                  request->client);
    for (char *c = name; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return name;
}

static apl_rc refuse_password(apl_err *err)
{
    apl_err_set(err, APL_E_UNAUTH, "address or password is wrong");
    apl_err_fix(err, "try again, or ask for a sign-in link: aplomb user link EMAIL");
    return APL_E_UNAUTH;
}

static apl_rc check_password(apl_http_request *request, apl_span email, apl_span password,
                             int64_t *out_user_id, apl_err *err)
{
    apl_desk *desk = desk_of(request);
    apl_user_row user;
    bool found = false;
    apl_rc rc = apl_user_find_email(&(apl_reading){desk->conn, request->arena}, desk->workspace_id,
                                    email, &user, &found, err);
    if (rc)
        return rc;
    bool may = found && user.password.len && user.disabled_us == APL_TIME_NONE;
    const char *stored = may ? apl_arena_str(request->arena, user.password) : NULL;
    rc = apl_password_verify(password, stored, err);
    if (rc == APL_E_UNAUTH)
        return refuse_password(err);
    if (!rc)
        *out_user_id = user.id;
    return rc;
}

apl_rc api_session_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"email", "password", NULL};
    apl_api *api = api_of(request);
    apl_json root;
    apl_span email, password;
    sign_in s = {0};
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "email", 1, APL_USER_EMAIL_MAX_BYTES, &email, err);
    if (!rc)
        rc = api_body_text(root, "password", 1, APL_PASSWORD_MAX_BYTES, &password, err);
    if (rc)
        return rc;
    const char *who = throttle_name(request, "password", apl_span_trim(email));
    if (!who)
        return apl_err_nomem(err);
    int64_t wait_s = apl_throttle_wait_s(&api->throttle, apl_span_of(who), api_now(request));
    if (wait_s)
        return api_too_many(response, wait_s, err);
    rc = check_password(request, email, password, &s.user_id, err);
    if (rc == APL_E_UNAUTH)
        apl_throttle_fail(&api->throttle, apl_span_of(who), api_now(request));
    if (rc)
        return rc;
    apl_throttle_clear(&api->throttle, apl_span_of(who));
    return start(request, response, &s, err);
}

apl_rc api_link_redeem(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"token", NULL};
    apl_api *api = api_of(request);
    apl_json root;
    sign_in s = {0};
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "token", 1, 256, &s.token, err);
    if (rc)
        return rc;
    const char *who = throttle_name(request, "link", APL_SPAN_NONE);
    if (!who)
        return apl_err_nomem(err);
    int64_t wait_s = apl_throttle_wait_s(&api->throttle, apl_span_of(who), api_now(request));
    if (wait_s)
        return api_too_many(response, wait_s, err);
    rc = start(request, response, &s, err);
    if (rc == APL_E_UNAUTH)
        apl_throttle_fail(&api->throttle, apl_span_of(who), api_now(request));
    else if (!rc)
        apl_throttle_clear(&api->throttle, apl_span_of(who));
    return rc;
}

/* ---- out ---- */

static apl_rc run_sign_out(apl_tx *tx, void *ctx, apl_err *err)
{
    const api_who *who = ctx;
    return apl_session_end(tx, apl_span_of(who->session.token_hash), err);
}

apl_rc api_session_delete(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_who *who = request->session;
    apl_http_cookie_spec cookie = {.name = api_cookie_name(request),
                                   .value = APL_SPAN("gone"),
                                   .max_age_s = 0,
                                   .is_lax = true};
    apl_rc rc = who->is_local ? APL_OK
                              : apl_writer_run(api_of(request)->writer, run_sign_out, who, err);
    if (!rc)
        rc = apl_http_cookie_add(response, &cookie, err);
    if (!rc)
        response->status = 204;
    return rc;
}

/* ---- the own password ---- */

typedef struct password_change {
    const api_who *who;
    char hash[APL_PASSWORD_HASH_BYTES];
} password_change;

static apl_rc run_password(apl_tx *tx, void *ctx, apl_err *err)
{
    password_change *change = ctx;
    const apl_session *session = &change->who->session;
    return apl_user_set_password(tx, session->user.id, change->hash,
                                 apl_span_of(session->token_hash), change->who->caller.actor, err);
}

/* The password so far, unless a link has just shown who it is. */
static apl_rc check_current(apl_http_request *request, apl_json root, int64_t *out_wait_s,
                            apl_err *err)
{
    apl_api *api = api_of(request);
    const apl_session *session = &who_of(request)->session;
    apl_span current = APL_SPAN("");
    int64_t user_id = 0;
    *out_wait_s = 0;
    apl_rc rc = api_body_text(root, "current_password", 0, APL_PASSWORD_MAX_BYTES, &current, err);
    if (rc || !session->user.password.len || session->is_fresh_link)
        return rc;
    if (!current.len) {
        apl_err_set(err, APL_E_INVALID, "the password so far is wanted");
        apl_err_where(err, "/current_password");
        return APL_E_INVALID;
    }
    const char *who = throttle_name(request, "password", session->user.email);
    if (!who)
        return apl_err_nomem(err);
    *out_wait_s = apl_throttle_wait_s(&api->throttle, apl_span_of(who), api_now(request));
    if (*out_wait_s)
        return APL_OK;
    rc = check_password(request, session->user.email, current, &user_id, err);
    if (rc != APL_E_UNAUTH)
        return rc;
    apl_throttle_fail(&api->throttle, apl_span_of(who), api_now(request));
    /* Not 401: they are signed in, and the page must not throw them out. */
    apl_err_set(err, APL_E_DENIED, "the password so far is another one");
    apl_err_where(err, "/current_password");
    return APL_E_DENIED;
}

apl_rc api_password_set(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"password", "current_password", NULL};
    password_change change = {.who = who_of(request)};
    apl_json root;
    apl_span password;
    int64_t wait_s = 0;
    if (change.who->is_local) {
        apl_err_set(err, APL_E_INVALID, "the local owner has no password");
        apl_err_fix(err, "use: aplomb user password EMAIL");
        return APL_E_INVALID;
    }
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "password", 1, APL_PASSWORD_MAX_BYTES, &password, err);
    if (!rc)
        rc = check_current(request, root, &wait_s, err);
    if (rc)
        return rc;
    if (wait_s)
        return api_too_many(response, wait_s, err);
    rc = apl_user_password_hash(password, change.hash, err);
    if (!rc)
        rc = apl_writer_run(api_of(request)->writer, run_password, &change, err);
    apl_secret_wipe(change.hash, sizeof change.hash);
    if (!rc)
        response->status = 204;
    return rc;
}
