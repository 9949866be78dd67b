/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629); see utf8.h. Tests: tests/unit/base/test_utf8.c */
#include "base/utf8.h"

#include <string.h>

/* Length of the valid character at p (1 to 4), or 0. Table 3-7 of the Unicode standard. */
static size_t char_len(const unsigned char *p, size_t left)
{
    unsigned char a = p[0];
    if (a < 0x80)
        return 1;
    if (a < 0xC2 || a > 0xF4 || left < 2)
        return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (a == 0xE0)
        low = 0xA0;
    else if (a == 0xED)
        high = 0x9F;
    else if (a == 0xF0)
        low = 0x90;
    else if (a == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    size_t len = a < 0xE0 ? 2 : a < 0xF0 ? 3 : 4;
    if (left < len)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t apl_utf8_invalid_at(apl_span s)
{
    size_t i = 0;
    while (i < s.len) {
        /* Most text is ASCII: eight bytes at a time. */
        uint64_t word;
        if (s.len - i >= 8 && (memcpy(&word, s.ptr + i, 8), !(word & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        size_t len = char_len((const unsigned char *)s.ptr + i, s.len - i);
        if (!len)
            return i;
        i += len;
    }
    return SIZE_MAX;
}

bool apl_utf8_is_valid(apl_span s)
{
    return apl_utf8_invalid_at(s) == SIZE_MAX;
}

uint32_t apl_utf8_next(apl_span s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    size_t len = char_len(p, s.len - *at);
    *at += len ? len : 1;
    switch (len) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3Fu);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
               (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3Fu);
    default:
        return 0xFFFD;
    }
}

size_t apl_utf8_count(apl_span s)
{
    size_t count = 0;
    for (size_t at = 0; at < s.len; count++)
        (void)apl_utf8_next(s, &at);
    return count;
}

apl_span apl_utf8_cut(apl_span s, size_t max_bytes)
{
    if (s.len <= max_bytes)
        return s;
    size_t len = max_bytes;
    /* A character has at most three further bytes; a longer run of them is damage and may be cut anywhere. */
    while (len > 0 && max_bytes - len < 4 && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
        len--;
    return apl_span_sub(s, 0, max_bytes - len < 4 ? len : max_bytes);
}

size_t apl_utf8_encode(uint32_t c, char out[4])
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = 0xFFFD;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

apl_rc apl_utf8_add_clean(apl_buf *buf, apl_span s, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t at = 0; at < s.len && !rc;) {
        size_t from = at;
        uint32_t c = apl_utf8_next(s, &at);
        bool bad = c == 0xFFFD && at - from == 1;
        if (bad)
            rc = apl_buf_add(buf, APL_SPAN("\xEF\xBF\xBD"), err);
        else if (c == 0)
            rc = apl_buf_add(buf, APL_SPAN("\xE2\x90\x80"), err);
        else
            rc = apl_buf_add(buf, apl_span_sub(s, from, at - from), err);
    }
    return rc;
}
