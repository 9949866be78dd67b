/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the state tables and the SQL made from them; see rows.h. Tests: tests/unit/store/test_rows.c */
#include "store/rows.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DESCRIBE_COLUMN(type, field) {#field, APL_VAL_##type, offsetof(ROW, field)},

#define TABLE(VARIABLE, NAME, KEYS)                                                                \
    static apl_table_sql VARIABLE##_sql;                                                           \
    const apl_table VARIABLE = {                                                                   \
        NAME, VARIABLE##_columns, (int)(sizeof VARIABLE##_columns / sizeof *VARIABLE##_columns),   \
        KEYS, sizeof(ROW),        &VARIABLE##_sql}

#define ROW apl_workspace_row
static const apl_column apl_table_workspace_columns[] = {APL_WORKSPACE_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_workspace, "workspace", 1);
#undef ROW
#define ROW apl_channel_row
static const apl_column apl_table_channel_columns[] = {APL_CHANNEL_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_channel, "channel", 2);
#undef ROW
#define ROW apl_author_row
static const apl_column apl_table_author_columns[] = {APL_AUTHOR_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_author, "author", 2);
#undef ROW
#define ROW apl_post_row
static const apl_column apl_table_post_columns[] = {APL_POST_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_post, "post", 2);
#undef ROW
#define ROW apl_version_row
static const apl_column apl_table_version_columns[] = {APL_VERSION_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_version, "post_version", 3);
#undef ROW
#define ROW apl_assessment_row
static const apl_column apl_table_assessment_columns[] = {APL_ASSESSMENT_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_assessment, "assessment", 3);
#undef ROW
#define ROW apl_case_row
static const apl_column apl_table_case_columns[] = {APL_CASE_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_case, "desk_case", 2);
#undef ROW
#define ROW apl_clock_row
static const apl_column apl_table_clock_columns[] = {APL_CLOCK_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_clock, "clock", 3);
#undef ROW
#define ROW apl_step_row
static const apl_column apl_table_step_columns[] = {APL_STEP_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_step, "case_step", 2);
#undef ROW
#define ROW apl_note_row
static const apl_column apl_table_note_columns[] = {APL_NOTE_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_note, "note", 2);
#undef ROW
#define ROW apl_user_row
static const apl_column apl_table_user_columns[] = {APL_USER_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_user, "desk_user", 2);
#undef ROW
#define ROW apl_import_row
static const apl_column apl_table_import_columns[] = {APL_IMPORT_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_import, "import", 2);
#undef ROW
#define ROW apl_mapping_row
static const apl_column apl_table_mapping_columns[] = {APL_MAPPING_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_mapping, "import_mapping", 2);
#undef ROW
#define ROW apl_policy_row
static const apl_column apl_table_policy_columns[] = {APL_POLICY_COLUMNS(DESCRIBE_COLUMN)};
TABLE(apl_table_policy, "policy", 2);
#undef ROW

const apl_table *const apl_tables[] = {
    &apl_table_workspace,  &apl_table_policy, &apl_table_user,
    &apl_table_channel,    &apl_table_import, &apl_table_mapping,
    &apl_table_author,     &apl_table_post,   &apl_table_version,
    &apl_table_assessment, &apl_table_case,   &apl_table_clock,
    &apl_table_step,       &apl_table_note,   NULL,
};

const apl_table *apl_table_named(apl_span name)
{
    for (size_t i = 0; apl_tables[i]; i++)
        if (apl_span_is(name, apl_tables[i]->name))
            return apl_tables[i];
    return NULL;
}

/* The texts come from the descriptors above, never from outside, and their sizes are checked by a test. */
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

static void add_list(char *sql, const apl_table *table)
{
    for (int i = 0; i < table->column_count; i++)
        add(sql, "%s, ", table->columns[i].name);
    add(sql, "salt, seal_seq");
}

static void add_key(char *sql, const apl_table *table)
{
    for (int i = 0; i < table->key_count; i++)
        add(sql, "%s %s = $%d", i ? " AND" : " WHERE", table->columns[i].name, i + 1);
}

/* Keyset paging in key order: ($1 workspace, $2… the last key seen, then the limit). */
static void build_scan(char *sql, const apl_table *table)
{
    add(sql, "SELECT ");
    add_list(sql, table);
    add(sql, " FROM %s WHERE workspace_id = $1", table->name);
    if (table->key_count > 1) {
        add(sql, " AND (");
        for (int i = 1; i < table->key_count; i++)
            add(sql, "%s%s", i > 1 ? ", " : "", table->columns[i].name);
        add(sql, ") > (");
        for (int i = 1; i < table->key_count; i++)
            add(sql, "%s$%d", i > 1 ? ", " : "", i + 1);
        add(sql, ") ORDER BY ");
        for (int i = 1; i < table->key_count; i++)
            add(sql, "%s%s", i > 1 ? ", " : "", table->columns[i].name);
    }
    add(sql, " LIMIT $%d", table->key_count + 1);
}

/* Where a row belongs, as far as indexes are over it. */
static bool is_place(const apl_table *table, const char *column)
{
    return table == &apl_table_case &&
           (strcmp(column, "conversation_id") == 0 || strcmp(column, "author_id") == 0 ||
            strcmp(column, "channel_id") == 0);
}

static void build_update(char *sql, const apl_table *table, bool in_place)
{
    int count = table->column_count;
    add(sql, "UPDATE %s SET salt = $%d, seal_seq = $%d", table->name, count + 1, count + 2);
    for (int i = table->key_count; i < count; i++)
        if (!in_place || !is_place(table, table->columns[i].name))
            add(sql, ", %s = $%d", table->columns[i].name, i + 1);
    add_key(sql, table);
    for (int i = table->key_count; in_place && i < count; i++)
        if (is_place(table, table->columns[i].name))
            add(sql, " AND %s = $%d", table->columns[i].name, i + 1);
}

static void build(const apl_table *table)
{
    apl_table_sql *sql = table->sql;
    int count = table->column_count;
    add(sql->insert, "INSERT INTO %s (", table->name);
    add_list(sql->insert, table);
    add(sql->insert, ") VALUES ($1");
    for (int i = 2; i <= count + 2; i++)
        add(sql->insert, ", $%d", i);
    add(sql->insert, ")");

    build_update(sql->update, table, false);
    build_update(sql->update_in_place, table, true);

    add(sql->find, "SELECT ");
    add_list(sql->find, table);
    add(sql->find, " FROM %s", table->name);
    add_key(sql->find, table);
    build_scan(sql->scan, table);
}

static void build_all(void)
{
    for (size_t i = 0; apl_tables[i]; i++)
        build(apl_tables[i]);
}

void apl_tables_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, build_all);
}
