/* SPDX-License-Identifier: Apache-2.0 */
/* See matcher.h. Terms are literals, so the start of a hit is its end less the term's length. Tests: tests/unit/text/test_matcher.c */
#include "text/matcher.h"

#include "base/utf8.h"
#include "text/tokens.h"

#include <hs.h>

typedef struct term {
    uint32_t id;
    uint16_t len;
    uint8_t flags;
} term;

struct apl_matcher {
    hs_database_t *db; /* NULL when there are no terms */
    term *terms;
};

struct apl_matcher_scratch {
    hs_scratch_t *hs;
};

typedef struct scan {
    const apl_matcher *matcher;
    apl_span text;
    apl_match_fn *on_match;
    void *ctx;
} scan;

/* Where the character before `at` begins. */
static size_t back(apl_span s, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xC0) == 0x80);
    return at;
}

static bool touches_word(apl_span s, size_t at)
{
    return apl_text_is_word_char(apl_utf8_next(s, &at));
}

static int on_hit(unsigned int index, unsigned long long start, unsigned long long end,
                  unsigned int flags, void *ctx)
{
    (void)start;
    (void)flags;
    const scan *s = ctx;
    const term *t = &s->matcher->terms[index];
    size_t to = (size_t)end;
    size_t from = to - t->len;
    if (t->flags & APL_MATCH_WORD_START && from > 0 && touches_word(s->text, back(s->text, from)))
        return 0;
    if (t->flags & APL_MATCH_WORD_END && to < s->text.len && touches_word(s->text, to))
        return 0;
    return s->on_match(s->ctx, t->id, from, to) ? 0 : 1;
}

static apl_rc compile_error(const apl_match_term *terms, hs_compile_error_t *hs_err, apl_err *err)
{
    if (hs_err && hs_err->expression >= 0)
        apl_err_set(err, APL_E_INVALID, "the term \"%.*s\" cannot be searched for: %s",
                    APL_SPAN_ARGS(terms[hs_err->expression].text), hs_err->message);
    else
        apl_err_set(err, APL_E_NOMEM, "the terms do not compile: %s",
                    hs_err ? hs_err->message : "unknown reason");
    apl_rc rc = hs_err && hs_err->expression >= 0 ? APL_E_INVALID : APL_E_NOMEM;
    hs_free_compile_error(hs_err);
    return rc;
}

static apl_rc check(const apl_match_term *terms, size_t count, apl_err *err)
{
    if (count > APL_MATCHER_TERMS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "%zu terms are more than %d", count,
                           APL_MATCHER_TERMS_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t len = terms[i].text.len;
        if (len == 0)
            return apl_err_set(err, APL_E_INVALID, "term %zu is empty", i + 1);
        if (len > APL_MATCHER_TERM_MAX_BYTES)
            return apl_err_set(err, APL_E_LIMIT, "the term \"%.40s…\" is longer than %d bytes",
                               terms[i].text.ptr, APL_MATCHER_TERM_MAX_BYTES);
    }
    /* Asked once, here: on a processor it was not built for the library would stop with SIGILL. */
    if (hs_valid_platform() != HS_SUCCESS) {
        apl_err_set(err, APL_E_UNSUPPORTED, "this processor lacks the instructions for searching");
        apl_err_fix(err, "use a machine with SSSE3 (any x86-64 since 2006) or NEON");
        return APL_E_UNSUPPORTED;
    }
    return APL_OK;
}

static apl_rc compile(apl_matcher *m, const apl_match_term *terms, size_t count, apl_err *err)
{
    APL_AUTO_MEM const char **texts = apl_mem_zalloc(count, sizeof *texts);
    APL_AUTO_MEM size_t *lens = apl_mem_zalloc(count, sizeof *lens);
    APL_AUTO_MEM unsigned *ids = apl_mem_zalloc(count, sizeof *ids);
    APL_AUTO_MEM unsigned *flags = apl_mem_zalloc(count, sizeof *flags);
    m->terms = apl_mem_zalloc(count, sizeof *m->terms);
    if (!texts || !lens || !ids || !flags || !m->terms)
        return apl_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        texts[i] = terms[i].text.ptr;
        lens[i] = terms[i].text.len;
        ids[i] = (unsigned)i;
        m->terms[i] = (term){terms[i].id, (uint16_t)terms[i].text.len, (uint8_t)terms[i].flags};
    }
    hs_compile_error_t *hs_err = NULL;
    if (hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)count, HS_MODE_BLOCK, NULL, &m->db,
                             &hs_err) != HS_SUCCESS)
        return compile_error(terms, hs_err, err);
    return APL_OK;
}

apl_rc apl_matcher_new(const apl_match_term *terms, size_t count, apl_matcher **out_matcher,
                       apl_err *err)
{
    apl_rc rc = check(terms, count, err);
    if (rc)
        return rc;
    apl_matcher *m = apl_mem_zalloc(1, sizeof *m);
    if (!m)
        return apl_err_nomem(err);
    if (count)
        rc = compile(m, terms, count, err);
    if (rc) {
        apl_matcher_free(m);
        return rc;
    }
    *out_matcher = m;
    return APL_OK;
}

void apl_matcher_free(apl_matcher *matcher)
{
    if (!matcher)
        return;
    hs_free_database(matcher->db);
    apl_mem_free(matcher->terms);
    apl_mem_free(matcher);
}

apl_rc apl_matcher_scratch_new(const apl_matcher *matcher, apl_matcher_scratch **out_scratch,
                               apl_err *err)
{
    apl_matcher_scratch *s = apl_mem_zalloc(1, sizeof *s);
    if (!s)
        return apl_err_nomem(err);
    if (matcher->db && hs_alloc_scratch(matcher->db, &s->hs) != HS_SUCCESS) {
        apl_mem_free(s);
        return apl_err_nomem(err);
    }
    *out_scratch = s;
    return APL_OK;
}

void apl_matcher_scratch_free(apl_matcher_scratch *scratch)
{
    if (!scratch)
        return;
    hs_free_scratch(scratch->hs);
    apl_mem_free(scratch);
}

apl_rc apl_matcher_scan(const apl_matcher *matcher, apl_matcher_scratch *scratch, apl_span text,
                        apl_match_fn *on_match, void *ctx, apl_err *err)
{
    if (!matcher->db || !text.len)
        return APL_OK;
    scan s = {matcher, text, on_match, ctx};
    hs_error_t e = hs_scan(matcher->db, text.ptr, (unsigned)text.len, 0, scratch->hs, on_hit, &s);
    if (e != HS_SUCCESS && e != HS_SCAN_TERMINATED)
        return apl_err_set(err, APL_E_INTERNAL, "searching for terms failed (code %d)", e);
    return APL_OK;
}
