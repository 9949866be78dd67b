/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries: the worked example of docs/formats/ledger.md (made by an independent program), what the builder refuses,
 * reading back, damaged entries, the cap, memory running out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "ledger/entry.h"
#include "sys/clock.h"
#include "json/canonical.h"

#include <stdio.h>
#include <string.h>

#define SECOND_0 ((apl_time_us)1795410355 * APL_US_PER_SECOND) /* 2026-11-23T05:05:55Z */

#define ENTRY_0                                                                                    \
    "{\"about\":[\"workspace/"                                                                     \
    "1\"],\"actor\":\"system\",\"at\":\"2026-11-23T05:05:55Z\",\"commit\":{},"                     \
    "\"data\":{},\"kind\":\"workspace.created\",\"prev\":null,\"rows\":[],\"seq\":0,\"v\":1,"      \
    "\"ws\":"                                                                                      \
    "1}"

#define ENTRY_1                                                                                    \
    "{\"about\":[\"post/17\",\"case/4\"],\"actor\":\"webhook/"                                     \
    "1\",\"at\":\"2026-11-23T05:06:00.250000Z\","                                                  \
    "\"commit\":{\"text\":\"mjgBBPXQ0GIly1Sb6JYLCtHXx-cUNMIRv5m9GpW2onA\"},"                       \
    "\"data\":{\"channel\":3,\"kind\":\"comment\",\"own\":false,\"said_at\":\"2026-11-23T05:04:"   \
    "58Z\"},"                                                                                      \
    "\"kind\":\"post.received\",\"prev\":\"jjOsBDha-YB0iRJxJluL8wbM3ZtodRrxM_lmR2XUa70\","         \
    "\"rows\":[[\"post_version\",\"17/1\",\"E9gT1PgCZOE7fF_6QsG4uqGPku8QbsfiM15Oia0MWPc\"]],"      \
    "\"seq\":1,\"v\":1,\"ws\":1}"

static const char entry_0[] = ENTRY_0, entry_1[] = ENTRY_1;

static const uint8_t salt[APL_ROW_SALT_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                 8, 9, 10, 11, 12, 13, 14, 15};

static void build_1(apl_entry *entry)
{
    uint8_t commitment[APL_SHA256_BYTES], sealed[APL_SEAL_BYTES];
    apl_seal seal;
    apl_commit_field(salt, "text", APL_SPAN("Where is my refund? \xE2\x80\x94 Ann"), commitment);
    apl_seal_init(&seal, salt, "post_version");
    apl_seal_i64(&seal, 17);
    apl_seal_i64(&seal, -1);
    apl_seal_text(&seal, APL_SPAN("h\xC3\xA9"));
    apl_seal_blob(&seal, APL_SPAN("\0\xFF"));
    apl_seal_null(&seal);
    apl_seal_text(&seal, APL_SPAN_NONE);
    apl_seal_finish(&seal, sealed);

    apl_entry_begin(entry, 1, SECOND_0 + 5250000, "post.received", "webhook", 1);
    apl_entry_about(entry, "post", 17);
    apl_entry_about(entry, "case", 4);
    /* Not in order: the builder sorts. */
    apl_entry_time(entry, "said_at", SECOND_0 - 57 * APL_US_PER_SECOND);
    apl_entry_i64(entry, "channel", 3);
    apl_entry_bool(entry, "own", false);
    apl_entry_text(entry, "kind", APL_SPAN("comment"));
    apl_entry_commit(entry, "text", commitment);
    apl_entry_row(entry, "post_version", APL_SPAN("17/1"), sealed);
}

static void test_golden(void **state)
{
    (void)state;
    APL_AUTO(apl_entry) entry;
    APL_AUTO(apl_buf) out = APL_BUF(APL_ENTRY_MAX_BYTES);
    apl_err err = {0};
    apl_entry_init(&entry);
    apl_entry_begin(&entry, 1, SECOND_0, "workspace.created", "system", 0);
    apl_entry_about(&entry, "workspace", 1);
    assert_int_equal(apl_entry_finish(&entry, 0, NULL, &out, &err), APL_OK);
    assert_string_equal(apl_buf_str(&out), entry_0);

    apl_tree tree;
    apl_tree_init(&tree);
    apl_tree_hash leaf = apl_tree_leaf(apl_buf_view(&out));
    apl_tree_append(&tree, &leaf);
    build_1(&entry);
    assert_int_equal(apl_entry_finish(&entry, 1, &leaf, &out, &err), APL_OK);
    assert_string_equal(apl_buf_str(&out), entry_1);

    leaf = apl_tree_leaf(apl_buf_view(&out));
    apl_tree_append(&tree, &leaf);
    apl_tree_hash root = apl_tree_root(&tree);
    char text[APL_BASE64_STD_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_base64_encode((apl_span){(const char *)root.bytes, sizeof root.bytes}, APL_BASE64_STD,
                      text);
    assert_string_equal(text, "Xix+pLbGM45n3fsxe+b8YCCoYcJZHoFyxVs1XPMaEmc=");
}

static void test_read_back(void **state)
{
    (void)state;
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_entry_view view;
    apl_err err = {0};
    assert_int_equal(apl_entry_parse(doc, APL_SPAN(ENTRY_0), &view, &err), APL_OK);
    assert_false(view.has_prev);
    assert_int_equal(apl_entry_parse(doc, APL_SPAN(ENTRY_1), &view, &err), APL_OK);
    assert_int_equal(view.seq, 1);
    assert_int_equal(view.workspace_id, 1);
    assert_true(view.at_us == SECOND_0 + 5250000);
    assert_true(apl_span_is(view.kind, "post.received"));
    assert_true(apl_span_is(view.actor, "webhook/1"));
    assert_int_equal(apl_json_count(view.about), 2);
    apl_tree_hash leaf = apl_tree_leaf(APL_SPAN(ENTRY_0));
    assert_true(view.has_prev && apl_tree_hash_equal(&leaf, &view.prev));

    uint8_t hash[APL_SHA256_BYTES], want[APL_SHA256_BYTES];
    apl_span name, table, key;
    apl_json_iter it = apl_json_each(view.commits);
    assert_true(apl_entry_next_commit(&it, &name, hash));
    assert_true(apl_span_is(name, "text"));
    apl_commit_field(salt, "text", APL_SPAN("Where is my refund? \xE2\x80\x94 Ann"), want);
    assert_memory_equal(hash, want, sizeof hash);
    assert_false(apl_entry_next_commit(&it, &name, hash));
    it = apl_json_each(view.rows);
    assert_true(apl_entry_next_row(&it, &table, &key, hash));
    assert_true(apl_span_is(table, "post_version") && apl_span_is(key, "17/1"));
    assert_false(apl_entry_next_row(&it, &table, &key, hash));
}

/* The page that others implement from shows the bytes that we make. */
static void test_page(void **state)
{
    (void)state;
    static const char *const parts[] = {
        ENTRY_0,
        ENTRY_1,
        "9a380104f5d0d06225cb549be8960b0ad1d7c7e71434c211bf99bd1a95b6a270",
        "13d813d4f80264e13b7c5ffa42c1b8baa18f92ef106ec7e2335e4e89ad0c58f7",
        "Xix+pLbGM45n3fsxe+b8YCCoYcJZHoFyxVs1XPMaEmc=",
    };
    static char page[64 * 1024];
    char path[512] = __FILE__;
    char *tests = strstr(path, "tests/unit/");
    assert_non_null(tests);
    (void)snprintf(tests, 64, "docs/formats/ledger.md");
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("SKIP: %s is not reachable from here\n", path);
        skip();
    }
    size_t len = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    assert_true(len > 1000 && len < sizeof page - 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(page, parts[i]))
            fail_msg("the page lacks %s", parts[i]);
}

/* One replacement in a good entry; all must be refused. */
static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        apl_rc rc;
    } cases[] = {
        {"\"seq\":1", "\"seq\": 1", APL_E_CORRUPT},
        {"\"seq\":1", "\"seq\":0", APL_E_CORRUPT},
        {"\"seq\":1", "\"seq\":-1", APL_E_CORRUPT},
        {"\"seq\":1", "\"seq\":\"1\"", APL_E_CORRUPT},
        {"\"seq\":1", "\"seq\":9007199254740992", APL_E_CORRUPT},
        {"\"seq\":1", "\"seq\":1e0", APL_E_CORRUPT},
        {"\"v\":1", "\"v\":2", APL_E_VERSION},
        {"\"v\":1", "\"v\":0", APL_E_CORRUPT},
        {"\"ws\":1", "\"ws\":0", APL_E_CORRUPT},
        {"\"ws\":1}", "\"ws\":1,\"x\":1}", APL_E_CORRUPT},
        {"\"ws\":1}", "\"ws\":1}\n", APL_E_CORRUPT},
        {",\"ws\":1}", "}", APL_E_CORRUPT},
        {"\"about\":[", "\"about\":[],\"about\":[", APL_E_CORRUPT},
        {"\"case/4\"", "\"case/04\"", APL_E_CORRUPT},
        {"\"case/4\"", "\"case/+4\"", APL_E_CORRUPT},
        {"\"case/4\"", "\"case/\"", APL_E_CORRUPT},
        {"\"case/4\"", "\"case\"", APL_E_CORRUPT},
        {"\"case/4\"", "\"Ann Lee/4\"", APL_E_CORRUPT},
        {"\"case/4\"", "4", APL_E_CORRUPT},
        {"webhook/1", "webhook/1/2", APL_E_CORRUPT},
        {"webhook/1", "", APL_E_CORRUPT},
        {".250000Z", ".25Z", APL_E_CORRUPT},
        {"05:06:00.250000Z", "06:06:00.250000+01:00", APL_E_CORRUPT},
        {"2026-11-23T05:06", "1926-11-23T05:06", APL_E_CORRUPT},
        {"\"channel\":3", "\"channel\":3.5", APL_E_CORRUPT},
        {"\"channel\":3", "\"channel\":9007199254740992", APL_E_CORRUPT},
        {"\"channel\":3", "\"channel\":[{\"x\":0.5}]", APL_E_CORRUPT},
        {"\"channel\":3,", "\"Channel\":3,", APL_E_CORRUPT},
        {"\"kind\":\"comment\"", "\"kind\":\"\\u0063omment\"", APL_E_CORRUPT},
        {"post.received", "post received", APL_E_CORRUPT},
        {"mjgBBP", "mjgBB", APL_E_CORRUPT},
        {"W2onA\"", "W2onB\"", APL_E_CORRUPT},
        {"\"commit\":{\"text\"", "\"commit\":{\"the text\"", APL_E_CORRUPT},
        {"{\"text\":\"mjgBBPXQ0GIly1Sb6JYLCtHXx-cUNMIRv5m9GpW2onA\"}", "[]", APL_E_CORRUPT},
        {"\"jjOsBDha-YB0iRJxJluL8wbM3ZtodRrxM_lmR2XUa70\"", "null", APL_E_CORRUPT},
        {"[\"post_version\",", "[\"post_version\",\"x\",", APL_E_CORRUPT},
        {"[\"post_version\",", "[", APL_E_CORRUPT},
        {"post_version", "Post", APL_E_CORRUPT},
        {"{\"about\"", " {\"about\"", APL_E_CORRUPT},
    };
    APL_AUTO_JSON doc = apl_json_doc_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        APL_AUTO(apl_buf) text = APL_BUF(4096);
        const char *at = strstr(entry_1, cases[i].from);
        assert_non_null(at);
        assert_int_equal(apl_buf_add(&text, (apl_span){entry_1, (size_t)(at - entry_1)}, NULL),
                         APL_OK);
        assert_int_equal(apl_buf_add_str(&text, cases[i].to, NULL), APL_OK);
        assert_int_equal(apl_buf_add_str(&text, at + strlen(cases[i].from), NULL), APL_OK);
        apl_entry_view view;
        apl_err err = {0};
        apl_rc rc = apl_entry_parse(doc, apl_buf_view(&text), &view, &err);
        if (rc != cases[i].rc)
            fail_msg("%s -> %s: %d", cases[i].from, cases[i].to, rc);
        assert_true(err.what[0] != '\0');
    }
    for (size_t cut = 0; cut < sizeof entry_1 - 1; cut++) {
        apl_entry_view view;
        assert_int_equal(apl_entry_parse(doc, (apl_span){entry_1, cut}, &view, NULL),
                         APL_E_CORRUPT);
    }
}

static apl_rc finish(apl_entry *entry, apl_err *err)
{
    APL_AUTO(apl_buf) out = APL_BUF(1 << 20);
    apl_rc rc = apl_entry_finish(entry, 0, NULL, &out, err);
    assert_int_equal(!rc, out.len > 0);
    return rc;
}

static void begin(apl_entry *entry)
{
    apl_entry_begin(entry, 1, SECOND_0, "a.b", "user", 3);
}

static void test_builder_refuses(void **state)
{
    (void)state;
    APL_AUTO(apl_entry) entry;
    apl_err err = {0};
    uint8_t hash[APL_SHA256_BYTES] = {0};
    apl_entry_init(&entry);
    assert_int_equal(finish(&entry, &err), APL_E_INTERNAL);
    static const char *const words[] = {
        "",    "A",        "a b",
        "a\"", "\xC3\xA9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        apl_entry_begin(&entry, 1, SECOND_0, words[i], "user", 3);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
        apl_entry_begin(&entry, 1, SECOND_0, "a.b", words[i], 3);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
        begin(&entry);
        apl_entry_about(&entry, words[i], 3);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
        begin(&entry);
        apl_entry_i64(&entry, words[i], 3);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
        begin(&entry);
        apl_entry_commit(&entry, words[i], hash);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
        begin(&entry);
        apl_entry_row(&entry, words[i], APL_SPAN("1"), hash);
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
    }
    begin(&entry);
    apl_entry_i64(&entry, "twice", 3);
    apl_entry_i64(&entry, "other", 3);
    apl_entry_i64(&entry, "twice", 3);
    assert_int_equal(finish(&entry, &err), APL_E_INVALID);
    assert_non_null(strstr(err.what, "\"twice\""));
    for (int64_t sign = -1; sign <= 1; sign += 2) {
        begin(&entry);
        apl_entry_i64(&entry, "n", sign * (((int64_t)1 << 53) - 1));
        assert_int_equal(finish(&entry, &err), APL_OK);
        begin(&entry);
        apl_entry_i64(&entry, "n", sign * ((int64_t)1 << 53));
        assert_int_equal(finish(&entry, &err), APL_E_INVALID);
    }
    begin(&entry);
    for (int i = 0; i <= APL_ENTRY_MEMBERS_MAX; i++)
        apl_entry_i64(&entry, (char[]){'a', (char)('a' + i / 8), (char)('a' + i % 8), '\0'}, i);
    assert_int_equal(finish(&entry, &err), APL_E_LIMIT);
    apl_entry_begin(&entry, 1, APL_TIME_NONE, "a.b", "user", 3);
    assert_int_equal(finish(&entry, &err), APL_E_INVALID);
    apl_entry_begin(&entry, 0, SECOND_0, "a.b", "user", 3);
    assert_int_equal(finish(&entry, &err), APL_E_INTERNAL);
    APL_AUTO(apl_buf) out = APL_BUF(APL_ENTRY_MAX_BYTES);
    apl_tree_hash prev = {{0}};
    begin(&entry);
    assert_int_equal(apl_entry_finish(&entry, 0, &prev, &out, &err), APL_E_INTERNAL);
    begin(&entry);
    assert_int_equal(apl_entry_finish(&entry, 5, NULL, &out, &err), APL_E_INTERNAL);
    begin(&entry);
    assert_int_equal(apl_entry_finish(&entry, 5, &prev, &out, &err), APL_OK);
    assert_int_equal(apl_entry_finish(&entry, 5, &prev, &out, &err), APL_E_INTERNAL);
}

/* 65,535 bytes are an entry, one more is none. */
static void test_cap(void **state)
{
    (void)state;
    APL_AUTO(apl_entry) entry;
    APL_AUTO(apl_buf) out = APL_BUF(1 << 20);
    APL_AUTO_JSON doc = apl_json_doc_new();
    static char fill[APL_ENTRY_MAX_BYTES];
    memset(fill, 'x', sizeof fill);
    apl_err err = {0};
    apl_entry_init(&entry);
    begin(&entry);
    apl_entry_text(&entry, "t", APL_SPAN_NONE);
    assert_int_equal(apl_entry_finish(&entry, 0, NULL, &out, &err), APL_OK);
    size_t room = APL_ENTRY_MAX_BYTES - out.len;
    begin(&entry);
    apl_entry_text(&entry, "t", (apl_span){fill, room});
    assert_int_equal(apl_entry_finish(&entry, 0, NULL, &out, &err), APL_OK);
    assert_int_equal(out.len, APL_ENTRY_MAX_BYTES);
    apl_entry_view view;
    assert_int_equal(apl_entry_parse(doc, apl_buf_view(&out), &view, &err), APL_OK);
    begin(&entry);
    apl_entry_text(&entry, "t", (apl_span){fill, room + 1});
    assert_int_equal(apl_entry_finish(&entry, 0, NULL, &out, &err), APL_E_LIMIT);
    uint8_t hash[APL_SHA256_BYTES] = {0};
    begin(&entry);
    for (int i = 0; i < 2000; i++)
        apl_entry_row(&entry, "table", APL_SPAN("1"), hash);
    assert_int_equal(apl_entry_finish(&entry, 0, NULL, &out, &err), APL_E_LIMIT);
}

/* Whatever is built reads back, and is canonical by the general serialiser. */
static void test_random_entries(void **state)
{
    (void)state;
    apl_random_seeded seeded = {11};
    apl_random_src random = apl_random_seeded_src(&seeded);
    APL_AUTO(apl_entry) entry;
    APL_AUTO(apl_buf) out = APL_BUF(APL_ENTRY_MAX_BYTES);
    APL_AUTO_JSON doc = apl_json_doc_new();
    APL_AUTO_JSON extra = apl_json_doc_new();
    apl_entry_init(&entry);
    apl_json nested;
    assert_int_equal(apl_json_doc_parse(extra,
                                        APL_SPAN("{\"b\":[1,null,\"x\\u2028\"],\"a\":{\"z\":-5}}"),
                                        NULL, &nested, NULL),
                     APL_OK);
    for (int round = 0; round < 5000; round++) {
        uint8_t r[64];
        int64_t n;
        apl_err err = {0};
        random.fill(random.ctx, r, sizeof r);
        memcpy(&n, r + 8, sizeof n);
        apl_entry_begin(&entry, 1 + r[0], SECOND_0 + (n >> 20), "some.kind_2", "user", r[1]);
        for (int i = r[2] % 4; i > 0; i--)
            apl_entry_about(&entry, "post", (n >> 11) + i);
        for (int i = r[3] % 20; i > 0; i--) {
            const char name[] = {(char)('a' + (r[4] + 7 * i) % 20), i % 2 ? '_' : '1', '\0'};
            if (i % 4 == 0)
                apl_entry_i64(&entry, name, n >> (11 + r[5] % 50));
            else if (i % 4 == 1)
                apl_entry_text(&entry, name, (apl_span){(const char *)r + i, r[6] % 30});
            else if (i % 4 == 2)
                apl_entry_time(&entry, name, r[7] & 1 ? APL_TIME_NONE : SECOND_0 + r[8]);
            else
                apl_entry_json(&entry, name, nested);
        }
        for (int i = r[9] % 6; i > 0; i--) {
            const char name[] = {(char)('a' + (r[10] + 5 * i) % 26), '\0'};
            apl_entry_commit(&entry, name, r + 10);
            apl_entry_row(&entry, name, (apl_span){(const char *)r + 20, r[11] % 20}, r + 12);
        }
        if (apl_entry_finish(&entry, round, round ? (const apl_tree_hash *)(const void *)r : NULL,
                             &out, &err))
            fail_msg("round %d: %s", round, err.what);
        apl_entry_view view;
        if (apl_entry_parse(doc, apl_buf_view(&out), &view, &err))
            fail_msg("%s %s: %s", err.where, err.what, apl_buf_str(&out));
        assert_int_equal(view.seq, round);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    size_t n = 1;
    for (;; n++) {
        APL_AUTO(apl_entry) entry;
        APL_AUTO(apl_buf) out = APL_BUF(APL_ENTRY_MAX_BYTES);
        apl_err err = {0};
        apl_entry_init(&entry);
        apl_tree_hash prev = apl_tree_leaf(APL_SPAN(ENTRY_0));
        apl_entry_view view;
        apl_mem_fail_at(n, 0);
        build_1(&entry);
        apl_rc rc = apl_entry_finish(&entry, 1, &prev, &out, &err);
        APL_AUTO_JSON doc = NULL;
        if (!rc) {
            doc = apl_json_doc_new();
            rc = doc ? apl_entry_parse(doc, apl_buf_view(&out), &view, &err) : APL_E_NOMEM;
        }
        apl_mem_fail_at(0, 0);
        if (!rc)
            break;
        assert_int_equal(rc, APL_E_NOMEM);
        /* The same builder serves again. */
        build_1(&entry);
        assert_int_equal(apl_entry_finish(&entry, 1, &prev, &out, &err), APL_OK);
        assert_string_equal(apl_buf_str(&out), entry_1);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_damaged),         cmocka_unit_test(test_page),
        cmocka_unit_test(test_builder_refuses), cmocka_unit_test(test_cap),
        cmocka_unit_test(test_random_entries),  cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
