/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compilation of the lists, the worker, and the way of a post: normalise -> find terms and shape -> weigh -> judge.
 * See triage.h. Tests: tests/unit/triage/
 */
#include "triage/internal.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "text/tokens.h"

#include <string.h>

enum { COMPILED_BYTES_MAX = 32 * 1024 * 1024 };

typedef struct compiler {
    apl_triage *triage;
    apl_match_term *terms; /* texts are offsets into bytes until the end */
    size_t *offsets;
    size_t count, cap;
    apl_buf bytes;
    apl_normal normal;
} compiler;

static unsigned match_flags(apl_span text, const apl_term *term)
{
    if (term->is_substring)
        return APL_MATCH_ANYWHERE;
    size_t first = 0;
    size_t last = text.len - 1;
    while (last > 0 && ((unsigned char)text.ptr[last] & 0xC0) == 0x80)
        last--;
    unsigned flags = 0;
    /* An emoji or ":(" may touch a word; a word may not. */
    if (apl_text_is_word_char(apl_utf8_next(text, &first)))
        flags |= APL_MATCH_WORD_START;
    if (!term->is_prefix && apl_text_is_word_char(apl_utf8_next(text, &last)))
        flags |= APL_MATCH_WORD_END;
    return flags;
}

static apl_rc add_text(compiler *c, apl_span text, const apl_term *term, uint16_t list,
                       apl_err *err)
{
    size_t i = c->count;
    c->offsets[i] = c->bytes.len;
    c->terms[i] = (apl_match_term){{NULL, text.len}, (uint32_t)i, match_flags(text, term)};
    c->triage->terms[i] = (apl_triage_term){term->weight, list, term->is_prefix};
    c->count++;
    return apl_buf_add(&c->bytes, text, err);
}

/* "don't" is as often written "dont". Only n't: without its mark "we'll" would be another word. */
static apl_rc add_without_apostrophe(compiler *c, const apl_term *term, uint16_t list, apl_err *err)
{
    char bare[APL_MATCHER_TERM_MAX_BYTES];
    apl_span text = apl_normal_view(&c->normal);
    size_t len = 0;
    bool differs = false;
    for (size_t i = 0; i < text.len && len < sizeof bare; i++) {
        if (text.ptr[i] == '\'' && i > 0 && text.ptr[i - 1] == 'n' && i + 1 < text.len &&
            text.ptr[i + 1] == 't') {
            differs = true;
            continue;
        }
        bare[len++] = text.ptr[i];
    }
    return differs ? add_text(c, (apl_span){bare, len}, term, list, err) : APL_OK;
}

static apl_rc add_term(compiler *c, const apl_term_list *list, const apl_term *term, uint16_t index,
                       apl_err *err)
{
    apl_normal_clear(&c->normal);
    apl_rc rc = apl_normal_add(&c->normal, term->text, APL_NORMAL_PLAIN, err);
    apl_span text = apl_span_trim(apl_normal_view(&c->normal));
    if (!rc && (!text.len || text.len > APL_MATCHER_TERM_MAX_BYTES))
        rc = apl_err_set(err, APL_E_INVALID,
                         "the term \"%.*s\" has nothing to search for, or too much",
                         APL_SPAN_ARGS(term->text));
    if (!rc)
        rc = add_text(c, text, term, index, err);
    if (!rc)
        rc = add_without_apostrophe(c, term, index, err);
    if (rc && rc != APL_E_NOMEM)
        apl_err_where(err, "%s:%u", list->file ? list->file : list->name, term->line);
    return rc;
}

static apl_rc add_lists(compiler *c, const apl_term_list *lists, size_t count, apl_err *err)
{
    apl_triage *t = c->triage;
    t->lists = apl_mem_zalloc(count ? count : 1, sizeof *t->lists);
    t->terms = apl_mem_zalloc(c->cap ? c->cap : 1, sizeof *t->terms);
    c->terms = apl_mem_zalloc(c->cap ? c->cap : 1, sizeof *c->terms);
    c->offsets = apl_mem_zalloc(c->cap ? c->cap : 1, sizeof *c->offsets);
    if (!t->lists || !t->terms || !c->terms || !c->offsets)
        return apl_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const apl_term_list *list = &lists[i];
        t->lists[i] = (apl_triage_list){apl_mem_dup(list->name, strlen(list->name)), list->head,
                                        list->label, list->negation};
        t->list_count = i + 1;
        if (!t->lists[i].name)
            return apl_err_nomem(err);
        for (size_t k = 0; k < list->count; k++) {
            apl_rc rc = add_term(c, list, &list->terms[k], (uint16_t)i, err);
            if (rc)
                return rc;
        }
    }
    for (size_t i = 0; i < c->count; i++)
        c->terms[i].text.ptr = c->bytes.ptr + c->offsets[i];
    return apl_matcher_new(c->terms, c->count, &t->matcher, err);
}

apl_rc apl_triage_new(const apl_term_list *lists, size_t count, apl_triage **out_triage,
                      apl_err *err)
{
    if (count > APL_TERM_LISTS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d term lists", APL_TERM_LISTS_MAX);
    compiler c = {.bytes = APL_BUF(COMPILED_BYTES_MAX)};
    apl_normal_init(&c.normal);
    for (size_t i = 0; i < count; i++)
        c.cap += 2 * lists[i].count; /* each term and its variant */
    c.triage = apl_mem_zalloc(1, sizeof *c.triage);
    apl_rc rc = c.triage ? add_lists(&c, lists, count, err) : apl_err_nomem(err);
    apl_mem_free(c.terms);
    apl_mem_free(c.offsets);
    apl_buf_release(&c.bytes);
    apl_normal_release(&c.normal);
    if (rc) {
        apl_triage_free(c.triage);
        return rc;
    }
    *out_triage = c.triage;
    return APL_OK;
}

void apl_triage_free(apl_triage *triage)
{
    if (!triage)
        return;
    for (size_t i = 0; i < triage->list_count; i++)
        apl_mem_free(triage->lists[i].name);
    apl_mem_free(triage->lists);
    apl_mem_free(triage->terms);
    apl_matcher_free(triage->matcher);
    apl_mem_free(triage);
}

size_t apl_triage_list_count(const apl_triage *triage)
{
    return triage->list_count;
}

const char *apl_triage_list_name(const apl_triage *triage, size_t i)
{
    return i < triage->list_count ? triage->lists[i].name : NULL;
}

apl_rc apl_triage_worker_new(const apl_triage *triage, apl_triage_worker **out_worker, apl_err *err)
{
    apl_triage_worker *w = apl_mem_zalloc(1, sizeof *w);
    if (!w)
        return apl_err_nomem(err);
    w->triage = triage;
    apl_normal_init(&w->normal);
    apl_rc rc = apl_matcher_scratch_new(triage->matcher, &w->scratch, err);
    if (rc) {
        apl_mem_free(w);
        return rc;
    }
    *out_worker = w;
    return APL_OK;
}

void apl_triage_worker_free(apl_triage_worker *worker)
{
    if (!worker)
        return;
    apl_matcher_scratch_free(worker->scratch);
    apl_normal_release(&worker->normal);
    apl_mem_free(worker);
}

static size_t word_end(apl_span text, size_t at)
{
    for (size_t next = at; at < text.len; at = next)
        if (!apl_text_is_word_char(apl_utf8_next(text, &next)))
            break;
    return at;
}

static bool on_match(void *ctx, uint32_t id, size_t from, size_t to)
{
    apl_triage_worker *w = ctx;
    const apl_triage_term *term = &w->triage->terms[id];
    if (term->is_prefix)
        to = word_end(apl_normal_view(&w->normal), to);
    w->hits[w->hit_count++] = (apl_hit){.from = (uint32_t)from,
                                        .to = (uint32_t)to,
                                        .list = term->list,
                                        .counts = true,
                                        .weight = term->weight};
    return w->hit_count < APL_TRIAGE_HITS_MAX;
}

static void count_mark(apl_shape *shape, char c)
{
    shape->exclamations += c == '!';
    shape->questions += c == '?';
}

static void read_shape(apl_triage_worker *w, apl_span text)
{
    apl_shape *shape = &w->shape;
    *shape = (apl_shape){0};
    w->skip_count = 0;
    apl_span normal = apl_normal_view(&w->normal);
    size_t at = 0;
    apl_token token;
    while (apl_token_next(normal, &at, &token)) {
        bool skip = token.kind == APL_TOKEN_MENTION || token.kind == APL_TOKEN_URL;
        if (skip && w->skip_count < APL_TRIAGE_SKIPS_MAX) {
            w->skips[w->skip_count].from = token.from;
            w->skips[w->skip_count++].to = token.to;
        }
        shape->words += token.kind == APL_TOKEN_WORD;
        shape->links += token.kind == APL_TOKEN_URL;
        shape->mentions += token.kind == APL_TOKEN_MENTION;
        shape->tags += token.kind == APL_TOKEN_TAG;
        shape->emoji += token.kind == APL_TOKEN_EMOJI;
        shape->phones += token.kind == APL_TOKEN_NUMBER && token.to - token.from >= 10;
        if (token.kind == APL_TOKEN_MARK)
            count_mark(shape, normal.ptr[token.from]);
    }
    for (size_t i = 0; i < text.len; i++) {
        bool upper = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
        shape->capitals += upper;
        shape->letters += upper || (text.ptr[i] >= 'a' && text.ptr[i] <= 'z');
    }
}

static apl_rc normalise(apl_triage_worker *w, const apl_triage_in *in, apl_err *err)
{
    apl_normal_clear(&w->normal);
    apl_rc rc = APL_OK;
    if (in->title.len) {
        rc = apl_normal_add(&w->normal, in->title, APL_NORMAL_SPLIT_TAGS, err);
        /* A mark that no term has keeps the title's last word from joining the text's first. */
        if (!rc)
            rc = apl_normal_add(&w->normal, APL_SPAN("|"), APL_NORMAL_PLAIN, err);
    }
    w->text_from = w->normal.len;
    return rc ? rc : apl_normal_add(&w->normal, in->text, APL_NORMAL_SPLIT_TAGS, err);
}

static void set_language(const apl_triage_in *in, apl_assessment *a)
{
    if (in->lang_hint.len && in->lang_hint.len < APL_LANG_BYTES) {
        memcpy(a->lang, in->lang_hint.ptr, in->lang_hint.len);
        a->lang[in->lang_hint.len] = '\0';
        return;
    }
    (void)apl_language_detect(in->text.len ? in->text : in->title, a->lang);
}

apl_rc apl_triage_run(apl_triage_worker *worker, const apl_triage_in *in,
                      apl_assessment *out_assessment, apl_err *err)
{
    apl_rc rc = normalise(worker, in, err);
    if (rc)
        return rc;
    worker->hit_count = 0;
    rc = apl_matcher_scan(worker->triage->matcher, worker->scratch,
                          apl_normal_view(&worker->normal), on_match, worker, err);
    if (rc)
        return rc;
    read_shape(worker, in->text);
    apl_triage_weigh(worker);
    *out_assessment = (apl_assessment){0};
    set_language(in, out_assessment);
    apl_sums sums = {0};
    apl_triage_sum(worker, in, &sums, out_assessment);
    apl_triage_judge(worker, in, &sums, out_assessment);
    return APL_OK;
}

apl_rc apl_triage_run_text(apl_triage_worker *worker, apl_span text, apl_assessment *out_assessment,
                           apl_err *err)
{
    apl_triage_in in = APL_TRIAGE_IN_INIT;
    in.text = text;
    return apl_triage_run(worker, &in, out_assessment, err);
}
