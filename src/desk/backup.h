/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One consistent state of a data directory in one file: keys, policy, state, ledger. Also while a server runs; works on
 * a directory that is damaged, as far as it can be read. Sessions, sign-in links and kept answers stay out.
 */
#ifndef APL_DESK_BACKUP_H
#define APL_DESK_BACKUP_H

#include "desk/verify_open.h"

typedef struct apl_backup_report {
    int64_t files, rows, entries;
    int64_t bytes; /* of the file */
} apl_backup_report;

/*
 * The file is private to its owner (0600): it holds the keys. An older backup of that name is replaced in one step;
 * APL_E_EXISTS when the name is taken by something else.
 */
apl_rc apl_backup_run(const apl_plain *plain, const char *path, apl_backup_report *out_report,
                      apl_err *err) MUST_USE;

#endif
