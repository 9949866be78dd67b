/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations are trees of posts named by their topmost known post; a case is one author in one conversation. When a
 * missing post arrives and turns out to answer something itself, its conversation moves under that one's, and two cases
 * of one author become one. Tests: tests/unit/desk/test_intake.c, tests/e2e/test_order.py
 */
#include "desk/thread.h"

#include "desk/refold.h"

enum { TOUCHED_MAX = 64 };

/* Cases to fold at the end, each once. */
typedef struct touched {
    int64_t ids[TOUCHED_MAX];
    size_t count;
} touched;

static apl_rc touch(apl_tx *tx, touched *t, int64_t case_id, apl_err *err)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->ids[i] == case_id)
            return APL_OK;
    if (t->count == TOUCHED_MAX) {
        /* A huge conversation moves: fold what is there now, which is right in any order. */
        for (size_t i = 0; i < t->count; i++) {
            apl_rc rc = apl_case_refold(tx, t->ids[i], err);
            if (rc)
                return rc;
        }
        t->count = 0;
    }
    t->ids[t->count++] = case_id;
    return APL_OK;
}

apl_post_row apl_post_expected(apl_tx *tx, int64_t channel_id, apl_span remote_id)
{
    int64_t id = apl_tx_new_id(tx);
    return (apl_post_row){
        .workspace_id = tx->workspace_id,
        .id = id,
        .channel_id = channel_id,
        .remote_id = remote_id,
        .conversation_id = id,
        .posted_us = APL_TIME_NONE,
        .learned_us = tx->now,
        .deleted_us = APL_TIME_NONE,
        .rating_x10 = APL_POST_RATING_NONE,
    };
}

apl_rc apl_post_find(apl_tx *tx, int64_t channel_id, apl_span remote_id, apl_post_row *out_post,
                     bool *out_found, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_POST_COLUMNS) " FROM post WHERE workspace_id = $1"
                                             " AND channel_id = $2 AND remote_id = $3";
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(
        tx->conn, sql,
        APL_VALS(APL_I64(tx->workspace_id), APL_I64(channel_id), APL_TEXT(remote_id)), &cursor,
        err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = apl_row_read(cursor, &apl_table_post, 0, &tx->arena, out_post, err);
    apl_cursor_close(cursor);
    return rc;
}

typedef struct post_list {
    apl_post_row *rows;
    size_t count;
} post_list;

/* All rows of a query into the arena: they will be changed, so that the cursor must be closed before. */
static apl_rc load_posts(apl_tx *tx, const char *sql, int64_t id, post_list *out, apl_err *err)
{
    apl_cursor *cursor = NULL;
    size_t cap = 0;
    *out = (post_list){NULL, 0};
    apl_rc rc = apl_conn_query(tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_I64(id)),
                               &cursor, err);
    for (bool has_row = true; !rc && has_row;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        if (out->count == cap) {
            size_t bigger = cap ? cap * 2 : 8;
            apl_post_row *rows = apl_arena_alloc(&tx->arena, bigger, sizeof *rows);
            if (!rows) {
                rc = apl_err_nomem(err);
                break;
            }
            for (size_t i = 0; i < out->count; i++)
                rows[i] = out->rows[i];
            out->rows = rows;
            cap = bigger;
        }
        rc = apl_row_read(cursor, &apl_table_post, 0, &tx->arena, &out->rows[out->count], err);
        out->count += !rc;
    }
    apl_cursor_close(cursor);
    return rc;
}

static const char posts_of_case[] =
    "SELECT " APL_LIST(APL_POST_COLUMNS) " FROM post WHERE workspace_id = $1"
                                         " AND case_id = $2 AND case_id > 0";
static const char posts_of_conversation[] =
    "SELECT " APL_LIST(APL_POST_COLUMNS) " FROM post WHERE workspace_id = $1"
                                         " AND conversation_id = $2 AND conversation_id <> id";
static const char answers_of_post[] =
    "SELECT " APL_LIST(APL_POST_COLUMNS) " FROM post WHERE workspace_id = $1"
                                         " AND parent_id = $2 AND parent_id > 0";

/* The author's case in a conversation, 0 when there is none. */
static apl_rc find_case(apl_tx *tx, int64_t conversation_id, int64_t author_id, int64_t *out_id,
                        apl_err *err)
{
    static const char sql[] =
        "SELECT id FROM desk_case WHERE workspace_id = $1 AND conversation_id = $2"
        " AND author_id = $3 AND merged_into = 0";
    *out_id = 0;
    return apl_conn_number(
        tx->conn, sql,
        APL_VALS(APL_I64(tx->workspace_id), APL_I64(conversation_id), APL_I64(author_id)), out_id,
        err);
}

static apl_rc move_posts(apl_tx *tx, int64_t from_case, int64_t to_case, apl_err *err)
{
    post_list posts;
    apl_rc rc = load_posts(tx, posts_of_case, from_case, &posts, err);
    for (size_t i = 0; i < posts.count && !rc; i++) {
        posts.rows[i].case_id = to_case;
        rc = apl_tx_update(tx, &apl_table_post, &posts.rows[i], err);
    }
    return rc;
}

/* A case whose conversation was found to be part of another one. */
static apl_rc move_case(apl_tx *tx, int64_t case_id, int64_t to_conversation, touched *t,
                        apl_err *err)
{
    apl_case_row row;
    int64_t other = 0;
    apl_rc rc = apl_tx_find(tx, &apl_table_case, case_id, &row, err);
    if (!rc)
        rc = find_case(tx, to_conversation, row.author_id, &other, err);
    if (rc)
        return rc;
    row.conversation_id = to_conversation;
    if (!other) {
        rc = apl_tx_update(tx, &apl_table_case, &row, err);
        return rc ? rc : touch(tx, t, case_id, err);
    }
    /* The older number survives: it may have been told to people. */
    int64_t keep = other < case_id ? other : case_id;
    int64_t gone = other < case_id ? case_id : other;
    rc = apl_tx_update(tx, &apl_table_case, &row, err);
    if (!rc)
        rc = move_posts(tx, gone, keep, err);
    if (!rc)
        rc = apl_case_merge(tx, gone, keep, err);
    return rc ? rc : touch(tx, t, keep, err);
}

static apl_rc case_ids_of_conversation(apl_tx *tx, int64_t conversation_id, int64_t **out_ids,
                                       size_t *out_count, apl_err *err)
{
    static const char count_sql[] =
        "SELECT count(*) FROM desk_case WHERE workspace_id = $1 AND conversation_id = $2"
        " AND merged_into = 0";
    static const char sql[] =
        "SELECT id FROM desk_case WHERE workspace_id = $1 AND conversation_id = $2"
        " AND merged_into = 0 ORDER BY id";
    int64_t count = 0;
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_number(tx->conn, count_sql,
                                APL_VALS(APL_I64(tx->workspace_id), APL_I64(conversation_id)),
                                &count, err);
    int64_t *ids = apl_arena_alloc(&tx->arena, (size_t)count, sizeof *ids);
    if (!rc && !ids)
        rc = apl_err_nomem(err);
    if (!rc)
        rc = apl_conn_query(tx->conn, sql,
                            APL_VALS(APL_I64(tx->workspace_id), APL_I64(conversation_id)), &cursor,
                            err);
    size_t n = 0;
    for (bool has_row = true; !rc && has_row && n < (size_t)count;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            ids[n++] = apl_cursor_i64(cursor, 0);
    }
    apl_cursor_close(cursor);
    *out_ids = ids;
    *out_count = n;
    return rc;
}

static apl_rc move_conversation(apl_tx *tx, int64_t from, int64_t to, touched *t, apl_err *err)
{
    post_list posts;
    int64_t *ids = NULL;
    size_t count = 0;
    apl_rc rc = load_posts(tx, posts_of_conversation, from, &posts, err);
    for (size_t i = 0; i < posts.count && !rc; i++) {
        posts.rows[i].conversation_id = to;
        rc = apl_tx_update(tx, &apl_table_post, &posts.rows[i], err);
    }
    if (!rc)
        rc = case_ids_of_conversation(tx, from, &ids, &count, err);
    for (size_t i = 0; i < count && !rc; i++)
        rc = move_case(tx, ids[i], to, t, err);
    return rc;
}

static apl_rc find_or_expect(apl_tx *tx, int64_t channel_id, apl_span remote_id, apl_post_row *out,
                             apl_err *err)
{
    bool found = false;
    apl_rc rc = apl_post_find(tx, channel_id, remote_id, out, &found, err);
    if (rc || found)
        return rc;
    *out = apl_post_expected(tx, channel_id, remote_id);
    return apl_tx_insert(tx, &apl_table_post, out, NULL, err);
}

/* A growing list of post ids in the arena. */
typedef struct id_list {
    int64_t *ids;
    size_t count, cap;
} id_list;

static apl_rc add_id(apl_tx *tx, id_list *list, int64_t id, apl_err *err)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        int64_t *ids = apl_arena_alloc(&tx->arena, cap, sizeof *ids);
        if (!ids)
            return apl_err_nomem(err);
        for (size_t i = 0; i < list->count; i++)
            ids[i] = list->ids[i];
        list->ids = ids;
        list->cap = cap;
    }
    list->ids[list->count++] = id;
    return APL_OK;
}

/* Own turns below a post follow it from one case (0 = none) to another; deeper ones too: each may have continued the last. */
static apl_rc move_answers(apl_tx *tx, int64_t post_id, int64_t from_case, int64_t to_case,
                           apl_err *err)
{
    id_list below = {NULL, 0, 0};
    apl_rc rc = add_id(tx, &below, post_id, err);
    while (!rc && below.count) {
        post_list answers;
        rc = load_posts(tx, answers_of_post, below.ids[--below.count], &answers, err);
        for (size_t i = 0; i < answers.count && !rc; i++) {
            apl_post_row *answer = &answers.rows[i];
            bool follows = answer->is_own && answer->posted_us != APL_TIME_NONE &&
                           (!answer->case_id || answer->case_id == from_case);
            if (!follows || answer->case_id == to_case)
                continue;
            answer->case_id = to_case;
            rc = apl_tx_update(tx, &apl_table_post, answer, err);
            if (!rc)
                rc = add_id(tx, &below, answer->id, err);
        }
    }
    return rc;
}

/* Cases that merged took the stored posts along; the row that we hold must follow. */
static apl_rc reread_case(apl_tx *tx, apl_post_row *post, apl_err *err)
{
    apl_post_row stored;
    apl_rc rc = apl_tx_find(tx, &apl_table_post, post->id, &stored, err);
    if (!rc)
        post->case_id = stored.case_id;
    return rc;
}

/*
 * A post answers something below itself: archives hold such loops. One post of the loop must stay without a parent, and
 * which one must not depend on the order of arrival: the earliest, the smaller remote id at a tie. *out_first is it.
 */
static apl_rc first_of_loop(apl_tx *tx, const apl_post_row *post, const apl_post_row *parent,
                            apl_post_row *out_first, apl_err *err)
{
    apl_post_row at = *parent;
    apl_rc rc = APL_OK;
    *out_first = *post;
    while (!rc && at.id != post->id) {
        int order = apl_span_compare(at.remote_id, out_first->remote_id);
        if (at.posted_us < out_first->posted_us ||
            (at.posted_us == out_first->posted_us && order < 0))
            *out_first = at;
        if (!at.parent_id)
            return apl_err_set(err, APL_E_INTERNAL, "a conversation with two roots");
        rc = apl_tx_find(tx, &apl_table_post, at.parent_id, &at, err);
    }
    return rc;
}

/* Cuts the loop at its first post, which becomes the root of the conversation. */
static apl_rc cut_loop(apl_tx *tx, const apl_placing *p, apl_post_row *parent, touched *t,
                       bool *out_has_parent, apl_err *err)
{
    apl_post_row *post = p->post, first;
    apl_rc rc = first_of_loop(tx, post, parent, &first, err);
    if (rc || first.id == post->id)
        return rc;
    int64_t old = post->conversation_id, left = first.case_id;
    first.parent_id = 0;
    first.conversation_id = first.id;
    if (first.is_own)
        first.case_id = 0;
    rc = apl_tx_update(tx, &apl_table_post, &first, err);
    if (!rc)
        rc = move_conversation(tx, old, first.id, t, err);
    /* What the first one says answers nobody now. */
    if (!rc && first.is_own && left)
        rc = move_answers(tx, first.id, left, 0, err);
    if (!rc && first.is_own && left)
        rc = touch(tx, t, left, err);
    post->parent_id = parent->id;
    post->conversation_id = first.id;
    *out_has_parent = true;
    if (!rc)
        rc = reread_case(tx, post, err);
    return rc ? rc : reread_case(tx, parent, err);
}

/* Sets parent and conversation. A post that answers itself has no parent. */
static apl_rc place_under_parent(apl_tx *tx, const apl_placing *p, apl_post_row *out_parent,
                                 bool *out_has_parent, touched *t, apl_err *err)
{
    apl_post_row *post = p->post;
    *out_has_parent = false;
    if (post->parent_id) {
        apl_rc rc = apl_tx_find(tx, &apl_table_post, post->parent_id, out_parent, err);
        *out_has_parent = !rc;
        return rc;
    }
    if (!p->parent_id.len || apl_span_equal(p->parent_id, post->remote_id))
        return APL_OK;
    apl_rc rc = find_or_expect(tx, post->channel_id, p->parent_id, out_parent, err);
    if (rc)
        return rc;
    if (p->existed && out_parent->conversation_id == post->conversation_id)
        return cut_loop(tx, p, out_parent, t, out_has_parent, err);
    int64_t old = post->conversation_id;
    post->parent_id = out_parent->id;
    post->conversation_id = out_parent->conversation_id;
    *out_has_parent = true;
    if (!p->existed || old != post->id)
        return APL_OK;
    rc = move_conversation(tx, old, post->conversation_id, t, err);
    if (!rc)
        rc = reread_case(tx, post, err);
    return rc ? rc : reread_case(tx, out_parent, err);
}

static apl_rc choose_case(apl_tx *tx, apl_post_row *post, const apl_post_row *parent, bool existed,
                          bool *out_is_new, apl_err *err)
{
    *out_is_new = false;
    if (post->case_id || post->posted_us == APL_TIME_NONE)
        return APL_OK;
    if (post->is_own) {
        post->case_id = parent ? parent->case_id : 0;
        return APL_OK;
    }
    int64_t id = 0;
    apl_rc rc = APL_OK;
    /* A post that nobody has spoken of before, alone in its conversation, cannot have a case yet. */
    if (existed || post->conversation_id != post->id)
        rc = find_case(tx, post->conversation_id, post->author_id, &id, err);
    if (rc)
        return rc;
    *out_is_new = id == 0;
    post->case_id = id ? id : apl_tx_new_case_id(tx);
    return APL_OK;
}

/*
 * The first words of a post may have been an edit that did not say whose it is. Once that is known the post may belong to
 * another case: *out_old is the one that it leaves, else 0.
 */
static apl_rc leave_case(apl_tx *tx, const apl_placing *p, int64_t *out_old, apl_err *err)
{
    apl_post_row *post = p->post;
    apl_case_row row;
    *out_old = 0;
    if (!p->existed || !post->case_id || (post->is_own && !p->changed_sides))
        return APL_OK;
    apl_rc rc = apl_tx_find(tx, &apl_table_case, post->case_id, &row, err);
    if (rc || (!post->is_own && row.author_id == post->author_id))
        return rc;
    *out_old = post->case_id;
    post->case_id = 0;
    return APL_OK;
}

/* The case that a post left: taken over when no customer is left in it, else folded anew. */
static apl_rc settle_left_case(apl_tx *tx, int64_t old, int64_t new_case, touched *t, apl_err *err)
{
    static const char sql[] = "SELECT count(*) FROM post WHERE workspace_id = $1 AND case_id = $2"
                              " AND case_id > 0 AND is_own = 0";
    int64_t customers = 0;
    apl_rc rc = apl_conn_number(tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_I64(old)),
                                &customers, err);
    if (rc || customers || !new_case)
        return rc ? rc : touch(tx, t, old, err);
    rc = move_posts(tx, old, new_case, err);
    if (!rc)
        rc = apl_case_merge(tx, old, new_case, err);
    return rc ? rc : touch(tx, t, new_case, err);
}

apl_rc apl_thread_place(apl_tx *tx, const apl_placing *p, apl_err *err)
{
    apl_post_row *post = p->post, parent;
    bool has_parent = false, is_new_case = false;
    int64_t left = 0;
    touched t = {.count = 0};
    apl_rc rc = place_under_parent(tx, p, &parent, &has_parent, &t, err);
    if (!rc)
        rc = leave_case(tx, p, &left, err);
    int64_t before = post->case_id;
    if (!rc)
        rc = choose_case(tx, post, has_parent ? &parent : NULL, p->existed, &is_new_case, err);
    if (!rc)
        rc = p->existed ? apl_tx_update(tx, &apl_table_post, post, err)
                        : apl_tx_insert(tx, &apl_table_post, post, NULL, err);
    if (!rc && p->existed && (left || post->case_id != before))
        rc = move_answers(tx, post->id, left, post->case_id, err);
    if (!rc && is_new_case)
        rc = apl_case_open(tx, post, p->judgement, p->text, !p->existed, err);
    else if (!rc && post->case_id)
        rc = touch(tx, &t, post->case_id, err);
    if (!rc && left)
        rc = settle_left_case(tx, left, post->case_id, &t, err);
    for (size_t i = 0; i < t.count && !rc; i++)
        rc = apl_case_refold(tx, t.ids[i], err);
    return rc;
}
