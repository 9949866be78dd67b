/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in and staying signed in. The store holds only SHA-256 hashes of tokens, so that whoever reads a backup cannot
 * sign in with it. A link works once: it is marked used in the transaction that makes its session.
 */
#ifndef APL_DESK_SESSION_H
#define APL_DESK_SESSION_H

#include "desk/user.h"

enum { APL_SESSION_HASH_TEXT_BYTES = 44 }; /* base64url of a SHA-256 */
#define APL_LINK_LIFETIME_US (15 * APL_US_PER_MINUTE)
#define APL_LINK_TERMINAL_LIFETIME_US APL_US_PER_DAY
#define APL_SESSION_LIFETIME_US (14 * APL_US_PER_DAY)

/* A new session. Wipe it once the tokens were handed out. */
typedef struct apl_session_new {
    char token[APL_TOKEN_TEXT_BYTES];
    char csrf[APL_TOKEN_TEXT_BYTES];
    int64_t user_id;
    apl_time_us expires_us;
} apl_session_new;

/* Somebody signed in, as found by the token. Texts live in the arena it was made with. */
typedef struct apl_session {
    char token_hash[APL_SESSION_HASH_TEXT_BYTES];
    apl_user_row user;
    apl_role role;
    apl_span csrf;
    apl_time_us created_us;
    apl_time_us expires_us;
    bool is_fresh_link; /* made by a link less than an hour ago */
} apl_session;

void apl_token_hash_text(apl_span token, char out[APL_SESSION_HASH_TEXT_BYTES]);

/* A one-time link for the user; the page lives at /sign-in?token=TOKEN. */
apl_rc apl_link_make(apl_tx *tx, int64_t user_id, int64_t lifetime_us,
                     char out_token[APL_TOKEN_TEXT_BYTES], apl_err *err) MUST_USE;
/*
 * The same for somebody who exists already, with the ledger entry user.link: whoever makes it could use it. APL_E_NOT_FOUND
 * when there is nobody with this id, or they were disabled.
 */
apl_rc apl_link_renew(apl_tx *tx, int64_t user_id, apl_actor actor,
                      char out_token[APL_TOKEN_TEXT_BYTES], apl_err *err) MUST_USE;
/* Spends the link. APL_E_UNAUTH alike for unknown, used and expired ones, and for people who were disabled. */
apl_rc apl_link_redeem(apl_tx *tx, apl_span token, apl_session_new *out_session,
                       apl_err *err) MUST_USE;
/* The caller has checked who it is. */
apl_rc apl_session_start(apl_tx *tx, int64_t user_id, apl_session_new *out_session,
                         apl_err *err) MUST_USE;
apl_rc apl_session_end(apl_tx *tx, apl_span token_hash, apl_err *err) MUST_USE;
/* All sessions of the user but one (empty = none is kept). */
apl_rc apl_session_end_others(apl_tx *tx, int64_t user_id, apl_span keep_hash,
                              apl_err *err) MUST_USE;

/* Reading. out_session->user.id is 0 for unknown and expired tokens and people who were disabled. */
apl_rc apl_session_find(const apl_reading *from, int64_t workspace_id, apl_span token,
                        apl_time_us now, apl_session *out_session, apl_err *err) MUST_USE;

#endif
