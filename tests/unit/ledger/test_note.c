/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes against the keys, notes and manglings published with Go's sumdb/note; checkpoints (c2sp.org); damaged
 * and hostile notes; memory running out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "crypto/secret.h"
#include "ledger/note.h"

#include <string.h>

#define PETER_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_SECRET                                                                               \
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define ENOCH_KEY "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                                       \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define DASH "\xE2\x80\x94 "
#define PETER_BASE64                                                                               \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
#define PETER_SIGNATURE DASH "PeterNeumann " PETER_BASE64 "\n"
#define ENOCH_SIGNATURE                                                                            \
    DASH "EnochRoot "                                                                              \
         "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/"                                            \
         "5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

#define ROOT "Xix+pLbGM45n3fsxe+b8YCCoYcJZHoFyxVs1XPMaEmc="

static apl_note_key peter, enoch;

static int start(void **state)
{
    (void)state;
    return apl_crypto_init(NULL) || apl_note_key_parse(APL_SPAN(PETER_KEY), &peter, NULL) ||
           apl_note_key_parse(APL_SPAN(ENOCH_KEY), &enoch, NULL);
}

static void test_keys(void **state)
{
    (void)state;
    char text[APL_NOTE_KEY_TEXT_BYTES];
    assert_string_equal(peter.name, "PeterNeumann");
    assert_int_equal(peter.id, 0xc74f20a3);
    apl_note_key_format(&peter, text);
    assert_string_equal(text, PETER_KEY);
    apl_note_signer signer;
    assert_int_equal(apl_note_signer_parse(APL_SPAN(PETER_SECRET), &signer, NULL), APL_OK);
    assert_memory_equal(&signer.key, &peter, sizeof peter);
    apl_note_signer_format(&signer, text);
    assert_string_equal(text, PETER_SECRET);

    /* Every proper part and every single changed letter is refused. */
    apl_note_key key;
    char mangled[] = PETER_KEY, secret[] = PETER_SECRET;
    size_t len = strlen(mangled);
    for (size_t i = 0; i <= len; i++)
        for (size_t j = i; j <= len; j++)
            if (i || j < len)
                assert_int_not_equal(apl_note_key_parse((apl_span){mangled + i, j - i}, &key, NULL),
                                     APL_OK);
    for (size_t i = 0; i < len; i++) {
        mangled[i]++;
        assert_int_not_equal(apl_note_key_parse(apl_span_of(mangled), &key, NULL), APL_OK);
        mangled[i]--;
    }
    for (size_t i = 0; i < strlen(secret); i++) {
        secret[i]++;
        assert_int_not_equal(apl_note_signer_parse(apl_span_of(secret), &signer, NULL), APL_OK);
        secret[i]--;
        assert_int_not_equal(apl_note_signer_parse((apl_span){secret, i}, &signer, NULL), APL_OK);
    }
    assert_int_equal(
        apl_note_key_parse(APL_SPAN("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
                                    "LDE4izWy10TWBADKEY=="),
                           &key, NULL),
        APL_E_INVALID);
    assert_int_equal(
        apl_note_key_parse(
            APL_SPAN("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &key,
            NULL),
        APL_E_UNSUPPORTED);
    static const char *const names[] = {"",          "a b",  "a+b",          "a\n",
                                        "\xC2\xA0z", "\xFF", "a\xE2\x80\xA8"};
    const uint8_t seed[APL_ED25519_SEED_BYTES] = {1};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(apl_note_signer_init(&signer, apl_span_of(names[i]), seed, NULL),
                         APL_E_INVALID);
    char large[APL_NOTE_NAME_MAX_BYTES + 1];
    memset(large, 'n', sizeof large);
    assert_int_equal(apl_note_signer_init(&signer, (apl_span){large, sizeof large}, seed, NULL),
                     APL_E_INVALID);
    assert_int_equal(apl_note_signer_init(&signer, (apl_span){large, sizeof large - 1}, seed, NULL),
                     APL_OK);
    apl_note_signer_format(&signer, text);
    assert_int_equal(apl_note_signer_parse(apl_span_of(text), &signer, NULL), APL_OK);
}

static void test_sign(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) out = APL_BUF(4096);
    apl_note_signer signer;
    assert_int_equal(apl_note_signer_parse(APL_SPAN(PETER_SECRET), &signer, NULL), APL_OK);
    assert_int_equal(apl_note_sign(APL_SPAN(TEXT), &signer, 1, &out, NULL), APL_OK);
    assert_string_equal(apl_buf_str(&out), TEXT "\n" PETER_SIGNATURE);
    assert_int_equal(apl_note_sign(APL_SPAN("abc"), &signer, 1, &out, NULL), APL_E_INVALID);
    assert_int_equal(apl_note_sign(APL_SPAN(""), &signer, 1, &out, NULL), APL_E_INVALID);
    assert_int_equal(apl_note_sign(APL_SPAN("a\tb\n"), &signer, 1, &out, NULL), APL_E_INVALID);
    assert_int_equal(apl_note_sign(APL_SPAN("\xFF\n"), &signer, 1, &out, NULL), APL_E_INVALID);
}

static apl_rc open_note(const char *note, const apl_note_key *keys, size_t count,
                        uint64_t *signed_by)
{
    apl_span text = APL_SPAN("untouched");
    apl_rc rc = apl_note_open(apl_span_of(note), keys, count, &text, signed_by, NULL);
    assert_true(apl_span_is(text, rc ? "untouched" : TEXT));
    return rc;
}

static void test_open(void **state)
{
    (void)state;
    const apl_note_key both[] = {peter, enoch}, other[] = {enoch};
    uint64_t by = 0;
    const char *note = TEXT "\n" PETER_SIGNATURE ENOCH_SIGNATURE;
    assert_int_equal(open_note(note, both, 1, &by), APL_OK);
    assert_int_equal(by, 1);
    assert_int_equal(open_note(note, both, 2, &by), APL_OK);
    assert_int_equal(by, 3);
    assert_int_equal(open_note(note, both, 0, &by), APL_E_UNAUTH);
    assert_int_equal(open_note(TEXT "\n" PETER_SIGNATURE, other, 1, &by), APL_E_UNAUTH);
    /* Twice, and a second one that is wrong: the first counts. Unknown ones do not matter. */
    assert_int_equal(open_note(TEXT "\n" PETER_SIGNATURE PETER_SIGNATURE DASH
                                    "PeterNeumann x08gowAA\n",
                               both, 2, &by),
                     APL_OK);
    assert_int_equal(by, 1);
    assert_int_equal(open_note(TEXT "\n" DASH "Somebody AAAAAAAA\n" PETER_SIGNATURE, both, 2, &by),
                     APL_OK);
    /* Our name and id with a wrong signature is no stranger. */
    assert_int_equal(
        open_note(TEXT "\n" DASH "PeterNeumann x08gowAA\n" PETER_SIGNATURE, both, 2, &by),
        APL_E_UNAUTH);
    assert_int_equal(
        open_note(TEXT "\n" DASH "PeterNeumann x08gowAA\n" ENOCH_SIGNATURE, both, 2, &by),
        APL_E_UNAUTH);
    assert_int_equal(open_note(TEXT "more\n\n" PETER_SIGNATURE, both, 2, &by), APL_E_UNAUTH);
    assert_int_equal(open_note(TEXT "\n" DASH "CarmenSandiego " PETER_BASE64 "\n", both, 2, &by),
                     APL_E_UNAUTH);

    static const char *const malformed[] = {
        "",
        "\n",
        "\n\n",
        TEXT,
        TEXT "\n",
        TEXT "\n\n",
        TEXT "\n" DASH "PeterNeumann " PETER_BASE64,
        "\x01" TEXT "\n" PETER_SIGNATURE,
        "\xFF" TEXT "\n" PETER_SIGNATURE,
        TEXT PETER_SIGNATURE,
        TEXT "\n" DASH "Bad Name " PETER_BASE64 "\n",
        TEXT "\n" DASH "Bad+Name " PETER_BASE64 "\n",
        TEXT "\n" DASH PETER_BASE64 "\n",
        TEXT "\n" DASH "PeterNeumann \n",
        TEXT "\n" DASH "PeterNeumann x08g\n",
        TEXT "\n" DASH "PeterNeumann x08go?==\n",
        TEXT "\n" DASH "PeterNeumann " PETER_BASE64 " \n",
        TEXT "\n" PETER_SIGNATURE "Unexpected line.\n",
        TEXT "\n" PETER_SIGNATURE "\n",
        TEXT "\n- PeterNeumann " PETER_BASE64 "\n",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        if (open_note(malformed[i], both, 2, &by) != APL_E_INVALID)
            fail_msg("case %zu: %s", i, malformed[i]);
    APL_AUTO(apl_buf) many = APL_BUF(APL_NOTE_MAX_BYTES);
    assert_int_equal(apl_buf_add_str(&many, TEXT "\n", NULL), APL_OK);
    for (int i = 1; i <= 101; i++) {
        assert_int_equal(apl_buf_add_str(&many, PETER_SIGNATURE, NULL), APL_OK);
        assert_int_equal(open_note(apl_buf_str(&many), both, 2, &by),
                         i <= APL_NOTE_SIGNATURES_MAX ? APL_OK : APL_E_INVALID);
    }
}

/* No single changed byte of text or signature gets through as signed by Peter. */
static void test_every_byte_counts(void **state)
{
    (void)state;
    char note[] = TEXT "\n" PETER_SIGNATURE;
    for (size_t i = 0; i < sizeof note - 1; i++) {
        apl_span text;
        note[i] ^= 1;
        assert_int_not_equal(apl_note_open(APL_SPAN(""), &peter, 1, &text, NULL, NULL), APL_OK);
        assert_int_not_equal(
            apl_note_open((apl_span){note, sizeof note - 1}, &peter, 1, &text, NULL, NULL), APL_OK);
        note[i] ^= 1;
    }
}

static void test_checkpoint(void **state)
{
    (void)state;
    APL_AUTO(apl_buf) out = APL_BUF(4096);
    apl_note_signer signer;
    const uint8_t seed[APL_ED25519_SEED_BYTES] = {1, 2, 3};
    apl_span origin = APL_SPAN("ledger.example/1");
    assert_int_equal(apl_note_signer_init(&signer, origin, seed, NULL), APL_OK);
    apl_checkpoint made = {.origin = origin, .size = 2}, back = {.size = 0};
    assert_int_equal(
        apl_base64_decode_exact(APL_SPAN("Xix+pLbGM45n3fsxe+b8YCCoYcJZHoFyxVs1XPMaEmc="),
                                APL_BASE64_STD, made.root.bytes, 32, NULL),
        APL_OK);
    assert_int_equal(apl_checkpoint_sign(&made, &signer, 1, &out, NULL), APL_OK);
    assert_string_equal(
        apl_buf_str(&out),
        "ledger.example/1\n2\n" ROOT "\n\n" DASH
        "ledger.example/1 brcNLu39V0PrmD8zi7ToppqJA/FpvtyFcfZvoBwLJ+M2hTsrdXIc+CbD3qi3/"
        "w3SU1elFcenPt1F0kqi8Ce5L3P9ZAM=\n");
    assert_int_equal(apl_checkpoint_open(apl_buf_view(&out), &signer.key, 1, &back, NULL), APL_OK);
    assert_true(apl_span_equal(back.origin, made.origin));
    assert_int_equal(back.size, 2);
    assert_true(apl_tree_hash_equal(&back.root, &made.root));
    assert_int_equal(back.extension.len, 0);
    assert_int_equal(apl_checkpoint_open(apl_buf_view(&out), &peter, 1, &back, NULL), APL_E_UNAUTH);

    apl_buf_clear(&out);
    made.extension = APL_SPAN("x 1\ny\n");
    made.size = INT64_MAX;
    assert_int_equal(apl_checkpoint_sign(&made, &signer, 1, &out, NULL), APL_OK);
    assert_int_equal(apl_checkpoint_open(apl_buf_view(&out), &signer.key, 1, &back, NULL), APL_OK);
    assert_true(apl_span_is(back.extension, "x 1\ny\n"));
    assert_true(back.size == INT64_MAX);
    static const char *const extensions[] = {"x", "x\n\n", "\n", "\nx\n", "x\n\ny\n"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        made.extension = apl_span_of(extensions[i]);
        assert_int_equal(apl_checkpoint_format(&made, &out, NULL), APL_E_INVALID);
    }
    made.extension = APL_SPAN_NONE;
    made.origin = APL_SPAN("a\nb");
    assert_int_equal(apl_checkpoint_format(&made, &out, NULL), APL_E_INVALID);
    made.origin = APL_SPAN_NONE;
    assert_int_equal(apl_checkpoint_format(&made, &out, NULL), APL_E_INVALID);
}

static void test_malformed_checkpoints(void **state)
{
    (void)state;
    apl_checkpoint back = {.size = 77};
    assert_int_equal(apl_checkpoint_parse(APL_SPAN("o\n0\n" ROOT "\n"), &back, NULL), APL_OK);
    assert_int_equal(back.size, 0);
    back.size = 77;
    static const char *const wrong[] = {
        "",
        "\n",
        "o\n",
        "o\n1\n",
        "o\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "o\n01\n" ROOT "\n",
        "o\n+1\n" ROOT "\n",
        "o\n-1\n" ROOT "\n",
        "o\n\n" ROOT "\n",
        "o\n1 \n" ROOT "\n",
        "o\n0x1\n" ROOT "\n",
        "o\n99999999999999999999\n" ROOT "\n",
        "o\n1\nAAAA\n",
        "o\n1\n" ROOT "=\n",
        "o\n1\n\n",
        "o\n1\n" ROOT "\n\n",
        "o\n1\n" ROOT "\nx\n\n",
        "o\n1\n" ROOT "\nx",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (apl_checkpoint_parse(apl_span_of(wrong[i]), &back, NULL) != APL_E_INVALID)
            fail_msg("case %zu: %s", i, wrong[i]);
    assert_int_equal(back.size, 77);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    apl_note_signer signer;
    assert_int_equal(apl_note_signer_parse(APL_SPAN(PETER_SECRET), &signer, NULL), APL_OK);
    apl_checkpoint made = {.origin = APL_SPAN("o"), .size = 2};
    size_t n = 1;
    for (;; n++) {
        APL_AUTO(apl_buf) out = APL_BUF(4096);
        apl_mem_fail_at(n, 0);
        apl_rc rc = apl_checkpoint_sign(&made, &signer, 1, &out, NULL);
        apl_mem_fail_at(0, 0);
        if (!rc)
            break;
        assert_int_equal(rc, APL_E_NOMEM);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_checkpoint),
        cmocka_unit_test(test_malformed_checkpoints),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
