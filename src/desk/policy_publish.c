/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing a policy: the documents go into the store as one row, then the clocks of all cases that are not done are
 * folded anew, in steps, so that no transaction grows with the number of cases. Killed in between, the next start
 * finishes the rest: the workspace row names the policy up to which all cases were folded.
 * Tests: tests/unit/desk/test_policy.c
 */
#include "desk/desk.h"
#include "desk/policy.h"
#include "desk/refold.h"
#include "json/reader.h"
#include "json/writer.h"

#include <string.h>

enum { FILES_JSON_MAX_BYTES = 2 * APL_POLICY_BYTES_MAX, CASES_PER_STEP = 500 };

static apl_rc files_to_json(const apl_policy_file *files, size_t count, apl_buf *out, apl_err *err)
{
    apl_json_writer w;
    apl_json_writer_init(&w, out);
    apl_json_object_begin(&w);
    for (size_t i = 0; i < count; i++)
        apl_json_member_string(&w, files[i].name, files[i].bytes);
    apl_json_object_end(&w);
    return apl_json_writer_finish(&w, err);
}

static apl_rc files_from_json(apl_json_doc *doc, apl_span text, apl_arena *arena,
                              apl_policy_file **out_files, size_t *out_count, apl_err *err)
{
    static const apl_json_limits limits = {FILES_JSON_MAX_BYTES, 4};
    apl_json root, value;
    apl_span key;
    size_t count = 0;
    apl_policy_file *files = apl_arena_alloc(arena, APL_POLICY_FILES_MAX, sizeof *files);
    if (!files)
        return apl_err_nomem(err);
    apl_rc rc = apl_json_doc_parse(doc, text, &limits, &root, err);
    if (rc)
        return rc;
    for (apl_json_iter it = apl_json_each(root);
         apl_json_next(&it, &key, &value) && count < APL_POLICY_FILES_MAX;) {
        files[count].name = apl_arena_str(arena, key);
        if (!files[count].name)
            return apl_err_nomem(err);
        count += apl_json_as_str(value, &files[count].bytes);
    }
    *out_files = files;
    *out_count = count;
    return APL_OK;
}

static apl_rc newest_row(apl_desk *desk, apl_arena *arena, apl_policy_row *out_row, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_POLICY_COLUMNS) " FROM policy WHERE workspace_id = $1"
                                               " ORDER BY id DESC LIMIT 1";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc =
        apl_conn_query(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && !has_row)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "no policy was published yet");
    if (!rc)
        rc = apl_row_read(cursor, &apl_table_policy, 0, arena, out_row, err);
    apl_cursor_close(cursor);
    return rc;
}

static void swap_policy(apl_desk *desk, apl_policy_use *take_use)
{
    apl_mutex_lock(&desk->policy_mutex);
    apl_policy_use *old = desk->policy;
    desk->policy = take_use;
    apl_mutex_unlock(&desk->policy_mutex);
    apl_policy_use_drop(old);
}

apl_rc apl_policy_adopt(apl_desk *desk, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_policy_row row;
    apl_policy_file *files = NULL;
    apl_policy_use *use = NULL;
    size_t count = 0;
    apl_arena_init(&arena, FILES_JSON_MAX_BYTES * 2);
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = newest_row(desk, &arena, &row, err);
    if (!rc)
        rc = files_from_json(doc, row.files, &arena, &files, &count, err);
    if (!rc)
        rc = apl_policy_use_new(files, count, &use, err);
    if (rc)
        return rc;
    use->id = row.id;
    swap_policy(desk, use);
    return APL_OK;
}

static apl_rc store_policy(apl_desk *desk, apl_policy_use *use, apl_span files, int64_t user_id,
                           apl_err *err)
{
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    apl_policy_row row = {
        .workspace_id = desk->workspace_id,
        .id = apl_tx_new_id(&tx),
        .published_us = tx.now,
        .user_id = user_id,
        .digest = apl_span_of(use->digest),
        .files = files,
    };
    rc = apl_tx_entry_begin(&tx, "policy.published",
                            user_id ? (apl_actor){"user", user_id} : APL_ACTOR_SYSTEM, err);
    if (!rc) {
        apl_entry_text(&tx.entry, "digest", row.digest);
        rc = apl_tx_about(&tx, "policy", row.id, err);
    }
    if (!rc)
        rc = apl_tx_insert(&tx, &apl_table_policy, &row, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(&tx, err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    use->id = row.id;
    return apl_tx_commit(&tx, err);
}

static apl_rc next_open_cases(apl_tx *tx, int64_t after, int64_t ids[CASES_PER_STEP],
                              size_t *out_count, apl_err *err)
{
    static const char sql[] =
        "SELECT id FROM desk_case WHERE workspace_id = $1 AND id > $2 AND queue < 4"
        " ORDER BY id LIMIT $3";
    apl_cursor *cursor = NULL;
    *out_count = 0;
    apl_rc rc = apl_conn_query(
        tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id), APL_I64(after), APL_I64(CASES_PER_STEP)),
        &cursor, err);
    for (bool has_row = true; !rc && has_row && *out_count < CASES_PER_STEP;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            ids[(*out_count)++] = apl_cursor_i64(cursor, 0);
    }
    apl_cursor_close(cursor);
    return rc;
}

/* Name and zone of a workspace are the policy's. */
static apl_rc mark_folded(apl_tx *tx, apl_err *err)
{
    const apl_policy_use *use = tx->desk->policy;
    apl_workspace_row row = tx->desk->workspace;
    row.policy_id = use->id;
    row.name = apl_span_of(use->policy->workspace.name);
    row.zone = apl_span_of(use->policy->workspace.zone->name);
    return apl_tx_update(tx, &apl_table_workspace, &row, err);
}

/* One transaction: some cases; after the last of them the workspace is marked as done. */
static apl_rc refold_step(apl_desk *desk, int64_t *inout_after, bool *out_done, apl_err *err)
{
    apl_tx tx;
    int64_t ids[CASES_PER_STEP];
    size_t count = 0;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    tx.policy_changed = true;
    rc = next_open_cases(&tx, *inout_after, ids, &count, err);
    *out_done = count < CASES_PER_STEP;
    if (!rc)
        rc = apl_tx_entry_begin(&tx, "clocks.recomputed", APL_ACTOR_SYSTEM, err);
    for (size_t i = 0; i < count && !rc; i++)
        rc = apl_case_refold(&tx, ids[i], err);
    if (!rc && *out_done)
        rc = mark_folded(&tx, err);
    if (!rc)
        rc = apl_tx_entry_end(&tx, err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    if (count)
        *inout_after = ids[count - 1];
    return apl_tx_commit(&tx, err);
}

static apl_rc refold_open_cases(apl_desk *desk, apl_err *err)
{
    apl_rc rc = APL_OK;
    int64_t after = 0;
    for (bool done = false; !rc && !done;)
        rc = refold_step(desk, &after, &done, err);
    return rc ? rc : apl_desk_reload_workspace(desk, err);
}

apl_rc apl_policy_publish(apl_desk *desk, const apl_policy_file *files, size_t count,
                          int64_t user_id, bool *out_published, apl_err *err)
{
    APL_AUTO(apl_buf) json = APL_BUF(FILES_JSON_MAX_BYTES);
    apl_policy_use *use = NULL;
    char digest[48];
    apl_rc rc = APL_OK;
    *out_published = false;
    apl_policy_digest(files, count, digest);
    if (!desk->policy || strcmp(desk->policy->digest, digest) != 0) {
        rc = apl_policy_use_new(files, count, &use, err);
        if (!rc)
            rc = files_to_json(files, count, &json, err);
        if (!rc)
            rc = store_policy(desk, use, apl_buf_view(&json), user_id, err);
        if (rc) {
            apl_policy_use_drop(use);
            return rc;
        }
        swap_policy(desk, use);
        *out_published = true;
    }
    return desk->workspace.policy_id == desk->policy->id ? APL_OK : refold_open_cases(desk, err);
}
