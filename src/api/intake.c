/* SPDX-License-Identifier: Apache-2.0 */
/* The intake form. Tests: tests/e2e/test_api_intake.py */
#include "api/internal.h"

#include "desk/form.h"

static apl_rc read_author(apl_json root, apl_form *form, apl_err *err)
{
    static const char *const names[] = {"name", "contact"};
    apl_json author;
    apl_rc rc = apl_json_get_object(root, "author", &author, err);
    if (!rc)
        rc = apl_json_check_names(author, names, 2, err);
    if (!rc)
        rc = api_body_text(author, "name", 1, 256, &form->author_name, err);
    return rc ? rc : api_body_text(author, "contact", 0, 512, &form->author_contact, err);
}

static apl_rc read_reply(apl_json root, apl_form *form, apl_err *err)
{
    static const char *const names[] = {"text", "at"};
    apl_json reply = APL_JSON_NONE;
    apl_rc rc = apl_json_opt_object(root, "own_reply", &reply, err);
    if (rc || apl_json_is_absent(reply))
        return rc;
    form->has_reply = true;
    rc = apl_json_check_names(reply, names, 2, err);
    if (!rc)
        rc = api_body_text(reply, "text", 1, 65536, &form->reply_text, err);
    return rc ? rc : apl_json_get_time(reply, "at", &form->reply_at_us, err);
}

static apl_rc read_rating(apl_json root, apl_form *form, apl_err *err)
{
    double rating = -1;
    apl_rc rc = apl_json_opt_double(root, "rating", &rating, err);
    form->rating_x10 = APL_POST_RATING_NONE;
    if (rc || apl_json_is_absent(apl_json_get(root, "rating")))
        return rc;
    if (!(rating >= 0 && rating <= 5))
        return apl_json_refuse(apl_json_get(root, "rating"), err, "stars go from 0 to 5");
    form->rating_x10 = (int)(rating * 10 + 0.5);
    return APL_OK;
}

static apl_rc read_form(apl_http_request *request, apl_form *form, apl_err *err)
{
    static const char *const names[] = {"kind",    "author", "text",    "title",     "at",
                                        "company", "rating", "case_id", "own_reply", NULL};
    apl_json root;
    apl_span kind;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = apl_json_get_str(root, "kind", &kind, err);
    if (!rc)
        rc = apl_post_kind_parse(kind, &form->kind, err);
    if (!rc)
        rc = read_author(root, form, err);
    if (!rc)
        rc = api_body_text(root, "text", 1, 65536, &form->text, err);
    if (!rc)
        rc = api_body_text(root, "title", 0, 512, &form->title, err);
    if (!rc)
        rc = api_body_text(root, "company", 0, 256, &form->company, err);
    if (!rc)
        rc = apl_json_get_time(root, "at", &form->at_us, err);
    if (!rc)
        rc = apl_json_opt_i64(root, "case_id", &form->case_id, err);
    if (!rc)
        rc = read_rating(root, form, err);
    return rc ? rc : read_reply(root, form, err);
}

typedef struct intake_job {
    apl_form_posts posts;
    apl_intake_origin origin;
} intake_job;

static apl_rc run_intake(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    intake_job *job = ctx;
    apl_batch_item *items = job->posts.items;
    apl_rc rc = apl_batch_apply(tx, &job->origin, items, job->posts.count, err);
    /* One form is one thing: when the reply is refused, the post is not taken either. */
    for (size_t i = 0; i < job->posts.count && !rc; i++) {
        rc = items[i].rc;
        if (rc && err)
            *err = items[i].err;
    }
    if (rc)
        return rc;
    apl_json_object_begin(w);
    apl_json_member_i64(w, "post_id", items[0].result.post_id);
    api_member_id(w, "reply_post_id", job->posts.count > 1 ? items[1].result.post_id : 0);
    apl_json_member_i64(w, "case_id", items[0].result.case_id);
    apl_json_object_end(w);
    return APL_OK;
}

apl_rc api_intake_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    const api_who *who = who_of(request);
    apl_form form = {0};
    apl_judge *judge = NULL;
    intake_job *job = apl_arena_alloc(request->arena, 1, sizeof *job);
    if (!job)
        return apl_err_nomem(err);
    apl_rc rc = read_form(request, &form, err);
    if (!who->is_local)
        form.user_name = who->session.user.name;
    if (!rc)
        rc = apl_form_read(desk_of(request), &form, request->arena, &job->posts, err);
    if (!rc)
        rc = api_judge(request, &judge, err);
    if (!rc)
        rc = apl_batch_judge(judge, job->posts.channel.name, job->posts.items, job->posts.count,
                             request->arena, err);
    if (rc)
        return rc;
    job->origin = (apl_intake_origin){
        .channel_id = job->posts.channel.id,
        .actor = who->caller.actor,
        .own_names = &apl_judge_policy(judge)->own_names,
    };
    return api_write_run(request, response, &(api_write){run_intake, job, 201, NULL}, err);
}
