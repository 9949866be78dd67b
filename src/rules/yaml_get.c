/* SPDX-License-Identifier: Apache-2.0 */
/* Getters of yaml.h: from text to typed values, with errors a business owner can act on. Tests: tests/unit/rules/test_yaml.c */
#include "rules/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SUGGEST_MAX_BYTES = 40, QUOTE_MAX_BYTES = 60 };

/* What stands there, for "found …". */
static void describe(const apl_yaml_node *node, char *out, size_t bytes)
{
    if (node->kind == APL_YAML_LIST)
        (void)snprintf(out, bytes, "a list");
    else if (node->kind == APL_YAML_MAP)
        (void)snprintf(out, bytes, "keys and values");
    else if (!node->text.len)
        (void)snprintf(out, bytes, "nothing");
    else if (node->text.len <= QUOTE_MAX_BYTES)
        (void)snprintf(out, bytes, "\"%.*s\"", APL_SPAN_ARGS(node->text));
    else
        (void)snprintf(out, bytes, "\"%.*s…\"", QUOTE_MAX_BYTES, node->text.ptr);
}

static void place(const apl_yaml_node *node, apl_err *err)
{
    apl_err_where(err, "%s:%u:%u", node->file, node->line, node->column);
}

apl_rc apl_yaml_fail(const apl_yaml_node *node, apl_err *err, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    apl_err_set(err, APL_E_INVALID, "%s", text);
    place(node, err);
    return APL_E_INVALID;
}

apl_rc apl_yaml_expected(const apl_yaml_node *node, apl_err *err, const char *fmt, ...)
{
    char text[160];
    char found[QUOTE_MAX_BYTES + 8];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    describe(node, found, sizeof found);
    if (node->key.len)
        apl_err_set(err, APL_E_INVALID, "%.*s: found %s, expected %s", APL_SPAN_ARGS(node->key),
                    found, text);
    else
        apl_err_set(err, APL_E_INVALID, "found %s, expected %s", found, text);
    place(node, err);
    return APL_E_INVALID;
}

static unsigned min_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau–Levenshtein distance (neighbours swapped count once). Both at most SUGGEST_MAX_BYTES. */
static unsigned distance(apl_span a, apl_span b)
{
    unsigned rows[3][SUGGEST_MAX_BYTES + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = (a.ptr[i - 1] | 0x20) != (b.ptr[j - 1] | 0x20);
            row[j] = min_of(min_of(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                row[j] = min_of(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

void apl_yaml_suggest(apl_span text, const char *const *words, apl_err *err)
{
    if (text.len > SUGGEST_MAX_BYTES)
        return;
    const char *best = NULL;
    unsigned best_distance = 1 + (unsigned)text.len / 3;
    for (size_t i = 0; words[i]; i++) {
        apl_span word = apl_span_of(words[i]);
        if (word.len > SUGGEST_MAX_BYTES)
            continue;
        unsigned d = distance(text, word);
        if (d < best_distance || (d == best_distance && !best)) {
            best = words[i];
            best_distance = d;
        }
    }
    if (best)
        apl_err_fix(err, "did you mean \"%s\"?", best);
}

const apl_yaml_node *apl_yaml_get(const apl_yaml_node *map, const char *key)
{
    if (!map || map->kind != APL_YAML_MAP)
        return NULL;
    for (const apl_yaml_node *c = map->first; c; c = c->next)
        if (apl_span_is(c->key, key))
            return c;
    return NULL;
}

apl_rc apl_yaml_need(const apl_yaml_node *map, const char *key, const apl_yaml_node **out_value,
                     apl_err *err)
{
    apl_rc rc = apl_yaml_is_map(map, err);
    if (rc)
        return rc;
    const apl_yaml_node *value = apl_yaml_get(map, key);
    if (!value)
        return apl_yaml_fail(map, err, "the key \"%s\" is missing here", key);
    *out_value = value;
    return APL_OK;
}

apl_rc apl_yaml_is_map(const apl_yaml_node *node, apl_err *err)
{
    return node->kind == APL_YAML_MAP ? APL_OK : apl_yaml_expected(node, err, "keys and values");
}

apl_rc apl_yaml_is_list(const apl_yaml_node *node, apl_err *err)
{
    return node->kind == APL_YAML_LIST ? APL_OK : apl_yaml_expected(node, err, "a list");
}

/* "a, b or c", cut when long. */
static void join_words(const char *const *words, char *out, size_t bytes)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; words[i] && len + 1 < bytes; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        int n = snprintf(out + len, bytes - len, "%s%s", between, words[i]);
        len += n > 0 ? (size_t)n : 0;
    }
}

apl_rc apl_yaml_keys(const apl_yaml_node *node, const char *const *allowed, apl_err *err)
{
    apl_rc rc = apl_yaml_is_map(node, err);
    if (rc)
        return rc;
    for (const apl_yaml_node *c = node->first; c; c = c->next) {
        bool known = false;
        for (size_t i = 0; allowed[i] && !known; i++)
            known = apl_span_is(c->key, allowed[i]);
        if (known)
            continue;
        char list[200];
        join_words(allowed, list, sizeof list);
        apl_err_set(err, APL_E_INVALID, "found the unknown key \"%.*s\", expected %s",
                    APL_SPAN_ARGS(apl_span_sub(c->key, 0, QUOTE_MAX_BYTES)), list);
        apl_err_where(err, "%s:%u:%u", c->file, c->key_line, c->key_column);
        apl_yaml_suggest(c->key, allowed, err);
        return APL_E_INVALID;
    }
    return APL_OK;
}

apl_rc apl_yaml_text(const apl_yaml_node *node, const char **out_text, apl_err *err)
{
    if (node->kind != APL_YAML_TEXT || !node->text.len)
        return apl_yaml_expected(node, err, "text");
    *out_text = node->text.ptr;
    return APL_OK;
}

apl_rc apl_yaml_int(const apl_yaml_node *node, int64_t min, int64_t max, int64_t *out_value,
                    apl_err *err)
{
    int64_t value = 0;
    if (node->kind != APL_YAML_TEXT || apl_span_parse_i64(node->text, &value, NULL) ||
        value < min || value > max)
        return apl_yaml_expected(node, err, "a whole number from %lld to %lld", (long long)min,
                                 (long long)max);
    *out_value = value;
    return APL_OK;
}

apl_rc apl_yaml_number(const apl_yaml_node *node, double min, double max, double *out_value,
                       apl_err *err)
{
    double value = 0;
    if (node->kind != APL_YAML_TEXT || apl_span_parse_double(node->text, &value, NULL) ||
        value < min || value > max)
        return apl_yaml_expected(node, err, "a number from %g to %g", min, max);
    *out_value = value;
    return APL_OK;
}

apl_rc apl_yaml_bool(const apl_yaml_node *node, bool *out_value, apl_err *err)
{
    static const char *const words[] = {"no", "yes", "false", "true", NULL};
    for (int i = 0; node->kind == APL_YAML_TEXT && words[i]; i++)
        if (apl_span_is(node->text, words[i])) {
            *out_value = i % 2 == 1;
            return APL_OK;
        }
    return apl_yaml_expected(node, err, "yes or no");
}

static int64_t unit_us(char unit)
{
    switch (unit) {
    case 's':
        return 1000000;
    case 'm':
        return 60 * (int64_t)1000000;
    case 'h':
        return 3600 * (int64_t)1000000;
    case 'd':
        return 86400 * (int64_t)1000000;
    default:
        return 0;
    }
}

apl_rc apl_yaml_duration(const apl_yaml_node *node, int64_t *out_us, apl_err *err)
{
    static const int64_t max_us = 3653 * 86400 * (int64_t)1000000;
    int64_t sum = 0;
    bool ok = node->kind == APL_YAML_TEXT && node->text.len > 0;
    for (size_t at = 0; ok && at < node->text.len;) {
        size_t from = at;
        while (at < node->text.len && node->text.ptr[at] >= '0' && node->text.ptr[at] <= '9')
            at++;
        int64_t n = 0;
        int64_t unit = at < node->text.len ? unit_us(node->text.ptr[at]) : 0;
        ok = at > from && at - from <= 9 && unit &&
             !apl_span_parse_i64(apl_span_sub(node->text, from, at - from), &n, NULL) &&
             n <= (max_us - sum) / unit;
        sum += ok ? n * unit : 0;
        at++;
    }
    if (!ok || sum <= 0)
        return apl_yaml_expected(node, err, "a duration such as 30m, 4h, 2d or 1h30m");
    *out_us = sum;
    return APL_OK;
}

apl_rc apl_yaml_word(const apl_yaml_node *node, const char *const *words, int *out_index,
                     apl_err *err)
{
    for (int i = 0; node->kind == APL_YAML_TEXT && words[i]; i++)
        if (apl_span_is(node->text, words[i])) {
            *out_index = i;
            return APL_OK;
        }
    char list[150];
    join_words(words, list, sizeof list);
    apl_rc rc = apl_yaml_expected(node, err, "%s", list);
    if (node->kind == APL_YAML_TEXT)
        apl_yaml_suggest(node->text, words, err);
    return rc;
}
