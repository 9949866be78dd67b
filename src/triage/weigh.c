/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hits count and what they weigh: the longest hit of a head wins over those inside it ("not happy" over "happy"),
 * a negation up to three words before turns or drops a hit, "very" and "a bit" change it, and what follows a "but"
 * counts more than what stands before it. Tests: tests/unit/triage/test_triage.c
 */
#include "triage/internal.h"

#include <math.h>
#include <stdlib.h>

enum { NEGATION_WORDS = 3, STRENGTH_WORDS = 2 };

#define STRONGER 1.4f
#define WEAKER 0.6f
#define BEFORE_CONTRAST 0.6f
#define AFTER_CONTRAST 1.25f
#define FLIPPED 0.7f

static const apl_triage_list *list_of(const apl_triage_worker *w, const apl_hit *hit)
{
    return &w->triage->lists[hit->list];
}

/* By start, longer first. */
static int compare(const void *x, const void *y)
{
    const apl_hit *a = x;
    const apl_hit *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->to != b->to)
        return a->to > b->to ? -1 : 1;
    return (int)a->list - (int)b->list;
}

static void sort_hits(apl_triage_worker *w)
{
    /* Short posts have few hits, nearly in order already; qsort only for the long ones. */
    if (w->hit_count > 64) {
        qsort(w->hits, w->hit_count, sizeof w->hits[0], compare);
        return;
    }
    for (size_t i = 1; i < w->hit_count; i++) {
        apl_hit hit = w->hits[i];
        size_t k = i;
        for (; k > 0 && compare(&hit, &w->hits[k - 1]) < 0; k--)
            w->hits[k] = w->hits[k - 1];
        w->hits[k] = hit;
    }
}

static bool is_skipped(const apl_triage_worker *w, const apl_hit *hit)
{
    for (size_t i = 0; i < w->skip_count; i++)
        if (hit->from >= w->skips[i].from && hit->to <= w->skips[i].to)
            return true;
    return false;
}

/* Drops hits inside links, mentions, and longer (or the same) hits of their head. Hits are sorted. */
static void drop_inner(apl_triage_worker *w)
{
    uint32_t covered[APL_HEAD_ALL_COUNT] = {0};
    for (size_t i = 0; i < w->hit_count; i++) {
        apl_hit *hit = &w->hits[i];
        apl_head head = list_of(w, hit)->head;
        /* A firm's own topics and the risks are facts of their own: one does not hide the other. */
        bool exclusive = head != APL_HEAD_TOPIC && head != APL_HEAD_RISK;
        if (is_skipped(w, hit) || (exclusive && hit->to <= covered[head]))
            hit->counts = false;
        else if (hit->to > covered[head])
            covered[head] = hit->to;
    }
}

static bool ends_clause(char c)
{
    return c == '.' || c == '!' || c == '?' || c == ';' || c == ':' || c == '|';
}

/* Where the window of `words` words before `at` begins; a sentence end closes it. */
static size_t window(const apl_triage_worker *w, size_t at, int words)
{
    const char *text = w->normal.text;
    size_t i = at;
    while (i > 0) {
        char c = text[i - 1];
        if (ends_clause(c) || (c == ' ' && i != at && words-- == 0))
            break;
        i--;
    }
    return i;
}

/* True when a counting modifier lies in [from, to). Hits are sorted; looks back from hit i. */
static bool has_modifier(const apl_triage_worker *w, size_t i, size_t from, int label)
{
    size_t to = w->hits[i].from;
    for (size_t k = i; k-- > 0;) {
        const apl_hit *m = &w->hits[k];
        if (m->from < from)
            break;
        const apl_triage_list *list = list_of(w, m);
        if (m->counts && list->head == APL_HEAD_MODIFIER && list->label == label && m->to <= to)
            return true;
    }
    return false;
}

static void apply_negation(const apl_triage_worker *w, size_t i, apl_hit *hit)
{
    const apl_triage_list *list = list_of(w, hit);
    if (list->negation == APL_NEGATION_IGNORE ||
        !has_modifier(w, i, window(w, hit->from, NEGATION_WORDS), APL_MODIFIER_NEGATE))
        return;
    hit->negated = true;
    if (list->negation == APL_NEGATION_DROP)
        hit->counts = false;
}

static size_t last_contrast(const apl_triage_worker *w)
{
    for (size_t i = w->hit_count; i-- > 0;) {
        const apl_triage_list *list = list_of(w, &w->hits[i]);
        if (w->hits[i].counts && list->head == APL_HEAD_MODIFIER &&
            list->label == APL_MODIFIER_CONTRAST)
            return w->hits[i].from;
    }
    return SIZE_MAX;
}

void apl_triage_weigh(apl_triage_worker *worker)
{
    apl_triage_worker *w = worker;
    sort_hits(w);
    drop_inner(w);
    size_t contrast = last_contrast(w);
    for (size_t i = 0; i < w->hit_count; i++) {
        apl_hit *hit = &w->hits[i];
        apl_head head = list_of(w, hit)->head;
        if (!hit->counts || head == APL_HEAD_MODIFIER)
            continue;
        apply_negation(w, i, hit);
        size_t near = window(w, hit->from, STRENGTH_WORDS);
        if (has_modifier(w, i, near, APL_MODIFIER_STRENGTHEN))
            hit->weight *= STRONGER;
        else if (has_modifier(w, i, near, APL_MODIFIER_WEAKEN))
            hit->weight *= WEAKER;
        if (contrast != SIZE_MAX && head == APL_HEAD_SENTIMENT)
            hit->weight *= hit->from < contrast ? BEFORE_CONTRAST : AFTER_CONTRAST;
        if (hit->negated && hit->counts)
            hit->weight *= FLIPPED;
    }
}

/* What matters to a reader: a risk before a tone. */
static float rank(const apl_reason *r)
{
    float weight = fabsf(r->weight);
    return r->head == APL_HEAD_RISK || r->head == APL_HEAD_CONDUCT ? weight * 2 : weight;
}

static void keep_reason(apl_assessment *a, const apl_reason *reason)
{
    size_t at = a->reason_count;
    if (at == APL_REASONS_MAX) {
        a->reasons_dropped++;
        if (rank(&a->reasons[at - 1]) >= rank(reason))
            return;
        at--;
    } else {
        a->reason_count++;
    }
    for (; at > 0 && rank(&a->reasons[at - 1]) < rank(reason); at--)
        a->reasons[at] = a->reasons[at - 1];
    a->reasons[at] = *reason;
}

static int label_of(const apl_triage_list *list, const apl_hit *hit)
{
    if (!hit->negated || list->negation != APL_NEGATION_FLIP)
        return list->label;
    return APL_SENTIMENT_COUNT - 1 - list->label;
}

void apl_triage_sum(const apl_triage_worker *worker, const apl_triage_in *in, apl_sums *sums,
                    apl_assessment *a)
{
    for (size_t i = 0; i < worker->hit_count; i++) {
        const apl_hit *hit = &worker->hits[i];
        const apl_triage_list *list = list_of(worker, hit);
        if (!hit->counts || list->head == APL_HEAD_MODIFIER)
            continue;
        apl_reason reason = {.name = list->name,
                             .head = list->head,
                             .label = label_of(list, hit),
                             .weight = hit->weight,
                             .negated = hit->negated};
        bool in_title = hit->from < worker->text_from;
        reason.field = in_title ? APL_REASON_FIELD_TITLE : APL_REASON_FIELD_TEXT;
        size_t offset = 0;
        size_t len = 0;
        apl_normal_origin(&worker->normal, in_title ? in->title : in->text, hit->from, hit->to,
                          &offset, &len);
        reason.offset = (uint32_t)offset;
        reason.len = (uint32_t)len;
        sums->of[list->head][reason.label] += hit->weight;
        sums->hits++;
        if (!hit->negated)
            a->lists |= UINT64_C(1) << hit->list;
        keep_reason(a, &reason);
    }
}

void apl_triage_add(apl_sums *sums, apl_assessment *a, const char *name, apl_head head, int label,
                    float weight)
{
    sums->of[head][label] += weight;
    apl_reason reason = {.name = name,
                         .head = head,
                         .label = label,
                         .weight = weight,
                         .field = APL_REASON_FIELD_NONE};
    keep_reason(a, &reason);
}
