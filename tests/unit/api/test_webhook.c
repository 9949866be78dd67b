/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks against the vector of its reference libraries, and every way of being wrong. */
#include "desk/webhook.h"

#include "crypto/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* The sample in the tests of standard-webhooks/standard-webhooks (its libraries): secret, id, time, body, signature. */
static const char secret_text[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
#define ID APL_SPAN("msg_p5jXN8AQM9LWM0D4loKWxJek")
#define SECONDS INT64_C(1614265330)
#define BODY APL_SPAN("{\"test\": 2432232314}")
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static uint8_t secret[24];

static int set_up(void **state)
{
    (void)state;
    return apl_base64_decode_exact(apl_span_of(secret_text), APL_BASE64_STD, secret, sizeof secret,
                                   NULL)
               ? -1
               : 0;
}

static apl_webhook sample(void)
{
    return (apl_webhook){ID, APL_SPAN("1614265330"), APL_SPAN(SIGNATURE), BODY};
}

static apl_rc check_at(const apl_webhook *hook, int64_t offset_s)
{
    apl_err err;
    return apl_webhook_check(hook, (apl_span){(const char *)secret, sizeof secret},
                             (SECONDS + offset_s) * APL_US_PER_SECOND, &err);
}

static void the_published_vector_holds(void **state)
{
    (void)state;
    apl_webhook hook = sample();
    assert_int_equal(check_at(&hook, 0), APL_OK);
}

static void time_may_be_five_minutes_off(void **state)
{
    (void)state;
    apl_webhook hook = sample();
    assert_int_equal(check_at(&hook, 300), APL_OK);
    assert_int_equal(check_at(&hook, -300), APL_OK);
    assert_int_equal(check_at(&hook, 301), APL_E_UNAUTH);
    assert_int_equal(check_at(&hook, -301), APL_E_UNAUTH);
}

static void one_of_several_is_enough(void **state)
{
    (void)state;
    apl_webhook hook = sample();
    hook.signatures = APL_SPAN("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x " SIGNATURE);
    assert_int_equal(check_at(&hook, 0), APL_OK);
    hook.signatures = APL_SPAN("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=");
    assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
}

static void every_changed_part_is_refused(void **state)
{
    (void)state;
    static const char *const times[] = {"",   "1614265331",   "01614265330", " 1614265330",
                                        "+1", "1614265330.0", "-1614265330", "99999999999999",
                                        "1e9"};
    static const char *const signatures[] = {"",
                                             "v1,",
                                             "v1",
                                             "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                             "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                             "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
                                             "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                             "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=",
                                             "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OEA"};
    apl_webhook hook = sample();
    hook.body = APL_SPAN("{\"test\": 2432232315}");
    assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    hook = sample();
    hook.id = APL_SPAN("msg_p5jXN8AQM9LWM0D4loKWxJel");
    assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    hook.id = APL_SPAN("");
    assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        hook = sample();
        hook.timestamp = apl_span_of(times[i]);
        assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    }
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        hook = sample();
        hook.signatures = apl_span_of(signatures[i]);
        assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    }
}

static void every_flipped_bit_of_the_body_is_refused(void **state)
{
    (void)state;
    char body[64];
    apl_span whole = BODY;
    for (size_t i = 0; i < whole.len * 8; i++) {
        apl_webhook hook = sample();
        memcpy(body, whole.ptr, whole.len);
        body[i / 8] = (char)(body[i / 8] ^ (1 << (i % 8)));
        hook.body.ptr = body;
        assert_int_equal(check_at(&hook, 0), APL_E_UNAUTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_holds),
        cmocka_unit_test(time_may_be_five_minutes_off),
        cmocka_unit_test(one_of_several_is_enough),
        cmocka_unit_test(every_changed_part_is_refused),
        cmocka_unit_test(every_flipped_bit_of_the_body_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
