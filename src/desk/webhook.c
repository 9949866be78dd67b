/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks; see webhook.h. Tests: tests/unit/api/test_webhook.c (published vector), tests/e2e/test_webhook.py */
#include "desk/webhook.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

/* Says nothing about which check failed: a forger learns nothing from the answer. */
static apl_rc refuse(apl_err *err)
{
    apl_err_set(err, APL_E_UNAUTH, "the signature of this webhook does not hold");
    apl_err_fix(err, "sign id, timestamp and the raw body with the channel's secret; the timestamp "
                     "may be five minutes off");
    return APL_E_UNAUTH;
}

static bool is_header_text(apl_span text, size_t max)
{
    bool good = text.len && text.len <= max;
    for (size_t i = 0; i < text.len && good; i++)
        good = text.ptr[i] > 0x20 && text.ptr[i] < 0x7f;
    return good;
}

apl_rc apl_webhook_check(const apl_webhook *hook, apl_span secret, apl_time_us now, apl_err *err)
{
    int64_t seconds = 0;
    uint8_t wanted[APL_SHA256_BYTES], given[APL_SHA256_BYTES];
    apl_span rest = hook->signatures, one;
    bool is_good = false;
    if (!is_header_text(hook->id, APL_WEBHOOK_ID_MAX_BYTES) || hook->timestamp.len > 12 ||
        apl_span_parse_i64(hook->timestamp, &seconds, NULL) || seconds < 0)
        return refuse(err);
    apl_time_us at = seconds * APL_US_PER_SECOND;
    if (at < now - APL_WEBHOOK_TOLERANCE_US || at > now + APL_WEBHOOK_TOLERANCE_US)
        return refuse(err);
    apl_span parts[] = {hook->id, APL_SPAN("."), hook->timestamp, APL_SPAN("."), hook->body};
    apl_hmac_sha256_parts(secret, parts, sizeof parts / sizeof *parts, wanted);
    /* All are looked at, also after a match, so that time does not tell which one it was. */
    for (int i = 0; i < APL_WEBHOOK_SIGNATURES_MAX && apl_span_split(&rest, ' ', &one); i++) {
        if (!apl_span_starts(one, APL_SPAN("v1,")) ||
            apl_base64_decode_exact(apl_span_sub(one, 3, SIZE_MAX), APL_BASE64_STD, given,
                                    sizeof given, NULL))
            continue;
        is_good |= apl_secret_equal((apl_span){(const char *)wanted, sizeof wanted},
                                    (apl_span){(const char *)given, sizeof given});
    }
    apl_secret_wipe(wanted, sizeof wanted);
    return is_good ? APL_OK : refuse(err);
}
