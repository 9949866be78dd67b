/* SPDX-License-Identifier: Apache-2.0 */
/* People; see user.h. Tests: tests/e2e/test_api_auth.py */
#include "desk/user.h"

#include "base/utf8.h"
#include "desk/session.h"

#include <inttypes.h>

static bool is_address(apl_span email)
{
    size_t at = apl_span_find_byte(email, '@');
    bool good = email.len >= 3 && email.len <= APL_USER_EMAIL_MAX_BYTES && at != SIZE_MAX &&
                at > 0 && at + 1 < email.len && apl_utf8_is_valid(email);
    for (size_t i = 0; i < email.len && good; i++) {
        unsigned char c = (unsigned char)email.ptr[i];
        good = c > 0x20 && c != 0x7f && c != '<' && c != '>' && c != ',' && c != ';' && c != '"';
    }
    return good && apl_span_find_byte(apl_span_sub(email, at + 1, SIZE_MAX), '@') == SIZE_MAX;
}

/* Lower case (ASCII), trimmed. */
static apl_rc normal_email(apl_span email, apl_arena *arena, apl_span *out, apl_err *err)
{
    email = apl_span_trim(email);
    if (!is_address(email)) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no e-mail address",
                    APL_SPAN_ARGS(apl_utf8_cut(email, 80)));
        apl_err_where(err, "email");
        apl_err_fix(err, "write it as name@example.org");
        return APL_E_INVALID;
    }
    char *copy = apl_arena_str(arena, email);
    if (!copy)
        return apl_err_nomem(err);
    for (size_t i = 0; i < email.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
    *out = (apl_span){copy, email.len};
    return APL_OK;
}

static apl_rc normal_name(apl_span name, apl_span *out, apl_err *err)
{
    name = apl_span_trim(name);
    bool good = name.len && name.len <= APL_USER_NAME_MAX_BYTES && apl_utf8_is_valid(name);
    for (size_t i = 0; i < name.len && good; i++)
        good = (unsigned char)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f;
    if (!good) {
        apl_err_set(err, APL_E_INVALID, "a name has 1 to %d bytes of text on one line",
                    APL_USER_NAME_MAX_BYTES);
        apl_err_where(err, "name");
        return APL_E_INVALID;
    }
    *out = name;
    return APL_OK;
}

apl_rc apl_user_find_email(const apl_reading *from, int64_t workspace_id, apl_span email,
                           apl_user_row *out_row, bool *out_found, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_USER_COLUMNS) " FROM desk_user WHERE workspace_id = $1"
                                             " AND email = $2";
    apl_cursor *cursor = NULL;
    apl_span normal;
    *out_found = false;
    if (normal_email(email, from->arena, &normal, NULL))
        return APL_OK;
    apl_rc rc = apl_conn_query(from->conn, sql, APL_VALS(APL_I64(workspace_id), APL_TEXT(normal)),
                               &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = apl_row_read(cursor, &apl_table_user, 0, from->arena, out_row, err);
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_user_find(const apl_reading *from, int64_t workspace_id, int64_t id,
                     apl_user_row *out_row, bool *out_found, apl_err *err)
{
    int64_t keys[] = {workspace_id, id};
    return apl_row_find(from, &apl_table_user, keys, out_row, out_found, err);
}

static apl_rc check_free(apl_tx *tx, apl_span email, apl_err *err)
{
    apl_user_row old;
    bool taken = false;
    apl_rc rc = apl_user_find_email(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id, email,
                                    &old, &taken, err);
    if (rc || !taken)
        return rc;
    apl_err_set(err, APL_E_EXISTS, "%.*s is already in this workspace",
                APL_SPAN_ARGS(apl_utf8_cut(email, 200)));
    apl_err_where(err, "email");
    return APL_E_EXISTS;
}

apl_rc apl_user_add(apl_tx *tx, const apl_user_new *new_user, apl_actor actor,
                    apl_user_row *out_row, apl_err *err)
{
    apl_user_row row = {
        .workspace_id = tx->workspace_id,
        .role = apl_span_of(apl_role_name(new_user->role)),
        .password = apl_span_of(new_user->password_hash),
        .created_us = tx->now,
        .disabled_us = APL_TIME_NONE,
    };
    apl_rc rc = normal_email(new_user->email, &tx->arena, &row.email, err);
    if (!rc)
        rc = normal_name(new_user->name, &row.name, err);
    if (!rc)
        rc = check_free(tx, row.email, err);
    if (rc)
        return rc;
    row.id = apl_tx_new_id(tx);
    rc = apl_tx_entry_begin(tx, "user.added", actor, err);
    if (!rc)
        rc = apl_tx_about(tx, "user", row.id, err);
    if (!rc) {
        apl_entry_text(&tx->entry, "role", row.role);
        apl_entry_bool(&tx->entry, "has_password", row.password.len > 0);
        rc = apl_tx_insert(tx, &apl_table_user, &row, NULL, err);
    }
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    if (!rc)
        *out_row = row;
    return rc;
}

apl_rc apl_user_set_password(apl_tx *tx, int64_t user_id, const char *hash, apl_span keep_session,
                             apl_actor actor, apl_err *err)
{
    apl_user_row row;
    apl_rc rc = apl_tx_find(tx, &apl_table_user, user_id, &row, err);
    if (rc)
        return rc;
    row.password = apl_span_of(hash);
    rc = apl_tx_entry_begin(tx, "user.password", actor, err);
    if (!rc)
        rc = apl_tx_about(tx, "user", user_id, err);
    if (!rc)
        rc = apl_tx_update(tx, &apl_table_user, &row, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    return rc ? rc : apl_session_end_others(tx, user_id, keep_session, err);
}

apl_rc apl_user_password_hash(apl_span password, char out[APL_PASSWORD_HASH_BYTES], apl_err *err)
{
    if (!apl_utf8_is_valid(password) || apl_utf8_count(password) < APL_USER_PASSWORD_MIN_CHARS ||
        password.len > APL_PASSWORD_MAX_BYTES) {
        apl_err_set(err, APL_E_INVALID,
                    "a password has at least %d characters and at most %d bytes",
                    APL_USER_PASSWORD_MIN_CHARS, APL_PASSWORD_MAX_BYTES);
        apl_err_where(err, "password");
        apl_err_fix(err, "take a few words that you can remember");
        return APL_E_INVALID;
    }
    return apl_password_hash(password, out, err);
}

apl_rc apl_user_list(const apl_reading *from, int64_t workspace_id, const apl_user_ask *ask,
                     apl_user_page *out_page, apl_err *err)
{
    static const char sql[] = "SELECT " APL_LIST(
        APL_USER_COLUMNS) " FROM desk_user WHERE workspace_id = $1"
                          " AND (name, id) > ($2, $3) AND disabled_us = 9223372036854775807"
                          " ORDER BY name, id LIMIT $4";
    apl_cursor *cursor = NULL;
    apl_user_page page = {.rows = apl_arena_alloc(from->arena, ask->limit + 1, sizeof *page.rows)};
    if (!page.rows)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(from->conn, sql,
                               APL_VALS(APL_I64(workspace_id), APL_TEXT(ask->after_name),
                                        APL_I64(ask->after_id), APL_I64(ask->limit + 1)),
                               &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= ask->limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = apl_row_read(cursor, &apl_table_user, 0, from->arena, &page.rows[page.count++],
                              err);
    }
    apl_cursor_close(cursor);
    if (rc)
        return rc;
    page.has_more = page.count > ask->limit;
    page.count -= page.has_more;
    *out_page = page;
    return APL_OK;
}
