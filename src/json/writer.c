/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer; see writer.h. One state byte per open container says whether it is an object, whether it has members,
 * and whether a name waits for its value. Strings are copied in runs between characters that need an escape.
 * Tests: tests/unit/json/test_writer.c
 */
#include "json/writer.h"

#include "base/utf8.h"
#include "json/number.h"
#include "json/shim.h"

#include <math.h>
#include <string.h>

enum { IN_OBJECT = 1, HAS_ITEMS = 2, AFTER_KEY = 4 };

void apl_json_writer_init(apl_json_writer *w, apl_buf *buf)
{
    w->buf = buf;
    w->html_safe = false;
    w->depth = 0;
    w->state[0] = 0;
    w->rc = APL_OK;
}

apl_rc apl_json_writer_finish(apl_json_writer *w, apl_err *err)
{
    if (!w->rc && (w->depth || w->state[0] != HAS_ITEMS))
        w->rc = apl_err_set(&w->err, APL_E_INTERNAL, "JSON is not complete");
    apl_rc rc = w->rc;
    if (rc && err)
        *err = w->err;
    w->depth = 0;
    w->state[0] = 0;
    w->rc = APL_OK;
    return rc;
}

void apl_json_writer_fail(apl_json_writer *w, apl_rc rc, const apl_err *err)
{
    if (w->rc || !rc)
        return;
    w->rc = rc;
    if (err)
        w->err = *err;
    else
        apl_err_set(&w->err, rc, "%s", apl_rc_title(rc));
}

static void add(apl_json_writer *w, const char *bytes, size_t len)
{
    if (!w->rc)
        w->rc = apl_buf_add(w->buf, (apl_span){bytes, len}, &w->err);
}

/* The comma before a value, and whether one may stand here at all. */
static void before_value(apl_json_writer *w)
{
    uint8_t *state = &w->state[w->depth];
    bool needs_key = (*state & IN_OBJECT) && !(*state & AFTER_KEY);
    bool second_root = !w->depth && (*state & HAS_ITEMS);
    if (!w->rc && (needs_key || second_root))
        w->rc = apl_err_set(&w->err, APL_E_INTERNAL, "JSON value without %s",
                            needs_key ? "a name" : "an array around it");
    if ((*state & (HAS_ITEMS | IN_OBJECT)) == HAS_ITEMS)
        add(w, ",", 1);
    *state = (uint8_t)((*state | HAS_ITEMS) & ~AFTER_KEY);
}

static void value(apl_json_writer *w, const char *bytes, size_t len)
{
    before_value(w);
    add(w, bytes, len);
}

static void begin(apl_json_writer *w, const char *bracket, uint8_t state)
{
    value(w, bracket, 1);
    if (w->rc)
        return;
    if (w->depth == APL_JSON_WRITER_DEPTH_MAX) {
        w->rc = apl_err_set(&w->err, APL_E_LIMIT, "JSON nested deeper than %d levels",
                            APL_JSON_WRITER_DEPTH_MAX);
        return;
    }
    w->state[++w->depth] = state;
}

static void end(apl_json_writer *w, const char *bracket, uint8_t state)
{
    if (w->rc)
        return;
    uint8_t have = w->state[w->depth];
    if (!w->depth || (have & IN_OBJECT) != state || (have & AFTER_KEY)) {
        w->rc = apl_err_set(&w->err, APL_E_INTERNAL, "JSON closed with '%s' out of order", bracket);
        return;
    }
    w->depth--;
    add(w, bracket, 1);
}

void apl_json_object_begin(apl_json_writer *w)
{
    begin(w, "{", IN_OBJECT);
}

void apl_json_object_end(apl_json_writer *w)
{
    end(w, "}", IN_OBJECT);
}

void apl_json_array_begin(apl_json_writer *w)
{
    begin(w, "[", 0);
}

void apl_json_array_end(apl_json_writer *w)
{
    end(w, "]", 0);
}

enum { PLAIN = 0, ESCAPED, HTML_ONLY, MULTI_BYTE };

static const uint8_t char_class[256] = {
    [0 ... 0x1F] = ESCAPED,
    ['"'] = ESCAPED,
    ['\\'] = ESCAPED,
    ['<'] = HTML_ONLY,
    ['>'] = HTML_ONLY,
    ['&'] = HTML_ONLY,
    [0x80 ... 0xFF] = MULTI_BYTE,
};

/* Length of the run from `from` on that goes out as it is: valid characters that need no escape. */
static size_t plain_run(apl_span text, size_t from, bool html)
{
    size_t at = from;
    while (at < text.len) {
        uint8_t class = char_class[(unsigned char)text.ptr[at]];
        if (class == PLAIN || (class == HTML_ONLY && !html)) {
            at++;
            continue;
        }
        if (class != MULTI_BYTE)
            break;
        size_t next = at;
        uint32_t c = apl_utf8_next(text, &next);
        bool invalid = c == 0xFFFD && next == at + 1;
        if (invalid || (html && (c == 0x2028 || c == 0x2029)))
            break;
        at = next;
    }
    return at - from;
}

/* The escape of the character at *at, which moves past it. Returns its length. */
static size_t escape(apl_span text, size_t *at, char out[8])
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    uint32_t c = apl_utf8_next(text, at);
    const char *named = c && c < 0x80 ? strchr(from, (int)c) : NULL;
    if (c == 0xFFFD) {
        memcpy(out, "\xEF\xBF\xBD", 3);
        return 3;
    }
    out[0] = '\\';
    if (named) {
        out[1] = to[named - from];
        return 2;
    }
    out[1] = 'u';
    for (int i = 0; i < 4; i++)
        out[2 + i] = hex[c >> (12 - 4 * i) & 15];
    return 6;
}

static apl_rc add_quoted(apl_buf *buf, apl_span text, bool html, apl_err *err)
{
    apl_rc rc = apl_buf_add_byte(buf, '"', err);
    for (size_t at = 0; !rc && at < text.len;) {
        size_t run = plain_run(text, at, html);
        if (run)
            rc = apl_buf_add(buf, (apl_span){text.ptr + at, run}, err);
        at += run;
        if (!rc && at < text.len) {
            char out[8];
            size_t len = escape(text, &at, out);
            rc = apl_buf_add(buf, (apl_span){out, len}, err);
        }
    }
    return rc ? rc : apl_buf_add_byte(buf, '"', err);
}

apl_rc apl_json_add_quoted(apl_buf *buf, apl_span text, apl_err *err)
{
    return add_quoted(buf, text, false, err);
}

void apl_json_key_span(apl_json_writer *w, apl_span name)
{
    uint8_t *state = &w->state[w->depth];
    if (w->rc)
        return;
    if (!(*state & IN_OBJECT) || (*state & AFTER_KEY)) {
        w->rc = apl_err_set(&w->err, APL_E_INTERNAL, "JSON name outside of an object");
        return;
    }
    if (*state & HAS_ITEMS)
        add(w, ",", 1);
    *state |= AFTER_KEY;
    if (!w->rc)
        w->rc = add_quoted(w->buf, name, w->html_safe, &w->err);
    add(w, ":", 1);
}

void apl_json_key(apl_json_writer *w, const char *name)
{
    apl_json_key_span(w, apl_span_of(name));
}

void apl_json_string(apl_json_writer *w, apl_span text)
{
    before_value(w);
    if (!w->rc)
        w->rc = add_quoted(w->buf, text, w->html_safe, &w->err);
}

void apl_json_str(apl_json_writer *w, const char *text)
{
    if (text)
        apl_json_string(w, apl_span_of(text));
    else
        apl_json_null(w);
}

void apl_json_i64(apl_json_writer *w, int64_t number)
{
    char text[APL_JSON_I64_BYTES];
    value(w, text, apl_json_i64_text(number, text));
}

void apl_json_double(apl_json_writer *w, double number)
{
    if (!isfinite(number)) {
        if (!w->rc)
            w->rc = apl_err_set(&w->err, APL_E_INVALID, "JSON has no infinite numbers and no NaN");
        return;
    }
    char text[APL_SJ_DOUBLE_BYTES];
    value(w, text, apl_sj_double(number, text));
}

void apl_json_bool(apl_json_writer *w, bool truth)
{
    value(w, truth ? "true" : "false", truth ? 4 : 5);
}

void apl_json_null(apl_json_writer *w)
{
    value(w, "null", 4);
}

void apl_json_time(apl_json_writer *w, apl_time_us time)
{
    char text[APL_TIME_TEXT_BYTES];
    if (time == APL_TIME_NONE)
        apl_json_null(w);
    else
        apl_json_string(w, apl_span_of(apl_time_format(time, text)));
}

void apl_json_raw(apl_json_writer *w, apl_span json)
{
    value(w, json.ptr, json.len);
}

void apl_json_hex(apl_json_writer *w, apl_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    value(w, "\"", 1);
    for (size_t i = 0; i < bytes.len && !w->rc; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        add(w, (char[2]){digits[c >> 4], digits[c & 15]}, 2);
    }
    add(w, "\"", 1);
}

static void base64(apl_json_writer *w, apl_span bytes, const char *last_two, bool padded)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    value(w, "\"", 1);
    for (size_t i = 0; i < bytes.len && !w->rc; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? (unsigned char)bytes.ptr[i + k] : 0);
        char out[4];
        for (size_t k = 0; k < 4; k++) {
            uint32_t six = bits >> (18 - 6 * k) & 63;
            out[k] = k > have ? '=' : six < 62 ? letters[six] : last_two[six - 62];
        }
        add(w, out, padded ? 4 : have + 1);
    }
    add(w, "\"", 1);
}

void apl_json_base64(apl_json_writer *w, apl_span bytes)
{
    base64(w, bytes, "+/", true);
}

void apl_json_base64url(apl_json_writer *w, apl_span bytes)
{
    base64(w, bytes, "-_", false);
}

void apl_json_member_string(apl_json_writer *w, const char *name, apl_span text)
{
    apl_json_key(w, name);
    apl_json_string(w, text);
}

void apl_json_member_str(apl_json_writer *w, const char *name, const char *text)
{
    apl_json_key(w, name);
    apl_json_str(w, text);
}

void apl_json_member_i64(apl_json_writer *w, const char *name, int64_t number)
{
    apl_json_key(w, name);
    apl_json_i64(w, number);
}

void apl_json_member_double(apl_json_writer *w, const char *name, double number)
{
    apl_json_key(w, name);
    apl_json_double(w, number);
}

void apl_json_member_bool(apl_json_writer *w, const char *name, bool truth)
{
    apl_json_key(w, name);
    apl_json_bool(w, truth);
}

void apl_json_member_time(apl_json_writer *w, const char *name, apl_time_us time)
{
    apl_json_key(w, name);
    apl_json_time(w, time);
}
