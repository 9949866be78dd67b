/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare peer: a plain SQLite program that inserts the rows of a real import and does nothing else.
 *
 *   bare_sqlite FROM.db TO.db COMMITS
 *
 * TO.db gets the schema of FROM.db (tables, indexes, full-text index) and every row that intake had written, in COMMITS
 * transactions, with the page size, cache, journal and durability of the product: post by post, each table in the order of
 * its key, which is the easiest case for a B-tree. Rows are read into memory before the clock runs. Prints one JSON object.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS_MAX = 48, CACHE_KIB = 65536 };

static const struct {
    const char *name, *order;
} tables[] = {
    {"author", "workspace_id, id"},
    {"post", "workspace_id, id"},
    {"post_version", "workspace_id, post_id, version_no"},
    {"assessment", "workspace_id, post_id, version_no"},
    {"desk_case", "workspace_id, id"},
    {"clock", "workspace_id, case_id, ordinal"},
    {"ledger_entry", "workspace_id, seq"},
    {"ledger_about", "workspace_id, seq"},
    {"post_fts", NULL},
};
enum { TABLES = sizeof tables / sizeof *tables, POSTS = 1 };

typedef struct source {
    sqlite3_stmt *select, *insert;
    int64_t total, done;
    int columns;
    sqlite3_value **values; /* of the present commit, row by row */
    size_t rows;
} source;

static void check(sqlite3 *db, int code, const char *what)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    (void)fprintf(stderr, "bare_sqlite: %s: %s\n", what, sqlite3_errmsg(db));
    exit(2);
}

static void run(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static void *need(void *memory)
{
    if (!memory) {
        (void)fprintf(stderr, "bare_sqlite: memory ran out\n");
        exit(2);
    }
    return memory;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    check(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL), sql);
    return stmt;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = prepare(db, sql);
    check(db, sqlite3_step(stmt), sql);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* The same schema; FTS5 makes its own tables. */
static void copy_schema(sqlite3 *from, sqlite3 *to)
{
    sqlite3_stmt *list = prepare(
        from, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
              " AND name NOT LIKE 'post_fts_%' ORDER BY type = 'index', rowid");
    while (sqlite3_step(list) == SQLITE_ROW)
        run(to, (const char *)sqlite3_column_text(list, 0));
    sqlite3_finalize(list);
}

static sqlite3 *open_target(sqlite3 *from, const char *path)
{
    sqlite3 *to = NULL;
    char sql[256];
    check(to,
          sqlite3_open_v2(path, &to,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL),
          path);
    (void)snprintf(
        sql, sizeof sql,
        "PRAGMA page_size=%" PRId64 "; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "PRAGMA wal_autocheckpoint=4000; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d",
        number(from, "PRAGMA page_size"), CACHE_KIB);
    run(to, sql);
    copy_schema(from, to);
    return to;
}

/* The words of a post stand in the index as text in small letters; the row id is the product's. */
static const char fts_select[] = "SELECT workspace_id << 40 | post_id, lower(trim(title || ' ' || "
                                 "text)) FROM post_version WHERE text <> ''"
                                 " ORDER BY workspace_id, post_id";

static void open_source(source *s, int table, sqlite3 *from, sqlite3 *to)
{
    char sql[2048], marks[COLUMNS_MAX * 2 + 1] = "";
    const char *name = tables[table].name;
    if (tables[table].order) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", name);
        s->total = number(from, sql);
        (void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", name, tables[table].order);
        s->select = prepare(from, sql);
    } else {
        s->total = number(from, "SELECT count(*) FROM post_version WHERE text <> ''");
        s->select = prepare(from, fts_select);
    }
    s->columns = sqlite3_column_count(s->select);
    for (int i = 0; i < s->columns; i++)
        memcpy(marks + 2 * i, i ? ",?" : " ?", 3);
    (void)snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (%s)", name, marks);
    if (!tables[table].order)
        (void)snprintf(sql, sizeof sql, "INSERT INTO post_fts (rowid, text) VALUES (?, ?)");
    s->insert = prepare(to, sql);
}

static void read_rows(source *s, sqlite3 *from, int64_t until)
{
    size_t count = (size_t)(until - s->done), columns = (size_t)s->columns;
    s->values = need(calloc(count * columns + 1, sizeof *s->values));
    for (s->rows = 0; s->rows < count; s->rows++) {
        check(from, sqlite3_step(s->select), "reading");
        for (int i = 0; i < s->columns; i++)
            s->values[s->rows * columns + (size_t)i] =
                need(sqlite3_value_dup(sqlite3_column_value(s->select, i)));
    }
    s->done = until;
}

static void bind(sqlite3_stmt *stmt, int index, sqlite3_value *value)
{
    if (sqlite3_value_type(value) == SQLITE_INTEGER)
        (void)sqlite3_bind_int64(stmt, index, sqlite3_value_int64(value));
    else if (sqlite3_value_type(value) == SQLITE_TEXT)
        (void)sqlite3_bind_text(stmt, index, (const char *)sqlite3_value_text(value),
                                sqlite3_value_bytes(value), SQLITE_STATIC);
    else
        (void)sqlite3_bind_blob(stmt, index, sqlite3_value_blob(value), sqlite3_value_bytes(value),
                                SQLITE_STATIC);
}

/* Rows [from, until) of the present commit. */
static void insert_rows(source *s, size_t from, size_t until, sqlite3 *to)
{
    for (size_t row = from; row < until; row++) {
        for (int i = 0; i < s->columns; i++)
            bind(s->insert, i + 1, s->values[row * (size_t)s->columns + (size_t)i]);
        check(to, sqlite3_step(s->insert), "inserting");
        (void)sqlite3_reset(s->insert);
    }
}

/* Post by post, each with its rows of all tables, as they arrived. */
static void insert_commit(source *sources, sqlite3 *to)
{
    size_t posts = sources[POSTS].rows;
    for (size_t post = 0; post < posts; post++)
        for (int i = 0; i < TABLES; i++)
            insert_rows(&sources[i], sources[i].rows * post / posts,
                        sources[i].rows * (post + 1) / posts, to);
}

static void free_rows(source *s)
{
    for (size_t i = 0; i < s->rows * (size_t)s->columns; i++)
        sqlite3_value_free(s->values[i]);
    free(s->values);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    source sources[TABLES] = {0};
    double spent = 0, cpu = 0;
    int64_t rows = 0;
    sqlite3 *from = NULL;
    if (argc != 4) {
        (void)fprintf(stderr, "usage: bare_sqlite FROM.db TO.db COMMITS\n");
        return 2;
    }
    int64_t commits = strtoll(argv[3], NULL, 10);
    check(from, sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL),
          argv[1]);
    sqlite3 *to = open_target(from, argv[2]);
    for (int i = 0; i < TABLES; i++)
        open_source(&sources[i], i, from, to);
    for (int64_t commit = 0; commit < commits; commit++) {
        for (int i = 0; i < TABLES; i++)
            read_rows(&sources[i], from, sources[i].total * (commit + 1) / commits);
        double begun = seconds(CLOCK_MONOTONIC), cpu_begun = seconds(CLOCK_PROCESS_CPUTIME_ID);
        run(to, "BEGIN IMMEDIATE");
        insert_commit(sources, to);
        run(to, "COMMIT");
        spent += seconds(CLOCK_MONOTONIC) - begun;
        cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begun;
        for (int i = 0; i < TABLES; i++) {
            rows += (int64_t)sources[i].rows;
            free_rows(&sources[i]);
        }
    }
    (void)printf("{\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"rows\":%" PRId64 "}\n", spent, cpu,
                 rows);
    return 0;
}
