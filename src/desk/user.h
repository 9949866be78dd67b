/* SPDX-License-Identifier: Apache-2.0 */
/* People of a workspace. Addresses are unique and kept in lower case; passwords are kept as Argon2id hashes only. */
#ifndef APL_DESK_USER_H
#define APL_DESK_USER_H

#include "crypto/secret.h"
#include "desk/access.h"

enum {
    APL_USER_NAME_MAX_BYTES = 256,
    APL_USER_EMAIL_MAX_BYTES = 320,
    APL_USER_PASSWORD_MIN_CHARS = 10,
};

typedef struct apl_user_new {
    apl_span email;
    apl_span name;
    apl_role role;
    const char *password_hash; /* of apl_user_password_hash; NULL = none, they sign in by link */
} apl_user_new;

/*
 * Adds somebody, with the ledger entry user.added. The row's texts live in the transaction's arena. APL_E_EXISTS when
 * the address is taken, APL_E_INVALID names the field.
 */
apl_rc apl_user_add(apl_tx *tx, const apl_user_new *new_user, apl_actor actor,
                    apl_user_row *out_row, apl_err *err) MUST_USE;
/* hash: of apl_user_password_hash. Ends all sessions of the user but `keep_session` (a token's hash; empty = none). */
apl_rc apl_user_set_password(apl_tx *tx, int64_t user_id, const char *hash, apl_span keep_session,
                             apl_actor actor, apl_err *err) MUST_USE;
/* Slow on purpose: do it outside the transaction. APL_E_INVALID when too short or too long. */
apl_rc apl_user_password_hash(apl_span password, char out[APL_PASSWORD_HASH_BYTES],
                              apl_err *err) MUST_USE;

/* email in any case of letters. */
apl_rc apl_user_find_email(const apl_reading *from, int64_t workspace_id, apl_span email,
                           apl_user_row *out_row, bool *out_found, apl_err *err) MUST_USE;
apl_rc apl_user_find(const apl_reading *from, int64_t workspace_id, int64_t id,
                     apl_user_row *out_row, bool *out_found, apl_err *err) MUST_USE;

/* People by name, at most `limit` after (after_name, after_id); empty and 0 for the first. */
typedef struct apl_user_page {
    apl_user_row *rows;
    size_t count;
    bool has_more;
} apl_user_page;
typedef struct apl_user_ask {
    apl_span after_name;
    int64_t after_id;
    size_t limit;
} apl_user_ask;
apl_rc apl_user_list(const apl_reading *from, int64_t workspace_id, const apl_user_ask *ask,
                     apl_user_page *out_page, apl_err *err) MUST_USE;

#endif
