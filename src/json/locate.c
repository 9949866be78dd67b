/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict, slow walk over a text that the fast parser refused, to name the first byte that is wrong and what was
 * expected there. Grammar: RFC 8259. No recursion: the open brackets are a stack of bytes.
 * Tests: tests/unit/json/test_reader.c (also holds it against the fast parser on damaged texts).
 */
#include "json/locate.h"

#include "base/utf8.h"

#include <string.h>

typedef struct walk {
    const char *p, *end;
    const char *what, *fix;
    size_t depth, max_depth;
    bool is_depth;
    char open[APL_JSON_DEPTH_MAX];
} walk;

static bool fail(walk *w, const char *what, const char *fix)
{
    w->what = what;
    w->fix = fix;
    return false;
}

static void skip_space(walk *w)
{
    while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
        w->p++;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* At the four digits of \uXXXX. */
static bool read_hex4(walk *w, unsigned *out_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++, w->p++) {
        if (w->p >= w->end || !is_hex(*w->p))
            return fail(w, "expected four hexadecimal digits after \\u", "");
        unit = unit << 4 | hex_value(*w->p);
    }
    *out_unit = unit;
    return true;
}

static bool walk_escape(walk *w)
{
    const char *start = w->p++;
    if (w->p >= w->end)
        return fail(w, "the text ends inside a string", "");
    if (*w->p != 'u') {
        if (!*w->p || !strchr("\"\\/bfnrt", *w->p))
            return fail(w, "unknown escape in a string", "write a backslash as \\\\");
        w->p++;
        return true;
    }
    w->p++;
    unsigned unit = 0, low = 0;
    if (!read_hex4(w, &unit))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    bool paired = unit < 0xDC00 && w->end - w->p >= 6 && w->p[0] == '\\' && w->p[1] == 'u';
    if (paired) {
        w->p += 2;
        paired = read_hex4(w, &low) && low >= 0xDC00 && low <= 0xDFFF;
        if (!paired && low == 0)
            return false;
    }
    if (!paired) {
        w->p = start;
        return fail(w, "half of a surrogate pair", "write the character whole or leave it out");
    }
    return true;
}

static bool walk_string(walk *w)
{
    w->p++;
    while (w->p < w->end && *w->p != '"') {
        unsigned char c = (unsigned char)*w->p;
        if (c == '\\') {
            if (!walk_escape(w))
                return false;
        } else if (c < 0x20) {
            return fail(w, c ? "control character in a string" : "NUL byte in a string",
                        "write it as an escape, a line break as \\n");
        } else {
            w->p++;
        }
    }
    if (w->p >= w->end)
        return fail(w, "the text ends inside a string", "");
    w->p++;
    return true;
}

static bool walk_digits(walk *w)
{
    if (w->p >= w->end || *w->p < '0' || *w->p > '9')
        return fail(w, "expected a digit", "");
    while (w->p < w->end && *w->p >= '0' && *w->p <= '9')
        w->p++;
    return true;
}

static bool walk_number(walk *w)
{
    if (*w->p == '-')
        w->p++;
    const char *first = w->p;
    if (!walk_digits(w))
        return false;
    if (*first == '0' && w->p - first > 1) {
        w->p = first;
        return fail(w, "a number may not start with 0", "");
    }
    if (w->p < w->end && *w->p == '.' && (w->p++, !walk_digits(w)))
        return false;
    if (w->p < w->end && (*w->p == 'e' || *w->p == 'E')) {
        w->p++;
        if (w->p < w->end && (*w->p == '+' || *w->p == '-'))
            w->p++;
        return walk_digits(w);
    }
    return true;
}

static bool walk_word(walk *w, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(w->end - w->p) < len || memcmp(w->p, word, len) != 0)
        return fail(w, "expected a JSON value", "strings need double quotes");
    w->p += len;
    return true;
}

static bool walk_scalar(walk *w)
{
    switch (*w->p) {
    case '"':
        return walk_string(w);
    case 't':
        return walk_word(w, "true");
    case 'f':
        return walk_word(w, "false");
    case 'n':
        return walk_word(w, "null");
    default:
        if (*w->p == '-' || (*w->p >= '0' && *w->p <= '9'))
            return walk_number(w);
        return fail(w, "expected a JSON value", "strings need double quotes");
    }
}

/* "key": */
static bool walk_key(walk *w)
{
    skip_space(w);
    if (w->p >= w->end || *w->p != '"')
        return fail(w,
                    w->p < w->end ? "expected a name in double quotes"
                                  : "the text ends inside an object",
                    "");
    if (!walk_string(w))
        return false;
    skip_space(w);
    if (w->p >= w->end || *w->p != ':')
        return fail(
            w, w->p < w->end ? "expected ':' after the name" : "the text ends inside an object",
            "");
    w->p++;
    return true;
}

/* Past a bracket that opened at start. */
static bool push(walk *w, const char *start)
{
    if (w->depth >= w->max_depth || w->depth >= APL_JSON_DEPTH_MAX) {
        w->p = start;
        w->is_depth = true;
        return fail(w, "nested too deeply", "");
    }
    w->open[w->depth++] = *start;
    return true;
}

/* A value up to its first child or its end. *out_done: a whole value was read. */
static bool walk_value(walk *w, bool *out_done)
{
    skip_space(w);
    *out_done = true;
    if (w->p >= w->end)
        return fail(w, w->depth ? "the text ends where a value is expected" : "the text is empty",
                    "");
    char c = *w->p;
    if (c != '{' && c != '[')
        return walk_scalar(w);
    /* An empty container is no level, for the fast parser neither. */
    const char *start = w->p++;
    skip_space(w);
    if (w->p < w->end && *w->p == (c == '{' ? '}' : ']')) {
        w->p++;
        return true;
    }
    if (!push(w, start))
        return false;
    *out_done = false;
    return c == '[' || walk_key(w);
}

/* After a value: closes containers until another value is due or all are closed. */
static bool walk_after(walk *w)
{
    while (w->depth) {
        bool in_object = w->open[w->depth - 1] == '{';
        skip_space(w);
        if (w->p >= w->end)
            return fail(
                w, in_object ? "the text ends inside an object" : "the text ends inside an array",
                "");
        if (*w->p == ',') {
            w->p++;
            return !in_object || walk_key(w);
        }
        if (*w->p != (in_object ? '}' : ']'))
            return fail(w, in_object ? "expected ',' or '}'" : "expected ',' or ']'", "");
        w->p++;
        w->depth--;
    }
    return true;
}

static bool walk_document(walk *w)
{
    do {
        bool done = false;
        while (!done)
            if (!walk_value(w, &done))
                return false;
        if (!walk_after(w))
            return false;
    } while (w->depth);
    skip_space(w);
    return w->p >= w->end ||
           fail(w, "text after the end of the JSON value", "one value is expected");
}

bool apl_json_locate(apl_span text, size_t max_depth, apl_json_fault *out_fault)
{
    const char *start = text.ptr ? text.ptr : "";
    size_t bad = apl_utf8_invalid_at(text);
    walk w = {.p = start, .end = start + text.len, .max_depth = max_depth};
    if (text.len >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
        *out_fault = (apl_json_fault){0, false, "byte order mark before the JSON",
                                      "remove the first three bytes"};
        return true;
    }
    bool ok = walk_document(&w);
    size_t at = (size_t)(w.p - start);
    if (bad != SIZE_MAX && (ok || bad <= at))
        *out_fault = (apl_json_fault){bad, false, "invalid UTF-8", "save the text as UTF-8"};
    else if (!ok)
        *out_fault = (apl_json_fault){at, w.is_depth, w.what, w.fix};
    return !ok || bad != SIZE_MAX;
}
