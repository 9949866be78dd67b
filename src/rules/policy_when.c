/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule's `when` -> a tree of conditions. A map means that all of it holds; `any` and `not` take a map or a list of maps.
 * Words are checked here against what exists, so that a rule with a typo is an error and not a rule that never matches.
 * Tests: tests/unit/rules/test_policy.c, test_rules.c
 */
#include "rules/load.h"

#include <stdio.h>
#include <string.h>

typedef struct builder {
    apl_policy_loader *l;
    int left;     /* conditions */
    int depth;    /* of all, any, not */
    bool negated; /* inside an odd number of `not` */
} builder;

typedef enum shape {
    SHAPE_LABEL = 0, /* one of a head's labels */
    SHAPE_RISK,
    SHAPE_NUMBER,
    SHAPE_KIND,
    SHAPE_BOOL,
    SHAPE_WORDS,
    SHAPE_LISTS
} shape;

static const struct {
    const char *name;
    const char *title;
    shape shape;
    double max; /* of a number */
} fields[APL_FIELD_COUNT] = {
    [APL_FIELD_INTENT] = {"intent", "intent", SHAPE_LABEL, 0},
    [APL_FIELD_SENTIMENT] = {"sentiment", "sentiment", SHAPE_LABEL, 0},
    [APL_FIELD_CONDUCT] = {"conduct", "conduct", SHAPE_LABEL, 0},
    [APL_FIELD_SUBJECT] = {"subject", "subject", SHAPE_LABEL, 0},
    [APL_FIELD_RISK] = {"risk", "risk", SHAPE_RISK, 0},
    [APL_FIELD_URGENCY] = {"urgency", "urgency", SHAPE_NUMBER, 1},
    [APL_FIELD_RATING] = {"rating", "rating", SHAPE_NUMBER, 5},
    [APL_FIELD_KIND] = {"kind", "kind", SHAPE_KIND, 0},
    [APL_FIELD_PRIVATE] = {"private", "private", SHAPE_BOOL, 0},
    [APL_FIELD_IS_OWN] = {"is_own", "is_own", SHAPE_BOOL, 0},
    [APL_FIELD_UNSURE] = {"unsure", "unsure", SHAPE_BOOL, 0},
    [APL_FIELD_CHANNEL] = {"channel", "channel", SHAPE_WORDS, 0},
    [APL_FIELD_COMPANY] = {"company", "company", SHAPE_WORDS, 0},
    [APL_FIELD_LANG] = {"lang", "language", SHAPE_WORDS, 0},
    [APL_FIELD_REACH] = {"author_reach", "author's reach", SHAPE_NUMBER, 1e12},
    [APL_FIELD_ECHO] = {"echo_count", "echo", SHAPE_NUMBER, 1e12},
    [APL_FIELD_TEXT_HAS] = {"text_has", "text", SHAPE_LISTS, 0},
};

static apl_rc add_map(builder *b, const apl_yaml_node *map, apl_condition *parent, apl_err *err);

static apl_rc condition_new(builder *b, const apl_yaml_node *node, apl_condition **out,
                            apl_err *err)
{
    if (b->left-- == 0)
        return apl_yaml_fail(node, err, "more than %d conditions in one rule",
                             APL_RULE_CONDITIONS_MAX);
    void *p = NULL;
    apl_rc rc = apl_load_array(b->l, 1, sizeof(apl_condition), &p, err);
    if (rc)
        return rc;
    *out = p;
    (*out)->number = (uint8_t)(APL_RULE_CONDITIONS_MAX - 1 - b->left);
    return APL_OK;
}

static void append(apl_condition *parent, apl_condition *child)
{
    const apl_condition **tail = &parent->first;
    while (*tail)
        tail = (const apl_condition **)&(*tail)->next;
    *tail = child;
}

/* "a", "a or b", "a, b or c" of a word or a list of words. */
static void join(const apl_yaml_node *node, char *out, size_t bytes)
{
    out[0] = '\0';
    if (node->kind != APL_YAML_LIST) {
        (void)snprintf(out, bytes, "%s", node->text.ptr);
        return;
    }
    size_t len = 0;
    for (const apl_yaml_node *n = node->first; n && len + 1 < bytes; n = n->next) {
        const char *between = n == node->first ? "" : n->next ? ", " : " or ";
        int wrote = snprintf(out + len, bytes - len, "%s%s", between, n->text.ptr);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
}

static apl_rc set_asked(builder *b, apl_condition *c, const char *verb, const char *value,
                        apl_err *err)
{
    c->title = fields[c->field].title;
    c->negated = b->negated;
    c->asked = apl_arena_printf(&b->l->policy->arena, "%s%s", verb, value);
    return c->asked ? APL_OK : apl_err_nomem(err);
}

/* A word or a list of words out of `words` -> bits. */
static apl_rc read_set(const apl_yaml_node *node, const char *const *words, uint64_t *out_set,
                       apl_err *err)
{
    if (node->kind == APL_YAML_MAP || (node->kind == APL_YAML_LIST && !node->count))
        return apl_yaml_expected(node, err, "a word or a list of words");
    uint64_t set = 0;
    apl_rc rc = APL_OK;
    bool is_list = node->kind == APL_YAML_LIST;
    for (const apl_yaml_node *n = is_list ? node->first : node; !rc && n;
         n = is_list ? n->next : NULL) {
        int index = 0;
        rc = apl_yaml_word(n, words, &index, err);
        set |= UINT64_C(1) << (unsigned)index;
    }
    if (!rc)
        *out_set = set;
    return rc;
}

static void label_words(apl_head head, const char **out)
{
    int count = apl_label_count(head);
    for (int i = 0; i < count; i++)
        out[i] = apl_label_name(head, i);
    out[count] = NULL;
}

/* The first four fields are the heads, in order. */
_Static_assert((int)APL_FIELD_SUBJECT == (int)APL_HEAD_SUBJECT &&
                   (int)APL_FIELD_CONDUCT == (int)APL_HEAD_CONDUCT,
               "fields and heads");

static apl_rc read_label(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    static const char *const keys[] = {"is", "score_at_least", NULL};
    const char *words[APL_LABELS_MAX + 1];
    label_words((apl_head)c->field, words);
    const apl_yaml_node *is = node;
    apl_rc rc = APL_OK;
    if (node->kind == APL_YAML_MAP) {
        rc = apl_yaml_keys(node, keys, err);
        if (!rc)
            rc = apl_yaml_need(node, "is", &is, err);
        double score = 0;
        if (!rc && apl_yaml_get(node, "score_at_least"))
            rc = apl_yaml_number(apl_yaml_get(node, "score_at_least"), 0, 1, &score, err);
        c->score_min = (float)score;
    }
    c->op = APL_OP_IN;
    if (!rc)
        rc = read_set(is, words, &c->set, err);
    if (rc)
        return rc;
    char value[160];
    join(is, value, sizeof value);
    if (c->score_min > 0) {
        size_t len = strlen(value);
        (void)snprintf(value + len, sizeof value - len, " with a score of at least %.2f",
                       (double)c->score_min);
    }
    return set_asked(b, c, "", value, err);
}

static apl_rc read_risk(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    const char *words[APL_LABELS_MAX + 2];
    label_words(APL_HEAD_RISK, words);
    words[APL_RISK_COUNT] = "any";
    words[APL_RISK_COUNT + 1] = NULL;
    c->op = APL_OP_IN;
    apl_rc rc = read_set(node, words, &c->set, err);
    if (rc)
        return rc;
    if (c->set >> APL_RISK_COUNT)
        c->set = (UINT64_C(1) << APL_RISK_COUNT) - 1;
    char value[160];
    join(node, value, sizeof value);
    return set_asked(b, c, "", value, err);
}

static apl_rc read_number(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    static const char *const keys[] = {"at_least", "at_most", NULL};
    const apl_yaml_node *least = apl_yaml_get(node, "at_least");
    const apl_yaml_node *most = apl_yaml_get(node, "at_most");
    double max = fields[c->field].max;
    c->op = APL_OP_BETWEEN;
    c->max = max;
    apl_rc rc = node->kind == APL_YAML_MAP ? apl_yaml_keys(node, keys, err) : APL_OK;
    if (!rc && !least && !most)
        rc = apl_yaml_expected(node, err, "at_least or at_most, such as {at_most: 2}");
    if (!rc && least)
        rc = apl_yaml_number(least, 0, max, &c->min, err);
    if (!rc && most)
        rc = apl_yaml_number(most, 0, max, &c->max, err);
    if (!rc && c->min > c->max)
        rc = apl_yaml_fail(node, err, "at_least %g is more than at_most %g", c->min, c->max);
    if (rc)
        return rc;
    char value[64];
    if (least && most)
        (void)snprintf(value, sizeof value, "%.12g to %.12g", c->min, c->max);
    else
        (void)snprintf(value, sizeof value, "%.12g", least ? c->min : c->max);
    return set_asked(b, c, least && most ? "" : least ? "at least " : "at most ", value, err);
}

static apl_rc read_lists(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    const char *words[APL_TERM_LISTS_MAX + 1] = {NULL};
    for (size_t i = 0; i < b->l->policy->list_count; i++)
        words[i] = b->l->policy->lists[i].name;
    c->op = APL_OP_IN;
    apl_rc rc = read_set(node, words, &c->set, err);
    char value[160];
    if (!rc)
        join(node, value, sizeof value);
    return rc ? rc : set_asked(b, c, "", value, err);
}

static apl_rc read_kind(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    const char *words[APL_POST_KIND_COUNT + 1] = {NULL};
    for (int i = 0; i < APL_POST_KIND_COUNT; i++)
        words[i] = apl_post_kind_name((apl_post_kind)i);
    c->op = APL_OP_IN;
    apl_rc rc = read_set(node, words, &c->set, err);
    char value[160];
    if (!rc)
        join(node, value, sizeof value);
    return rc ? rc : set_asked(b, c, "", value, err);
}

static apl_rc read_bool(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    bool value = false;
    apl_rc rc = apl_yaml_bool(node, &value, err);
    c->op = APL_OP_IN;
    c->set = value ? 2 : 1;
    return rc ? rc : set_asked(b, c, "", value ? "yes" : "no", err);
}

static apl_rc read_words(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    c->op = APL_OP_WORD;
    apl_rc rc = apl_load_words(b->l, node, &c->words, NULL, err);
    char value[160];
    if (!rc)
        join(node, value, sizeof value);
    return rc ? rc : set_asked(b, c, "", value, err);
}

static apl_rc read_field(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    static apl_rc (*const readers[])(builder *, const apl_yaml_node *, apl_condition *,
                                     apl_err *) = {
        [SHAPE_LABEL] = read_label, [SHAPE_RISK] = read_risk, [SHAPE_NUMBER] = read_number,
        [SHAPE_KIND] = read_kind,   [SHAPE_BOOL] = read_bool, [SHAPE_WORDS] = read_words,
        [SHAPE_LISTS] = read_lists,
    };
    return readers[fields[c->field].shape](b, node, c, err);
}

static apl_rc read_group(builder *b, const apl_yaml_node *node, apl_condition *c, apl_err *err)
{
    if (b->depth == APL_RULE_DEPTH_MAX)
        return apl_yaml_fail(node, err, "all, any and not are nested deeper than %d",
                             APL_RULE_DEPTH_MAX);
    b->depth++;
    apl_rc rc = APL_OK;
    if (node->kind == APL_YAML_MAP)
        rc = add_map(b, node, c, err);
    else if (node->kind != APL_YAML_LIST || !node->count)
        rc = apl_yaml_expected(node, err, "conditions");
    for (const apl_yaml_node *n = node->kind == APL_YAML_LIST ? node->first : NULL; !rc && n;
         n = n->next) {
        rc = apl_yaml_is_map(n, err);
        apl_condition *all = NULL;
        if (!rc)
            rc = condition_new(b, n, &all, err);
        if (!rc) {
            all->op = APL_OP_ALL;
            append(c, all);
            rc = add_map(b, n, all, err);
        }
    }
    b->depth--;
    return rc;
}

/* Every entry of the map becomes a child of parent. */
static apl_rc add_map(builder *b, const apl_yaml_node *map, apl_condition *parent, apl_err *err)
{
    const char *keys[APL_FIELD_COUNT + 4] = {"all", "any", "not"};
    for (int i = 0; i < APL_FIELD_COUNT; i++)
        keys[3 + i] = fields[i].name;
    apl_rc rc = apl_yaml_keys(map, keys, err);
    if (!rc && !map->count)
        rc = apl_yaml_expected(map, err, "conditions; leave `when` out for always");
    for (const apl_yaml_node *n = rc ? NULL : map->first; !rc && n; n = n->next) {
        apl_condition *c = NULL;
        rc = condition_new(b, n, &c, err);
        if (rc)
            break;
        append(parent, c);
        int k = 0;
        while (!apl_span_is(n->key, keys[k]))
            k++;
        if (k < 3) {
            c->op = (apl_rule_op)k;
            b->negated ^= c->op == APL_OP_NOT;
            rc = read_group(b, n, c, err);
            b->negated ^= c->op == APL_OP_NOT;
        } else {
            c->field = (apl_rule_field)(k - 3);
            rc = read_field(b, n, c, err);
        }
    }
    return rc;
}

apl_rc apl_load_when(apl_policy_loader *l, const apl_yaml_node *node, const apl_condition **out,
                     apl_err *err)
{
    builder b = {l, APL_RULE_CONDITIONS_MAX, 0, false};
    apl_condition *all = NULL;
    apl_rc rc = apl_yaml_is_map(node, err);
    if (!rc)
        rc = condition_new(&b, node, &all, err);
    if (rc)
        return rc;
    all->op = APL_OP_ALL;
    rc = add_map(&b, node, all, err);
    if (!rc)
        *out = all;
    return rc;
}
