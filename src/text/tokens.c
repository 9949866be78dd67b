/* SPDX-License-Identifier: Apache-2.0 */
/* See tokens.h. Tests: tests/unit/text/test_tokens.c */
#include "text/tokens.h"

#include "base/utf8.h"

#include <unicode/uchar.h>

static const unsigned char ascii_word[128] = {
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1};

static bool is_ascii_word(uint32_t c)
{
    return ascii_word[c & 127] != 0;
}

bool apl_text_is_word_char(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_word(c);
    return (U_GET_GC_MASK((UChar32)c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

static bool is_emoji(uint32_t c)
{
    if (c < 0x2190)
        return false;
    return (c >= 0x1F000 && c <= 0x1FAFF) ||
           (c <= 0x3299 && u_hasBinaryProperty((UChar32)c, UCHAR_EXTENDED_PICTOGRAPHIC));
}

static bool is_emoji_tail(uint32_t c)
{
    return c == 0x200D || c == 0xFE0F || c == 0x20E3 || (c >= 0x1F3FB && c <= 0x1F3FF);
}

static size_t emoji_end(apl_span s, size_t at)
{
    uint32_t before = apl_utf8_next(s, &at);
    while (at < s.len) {
        size_t next = at;
        uint32_t c = apl_utf8_next(s, &next);
        bool flag = before >= 0x1F1E6 && before <= 0x1F1FF && c >= 0x1F1E6 && c <= 0x1F1FF;
        if (!is_emoji_tail(c) && before != 0x200D && !flag)
            break;
        at = next;
        before = flag ? 0 : c;
    }
    return at;
}

/* The end of a run of word characters, with `inner` marks allowed between two of them. */
static size_t word_end(apl_span s, size_t at, const char *inner)
{
    while (at < s.len) {
        unsigned char b = (unsigned char)s.ptr[at];
        size_t next = at + 1;
        if (b < 0x80) {
            if (is_ascii_word(b)) {
                at = next;
                continue;
            }
            bool joins = false;
            for (const char *i = inner; *i; i++)
                joins = joins || *i == s.ptr[at];
            size_t peek = next;
            if (!joins || next >= s.len || !apl_text_is_word_char(apl_utf8_next(s, &peek)))
                break;
            at = next;
            continue;
        }
        next = at;
        uint32_t c = apl_utf8_next(s, &next);
        if (c == 0x2019 && *inner == '\'' && next < s.len) {
            size_t peek = next;
            if (!apl_text_is_word_char(apl_utf8_next(s, &peek)))
                break;
        } else if (!apl_text_is_word_char(c) || is_emoji(c)) {
            break;
        }
        at = next;
    }
    return at;
}

static bool starts_nocase(apl_span s, size_t at, apl_span prefix)
{
    return apl_span_equal_nocase(apl_span_sub(s, at, prefix.len), prefix);
}

static size_t url_end(apl_span s, size_t at)
{
    if (!starts_nocase(s, at, APL_SPAN("http://")) && !starts_nocase(s, at, APL_SPAN("https://")) &&
        !starts_nocase(s, at, APL_SPAN("www.")))
        return at;
    while (at < s.len && (unsigned char)s.ptr[at] > ' ' && s.ptr[at] != '"' && s.ptr[at] != '<')
        at++;
    /* The mark that ends the sentence is not part of the link. */
    while (at > 0 && (s.ptr[at - 1] == '.' || s.ptr[at - 1] == ',' || s.ptr[at - 1] == '!' ||
                      s.ptr[at - 1] == '?' || s.ptr[at - 1] == ')'))
        at--;
    return at;
}

static apl_token take(size_t at, apl_token_kind kind, size_t to)
{
    return (apl_token){(uint32_t)at, (uint32_t)to, kind};
}

/* The token at `at`, which is not white space. */
static apl_token token_at(apl_span s, size_t at)
{
    char c = s.ptr[at];
    if (c == 'h' || c == 'H' || c == 'w' || c == 'W') {
        size_t to = url_end(s, at);
        if (to > at)
            return take(at, APL_TOKEN_URL, to);
    }
    if (c == '@' || c == '#') {
        size_t to = word_end(s, at + 1, "_.-");
        if (to == at + 1 && to < s.len && s.ptr[to] == '_')
            to = word_end(s, to + 1, "_.-");
        if (to > at + 1)
            return take(at, c == '@' ? APL_TOKEN_MENTION : APL_TOKEN_TAG, to);
        return take(at, APL_TOKEN_MARK, at + 1);
    }
    if (c >= '0' && c <= '9')
        return take(at, APL_TOKEN_NUMBER, word_end(s, at, ".,:"));
    size_t next = at;
    uint32_t code = apl_utf8_next(s, &next);
    if (is_emoji(code))
        return take(at, APL_TOKEN_EMOJI, emoji_end(s, at));
    if (apl_text_is_word_char(code))
        return take(at, APL_TOKEN_WORD, word_end(s, at, "'-"));
    return take(at, APL_TOKEN_MARK, next);
}

bool apl_token_next(apl_span text, size_t *at, apl_token *out_token)
{
    while (*at < text.len && (unsigned char)text.ptr[*at] <= ' ')
        (*at)++;
    if (*at >= text.len)
        return false;
    *out_token = token_at(text, *at);
    *at = out_token->to;
    return true;
}

size_t apl_tokens_split(apl_span text, apl_token *out_tokens, size_t cap)
{
    size_t count = 0;
    size_t at = 0;
    while (count < cap && apl_token_next(text, &at, &out_tokens[count]))
        count++;
    return count;
}
