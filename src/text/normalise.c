/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See normalise.h. ASCII goes byte by byte through a table. Other text is cut where NFKC_Casefold cannot look across (a
 * segment: a character and its marks); each segment is folded alone, so all bytes it gives share the segment's origin.
 * A segment is capped: a thousand accents on one letter ("Zalgo") is an attack, not a letter.
 * Tests: tests/unit/text/test_normalise.c
 */
#include "text/normalise.h"

#include "base/utf8.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

enum {
    SEGMENT_UNITS = 32,   /* UTF-16 units of one segment that count */
    FOLDED_UNITS = 256,   /* NFKC grows at most 18-fold, and only for single characters */
    CHAR_OUT_BYTES = 768, /* most bytes that one segment can give */
    GROWTH = 12           /* bytes out per byte in, at most: U+FDFA makes 33 of 3 */
};

typedef struct writer {
    apl_normal *out;
    size_t base;     /* out->len at the start of this text */
    uint32_t origin; /* of what is being written */
    bool in_tag;     /* inside #Tag, for splitting */
    char before;     /* last original ASCII letter in a tag */
} writer;

void apl_normal_init(apl_normal *normal)
{
    *normal = (apl_normal){0};
}

void apl_normal_clear(apl_normal *normal)
{
    normal->len = 0;
    normal->in_len = 0;
    if (normal->text)
        normal->text[0] = '\0';
}

void apl_normal_release(apl_normal *normal)
{
    apl_mem_free(normal->text);
    apl_mem_free(normal->origin);
    *normal = (apl_normal){0};
}

void apl_normal_release_auto(apl_normal *normal)
{
    apl_normal_release(normal);
}

apl_span apl_normal_view(const apl_normal *normal)
{
    return (apl_span){normal->text, normal->len};
}

static apl_rc reserve(apl_normal *normal, size_t more, apl_err *err)
{
    size_t need = normal->len + more + 1;
    if (need <= normal->cap)
        return APL_OK;
    if (need > APL_NORMAL_OUT_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the text is longer than %d bytes once normalised",
                           APL_NORMAL_OUT_MAX_BYTES);
    size_t cap = normal->cap ? normal->cap : 1024;
    while (cap < need)
        cap *= 2;
    char *text = apl_mem_realloc(normal->text, cap);
    if (!text)
        return apl_err_nomem(err);
    normal->text = text;
    uint32_t *origin = apl_mem_realloc(normal->origin, cap * sizeof *origin);
    if (!origin)
        return apl_err_nomem(err);
    normal->origin = origin;
    normal->cap = cap;
    return APL_OK;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Room was reserved. Collapses white space and stretched letters. */
static void put(writer *w, char c)
{
    apl_normal *n = w->out;
    size_t len = n->len - w->base;
    const char *last = n->text + n->len;
    if (c == ' ' && (len == 0 || last[-1] == ' '))
        return;
    if (is_lower(c) && len >= 2 && last[-1] == c && last[-2] == c)
        return;
    n->text[n->len] = c;
    n->origin[n->len] = w->origin;
    n->len++;
}

static void put_str(writer *w, const char *text)
{
    for (; *text; text++)
        put(w, *text);
}

static bool is_upper_char(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* A space before the capital of "#WorstDay"; runs of capitals ("#BBCNews") stay together. */
static void split_tag(writer *w, char c)
{
    if (c == '#') {
        w->in_tag = true;
        w->before = 0;
        return;
    }
    bool lower = is_lower(c);
    bool digit = c >= '0' && c <= '9';
    if (!lower && !digit && !is_upper_char(c) && c != '_') {
        w->in_tag = false;
        return;
    }
    if (is_upper_char(c) && w->before >= 'a' && w->before <= 'z')
        put(w, ' ');
    w->before = c;
}

static void put_ascii(writer *w, char c, unsigned flags)
{
    if (flags & APL_NORMAL_SPLIT_TAGS && (w->in_tag || c == '#'))
        split_tag(w, c);
    if (is_upper_char(c))
        put(w, (char)(c + 32));
    else if ((unsigned char)c <= ' ' || c == 0x7f)
        put(w, ' ');
    else
        put(w, c);
}

/* Length of a basic HTML entity at s, and what it stands for; 0 when there is none. */
static size_t entity(apl_span s, char *out)
{
    static const struct {
        apl_span name;
        char c;
    } table[] = {{APL_SPAN("&amp;"), '&'},  {APL_SPAN("&lt;"), '<'},   {APL_SPAN("&gt;"), '>'},
                 {APL_SPAN("&quot;"), '"'}, {APL_SPAN("&#39;"), '\''}, {APL_SPAN("&apos;"), '\''},
                 {APL_SPAN("&nbsp;"), ' '}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (apl_span_starts(s, table[i].name)) {
            *out = table[i].c;
            return table[i].name.len;
        }
    return 0;
}

/* Common punctuation without a trip through ICU; NULL when it is none. */
static const char *punctuation(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        const char *ascii;
    } table[] = {
        {0x00A0, 0x00A0, " "},   {0x00AB, 0x00AB, "\""}, {0x00B4, 0x00B4, "'"},
        {0x00BB, 0x00BB, "\""},  {0x02BC, 0x02BC, "'"},  {0x2000, 0x200A, " "},
        {0x2010, 0x2015, "-"},   {0x2018, 0x201B, "'"},  {0x201C, 0x201F, "\""},
        {0x2026, 0x2026, "..."}, {0x2028, 0x2029, " "},  {0x2032, 0x2032, "'"},
        {0x2033, 0x2033, "\""},  {0x2212, 0x2212, "-"},  {0x3000, 0x3000, " "},
        {0xFF07, 0xFF07, "'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0] && c >= table[i].from; i++)
        if (c <= table[i].to)
            return table[i].ascii;
    return NULL;
}

/* What serves only to hide or to decorate: default ignorables, bidi controls, other controls, emoji skin tones. */
static bool is_removed(uint32_t c)
{
    if (c < 0x80)
        return false;
    if (c >= 0x1F3FB && c <= 0x1F3FF)
        return true;
    if (c < 0x1000)
        return c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x80 && c < 0xA0);
    if (c >= 0x2000 && c < 0x2070)
        return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || c >= 0x2060;
    return u_hasBinaryProperty((UChar32)c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

static bool is_mark(uint32_t c)
{
    return c >= 0x300 && (U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK) != 0;
}

/* Letters whose accents may be dropped without making another word of it. In Cyrillic й is not и. */
static bool has_soft_marks(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(c, &status);
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK;
}

static void put_code_point(writer *w, uint32_t c)
{
    if (c < 0x80) {
        put_ascii(w, (char)c, APL_NORMAL_PLAIN);
        return;
    }
    const char *mark = punctuation(c);
    if (mark) {
        put_str(w, mark);
        return;
    }
    char bytes[4];
    size_t len = apl_utf8_encode(c, bytes);
    for (size_t i = 0; i < len; i++)
        put(w, bytes[i]);
}

/* Code point at *at of well-formed UTF-16, which moves past it. */
static UChar32 next_unit(const UChar *text, int32_t len, int32_t *at)
{
    uint32_t c = text[(*at)++];
    if ((c & 0xFC00) == 0xD800 && *at < len)
        c = 0x10000 + ((c & 0x3FF) << 10) + (text[(*at)++] & 0x3FFu);
    return (UChar32)c;
}

/* Writes folded UTF-16 without soft accents. */
static void put_folded(writer *w, const UNormalizer2 *nfd, const UChar *folded, int32_t len)
{
    UChar32 base = 0;
    for (int32_t i = 0; i < len;) {
        UChar32 c = next_unit(folded, len, &i);
        UChar apart[8];
        UErrorCode status = U_ZERO_ERROR;
        int32_t n = c >= 0xC0 && c < 0x2000 && has_soft_marks(c)
                        ? unorm2_getDecomposition(nfd, c, apart, 8, &status)
                        : -1;
        if (n > 0 && U_SUCCESS(status)) {
            int32_t at = 0;
            c = next_unit(apart, n, &at);
        }
        if (is_mark((uint32_t)c) && has_soft_marks(base))
            continue;
        base = c;
        put_code_point(w, (uint32_t)c);
    }
}

typedef struct folders {
    const UNormalizer2 *nfkc;
    const UNormalizer2 *nfd;
} folders;

/* Takes the segment at *at and writes it. */
static void put_segment(writer *w, const folders *f, apl_span text, size_t *at)
{
    UChar segment[SEGMENT_UNITS];
    int32_t len = 0;
    while (*at < text.len) {
        size_t next = *at;
        uint32_t c = apl_utf8_next(text, &next);
        /* ASCII always begins a new segment; the first character of a segment is never ASCII. */
        if (len > 0 && (c < 0x80 || unorm2_hasBoundaryBefore(f->nfkc, (UChar32)c)))
            break;
        *at = next;
        if (!is_removed(c) && len + 2 <= SEGMENT_UNITS)
            U16_APPEND_UNSAFE(segment, len, (UChar32)c);
        else if (len == 0)
            return;
    }
    UChar folded[FOLDED_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = unorm2_normalize(f->nfkc, segment, len, folded, FOLDED_UNITS, &status);
    if (U_SUCCESS(status))
        put_folded(w, f->nfd, folded, n);
}

/* Emoji and most ideographs fold to themselves. */
static bool is_plain_symbol(uint32_t c)
{
    return (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0x3041 && c <= 0x3096) || (c >= 0x2600 && c <= 0x27BF);
}

/* True when an accent follows that belongs to the ASCII letter before it; then it vanishes with its base. */
static size_t skip_marks(apl_span text, size_t at)
{
    while (at < text.len && (unsigned char)text.ptr[at] >= 0xCC) {
        size_t next = at;
        uint32_t c = apl_utf8_next(text, &next);
        if (!is_mark(c) || c > 0x36F)
            break;
        at = next;
    }
    return at;
}

static void put_other(writer *w, const folders *f, apl_span text, size_t *at)
{
    size_t next = *at;
    uint32_t c = apl_utf8_next(text, &next);
    const char *mark = punctuation(c);
    if (mark)
        put_str(w, mark);
    else if (is_plain_symbol(c) && !is_removed(c))
        put_code_point(w, c);
    else if (!is_removed(c)) {
        put_segment(w, f, text, at);
        return;
    }
    *at = next;
}

/* Writes what begins in [from, to); returns where it ended, which may be past `to`. */
static size_t put_all(writer *w, const folders *f, apl_span text, size_t from, size_t to,
                      unsigned flags)
{
    size_t at = from;
    while (at < to) {
        w->origin = (uint32_t)at;
        char c = text.ptr[at];
        if ((unsigned char)c >= 0x80) {
            w->in_tag = false;
            put_other(w, f, text, &at);
            continue;
        }
        char stands_for = c;
        size_t len = c == '&' ? entity(apl_span_sub(text, at, 8), &stands_for) : 0;
        put_ascii(w, stands_for, flags);
        at = skip_marks(text, at + (len ? len : 1));
    }
    return at;
}

apl_rc apl_normal_add(apl_normal *normal, apl_span text, unsigned flags, apl_err *err)
{
    if (text.len > APL_NORMAL_IN_MAX_BYTES - normal->in_len)
        return apl_err_set(err, APL_E_LIMIT, "the text is longer than %d bytes",
                           APL_NORMAL_IN_MAX_BYTES);
    UErrorCode status = U_ZERO_ERROR;
    folders f = {unorm2_getNFKCCasefoldInstance(&status), unorm2_getNFDInstance(&status)};
    if (U_FAILURE(status))
        return apl_err_set(err, APL_E_INTERNAL, "ICU has no normaliser: %s", u_errorName(status));

    size_t old_len = normal->len;
    writer w = {normal, old_len, 0, false, 0};
    /* In chunks, so that the room for the worst case is asked for a little at a time. */
    for (size_t from = 0; from < text.len;) {
        size_t to = from + (text.len - from < 256 ? text.len - from : 256);
        apl_rc rc = reserve(normal, (to - from) * GROWTH + CHAR_OUT_BYTES, err);
        if (rc) {
            normal->len = old_len;
            return rc;
        }
        from = put_all(&w, &f, text, from, to, flags);
    }
    apl_rc rc = reserve(normal, 0, err);
    if (rc)
        return rc;
    normal->text[normal->len] = '\0';
    normal->in_len += text.len;
    return APL_OK;
}

void apl_normal_origin(const apl_normal *normal, apl_span original, size_t from, size_t to,
                       size_t *out_offset, size_t *out_len)
{
    size_t start = normal->origin[from];
    size_t end = normal->origin[to - 1];
    if (start > original.len)
        start = original.len;
    if (end < original.len) {
        char stands_for = 0;
        size_t len = original.ptr[end] == '&' ? entity(apl_span_sub(original, end, 8), &stands_for)
                                              : 0;
        if (len)
            end += len;
        else
            (void)apl_utf8_next(original, &end);
    }
    while (end < original.len && (unsigned char)original.ptr[end] >= 0x80) {
        size_t next = end;
        uint32_t c = apl_utf8_next(original, &next);
        if (!is_mark(c) && !is_removed(c))
            break;
        end = next;
    }
    *out_offset = start;
    *out_len = end > start ? end - start : 0;
}
