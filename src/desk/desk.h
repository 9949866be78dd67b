/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An opened data directory: store, keys, policy in force. One desk belongs to one thread at a time; a server has one
 * writing desk (behind desk/writer.h) and one reading desk per worker.
 *
 *   DIR/aplomb.json     what this folder is, which store it belongs to
 *   DIR/aplomb.db       the SQLite store (absent with PostgreSQL)
 *   DIR/lock            held by the process that writes
 *   DIR/keys/           ledger.key (signs), secret.key (seals secrets at rest); readable by the owner only
 *   DIR/policy/         the workspace's rules of engagement, to be edited
 *   DIR/serve.sock      while a server runs: the local way in
 */
#ifndef APL_DESK_DESK_H
#define APL_DESK_DESK_H

#include "base/arena.h"
#include "crypto/sign.h"
#include "desk/policy.h"
#include "ledger/note.h"
#include "store/rows.h"
#include "sys/clock.h"
#include "sys/file.h"

typedef enum apl_desk_mode {
    APL_DESK_READ = 0, /* no lock, nothing is changed */
    APL_DESK_WRITE,    /* takes the lock; makes the directory when it is missing */
    APL_DESK_MIGRATE,  /* like WRITE, and brings the schema up to date */
} apl_desk_mode;

/* What the outside provides; the same for all desks of a process. */
typedef struct apl_desk_env {
    const apl_clock_src *clock;
    const apl_random_src *random;
    /* Opens the backend that url names; NULL = SQLite in data_dir. */
    apl_rc (*open_store)(const char *data_dir, const char *url, apl_store **out_store,
                         apl_err *err);
    const apl_migration *migrations; /* ascending */
    size_t migration_count;
    const apl_policy_file *default_policy; /* the shipped files */
    size_t default_policy_count;
} apl_desk_env;

typedef struct apl_desk_options {
    const char *data_dir;
    const char *store_url;  /* NULL = as DIR/aplomb.json says, SQLite for a new one */
    const char *policy_dir; /* NULL = DIR/policy */
    apl_desk_mode mode;
} apl_desk_options;

typedef struct apl_desk {
    apl_desk_env env;
    char *dir;
    char *policy_dir;
    apl_lock *lock;
    apl_store *store;
    apl_conn *conn;
    apl_arena arena; /* of workspace */
    apl_workspace_row workspace;
    int64_t workspace_id;
    char ledger_name[APL_NOTE_NAME_MAX_BYTES + 1]; /* origin and key name of checkpoints */
    apl_note_signer signer;                        /* zero in a reading desk */
    bool has_ledger;        /* writing: the store held a ledger already when it was opened */
    uint8_t secret_key[32]; /* seals channel secrets */
    apl_policy_use *policy; /* in force; see desk/policy.h */
    apl_mutex policy_mutex;
    struct apl_desk *shared; /* of a further reading desk: the one whose store it uses */
} apl_desk;

/*
 * Errors: APL_E_BUSY another process holds it (where = the directory), APL_E_VERSION made by a newer program or
 * (READ, WRITE) not migrated yet, APL_E_NOT_FOUND (READ) no such directory, APL_E_INVALID some other folder, or a policy
 * file with a mistake (file:line:column).
 */
apl_rc apl_desk_open(const apl_desk_env *env, const apl_desk_options *options, apl_desk **out_desk,
                     apl_err *err) MUST_USE;
/* NULL is ignored. */
void apl_desk_close(apl_desk *desk);
/* A further reading desk of the same process that shares store and policy of `main`. */
apl_rc apl_desk_open_reader(apl_desk *main, apl_desk **out_desk, apl_err *err) MUST_USE;

/* DIR/name in out; APL_E_LIMIT when too long. */
apl_rc apl_desk_path(const apl_desk *desk, const char *name, char out[APL_PATH_MAX_BYTES],
                     apl_err *err) MUST_USE;
/* Reads the workspace row anew (after it was changed). */
apl_rc apl_desk_reload_workspace(apl_desk *desk, apl_err *err) MUST_USE;

#endif
