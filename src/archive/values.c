/* SPDX-License-Identifier: Apache-2.0 */
/* Small values as archives write them; see values.h. Tests: tests/unit/archive/test_convert.c */
#include "archive/values.h"

#include <math.h>
#include <string.h>

typedef struct word {
    const char *text;
    int value;
} word;

static bool find_word(apl_span text, const word *words, size_t count, int *out_value)
{
    for (size_t i = 0; i < count; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(words[i].text))) {
            *out_value = words[i].value;
            return true;
        }
    }
    return false;
}

#define FIND_WORD(text, words, out)                                                                \
    find_word(apl_span_trim(text), words, sizeof words / sizeof *words, out)

bool apl_value_flag(apl_span text, bool *out_flag)
{
    static const word words[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0},  {"1", 1},
                                 {"0", 0},    {"y", 1},     {"n", 0},   {"t", 1},   {"f", 0},
                                 {"1.0", 1},  {"0.0", 0},   {"ja", 1},  {"nein", 0}};
    int value;
    if (!FIND_WORD(text, words, &value))
        return false;
    *out_flag = value != 0;
    return true;
}

bool apl_value_direction(apl_span text, bool *out_is_own)
{
    static const word words[] = {
        {"inbound", 0},  {"outbound", 1}, {"in", 0},        {"out", 1},      {"incoming", 0},
        {"outgoing", 1}, {"received", 0}, {"sent", 1},      {"customer", 0}, {"agent", 1},
        {"user", 0},     {"company", 1},  {"client", 0},    {"brand", 1},    {"consumer", 0},
        {"staff", 1},    {"visitor", 0},  {"operator", 1},  {"end-user", 0}, {"support", 1},
        {"contact", 0},  {"employee", 1}, {"requester", 0}, {"own", 1},      {"owner", 1}};
    int value;
    if (!FIND_WORD(text, words, &value))
        return false;
    *out_is_own = value != 0;
    return true;
}

bool apl_value_kind(apl_span text, apl_post_kind *out_kind)
{
    static const word words[] = {{"tweet", APL_POST_KIND_POST},
                                 {"status", APL_POST_KIND_POST},
                                 {"reply", APL_POST_KIND_COMMENT},
                                 {"dm", APL_POST_KIND_MESSAGE},
                                 {"direct message", APL_POST_KIND_MESSAGE},
                                 {"chat", APL_POST_KIND_MESSAGE},
                                 {"sms", APL_POST_KIND_MESSAGE},
                                 {"mail", APL_POST_KIND_EMAIL},
                                 {"e-mail", APL_POST_KIND_EMAIL},
                                 {"phone", APL_POST_KIND_CALL},
                                 {"telephone", APL_POST_KIND_CALL},
                                 {"voice", APL_POST_KIND_CALL},
                                 {"in person", APL_POST_KIND_VISIT},
                                 {"bbb", APL_POST_KIND_NOTICE},
                                 {"rating", APL_POST_KIND_REVIEW}};
    int value;
    if (FIND_WORD(text, words, &value)) {
        *out_kind = (apl_post_kind)value;
        return true;
    }
    return !apl_post_kind_parse(apl_span_trim(text), out_kind, NULL);
}

bool apl_value_event(apl_span text, apl_post_event *out_event)
{
    static const word words[] = {
        {"", APL_POST_EVENT_CREATE},        {"create", APL_POST_EVENT_CREATE},
        {"created", APL_POST_EVENT_CREATE}, {"new", APL_POST_EVENT_CREATE},
        {"post", APL_POST_EVENT_CREATE},    {"add", APL_POST_EVENT_CREATE},
        {"edit", APL_POST_EVENT_EDIT},      {"edited", APL_POST_EVENT_EDIT},
        {"update", APL_POST_EVENT_EDIT},    {"updated", APL_POST_EVENT_EDIT},
        {"delete", APL_POST_EVENT_DELETE},  {"deleted", APL_POST_EVENT_DELETE},
        {"remove", APL_POST_EVENT_DELETE},  {"removed", APL_POST_EVENT_DELETE}};
    int value;
    if (!FIND_WORD(text, words, &value))
        return false;
    *out_event = (apl_post_event)value;
    return true;
}

/* "★★★★☆": filled stars count; a run of hollow ones may follow. */
static bool star_rating(apl_span s, double *out_stars)
{
    size_t full = 0, all = 0, at = 0;
    for (; at + 3 <= s.len; at += 3, all++) {
        bool is_full = memcmp(s.ptr + at, "\xE2\x98\x85", 3) == 0 ||
                       memcmp(s.ptr + at, "\xE2\xAD\x90", 3) == 0;
        if (!is_full && memcmp(s.ptr + at, "\xE2\x98\x86", 3) != 0)
            return false;
        full += is_full;
    }
    *out_stars = (double)full;
    return at == s.len && all >= 1 && all <= 5;
}

static bool leading_number(apl_span *s, double *out_value)
{
    size_t n = 0;
    while (n < s->len && n < 12 &&
           ((s->ptr[n] >= '0' && s->ptr[n] <= '9') || s->ptr[n] == '.' || s->ptr[n] == ','))
        n++;
    char digits[16] = {0};
    for (size_t i = 0; i < n; i++)
        digits[i] = s->ptr[i] == ',' ? '.' : s->ptr[i];
    if (!n || apl_span_parse_double((apl_span){digits, n}, out_value, NULL))
        return false;
    *s = apl_span_trim(apl_span_sub(*s, n, SIZE_MAX));
    return true;
}

/* What stands behind the number: nothing, "/5", "out of 5", "of 5", "%", "stars". */
static bool rating_scale(apl_span rest, double *scale)
{
    static const char *const signs[] = {"/", "out of", "of", "von", "de"};
    if (!rest.len)
        return true;
    if (apl_span_is(rest, "%")) {
        *scale = 100;
        return true;
    }
    if (apl_span_equal_nocase(apl_span_sub(rest, 0, 4), APL_SPAN("star"))) {
        *scale = 5;
        return rest.len <= 5;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (!apl_span_equal_nocase(apl_span_sub(rest, 0, n), apl_span_of(signs[i])))
            continue;
        apl_span number = apl_span_trim(apl_span_sub(rest, n, SIZE_MAX));
        return leading_number(&number, scale) && *scale >= 1 &&
               (!number.len || apl_span_equal_nocase(apl_span_sub(number, 0, 4), APL_SPAN("star")));
    }
    return false;
}

bool apl_value_rating(apl_span text, int scale, int *out_rating_x10)
{
    apl_span s = apl_span_trim(text);
    double value, of = scale;
    if (star_rating(s, &value))
        of = 5;
    else if (!leading_number(&s, &value) || !rating_scale(s, &of))
        return false;
    if (value < 0 || value > of)
        return false;
    *out_rating_x10 = (int)lround(value * 50 / of);
    return true;
}

bool apl_value_count(apl_span text, int64_t *out_count)
{
    char digits[32];
    size_t n = 0;
    double value, times = 1;
    apl_span s = apl_span_trim(text);
    if (s.len && (s.ptr[s.len - 1] | 0x20) == 'k')
        times = 1e3;
    else if (s.len && (s.ptr[s.len - 1] | 0x20) == 'm')
        times = 1e6;
    s.len -= times > 1;
    for (size_t i = 0; i < s.len && n < sizeof digits; i++) {
        bool groups = s.ptr[i] == ',' || s.ptr[i] == '_' || s.ptr[i] == '\'';
        if (!groups)
            digits[n++] = s.ptr[i];
    }
    if (!n || n == sizeof digits || apl_span_parse_double((apl_span){digits, n}, &value, NULL))
        return false;
    value *= times;
    if (!(value >= 0 && value < 9e15))
        return false;
    *out_count = (int64_t)value;
    return true;
}

static size_t digit_run(apl_span s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n;
}

apl_span apl_value_id(apl_span text, bool *out_was_float)
{
    apl_span s = apl_span_trim(text);
    size_t n = digit_run(s);
    *out_was_float = n && n + 2 == s.len && s.ptr[n] == '.' && s.ptr[n + 1] == '0';
    return *out_was_float ? apl_span_sub(s, 0, n) : s;
}

bool apl_value_is_ruined_id(apl_span text)
{
    apl_span s = apl_span_trim(text);
    size_t n = digit_run(s);
    if (n != 1)
        return false;
    s = apl_span_sub(s, n, SIZE_MAX);
    if (s.len && (*s.ptr == '.' || *s.ptr == ',')) {
        s = apl_span_sub(s, 1, SIZE_MAX);
        s = apl_span_sub(s, digit_run(s), SIZE_MAX);
    }
    return s.len >= 3 && (*s.ptr | 0x20) == 'e' && s.ptr[1] == '+' &&
           digit_run(apl_span_sub(s, 2, SIZE_MAX)) == s.len - 2;
}

bool apl_value_is_rounded_id(apl_span text)
{
    apl_span s = apl_span_trim(text);
    if (s.len <= 15 || s.len > 25 || digit_run(s) != s.len)
        return false;
    for (size_t i = 15; i < s.len; i++) {
        if (s.ptr[i] != '0')
            return false;
    }
    return true;
}
