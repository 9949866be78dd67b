/* SPDX-License-Identifier: Apache-2.0 */
/* Channels. Tests: tests/e2e/test_webhook.py */
#include "api/internal.h"

#include "desk/channel.h"

#include <inttypes.h>
#include <stdio.h>

static void write_channel(apl_json_writer *w, const apl_channel_row *row, apl_time_us last_post_us,
                          int64_t post_count)
{
    char path[64];
    bool is_hook = apl_span_is(row->kind, "webhook");
    (void)snprintf(path, sizeof path, "/api/v1/hooks/%" PRId64, row->id);
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->id);
    apl_json_member_string(w, "name", row->name);
    apl_json_member_string(w, "kind", row->kind);
    apl_json_member_time(w, "created_at", row->created_us);
    apl_json_member_time(w, "last_post_at", last_post_us);
    apl_json_member_i64(w, "post_count", post_count);
    apl_json_member_str(w, "hook_path", is_hook ? path : NULL);
    apl_json_object_end(w);
}

apl_rc api_channels_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_page page;
    apl_channel_page channels;
    api_reply reply;
    apl_rc rc = api_page_read(request, "channels", &page, err);
    if (!rc)
        rc = apl_channel_list(desk_of(request), page.has_place ? page.place.keys[0] : 0, page.limit,
                              request->arena, &channels, err);
    if (rc)
        return rc;
    int64_t last = channels.count ? channels.lines[channels.count - 1].row.id : 0;
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (size_t i = 0; i < channels.count; i++)
        write_channel(&reply.w, &channels.lines[i].row, channels.lines[i].last_post_us,
                      channels.lines[i].post_count);
    api_list_end(&reply.w, api_page_next(request, &page, channels.has_more, &last, 1));
    return api_reply_send(&reply, response, 200, err);
}

typedef struct channel_job {
    apl_channel_new channel;
    apl_actor actor;
} channel_job;

static apl_rc run_create(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    channel_job *job = ctx;
    apl_channel_row row;
    char secret[APL_CHANNEL_SECRET_TEXT_BYTES];
    apl_rc rc = apl_channel_add(tx, &job->channel, job->actor, &row, secret, err);
    if (rc)
        return rc;
    apl_json_object_begin(w);
    apl_json_key(w, "channel");
    write_channel(w, &row, APL_TIME_NONE, 0);
    apl_json_member_str(w, "secret", secret[0] ? secret : NULL);
    apl_json_object_end(w);
    apl_secret_wipe(secret, sizeof secret);
    return APL_OK;
}

apl_rc api_channel_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"name", "kind", "slug", NULL};
    channel_job job = {.actor = who_of(request)->caller.actor};
    apl_json root;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "name", 1, 128, &job.channel.name, err);
    if (!rc)
        rc = api_body_text(root, "kind", 1, 32, &job.channel.kind, err);
    if (!rc)
        rc = api_body_text(root, "slug", 0, APL_CHANNEL_SLUG_MAX_BYTES - 1, &job.channel.slug, err);
    if (rc)
        return rc;
    return api_write_run(request, response, &(api_write){run_create, &job, 201, NULL}, err);
}
