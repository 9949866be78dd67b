/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Term lists: terms/<name>.yaml holds one list, or several under `lists`. A term is text (with the list's weight), a map
 * {term, weight}, or a group {weight, terms: […]}. A star at the end is a prefix, one at both ends a part of a word.
 * Tests: tests/unit/rules/test_policy.c
 */
#include "rules/load.h"

#include <string.h>

enum { TERMS_MAX = 50000, TERM_BYTES_MAX = 200 };
#define WEIGHT_MAX 10.0

typedef struct terms {
    apl_term *items;
    size_t count;
} terms;

static apl_rc add_term(terms *t, const apl_yaml_node *node, double weight, apl_err *err)
{
    apl_span text = node->text;
    if (node->kind != APL_YAML_TEXT || !apl_span_trim(text).len || text.len > TERM_BYTES_MAX)
        return apl_yaml_expected(node, err, "a word or phrase of at most %d bytes", TERM_BYTES_MAX);
    bool star_end = text.ptr[text.len - 1] == '*';
    bool star_start = text.ptr[0] == '*';
    if (star_start && (!star_end || text.len < 3))
        return apl_yaml_expected(node, err, "a star at the end (prefix) or at both ends");
    text = apl_span_sub(text, star_start ? 1 : 0,
                        text.len - (star_start ? 1u : 0u) - (star_end ? 1u : 0u));
    if (!apl_span_trim(text).len)
        return apl_yaml_expected(node, err, "a word before the star");
    t->items[t->count++] = (apl_term){.text = apl_span_trim(text),
                                      .weight = (float)weight,
                                      .is_prefix = star_end && !star_start,
                                      .is_substring = star_start,
                                      .line = node->line};
    return APL_OK;
}

static apl_rc load_weight(const apl_yaml_node *map, double *weight, apl_err *err)
{
    const apl_yaml_node *node = apl_yaml_get(map, "weight");
    return node ? apl_yaml_number(node, -WEIGHT_MAX, WEIGHT_MAX, weight, err) : APL_OK;
}

static apl_rc add_entry(terms *t, const apl_yaml_node *node, double weight, apl_err *err)
{
    static const char *const keys[] = {"term", "terms", "weight", NULL};
    if (node->kind != APL_YAML_MAP)
        return add_term(t, node, weight, err);
    const apl_yaml_node *group = apl_yaml_get(node, "terms");
    const apl_yaml_node *term = apl_yaml_get(node, "term");
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc && !group == !term)
        rc = apl_yaml_fail(node, err, "expected either term or terms here");
    if (!rc)
        rc = load_weight(node, &weight, err);
    if (!rc && term)
        return add_term(t, term, weight, err);
    if (!rc)
        rc = apl_yaml_is_list(group, err);
    for (const apl_yaml_node *n = rc ? NULL : group->first; !rc && n; n = n->next)
        rc = add_term(t, n, weight, err);
    return rc;
}

static size_t count_terms(const apl_yaml_node *list)
{
    size_t count = 0;
    for (const apl_yaml_node *n = list->first; n; n = n->next) {
        const apl_yaml_node *group = apl_yaml_get(n, "terms");
        count += group ? group->count : 1;
    }
    return count;
}

static apl_rc load_head(const apl_yaml_node *node, apl_term_list *list, apl_err *err)
{
    const char *words[APL_HEAD_ALL_COUNT + 1] = {NULL};
    for (int i = 0; i < APL_HEAD_ALL_COUNT; i++)
        words[i] = apl_head_name((apl_head)i);
    const apl_yaml_node *head = NULL;
    int index = 0;
    apl_rc rc = apl_yaml_need(node, "head", &head, err);
    if (!rc)
        rc = apl_yaml_word(head, words, &index, err);
    if (rc)
        return rc;
    list->head = (apl_head)index;
    int labels = apl_label_count(list->head);
    const apl_yaml_node *label = apl_yaml_get(node, "label");
    if (!labels)
        return label ? apl_yaml_fail(label, err, "the head %s has no labels", words[index])
                     : APL_OK;
    const char *names[APL_LABELS_MAX + 1] = {NULL};
    for (int i = 0; i < labels; i++)
        names[i] = apl_label_name(list->head, i);
    rc = apl_yaml_need(node, "label", &label, err);
    return rc ? rc : apl_yaml_word(label, names, &list->label, err);
}

static apl_rc load_negation(const apl_yaml_node *node, apl_term_list *list, apl_err *err)
{
    static const char *const words[] = {"ignore", "drop", "flip", NULL};
    const apl_yaml_node *negation = apl_yaml_get(node, "negation");
    int index = APL_NEGATION_IGNORE;
    if (list->head == APL_HEAD_SENTIMENT)
        index = APL_NEGATION_FLIP;
    else if (list->head == APL_HEAD_RISK || list->head == APL_HEAD_CONDUCT ||
             list->head == APL_HEAD_URGENCY)
        index = APL_NEGATION_DROP;
    apl_rc rc = negation ? apl_yaml_word(negation, words, &index, err) : APL_OK;
    if (!rc && index == APL_NEGATION_FLIP && list->head != APL_HEAD_SENTIMENT)
        rc = apl_yaml_fail(negation, err, "only lists of the head sentiment can flip");
    list->negation = (apl_negation)index;
    return rc;
}

static apl_rc check_name(const apl_policy_loader *l, const apl_yaml_node *node, const char *name,
                         apl_err *err)
{
    for (size_t i = 0; i < l->policy->list_count; i++)
        if (strcmp(l->policy->lists[i].name, name) == 0)
            return apl_yaml_fail(node, err, "a second list is named \"%s\"; the first is in %s",
                                 name, l->policy->lists[i].file);
    if (l->policy->list_count == APL_TERM_LISTS_MAX)
        return apl_yaml_fail(node, err, "more than %d term lists", APL_TERM_LISTS_MAX);
    return APL_OK;
}

static apl_rc load_list(apl_policy_loader *l, const apl_yaml_node *node, apl_err *err)
{
    static const char *const keys[] = {"list",     "why",    "head",  "label",
                                       "negation", "weight", "terms", NULL};
    apl_term_list list = {.file = node->file};
    const apl_yaml_node *name = NULL;
    const apl_yaml_node *items = NULL;
    double weight = 1;
    void *p = NULL;
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc)
        rc = apl_yaml_need(node, "list", &name, err);
    if (!rc)
        rc = apl_yaml_text(name, &list.name, err);
    if (!rc)
        rc = check_name(l, name, list.name, err);
    if (!rc)
        rc = load_head(node, &list, err);
    if (!rc)
        rc = load_negation(node, &list, err);
    if (!rc)
        rc = load_weight(node, &weight, err);
    if (!rc)
        rc = apl_yaml_need(node, "terms", &items, err);
    if (!rc)
        rc = apl_yaml_is_list(items, err);
    if (!rc && count_terms(items) > TERMS_MAX)
        rc = apl_yaml_fail(items, err, "more than %d terms in one list", TERMS_MAX);
    if (!rc)
        rc = apl_load_array(l, count_terms(items), sizeof(apl_term), &p, err);
    terms t = {p, 0};
    for (const apl_yaml_node *n = rc ? NULL : items->first; !rc && n; n = n->next)
        rc = add_entry(&t, n, weight, err);
    if (rc)
        return rc;
    list.terms = t.items;
    list.count = t.count;
    l->policy->lists[l->policy->list_count++] = list;
    return APL_OK;
}

apl_rc apl_load_terms(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    static const char *const keys[] = {"lists", NULL};
    const apl_yaml_node *lists = apl_yaml_get(root, "lists");
    if (!lists)
        return load_list(l, root, err);
    apl_rc rc = apl_yaml_keys(root, keys, err);
    if (!rc)
        rc = apl_yaml_is_list(lists, err);
    for (const apl_yaml_node *n = lists->first; !rc && n; n = n->next)
        rc = load_list(l, n, err);
    return rc;
}
