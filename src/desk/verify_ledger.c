/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First pass of verification: the entries in order. An entry is used one step late, when its successor has said what its
 * hash was: so a changed entry is named itself, its true hash goes into the tree, and the checkpoints after it still
 * prove the rest. What a changed entry says is not used. Tests: tests/e2e/test_verify.py
 */
#include "desk/tx.h"
#include "desk/verify_internal.h"

#include <string.h>

enum { NOTE_COPY_MAX_BYTES = APL_NOTE_MAX_BYTES };
static const size_t links_max = (size_t)1 << 34;

typedef struct held_entry {
    apl_json_doc *doc;
    apl_buf bytes;
    apl_entry_view view;
    int64_t seq;
    apl_tree_hash leaf;
    bool is_held;
    bool is_good;
} held_entry;

typedef struct ledger_pass {
    apl_verify *v;
    held_entry slots[2];
    int present; /* slot of the entry that waits for its successor */
    apl_tree tree;
    bool
        tree_is_lost; /* an entry is missing, or a root did not match: later roots say nothing more */
    int64_t proven_size; /* of the last checkpoint that matched */
    bool has_checkpoint;
    int64_t checkpoint_size; /* of the next one in the store */
    apl_time_us checkpoint_us;
    apl_buf checkpoint_note;
    apl_time_us last_checkpoint_us; /* as the writer knew it */
    apl_time_us due_us;             /* a checkpoint with this time must come, or APL_TIME_NONE */
} ledger_pass;

/* --- checkpoints -------------------------------------------------------------------------------------------------- */

static apl_rc next_checkpoint(ledger_pass *p, int64_t above, apl_err *err)
{
    static const char sql[] =
        "SELECT size, signed_us, note FROM ledger_checkpoint WHERE workspace_id = $1 AND size > $2"
        " ORDER BY size LIMIT 1";
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(
        p->v->conn, sql, APL_VALS(APL_I64(p->v->in->workspace_id), APL_I64(above)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &p->has_checkpoint, err);
    if (!rc && p->has_checkpoint) {
        p->checkpoint_size = apl_cursor_i64(cursor, 0);
        p->checkpoint_us = apl_cursor_i64(cursor, 1);
        apl_buf_clear(&p->checkpoint_note);
        rc = apl_buf_add(&p->checkpoint_note, apl_cursor_span(cursor, 2), err);
        if (rc == APL_E_LIMIT) /* no note is that long; opening it says so */
            rc = APL_OK;
    }
    apl_cursor_close(cursor);
    return rc;
}

static void broken_checkpoint(ledger_pass *p, const char *detail)
{
    apl_finding *f = apl_verify_note(p->v, APL_FINDING_BROKEN, -1, "ledger_checkpoint %lld",
                                     (long long)p->checkpoint_size);
    apl_finding_say(f, "%s", detail);
}

static void compare_root(ledger_pass *p, const apl_checkpoint *checkpoint)
{
    apl_tree_hash root = apl_tree_root(&p->tree);
    if (p->tree_is_lost)
        return;
    if (apl_tree_hash_equal(&root, &checkpoint->root)) {
        p->proven_size = p->checkpoint_size;
        return;
    }
    apl_finding *f = apl_verify_note(p->v, APL_FINDING_BROKEN, -1, "ledger_checkpoint %lld",
                                     (long long)p->checkpoint_size);
    apl_finding_say(f,
                    "what was signed is another history: an entry from %lld to %lld was changed, "
                    "with all that follow",
                    (long long)p->proven_size, (long long)p->checkpoint_size - 1);
    p->tree_is_lost = true;
}

static void open_checkpoint(ledger_pass *p)
{
    apl_checkpoint checkpoint;
    apl_err why = {0};
    p->v->report->checkpoints++;
    if (apl_checkpoint_open(apl_buf_view(&p->checkpoint_note), p->v->in->key, 1, &checkpoint,
                            &why)) {
        broken_checkpoint(p, why.what);
        return;
    }
    if (!apl_span_is(checkpoint.origin, p->v->in->key->name))
        broken_checkpoint(p, "it is signed for another ledger");
    else if (checkpoint.size != (uint64_t)p->checkpoint_size)
        broken_checkpoint(p, "the size that was signed is another");
    else
        compare_root(p, &checkpoint);
}

/* The writer keeps a checkpoint at the first commit after a while and after so many entries, so that none can vanish. */
static void expect_checkpoint(ledger_pass *p, const held_entry *e)
{
    if (p->v->damaged_entries)
        return;
    apl_time_us at = e->view.at_us;
    if (p->due_us != APL_TIME_NONE && p->due_us != at) {
        char text[APL_TIME_TEXT_BYTES];
        apl_finding *f = apl_verify_note(p->v, APL_FINDING_MISSING, e->seq - 1,
                                         "ledger_checkpoint of %s",
                                         apl_time_format(p->due_us, text));
        apl_finding_say(f, "a checkpoint was signed at this entry and is not in the store");
        p->last_checkpoint_us = p->due_us;
        p->due_us = APL_TIME_NONE;
    }
    if (p->due_us == APL_TIME_NONE && (at - p->last_checkpoint_us >= APL_CHECKPOINT_EVERY_US ||
                                       (e->seq + 1) % APL_CHECKPOINT_EVERY_ENTRIES == 0))
        p->due_us = at;
}

/* Checkpoints at the size that the ledger has with this entry. */
static apl_rc meet_checkpoints(ledger_pass *p, const held_entry *e, apl_err *err)
{
    apl_rc rc = APL_OK;
    while (!rc && p->has_checkpoint && p->checkpoint_size <= e->seq + 1) {
        if (p->checkpoint_size <= e->seq) {
            apl_finding *f = apl_verify_note(p->v, APL_FINDING_EXTRA, -1, "ledger_checkpoint %lld",
                                             (long long)p->checkpoint_size);
            apl_finding_say(f, "there is no state of the ledger with this size");
        } else {
            open_checkpoint(p);
            if (e->is_good && p->checkpoint_us != e->view.at_us) {
                apl_finding *f = apl_verify_note(p->v, APL_FINDING_CHANGED, e->seq,
                                                 "ledger_checkpoint %lld",
                                                 (long long)p->checkpoint_size);
                apl_finding_at(f, "signed_us");
                apl_finding_say(f, "its time is not that of the entry that it was signed with");
            }
            p->last_checkpoint_us = p->checkpoint_us;
            p->due_us = APL_TIME_NONE;
        }
        rc = next_checkpoint(p, p->checkpoint_size, err);
    }
    return rc;
}

/* --- what an entry says ------------------------------------------------------------------------------------------- */

static bool parse_key(const apl_table *table, apl_span text, int64_t out_key[2])
{
    int parts = table->key_count > 1 ? table->key_count - 1 : 1, got = 0;
    apl_span part;
    out_key[0] = out_key[1] = 0;
    while (apl_span_split(&text, '/', &part)) {
        if (got == 2 || apl_span_parse_i64(part, &out_key[got], NULL))
            return false;
        got++;
    }
    return got == parts;
}

static size_t table_index(apl_span name)
{
    for (size_t i = 0; apl_tables[i]; i++)
        if (apl_span_is(name, apl_tables[i]->name))
            return i;
    return SIZE_MAX;
}

static apl_rc take_rows(ledger_pass *p, const held_entry *e, apl_err *err)
{
    apl_span name, key_text;
    uint8_t seal[APL_SEAL_BYTES];
    int64_t key[2];
    for (apl_json_iter it = apl_json_each(e->view.rows);
         apl_entry_next_row(&it, &name, &key_text, seal);) {
        size_t table = table_index(name);
        if (table == SIZE_MAX || !parse_key(apl_tables[table], key_text, key)) {
            apl_finding *f = apl_verify_note(p->v, APL_FINDING_BROKEN, e->seq, "ledger_entry %lld",
                                             (long long)e->seq);
            apl_finding_say(f, "it seals %.*s %.*s, which this program does not know",
                            APL_SPAN_ARGS(apl_span_sub(name, 0, 64)),
                            APL_SPAN_ARGS(apl_span_sub(key_text, 0, 64)));
            continue;
        }
        apl_sealed *slot = apl_seal_map_put(&p->v->seals, table, key);
        if (!slot)
            return apl_err_nomem(err);
        slot->tag = (uint64_t)e->seq << 8 | (table + 1) << 1;
        memcpy(slot->seal, seal, sizeof seal);
    }
    return APL_OK;
}

static apl_rc add_link(apl_verify *v, int64_t case_id, int64_t seq, apl_err *err)
{
    if (v->link_count == v->link_cap) {
        size_t cap = v->link_cap ? v->link_cap + v->link_cap / 2 : 1024;
        apl_case_link *more = cap < links_max ? apl_mem_realloc(v->links, cap * sizeof *more)
                                              : NULL;
        if (!more)
            return apl_err_nomem(err);
        v->links = more;
        v->link_cap = cap;
    }
    v->links[v->link_count++] = (apl_case_link){case_id, seq};
    return APL_OK;
}

static apl_rc take_about(ledger_pass *p, const held_entry *e, apl_err *err)
{
    apl_json value;
    apl_span text;
    int64_t id = 0;
    apl_rc rc = APL_OK;
    for (apl_json_iter it = apl_json_each(e->view.about); !rc && apl_json_next(&it, NULL, &value);)
        if (apl_json_as_str(value, &text) && apl_span_starts(text, APL_SPAN("case/")) &&
            !apl_span_parse_i64(apl_span_sub(text, 5, SIZE_MAX), &id, NULL))
            rc = add_link(p->v, id, e->seq, err);
    return rc;
}

/* --- the chain ---------------------------------------------------------------------------------------------------- */

static void damaged_entry(ledger_pass *p, held_entry *e, const char *detail)
{
    if (!e->is_good)
        return;
    apl_finding *f =
        apl_verify_note(p->v, APL_FINDING_CHANGED, e->seq, "ledger_entry %lld", (long long)e->seq);
    apl_finding_say(f, "%s", detail);
    e->is_good = false;
}

static apl_rc load_entry(ledger_pass *p, held_entry *e, apl_cursor *cursor, apl_err *err)
{
    apl_err why = {0};
    apl_span bytes = apl_cursor_span(cursor, 1);
    e->seq = apl_cursor_i64(cursor, 0);
    e->is_held = true;
    e->is_good = true;
    e->leaf = apl_tree_leaf(bytes);
    apl_buf_clear(&e->bytes);
    if (bytes.len > APL_ENTRY_MAX_BYTES) {
        damaged_entry(p, e, "it is longer than an entry can be");
        return APL_OK;
    }
    apl_rc rc = apl_buf_add(&e->bytes, bytes, err);
    if (rc)
        return rc;
    rc = apl_entry_parse(e->doc, apl_buf_view(&e->bytes), &e->view, &why);
    if (rc == APL_E_NOMEM)
        return apl_err_nomem(err);
    if (rc)
        damaged_entry(p, e, why.what);
    else if (e->view.seq != e->seq)
        damaged_entry(p, e,
                      "it stands in the place of another entry: its own number is a different one");
    else if (e->view.workspace_id != p->v->in->workspace_id)
        damaged_entry(p, e, "it belongs to another workspace");
    return APL_OK;
}

/* next_prev: what the successor says of the entry's hash; NULL when there is none to ask. */
static apl_rc settle(ledger_pass *p, held_entry *e, const apl_tree_hash *next_prev, apl_err *err)
{
    apl_rc rc = APL_OK;
    if (!e->is_held)
        return APL_OK;
    e->is_held = false;
    if (next_prev && !apl_tree_hash_equal(next_prev, &e->leaf))
        damaged_entry(p, e, "its hash is not the one that the next entry names");
    if (!e->is_good)
        p->v->damaged_entries++;
    apl_tree_append(&p->tree, next_prev ? next_prev : &e->leaf);
    if (e->is_good) {
        expect_checkpoint(p, e);
        rc = take_rows(p, e, err);
        if (!rc)
            rc = take_about(p, e, err);
        if (!rc)
            rc = apl_verify_commits(p->v, &e->view, err);
    }
    p->v->report->entries++;
    return rc ? rc : meet_checkpoints(p, e, err);
}

static apl_rc note_gap(ledger_pass *p, int64_t from, int64_t to, apl_err *err)
{
    apl_rc rc = settle(p, &p->slots[p->present], NULL, err);
    apl_finding *f =
        from == to - 1
            ? apl_verify_note(p->v, APL_FINDING_MISSING, from, "ledger_entry %lld", (long long)from)
            : apl_verify_note(p->v, APL_FINDING_MISSING, from, "ledger_entry %lld to %lld",
                              (long long)from, (long long)to - 1);
    apl_finding_say(f, "entries are numbered without gaps");
    p->tree_is_lost = true;
    p->v->damaged_entries += to - from;
    return rc;
}

static apl_rc take_entry(ledger_pass *p, apl_cursor *cursor, apl_err *err)
{
    held_entry *before = &p->slots[p->present], *e = &p->slots[!p->present];
    int64_t seq = apl_cursor_i64(cursor, 0);
    apl_rc rc = seq > p->v->ledger_size ? note_gap(p, p->v->ledger_size, seq, err) : APL_OK;
    if (!rc)
        rc = load_entry(p, e, cursor, err);
    if (!rc)
        rc = settle(p, before, e->is_good && e->view.has_prev ? &e->view.prev : NULL, err);
    p->present = !p->present;
    p->v->ledger_size = seq + 1;
    return rc;
}

static apl_rc read_page(ledger_pass *p, int64_t above, int64_t *out_count, apl_err *err)
{
    static const char sql[] = "SELECT seq, entry FROM ledger_entry WHERE workspace_id = $1 AND seq "
                              "> $2 ORDER BY seq LIMIT $3";
    apl_cursor *cursor = NULL;
    bool has_row = true;
    *out_count = 0;
    apl_rc rc = apl_conn_query(
        p->v->conn, sql,
        APL_VALS(APL_I64(p->v->in->workspace_id), APL_I64(above), APL_I64(APL_VERIFY_PAGE)),
        &cursor, err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row) {
            rc = take_entry(p, cursor, err);
            ++*out_count;
        }
    }
    apl_cursor_close(cursor);
    return rc;
}

/* The last entry has no successor; the head remembers its hash. */
static apl_rc settle_last(ledger_pass *p, apl_err *err)
{
    static const char sql[] =
        "SELECT last_hash FROM ledger_head WHERE workspace_id = $1 AND size = $2";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_tree_hash last;
    apl_rc rc = apl_conn_query(
        p->v->conn, sql, APL_VALS(APL_I64(p->v->in->workspace_id), APL_I64(p->v->ledger_size)),
        &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row && apl_cursor_span(cursor, 0).len == sizeof last)
        memcpy(&last, apl_cursor_span(cursor, 0).ptr, sizeof last);
    else
        has_row = false;
    apl_cursor_close(cursor);
    held_entry *e = &p->slots[p->present];
    if (rc || !has_row || !e->is_held || apl_tree_hash_equal(&last, &e->leaf))
        return rc ? rc : settle(p, e, NULL, err);
    damaged_entry(p, e, "its hash is not the one that the head of the ledger names");
    return settle(p, e, &last, err);
}

static apl_rc count_strays(apl_verify *v, apl_err *err)
{
    int64_t count = 0;
    apl_rc rc = apl_conn_number(v->conn, "SELECT count(*) FROM ledger_entry", NULL, 0, &count, err);
    if (!rc && count != v->report->entries) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_EXTRA, -1, "ledger_entry");
        apl_finding_say(f, "%lld rows stand outside the ledger of workspace %lld",
                        (long long)(count - v->report->entries), (long long)v->in->workspace_id);
    }
    return rc;
}

static void note_checkpoints_beyond(ledger_pass *p)
{
    if (p->has_checkpoint) {
        apl_finding *f = apl_verify_note(p->v, APL_FINDING_MISSING, p->v->ledger_size,
                                         "ledger_entry %lld to %lld", (long long)p->v->ledger_size,
                                         (long long)p->checkpoint_size - 1);
        apl_finding_say(f, "a checkpoint was signed over %lld entries; the ledger has only %lld",
                        (long long)p->checkpoint_size, (long long)p->v->ledger_size);
    }
    if (p->due_us != APL_TIME_NONE && !p->v->damaged_entries) {
        char text[APL_TIME_TEXT_BYTES];
        apl_finding *f = apl_verify_note(p->v, APL_FINDING_MISSING, -1, "ledger_checkpoint of %s",
                                         apl_time_format(p->due_us, text));
        apl_finding_say(f, "a checkpoint was signed then and is not in the store");
        p->last_checkpoint_us = p->due_us;
    }
}

static apl_rc run(ledger_pass *p, apl_err *err)
{
    int64_t count = 0;
    apl_rc rc = next_checkpoint(p, INT64_MIN, err);
    do {
        if (!rc)
            rc = read_page(p, p->v->ledger_size - 1, &count, err);
    } while (!rc && count == APL_VERIFY_PAGE);
    if (!rc)
        rc = settle_last(p, err);
    if (!rc)
        note_checkpoints_beyond(p);
    if (!rc)
        rc = count_strays(p->v, err);
    p->v->report->root = apl_tree_root(&p->tree);
    return rc ? rc
              : apl_verify_head(p->v, p->tree_is_lost ? NULL : &p->tree, p->last_checkpoint_us,
                                err);
}

apl_rc apl_verify_ledger(apl_verify *v, apl_err *err)
{
    ledger_pass p = {
        .v = v, .due_us = APL_TIME_NONE, .checkpoint_note = APL_BUF(NOTE_COPY_MAX_BYTES)};
    apl_rc rc = APL_OK;
    apl_tree_init(&p.tree);
    for (size_t i = 0; i < 2; i++) {
        p.slots[i].doc = apl_json_doc_new();
        apl_buf_init(&p.slots[i].bytes, APL_ENTRY_MAX_BYTES);
        if (!p.slots[i].doc)
            rc = apl_err_nomem(err);
    }
    if (!rc)
        rc = run(&p, err);
    for (size_t i = 0; i < 2; i++) {
        apl_json_doc_free(p.slots[i].doc);
        apl_buf_release(&p.slots[i].bytes);
    }
    apl_buf_release(&p.checkpoint_note);
    return rc;
}
