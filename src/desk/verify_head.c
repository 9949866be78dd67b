/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the ledger against the entries; see verify_internal.h. Tests: tests/e2e/test_verify.py */
#include "desk/verify_internal.h"

static void head_finding(apl_verify *v, apl_finding_kind kind, const char *column,
                         const char *detail)
{
    apl_finding *f = apl_verify_note(v, kind, v->ledger_size - 1, "ledger_head");
    apl_finding_at(f, column);
    apl_finding_say(f, "%s", detail);
}

static apl_rc check_frontier(apl_verify *v, apl_span stored, const apl_tree *tree, apl_err *err)
{
    APL_AUTO(apl_buf) own = APL_BUF(APL_TREE_BLOB_MAX_BYTES);
    apl_rc rc = apl_tree_format(tree, &own, err);
    if (!rc && !apl_span_equal(apl_buf_view(&own), stored))
        head_finding(v, APL_FINDING_CHANGED, "frontier",
                     "the edge of the tree is not that of the entries");
    return rc;
}

static void check_note(apl_verify *v, apl_span note, const apl_tree *tree)
{
    apl_checkpoint checkpoint;
    apl_err why = {0};
    if (apl_checkpoint_open(note, v->in->key, 1, &checkpoint, &why)) {
        head_finding(v, APL_FINDING_BROKEN, "note", why.what);
        return;
    }
    apl_tree_hash root = tree ? apl_tree_root(tree) : checkpoint.root;
    if (!apl_span_is(checkpoint.origin, v->in->key->name))
        head_finding(v, APL_FINDING_BROKEN, "note", "it is signed for another ledger");
    else if (checkpoint.size != (uint64_t)v->ledger_size)
        head_finding(v, APL_FINDING_BROKEN, "note", "it was signed over another number of entries");
    else if (!apl_tree_hash_equal(&root, &checkpoint.root))
        head_finding(v, APL_FINDING_BROKEN, "note", "what was signed is another history");
}

static apl_rc check_head(apl_verify *v, apl_cursor *cursor, const apl_tree *tree,
                         apl_time_us last_checkpoint_us, apl_err *err)
{
    int64_t size = apl_cursor_i64(cursor, 0);
    if (size > v->ledger_size) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_MISSING, v->ledger_size,
                                         "ledger_entry %lld to %lld", (long long)v->ledger_size,
                                         (long long)size - 1);
        apl_finding_say(f, "the head of the ledger counts %lld entries", (long long)size);
    } else if (size < v->ledger_size) {
        head_finding(v, APL_FINDING_CHANGED, "size", "there are more entries than it counts");
    }
    /* Nothing proves the last entry's hash when entries are missing. */
    if (size == v->ledger_size)
        check_note(v, apl_cursor_span(cursor, 2), tree);
    if (!v->damaged_entries && apl_cursor_i64(cursor, 5) != last_checkpoint_us)
        head_finding(v, APL_FINDING_CHANGED, "checkpoint_us",
                     "this is not the time of the last checkpoint");
    v->next_id = apl_cursor_i64(cursor, 3);
    v->next_case_id = apl_cursor_i64(cursor, 4);
    return tree && size == v->ledger_size ? check_frontier(v, apl_cursor_span(cursor, 1), tree, err)
                                          : APL_OK;
}

apl_rc apl_verify_head(apl_verify *v, const apl_tree *tree, apl_time_us last_checkpoint_us,
                       apl_err *err)
{
    static const char sql[] =
        "SELECT size, frontier, note, next_id, next_case_id, checkpoint_us FROM ledger_head"
        " WHERE workspace_id = $1";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    int64_t count = 0;
    apl_rc rc = apl_conn_query(v->conn, sql, APL_VALS(APL_I64(v->in->workspace_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        rc = check_head(v, cursor, tree, last_checkpoint_us, err);
    apl_cursor_close(cursor);
    if (!rc && !has_row && v->ledger_size)
        head_finding(v, APL_FINDING_MISSING, "",
                     "the signed head of the ledger is not in the store");
    if (!rc)
        rc = apl_conn_number(v->conn, "SELECT count(*) FROM ledger_head", NULL, 0, &count, err);
    if (!rc && count > has_row)
        head_finding(v, APL_FINDING_EXTRA, "", "there is a head of a workspace that has no ledger");
    return rc;
}
