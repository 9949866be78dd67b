/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed webhook: checked on the raw bytes before anything reads them, on disk before it is acknowledged, and
 * remembered by its id in the same transaction, so that a repeated delivery changes nothing. Tests:
 * tests/e2e/test_webhook.py
 */
#include "api/internal.h"

#include "desk/batch.h"
#include "desk/channel.h"
#include "desk/post_json.h"
#include "desk/webhook.h"

#include <inttypes.h>

enum { HOOK_EVENTS_MAX = 1000 };

typedef struct hook_job {
    apl_batch_item *items;
    size_t count;
    size_t *places; /* number of each item in the delivery */
    apl_err
        *refused; /* of events that could not be read, by number in the delivery; rc 0: was read */
    size_t event_count;
    apl_intake_origin origin;
} hook_job;

static apl_rc no_such_hook(int64_t id, apl_err *err)
{
    apl_err_set(err, APL_E_NOT_FOUND, "there is no webhook %" PRId64, id);
    apl_err_where(err, "channel_id");
    return APL_E_NOT_FOUND;
}

static apl_rc find_channel(const apl_http_request *request, apl_channel_row *row, apl_err *err)
{
    int64_t id = 0;
    bool found = false;
    apl_rc rc = apl_http_param_id(request, "channel_id", &id, err);
    if (!rc)
        rc = apl_channel_get(desk_of(request), id, request->arena, row, &found, err);
    if (!rc && (!found || !apl_span_is(row->kind, "webhook") || row->disabled_us != APL_TIME_NONE))
        rc = no_such_hook(id, err);
    return rc;
}

static apl_rc check_signature(apl_http_request *request, const apl_channel_row *channel,
                              apl_webhook *hook, apl_err *err)
{
    uint8_t secret[APL_CHANNEL_SECRET_BYTES];
    *hook = (apl_webhook){.body = request->body};
    (void)apl_http_header(request, "webhook-id", &hook->id);
    (void)apl_http_header(request, "webhook-timestamp", &hook->timestamp);
    (void)apl_http_header(request, "webhook-signature", &hook->signatures);
    apl_rc rc = apl_channel_secret(desk_of(request), channel, secret, err);
    if (!rc)
        rc = apl_webhook_check(hook, (apl_span){(const char *)secret, sizeof secret},
                               api_now(request), err);
    apl_secret_wipe(secret, sizeof secret);
    if (rc == APL_E_UNAUTH)
        atomic_fetch_add(&api_of(request)->metrics.hook_refusals, 1);
    return rc;
}

/* What is kept as the payload: the body of a single event as it came, an event of several as it was understood. */
static apl_rc fill_raw(const apl_http_request *request, apl_post_in *post, bool is_single,
                       apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(APL_POST_RAW_MAX_BYTES);
    apl_json_writer w;
    if (is_single && request->body.len <= APL_POST_RAW_MAX_BYTES) {
        post->raw = request->body;
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_post_json_write(post, &w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    return rc ? rc : apl_arena_copy(request->arena, apl_buf_view(&text), &post->raw, err);
}

static apl_rc read_event(apl_http_request *request, hook_job *job, apl_json event, bool is_single,
                         apl_err *err)
{
    size_t number = job->event_count++;
    apl_batch_item *item = &job->items[job->count];
    apl_rc rc = apl_post_json_read(event, &item->post, &job->refused[number]);
    if (rc == APL_E_NOMEM)
        return apl_err_nomem(err);
    if (rc)
        return APL_OK;
    job->places[job->count++] = number;
    return fill_raw(request, &item->post, is_single, err);
}

static apl_rc read_events(apl_http_request *request, hook_job *job, apl_err *err)
{
    static const char *const names[] = {"events"};
    apl_json_limits limits = {API_HOOK_BODY_BYTES, 16};
    apl_json root, list, event;
    apl_rc rc = apl_json_doc_parse(worker_of(request)->doc, request->body, &limits, &root, err);
    if (rc == APL_E_INVALID)
        rc = err->rc = APL_E_USAGE;
    if (!rc && !apl_json_is(root, APL_JSON_OBJECT))
        rc = apl_err_set(err, APL_E_USAGE, "the body is neither an event nor {\"events\": […]}");
    if (rc)
        return rc;
    list = apl_json_get(root, "events");
    bool is_single = !apl_json_is(list, APL_JSON_ARRAY);
    size_t count = is_single ? 1 : apl_json_count(list);
    if (!is_single)
        rc = apl_json_check_names(root, names, 1, err);
    if (!rc && (count < 1 || count > HOOK_EVENTS_MAX))
        rc = apl_json_refuse(list, err, "a delivery has 1 to %d events", HOOK_EVENTS_MAX);
    job->items = apl_arena_alloc(request->arena, count, sizeof *job->items);
    job->places = apl_arena_alloc(request->arena, count, sizeof *job->places);
    job->refused = apl_arena_alloc(request->arena, count, sizeof *job->refused);
    if (!rc && (!job->items || !job->places || !job->refused))
        rc = apl_err_nomem(err);
    if (!rc && is_single)
        return read_event(request, job, root, true, err);
    for (apl_json_iter it = apl_json_each(list); !rc && apl_json_next(&it, NULL, &event);)
        rc = read_event(request, job, event, false, err);
    return rc;
}

static void write_refusal(apl_json_writer *w, size_t number, const apl_err *refusal)
{
    apl_json_object_begin(w);
    apl_json_member_i64(w, "index", (int64_t)number);
    apl_json_member_str(w, "detail", refusal->what);
    if (refusal->where[0])
        apl_json_member_str(w, "where", refusal->where);
    if (refusal->fix[0])
        apl_json_member_str(w, "fix", refusal->fix);
    apl_json_object_end(w);
}

static apl_rc run_hook(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    hook_job *job = ctx;
    apl_rc rc = apl_batch_apply(tx, &job->origin, job->items, job->count, err);
    if (rc)
        return rc;
    apl_batch_counts counts = apl_batch_count(job->items, job->count);
    for (size_t i = 0; i < job->count; i++)
        if (job->items[i].rc)
            job->refused[job->places[i]] = job->items[i].err;
    apl_json_object_begin(w);
    apl_json_member_i64(w, "accepted", counts.taken);
    apl_json_member_i64(w, "known", counts.known);
    apl_json_member_i64(w, "edited", counts.edited);
    apl_json_member_i64(w, "deleted", counts.deleted);
    apl_json_key(w, "rejected");
    apl_json_array_begin(w);
    for (size_t i = 0; i < job->event_count; i++)
        if (job->refused[i].rc)
            write_refusal(w, i, &job->refused[i]);
    apl_json_array_end(w);
    apl_json_object_end(w);
    return APL_OK;
}

static apl_rc take(apl_http_request *request, apl_http_response *response,
                   const apl_channel_row *channel, const apl_webhook *hook, apl_err *err)
{
    apl_judge *judge = NULL;
    hook_job job = {.origin = {.channel_id = channel->id, .actor = {"channel", channel->id}}};
    char *scope = apl_arena_printf(request->arena, "hook/%" PRId64, channel->id);
    apl_rc rc = scope ? read_events(request, &job, err) : apl_err_nomem(err);
    if (!rc)
        rc = api_judge(request, &judge, err);
    if (!rc)
        rc = apl_batch_judge(judge, channel->name, job.items, job.count, request->arena, err);
    if (rc)
        return rc;
    job.origin.own_names = &apl_judge_policy(judge)->own_names;
    apl_answered_key key = {.scope = apl_span_of(scope), .key = hook->id};
    apl_answered_hash(&request->body, 1, key.hash);
    return api_write_run(request, response, &(api_write){run_hook, &job, 202, &key}, err);
}

apl_rc api_hook_receive(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_channel_row channel;
    apl_webhook hook;
    apl_rc rc = find_channel(request, &channel, err);
    if (!rc)
        rc = check_signature(request, &channel, &hook, err);
    return rc ? rc : take(request, response, &channel, &hook, err);
}
