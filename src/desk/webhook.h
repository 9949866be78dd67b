/* SPDX-License-Identifier: Apache-2.0 */
/* Signed webhooks that come in, by Standard Webhooks (standardwebhooks.com): HMAC-SHA-256 over id, time and raw body. */
#ifndef APL_DESK_WEBHOOK_H
#define APL_DESK_WEBHOOK_H

#include "base/time.h"

#define APL_WEBHOOK_TOLERANCE_US (5 * APL_US_PER_MINUTE)
enum { APL_WEBHOOK_ID_MAX_BYTES = 256, APL_WEBHOOK_SIGNATURES_MAX = 16 };

typedef struct apl_webhook {
    apl_span id;         /* header webhook-id */
    apl_span timestamp;  /* header webhook-timestamp, seconds */
    apl_span signatures; /* header webhook-signature: "v1,BASE64 v1,BASE64" */
    apl_span body;       /* as it came, byte for byte */
} apl_webhook;

/* secret: the bytes, not their text. One and the same APL_E_UNAUTH for whatever does not hold. */
apl_rc apl_webhook_check(const apl_webhook *hook, apl_span secret, apl_time_us now,
                         apl_err *err) MUST_USE;

#endif
