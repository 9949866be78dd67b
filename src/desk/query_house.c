/* SPDX-License-Identifier: Apache-2.0 */
/* See query_house.h. Tests: tests/e2e/test_api_house.py */
#include "desk/query_house.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/reader.h"

#include <string.h>

apl_rc apl_house_check(apl_desk *desk, apl_err *err)
{
    static const char sql[] = "SELECT count(*) FROM workspace WHERE workspace_id = $1";
    int64_t count = 0;
    apl_rc rc =
        apl_conn_number(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &count, err);
    if (!rc && !count)
        rc = apl_err_set(err, APL_E_CORRUPT, "the workspace is gone from the store");
    return rc;
}

apl_rc apl_house_checkpoint(apl_desk *desk, apl_arena *arena, apl_span *out_note, apl_err *err)
{
    static const char sql[] = "SELECT note FROM ledger_head WHERE workspace_id = $1 AND size > 0";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc =
        apl_conn_query(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        rc = apl_arena_copy(arena, apl_cursor_span(cursor, 0), out_note, err);
    apl_cursor_close(cursor);
    if (!rc && !has_row)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "the ledger has no entry yet");
    return rc;
}

static void hex_of(apl_span bytes, char out[65])
{
    uint8_t digest[APL_SHA256_BYTES];
    apl_sha256_of(bytes, digest);
    (void)apl_hex_encode((apl_span){(const char *)digest, sizeof digest}, out);
}

static apl_rc read_files(apl_arena *arena, apl_house_policy *policy, apl_err *err)
{
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json_limits limits = {APL_POLICY_BYTES_MAX * 2, 4};
    apl_json root, value;
    apl_span name, text;
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_json_doc_parse(doc, policy->row.files, &limits, &root, err);
    if (rc)
        return apl_err_wrap(err, APL_E_CORRUPT, "the published policy is damaged");
    policy->files = apl_arena_alloc(arena, apl_json_count(root), sizeof *policy->files);
    if (!policy->files)
        return apl_err_nomem(err);
    for (apl_json_iter it = apl_json_each(root); !rc && apl_json_next(&it, &name, &value);) {
        apl_house_file *file = &policy->files[policy->file_count];
        if (!apl_json_as_str(value, &text))
            continue;
        policy->file_count++;
        file->bytes = (int64_t)text.len;
        hex_of(text, file->sha256);
        rc = apl_arena_copy(arena, name, &file->path, err);
    }
    return rc;
}

/* By file: the digest depends on the order in which a folder was read. */
static bool is_shipped(const apl_desk *desk, const apl_house_policy *policy)
{
    size_t same = 0;
    for (size_t i = 0; i < desk->env.default_policy_count; i++) {
        const apl_policy_file *shipped = &desk->env.default_policy[i];
        char hash[65];
        hex_of(shipped->bytes, hash);
        for (size_t j = 0; j < policy->file_count; j++)
            same += apl_span_is(policy->files[j].path, shipped->name) &&
                    strcmp(policy->files[j].sha256, hash) == 0;
    }
    return same == policy->file_count && same == desk->env.default_policy_count;
}

apl_rc apl_house_policy_read(apl_desk *desk, apl_arena *arena, apl_house_policy *out_policy,
                             apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_POLICY_COLUMNS) " FROM policy WHERE workspace_id = $1"
                                               " ORDER BY id DESC LIMIT 1";
    static const char count_sql[] = "SELECT count(*) FROM policy WHERE workspace_id = $1";
    apl_house_policy policy = {0};
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc =
        apl_conn_query(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        rc = apl_row_read(cursor, &apl_table_policy, 0, arena, &policy.row, err);
    apl_cursor_close(cursor);
    if (!rc && !has_row)
        return apl_err_set(err, APL_E_CORRUPT, "no policy was ever published");
    if (!rc)
        rc = apl_conn_number(desk->conn, count_sql, APL_VALS(APL_I64(desk->workspace_id)),
                             &policy.version, err);
    if (!rc)
        rc = read_files(arena, &policy, err);
    if (rc)
        return rc;
    policy.is_default = is_shipped(desk, &policy);
    hex_of(policy.row.files, policy.sha256);
    *out_policy = policy;
    return APL_OK;
}
