/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State tables as data. One list of columns per table gives the C struct, the SQL, the row seal of the ledger, the
 * backup format and the check of `aplomb verify`, so that none of them can forget a column.
 *
 * Every state table has `workspace_id` as its first column and, after the listed ones, `salt` (16 random bytes, new at
 * each write) and `seal_seq` (the ledger entry that sealed the row as it stands).
 */
#ifndef APL_STORE_TABLE_H
#define APL_STORE_TABLE_H

#include "base/arena.h"
#include "store/store.h"

enum { APL_SALT_BYTES = 16, APL_TABLE_COLUMNS_MAX = 40, APL_TABLE_SQL_MAX_BYTES = 3072 };

typedef struct apl_column {
    const char *name;
    apl_val_type type;
    size_t offset; /* of an int64_t or an apl_span in the row struct */
} apl_column;

typedef struct apl_table_sql {
    char insert[APL_TABLE_SQL_MAX_BYTES];
    char update[APL_TABLE_SQL_MAX_BYTES];
    char update_in_place[APL_TABLE_SQL_MAX_BYTES];
    char find[APL_TABLE_SQL_MAX_BYTES];
    char scan[APL_TABLE_SQL_MAX_BYTES];
} apl_table_sql;

typedef struct apl_table {
    const char *name;
    const apl_column *columns;
    int column_count;
    int key_count; /* leading columns that are the primary key, workspace_id included; all int64 */
    size_t row_bytes;
    apl_table_sql *sql; /* made by apl_tables_init */
} apl_table;

/* The part that every row has besides its columns. */
typedef struct apl_row_seal {
    unsigned char salt[APL_SALT_BYTES];
    int64_t seq;
} apl_row_seal;

#define APL_COLUMN_FIELD_I64(name) int64_t name;
#define APL_COLUMN_FIELD_TEXT(name) apl_span name;
#define APL_COLUMN_FIELD_BLOB(name) apl_span name;
/* In a list `#define APL_X_COLUMNS(X) X(I64, id) X(TEXT, name) …` */
#define APL_COLUMN_FIELD(type, name) APL_COLUMN_FIELD_##type(name)
#define APL_COLUMN_NAME(type, name) #name ", "

/* Builds the SQL of all tables (store/rows.c) once; called by whoever opens a store. Thread-safe. */
void apl_tables_init(void);

apl_rc apl_row_insert(apl_conn *conn, const apl_table *table, const void *row,
                      const apl_row_seal *seal, apl_err *err) MUST_USE;
/* By key; APL_E_NOT_FOUND when there is no such row. */
apl_rc apl_row_update(apl_conn *conn, const apl_table *table, const void *row,
                      const apl_row_seal *seal, apl_err *err) MUST_USE;
/* Where a look-up reads, and where its texts go. */
typedef struct apl_reading {
    apl_conn *conn;
    apl_arena *arena;
} apl_reading;
/*
 * The same for a row that stays where it belongs (of a case: conversation, author, channel; else APL_E_NOT_FOUND): these
 * columns are left alone, and so are the indexes over them, which are half the cost of the update.
 */
apl_rc apl_row_update_in_place(apl_conn *conn, const apl_table *table, const void *row,
                               const apl_row_seal *seal, apl_err *err) MUST_USE;
/* Row by key: key_count ids, the workspace first. Texts are copied into the arena. */
apl_rc apl_row_find(const apl_reading *reading, const apl_table *table, const int64_t *keys,
                    void *out_row, bool *out_found, apl_err *err) MUST_USE;
/* Reads the listed columns, starting at `first`, of the cursor's row. */
apl_rc apl_row_read(apl_cursor *cursor, const apl_table *table, int first, apl_arena *arena,
                    void *out_row, apl_err *err) MUST_USE;
/* Salt and seq, which follow the columns in every `SELECT APL_X_LIST`. */
void apl_row_read_seal(apl_cursor *cursor, const apl_table *table, int first,
                       apl_row_seal *out_seal);
/* One column of a row as a parameter. */
apl_val apl_row_value(const apl_table *table, const void *row, int column);

#endif
