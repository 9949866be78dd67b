/* SPDX-License-Identifier: Apache-2.0 */
/* Cases as lists show them, many at a time by their ids; see query.h. Tests: tests/e2e/test_api_cases.py */
#include "desk/query_line.h"

#include <string.h>

#define LINE_SQL                                                                                   \
    "SELECT c.workspace_id, c.id, c.conversation_id, c.author_id, c.channel_id, c.company, "       \
    "c.state, c.priority,"                                                                         \
    " c.category, c.assignee_id, c.tags, c.clock_policy, c.intent, c.sentiment, c.conduct, "       \
    "c.subject, c.risks,"                                                                          \
    " c.urgency, c.queue, c.next_due_us, c.next_clock, c.waiting_us, c.opened_us, "                \
    "c.last_post_us, c.first_reply_us,"                                                            \
    " c.last_reply_us, c.post_count, c.reply_count, c.headline, c.why, c.merged_into, c.pinned, "  \
    "c.revision,"                                                                                  \
    " coalesce(a.name, ''), coalesce(a.remote_id, ''), coalesce(h.name, ''), coalesce(h.kind, "    \
    "''),"                                                                                         \
    " coalesce(u.name, ''), coalesce(k.start_us, 9223372036854775807), coalesce(k.warn_us, "       \
    "9223372036854775807)"                                                                         \
    " FROM desk_case c"                                                                            \
    " LEFT JOIN author a ON a.workspace_id = c.workspace_id AND a.id = c.author_id"                \
    " LEFT JOIN channel h ON h.workspace_id = c.workspace_id AND h.id = c.channel_id"              \
    " LEFT JOIN desk_user u ON u.workspace_id = c.workspace_id AND u.id = c.assignee_id"           \
    " LEFT JOIN clock k ON k.workspace_id = c.workspace_id AND k.case_id = c.id AND k.kind = "     \
    "c.next_clock"                                                                                 \
    " AND k.due_us = c.next_due_us AND k.stopped_us = 9223372036854775807"                         \
    " WHERE c.workspace_id = $1 AND c.id"

enum { AFTER_ROW = 33, BATCH = 40 };
static const char one_sql[] = LINE_SQL " = $2";
static const char many_sql[] = LINE_SQL " IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                                        "$14, $15, $16, $17, $18, $19, $20, $21, $22,"
                                        " $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, "
                                        "$34, $35, $36, $37, $38, $39, $40, $41)";

static apl_rc read_line(apl_cursor *cursor, apl_arena *arena, apl_case_line *line, apl_err *err)
{
    apl_span *texts[] = {&line->author_name, &line->author_handle, &line->channel_name,
                         &line->channel_kind, &line->assignee_name};
    apl_rc rc = apl_row_read(cursor, &apl_table_case, 0, arena, &line->row, err);
    for (int i = 0; i < 5 && !rc; i++)
        rc = apl_arena_copy(arena, apl_cursor_span(cursor, AFTER_ROW + i), texts[i], err);
    line->clock_start_us = apl_cursor_i64(cursor, AFTER_ROW + 5);
    line->clock_warn_us = apl_cursor_i64(cursor, AFTER_ROW + 6);
    return rc;
}

apl_rc apl_case_lines_fill(apl_desk *desk, const int64_t *ids, size_t count, apl_arena *arena,
                           apl_case_line *lines, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t from = 0; from < count && !rc; from += BATCH) {
        apl_val vals[BATCH + 1];
        apl_cursor *cursor = NULL;
        vals[0] = APL_I64(desk->workspace_id);
        for (size_t i = 0; i < BATCH; i++)
            vals[i + 1] = APL_I64(from + i < count ? ids[from + i] : 0);
        rc = apl_conn_query(desk->conn, many_sql, vals, BATCH + 1, &cursor, err);
        for (bool has_row = true; !rc && has_row;) {
            rc = apl_cursor_next(cursor, &has_row, err);
            if (rc || !has_row)
                break;
            int64_t id = apl_cursor_i64(cursor, 1);
            for (size_t i = from; i < count && i < from + BATCH && !rc; i++)
                if (ids[i] == id)
                    rc = read_line(cursor, arena, &lines[i], err);
        }
        apl_cursor_close(cursor);
    }
    return rc;
}

static apl_rc find_one(apl_desk *desk, int64_t id, apl_arena *arena, apl_case_line *line,
                       bool *out_found, apl_err *err)
{
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(desk->conn, one_sql,
                               APL_VALS(APL_I64(desk->workspace_id), APL_I64(id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = read_line(cursor, arena, line, err);
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_case_line_find(apl_desk *desk, int64_t case_id, apl_arena *arena,
                          apl_case_line *out_line, bool *out_found, apl_err *err)
{
    apl_case_line line = {0};
    apl_rc rc = find_one(desk, case_id, arena, &line, out_found, err);
    /* Merging never makes chains longer than a few; a damaged store must not keep us here for ever. */
    for (int i = 0; i < 16 && !rc && *out_found && line.row.merged_into; i++)
        rc = find_one(desk, line.row.merged_into, arena, &line, out_found, err);
    if (!rc && *out_found)
        *out_line = line;
    return rc;
}
