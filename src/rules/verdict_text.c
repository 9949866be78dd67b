/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of a verdict in plain words. The clause that decided tells it all: what it asks, what it saw, and whether it stands
 * inside a `not`; whether it held follows from whether the rule matched. Tests: tests/unit/rules/test_rules.c
 */
#include "rules/rules.h"

#include <string.h>

/* Labels are written legal_threat; people read "legal threat". */
static apl_rc add_plain(apl_buf *buf, const char *text, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (const char *c = text; !rc && *c; c++)
        rc = apl_buf_add_byte(buf, *c == '_' ? ' ' : *c, err);
    return rc;
}

/* Fields that read better as a sentence of their own; NULL for the others. */
static const char *sentence_of(apl_rule_field field, bool is_yes)
{
    switch (field) {
    case APL_FIELD_PRIVATE:
        return is_yes ? "the post is private" : "the post is not private";
    case APL_FIELD_IS_OWN:
        return is_yes ? "it is our own turn" : "it is not our own turn";
    case APL_FIELD_UNSURE:
        return is_yes ? "it is unsure what the post is" : "it is clear what the post is";
    case APL_FIELD_TEXT_HAS:
        return is_yes ? "the text has words of " : "the text has no words of ";
    default:
        return NULL;
    }
}

/* "rating is 1", "there is no rating". */
static apl_rc add_seen(const apl_condition *c, const char *seen, apl_buf *buf, apl_err *err)
{
    if (strcmp(seen, "none") == 0)
        return apl_buf_addf(buf, err, "there is no %s", c->title);
    apl_rc rc = apl_buf_addf(buf, err, "%s is ", c->title);
    return rc ? rc : add_plain(buf, seen, err);
}

static apl_rc add_in(apl_buf *buf, const char *before, const char *asked, const char *after,
                     apl_err *err)
{
    apl_rc rc = apl_buf_add_str(buf, before, err);
    if (!rc)
        rc = add_plain(buf, asked, err);
    return rc ? rc : apl_buf_add_str(buf, after, err);
}

static apl_rc add_clause(const apl_verdict_step *step, bool held, apl_buf *buf, apl_err *err)
{
    const apl_condition *c = step->clause;
    bool is_yes = strcmp(step->seen, "yes") == 0 || strcmp(step->seen, "some") == 0;
    const char *sentence = sentence_of(c->field, is_yes);
    if (sentence) {
        apl_rc rc = apl_buf_add_str(buf, sentence, err);
        return rc || c->field != APL_FIELD_TEXT_HAS ? rc : add_plain(buf, c->asked, err);
    }
    apl_rc rc = add_seen(c, step->seen, buf, err);
    if (rc)
        return rc;
    if (!held)
        return strcmp(step->seen, "none") == 0 ? add_in(buf, " (asked: ", c->asked, ")", err)
                                               : add_in(buf, ", not ", c->asked, "", err);
    bool adds = c->op == APL_OP_BETWEEN || c->score_min > 0;
    return adds ? add_in(buf, " (", c->asked, ")", err) : APL_OK;
}

apl_rc apl_verdict_step_format(const apl_verdict_step *step, apl_buf *buf, apl_err *err)
{
    if (!step->clause)
        return apl_buf_add_str(
            buf, step->matched ? "matched, because it asks for nothing" : "did not match", err);
    bool held = step->matched != step->clause->negated;
    apl_rc rc = apl_buf_add_str(buf, step->matched ? "matched, because " : "did not match: ", err);
    if (!rc)
        rc = add_clause(step, held, buf, err);
    return rc || step->matched || !held ? rc : apl_buf_add_str(buf, ", which rules it out", err);
}

apl_rc apl_verdict_trace_format(const apl_verdict *verdict, apl_buf *buf, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; !rc && i < verdict->step_count; i++) {
        rc = apl_buf_addf(buf, err, "%s: ", verdict->steps[i].rule->name);
        if (!rc)
            rc = apl_verdict_step_format(&verdict->steps[i], buf, err);
        if (!rc)
            rc = apl_buf_add_byte(buf, '\n', err);
    }
    return rc;
}

static const apl_condition *find_clause(const apl_condition *c, int64_t number)
{
    for (; c; c = c->next) {
        if (c->number == number)
            return c;
        const apl_condition *found = find_clause(c->first, number);
        if (found)
            return found;
    }
    return NULL;
}

const apl_condition *apl_rule_clause(const apl_rule *rule, int64_t number)
{
    const apl_condition *c = find_clause(rule->when, number);
    return c && c->title ? c : NULL;
}
