/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, languages and names of labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text/assessment.h"
#include "text/tokens.h"

static void check(const char *in, const char *want)
{
    static const char letters[] = "WNMTUE.";
    char got[512];
    size_t len = 0;
    apl_span text = apl_span_of(in);
    apl_token tokens[64];
    size_t count = apl_tokens_split(text, tokens, 64);
    for (size_t i = 0; i < count; i++) {
        assert_true(tokens[i].to > tokens[i].from);
        int n = snprintf(got + len, sizeof got - len, "%s%c:%.*s", i ? " " : "",
                         letters[tokens[i].kind], (int)(tokens[i].to - tokens[i].from),
                         in + tokens[i].from);
        len += (size_t)n;
    }
    got[len] = '\0';
    assert_string_equal(got, want);
}

static void test_tokens(void **state)
{
    (void)state;
    check("Don't stop, it's well-known!", "W:Don't W:stop .:, W:it's W:well-known .:!");
    check("@My_Shop see https://x.example/a?b=1. #Fail2 5th 2.50",
          "M:@My_Shop W:see "
          "U:https://x.example/a?b=1 .:. T:#Fail2 N:5th N:2.50");
    check("www.shop.example, 'quoted' a@b", "U:www.shop.example .:, .:' W:quoted .:' W:a M:@b");
    check("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 \xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"
          "\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7 ok\xF0\x9F\x98\xA1",
          "E:\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 E:\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA "
          "E:\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7 W:ok E:\xF0\x9F\x98\xA1");
    check("\xC3\x9C"
          "ber h\xC3\xA4tte don\xE2\x80\x99t",
          "W:\xC3\x9C"
          "ber W:h\xC3\xA4tte W:don\xE2\x80\x99t");
    check("@ # - \xFF", ".:@ .:# .:- .:\xFF");
    check(" \n ", "");
}

static void check_language(const char *text, const char *want)
{
    char lang[APL_LANG_BYTES];
    (void)apl_language_detect(apl_span_of(text), lang);
    assert_string_equal(lang, want);
}

static void test_language(void **state)
{
    (void)state;
    check_language("Where is my parcel? You said it would be here this morning.", "en");
    check_language("", "und");
    check_language("12345 !!!", "und");
#ifdef APL_HAVE_CLD2
    check_language("Ich warte seit drei Wochen auf meine Bestellung und niemand antwortet mir.",
                   "de");
    check_language("Je suis tres content du service, merci beaucoup pour votre aide rapide.", "fr");
    check_language("Wij hebben nu al twee weken gewacht op een antwoord en dat is niet leuk.",
                   "nl");
#endif
}

static void test_names_go_round(void **state)
{
    (void)state;
    for (int h = 0; h < APL_HEAD_ALL_COUNT; h++) {
        apl_head head = APL_HEAD_ALL_COUNT;
        assert_true(apl_head_parse(apl_span_of(apl_head_name((apl_head)h)), &head));
        assert_int_equal(head, h);
        assert_true(apl_label_count(head) <= APL_LABELS_MAX);
        for (int i = 0; i < apl_label_count(head); i++) {
            int label = -1;
            assert_true(apl_label_parse(head, apl_span_of(apl_label_name(head, i)), &label));
            assert_int_equal(label, i);
        }
        assert_null(apl_label_name(head, apl_label_count(head)));
        assert_null(apl_label_name(head, -1));
    }
    assert_null(apl_head_name(APL_HEAD_ALL_COUNT));
    assert_string_equal(apl_label_name(APL_HEAD_RISK, APL_RISK_SELF_HARM), "self_harm");
    assert_string_equal(apl_label_name(APL_HEAD_SUBJECT, APL_SUBJECT_DELIVERY), "delivery");
    int label = 0;
    assert_false(apl_label_parse(APL_HEAD_INTENT, APL_SPAN("Complaint"), &label));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_names_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
