/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports through a running server: the client reads and maps the file, the server takes its posts in batches. What is
 * half done lives in memory only; after a restart the client begins anew, and what was taken is already known.
 * Lock order: imports->mutex, then nothing; one batch at a time per import (is_busy). Tests: tests/e2e/test_api_intake.py
 */
#include "api/internal.h"

#include "desk/import.h"
#include "desk/post_json.h"

#include <inttypes.h>

enum { IMPORTS_MAX = 32, ANSWER_MAX_BYTES = 1024 * 1024 };
static const int64_t forget_us = APL_US_PER_HOUR;

typedef struct import_slot {
    int64_t id; /* 0: free */
    apl_import import;
    apl_time_us used_us;
    int64_t last_number;
    apl_buf last_answer; /* the reply to it */
    bool is_busy, is_finished;
} import_slot;

struct api_imports {
    apl_mutex mutex;
    import_slot slots[IMPORTS_MAX];
};

apl_rc api_imports_new(api_imports **out_imports, apl_err *err)
{
    api_imports *imports = apl_mem_zalloc(1, sizeof *imports);
    if (!imports)
        return apl_err_nomem(err);
    apl_mutex_init(&imports->mutex);
    *out_imports = imports;
    return APL_OK;
}

static void slot_clear(import_slot *slot)
{
    if (!slot->id)
        return;
    apl_import_release(&slot->import);
    apl_buf_release(&slot->last_answer);
    slot->id = 0;
}

void api_imports_free(api_imports *imports)
{
    if (!imports)
        return;
    for (size_t i = 0; i < IMPORTS_MAX; i++)
        slot_clear(&imports->slots[i]);
    apl_mutex_release(&imports->mutex);
    apl_mem_free(imports);
}

/* ---- begin ---- */

/* A free slot, or one that nobody has used for an hour. */
static import_slot *slot_take(api_imports *imports, apl_time_us now)
{
    for (size_t i = 0; i < IMPORTS_MAX; i++) {
        import_slot *slot = &imports->slots[i];
        if (slot->id && !slot->is_busy && now - slot->used_us > forget_us)
            slot_clear(slot);
        if (!slot->id)
            return slot;
    }
    return NULL;
}

typedef struct import_new {
    apl_span file_name, channel_name, notes;
    int64_t id;
} import_new;

static apl_rc open_slot(apl_http_request *request, import_new *what, apl_err *err)
{
    apl_api *api = api_of(request);
    const apl_random_src *random = api->config.desk->env.random;
    uint64_t bits = 0;
    random->fill(random->ctx, &bits, sizeof bits);
    what->id = (int64_t)(bits >> 16) + 1; /* below 2^53, and unlike that of a server before */
    apl_mutex_lock(&api->imports->mutex);
    import_slot *slot = slot_take(api->imports, api_now(request));
    if (slot) {
        *slot = (import_slot){
            .id = what->id, .used_us = api_now(request), .last_answer = APL_BUF(ANSWER_MAX_BYTES)};
        apl_import_init(&slot->import, what->file_name, what->channel_name, what->notes,
                        apl_caller_user_id(&who_of(request)->caller));
    }
    apl_mutex_unlock(&api->imports->mutex);
    if (slot)
        return APL_OK;
    apl_err_set(err, APL_E_BUSY, "%d imports are under way", IMPORTS_MAX);
    apl_err_fix(err, "finish one of them, or wait an hour for a forgotten one");
    return APL_E_BUSY;
}

apl_rc api_import_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"file_name", "channel_name", "mapping_note", NULL};
    import_new what = {0};
    apl_json root;
    api_reply reply;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "file_name", 1, APL_IMPORT_NAME_MAX_BYTES - 1, &what.file_name,
                           err);
    if (!rc)
        rc = api_body_text(root, "channel_name", 1, 120, &what.channel_name, err);
    if (!rc)
        rc = api_body_text(root, "mapping_note", 0, APL_IMPORT_NOTES_MAX_BYTES - 1, &what.notes,
                           err);
    if (!rc)
        rc = open_slot(request, &what, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    apl_json_object_begin(&reply.w);
    apl_json_member_i64(&reply.w, "import_id", what.id);
    apl_json_object_end(&reply.w);
    return api_reply_send(&reply, response, 201, err);
}

/* ---- batches ---- */

/* Finds the import and keeps it for this request alone. */
static apl_rc slot_lock(apl_http_request *request, import_slot **out_slot, apl_err *err)
{
    api_imports *imports = api_of(request)->imports;
    int64_t id = 0;
    import_slot *found = NULL;
    apl_rc rc = apl_http_param_id(request, "import_id", &id, err);
    if (rc)
        return rc;
    apl_mutex_lock(&imports->mutex);
    for (size_t i = 0; i < IMPORTS_MAX; i++)
        if (imports->slots[i].id == id)
            found = &imports->slots[i];
    bool is_free = found && !found->is_busy;
    if (is_free) {
        found->is_busy = true;
        found->used_us = api_now(request);
    }
    apl_mutex_unlock(&imports->mutex);
    if (found && !is_free)
        return apl_err_set(err, APL_E_EXISTS, "a batch of this import is being taken right now");
    if (!found) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no import %" PRId64 " under way", id);
        apl_err_where(err, "import_id");
        apl_err_fix(err, "begin the import anew; what was taken already is known then");
        return APL_E_NOT_FOUND;
    }
    *out_slot = found;
    return APL_OK;
}

static void slot_unlock(apl_http_request *request, import_slot *slot)
{
    api_imports *imports = api_of(request)->imports;
    apl_mutex_lock(&imports->mutex);
    slot->is_busy = false;
    apl_mutex_unlock(&imports->mutex);
}

typedef struct batch_read {
    int64_t number;
    apl_batch_item *items;
    size_t count;    /* readable ones, first in items */
    size_t events;   /* all */
    apl_err *errors; /* of the unreadable ones */
    int64_t *lines;
    size_t error_count;
} batch_read;

static apl_rc read_event(apl_json event, batch_read *batch, apl_err *err)
{
    static const char *const names[] = {"line", "raw", "post"};
    apl_batch_item *item = &batch->items[batch->count];
    apl_json post;
    apl_span raw = APL_SPAN("");
    apl_rc rc = apl_json_check_names(event, names, 3, err);
    if (!rc)
        rc = apl_json_get_i64(event, "line", &item->line, err);
    if (!rc)
        rc = apl_json_opt_str(event, "raw", &raw, err);
    if (!rc)
        rc = apl_json_get_object(event, "post", &post, err);
    if (rc)
        return rc;
    apl_err *why = &batch->errors[batch->error_count];
    rc = apl_post_json_read(post, &item->post, why);
    if (!rc && raw.len > APL_POST_RAW_MAX_BYTES)
        rc = apl_err_set(why, APL_E_LIMIT, "the record is larger than %d bytes",
                         APL_POST_RAW_MAX_BYTES);
    if (rc == APL_E_NOMEM)
        return apl_err_nomem(err);
    if (rc) {
        batch->lines[batch->error_count++] = item->line;
        return APL_OK;
    }
    item->post.raw = raw;
    batch->count++;
    return APL_OK;
}

static apl_rc read_batch(apl_http_request *request, batch_read *batch, apl_err *err)
{
    static const char *const names[] = {"number", "events", NULL};
    apl_json root, list, event;
    apl_rc rc = api_body(request, names, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "number", &batch->number, err);
    if (!rc)
        rc = apl_json_get_array(root, "events", &list, err);
    if (rc)
        return rc;
    batch->events = apl_json_count(list);
    if (!batch->events || batch->events > APL_IMPORT_BATCH_MAX)
        return apl_json_refuse(list, err, "a batch has 1 to %d events", APL_IMPORT_BATCH_MAX);
    batch->items = apl_arena_alloc(request->arena, batch->events, sizeof *batch->items);
    batch->errors = apl_arena_alloc(request->arena, batch->events + 1, sizeof *batch->errors);
    batch->lines = apl_arena_alloc(request->arena, batch->events, sizeof *batch->lines);
    if (!batch->items || !batch->errors || !batch->lines)
        return apl_err_nomem(err);
    for (apl_json_iter it = apl_json_each(list); !rc && apl_json_next(&it, NULL, &event);)
        rc = read_event(event, batch, err);
    return rc;
}

static void write_reject(apl_json_writer *w, int64_t line, const apl_err *why)
{
    apl_json_object_begin(w);
    apl_json_member_i64(w, "line", line);
    apl_json_member_str(w, "detail", why->what);
    if (why->where[0])
        apl_json_member_str(w, "where", why->where);
    if (why->fix[0])
        apl_json_member_str(w, "fix", why->fix);
    apl_json_object_end(w);
}

static void write_receipt(apl_json_writer *w, const batch_read *batch)
{
    apl_batch_counts counts = apl_batch_count(batch->items, batch->count);
    apl_json_object_begin(w);
    apl_json_member_i64(w, "number", batch->number);
    apl_json_member_i64(w, "accepted", counts.taken);
    apl_json_member_i64(w, "known", counts.known);
    apl_json_member_i64(w, "edited", counts.edited);
    apl_json_member_i64(w, "deleted", counts.deleted);
    apl_json_key(w, "rejected");
    apl_json_array_begin(w);
    for (size_t i = 0; i < batch->error_count; i++)
        write_reject(w, batch->lines[i], &batch->errors[i]);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].rc)
            write_reject(w, batch->items[i].line, &batch->items[i].err);
    apl_json_array_end(w);
    apl_json_object_end(w);
}

static apl_rc take_batch(apl_http_request *request, import_slot *slot, batch_read *batch,
                         apl_err *err)
{
    apl_judge *judge = NULL;
    apl_json_writer w;
    apl_import_batch job = {&slot->import, batch->items, batch->count};
    apl_rc rc = api_judge(request, &judge, err);
    if (!rc)
        rc = apl_batch_judge(judge, apl_span_of(slot->import.channel_name), batch->items,
                             batch->count, request->arena, err);
    if (!rc)
        rc = apl_writer_run(api_of(request)->writer, apl_import_batch_write, &job, err);
    if (rc)
        return rc;
    slot->import.counts.rejected += (int64_t)batch->error_count;
    slot->last_number = batch->number;
    apl_buf_clear(&slot->last_answer);
    apl_json_writer_init(&w, &slot->last_answer);
    write_receipt(&w, batch);
    return apl_json_writer_finish(&w, err);
}

static apl_rc answer_batch(apl_http_request *request, apl_http_response *response,
                           import_slot *slot, batch_read *batch, apl_err *err)
{
    APL_AUTO(apl_buf) body = APL_BUF(ANSWER_MAX_BYTES);
    apl_rc rc = APL_OK;
    if (slot->is_finished || batch->number < 1 || batch->number < slot->last_number ||
        batch->number > slot->last_number + 1) {
        apl_err_set(err, APL_E_EXISTS, "batch %" PRId64 " does not follow batch %" PRId64,
                    batch->number, slot->last_number);
        apl_err_where(err, "/number");
        return APL_E_EXISTS;
    }
    if (batch->number != slot->last_number)
        rc = take_batch(request, slot, batch, err);
    if (!rc)
        rc = apl_buf_add(&body, apl_buf_view(&slot->last_answer), err);
    return rc ? rc : apl_http_answer_json(response, 200, &body, err);
}

apl_rc api_import_batch(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    import_slot *slot = NULL;
    batch_read batch = {0};
    apl_rc rc = read_batch(request, &batch, err);
    if (!rc)
        rc = slot_lock(request, &slot, err);
    if (rc)
        return rc;
    rc = answer_batch(request, response, slot, &batch, err);
    slot_unlock(request, slot);
    return rc;
}

/* ---- end ---- */

static apl_rc finish(apl_http_request *request, apl_http_response *response, import_slot *slot,
                     apl_err *err)
{
    api_reply reply;
    apl_rc rc = slot->is_finished ? APL_OK
                                  : apl_writer_run(api_of(request)->writer, apl_import_finish,
                                                   &slot->import, err);
    if (rc)
        return rc;
    slot->is_finished = true;
    const apl_batch_counts *counts = &slot->import.counts;
    api_reply_begin(&reply);
    apl_json_object_begin(&reply.w);
    apl_json_member_i64(&reply.w, "import_id", slot->id);
    apl_json_member_i64(&reply.w, "batches", slot->last_number);
    apl_json_member_i64(&reply.w, "accepted", counts->taken);
    apl_json_member_i64(&reply.w, "known", counts->known);
    apl_json_member_i64(&reply.w, "edited", counts->edited);
    apl_json_member_i64(&reply.w, "deleted", counts->deleted);
    apl_json_member_i64(&reply.w, "rejected_count", counts->rejected);
    apl_json_object_end(&reply.w);
    return api_reply_send(&reply, response, 200, err);
}

apl_rc api_import_finish(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    import_slot *slot = NULL;
    apl_rc rc = slot_lock(request, &slot, err);
    if (rc)
        return rc;
    rc = finish(request, response, slot, err);
    slot_unlock(request, slot);
    return rc;
}
