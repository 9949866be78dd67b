/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a backup into a store. Private to restore*.c. */
#ifndef APL_DESK_RESTORE_ROWS_H
#define APL_DESK_RESTORE_ROWS_H

#include "desk/backup_format.h"
#include "json/reader.h"

typedef struct apl_restore_rows {
    apl_conn *conn;
    apl_json_doc *doc;
    int present; /* table of the rows that come, -1 before the first */
    apl_val_type types[APL_BACKUP_TABLES_MAX][APL_BACKUP_COLUMNS_MAX];
    int column_count[APL_BACKUP_TABLES_MAX];
    /* Statements are found by their address: these live until the connection is closed. */
    char insert[APL_BACKUP_TABLES_MAX][APL_TABLE_SQL_MAX_BYTES];
    int64_t count[APL_BACKUP_TABLES_MAX];
    int64_t total;
} apl_restore_rows;

/* A 'T' record: the columns of the rows that follow. */
apl_rc apl_restore_table(apl_restore_rows *rows, apl_span payload, apl_err *err) MUST_USE;
/* An 'R' record. */
apl_rc apl_restore_row(apl_restore_rows *rows, apl_span payload, apl_err *err) MUST_USE;
/* The 'E' record: the counts must be those of what came. */
apl_rc apl_restore_check_end(apl_restore_rows *rows, int64_t files, apl_span payload,
                             apl_err *err) MUST_USE;
/* "the backup is damaged: …", APL_E_CORRUPT. */
apl_rc apl_restore_damaged(apl_err *err, const char *what);

#endif
