/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is derived and has no seal: the cases' histories (ledger_about) against the entries, and the full-text index
 * against the posts. Of the index it is proven which posts it holds, not which words. Tests: tests/e2e/test_verify.py
 */
#include "desk/verify_internal.h"
#include "text/normalise.h"

#include <stdlib.h>
#include <string.h>

/* --- histories ---------------------------------------------------------------------------------------------------- */

static int by_case(const void *a, const void *b)
{
    const apl_case_link *x = a, *y = b;
    if (x->case_id != y->case_id)
        return x->case_id < y->case_id ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void note_link(apl_verify *v, apl_finding_kind kind, const apl_case_link *link)
{
    apl_finding *f = apl_verify_note(v, kind, link->seq, "ledger_about %lld/%lld",
                                     (long long)link->case_id, (long long)link->seq);
    apl_finding_say(f, kind == APL_FINDING_MISSING
                           ? "the entry speaks of this case; its history does not show it"
                           : "the history of this case shows an entry that does not speak of it");
}

/* Both sides in the same order: what one has and the other has not. */
static void meet_link(apl_verify *v, const apl_case_link *stored, size_t *at)
{
    while (*at < v->link_count && by_case(&v->links[*at], stored) < 0)
        note_link(v, APL_FINDING_MISSING, &v->links[(*at)++]);
    if (*at < v->link_count && by_case(&v->links[*at], stored) == 0)
        ++*at;
    else
        note_link(v, APL_FINDING_EXTRA, stored);
}

static apl_rc link_page(apl_verify *v, apl_case_link *last, size_t *at, int64_t *out_count,
                        apl_err *err)
{
    static const char sql[] = "SELECT case_id, seq FROM ledger_about WHERE workspace_id = $1 AND "
                              "(case_id, seq) > ($2, $3)"
                              " ORDER BY case_id, seq LIMIT $4";
    apl_cursor *cursor = NULL;
    bool has_row = true;
    *out_count = 0;
    apl_rc rc = apl_conn_query(v->conn, sql,
                               APL_VALS(APL_I64(v->in->workspace_id), APL_I64(last->case_id),
                                        APL_I64(last->seq), APL_I64(APL_VERIFY_PAGE)),
                               &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row) {
            *last = (apl_case_link){apl_cursor_i64(cursor, 0), apl_cursor_i64(cursor, 1)};
            meet_link(v, last, at);
            ++*out_count;
        }
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_verify_links(apl_verify *v, apl_err *err)
{
    apl_case_link last = {INT64_MIN, INT64_MIN};
    size_t at = 0;
    int64_t count = 0, total = 0;
    apl_rc rc = APL_OK;
    if (v->link_count)
        qsort(v->links, v->link_count, sizeof *v->links, by_case);
    do {
        rc = link_page(v, &last, &at, &count, err);
        v->report->case_links += count;
    } while (!rc && count == APL_VERIFY_PAGE);
    while (!rc && at < v->link_count)
        note_link(v, APL_FINDING_MISSING, &v->links[at++]);
    if (!rc)
        rc = apl_conn_number(v->conn, "SELECT count(*) FROM ledger_about", NULL, 0, &total, err);
    if (!rc && total != v->report->case_links) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_EXTRA, -1, "ledger_about");
        apl_finding_say(f, "%lld rows stand outside workspace %lld",
                        (long long)(total - v->report->case_links), (long long)v->in->workspace_id);
    }
    return rc;
}

/* --- search ------------------------------------------------------------------------------------------------------- */

/* One side of the comparison: ids in ascending order, a page at a time. */
typedef struct id_stream {
    apl_verify *v;
    const char *sql;
    int64_t ids[APL_VERIFY_PAGE];
    size_t count, at;
    int64_t last;
    bool is_over;
} id_stream;

static apl_rc fill(id_stream *s, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = true;
    s->count = s->at = 0;
    apl_rc rc = apl_conn_query(
        s->v->conn, s->sql,
        APL_VALS(APL_I64(s->v->in->workspace_id), APL_I64(s->last), APL_I64(APL_VERIFY_PAGE)),
        &cursor, err);
    while (!rc && has_row && s->count < APL_VERIFY_PAGE) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            s->ids[s->count++] = apl_cursor_i64(cursor, 0);
    }
    apl_cursor_close(cursor);
    s->is_over = s->count == 0;
    if (s->count)
        s->last = s->ids[s->count - 1];
    return rc;
}

static apl_rc advance(id_stream *s, apl_err *err)
{
    s->at++;
    return s->at < s->count ? APL_OK : fill(s, err);
}

/* A text of nothing but marks that normalising drops is not indexed. */
static apl_rc has_words(apl_verify *v, int64_t post_id, bool *out_has, apl_err *err)
{
    static const char sql[] =
        "SELECT v.title, v.text FROM post p JOIN post_version v ON v.workspace_id = p.workspace_id"
        " AND v.post_id = p.id AND v.version_no = p.version_no WHERE p.workspace_id = $1 AND p.id "
        "= $2";
    APL_AUTO(apl_normal) normal;
    apl_cursor *cursor = NULL;
    bool has_row = false;
    *out_has = false;
    apl_normal_init(&normal);
    apl_rc rc = apl_conn_query(
        v->conn, sql, APL_VALS(APL_I64(v->in->workspace_id), APL_I64(post_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    for (int i = 0; !rc && has_row && i < 2; i++)
        if (apl_cursor_span(cursor, i).len)
            rc = apl_normal_add(&normal, apl_cursor_span(cursor, i), APL_NORMAL_PLAIN, err);
    apl_cursor_close(cursor);
    *out_has = !rc && apl_normal_view(&normal).len > 0;
    return rc;
}

static apl_rc note_unindexed(apl_verify *v, int64_t post_id, apl_err *err)
{
    bool words = false;
    apl_rc rc = has_words(v, post_id, &words, err);
    if (!rc && words) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_MISSING, -1, "search index, post %lld",
                                         (long long)post_id);
        apl_finding_say(f, "searching does not find this post");
    }
    return rc;
}

apl_rc apl_verify_search(apl_verify *v, apl_err *err)
{
    static const char posts_sql[] = "SELECT p.id FROM post p JOIN post_version v ON v.workspace_id "
                                    "= p.workspace_id AND v.post_id = p.id"
                                    " AND v.version_no = p.version_no WHERE p.workspace_id = $1 "
                                    "AND p.id > $2 AND (v.text <> '' OR v.title <> '')"
                                    " ORDER BY p.id LIMIT $3";
    id_stream posts = {.v = v, .sql = posts_sql};
    id_stream indexed = {.v = v, .sql = v->conn->store->backend->search_ids_sql};
    apl_rc rc = fill(&posts, err);
    if (!rc)
        rc = fill(&indexed, err);
    while (!rc && (!posts.is_over || !indexed.is_over)) {
        int64_t post = posts.is_over ? INT64_MAX : posts.ids[posts.at];
        int64_t index = indexed.is_over ? INT64_MAX : indexed.ids[indexed.at];
        if (post < index) {
            rc = note_unindexed(v, post, err);
        } else if (index < post) {
            apl_finding *f = apl_verify_note(v, APL_FINDING_EXTRA, -1, "search index, post %lld",
                                             (long long)index);
            apl_finding_say(f, "there is no text that belongs to it");
        }
        v->report->indexed_posts += index <= post;
        if (!rc && index <= post)
            rc = advance(&indexed, err);
        if (!rc && post <= index)
            rc = advance(&posts, err);
    }
    return rc;
}
