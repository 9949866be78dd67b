/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching: posts that match, newest first, folded into their cases. A case stands where its newest matching post
 * stands. A later page repeats the search below the newest post of the first page, so that posts which arrive meanwhile do
 * not shift it, and leaves out the cases before. Tests: tests/e2e/test_api_cases.py
 */
#include "desk/query_line.h"

#include "desk/search.h"

enum { BATCH = 40, QUERY_MAX_BYTES = 8 * 1024 };

typedef struct hunt {
    apl_desk *desk;
    apl_arena *arena;
    int64_t *posts; /* newest first */
    size_t post_count;
    int64_t *cases; /* distinct, in that order */
    size_t case_count;
} hunt;

static apl_rc find_posts(hunt *h, apl_span query, int64_t below, apl_err *err)
{
    apl_conn *conn = h->desk->conn;
    apl_cursor *cursor = NULL;
    h->posts = apl_arena_alloc(h->arena, APL_SEARCH_MAX, sizeof *h->posts);
    h->cases = apl_arena_alloc(h->arena, APL_SEARCH_MAX, sizeof *h->cases);
    if (!h->posts || !h->cases)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(conn, conn->store->backend->search_sql,
                               APL_VALS(APL_I64(h->desk->workspace_id), APL_TEXT(query),
                                        APL_I64(below), APL_I64(APL_SEARCH_MAX)),
                               &cursor, err);
    for (bool has_row = true; !rc && has_row && h->post_count < APL_SEARCH_MAX;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            h->posts[h->post_count++] = apl_cursor_i64(cursor, 0);
    }
    apl_cursor_close(cursor);
    return rc;
}

static void add_case(hunt *h, int64_t case_id)
{
    for (size_t i = 0; i < h->case_count; i++)
        if (h->cases[i] == case_id)
            return;
    if (case_id)
        h->cases[h->case_count++] = case_id;
}

/* Cases of one batch of posts, in the order of the posts. */
static apl_rc find_cases(hunt *h, size_t from, apl_err *err)
{
    static const char sql[] = "SELECT id, case_id FROM post WHERE workspace_id = $1 AND id IN ($2, "
                              "$3, $4, $5, $6, $7, $8, $9, $10, $11,"
                              " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, "
                              "$25, $26, $27, $28, $29, $30, $31, $32,"
                              " $33, $34, $35, $36, $37, $38, $39, $40, $41)";
    apl_val vals[BATCH + 1];
    int64_t found[BATCH] = {0};
    apl_cursor *cursor = NULL;
    vals[0] = APL_I64(h->desk->workspace_id);
    for (size_t i = 0; i < BATCH; i++)
        vals[i + 1] = APL_I64(from + i < h->post_count ? h->posts[from + i] : 0);
    apl_rc rc = apl_conn_query(h->desk->conn, sql, vals, BATCH + 1, &cursor, err);
    for (bool has_row = true; !rc && has_row;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        for (size_t i = 0; i < BATCH && from + i < h->post_count; i++)
            if (h->posts[from + i] == apl_cursor_i64(cursor, 0))
                found[i] = apl_cursor_i64(cursor, 1);
    }
    apl_cursor_close(cursor);
    for (size_t i = 0; i < BATCH && !rc; i++)
        add_case(h, found[i]);
    return rc;
}

/* The cases from number `from` on that pass, at most limit. */
static apl_rc pick(hunt *h, const apl_case_filter *filter, size_t from, size_t limit,
                   apl_case_page *page, apl_err *err)
{
    size_t at_post = 0, at_case = from;
    apl_rc rc = APL_OK;
    while (!rc) {
        while (!rc && h->case_count <= at_case && at_post < h->post_count) {
            rc = find_cases(h, at_post, err);
            at_post += BATCH;
        }
        if (rc || at_case >= h->case_count)
            break;
        apl_case_line *line = &page->lines[page->count];
        *line = (apl_case_line){0};
        rc = apl_case_lines_fill(h->desk, &h->cases[at_case], 1, h->arena, line, err);
        bool is_good = !rc && line->row.id && apl_case_line_passes(filter, line);
        if (is_good && page->count == limit) {
            page->has_more = true;
            break;
        }
        page->count += is_good;
        at_case++;
    }
    page->next.id = (int64_t)at_case;
    return rc;
}

apl_rc apl_case_search(apl_desk *desk, const apl_case_filter *filter, apl_arena *arena,
                       apl_case_page *out_page, apl_err *err)
{
    const apl_case_place *after = filter->after;
    size_t limit = filter->limit;
    APL_AUTO(apl_buf) query = APL_BUF(QUERY_MAX_BYTES);
    hunt h = {.desk = desk, .arena = arena};
    apl_case_page page = {.next = {4, INT64_C(1) << 40, 0}};
    if (after && (after->part != 4 || after->id < 0 || after->key < 0))
        return apl_err_set(err, APL_E_INVALID, "this cursor belongs to another list");
    if (after)
        page.next = *after;
    page.lines = apl_arena_alloc(arena, limit + 1, sizeof *page.lines);
    if (!page.lines)
        return apl_err_nomem(err);
    apl_rc rc = apl_search_parse(desk->store, filter->search, &query, err);
    if (!rc && query.len)
        rc = find_posts(&h, apl_buf_view(&query), page.next.key, err);
    if (!rc && !after && h.post_count)
        page.next.key = h.posts[0] + 1;
    if (!rc)
        rc = pick(&h, filter, after ? (size_t)after->id : 0, limit, &page, err);
    if (!rc)
        *out_page = page;
    return rc;
}
