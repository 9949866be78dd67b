/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data directory opened as plainly as can be: its description, its store, its public key. Nothing of the content is
 * trusted or adopted, so that verify, backup and doctor work on what apl_desk_open would refuse. Read only, no lock.
 */
#ifndef APL_DESK_VERIFY_OPEN_H
#define APL_DESK_VERIFY_OPEN_H

#include "desk/desk.h"

typedef struct apl_plain {
    const apl_desk_env *env;
    char dir[APL_PATH_MAX_BYTES];
    char *url; /* NULL = SQLite in dir */
    apl_store *store;
    apl_conn *conn;
} apl_plain;

/* Of DIR/aplomb.json; *out_url is the caller's, NULL for SQLite. APL_E_NOT_FOUND, APL_E_CORRUPT, APL_E_VERSION. */
apl_rc apl_marker_read(const char *dir, char **out_url, apl_err *err) MUST_USE;
/* Writes DIR/aplomb.json, which makes the folder a data directory. */
apl_rc apl_marker_write(const char *dir, const char *url, apl_err *err) MUST_USE;
/* store_url NULL = as the description says. Errors as apl_desk_open(APL_DESK_READ), but for what the store holds. */
apl_rc apl_plain_open(const apl_desk_env *env, const char *dir, const char *store_url,
                      apl_plain *out, apl_err *err) MUST_USE;
void apl_plain_close(apl_plain *plain);
/* The schema must be the one that this program knows: APL_E_VERSION. */
apl_rc apl_plain_check_schema(const apl_plain *plain, apl_err *err) MUST_USE;
/* DIR/keys/ledger.pub. */
apl_rc apl_plain_load_key(const char *dir, apl_note_key *out_key, apl_err *err) MUST_USE;
/* DIR/name in out; APL_E_LIMIT when too long. */
apl_rc apl_plain_path(const char *dir, const char *name, char out[APL_PATH_MAX_BYTES],
                      apl_err *err) MUST_USE;

#endif
