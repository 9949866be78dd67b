/* SPDX-License-Identifier: Apache-2.0 */
/* Reading for the case page; see query_case.h. Tests: tests/e2e/test_api_case.py */
#include "desk/query_case.h"

enum { OTHER_CASES_MAX = 1000 };

apl_rc apl_case_clock_list(apl_desk *desk, int64_t case_id, apl_arena *arena,
                           apl_case_clocks *out_clocks, apl_err *err)
{
    /* Clocks that the timeline no longer has are kept as rows with a stop that no clock has. */
    static const char sql[] = "SELECT " APL_LIST(
        APL_CLOCK_COLUMNS) " FROM clock WHERE workspace_id = $1"
                           " AND case_id = $2 AND stop < 5 ORDER BY ordinal DESC LIMIT $3";
    apl_cursor *cursor = NULL;
    apl_case_clocks clocks = {
        .rows = apl_arena_alloc(arena, APL_CASE_CLOCKS_MAX, sizeof *clocks.rows)};
    if (!clocks.rows)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(
        desk->conn, sql,
        APL_VALS(APL_I64(desk->workspace_id), APL_I64(case_id), APL_I64(APL_CASE_CLOCKS_MAX)),
        &cursor, err);
    for (bool has_row = true; !rc && has_row && clocks.count < APL_CASE_CLOCKS_MAX;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc =
                apl_row_read(cursor, &apl_table_clock, 0, arena, &clocks.rows[clocks.count++], err);
    }
    apl_cursor_close(cursor);
    for (size_t i = 0; i < clocks.count / 2; i++) {
        apl_clock_row other = clocks.rows[clocks.count - 1 - i];
        clocks.rows[clocks.count - 1 - i] = clocks.rows[i];
        clocks.rows[i] = other;
    }
    if (!rc)
        *out_clocks = clocks;
    return rc;
}

/* ---- the person ---- */

static apl_rc add_name(apl_person *person, apl_span name, apl_arena *arena, apl_err *err)
{
    if (!name.len || person->name_count == APL_PERSON_NAMES_MAX)
        return APL_OK;
    for (size_t i = 0; i < person->name_count; i++)
        if (apl_span_equal(person->names[i], name))
            return APL_OK;
    return apl_arena_copy(arena, name, &person->names[person->name_count++], err);
}

static apl_rc add_names(apl_desk *desk, apl_arena *arena, apl_person *person, apl_err *err)
{
    static const char sql[] =
        "SELECT name, remote_id FROM author WHERE workspace_id = $1 AND person_id = $2"
        " ORDER BY id LIMIT 32";
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(
        desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id), APL_I64(person->id)), &cursor, err);
    for (bool has_row = true; !rc && has_row;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        rc = add_name(person, apl_cursor_span(cursor, 0), arena, err);
        if (!rc)
            rc = add_name(person, apl_cursor_span(cursor, 1), arena, err);
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_person_find(apl_desk *desk, const apl_case_row *row, apl_arena *arena,
                       apl_person *out_person, apl_err *err)
{
    static const char who_sql[] =
        "SELECT person_id FROM author WHERE workspace_id = $1 AND id = $2";
    static const char others_sql[] = "SELECT count(*) FROM (SELECT 1 AS one FROM author a JOIN "
                                     "desk_case c ON c.workspace_id = a.workspace_id"
                                     " AND c.author_id = a.id WHERE a.workspace_id = $1 AND "
                                     "a.person_id = $2 AND c.queue < 9 AND c.id <> $3"
                                     " LIMIT $4) AS capped";
    apl_person person = {0};
    apl_val workspace = APL_I64(desk->workspace_id);
    apl_rc rc = apl_conn_number(desk->conn, who_sql, APL_VALS(workspace, APL_I64(row->author_id)),
                                &person.id, err);
    if (!rc && person.id)
        rc = add_names(desk, arena, &person, err);
    if (!rc && person.id)
        rc = apl_conn_number(
            desk->conn, others_sql,
            APL_VALS(workspace, APL_I64(person.id), APL_I64(row->id), APL_I64(OTHER_CASES_MAX)),
            &person.other_cases, err);
    if (!rc)
        *out_person = person;
    return rc;
}

/* ---- posts ---- */

/* Columns of a post, its current version (without the payload), that version's assessment, its author. */
#define POST_SQL                                                                                   \
    "SELECT p.id, p.channel_id, coalesce(q.id, 0), p.conversation_id, p.case_id, p.author_id, "    \
    "p.kind, "                                                                                     \
    "p.is_own, p.posted_us,"                                                                       \
    " p.learned_us, p.deleted_us, p.version_no, p.version_count, p.rating_x10, p.reach, "          \
    "p.echo_count, p.url,"                                                                         \
    " coalesce(v.title, ''), coalesce(v.text, ''), coalesce(v.lang, ''), coalesce(s.post_id, 0),"  \
    " coalesce(s.urgency, 0), coalesce(s.lang, ''), coalesce(s.detail, ''), coalesce(a.name, '')," \
    " coalesce(a.remote_id, ''), coalesce(s.policy_id, 0) FROM post p"                             \
    " LEFT JOIN post_version v ON v.workspace_id = p.workspace_id AND v.post_id = p.id AND "       \
    "v.version_no = p.version_no"                                                                  \
    " LEFT JOIN assessment s ON s.workspace_id = p.workspace_id AND s.post_id = p.id AND "         \
    "s.version_no = p.version_no"                                                                  \
    " LEFT JOIN author a ON a.workspace_id = p.workspace_id AND a.id = p.author_id"                \
    " LEFT JOIN post q ON q.workspace_id = p.workspace_id AND q.id = p.parent_id"                  \
    " AND q.posted_us < 9223372036854775807"                                                       \
    " WHERE p.workspace_id = $1 AND p.posted_us < 9223372036854775807"

static apl_rc read_post(apl_cursor *c, apl_arena *arena, apl_thread_post *out, apl_err *err)
{
    apl_post_row *p = &out->post;
    int64_t *numbers[] = {
        &p->id,         &p->channel_id, &p->parent_id,     &p->conversation_id, &p->case_id,
        &p->author_id,  &p->kind,       &p->is_own,        &p->posted_us,       &p->learned_us,
        &p->deleted_us, &p->version_no, &p->version_count, &p->rating_x10,      &p->reach,
        &p->echo_count};
    apl_span *texts[] = {&p->url, &out->version.title, &out->version.text, &out->version.lang};
    apl_span *after[] = {&out->assessment.lang, &out->assessment.detail, &out->author_name,
                         &out->author_handle};
    apl_rc rc = APL_OK;
    for (int i = 0; i < 16; i++)
        *numbers[i] = apl_cursor_i64(c, i);
    for (int i = 0; i < 4 && !rc; i++)
        rc = apl_arena_copy(arena, apl_cursor_span(c, 16 + i), texts[i], err);
    out->assessment.post_id = apl_cursor_i64(c, 20);
    out->assessment.urgency = apl_cursor_i64(c, 21);
    for (int i = 0; i < 4 && !rc; i++)
        rc = apl_arena_copy(arena, apl_cursor_span(c, 22 + i), after[i], err);
    out->version.version_no = p->version_no;
    out->assessment.version_no = p->version_no;
    out->assessment.policy_id = apl_cursor_i64(c, 26);
    return rc;
}

apl_rc apl_case_thread(apl_desk *desk, const apl_case_row *row, const apl_ask *ask,
                       apl_thread_page *out_page, apl_err *err)
{
    size_t limit = ask->limit;
    apl_arena *arena = ask->arena;
    static const char sql[] = POST_SQL
        " AND (p.posted_us, p.id) > ($4, $5) AND p.id IN ("
        "SELECT id FROM post WHERE workspace_id = $1 AND case_id = $2 AND case_id > 0"
        " UNION SELECT id FROM post WHERE workspace_id = $1 AND conversation_id = $3 AND "
        "conversation_id <> id"
        " UNION SELECT CAST($3 AS BIGINT)) ORDER BY p.posted_us, p.id LIMIT $6";
    apl_cursor *cursor = NULL;
    apl_thread_page page = {.posts = apl_arena_alloc(arena, limit + 1, sizeof *page.posts)};
    if (!page.posts)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(desk->conn, sql,
                               APL_VALS(APL_I64(desk->workspace_id), APL_I64(row->id),
                                        APL_I64(row->conversation_id), APL_I64(ask->after[0]),
                                        APL_I64(ask->after[1]), APL_I64(limit + 1)),
                               &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = read_post(cursor, arena, &page.posts[page.count++], err);
    }
    apl_cursor_close(cursor);
    if (rc)
        return rc;
    page.has_more = page.count > limit;
    page.count -= page.has_more;
    *out_page = page;
    return APL_OK;
}

apl_rc apl_case_decider(apl_desk *desk, int64_t case_id, apl_arena *arena,
                        apl_thread_post *out_post, bool *out_found, apl_err *err)
{
    /* The same order as the fold has it: what still stands first, then what needs an answer, then the most urgent. */
    static const char sql[] = POST_SQL
        " AND p.case_id = $2 AND p.case_id > 0 AND p.is_own = 0 AND s.post_id > 0"
        " ORDER BY CASE WHEN p.deleted_us < 9223372036854775807 THEN 1 ELSE 0 END, s.needs_answer "
        "DESC,"
        " s.urgency DESC, p.posted_us, p.id LIMIT 1";
    apl_cursor *cursor = NULL;
    apl_thread_post post = {0};
    apl_rc rc = apl_conn_query(
        desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id), APL_I64(case_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = read_post(cursor, arena, &post, err);
    apl_cursor_close(cursor);
    if (!rc && *out_found)
        *out_post = post;
    return rc;
}

/* ---- versions, notes, channels ---- */

apl_rc apl_post_versions(apl_desk *desk, int64_t post_id, const apl_ask *ask,
                         apl_version_page *out_page, apl_err *err)
{
    size_t limit = ask->limit;
    apl_arena *arena = ask->arena;
    int64_t after = ask->after[0];
    static const char sql[] = "SELECT version_no, event, valid_us, learned_us, title, text FROM "
                              "post_version WHERE workspace_id = $1"
                              " AND post_id = $2 AND version_no > $3 ORDER BY version_no LIMIT $4";
    int64_t keys[] = {desk->workspace_id, post_id};
    bool found = false;
    apl_cursor *cursor = NULL;
    apl_version_page page = {.rows = apl_arena_alloc(arena, limit + 1, sizeof *page.rows)};
    if (!page.rows)
        return apl_err_nomem(err);
    apl_rc rc = apl_row_find(&(apl_reading){desk->conn, arena}, &apl_table_post, keys, &page.post,
                             &found, err);
    if (!rc && (!found || page.post.posted_us == APL_TIME_NONE))
        return apl_err_set(err, APL_E_NOT_FOUND, "there is no post %lld", (long long)post_id);
    if (!rc)
        rc = apl_conn_query(desk->conn, sql,
                            APL_VALS(APL_I64(desk->workspace_id), APL_I64(post_id), APL_I64(after),
                                     APL_I64(limit + 1)),
                            &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        apl_version_row *row = &page.rows[page.count++];
        row->version_no = apl_cursor_i64(cursor, 0);
        row->event = apl_cursor_i64(cursor, 1);
        row->valid_us = apl_cursor_i64(cursor, 2);
        row->learned_us = apl_cursor_i64(cursor, 3);
        rc = apl_arena_copy(arena, apl_cursor_span(cursor, 4), &row->title, err);
        if (!rc)
            rc = apl_arena_copy(arena, apl_cursor_span(cursor, 5), &row->text, err);
    }
    apl_cursor_close(cursor);
    if (rc)
        return rc;
    page.has_more = page.count > limit;
    page.count -= page.has_more;
    *out_page = page;
    return APL_OK;
}

apl_rc apl_case_notes(apl_desk *desk, int64_t case_id, const apl_ask *ask, apl_note_page *out_page,
                      apl_err *err)
{
    size_t limit = ask->limit;
    apl_arena *arena = ask->arena;
    int64_t after = ask->after[0];
    static const char sql[] =
        "SELECT n.workspace_id, n.id, n.case_id, n.user_id, n.created_us, n.text, coalesce(u.name, "
        "'') FROM note n"
        " LEFT JOIN desk_user u ON u.workspace_id = n.workspace_id AND u.id = n.user_id"
        " WHERE n.workspace_id = $1 AND n.case_id = $2 AND n.id > $3 ORDER BY n.id LIMIT $4";
    apl_cursor *cursor = NULL;
    apl_note_page page = {.lines = apl_arena_alloc(arena, limit + 1, sizeof *page.lines)};
    if (!page.lines)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(
        desk->conn, sql,
        APL_VALS(APL_I64(desk->workspace_id), APL_I64(case_id), APL_I64(after), APL_I64(limit + 1)),
        &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (rc || !has_row)
            break;
        apl_note_line *line = &page.lines[page.count++];
        rc = apl_row_read(cursor, &apl_table_note, 0, arena, &line->row, err);
        if (!rc)
            rc = apl_arena_copy(arena, apl_cursor_span(cursor, 6), &line->user_name, err);
    }
    apl_cursor_close(cursor);
    if (rc)
        return rc;
    page.has_more = page.count > limit;
    page.count -= page.has_more;
    *out_page = page;
    return APL_OK;
}

/* Reads the whole channel: for a page of settings, not for the inbox. */
static apl_rc fill_channel(apl_desk *desk, apl_channel_line *line, apl_err *err)
{
    static const char sql[] = "SELECT count(*), coalesce(max(posted_us), 9223372036854775807) FROM "
                              "post WHERE workspace_id = $1"
                              " AND channel_id = $2 AND posted_us < 9223372036854775807";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc = apl_conn_query(desk->conn, sql,
                               APL_VALS(APL_I64(desk->workspace_id), APL_I64(line->row.id)),
                               &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row) {
        line->post_count = apl_cursor_i64(cursor, 0);
        line->last_post_us = apl_cursor_i64(cursor, 1);
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_channel_list(apl_desk *desk, int64_t after, size_t limit, apl_arena *arena,
                        apl_channel_page *out_page, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_CHANNEL_COLUMNS) " FROM channel WHERE workspace_id = $1"
                                                " AND id > $2 ORDER BY id LIMIT $3";
    apl_cursor *cursor = NULL;
    apl_channel_page page = {.lines = apl_arena_alloc(arena, limit + 1, sizeof *page.lines)};
    if (!page.lines)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(
        desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id), APL_I64(after), APL_I64(limit + 1)),
        &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            rc = apl_row_read(cursor, &apl_table_channel, 0, arena, &page.lines[page.count++].row,
                              err);
    }
    apl_cursor_close(cursor);
    page.has_more = page.count > limit;
    page.count -= page.has_more;
    for (size_t i = 0; i < page.count && !rc; i++)
        rc = fill_channel(desk, &page.lines[i], err);
    if (!rc)
        *out_page = page;
    return rc;
}

apl_rc apl_channel_get(apl_desk *desk, int64_t id, apl_arena *arena, apl_channel_row *out_row,
                       bool *out_found, apl_err *err)
{
    int64_t keys[] = {desk->workspace_id, id};
    return apl_row_find(&(apl_reading){desk->conn, arena}, &apl_table_channel, keys, out_row,
                        out_found, err);
}
