/* SPDX-License-Identifier: Apache-2.0 */
/* Making and adopting a workspace; see setup.h. Tests: tests/unit/desk/test_desk.c, tests/unit/desk/test_policy.c */
#include "desk/setup.h"

#include "desk/channel.h"
#include "desk/tx.h"

#include <stdio.h>
#include <string.h>

enum { POLICY_ARENA_BYTES = 2 * APL_POLICY_BYTES_MAX };

apl_rc apl_desk_adopt(apl_desk *desk, apl_err *err)
{
    apl_rc rc = apl_desk_reload_workspace(desk, err);
    return rc ? rc : apl_policy_adopt(desk, err);
}

static apl_rc make_workspace(apl_desk *desk, const apl_policy_use *use, apl_err *err)
{
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    apl_workspace_row row = {
        .workspace_id = desk->workspace_id,
        .slug = APL_SPAN("main"),
        .name = apl_span_of(use->policy->workspace.name),
        .zone = apl_span_of(use->policy->workspace.zone->name),
        .created_us = tx.now,
    };
    rc = apl_tx_entry_begin(&tx, "workspace.created", APL_ACTOR_SYSTEM, err);
    if (!rc)
        rc = apl_tx_insert(&tx, &apl_table_workspace, &row, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(&tx, err);
    if (!rc)
        rc = apl_channel_add_builtin(&tx, err);
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    return apl_tx_commit(&tx, err);
}

static apl_rc policy_folder(const apl_desk *desk, char dir[APL_PATH_MAX_BYTES], apl_err *err)
{
    if (!desk->policy_dir)
        return apl_desk_path(desk, "policy", dir, err);
    (void)snprintf(dir, APL_PATH_MAX_BYTES, "%s", desk->policy_dir);
    return APL_OK;
}

static apl_rc load_files(apl_desk *desk, apl_arena *arena, apl_policy_file **out_files,
                         size_t *out_count, apl_err *err)
{
    char dir[APL_PATH_MAX_BYTES];
    apl_rc rc = policy_folder(desk, dir, err);
    if (!rc && !desk->policy_dir && !apl_dir_exists(dir))
        rc = apl_policy_files_save(dir, desk->env.default_policy, desk->env.default_policy_count,
                                   err);
    return rc ? rc : apl_policy_files_load(dir, arena, out_files, out_count, err);
}

apl_rc apl_desk_set_up(apl_desk *desk, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    apl_policy_file *files = NULL;
    apl_policy_use *use = NULL;
    size_t count = 0;
    bool published = false;
    apl_arena_init(&arena, POLICY_ARENA_BYTES);
    apl_rc rc = load_files(desk, &arena, &files, &count, err);
    /* Compiled before anything is stored, so that a mistake leaves no half-made workspace behind. */
    if (!rc)
        rc = apl_policy_use_new(files, count, &use, err);
    if (rc)
        return rc;
    rc = apl_desk_reload_workspace(desk, err);
    if (rc == APL_E_NOT_FOUND) {
        rc = make_workspace(desk, use, err);
        if (!rc)
            rc = apl_desk_reload_workspace(desk, err);
    }
    apl_policy_use_drop(use);
    if (!rc) {
        rc = apl_policy_adopt(desk, err);
        if (rc == APL_E_NOT_FOUND)
            rc = APL_OK;
    }
    return rc ? rc : apl_policy_publish(desk, files, count, 0, &published, err);
}

apl_rc apl_desk_publish(apl_desk *desk, int64_t user_id, bool *out_published, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    char dir[APL_PATH_MAX_BYTES];
    apl_policy_file *files = NULL;
    size_t count = 0;
    apl_arena_init(&arena, POLICY_ARENA_BYTES);
    apl_rc rc = policy_folder(desk, dir, err);
    if (!rc && !apl_dir_exists(dir)) {
        apl_err_set(err, APL_E_INVALID, "the policy folder is gone; the policy in force stays");
        apl_err_where(err, "%s", dir);
        apl_err_fix(err, "put it back, from a backup or with the files that the next start copies");
        return APL_E_INVALID;
    }
    if (!rc)
        rc = apl_policy_files_load(dir, &arena, &files, &count, err);
    return rc ? rc : apl_policy_publish(desk, files, count, user_id, out_published, err);
}
