/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets: only the same key, the same row and the same bytes open them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/box.h"
#include "crypto/secret.h"

#include <string.h>

enum { PLAIN = 11, BOX = PLAIN + APL_BOX_OVERHEAD_BYTES };

static void make(uint8_t key[APL_BOX_KEY_BYTES], uint8_t box[BOX])
{
    uint8_t nonce[APL_BOX_NONCE_BYTES];
    memset(key, 7, APL_BOX_KEY_BYTES);
    memset(nonce, 9, sizeof nonce);
    apl_box_seal(key, nonce, APL_SPAN("channel/3"), APL_SPAN("a secret..."), box);
}

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t key[APL_BOX_KEY_BYTES], box[BOX], plain[PLAIN];
    make(key, box);
    assert_int_equal(
        apl_box_open(key, APL_SPAN("channel/3"), (apl_span){(char *)box, BOX}, plain, NULL),
        APL_OK);
    assert_memory_equal(plain, "a secret...", PLAIN);
}

static void test_every_change_is_refused(void **state)
{
    (void)state;
    uint8_t key[APL_BOX_KEY_BYTES], box[BOX], plain[PLAIN];
    make(key, box);
    for (size_t i = 0; i < BOX; i++) {
        box[i] ^= 1;
        assert_int_equal(
            apl_box_open(key, APL_SPAN("channel/3"), (apl_span){(char *)box, BOX}, plain, NULL),
            APL_E_CORRUPT);
        box[i] ^= 1;
        assert_int_equal(
            apl_box_open(key, APL_SPAN("channel/3"), (apl_span){(char *)box, i}, plain, NULL),
            APL_E_CORRUPT);
    }
    assert_int_equal(
        apl_box_open(key, APL_SPAN("channel/4"), (apl_span){(char *)box, BOX}, plain, NULL),
        APL_E_CORRUPT);
    key[0] ^= 1;
    assert_int_equal(
        apl_box_open(key, APL_SPAN("channel/3"), (apl_span){(char *)box, BOX}, plain, NULL),
        APL_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_change_is_refused),
    };
    return apl_crypto_init(NULL) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
