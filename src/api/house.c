/* SPDX-License-Identifier: Apache-2.0 */
/* Ledger head, policy, health. Tests: tests/e2e/test_api_house.py */
#include "api/internal.h"

#include "desk/feed.h"
#include "desk/query_house.h"
#include "desk/setup.h"

apl_rc api_health_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_reply reply;
    apl_err why = {0};
    if (apl_house_check(desk_of(request), &why)) {
        apl_err problem = {0};
        apl_err_set(&problem, APL_E_BUSY, "the store does not answer");
        apl_err_fix(&problem, "look at the log, run: aplomb doctor");
        return api_problem(response, 503, &problem);
    }
    api_reply_begin(&reply);
    apl_json_object_begin(&reply.w);
    apl_json_member_str(&reply.w, "status", "ok");
    apl_json_member_str(&reply.w, "version", api_of(request)->config.version);
    apl_json_object_end(&reply.w);
    return api_reply_send(&reply, response, 200, err);
}

apl_rc api_checkpoint_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_buf text = APL_BUF(API_SMALL_BODY_BYTES);
    apl_span note;
    apl_rc rc = apl_house_checkpoint(desk_of(request), request->arena, &note, err);
    if (!rc)
        rc = apl_buf_add(&text, note, err);
    if (!rc)
        rc = apl_http_answer_buf(response, 200, "text/plain; charset=utf-8", &text, err);
    apl_buf_release(&text);
    return rc;
}

static apl_rc answer_policy(apl_http_request *request, apl_http_response *response,
                            const bool *published, apl_err *err)
{
    apl_house_policy policy;
    api_reply reply;
    apl_rc rc = apl_house_policy_read(desk_of(request), request->arena, &policy, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    apl_json_writer *w = &reply.w;
    apl_json_object_begin(w);
    apl_json_member_i64(w, "version", policy.version);
    apl_json_member_str(w, "sha256", policy.sha256);
    apl_json_member_bool(w, "is_default", policy.is_default);
    apl_json_member_time(w, "loaded_at", policy.row.published_us);
    if (published)
        apl_json_member_bool(w, "published", *published);
    apl_json_key(w, "files");
    apl_json_array_begin(w);
    for (size_t i = 0; i < policy.file_count; i++) {
        apl_json_object_begin(w);
        apl_json_member_string(w, "path", policy.files[i].path);
        apl_json_member_str(w, "sha256", policy.files[i].sha256);
        apl_json_member_i64(w, "bytes", policy.files[i].bytes);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
    apl_json_object_end(w);
    return api_reply_send(&reply, response, 200, err);
}

apl_rc api_policy_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    return answer_policy(request, response, NULL, err);
}

typedef struct publish_job {
    int64_t user_id;
    bool published;
} publish_job;

static apl_rc run_publish(apl_desk *desk, void *ctx, apl_err *err)
{
    publish_job *job = ctx;
    return apl_desk_publish(desk, job->user_id, &job->published, err);
}

apl_rc api_policy_publish(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_api *api = api_of(request);
    publish_job job = {.user_id = apl_caller_user_id(&who_of(request)->caller)};
    apl_rc rc = apl_writer_run_alone(api->writer, run_publish, &job, err);
    if (rc)
        return rc;
    apl_feed_wake(api->config.bus, api->workspace_id);
    return answer_policy(request, response, &job.published, err);
}
