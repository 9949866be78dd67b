/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, comparison, wiping, tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "sys/clock.h"

#include <string.h>

static void test_passwords(void **state)
{
    (void)state;
    char hash[APL_PASSWORD_HASH_BYTES], other[APL_PASSWORD_HASH_BYTES];
    apl_span password = APL_SPAN("correct \0 horse");
    assert_int_equal(apl_password_hash(password, hash, NULL), APL_OK);
    assert_int_equal(apl_password_hash(password, other, NULL), APL_OK);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=32768,t=3,p=1$", 31), 0);
    assert_string_not_equal(hash, other);
    assert_int_equal(apl_password_verify(password, hash, NULL), APL_OK);
    assert_int_equal(apl_password_verify(APL_SPAN("correct \0 horsf"), hash, NULL), APL_E_UNAUTH);
    assert_int_equal(apl_password_verify(APL_SPAN("correct "), hash, NULL), APL_E_UNAUTH);
    assert_int_equal(apl_password_verify(APL_SPAN_NONE, hash, NULL), APL_E_UNAUTH);
    assert_int_equal(apl_password_verify(password, NULL, NULL), APL_E_UNAUTH);
    assert_int_equal(apl_password_verify(password, "", NULL), APL_E_UNAUTH);
    assert_int_equal(apl_password_verify(password, "no hash", NULL), APL_E_UNAUTH);
    hash[60] = hash[60] == 'A' ? 'B' : 'A';
    assert_int_equal(apl_password_verify(password, hash, NULL), APL_E_UNAUTH);

    char large[APL_PASSWORD_MAX_BYTES + 1];
    memset(large, 'x', sizeof large);
    assert_int_equal(apl_password_hash((apl_span){large, sizeof large}, hash, NULL), APL_E_INVALID);
    assert_int_equal(apl_password_hash(APL_SPAN_NONE, hash, NULL), APL_E_INVALID);
    assert_int_equal(apl_password_verify((apl_span){large, sizeof large}, other, NULL),
                     APL_E_UNAUTH);
    large[sizeof large - 1] = '\0';
    assert_int_equal(apl_password_verify(password, large, NULL), APL_E_UNAUTH);

    assert_false(apl_password_needs_rehash(other));
    assert_true(apl_password_needs_rehash("$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                          "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"));
    assert_true(apl_password_needs_rehash("no hash"));
    assert_true(apl_password_needs_rehash(large));

    apl_mem_fail_at(1, 1);
    apl_rc hashed = apl_password_hash(password, hash, NULL);
    apl_rc verified = apl_password_verify(password, other, NULL);
    apl_mem_fail_at(0, 0);
    assert_int_equal(hashed, APL_E_NOMEM);
    assert_int_equal(verified, APL_E_NOMEM);
}

/* No such user must cost what a wrong password costs. */
static void test_nobody_takes_as_long(void **state)
{
    (void)state;
    const apl_clock_src *clock = apl_clock_system();
    char hash[APL_PASSWORD_HASH_BYTES];
    assert_int_equal(apl_password_hash(APL_SPAN("x"), hash, NULL), APL_OK);
    int64_t best[2] = {INT64_MAX, INT64_MAX};
    for (int i = 0; i < 6; i++) {
        int64_t start = clock->mono_us(clock->ctx);
        assert_int_equal(apl_password_verify(APL_SPAN("y"), i % 2 ? hash : NULL, NULL),
                         APL_E_UNAUTH);
        int64_t took = clock->mono_us(clock->ctx) - start;
        if (took < best[i % 2])
            best[i % 2] = took;
    }
    assert_true(best[0] * 2 > best[1] && best[1] * 2 > best[0]);
}

static void test_small_things(void **state)
{
    (void)state;
    assert_true(apl_secret_equal(APL_SPAN("abc"), APL_SPAN("abc")));
    assert_false(apl_secret_equal(APL_SPAN("abc"), APL_SPAN("abd")));
    assert_false(apl_secret_equal(APL_SPAN("abc"), APL_SPAN("ab")));
    assert_true(apl_secret_equal(APL_SPAN_NONE, APL_SPAN("")));
    char secret[8] = "secret!";
    apl_secret_wipe(secret, sizeof secret);
    assert_memory_equal(secret, "\0\0\0\0\0\0\0\0", 8);

    uint8_t random[APL_TOKEN_RANDOM_BYTES], back[APL_TOKEN_RANDOM_BYTES];
    char token[APL_TOKEN_TEXT_BYTES];
    memset(random, 0xFF, sizeof random);
    apl_token_format(random, token);
    assert_string_equal(token, "__________________________________________8");
    assert_int_equal(
        apl_base64_decode_exact(apl_span_of(token), APL_BASE64_URL, back, sizeof back, NULL),
        APL_OK);
    assert_memory_equal(back, random, sizeof back);
}

static int start(void **state)
{
    (void)state;
    return apl_crypto_init(NULL) || apl_crypto_init(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_nobody_takes_as_long),
        cmocka_unit_test(test_small_things),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
