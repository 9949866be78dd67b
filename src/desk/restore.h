/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data directory from a backup. The whole file is checked before anything is written; everything is made in
 * DIR.restoring and renamed at the end, so that a restore that was killed leaves no data directory. The ledger is
 * verified at the end; what it finds is reported and does not undo the restore (the backup may be all there is).
 */
#ifndef APL_DESK_RESTORE_H
#define APL_DESK_RESTORE_H

#include "desk/verify.h"
#include "desk/verify_open.h"

typedef struct apl_restore_report {
    int64_t files, rows, entries;
    apl_time_us created_us; /* of the backup */
    apl_verify_report verify;
} apl_restore_report;

/*
 * dir must not exist or be empty. store_url NULL = SQLite in dir; a PostgreSQL store must hold nothing yet. Errors:
 * APL_E_EXISTS, APL_E_INVALID, APL_E_CORRUPT, APL_E_VERSION; nothing is left behind then. Release report.verify.
 */
apl_rc apl_restore_run(const apl_desk_env *env, const char *file, const char *dir,
                       const char *store_url, apl_restore_report *out_report,
                       apl_err *err) MUST_USE;

#endif
