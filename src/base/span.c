/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes; see span.h. SipHash: Aumasson and Bernstein, 2012 (1-3 rounds). Tests: tests/unit/base/test_span.c */
#include "base/span.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

apl_span apl_span_of(const char *text)
{
    return (apl_span){text, text ? strlen(text) : 0};
}

bool apl_span_equal(apl_span a, apl_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool apl_span_is(apl_span a, const char *text)
{
    return apl_span_equal(a, apl_span_of(text));
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool apl_span_equal_nocase(apl_span a, apl_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int apl_span_compare(apl_span a, apl_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool apl_span_starts(apl_span s, apl_span prefix)
{
    return s.len >= prefix.len && apl_span_equal(apl_span_sub(s, 0, prefix.len), prefix);
}

bool apl_span_ends(apl_span s, apl_span suffix)
{
    return s.len >= suffix.len &&
           apl_span_equal(apl_span_sub(s, s.len - suffix.len, suffix.len), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

apl_span apl_span_trim(apl_span s)
{
    while (s.len && is_space(s.ptr[0]))
        s.ptr++, s.len--;
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

apl_span apl_span_sub(apl_span s, size_t from, size_t len)
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (apl_span){s.ptr ? s.ptr + from : NULL, len};
}

size_t apl_span_find_byte(apl_span s, char byte)
{
    const char *hit = s.len ? memchr(s.ptr, byte, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

size_t apl_span_find(apl_span s, apl_span needle)
{
    if (!needle.len)
        return 0;
    const char *hit = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

bool apl_span_split(apl_span *rest, char byte, apl_span *out_part)
{
    if (!rest->ptr)
        return false;
    size_t at = apl_span_find_byte(*rest, byte);
    if (at == SIZE_MAX) {
        *out_part = *rest;
        *rest = APL_SPAN_NONE;
        return true;
    }
    *out_part = apl_span_sub(*rest, 0, at);
    *rest = apl_span_sub(*rest, at + 1, SIZE_MAX);
    return true;
}

apl_rc apl_span_parse_i64(apl_span s, int64_t *out_value, apl_err *err)
{
    size_t i = 0;
    bool negative = false;
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        negative = s.ptr[i++] == '-';
    if (i == s.len)
        return apl_err_set(err, APL_E_INVALID, "expected a whole number");
    int64_t value = 0;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not a whole number",
                               APL_SPAN_ARGS(s));
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return apl_err_set(err, APL_E_LIMIT, "\"%.*s\" does not fit in 64 bits",
                               APL_SPAN_ARGS(s));
    }
    *out_value = value;
    return APL_OK;
}

/* A comma as decimal point must not depend on the server's locale. */
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* strtod also takes white space, "inf", "nan", hexadecimal, and stops at NUL. */
static bool is_decimal(apl_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr("0123456789+-.eE", s.ptr[i]))
            return false;
    return true;
}

apl_rc apl_span_parse_double(apl_span s, double *out_value, apl_err *err)
{
    char text[64];
    char *end = NULL;
    if (!s.len || s.len >= sizeof text || !is_decimal(s))
        return apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not a number",
                           APL_SPAN_ARGS(apl_span_sub(s, 0, 40)));
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    (void)pthread_once(&c_locale_once, make_c_locale);
    if (!c_locale)
        return apl_err_nomem(err);
    double value = strtod_l(text, &end, c_locale);
    if (*end || end == text || !isfinite(value))
        return apl_err_set(err, APL_E_INVALID, "\"%s\" is not a number", text);
    *out_value = value;
    return APL_OK;
}

static uint64_t key0 = 0x0706050403020100u;
static uint64_t key1 = 0x0f0e0d0c0b0a0908u;

void apl_span_hash_seed(uint64_t k0, uint64_t k1)
{
    key0 = k0;
    key1 = k1;
}

static uint64_t rotl(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

uint64_t apl_span_hash(apl_span s)
{
    uint64_t v[4] = {key0 ^ 0x736f6d6570736575u, key1 ^ 0x646f72616e646f6du,
                     key0 ^ 0x6c7967656e657261u, key1 ^ 0x7465646279746573u};
    size_t whole = s.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t m;
        memcpy(&m, s.ptr + i, 8);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    uint64_t last = (uint64_t)s.len << 56;
    for (size_t i = whole; i < s.len; i++)
        last |= (uint64_t)(unsigned char)s.ptr[i] << (8 * (i - whole));
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
