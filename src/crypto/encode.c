/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64; see encode.h. Tests: tests/unit/crypto/test_encode.c */
#include "crypto/encode.h"

#include <string.h>

static const char std_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t apl_hex_encode(apl_span bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        out[2 * i] = digits[c >> 4];
        out[2 * i + 1] = digits[c & 15];
    }
    out[2 * bytes.len] = '\0';
    return 2 * bytes.len;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

apl_rc apl_hex_decode(apl_span text, void *out, size_t out_bytes, size_t *out_len, apl_err *err)
{
    if (text.len % 2)
        return apl_err_set(err, APL_E_INVALID, "hex text of odd length");
    if (text.len / 2 > out_bytes)
        return apl_err_set(err, APL_E_LIMIT, "hex text of more than %zu bytes", out_bytes);
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hex_value(text.ptr[2 * i]), low = hex_value(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return apl_err_set(err, APL_E_INVALID, "not a hex digit (0-9, a-f) at %zu",
                               2 * i + (high >= 0));
        ((uint8_t *)out)[i] = (uint8_t)(high << 4 | low);
    }
    *out_len = text.len / 2;
    return APL_OK;
}

size_t apl_base64_encode(apl_span bytes, apl_base64_kind kind, char *out)
{
    const char *letters = kind == APL_BASE64_URL ? url_letters : std_letters;
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    size_t left = bytes.len;
    char *at = out;
    for (; left >= 3; left -= 3, p += 3, at += 4) {
        at[0] = letters[p[0] >> 2];
        at[1] = letters[(p[0] & 3) << 4 | p[1] >> 4];
        at[2] = letters[(p[1] & 15) << 2 | p[2] >> 6];
        at[3] = letters[p[2] & 63];
    }
    if (left) {
        unsigned second = left > 1 ? p[1] : 0;
        *at++ = letters[p[0] >> 2];
        *at++ = letters[(p[0] & 3u) << 4 | second >> 4];
        if (left > 1)
            *at++ = letters[(second & 15) << 2];
        for (size_t pad = left; kind == APL_BASE64_STD && pad < 3; pad++)
            *at++ = '=';
    }
    *at = '\0';
    return (size_t)(at - out);
}

static int base64_value(char c, const char *last_two)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == last_two[0] ? 62 : c == last_two[1] ? 63 : -1;
}

/* Takes the padding off; false when it is not what the length needs. */
static bool unpad(apl_span *text)
{
    if (text->len % 4)
        return false;
    for (int i = 0; i < 2 && text->len && text->ptr[text->len - 1] == '='; i++)
        text->len--;
    return true;
}

apl_rc apl_base64_decode(apl_span text, apl_base64_kind kind, void *out, size_t out_bytes,
                         size_t *out_len, apl_err *err)
{
    if ((kind == APL_BASE64_STD && !unpad(&text)) || text.len % 4 == 1)
        return apl_err_set(err, APL_E_INVALID, "base64 text of a wrong length");
    size_t len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0);
    if (len > out_bytes)
        return apl_err_set(err, APL_E_LIMIT, "base64 text of more than %zu bytes", out_bytes);
    const char *last_two = kind == APL_BASE64_URL ? "-_" : "+/";
    uint8_t *at = out;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < text.len; i++) {
        int six = base64_value(text.ptr[i], last_two);
        if (six < 0)
            return apl_err_set(err, APL_E_INVALID, "not a base64 character at %zu", i);
        bits = (bits << 6 | (uint32_t)six) & 0xFFFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *at++ = (uint8_t)(bits >> have);
        }
    }
    if (bits & ((1u << have) - 1))
        return apl_err_set(err, APL_E_INVALID, "base64 text with bits left over");
    *out_len = len;
    return APL_OK;
}

apl_rc apl_base64_decode_exact(apl_span text, apl_base64_kind kind, void *out, size_t bytes,
                               apl_err *err)
{
    size_t len = 0;
    apl_rc rc = apl_base64_decode(text, kind, out, bytes, &len, err);
    if (rc == APL_E_LIMIT || (!rc && len != bytes))
        return apl_err_set(err, APL_E_INVALID, "base64 text of %zu bytes expected", bytes);
    return rc;
}
