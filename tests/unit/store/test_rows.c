/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped schema on every backend: its columns are those of rows.h; rows round trip; full-text search. */
#include "base/embedded.h"
#include "store/backend.h"

enum { MIGRATIONS_MAX = 64, VALUES_MAX = APL_TABLE_COLUMNS_MAX };

static void make_schema(house *h)
{
    apl_migration list[MIGRATIONS_MAX];
    size_t count = 0;
    apl_err err = {0};
    for (size_t i = 0; i < apl_embedded_file_count; i++) {
        apl_span path = apl_span_of(apl_embedded_files[i].path);
        int64_t version = 0;
        if (!apl_span_starts(path, APL_SPAN("db/migrations/")))
            continue;
        OK(apl_span_parse_i64(apl_span_sub(path, 14, 4), &version, NULL));
        list[count++] =
            (apl_migration){(int)version, path.ptr + 14, (const char *)apl_embedded_files[i].bytes};
    }
    assert_true(count > 0);
    if (apl_store_migrate(h->writer, list, count, 1, &err))
        fail_msg("%s", err.what);
}

static const char *type_word(const house *h, apl_val_type type)
{
    static const char *const lite[] = {
        [APL_VAL_I64] = "BIGINT", [APL_VAL_TEXT] = "TEXT", [APL_VAL_BLOB] = "BLOB"};
    static const char *const pg[] = {
        [APL_VAL_I64] = "bigint", [APL_VAL_TEXT] = "text", [APL_VAL_BLOB] = "bytea"};
    return h->is_sqlite ? lite[type] : pg[type];
}

static void check_column(const house *h, const apl_table *table, int at, apl_cursor *cursor)
{
    const char *name = at < table->column_count    ? table->columns[at].name
                       : at == table->column_count ? "salt"
                                                   : "seal_seq";
    apl_val_type type = at < table->column_count    ? table->columns[at].type
                        : at == table->column_count ? APL_VAL_BLOB
                                                    : APL_VAL_I64;
    if (!apl_span_is(apl_cursor_span(cursor, 0), name))
        fail_msg("%s: column %d is %.*s in the schema, %s in rows.h", table->name, at,
                 APL_SPAN_ARGS(apl_cursor_span(cursor, 0)), name);
    if (!apl_span_is(apl_cursor_span(cursor, 1), type_word(h, type)))
        fail_msg("%s.%s is of type %.*s in the schema", table->name, name,
                 APL_SPAN_ARGS(apl_cursor_span(cursor, 1)));
}

/* Columns in order with their types, and how many of them are the key. */
static void test_schema_is_that_of_rows_h(void **state)
{
    static const char lite[] = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";
    static const char pg[] =
        "SELECT column_name::text, data_type::text, 0::bigint FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
    house *h = house_of(state);
    make_schema(h);
    for (size_t i = 0; apl_tables[i]; i++) {
        const apl_table *table = apl_tables[i];
        apl_cursor *cursor = NULL;
        bool has_row = true;
        int at = 0, keys = 0;
        OK(apl_conn_query(h->writer, h->is_sqlite ? lite : pg,
                          APL_VALS(APL_TEXT(apl_span_of(table->name))), &cursor, NULL));
        for (; OK(apl_cursor_next(cursor, &has_row, NULL)), has_row; at++) {
            assert_true(at < table->column_count + 2);
            check_column(h, table, at, cursor);
            keys += apl_cursor_i64(cursor, 2) > 0;
        }
        apl_cursor_close(cursor);
        if (at != table->column_count + 2 || (h->is_sqlite && keys != table->key_count))
            fail_msg("%s has %d columns and a key of %d, rows.h says %d and %d", table->name, at,
                     keys, table->column_count + 2, table->key_count);
    }
}

static void fill_row(const apl_table *table, char *row, int64_t key, char texts[VALUES_MAX][64])
{
    for (int i = 0; i < table->column_count; i++) {
        char *at = row + table->columns[i].offset;
        if (table->columns[i].type == APL_VAL_I64) {
            int64_t value = i < table->key_count ? key + i : INT64_MAX - i;
            memcpy(at, &value, sizeof value);
        } else {
            int len = snprintf(texts[i], 64, "%s ü %d of %lld", table->columns[i].name, i,
                               (long long)key);
            apl_span span = {texts[i], i % 3 ? (size_t)len : 0};
            memcpy(at, &span, sizeof span);
        }
    }
}

static void assert_same(const apl_table *table, const void *a, const void *b)
{
    for (int i = 0; i < table->column_count; i++) {
        apl_val x = apl_row_value(table, a, i), y = apl_row_value(table, b, i);
        if (x.i64 != y.i64 || !apl_span_equal(x.span, y.span))
            fail_msg("%s.%s did not come back", table->name, table->columns[i].name);
    }
}

static void round_trip(house *h, const apl_table *table)
{
    _Alignas(16) char row[1024], back[1024];
    char texts[VALUES_MAX][64];
    APL_AUTO(apl_arena) arena;
    apl_row_seal seal = {{1, 0, 255, 4}, 99}, read = {{0}, 0};
    int64_t keys[3] = {40, 41, 42};
    bool found = false;
    apl_arena_init(&arena, 1 << 20);
    assert_true(table->row_bytes <= sizeof row);
    fill_row(table, row, 40, texts);
    OK(apl_row_insert(h->writer, table, row, &seal, NULL));
    assert_int_equal(apl_row_insert(h->writer, table, row, &seal, NULL), APL_E_EXISTS);
    OK(apl_row_find(&(apl_reading){h->writer, &arena}, table, keys, back, &found, NULL));
    assert_true(found);
    assert_same(table, row, back);
    /* Changed, and read by the paging statement with its seal. */
    int64_t other = 123456;
    if (table->columns[table->column_count - 1].type == APL_VAL_I64)
        memcpy(row + table->columns[table->column_count - 1].offset, &other, sizeof other);
    seal.seq = 100;
    OK(apl_row_update(h->writer, table, row, &seal, NULL));
    apl_val vals[4] = {APL_I64(40), APL_I64(0), APL_I64(0), APL_I64(5)};
    apl_cursor *cursor = NULL;
    vals[table->key_count] = APL_I64(5);
    OK(apl_conn_query(h->writer, table->sql->scan, vals, (size_t)table->key_count + 1, &cursor,
                      NULL));
    OK(apl_cursor_next(cursor, &found, NULL));
    assert_true(found);
    OK(apl_row_read(cursor, table, 0, &arena, back, NULL));
    apl_row_read_seal(cursor, table, 0, &read);
    apl_cursor_close(cursor);
    assert_same(table, row, back);
    assert_true(read.seq == 100 && memcmp(read.salt, seal.salt, sizeof read.salt) == 0);
    keys[table->key_count - 1]++;
    OK(apl_row_find(&(apl_reading){h->writer, &arena}, table, keys, back, &found, NULL));
    assert_false(found);
    fill_row(table, row, 50, texts);
    assert_int_equal(apl_row_update(h->writer, table, row, &seal, NULL), APL_E_NOT_FOUND);
}

static void test_rows_round_trip(void **state)
{
    house *h = house_of(state);
    make_schema(h);
    for (size_t i = 0; apl_tables[i]; i++)
        round_trip(h, apl_tables[i]);
}

static void test_tables_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; apl_tables[i]; i++) {
        assert_ptr_equal(apl_table_named(apl_span_of(apl_tables[i]->name)), apl_tables[i]);
        assert_true(apl_tables[i]->column_count <= APL_TABLE_COLUMNS_MAX);
        assert_string_equal(apl_tables[i]->columns[0].name, "workspace_id");
        for (int k = 0; k < apl_tables[i]->key_count; k++)
            assert_int_equal(apl_tables[i]->columns[k].type, APL_VAL_I64);
    }
    assert_null(apl_table_named(APL_SPAN("session")));
    assert_null(apl_table_named(APL_SPAN("")));
}

/* --- full-text search --------------------------------------------------------------------------------------------- */

static void put(house *h, int64_t workspace, int64_t post, const char *old, const char *text)
{
    OK(h->store->backend->search_put(h->writer, workspace, post, apl_span_of(old),
                                     apl_span_of(text), NULL));
}

/* Ids found, joined by spaces, newest first. */
static const char *find(house *h, int64_t workspace, const char *typed)
{
    static char out[256];
    APL_AUTO(apl_buf) query = APL_BUF(4096);
    apl_cursor *cursor = NULL;
    bool has_row = true;
    apl_err err = {0};
    out[0] = '\0';
    OK(h->store->backend->search_query(apl_span_of(typed), &query, NULL));
    if (!query.len)
        return "(nothing to look for)";
    apl_rc rc = apl_conn_query(h->writer, h->store->backend->search_sql,
                               APL_VALS(APL_I64(workspace), APL_TEXT(apl_buf_view(&query)),
                                        APL_I64((int64_t)1 << 39), APL_I64(10)),
                               &cursor, &err);
    while (!rc && has_row) {
        rc = apl_cursor_next(cursor, &has_row, &err);
        if (!rc && has_row) {
            size_t len = strlen(out);
            (void)snprintf(out + len, sizeof out - len, "%s%lld", len ? " " : "",
                           (long long)apl_cursor_i64(cursor, 0));
        }
    }
    apl_cursor_close(cursor);
    if (rc)
        fail_msg("searching %s: %s", typed, err.what);
    return out;
}

static void test_search(void **state)
{
    house *h = house_of(state);
    make_schema(h);
    put(h, 1, 1, "", "where is my refund");
    put(h, 1, 2, "", "my flight was late and the refund never came");
    put(h, 1, 3, "", "great service");
    put(h, 2, 2, "", "refund in another workspace");
    assert_string_equal(find(h, 1, "refund"), "2 1");
    assert_string_equal(find(h, 1, "refund late "), "2");
    assert_string_equal(find(h, 1, "ref"), "2 1"); /* the last word is a prefix */
    assert_string_equal(find(h, 1, "ref is"), ""); /* the others are not */
    assert_string_equal(find(h, 1, "\"is my refund\""), "1");
    assert_string_equal(find(h, 1, "\"refund is\""), "");
    assert_string_equal(find(h, 2, "refund"), "2");
    assert_string_equal(find(h, 3, "refund"), "");
    assert_string_equal(find(h, 1, "   "), "(nothing to look for)");
}

static void test_search_changes(void **state)
{
    house *h = house_of(state);
    make_schema(h);
    put(h, 1, 1, "", "the parcel is late");
    put(h, 1, 1, "the parcel is late", "the parcel came");
    assert_string_equal(find(h, 1, "late"), "");
    assert_string_equal(find(h, 1, "came"), "1");
    put(h, 1, 1, "the parcel came", "");
    assert_string_equal(find(h, 1, "parcel"), "");
    put(h, 1, 1, "", "back again");
    assert_string_equal(find(h, 1, "again"), "1");
}

/* Nothing that a person types is an operator, and nothing is an error. */
static void test_search_operators_are_words(void **state)
{
    static const char *const typed[] = {
        "a AND b",     "refund OR great",
        "NOT refund",  "refund*",
        "*",           "\"",
        "\"\"",        "\"open",
        "refund\"",    "(",
        ")",           "a:b",
        "text:refund", "^refund",
        "NEAR(a b)",   "-refund",
        "+",           "refund & great",
        "!refund",     "'",
        "''",          "\\",
        "a'b\\c",      "refund:*",
        "<->",         "a <2> b",
        "|",           "%",
        "$1",          ";DROP TABLE post",
        "{a}",         "[a]",
        "😡",           "ü",
        "\x01",        "&",
        "a & ",        "'a' | 'b'",
    };
    house *h = house_of(state);
    make_schema(h);
    put(h, 1, 1, "", "refund");
    put(h, 1, 2, "", "great");
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        assert_null(strstr(find(h, 1, typed[i]), "2 1"));
    assert_string_equal(find(h, 1, "refund"), "1");
}

static void test_search_ids(void **state)
{
    house *h = house_of(state);
    apl_cursor *cursor = NULL;
    bool has_row = false;
    int64_t expected[] = {3, 7, 20};
    make_schema(h);
    put(h, 1, 20, "", "x y");
    put(h, 1, 3, "", "a");
    put(h, 1, 7, "", "b");
    put(h, 1, 1, "", "c");
    put(h, 2, 5, "", "d");
    OK(apl_conn_query(h->writer, h->store->backend->search_ids_sql,
                      APL_VALS(APL_I64(1), APL_I64(1), APL_I64(10)), &cursor, NULL));
    for (size_t i = 0; i < 3; i++) {
        OK(apl_cursor_next(cursor, &has_row, NULL));
        assert_true(has_row && apl_cursor_i64(cursor, 0) == expected[i]);
    }
    OK(apl_cursor_next(cursor, &has_row, NULL));
    assert_false(has_row);
    apl_cursor_close(cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_by_name),
        ON_BOTH(test_schema_is_that_of_rows_h),
        ON_BOTH(test_rows_round_trip),
        ON_BOTH(test_search),
        ON_BOTH(test_search_changes),
        ON_BOTH(test_search_operators_are_words),
        ON_BOTH(test_search_ids),
    };
    return RUN_ALL(tests);
}
