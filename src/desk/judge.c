/* SPDX-License-Identifier: Apache-2.0 */
/* Triage and rules of engagement for one post; see judge.h. Tests: tests/e2e/test_triage.py */
#include "desk/judge.h"

#include "desk/detail.h"

#include <string.h>

enum { DETAIL_MAX_BYTES = 48 * 1024, WHY_MAX_BYTES = 512 };

struct apl_judge {
    apl_policy_use *use;
    apl_triage_worker *worker;
    apl_verdict verdict; /* large, so not on the stack */
    apl_buf detail, why;
};

apl_rc apl_judge_new(apl_policy_use *take_use, apl_judge **out_judge, apl_err *err)
{
    apl_judge *judge = apl_mem_zalloc(1, sizeof *judge);
    if (!judge) {
        apl_policy_use_drop(take_use);
        return apl_err_nomem(err);
    }
    judge->use = take_use;
    apl_buf_init(&judge->detail, DETAIL_MAX_BYTES);
    apl_buf_init(&judge->why, WHY_MAX_BYTES);
    apl_rc rc = apl_triage_worker_new(take_use->triage, &judge->worker, err);
    if (rc) {
        apl_judge_free(judge);
        return rc;
    }
    *out_judge = judge;
    return APL_OK;
}

void apl_judge_free(apl_judge *judge)
{
    if (!judge)
        return;
    apl_triage_worker_free(judge->worker);
    apl_policy_use_drop(judge->use);
    apl_buf_release(&judge->detail);
    apl_buf_release(&judge->why);
    apl_mem_free(judge);
}

const apl_policy_use *apl_judge_policy(const apl_judge *judge)
{
    return judge->use;
}

/* Adds the customer's own words that weighed most, at most three, each once. */
static apl_rc add_words(apl_buf *why, const apl_assessment *a, const apl_post_in *post,
                        apl_err *err)
{
    size_t shown = 0;
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < a->reason_count && shown < 3 && !rc; i++) {
        const apl_reason *r = &a->reasons[i];
        apl_span field = r->field == APL_REASON_FIELD_TITLE ? post->title : post->text;
        bool counts = r->weight > 0 && r->len && r->len <= 40 &&
                      r->field != APL_REASON_FIELD_NONE &&
                      (r->head == APL_HEAD_INTENT || r->head == APL_HEAD_RISK ||
                       r->head == APL_HEAD_CONDUCT || r->head == APL_HEAD_URGENCY ||
                       r->head == APL_HEAD_SENTIMENT);
        apl_span words = apl_span_sub(field, r->offset, r->len);
        if (!counts || apl_span_find(apl_buf_view(why), words) != SIZE_MAX)
            continue;
        rc = apl_buf_addf(why, err, "%s“%.*s”", shown ? ", " : ": ", APL_SPAN_ARGS(words));
        shown++;
    }
    return rc;
}

static apl_rc explain(apl_judge *judge, const apl_assessment *a, const apl_post_in *post,
                      apl_arena *arena, apl_span *out, apl_err *err)
{
    const apl_rule *rule = judge->verdict.rule;
    apl_span sentence = apl_span_trim(apl_span_of(rule ? rule->why : ""));
    if (apl_span_ends(sentence, APL_SPAN(".")))
        sentence.len--;
    apl_buf *why = &judge->why;
    apl_buf_clear(why);
    apl_rc rc = apl_buf_add(why, apl_span_sub(sentence, 0, 240), err);
    if (!rc)
        rc = add_words(why, a, post, err);
    if (!rc && rule && rule->method[0])
        rc = apl_buf_addf(why, err, " (%s)", rule->method);
    return rc ? rc : apl_arena_copy(arena, apl_buf_view(why), out, err);
}

static apl_rc join(const char *const *words, size_t count, apl_arena *arena, apl_span *out,
                   apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(4096);
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = apl_buf_addf(&text, err, "%s%s", i ? "," : "", words[i]);
    return rc ? rc : apl_arena_copy(arena, apl_buf_view(&text), out, err);
}

static apl_rc list_risks(const apl_assessment *a, apl_arena *arena, apl_span *out, apl_err *err)
{
    const char *names[APL_RISK_COUNT];
    size_t count = 0;
    for (int i = 0; i < APL_RISK_COUNT; i++)
        if (a->risks & APL_RISK_BIT(i))
            names[count++] = apl_label_name(APL_HEAD_RISK, i);
    return join(names, count, arena, out, err);
}

apl_rc apl_judge_run(apl_judge *judge, const apl_post_in *post, apl_span channel_name,
                     apl_arena *arena, apl_judged *out, apl_err *err)
{
    apl_triage_in in = {
        .text = post->text,
        .title = post->title,
        .rating_x10 = post->rating_x10,
        .is_private = apl_post_kind_is_private(post->kind),
        .is_review = post->kind == APL_POST_KIND_REVIEW,
        .is_notice = post->kind == APL_POST_KIND_NOTICE,
        .is_own = post->is_own,
        .lang_hint = post->lang,
        .reach = post->reach,
        .echo_count = post->echo_count,
    };
    apl_judged j = {.policy_id = judge->use->id};
    apl_rc rc = apl_triage_run(judge->worker, &in, &j.assessment, err);
    if (rc)
        return rc;
    apl_rule_facts facts = {
        .assessment = &j.assessment,
        .kind = post->kind,
        .is_own = post->is_own,
        .rating_x10 = post->rating_x10,
        .reach = post->reach,
        .echo_count = post->echo_count,
        .channel = channel_name,
        .company = post->company,
    };
    const apl_verdict *v = &judge->verdict;
    apl_rules_eval(judge->use->policy, &facts, &judge->verdict);
    j.category = apl_span_of(v->category);
    j.clock_policy = apl_span_of(v->clock ? v->clock->name : "");
    j.priority = v->priority;
    j.needs_answer = v->needs_answer && v->clock;
    apl_buf_clear(&judge->detail);
    rc = apl_detail_format(&j.assessment, v, &judge->why, &judge->detail, err);
    if (!rc)
        rc = apl_arena_copy(arena, apl_buf_view(&judge->detail), &j.detail, err);
    if (!rc)
        rc = explain(judge, &j.assessment, post, arena, &j.why, err);
    if (!rc)
        rc = join(v->tags, v->tag_count, arena, &j.tags, err);
    if (!rc)
        rc = list_risks(&j.assessment, arena, &j.risks, err);
    if (!rc)
        *out = j;
    return rc;
}

static apl_span label(const apl_assessment *a, apl_head head)
{
    return apl_span_of(apl_label_name(head, a->heads[head].label));
}

void apl_judged_fill(const apl_judged *judged, apl_assessment_row *row)
{
    const apl_assessment *a = &judged->assessment;
    row->intent = label(a, APL_HEAD_INTENT);
    row->sentiment = label(a, APL_HEAD_SENTIMENT);
    row->conduct = label(a, APL_HEAD_CONDUCT);
    row->subject = label(a, APL_HEAD_SUBJECT);
    row->risks = judged->risks;
    row->urgency = (int64_t)((double)a->urgency * 1e6);
    row->needs_answer = judged->needs_answer;
    row->category = judged->category;
    row->tags = judged->tags;
    row->priority = judged->priority;
    row->clock_policy = judged->clock_policy;
    row->lang = apl_span_of(a->lang);
    row->why = judged->why;
    row->detail = judged->detail;
    row->policy_id = judged->policy_id;
}
