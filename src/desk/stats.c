/* SPDX-License-Identifier: Apache-2.0 */
/* Counts; see stats.h. Tests: tests/e2e/test_import.py */
#include "desk/stats.h"

static const struct {
    const char *name;
    size_t offset;
    const char *sql; /* $1 workspace, $2 now */
} counts[] = {
    {"posts", offsetof(apl_stats, posts),
     "SELECT count(*) FROM post WHERE workspace_id = $1 AND posted_us < 9223372036854775807"},
    {"replies", offsetof(apl_stats, replies),
     "SELECT count(*) FROM post WHERE workspace_id = $1 AND posted_us < 9223372036854775807 AND "
     "is_own = 1"},
    {"cases", offsetof(apl_stats, cases),
     "SELECT count(*) FROM desk_case WHERE workspace_id = $1 AND queue < 9"},
    {"open_cases", offsetof(apl_stats, open_cases),
     "SELECT count(*) FROM desk_case WHERE workspace_id = $1 AND queue < 4"},
    {"open_clocks", offsetof(apl_stats, open_clocks),
     "SELECT count(*) FROM clock WHERE workspace_id = $1 AND stop = 0"},
    {"breached_clocks", offsetof(apl_stats, breached_clocks),
     "SELECT count(*) FROM clock WHERE workspace_id = $1 AND stop = 0 AND due_us < $2"
     " AND paused_since_us = 9223372036854775807"},
    {"authors", offsetof(apl_stats, authors),
     "SELECT count(*) FROM author WHERE workspace_id = $1"},
    {"channels", offsetof(apl_stats, channels),
     "SELECT count(*) FROM channel WHERE workspace_id = $1"},
    {"users", offsetof(apl_stats, users), "SELECT count(*) FROM desk_user WHERE workspace_id = $1"},
    {"post_versions", offsetof(apl_stats, post_versions),
     "SELECT count(*) FROM post_version WHERE workspace_id = $1"},
    {"notes", offsetof(apl_stats, notes), "SELECT count(*) FROM note WHERE workspace_id = $1"},
    {"ledger_entries", offsetof(apl_stats, ledger_entries),
     "SELECT coalesce(max(size), 0) FROM ledger_head WHERE workspace_id = $1"},
};
enum { COUNTS = sizeof counts / sizeof *counts };

apl_rc apl_stats_read(apl_desk *desk, apl_stats *out_stats, apl_err *err)
{
    apl_stats stats = {0};
    apl_time_us now = apl_clock_now(desk->env.clock);
    apl_rc rc = apl_conn_begin(desk->conn, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < COUNTS && !rc; i++) {
        int64_t value = 0;
        bool has_now = counts[i].offset == offsetof(apl_stats, breached_clocks);
        apl_val vals[] = {APL_I64(desk->workspace_id), APL_I64(now)};
        rc = apl_conn_number(desk->conn, counts[i].sql, vals, has_now ? 2 : 1, &value, err);
        *(int64_t *)((char *)&stats + counts[i].offset) = value;
    }
    apl_conn_rollback(desk->conn);
    if (!rc)
        *out_stats = stats;
    return rc;
}

void apl_stats_write(const apl_stats *stats, apl_json_writer *w)
{
    for (size_t i = 0; i < COUNTS; i++)
        apl_json_member_i64(w, counts[i].name,
                            *(const int64_t *)((const char *)stats + counts[i].offset));
}
