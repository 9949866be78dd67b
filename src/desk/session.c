/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and sign-in links; see session.h. Tests: tests/e2e/test_api_auth.py */
#include "desk/session.h"

#include "crypto/encode.h"
#include "crypto/hash.h"

#include <string.h>

void apl_token_hash_text(apl_span token, char out[APL_SESSION_HASH_TEXT_BYTES])
{
    uint8_t digest[APL_SHA256_BYTES];
    apl_sha256_of(token, digest);
    (void)apl_base64_encode((apl_span){(const char *)digest, sizeof digest}, APL_BASE64_URL, out);
}

static void make_token(const apl_desk *desk, char out[APL_TOKEN_TEXT_BYTES])
{
    uint8_t random[APL_TOKEN_RANDOM_BYTES];
    desk->env.random->fill(desk->env.random->ctx, random, sizeof random);
    apl_token_format(random, out);
    apl_secret_wipe(random, sizeof random);
}

/* What has expired goes, so that the tables stay small. A used link is kept until it would have expired. */
static apl_rc sweep(apl_tx *tx, apl_err *err)
{
    static const char sessions[] =
        "DELETE FROM session WHERE workspace_id = $1 AND expires_us < $2";
    static const char links[] =
        "DELETE FROM sign_in_link WHERE workspace_id = $1 AND expires_us < $2";
    apl_rc rc = apl_conn_run(tx->conn, sessions,
                             APL_VALS(APL_I64(tx->workspace_id), APL_I64(tx->now)), err);
    if (!rc)
        rc = apl_conn_run(tx->conn, links,
                          APL_VALS(APL_I64(tx->workspace_id), APL_I64(tx->now - APL_US_PER_HOUR)),
                          err);
    return rc;
}

apl_rc apl_link_make(apl_tx *tx, int64_t user_id, int64_t lifetime_us,
                     char out_token[APL_TOKEN_TEXT_BYTES], apl_err *err)
{
    static const char sql[] =
        "INSERT INTO sign_in_link (workspace_id, token_hash, user_id, expires_us, used_us)"
        " VALUES ($1, $2, $3, $4, 0)";
    char token[APL_TOKEN_TEXT_BYTES], hash[APL_SESSION_HASH_TEXT_BYTES];
    apl_user_row user;
    apl_rc rc = sweep(tx, err);
    if (!rc)
        rc = apl_tx_find(tx, &apl_table_user, user_id, &user, err);
    if (rc)
        return rc;
    make_token(tx->desk, token);
    apl_token_hash_text(apl_span_of(token), hash);
    rc = apl_conn_run(tx->conn, sql,
                      APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(apl_span_of(hash)),
                               APL_I64(user_id), APL_I64(tx->now + lifetime_us)),
                      err);
    if (!rc)
        memcpy(out_token, token, sizeof token);
    apl_secret_wipe(token, sizeof token);
    return rc;
}

apl_rc apl_link_renew(apl_tx *tx, int64_t user_id, apl_actor actor,
                      char out_token[APL_TOKEN_TEXT_BYTES], apl_err *err)
{
    apl_user_row row;
    bool found = false;
    apl_rc rc = apl_user_find(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id, user_id, &row,
                              &found, err);
    if (rc)
        return rc;
    if (!found || row.disabled_us != APL_TIME_NONE) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is nobody with the id %lld", (long long)user_id);
        apl_err_where(err, "user_id");
        return APL_E_NOT_FOUND;
    }
    rc = apl_tx_entry_begin(tx, "user.link", actor, err);
    if (!rc)
        rc = apl_tx_about(tx, "user", user_id, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    return rc ? rc : apl_link_make(tx, user_id, APL_LINK_TERMINAL_LIFETIME_US, out_token, err);
}

static apl_rc link_refused(apl_err *err)
{
    apl_err_set(err, APL_E_UNAUTH,
                "this sign-in link was used before, has expired or was never made");
    apl_err_where(err, "token");
    apl_err_fix(err, "make a new one with: aplomb user link EMAIL");
    return APL_E_UNAUTH;
}

apl_rc apl_link_redeem(apl_tx *tx, apl_span token, apl_session_new *out_session, apl_err *err)
{
    static const char spend_sql[] =
        "UPDATE sign_in_link SET used_us = $3 WHERE workspace_id = $1 AND token_hash = $2"
        " AND used_us = 0 AND expires_us > $3";
    static const char whose_sql[] =
        "SELECT user_id FROM sign_in_link WHERE workspace_id = $1 AND token_hash = $2";
    char hash[APL_SESSION_HASH_TEXT_BYTES];
    int64_t changed = 0, user_id = 0;
    apl_user_row user;
    apl_token_hash_text(token, hash);
    apl_span key = apl_span_of(hash);
    apl_rc rc = apl_conn_run_counted(
        tx->conn, spend_sql, APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(key), APL_I64(tx->now)),
        &changed, err);
    if (!rc && changed != 1)
        return link_refused(err);
    if (!rc)
        rc = apl_conn_number(tx->conn, whose_sql,
                             APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(key)), &user_id, err);
    if (!rc)
        rc = apl_tx_find(tx, &apl_table_user, user_id, &user, err);
    if (!rc && user.disabled_us != APL_TIME_NONE)
        return link_refused(err);
    return rc ? rc : apl_session_start(tx, user_id, out_session, err);
}

apl_rc apl_session_start(apl_tx *tx, int64_t user_id, apl_session_new *out_session, apl_err *err)
{
    static const char sql[] =
        "INSERT INTO session (workspace_id, token_hash, user_id, csrf, created_us, expires_us)"
        " VALUES ($1, $2, $3, $4, $5, $6)";
    char hash[APL_SESSION_HASH_TEXT_BYTES];
    apl_session_new session = {.user_id = user_id, .expires_us = tx->now + APL_SESSION_LIFETIME_US};
    apl_rc rc = sweep(tx, err);
    if (rc)
        return rc;
    make_token(tx->desk, session.token);
    make_token(tx->desk, session.csrf);
    apl_token_hash_text(apl_span_of(session.token), hash);
    rc = apl_conn_run(tx->conn, sql,
                      APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(apl_span_of(hash)),
                               APL_I64(user_id), APL_TEXT(apl_span_of(session.csrf)),
                               APL_I64(tx->now), APL_I64(session.expires_us)),
                      err);
    if (!rc)
        *out_session = session;
    apl_secret_wipe(&session, sizeof session);
    return rc;
}

apl_rc apl_session_end(apl_tx *tx, apl_span token_hash, apl_err *err)
{
    static const char sql[] = "DELETE FROM session WHERE workspace_id = $1 AND token_hash = $2";
    return apl_conn_run(tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(token_hash)),
                        err);
}

apl_rc apl_session_end_others(apl_tx *tx, int64_t user_id, apl_span keep_hash, apl_err *err)
{
    static const char sql[] =
        "DELETE FROM session WHERE workspace_id = $1 AND user_id = $2 AND token_hash <> $3";
    return apl_conn_run(tx->conn, sql,
                        APL_VALS(APL_I64(tx->workspace_id), APL_I64(user_id), APL_TEXT(keep_hash)),
                        err);
}

/* A link's use and the session that it opened carry the same time: that of their transaction. */
static apl_rc find_out_if_fresh(apl_conn *conn, int64_t workspace_id, apl_time_us now,
                                apl_session *session, apl_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM sign_in_link WHERE workspace_id = $1 AND user_id = $2"
        " AND used_us = $3";
    int64_t count = 0;
    session->is_fresh_link = false;
    if (now - session->created_us >= APL_US_PER_HOUR)
        return APL_OK;
    apl_rc rc = apl_conn_number(
        conn, sql,
        APL_VALS(APL_I64(workspace_id), APL_I64(session->user.id), APL_I64(session->created_us)),
        &count, err);
    session->is_fresh_link = count > 0;
    return rc;
}

apl_rc apl_session_find(const apl_reading *from, int64_t workspace_id, apl_span token,
                        apl_time_us now, apl_session *out_session, apl_err *err)
{
    static const char sql[] =
        "SELECT user_id, csrf, created_us, expires_us FROM session WHERE workspace_id = $1"
        " AND token_hash = $2 AND expires_us > $3";
    apl_session session = {0};
    apl_cursor *cursor = NULL;
    bool has_row = false;
    *out_session = session;
    if (!token.len || token.len >= APL_TOKEN_TEXT_BYTES)
        return APL_OK;
    apl_token_hash_text(token, session.token_hash);
    apl_rc rc = apl_conn_query(
        from->conn, sql,
        APL_VALS(APL_I64(workspace_id), APL_TEXT(apl_span_of(session.token_hash)), APL_I64(now)),
        &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row) {
        session.user.id = apl_cursor_i64(cursor, 0);
        session.created_us = apl_cursor_i64(cursor, 2);
        session.expires_us = apl_cursor_i64(cursor, 3);
        rc = apl_arena_copy(from->arena, apl_cursor_span(cursor, 1), &session.csrf, err);
    }
    apl_cursor_close(cursor);
    if (!rc && has_row)
        rc = apl_user_find(from, workspace_id, session.user.id, &session.user, &has_row, err);
    if (rc || !has_row || session.user.disabled_us != APL_TIME_NONE ||
        apl_role_parse(session.user.role, &session.role, NULL))
        return rc;
    rc = find_out_if_fresh(from->conn, workspace_id, now, &session, err);
    if (!rc)
        *out_session = session;
    return rc;
}
