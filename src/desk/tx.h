/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One write transaction of one workspace, in which state and ledger move together: every change of a state row goes
 * through apl_tx_insert / apl_tx_update between apl_tx_entry_begin and apl_tx_entry_end, which seal the row into the
 * entry (docs/formats/ledger.md). The head of the ledger is signed and stored once, at commit.
 */
#ifndef APL_DESK_TX_H
#define APL_DESK_TX_H

#include "base/arena.h"
#include "desk/desk.h"
#include "ledger/entry.h"
#include "ledger/tree.h"
#include "store/rows.h"

/* Who did it: "user" 3, "import" 2, "channel" 1, "system" 0. */
typedef struct apl_actor {
    const char *noun; /* a literal */
    int64_t id;
} apl_actor;
#define APL_ACTOR_SYSTEM ((apl_actor){"system", 0})

/* What a ledger head row holds, in memory. Copied at savepoints. */
typedef struct apl_ledger_head {
    int64_t size;            /* entries; the next entry's seq */
    apl_tree_hash last_hash; /* leaf hash of entry size - 1 */
    apl_tree tree;
    int64_t next_id;
    int64_t next_case_id;
    apl_time_us checkpoint_us;
} apl_ledger_head;

enum { APL_TX_CASES_MAX = 64, APL_TX_SAVES_MAX = 4 };
/* A signed head is also kept as a checkpoint of its own this often (verify.h knows when one must be there). */
enum { APL_CHECKPOINT_EVERY_ENTRIES = 10000 };
#define APL_CHECKPOINT_EVERY_US (10 * APL_US_PER_MINUTE)

typedef struct apl_tx {
    apl_desk *desk;
    apl_conn *conn;
    int64_t workspace_id;
    apl_time_us now;
    apl_ledger_head head;
    int64_t first_size;                      /* of the ledger when the transaction began */
    apl_ledger_head saved[APL_TX_SAVES_MAX]; /* as at each open apl_tx_save */
    apl_arena arena; /* scratch of the present job; cleared by apl_tx_save */
    apl_entry entry;
    apl_buf entry_bytes;
    bool in_entry;
    bool policy_changed; /* set by publishing: stored sentences may be another policy's */
    char kind[48];
    apl_actor actor;
    size_t row_count;                     /* sealed by the present entry */
    int64_t about_case[APL_TX_CASES_MAX]; /* cases of the present entry, for their history */
    size_t about_case_count;
} apl_tx;

/* Begins on the desk's writing connection, takes the workspace's lock, reads the head. */
apl_rc apl_tx_begin(apl_tx *tx, apl_desk *desk, apl_err *err) MUST_USE;
/* Signs and stores the head, commits. On failure everything is rolled back. */
apl_rc apl_tx_commit(apl_tx *tx, apl_err *err) MUST_USE;
void apl_tx_rollback(apl_tx *tx);

/* A job inside the transaction, also nested: what it did is kept (release) or undone alone (undo). */
apl_rc apl_tx_save(apl_tx *tx, apl_err *err) MUST_USE;
apl_rc apl_tx_release(apl_tx *tx, apl_err *err) MUST_USE;
void apl_tx_undo(apl_tx *tx);

/*
 * True for errors of the machine (disk, memory, damage, lock): the store may have rolled the whole transaction back by
 * itself, so nothing more may be done in it.
 */
bool apl_tx_is_lost(apl_rc rc);

/* kind: "post.received". An entry that grows too large is ended and goes on in a second one of the same kind. */
apl_rc apl_tx_entry_begin(apl_tx *tx, const char *kind, apl_actor actor, apl_err *err) MUST_USE;
/* What the entry speaks of; a case also gets it into its history. */
apl_rc apl_tx_about(apl_tx *tx, const char *noun, int64_t id, apl_err *err) MUST_USE;
/* Facts without personal data go to `&tx->entry` directly: apl_entry_text(&tx->entry, "state", …). */
/* A salted commitment to personal data; the salt is the row's. */
void apl_tx_commitment(apl_tx *tx, const char *field, const apl_row_seal *seal, apl_span value);
apl_rc apl_tx_entry_end(apl_tx *tx, apl_err *err) MUST_USE;

/* Writes a state row with a new salt and puts its seal into the present entry. out_seal may be NULL. */
apl_rc apl_tx_insert(apl_tx *tx, const apl_table *table, const void *row, apl_row_seal *out_seal,
                     apl_err *err) MUST_USE;
apl_rc apl_tx_update(apl_tx *tx, const apl_table *table, const void *row, apl_err *err) MUST_USE;
/* For a row that stays where it belongs; see apl_row_update_in_place. */
apl_rc apl_tx_update_in_place(apl_tx *tx, const apl_table *table, const void *row,
                              apl_err *err) MUST_USE;
int64_t apl_tx_new_id(apl_tx *tx);
int64_t apl_tx_new_case_id(apl_tx *tx);

/* Row by id in the workspace; APL_E_NOT_FOUND says which. */
apl_rc apl_tx_find(apl_tx *tx, const apl_table *table, int64_t id, void *out_row,
                   apl_err *err) MUST_USE;

#endif
