/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers already given, so that a request that is sent again gets the same one and changes nothing: Idempotency-Key,
 * and the ids of signed webhooks. An answer is stored in the transaction of what it tells about.
 */
#ifndef APL_DESK_ANSWERED_H
#define APL_DESK_ANSWERED_H

#include "crypto/hash.h"
#include "desk/tx.h"

/* How long an answer is remembered. */
#define APL_ANSWERED_KEEP_US APL_US_PER_DAY

typedef struct apl_answered_key {
    apl_span scope; /* whose keys: "user/3", "hook/2" */
    apl_span key;
    uint8_t hash[APL_SHA256_BYTES]; /* of the request */
} apl_answered_key;

typedef struct apl_answered {
    int status;
    apl_span body;
} apl_answered;

void apl_answered_hash(const apl_span *parts, size_t count, uint8_t out[APL_SHA256_BYTES]);
/* In the transaction. APL_E_EXISTS when the key was used for another request. The body lives in the tx's arena. */
apl_rc apl_answered_find(apl_tx *tx, const apl_answered_key *key, apl_answered *out_answer,
                         bool *out_found, apl_err *err) MUST_USE;
apl_rc apl_answered_put(apl_tx *tx, const apl_answered_key *key, const apl_answered *answer,
                        apl_err *err) MUST_USE;

#endif
