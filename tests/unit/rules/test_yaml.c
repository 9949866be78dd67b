/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: places, types, and errors that say where, what was found and what was expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/yaml.h"

static void parse(apl_arena *arena, const char *text, const apl_yaml_node **root)
{
    apl_err err = {0};
    if (apl_yaml_parse(arena, "t.yaml", apl_span_of(text), root, &err))
        fail_msg("%s: %s", err.where, err.what);
}

static void check_error(const char *text, const char *where, const char *what)
{
    apl_arena arena;
    apl_arena_init(&arena, 1 << 20);
    const apl_yaml_node *root = NULL;
    apl_err err = {0};
    apl_rc rc = apl_yaml_parse(&arena, "t.yaml", apl_span_of(text), &root, &err);
    assert_int_equal(rc, APL_E_INVALID);
    assert_null(root);
    assert_string_equal(err.where, where);
    if (!strstr(err.what, what))
        fail_msg("\"%s\" does not say \"%s\"", err.what, what);
    apl_arena_release(&arena);
}

static void test_tree_and_places(void **state)
{
    (void)state;
    apl_arena arena;
    apl_arena_init(&arena, 1 << 20);
    const apl_yaml_node *root = NULL;
    parse(&arena, "a: 1\nlist:\n  - no\n  - {b: \"yes\", c: 1h30m}\nempty:\n", &root);
    assert_int_equal(root->count, 3);
    const apl_yaml_node *list = apl_yaml_get(root, "list");
    assert_int_equal(list->kind, APL_YAML_LIST);
    assert_int_equal(list->key_line, 2);
    assert_true(apl_span_is(list->first->text, "no"));
    const apl_yaml_node *c = apl_yaml_get(list->first->next, "c");
    assert_int_equal(c->line, 4);
    assert_int_equal(c->column, 19);
    int64_t us = 0;
    assert_int_equal(apl_yaml_duration(c, &us, NULL), APL_OK);
    assert_int_equal(us, 90 * 60 * INT64_C(1000000));
    bool yes = true;
    assert_int_equal(apl_yaml_bool(list->first, &yes, NULL), APL_OK);
    assert_false(yes);
    assert_true(apl_yaml_get(root, "empty")->is_null);
    assert_null(apl_yaml_get(root, "x"));
    apl_arena_release(&arena);
}

static void test_refused_documents(void **state)
{
    (void)state;
    check_error("", "t.yaml:1:1", "empty");
    check_error("a: 1\na: 2\n", "t.yaml:2:1", "second time");
    check_error("a: &x [1]\nb: *x\n", "t.yaml:2:4", "alias");
    check_error("a: 1\n---\nb: 2\n", "t.yaml:2:1", "second document");
    check_error("a: [1, 2\n", "t.yaml:2:1", "not valid YAML");
    check_error("a:\n\t- b\n", "t.yaml:2:1", "not valid YAML");
    check_error("? [a]\n: b\n", "t.yaml:1:3", "where a key was expected");
    check_error("a: \"\\0\"\n", "t.yaml:1:4", "NUL");
    check_error("ok: 1\nab\xFFz: 2\n", "t.yaml:2:3", "UTF-8");
    char deep[256];
    memset(deep, '[', 100);
    deep[100] = '\0';
    check_error(deep, "t.yaml:1:25", "too deep");
}

typedef apl_rc get_fn(const apl_yaml_node *node, apl_err *err);

static apl_rc get_int(const apl_yaml_node *node, apl_err *err)
{
    int64_t v = 0;
    return apl_yaml_int(node, 1, 9, &v, err);
}

static apl_rc get_number(const apl_yaml_node *node, apl_err *err)
{
    double v = 0;
    return apl_yaml_number(node, 0, 1, &v, err);
}

static apl_rc get_bool(const apl_yaml_node *node, apl_err *err)
{
    bool v = false;
    return apl_yaml_bool(node, &v, err);
}

static apl_rc get_duration(const apl_yaml_node *node, apl_err *err)
{
    int64_t v = 0;
    return apl_yaml_duration(node, &v, err);
}

static apl_rc get_word(const apl_yaml_node *node, apl_err *err)
{
    static const char *const words[] = {"wall", "business", NULL};
    int v = 0;
    return apl_yaml_word(node, words, &v, err);
}

static apl_rc get_keys(const apl_yaml_node *node, apl_err *err)
{
    static const char *const keys[] = {"measure", "limit", NULL};
    return apl_yaml_keys(node, keys, err);
}

static apl_rc get_text(const apl_yaml_node *node, apl_err *err)
{
    const char *v = NULL;
    return apl_yaml_text(node, &v, err);
}

static void check_get(const char *value, get_fn *get, const char *what, const char *fix)
{
    char text[200];
    (void)snprintf(text, sizeof text, "k: %s\n", value);
    apl_arena arena;
    apl_arena_init(&arena, 1 << 20);
    const apl_yaml_node *root = NULL;
    parse(&arena, text, &root);
    apl_err err = {0};
    apl_rc rc = get(apl_yaml_get(root, "k"), &err);
    if (!what) {
        assert_int_equal(rc, APL_OK);
    } else {
        assert_int_equal(rc, APL_E_INVALID);
        assert_string_equal(err.what, what);
        assert_string_equal(err.fix, fix);
        assert_int_equal(strncmp(err.where, "t.yaml:1:", 9), 0);
    }
    apl_arena_release(&arena);
}

static void test_getters(void **state)
{
    (void)state;
    check_get("7", get_int, NULL, NULL);
    check_get("10", get_int, "k: found \"10\", expected a whole number from 1 to 9", "");
    check_get("1x", get_int, "k: found \"1x\", expected a whole number from 1 to 9", "");
    check_get("0.5", get_number, NULL, NULL);
    check_get("nan", get_number, "k: found \"nan\", expected a number from 0 to 1", "");
    check_get("Yes", get_bool, "k: found \"Yes\", expected yes or no", "");
    check_get("2d", get_duration, NULL, NULL);
    check_get("30", get_duration,
              "k: found \"30\", expected a duration such as 30m, 4h, 2d or 1h30m", "");
    check_get("0m", get_duration,
              "k: found \"0m\", expected a duration such as 30m, 4h, 2d or 1h30m", "");
    check_get("999999999d", get_duration,
              "k: found \"999999999d\", expected a duration such as 30m, 4h, 2d or 1h30m", "");
    check_get("wal", get_word, "k: found \"wal\", expected wall or business",
              "did you mean \"wall\"?");
    check_get("[a]", get_word, "k: found a list, expected wall or business", "");
    check_get("{mesure: 1}", get_keys,
              "found the unknown key \"mesure\", expected measure or limit",
              "did you mean \"measure\"?");
    check_get("{limti: 1}", get_keys, "found the unknown key \"limti\", expected measure or limit",
              "did you mean \"limit\"?");
    check_get("{zzz: 1}", get_keys, "found the unknown key \"zzz\", expected measure or limit", "");
    check_get("x", get_keys, "k: found \"x\", expected keys and values", "");
    check_get("", get_text, "k: found nothing, expected text", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_and_places),
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_getters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
