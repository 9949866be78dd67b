/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the store and the head of its ledger; see doctor_internal.h. Tests: tests/e2e/test_doctor.py */
#include "desk/doctor_internal.h"
#include "ledger/entry.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 128 };
static const int64_t sqlite_oldest[] = {3, 40};

/* First column of the first row as text, or as much of it as fits. */
static apl_rc one_text(apl_conn *conn, const char *sql, char out[TEXT_MAX_BYTES], apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = false;
    out[0] = '\0';
    apl_rc rc = apl_conn_query(conn, sql, NULL, 0, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        (void)snprintf(out, TEXT_MAX_BYTES, "%.*s", APL_SPAN_ARGS(apl_cursor_span(cursor, 0)));
    apl_cursor_close(cursor);
    return rc;
}

static void check_version(apl_doctor *d, bool is_sqlite)
{
    char version[TEXT_MAX_BYTES];
    apl_err err = {0};
    int64_t major = 0, minor = 0;
    apl_rc rc = is_sqlite ? one_text(d->plain.conn, "SELECT sqlite_version()", version, &err)
                          : one_text(d->plain.conn, "SELECT current_setting('server_version')",
                                     version, &err);
    if (rc) {
        apl_doctor_error(d, "store", APL_CHECK_WRONG, &err);
        return;
    }
    apl_check *check = apl_doctor_check(d, "store", "opens; %s %.60s",
                                        is_sqlite ? "SQLite" : "PostgreSQL", version);
    apl_span rest = apl_span_of(version), part;
    if (apl_span_split(&rest, '.', &part) && !apl_span_parse_i64(part, &major, NULL) &&
        apl_span_split(&rest, '.', &part))
        (void)!apl_span_parse_i64(part, &minor, NULL);
    if (is_sqlite &&
        (major < sqlite_oldest[0] || (major == sqlite_oldest[0] && minor < sqlite_oldest[1])))
        apl_check_set(check, APL_CHECK_WRONG, "install SQLite 3.40 or newer");
}

static void check_schema(apl_doctor *d)
{
    apl_err err = {0};
    if (apl_plain_check_schema(&d->plain, &err))
        apl_doctor_error(d, "schema", APL_CHECK_WRONG, &err);
    else
        (void)apl_doctor_check(d, "schema", "is the one that this program knows");
}

static void check_integrity(apl_doctor *d)
{
    apl_err err = {0};
    if (!d->plain.store->backend->check(d->plain.conn, &err)) {
        (void)apl_doctor_check(d, "integrity", "the database is whole");
        return;
    }
    apl_err_fix(&err, "restore the last backup into a new folder: aplomb restore FILE --data NEW");
    apl_doctor_error(d, "integrity", APL_CHECK_WRONG, &err);
}

/* --- the head of the ledger --------------------------------------------------------------------------------------- */

typedef struct last_entry {
    int64_t seq;
    apl_tree_hash leaf;
    apl_time_us at_us;
    bool is_there;
} last_entry;

static apl_rc read_last(apl_doctor *d, last_entry *out, apl_err *err)
{
    static const char sql[] =
        "SELECT seq, entry FROM ledger_entry WHERE workspace_id = 1 ORDER BY seq DESC LIMIT 1";
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_cursor *cursor = NULL;
    apl_entry_view view;
    memset(out, 0, sizeof *out);
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(d->plain.conn, sql, NULL, 0, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &out->is_there, err);
    if (!rc && out->is_there) {
        out->seq = apl_cursor_i64(cursor, 0);
        out->leaf = apl_tree_leaf(apl_cursor_span(cursor, 1));
        rc = apl_entry_parse(doc, apl_cursor_span(cursor, 1), &view, err);
        if (!rc)
            out->at_us = view.at_us;
    }
    apl_cursor_close(cursor);
    return rc;
}

static const char *compare_head(apl_cursor *cursor, const last_entry *last, const apl_note_key *key,
                                apl_err *err)
{
    apl_checkpoint checkpoint;
    apl_tree tree;
    apl_span last_hash = apl_cursor_span(cursor, 1);
    if (apl_cursor_i64(cursor, 0) != last->seq + 1)
        return "it counts another number of entries than there are";
    if (last_hash.len != sizeof last->leaf ||
        memcmp(last_hash.ptr, &last->leaf, sizeof last->leaf) != 0)
        return "the last entry is not the one that it names";
    if (apl_tree_parse(apl_cursor_span(cursor, 2), &tree, err))
        return err->what;
    if (apl_checkpoint_open(apl_cursor_span(cursor, 3), key, 1, &checkpoint, err))
        return err->what;
    apl_tree_hash root = apl_tree_root(&tree);
    if (checkpoint.size != (uint64_t)last->seq + 1 || !apl_tree_hash_equal(&root, &checkpoint.root))
        return "what was signed is another state";
    return NULL;
}

static apl_rc read_head(apl_doctor *d, const last_entry *last, const apl_note_key *key,
                        char *out_wrong, apl_err *err)
{
    static const char sql[] =
        "SELECT size, last_hash, frontier, note FROM ledger_head WHERE workspace_id = 1";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_err why = {0};
    const char *wrong = NULL;
    apl_rc rc = apl_conn_query(d->plain.conn, sql, NULL, 0, &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc)
        wrong = has_row ? compare_head(cursor, last, key, &why) : "it is missing";
    (void)snprintf(out_wrong, TEXT_MAX_BYTES, "%s", wrong ? wrong : "");
    apl_cursor_close(cursor);
    return rc;
}

static void check_clock(apl_doctor *d, const last_entry *last)
{
    char text[APL_TIME_TEXT_BYTES], newest[APL_TIME_TEXT_BYTES];
    apl_time_us now = apl_clock_now(d->env->clock);
    apl_check *check = apl_doctor_check(d, "clock", "it is %s", apl_time_format(now, text));
    if (!last->is_there || now >= last->at_us)
        return;
    (void)snprintf(check->detail, sizeof check->detail,
                   "it is %s, but the newest ledger entry was made at %s", text,
                   apl_time_format(last->at_us, newest));
    apl_check_set(
        check, APL_CHECK_WRONG,
        "set the clock of this machine (a time service such as systemd-timesyncd keeps it)");
}

static void check_ledger(apl_doctor *d)
{
    apl_note_key key;
    last_entry last;
    char wrong[TEXT_MAX_BYTES] = "";
    apl_err err = {0};
    apl_rc rc = read_last(d, &last, &err);
    if (!rc)
        check_clock(d, &last);
    if (!rc && !last.is_there) {
        (void)apl_doctor_check(d, "ledger", "holds nothing yet");
        return;
    }
    if (!rc)
        rc = apl_plain_load_key(d->plain.dir, &key, &err);
    if (!rc)
        rc = read_head(d, &last, &key, wrong, &err);
    if (rc) {
        apl_err_fix(&err, "run: aplomb verify");
        apl_doctor_error(d, "ledger", APL_CHECK_WRONG, &err);
    } else if (wrong[0]) {
        apl_check *check = apl_doctor_check(d, "ledger", "the signed head does not fit: %s", wrong);
        apl_check_set(check, APL_CHECK_WRONG, "find out what was changed with: aplomb verify");
    } else {
        (void)apl_doctor_check(
            d, "ledger",
            "%lld entries, and the signature over them is good (aplomb verify checks them all)",
            (long long)last.seq + 1);
    }
}

void apl_doctor_store(apl_doctor *d)
{
    bool is_sqlite = strcmp(d->plain.store->backend->name, "sqlite") == 0;
    check_version(d, is_sqlite);
    check_schema(d);
    check_integrity(d);
    check_ledger(d);
}
