/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a backup, from the descriptors of the store; see backup_format.h. Tests: tests/e2e/test_backup.py */
#include "desk/backup_format.h"
#include "store/rows.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Tables of the ledger have no seals and so no descriptor: name, columns with their types, length of the key. */
static const struct {
    const char *name;
    const char *columns; /* "name:i name:t name:b" */
    int key_count;
} ledger_tables[] = {
    {"ledger_entry", "workspace_id:i seq:i entry:t", 2},
    {"ledger_about", "workspace_id:i case_id:i seq:i", 3},
    {"ledger_checkpoint", "workspace_id:i size:i signed_us:i note:t", 2},
    {"ledger_head",
     "workspace_id:i size:i last_hash:b frontier:b note:t next_id:i next_case_id:i checkpoint_us:i",
     1},
};

static apl_dump_table tables[APL_BACKUP_TABLES_MAX];
static size_t table_count;

static void add_column(apl_dump_table *table, const char *name, size_t name_len, apl_val_type type)
{
    assert(table->column_count < APL_BACKUP_COLUMNS_MAX && name_len < APL_BACKUP_NAME_MAX_BYTES);
    apl_dump_column *column = &table->columns[table->column_count++];
    memcpy(column->name, name, name_len);
    column->type = type;
}

APL_PRINTF(2, 3) static void add(char *sql, const char *fmt, ...)
{
    size_t len = strlen(sql);
    va_list args;
    va_start(args, fmt);
    int wrote = vsnprintf(sql + len, APL_TABLE_SQL_MAX_BYTES - len, fmt, args);
    va_end(args);
    assert(wrote >= 0 && (size_t)wrote < APL_TABLE_SQL_MAX_BYTES - len);
    (void)wrote;
}

static void add_keys(apl_dump_table *table, const char *prefix)
{
    for (int i = 0; i < table->key_count; i++) {
        add(table->scan, "%s", i ? ", " : "");
        if (prefix)
            add(table->scan, "%s%d", prefix, i + 1);
        else
            add(table->scan, "%s", table->columns[i].name);
    }
}

static void build_scan(apl_dump_table *table)
{
    add(table->scan, "SELECT ");
    for (int i = 0; i < table->column_count; i++)
        add(table->scan, "%s%s", i ? ", " : "", table->columns[i].name);
    add(table->scan, " FROM %s WHERE (", table->name);
    add_keys(table, NULL);
    add(table->scan, ") > (");
    add_keys(table, "$");
    add(table->scan, ") ORDER BY ");
    add_keys(table, NULL);
    add(table->scan, " LIMIT $%d", table->key_count + 1);
}

static apl_dump_table *new_table(const char *name, int key_count)
{
    assert(table_count < APL_BACKUP_TABLES_MAX);
    apl_dump_table *table = &tables[table_count++];
    (void)snprintf(table->name, sizeof table->name, "%s", name);
    table->key_count = key_count;
    return table;
}

static void build_all(void)
{
    for (size_t i = 0; apl_tables[i]; i++) {
        apl_dump_table *table = new_table(apl_tables[i]->name, apl_tables[i]->key_count);
        for (int c = 0; c < apl_tables[i]->column_count; c++)
            add_column(table, apl_tables[i]->columns[c].name,
                       strlen(apl_tables[i]->columns[c].name), apl_tables[i]->columns[c].type);
        add_column(table, "salt", 4, APL_VAL_BLOB);
        add_column(table, "seal_seq", 8, APL_VAL_I64);
        build_scan(table);
    }
    for (size_t i = 0; i < sizeof ledger_tables / sizeof *ledger_tables; i++) {
        apl_dump_table *table = new_table(ledger_tables[i].name, ledger_tables[i].key_count);
        apl_span rest = apl_span_of(ledger_tables[i].columns), column;
        while (apl_span_split(&rest, ' ', &column)) {
            char type = column.ptr[column.len - 1];
            add_column(table, column.ptr, column.len - 2,
                       type == 'i'   ? APL_VAL_I64
                       : type == 't' ? APL_VAL_TEXT
                                     : APL_VAL_BLOB);
        }
        build_scan(table);
    }
}

const apl_dump_table *apl_dump_tables(size_t *out_count)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, build_all);
    *out_count = table_count;
    return tables;
}
