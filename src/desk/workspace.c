/* SPDX-License-Identifier: Apache-2.0 */
/* Workspace facts; see workspace.h. Tests: tests/e2e/test_cli.py */
#include "desk/workspace.h"

#include "base/utf8.h"
#include "desk/tx.h"
#include "json/writer.h"

#include <string.h>

enum {
    FILE_MAX_BYTES = 256 * 1024,
    NAME_MAX_BYTES = 120,
    POLICY_ARENA_BYTES = 2 * APL_POLICY_BYTES_MAX
};

/* Replaces the value of a top-level `key:`; the rest of the file, comments included, stays as people wrote it. */
static apl_rc set_line(apl_span file, const char *key, apl_span value, apl_buf *out, apl_err *err)
{
    apl_span rest = file, line;
    bool done = false;
    apl_rc rc = APL_OK;
    while (!rc && apl_span_split(&rest, '\n', &line)) {
        size_t len = strlen(key);
        bool is_it = !done && line.len > len && memcmp(line.ptr, key, len) == 0 &&
                     line.ptr[len] == ':';
        if (is_it) {
            done = true;
            rc = apl_buf_addf(out, err, "%s: ", key);
            /* A JSON string is a YAML string. */
            if (!rc)
                rc = apl_json_add_quoted(out, value, err);
        } else {
            rc = apl_buf_add(out, line, err);
        }
        if (!rc && rest.ptr)
            rc = apl_buf_add_byte(out, '\n', err);
    }
    if (!rc && !done)
        rc = apl_err_set(err, APL_E_INVALID, "workspace.yaml has no line \"%s:\"", key);
    return rc;
}

static apl_rc edit_file(apl_desk *desk, const apl_workspace_change *change, apl_buf *out_old,
                        apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) named = APL_BUF(FILE_MAX_BYTES);
    APL_AUTO(apl_buf) zoned = APL_BUF(FILE_MAX_BYTES);
    apl_rc rc = apl_desk_path(desk, "policy/workspace.yaml", path, err);
    if (!rc)
        rc = apl_file_load(path, out_old, err);
    if (!rc)
        rc = change->name.len ? set_line(apl_buf_view(out_old), "name", change->name, &named, err)
                              : apl_buf_add(&named, apl_buf_view(out_old), err);
    if (!rc)
        rc = change->zone.len ? set_line(apl_buf_view(&named), "zone", change->zone, &zoned, err)
                              : apl_buf_add(&zoned, apl_buf_view(&named), err);
    return rc ? rc : apl_file_save(path, apl_buf_view(&zoned), 0600, err);
}

static apl_rc publish(apl_desk *desk, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    char dir[APL_PATH_MAX_BYTES];
    apl_policy_file *files = NULL;
    size_t count = 0;
    bool published = false;
    apl_arena_init(&arena, POLICY_ARENA_BYTES);
    apl_rc rc = apl_desk_path(desk, "policy", dir, err);
    if (!rc)
        rc = apl_policy_files_load(dir, &arena, &files, &count, err);
    return rc ? rc : apl_policy_publish(desk, files, count, 0, &published, err);
}

static apl_rc mark_demo(apl_desk *desk, apl_err *err)
{
    apl_tx tx;
    apl_workspace_row row = desk->workspace;
    if (row.is_demo)
        return APL_OK;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    row.is_demo = 1;
    rc = apl_tx_entry_begin(&tx, "workspace.changed", (apl_actor){"cli", 0}, err);
    if (!rc)
        rc = apl_tx_update(&tx, &apl_table_workspace, &row, err);
    if (!rc) {
        apl_entry_bool(&tx.entry, "is_demo", true);
        rc = apl_tx_entry_end(&tx, err);
    }
    if (rc) {
        apl_tx_rollback(&tx);
        return rc;
    }
    rc = apl_tx_commit(&tx, err);
    return rc ? rc : apl_desk_reload_workspace(desk, err);
}

apl_rc apl_workspace_set(apl_desk *desk, const apl_workspace_change *change, apl_err *err)
{
    APL_AUTO(apl_buf) old = APL_BUF(FILE_MAX_BYTES);
    apl_rc rc = APL_OK;
    if (change->name.len > NAME_MAX_BYTES || !apl_utf8_is_valid(change->name)) {
        apl_err_set(err, APL_E_INVALID, "the name must be valid text of at most %d bytes",
                    NAME_MAX_BYTES);
        return APL_E_INVALID;
    }
    if (change->name.len || change->zone.len) {
        char path[APL_PATH_MAX_BYTES];
        rc = edit_file(desk, change, &old, err);
        if (!rc)
            rc = publish(desk, err);
        /* A zone that does not exist must not stay in the file and stop the next start. */
        if (rc && old.len && !apl_desk_path(desk, "policy/workspace.yaml", path, NULL) &&
            apl_file_save(path, apl_buf_view(&old), 0600, NULL))
            apl_err_fix(err, "mend policy/workspace.yaml by hand");
    }
    return rc || !change->mark_demo ? rc : mark_demo(desk, err);
}
