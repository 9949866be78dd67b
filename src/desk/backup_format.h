/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that `aplomb backup` writes (docs/formats/backup.md): records in one zstd frame, and a hash over the whole.
 * Logical, not a copy of a database file, so that it goes from any store to any other.
 */
#ifndef APL_DESK_BACKUP_FORMAT_H
#define APL_DESK_BACKUP_FORMAT_H

#include "crypto/hash.h"
#include "store/table.h"
#include "sys/file.h"

enum {
    APL_BACKUP_FORMAT = 1,
    APL_BACKUP_RECORD_MAX_BYTES = 256 * 1024 * 1024,
    APL_BACKUP_TABLES_MAX = 40,
    APL_BACKUP_COLUMNS_MAX = APL_TABLE_COLUMNS_MAX + 2,
    APL_BACKUP_NAME_MAX_BYTES = 32,
};

typedef enum apl_backup_record {
    APL_BACKUP_MANIFEST = 'M',
    APL_BACKUP_FILE = 'F',
    APL_BACKUP_TABLE = 'T',
    APL_BACKUP_ROW = 'R',
    APL_BACKUP_END = 'E',
} apl_backup_record;

typedef struct apl_dump_column {
    char name[APL_BACKUP_NAME_MAX_BYTES];
    apl_val_type type;
} apl_dump_column;

typedef struct apl_dump_table {
    char name[APL_BACKUP_NAME_MAX_BYTES];
    apl_dump_column columns[APL_BACKUP_COLUMNS_MAX];
    int column_count;
    int key_count; /* leading columns, all whole numbers */
    char scan
        [APL_TABLE_SQL_MAX_BYTES]; /* ($1… the last key seen, then the limit) in key order, all workspaces */
} apl_dump_table;

/* All tables that a backup holds, in the order in which they are written and restored; made once. */
const apl_dump_table *apl_dump_tables(size_t *out_count);

/* --- writing ------------------------------------------------------------------------------------------------------ */

typedef struct apl_backup_writer apl_backup_writer;

apl_rc apl_backup_writer_open(const char *path, apl_backup_writer **out_writer,
                              apl_err *err) MUST_USE;
apl_rc apl_backup_put(apl_backup_writer *writer, apl_backup_record type, apl_span payload,
                      apl_err *err) MUST_USE;
/* Ends the frame, adds the hash, puts the file in place. Frees in any case. */
apl_rc apl_backup_writer_commit(apl_backup_writer *take_writer, int64_t *out_bytes,
                                apl_err *err) MUST_USE;
void apl_backup_writer_drop(apl_backup_writer *take_writer);

/* --- reading ------------------------------------------------------------------------------------------------------ */

typedef struct apl_backup_reader apl_backup_reader;

/*
 * Reads the whole file once to compare its hash. APL_E_INVALID: no backup; APL_E_CORRUPT: cut short or changed;
 * APL_E_VERSION: a newer format.
 */
apl_rc apl_backup_reader_open(const char *path, apl_backup_reader **out_reader,
                              apl_err *err) MUST_USE;
/* The next record; its payload is borrowed until the next call. *out_type 0 at the end of the file. */
apl_rc apl_backup_next(apl_backup_reader *reader, int *out_type, apl_span *out_payload,
                       apl_err *err) MUST_USE;
/* NULL is ignored. */
void apl_backup_reader_close(apl_backup_reader *reader);
/* True when the file begins as a backup does. */
bool apl_backup_is_one(const char *path);

#endif
