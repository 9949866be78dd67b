/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading assessment.detail; see detail.h. Tests: tests/e2e/test_triage.py */
#include "desk/detail.h"

#include "json/writer.h"

#include <stdio.h>

enum { MEMBERS_MAX = 6 };

static void write_heads(apl_json_writer *w, const apl_assessment *a)
{
    apl_json_key(w, "heads");
    apl_json_array_begin(w);
    for (int head = 0; head < APL_HEAD_COUNT; head++) {
        const apl_judgement *j = &a->heads[head];
        apl_json_array_begin(w);
        apl_json_str(w, apl_head_name((apl_head)head));
        apl_json_str(w, apl_label_name((apl_head)head, j->label));
        apl_json_i64(w, (int64_t)(j->score * 1000 + 0.5F));
        apl_json_i64(w, j->unsure);
        apl_json_array_end(w);
    }
    apl_json_array_end(w);
}

static void write_reasons(apl_json_writer *w, const apl_assessment *a)
{
    apl_json_key(w, "reasons");
    apl_json_array_begin(w);
    for (size_t i = 0; i < a->reason_count; i++) {
        const apl_reason *r = &a->reasons[i];
        const char *label = apl_label_name(r->head, r->label);
        apl_json_array_begin(w);
        apl_json_str(w, label ? label : apl_head_name(r->head));
        apl_json_str(w, r->name);
        apl_json_i64(w, r->field);
        apl_json_i64(w, r->offset);
        apl_json_i64(w, r->len);
        apl_json_i64(w, (int64_t)(r->weight * 1000.0F));
        apl_json_array_end(w);
    }
    apl_json_array_end(w);
}

static apl_rc write_step(apl_json_writer *w, const apl_verdict_step *step, apl_buf *scratch,
                         apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_json_array_begin(w);
    apl_json_str(w, step->rule->name);
    if (step->matched) {
        apl_buf_clear(scratch);
        rc = apl_verdict_step_format(step, scratch, err);
        apl_json_str(w, step->rule->method);
        apl_json_str(w, step->rule->why);
        apl_json_string(w, apl_buf_view(scratch));
    } else {
        apl_json_str(w, step->seen);
        apl_json_i64(w, step->clause ? step->clause->number : 0);
    }
    apl_json_array_end(w);
    return rc;
}

apl_rc apl_detail_format(const apl_assessment *assessment, const apl_verdict *verdict,
                         apl_buf *scratch, apl_buf *out, apl_err *err)
{
    apl_json_writer w;
    apl_rc rc = APL_OK;
    apl_json_writer_init(&w, out);
    apl_json_object_begin(&w);
    write_heads(&w, assessment);
    write_reasons(&w, assessment);
    apl_json_key(&w, "trace");
    apl_json_array_begin(&w);
    for (size_t i = 0; i < verdict->step_count && !rc; i++)
        rc = write_step(&w, &verdict->steps[i], scratch, err);
    apl_json_array_end(&w);
    apl_json_object_end(&w);
    return rc ? rc : apl_json_writer_finish(&w, err);
}

static size_t members_of(apl_json element, apl_json out[MEMBERS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        out[i] = APL_JSON_NONE;
    for (apl_json_iter it = apl_json_each(element);
         count < MEMBERS_MAX && apl_json_next(&it, NULL, &out[count]);)
        count++;
    return count;
}

static apl_span text_of(apl_json value)
{
    apl_span text = APL_SPAN("");
    (void)apl_json_as_str(value, &text);
    return text;
}

static int64_t number_of(apl_json value)
{
    int64_t number = 0;
    (void)apl_json_as_i64(value, &number);
    return number;
}

apl_detail_head apl_detail_head_of(apl_json element)
{
    apl_json m[MEMBERS_MAX];
    (void)members_of(element, m);
    return (apl_detail_head){text_of(m[0]), text_of(m[1]), number_of(m[2]), number_of(m[3]) != 0};
}

apl_detail_reason apl_detail_reason_of(apl_json element)
{
    apl_json m[MEMBERS_MAX];
    (void)members_of(element, m);
    return (apl_detail_reason){text_of(m[0]),   text_of(m[1]),   number_of(m[2]),
                               number_of(m[3]), number_of(m[4]), number_of(m[5])};
}

apl_detail_step apl_detail_step_of(apl_json element)
{
    apl_json m[MEMBERS_MAX];
    bool matched = members_of(element, m) > 3;
    apl_detail_step step = {.matched = matched, .rule = text_of(m[0])};
    if (!matched) {
        step.seen = text_of(m[1]);
        step.clause = number_of(m[2]);
        return step;
    }
    step.method = text_of(m[1]);
    step.why = text_of(m[2]);
    step.sentence = text_of(m[3]);
    return step;
}

apl_rc apl_detail_step_format(const apl_detail_step *step, const apl_policy *policy, apl_buf *out,
                              apl_err *err)
{
    apl_verdict_step told = {0};
    if (step->matched)
        return apl_buf_add(out, step->sentence, err);
    for (size_t i = 0; policy && i < policy->rule_count && !told.rule; i++)
        if (apl_span_is(step->rule, policy->rules[i].name))
            told.rule = &policy->rules[i];
    told.clause = told.rule ? apl_rule_clause(told.rule, step->clause) : NULL;
    if (!told.clause)
        return apl_buf_addf(out, err, "did not match by the policy of that time; it saw %.*s",
                            APL_SPAN_ARGS(step->seen));
    (void)snprintf(told.seen, sizeof told.seen, "%.*s", APL_SPAN_ARGS(step->seen));
    return apl_verdict_step_format(&told, out, err);
}
