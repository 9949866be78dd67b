/* SPDX-License-Identifier: Apache-2.0 */
/* rules.yaml: names, what a rule gives, and that there is always an answer. Conditions are in policy_when.c. */
#include "rules/load.h"

#include <stdio.h>
#include <string.h>

static apl_rc load_tags(const apl_yaml_node *node, apl_policy_loader *l, const char **out,
                        size_t *out_count, apl_err *err)
{
    const char *const *words = NULL;
    size_t count = 0;
    apl_rc rc = apl_load_words(l, node, &words, &count, err);
    if (!rc && count > APL_RULE_TAGS_MAX)
        rc = apl_yaml_fail(node, err, "more than %d words", APL_RULE_TAGS_MAX);
    if (rc)
        return rc;
    memcpy(out, words, count * sizeof *out);
    *out_count = count;
    return APL_OK;
}

static apl_rc load_category(const apl_yaml_node *node, const char **out, apl_err *err)
{
    const char *text = NULL;
    apl_rc rc = apl_yaml_text(node, &text, err);
    for (const char *c = text; !rc && *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_') ||
            node->text.len > 64)
            return apl_yaml_expected(node, err, "a short name of small letters, digits and _");
    if (!rc)
        *out = text;
    return rc;
}

static apl_rc load_clock_ref(const apl_policy_loader *l, const apl_yaml_node *node,
                             apl_rule_then *then, apl_err *err)
{
    const char *names[APL_POLICY_CLOCKS_MAX + 2] = {"none"};
    for (size_t i = 0; i < l->policy->clock_count; i++)
        names[i + 1] = l->policy->clocks[i].name;
    int index = 0;
    apl_rc rc = apl_yaml_word(node, names, &index, err);
    if (!rc) {
        then->has_clock = true;
        then->clock = index - 1;
    }
    return rc;
}

static apl_rc load_priority(const apl_yaml_node *node, int *out, apl_err *err)
{
    const char *names[APL_CASE_PRIORITY_COUNT + 1] = {NULL};
    for (int i = 0; i < APL_CASE_PRIORITY_COUNT; i++)
        names[i] = apl_case_priority_name((apl_case_priority)i);
    return apl_yaml_word(node, names, out, err);
}

static apl_rc load_then(apl_policy_loader *l, const apl_yaml_node *node, apl_rule_then *then,
                        apl_err *err)
{
    static const char *const keys[] = {"category",     "priority", "clock",
                                       "needs_answer", "team",     "playbook",
                                       "tags",         "notify",   NULL};
    apl_rc rc = apl_yaml_keys(node, keys, err);
    for (const apl_yaml_node *n = rc ? NULL : node->first; !rc && n; n = n->next) {
        bool yes = false;
        if (apl_span_is(n->key, "category"))
            rc = load_category(n, &then->category, err);
        else if (apl_span_is(n->key, "priority"))
            rc = load_priority(n, &then->priority, err);
        else if (apl_span_is(n->key, "clock"))
            rc = load_clock_ref(l, n, then, err);
        else if (apl_span_is(n->key, "team"))
            rc = apl_yaml_text(n, &then->team, err);
        else if (apl_span_is(n->key, "playbook"))
            rc = apl_yaml_text(n, &then->playbook, err);
        else if (apl_span_is(n->key, "tags"))
            rc = load_tags(n, l, then->tags, &then->tag_count, err);
        else if (apl_span_is(n->key, "notify"))
            rc = load_tags(n, l, then->notify, &then->notify_count, err);
        else {
            rc = apl_yaml_bool(n, &yes, err);
            then->needs_answer = yes ? APL_ANSWER_YES : APL_ANSWER_NO;
        }
    }
    return rc;
}

static apl_rc check_unique(const apl_policy *policy, const apl_yaml_node *node, const char *name,
                           apl_err *err)
{
    for (size_t i = 0; i < policy->rule_count; i++)
        if (strcmp(policy->rules[i].name, name) == 0)
            return apl_yaml_fail(node, err,
                                 "a second rule is named \"%s\"; the first is in line %u", name,
                                 policy->rules[i].line);
    return APL_OK;
}

/* "R6", "R1" to "R15". */
apl_rc apl_load_method(const apl_yaml_node *node, const char **out, apl_err *err)
{
    int64_t n = 0;
    if (node->kind != APL_YAML_TEXT || node->text.len < 2 || node->text.ptr[0] != 'R' ||
        apl_span_parse_i64(apl_span_sub(node->text, 1, 8), &n, NULL) || n < 1 || n > 15)
        return apl_yaml_expected(node, err, "a rule of the method, R1 to R15");
    *out = node->text.ptr;
    return APL_OK;
}

static apl_rc load_rule(apl_policy_loader *l, const apl_yaml_node *node, apl_rule *rule,
                        apl_err *err)
{
    static const char *const keys[] = {"rule", "r", "why", "when", "then", "stop", NULL};
    const apl_yaml_node *name = NULL;
    const apl_yaml_node *why = NULL;
    const apl_yaml_node *then = NULL;
    *rule = (apl_rule){.method = "", .file = node->file, .line = node->line, .stop = true};
    rule->then.priority = -1;
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc)
        rc = apl_yaml_need(node, "rule", &name, err);
    if (!rc)
        rc = apl_yaml_text(name, &rule->name, err);
    if (!rc)
        rc = check_unique(l->policy, name, rule->name, err);
    if (!rc)
        rc = apl_yaml_need(node, "why", &why, err);
    if (!rc)
        rc = apl_yaml_text(why, &rule->why, err);
    if (!rc && apl_yaml_get(node, "r"))
        rc = apl_load_method(apl_yaml_get(node, "r"), &rule->method, err);
    if (!rc && apl_yaml_get(node, "when"))
        rc = apl_load_when(l, apl_yaml_get(node, "when"), &rule->when, err);
    if (!rc && apl_yaml_get(node, "stop"))
        rc = apl_yaml_bool(apl_yaml_get(node, "stop"), &rule->stop, err);
    if (!rc)
        rc = apl_yaml_need(node, "then", &then, err);
    return rc ? rc : load_then(l, then, &rule->then, err);
}

/* Whatever a rule leaves open comes from the last one, so that one must be complete and always hold. */
static apl_rc check_last(const apl_rule *rule, const apl_yaml_node *node, apl_err *err)
{
    const apl_rule_then *t = &rule->then;
    if (!rule->when && t->category && t->priority >= 0 && t->has_clock && t->needs_answer)
        return APL_OK;
    apl_rc rc = apl_yaml_fail(node, err,
                              "the last rule must have no `when` and must give category, priority, "
                              "clock and needs_answer");
    apl_err_fix(err, "end the file with a rule for everything else, as the shipped policy does");
    return rc;
}

apl_rc apl_load_rules(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    static const char *const keys[] = {"rules", NULL};
    const apl_yaml_node *list = NULL;
    void *p = NULL;
    apl_rc rc = apl_yaml_keys(root, keys, err);
    if (!rc)
        rc = apl_yaml_need(root, "rules", &list, err);
    if (!rc)
        rc = apl_yaml_is_list(list, err);
    if (!rc && (list->count == 0 || list->count > APL_POLICY_RULES_MAX))
        rc = apl_yaml_fail(list, err, "rules: found %zu rules, expected 1 to %d", list->count,
                           APL_POLICY_RULES_MAX);
    if (!rc)
        rc = apl_load_array(l, list->count, sizeof(apl_rule), &p, err);
    apl_rule *rules = p;
    l->policy->rules = rules;
    const apl_yaml_node *last = NULL;
    for (const apl_yaml_node *n = rc ? NULL : list->first; !rc && n; n = n->next) {
        rc = load_rule(l, n, &rules[l->policy->rule_count], err);
        l->policy->rule_count += rc == APL_OK;
        last = n;
    }
    return rc ? rc : check_last(&rules[l->policy->rule_count - 1], last, err);
}
