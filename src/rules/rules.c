/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation of loaded rules; see rules.h. Depth and number of conditions were bounded at loading. Tests: tests/unit/rules/test_rules.c */
#include "rules/rules.h"

#include <stdio.h>
#include <string.h>

typedef struct seen {
    const apl_condition *clause;
    char *text; /* of the step */
    size_t bytes;
} seen;

static void see(const seen *s, const char *value)
{
    (void)snprintf(s->text, s->bytes, "%s", value);
}

static void see_span(const seen *s, apl_span value)
{
    apl_span cut = apl_span_sub(value, 0, s->bytes - 1);
    while (cut.len < value.len && cut.len && ((unsigned char)value.ptr[cut.len] & 0xC0) == 0x80)
        cut.len--;
    (void)snprintf(s->text, s->bytes, "%.*s", APL_SPAN_ARGS(cut));
}

static bool label_holds(const apl_condition *c, const apl_assessment *a, const seen *s)
{
    const apl_judgement *j = &a->heads[c->field];
    const char *name = apl_label_name((apl_head)c->field, j->label);
    if (c->score_min > 0)
        (void)snprintf(s->text, s->bytes, "%s with a score of %.2f", name ? name : "?",
                       (double)j->score);
    else
        see(s, name ? name : "?");
    return j->label >= 0 && j->label < APL_LABELS_MAX &&
           (c->set & (UINT64_C(1) << (unsigned)j->label)) && j->score >= c->score_min;
}

static bool risk_holds(const apl_condition *c, const apl_assessment *a, const seen *s)
{
    size_t len = 0;
    see(s, "none");
    for (int i = 0; i < APL_RISK_COUNT; i++)
        if (a->risks & APL_RISK_BIT(i) && len < s->bytes) {
            int n = snprintf(s->text + len, s->bytes - len, "%s%s", len ? " and " : "",
                             apl_label_name(APL_HEAD_RISK, i));
            len += n > 0 ? (size_t)n : 0;
        }
    return (c->set & a->risks) != 0;
}

static bool bool_holds(const apl_condition *c, bool value, const seen *s)
{
    see(s, value ? "yes" : "no");
    return (c->set & (value ? 2u : 1u)) != 0;
}

static bool number_holds(const apl_condition *c, double value, const seen *s)
{
    (void)snprintf(s->text, s->bytes, "%.12g", (double)(int64_t)(value * 100 + 0.5) / 100);
    return value >= c->min && value <= c->max;
}

static bool rating_holds(const apl_condition *c, int rating_x10, const seen *s)
{
    if (rating_x10 == APL_POST_RATING_NONE) {
        see(s, "none");
        return false;
    }
    return number_holds(c, rating_x10 / 10.0, s);
}

static bool word_holds(const apl_condition *c, apl_span value, const seen *s)
{
    see_span(s, value.len ? value : APL_SPAN("none"));
    for (size_t i = 0; c->words[i]; i++) {
        apl_span word = apl_span_of(c->words[i]);
        if (apl_span_equal_nocase(value, word))
            return true;
        /* "en" asks for every English: "en-GB". */
        if (c->field == APL_FIELD_LANG && value.len > word.len && value.ptr[word.len] == '-' &&
            apl_span_equal_nocase(apl_span_sub(value, 0, word.len), word))
            return true;
    }
    return false;
}

static bool lists_hold(const apl_condition *c, const apl_assessment *a, const seen *s)
{
    see(s, c->set & a->lists ? "some" : "none");
    return (c->set & a->lists) != 0;
}

static bool field_holds(const apl_condition *c, const apl_rule_facts *f, const seen *s)
{
    const char *kind = apl_post_kind_name(f->kind);
    switch (c->field) {
    case APL_FIELD_RISK:
        return risk_holds(c, f->assessment, s);
    case APL_FIELD_URGENCY:
        return number_holds(c, (double)f->assessment->urgency, s);
    case APL_FIELD_RATING:
        return rating_holds(c, f->rating_x10, s);
    case APL_FIELD_KIND:
        see(s, kind ? kind : "?");
        return kind && (c->set & (UINT64_C(1) << (unsigned)f->kind));
    case APL_FIELD_PRIVATE:
        return bool_holds(c, apl_post_kind_is_private(f->kind), s);
    case APL_FIELD_IS_OWN:
        return bool_holds(c, f->is_own, s);
    case APL_FIELD_UNSURE:
        return bool_holds(c, f->assessment->heads[APL_HEAD_INTENT].unsure, s);
    case APL_FIELD_CHANNEL:
        return word_holds(c, f->channel, s);
    case APL_FIELD_COMPANY:
        return word_holds(c, f->company, s);
    case APL_FIELD_LANG:
        return word_holds(c, apl_span_of(f->assessment->lang), s);
    case APL_FIELD_REACH:
        return number_holds(c, (double)f->reach, s);
    case APL_FIELD_ECHO:
        return number_holds(c, (double)f->echo_count, s);
    case APL_FIELD_TEXT_HAS:
        return lists_hold(c, f->assessment, s);
    default:
        return label_holds(c, f->assessment, s);
    }
}

static bool holds(const apl_condition *c, const apl_rule_facts *f, seen *s);

/* A `not` beside other conditions: when it holds, what held before it is the better reason. */
static bool excludes(const apl_condition *c, const apl_rule_facts *f, seen *s)
{
    char text[sizeof(((apl_verdict_step *)0)->seen)];
    const apl_condition *clause = s->clause;
    memcpy(text, s->text, sizeof text);
    bool held = holds(c, f, s);
    if (held) {
        s->clause = clause;
        memcpy(s->text, text, sizeof text);
    }
    return held;
}

/* Leaves in *s the clause that decided: for `any`, the one that held, else the last that failed. */
static bool holds(const apl_condition *c, const apl_rule_facts *f, seen *s)
{
    if (c->op > APL_OP_NOT) {
        s->clause = c;
        return field_holds(c, f, s);
    }
    for (const apl_condition *child = c->first; child; child = child->next) {
        bool is_aside = c->op == APL_OP_ALL && child->op == APL_OP_NOT && child != c->first;
        bool held = is_aside ? excludes(child, f, s) : holds(child, f, s);
        if (c->op == APL_OP_ALL && !held)
            return false;
        if (c->op == APL_OP_ANY && held)
            return true;
        if (c->op == APL_OP_NOT && held)
            return false;
    }
    return c->op != APL_OP_ANY;
}

static void add_words(const char **to, size_t *count, const char *const *from, size_t from_count)
{
    for (size_t i = 0; i < from_count && *count < APL_RULE_TAGS_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < *count && !known; k++)
            known = strcmp(to[k], from[i]) == 0;
        if (!known)
            to[(*count)++] = from[i];
    }
}

typedef struct open_fields {
    bool priority, clock, needs_answer;
} open_fields;

/* Gives what no earlier rule gave. */
static void give(const apl_policy *policy, const apl_rule *rule, apl_verdict *v, open_fields *open)
{
    const apl_rule_then *t = &rule->then;
    if (!v->category && t->category) {
        v->category = t->category;
        v->rule = rule;
    }
    if (open->priority && t->priority >= 0) {
        v->priority = (apl_case_priority)t->priority;
        open->priority = false;
    }
    if (open->clock && t->has_clock) {
        v->clock = t->clock >= 0 ? &policy->clocks[t->clock] : NULL;
        open->clock = false;
    }
    if (open->needs_answer && t->needs_answer != APL_ANSWER_UNSET) {
        v->needs_answer = t->needs_answer == APL_ANSWER_YES;
        open->needs_answer = false;
    }
    if (!v->team)
        v->team = t->team;
    if (!v->playbook)
        v->playbook = t->playbook;
}

void apl_rules_eval(const apl_policy *policy, const apl_rule_facts *facts, apl_verdict *out_verdict)
{
    apl_verdict *v = out_verdict;
    *v = (apl_verdict){0};
    open_fields open = {true, true, true};
    bool stopped = false;
    for (size_t i = 0; i < policy->rule_count && !stopped; i++) {
        const apl_rule *rule = &policy->rules[i];
        apl_verdict_step *step = &v->steps[v->step_count++];
        seen s = {NULL, step->seen, sizeof step->seen};
        step->rule = rule;
        step->matched = !rule->when || holds(rule->when, facts, &s);
        step->clause = s.clause;
        if (!step->matched)
            continue;
        give(policy, rule, v, &open);
        add_words(v->tags, &v->tag_count, rule->then.tags, rule->then.tag_count);
        add_words(v->notify, &v->notify_count, rule->then.notify, rule->then.notify_count);
        stopped = rule->stop;
    }
    /* What the matching rules left open: the last rule is complete (checked at loading). */
    give(policy, &policy->rules[policy->rule_count - 1], v, &open);
    v->team = v->team ? v->team : "";
    v->playbook = v->playbook ? v->playbook : "";
}
