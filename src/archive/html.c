/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tag stripper for mail, see html.h. Not a parser on purpose: the result is only ever shown and searched as text, so
 * a misread tag costs a word and never safety. Tests: tests/unit/archive/test_mbox.c
 */
#include "archive/html.h"

#include "base/utf8.h"

#include <string.h>

static apl_rc put(apl_buf *out, apl_span text, apl_err *err)
{
    apl_rc rc = apl_buf_add(out, text, err);
    return rc == APL_E_LIMIT ? APL_OK : rc;
}

static bool tag_is(apl_span tag, const char *name)
{
    size_t n = strlen(name);
    return apl_span_equal_nocase(apl_span_sub(tag, 0, n), apl_span_of(name)) &&
           (tag.len == n || memchr(" \t\r\n/>", tag.ptr[n], 6));
}

static bool breaks_line(apl_span tag)
{
    static const char *const names[] = {"br", "p",  "/p", "div", "/div", "tr",  "/tr",        "li",
                                        "h1", "h2", "h3", "/h1", "/h2",  "/h3", "blockquote", "hr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (tag_is(tag, names[i]))
            return true;
    }
    return false;
}

/* Bytes of the element from after its opening tag up to and including its closing tag. */
static size_t skip_element(apl_span rest, const char *name)
{
    for (size_t at = 0; at + 1 < rest.len; at++) {
        if (rest.ptr[at] != '<' || rest.ptr[at + 1] != '/')
            continue;
        apl_span tag = apl_span_sub(rest, at + 2, strlen(name));
        if (apl_span_equal_nocase(tag, apl_span_of(name))) {
            size_t end = apl_span_find_byte(apl_span_sub(rest, at, SIZE_MAX), '>');
            return end == SIZE_MAX ? rest.len : at + end + 1;
        }
    }
    return rest.len;
}

static uint32_t number_entity(apl_span body)
{
    uint32_t base = 10, code = 0;
    body = apl_span_sub(body, 1, SIZE_MAX);
    if (body.len && (*body.ptr | 0x20) == 'x') {
        base = 16;
        body = apl_span_sub(body, 1, SIZE_MAX);
    }
    for (size_t i = 0; i < body.len; i++) {
        char c = (char)(body.ptr[i] | 0x20);
        uint32_t digit = c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) : (uint32_t)(c - '0');
        if (body.ptr[i] < '0' || digit >= base || code > 0x110000)
            return 0;
        code = code * base + digit;
    }
    return code;
}

/* Decodes the entity at the beginning of rest ("&…;"); returns its length, 0 when it is none. */
static size_t entity(apl_span rest, uint32_t *out_code)
{
    static const struct {
        const char *name;
        uint32_t code;
    } known[] = {{"amp", '&'},       {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
                 {"apos", '\''},     {"nbsp", ' '},     {"ndash", 0x2013}, {"mdash", 0x2014},
                 {"hellip", 0x2026}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C},
                 {"rdquo", 0x201D},  {"euro", 0x20AC},  {"pound", 0xA3},   {"copy", 0xA9}};
    size_t semicolon = apl_span_find_byte(apl_span_sub(rest, 0, 12), ';');
    if (semicolon == SIZE_MAX || semicolon < 2)
        return 0;
    apl_span body = apl_span_sub(rest, 1, semicolon - 1);
    *out_code = *body.ptr == '#' ? number_entity(body) : 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (apl_span_is(body, known[i].name))
            *out_code = known[i].code;
    }
    return *out_code ? semicolon + 1 : 0;
}

/* The tag at the beginning of rest ("<…"): what it becomes, and how many bytes are gone with it. */
static apl_rc take_tag(apl_buf *out, apl_span rest, size_t *out_used, apl_err *err)
{
    if (apl_span_starts(rest, APL_SPAN("<!--"))) {
        size_t end = apl_span_find(rest, APL_SPAN("-->"));
        *out_used = end == SIZE_MAX ? rest.len : end + 3;
        return APL_OK;
    }
    size_t end = apl_span_find_byte(rest, '>');
    apl_span tag = apl_span_sub(rest, 1, end == SIZE_MAX ? SIZE_MAX : end - 1);
    *out_used = end == SIZE_MAX ? rest.len : end + 1;
    static const char *const silent[] = {"script", "style", "head", "title"};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        if (tag_is(tag, silent[i]))
            *out_used += skip_element(apl_span_sub(rest, *out_used, SIZE_MAX), silent[i]);
    }
    bool ends_line = !out->len || out->ptr[out->len - 1] == '\n';
    return breaks_line(tag) && !ends_line ? put(out, APL_SPAN("\n"), err) : APL_OK;
}

apl_rc apl_html_add_text(apl_buf *out, apl_span html, apl_err *err)
{
    apl_rc rc = APL_OK;
    bool gap = true;
    for (size_t used; html.len && !rc; html = apl_span_sub(html, used, SIZE_MAX)) {
        char bytes[4];
        uint32_t code = 0;
        used = 1;
        if (*html.ptr == '<') {
            rc = take_tag(out, html, &used, err);
            gap |= out->len && out->ptr[out->len - 1] == '\n';
        } else if (memchr(" \t\r\n", *html.ptr, 4)) {
            rc = gap ? APL_OK : put(out, APL_SPAN(" "), err);
            gap = true;
        } else {
            size_t n = *html.ptr == '&' ? entity(html, &code) : 0;
            used = n ? n : 1;
            apl_span text = n ? (apl_span){bytes, apl_utf8_encode(code, bytes)}
                              : (apl_span){html.ptr, 1};
            rc = put(out, text, err);
            gap = false;
        }
    }
    return rc;
}
