/* SPDX-License-Identifier: Apache-2.0 */
/* State and ledger in one transaction; see tx.h. Tests: tests/unit/desk/test_tx.c, tests/fault */
#include "desk/tx.h"

#include "crypto/encode.h"
#include "desk/seal.h"
#include "ledger/note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TX_ARENA_MAX_BYTES = 256 * 1024 * 1024,
    ROWS_PER_ENTRY =
        300, /* 300 rows of at most 150 bytes stay under the 65,535 bytes of an entry */
    NOTE_MAX_BYTES = 4096,
};

static apl_rc read_head(apl_tx *tx, apl_err *err)
{
    static const char sql[] =
        "SELECT size, last_hash, frontier, next_id, next_case_id, checkpoint_us FROM ledger_head"
        " WHERE workspace_id = $1";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_ledger_head *head = &tx->head;
    *head = (apl_ledger_head){.next_id = 1, .next_case_id = 1};
    apl_tree_init(&head->tree);
    apl_rc rc = apl_conn_query(tx->conn, sql, APL_VALS(APL_I64(tx->workspace_id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row) {
        apl_span last = apl_cursor_span(cursor, 1);
        head->size = apl_cursor_i64(cursor, 0);
        head->next_id = apl_cursor_i64(cursor, 3);
        head->next_case_id = apl_cursor_i64(cursor, 4);
        head->checkpoint_us = apl_cursor_i64(cursor, 5);
        if (last.len == sizeof head->last_hash)
            memcpy(&head->last_hash, last.ptr, sizeof head->last_hash);
        rc = apl_tree_parse(apl_cursor_span(cursor, 2), &head->tree, err);
        if (!rc && (last.len != sizeof head->last_hash || head->tree.size != (uint64_t)head->size))
            rc = apl_err_set(err, APL_E_CORRUPT, "the head of the ledger is damaged");
    }
    apl_cursor_close(cursor);
    return rc;
}

static void release(apl_tx *tx)
{
    apl_arena_release(&tx->arena);
    apl_entry_release(&tx->entry);
    apl_buf_release(&tx->entry_bytes);
}

apl_rc apl_tx_begin(apl_tx *tx, apl_desk *desk, apl_err *err)
{
    memset(tx, 0, sizeof *tx);
    tx->desk = desk;
    tx->conn = desk->conn;
    tx->workspace_id = desk->workspace_id;
    apl_arena_init(&tx->arena, TX_ARENA_MAX_BYTES);
    apl_entry_init(&tx->entry);
    apl_buf_init(&tx->entry_bytes, APL_ENTRY_MAX_BYTES);
    apl_rc rc = apl_conn_begin(tx->conn, err);
    if (!rc) {
        tx->now = apl_clock_now(desk->env.clock);
        rc = tx->conn->store->backend->lock_workspace(tx->conn, tx->workspace_id, err);
        if (!rc)
            rc = read_head(tx, err);
        tx->first_size = tx->head.size;
        if (rc)
            apl_conn_rollback(tx->conn);
    }
    if (rc)
        release(tx);
    return rc;
}

static apl_rc sign_head(apl_tx *tx, apl_buf *note, apl_err *err)
{
    apl_tree_hash root = apl_tree_root(&tx->head.tree);
    apl_checkpoint checkpoint = {
        .origin = apl_span_of(tx->desk->ledger_name),
        .size = (uint64_t)tx->head.size,
        .root = root,
    };
    return apl_checkpoint_sign(&checkpoint, &tx->desk->signer, 1, note, err);
}

static apl_rc write_head(apl_tx *tx, apl_err *err)
{
    static const char sql[] =
        "INSERT INTO ledger_head (workspace_id, size, last_hash, frontier, note, next_id, "
        "next_case_id, checkpoint_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id) DO UPDATE SET size = "
        "excluded.size,"
        " last_hash = excluded.last_hash, frontier = excluded.frontier, note = excluded.note,"
        " next_id = excluded.next_id, next_case_id = excluded.next_case_id, checkpoint_us = "
        "excluded.checkpoint_us";
    static const char keep_sql[] = "INSERT INTO ledger_checkpoint (workspace_id, size, signed_us, "
                                   "note) VALUES ($1, $2, $3, $4)"
                                   " ON CONFLICT (workspace_id, size) DO NOTHING";
    APL_AUTO(apl_buf) note = APL_BUF(NOTE_MAX_BYTES);
    APL_AUTO(apl_buf) frontier = APL_BUF(APL_TREE_BLOB_MAX_BYTES);
    apl_ledger_head *head = &tx->head;
    apl_rc rc = sign_head(tx, &note, err);
    if (!rc)
        rc = apl_tree_format(&head->tree, &frontier, err);
    if (rc)
        return rc;
    bool keep = tx->now - head->checkpoint_us >= APL_CHECKPOINT_EVERY_US ||
                head->size / APL_CHECKPOINT_EVERY_ENTRIES !=
                    tx->first_size / APL_CHECKPOINT_EVERY_ENTRIES;
    if (keep) {
        head->checkpoint_us = tx->now;
        rc = apl_conn_run(tx->conn, keep_sql,
                          APL_VALS(APL_I64(tx->workspace_id), APL_I64(head->size), APL_I64(tx->now),
                                   APL_TEXT(apl_buf_view(&note))),
                          err);
    }
    if (!rc)
        rc = apl_conn_run(
            tx->conn, sql,
            APL_VALS(APL_I64(tx->workspace_id), APL_I64(head->size),
                     APL_BLOB(((apl_span){(const char *)&head->last_hash, sizeof head->last_hash})),
                     APL_BLOB(apl_buf_view(&frontier)), APL_TEXT(apl_buf_view(&note)),
                     APL_I64(head->next_id), APL_I64(head->next_case_id),
                     APL_I64(head->checkpoint_us)),
            err);
    return rc;
}

apl_rc apl_tx_commit(apl_tx *tx, apl_err *err)
{
    apl_rc rc = tx->in_entry ? apl_err_set(err, APL_E_INTERNAL, "a ledger entry was left open")
                             : APL_OK;
    if (!rc && tx->head.size != tx->first_size)
        rc = write_head(tx, err);
    if (!rc)
        rc = apl_conn_commit(tx->conn, err);
    if (rc)
        apl_conn_rollback(tx->conn);
    release(tx);
    return rc;
}

void apl_tx_rollback(apl_tx *tx)
{
    apl_conn_rollback(tx->conn);
    release(tx);
}

bool apl_tx_is_lost(apl_rc rc)
{
    switch (rc) {
    case APL_E_IO:
    case APL_E_FULL:
    case APL_E_NOMEM:
    case APL_E_CORRUPT:
    case APL_E_BUSY:
    case APL_E_TIMEOUT:
    case APL_E_INTERNAL:
        return true;
    default:
        return false;
    }
}

apl_rc apl_tx_save(apl_tx *tx, apl_err *err)
{
    int depth = tx->conn->depth;
    apl_rc rc = apl_conn_save(tx->conn, err);
    if (rc)
        return rc;
    apl_arena_clear(&tx->arena);
    tx->saved[depth] = tx->head;
    return APL_OK;
}

apl_rc apl_tx_release(apl_tx *tx, apl_err *err)
{
    return apl_conn_release(tx->conn, err);
}

void apl_tx_undo(apl_tx *tx)
{
    apl_conn_undo(tx->conn);
    tx->head = tx->saved[tx->conn->depth];
    tx->in_entry = false;
}

apl_rc apl_tx_entry_begin(apl_tx *tx, const char *kind, apl_actor actor, apl_err *err)
{
    if (tx->in_entry || strlen(kind) >= sizeof tx->kind)
        return apl_err_set(err, APL_E_INTERNAL, "entry %s begun inside %s", kind, tx->kind);
    memcpy(tx->kind, kind, strlen(kind) + 1);
    tx->actor = actor;
    tx->row_count = 0;
    tx->about_case_count = 0;
    tx->in_entry = true;
    apl_entry_begin(&tx->entry, tx->workspace_id, tx->now, kind, actor.noun, actor.id);
    return APL_OK;
}

static apl_rc start_continuation(apl_tx *tx, apl_err *err)
{
    char kind[sizeof tx->kind];
    memcpy(kind, tx->kind, sizeof kind);
    apl_entry_bool(&tx->entry, "continues", true);
    apl_rc rc = apl_tx_entry_end(tx, err);
    return rc ? rc : apl_tx_entry_begin(tx, kind, tx->actor, err);
}

apl_rc apl_tx_about(apl_tx *tx, const char *noun, int64_t id, apl_err *err)
{
    bool is_case = strcmp(noun, "case") == 0;
    for (size_t i = 0; is_case && i < tx->about_case_count; i++)
        if (tx->about_case[i] == id)
            return APL_OK;
    /* More cases than fit: the entry is ended, the next one of the same kind names the rest. */
    if (is_case && tx->about_case_count == APL_TX_CASES_MAX) {
        apl_rc rc = start_continuation(tx, err);
        if (rc)
            return rc;
    }
    if (is_case)
        tx->about_case[tx->about_case_count++] = id;
    apl_entry_about(&tx->entry, noun, id);
    return APL_OK;
}

void apl_tx_commitment(apl_tx *tx, const char *field, const apl_row_seal *seal, apl_span value)
{
    uint8_t hash[APL_SHA256_BYTES];
    apl_commit_field(seal->salt, field, value, hash);
    apl_entry_commit(&tx->entry, field, hash);
}

apl_rc apl_tx_entry_end(apl_tx *tx, apl_err *err)
{
    static const char sql[] =
        "INSERT INTO ledger_entry (workspace_id, seq, entry) VALUES ($1, $2, $3)";
    static const char about_sql[] =
        "INSERT INTO ledger_about (workspace_id, case_id, seq) VALUES ($1, $2, $3)";
    apl_ledger_head *head = &tx->head;
    apl_rc rc = apl_entry_finish(&tx->entry, head->size, head->size ? &head->last_hash : NULL,
                                 &tx->entry_bytes, err);
    if (!rc)
        rc = apl_conn_run(tx->conn, sql,
                          APL_VALS(APL_I64(tx->workspace_id), APL_I64(head->size),
                                   APL_TEXT(apl_buf_view(&tx->entry_bytes))),
                          err);
    for (size_t i = 0; i < tx->about_case_count && !rc; i++)
        rc = apl_conn_run(
            tx->conn, about_sql,
            APL_VALS(APL_I64(tx->workspace_id), APL_I64(tx->about_case[i]), APL_I64(head->size)),
            err);
    tx->in_entry = false;
    if (rc)
        return apl_err_wrap(err, rc, "ledger entry %s", tx->kind);
    head->last_hash = apl_tree_leaf(apl_buf_view(&tx->entry_bytes));
    apl_tree_append(&head->tree, &head->last_hash);
    head->size++;
    return APL_OK;
}

/* An entry that is full is ended and goes on as a second one. */
static apl_rc make_room(apl_tx *tx, apl_err *err)
{
    return tx->row_count < ROWS_PER_ENTRY ? APL_OK : start_continuation(tx, err);
}

typedef apl_rc (*put_row)(apl_conn *conn, const apl_table *table, const void *row,
                          const apl_row_seal *seal, apl_err *err);

static apl_rc write_row(apl_tx *tx, const apl_table *table, const void *row, put_row put,
                        apl_row_seal *out_seal, apl_err *err)
{
    apl_row_seal seal;
    uint8_t hash[APL_SEAL_BYTES];
    char key[APL_ROW_KEY_BYTES];
    if (!tx->in_entry)
        return apl_err_set(err, APL_E_INTERNAL, "%s changed outside a ledger entry", table->name);
    apl_rc rc = make_room(tx, err);
    if (rc)
        return rc;
    tx->desk->env.random->fill(tx->desk->env.random->ctx, seal.salt, sizeof seal.salt);
    seal.seq = tx->head.size;
    rc = put(tx->conn, table, row, &seal, err);
    if (rc)
        return apl_err_wrap(err, rc, "%s", table->name);
    apl_row_seal_hash(table, row, seal.salt, hash);
    apl_entry_row(&tx->entry, table->name, apl_row_key(table, row, key), hash);
    tx->row_count++;
    if (out_seal)
        *out_seal = seal;
    return APL_OK;
}

apl_rc apl_tx_insert(apl_tx *tx, const apl_table *table, const void *row, apl_row_seal *out_seal,
                     apl_err *err)
{
    return write_row(tx, table, row, apl_row_insert, out_seal, err);
}

apl_rc apl_tx_update(apl_tx *tx, const apl_table *table, const void *row, apl_err *err)
{
    return write_row(tx, table, row, apl_row_update, NULL, err);
}

apl_rc apl_tx_update_in_place(apl_tx *tx, const apl_table *table, const void *row, apl_err *err)
{
    return write_row(tx, table, row, apl_row_update_in_place, NULL, err);
}

int64_t apl_tx_new_id(apl_tx *tx)
{
    return tx->head.next_id++;
}

int64_t apl_tx_new_case_id(apl_tx *tx)
{
    return tx->head.next_case_id++;
}

apl_rc apl_tx_find(apl_tx *tx, const apl_table *table, int64_t id, void *out_row, apl_err *err)
{
    bool found = false;
    int64_t keys[] = {tx->workspace_id, id};
    apl_rc rc =
        apl_row_find(&(apl_reading){tx->conn, &tx->arena}, table, keys, out_row, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "there is no %s %" PRId64, table->name, id);
    return rc;
}
