/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: one account on one network, or another way in (an archive, the intake form, a signed webhook). */
#ifndef APL_DESK_CHANNEL_H
#define APL_DESK_CHANNEL_H

#include "desk/tx.h"

enum {
    APL_CHANNEL_SECRET_BYTES = 32,
    APL_CHANNEL_SECRET_TEXT_BYTES = 64,
    APL_CHANNEL_SLUG_MAX_BYTES = 64
};

typedef struct apl_channel_new {
    apl_span slug; /* a-z 0-9 - _; empty = made from the name */
    apl_span kind; /* "webhook", "import", "intake" */
    apl_span name;
} apl_channel_new;

/* The channels that every workspace has: "import" and "intake". */
apl_rc apl_channel_add_builtin(apl_tx *tx, apl_err *err) MUST_USE;
/*
 * Adds a channel with its own ledger entry. For a webhook a key is made: out_secret gets it as text ("whsec_" + base64,
 * Standard Webhooks), once; else it is "". APL_E_EXISTS when the slug is taken.
 */
apl_rc apl_channel_add(apl_tx *tx, const apl_channel_new *new_channel, apl_actor actor,
                       apl_channel_row *out_row, char out_secret[APL_CHANNEL_SECRET_TEXT_BYTES],
                       apl_err *err) MUST_USE;
/* By slug. */
apl_rc apl_channel_find(const apl_reading *reading, int64_t workspace_id, apl_span slug,
                        apl_channel_row *out_row, bool *out_found, apl_err *err) MUST_USE;
/* By the short name that `name` makes; APL_E_NOT_FOUND. */
apl_rc apl_channel_find_named(apl_conn *conn, int64_t workspace_id, apl_span name, apl_arena *arena,
                              apl_channel_row *out_row, apl_err *err) MUST_USE;
/* The key of a webhook in the clear; wipe it after use. */
apl_rc apl_channel_secret(const apl_desk *desk, const apl_channel_row *row,
                          uint8_t out[APL_CHANNEL_SECRET_BYTES], apl_err *err) MUST_USE;

#endif
