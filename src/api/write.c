/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through the one writer, with Idempotency-Key; see internal.h. Tests: tests/e2e/test_api_idempotency.py */
#include "api/internal.h"

#include <string.h>

typedef struct write_job {
    const api_write *write;
    const apl_answered_key *key;
    apl_buf body; /* the answer */
    int status;
} write_job;

/* On the writer's thread. */
static apl_rc run_job(apl_tx *tx, void *ctx, apl_err *err)
{
    write_job *job = ctx;
    apl_answered known = {0};
    bool is_known = false;
    apl_rc rc = job->key ? apl_answered_find(tx, job->key, &known, &is_known, err) : APL_OK;
    if (!rc && is_known) {
        job->status = known.status;
        return apl_buf_add(&job->body, known.body, err);
    }
    if (!rc) {
        apl_json_writer w;
        apl_json_writer_init(&w, &job->body);
        rc = job->write->run(tx, job->write->ctx, &w, err);
        if (!rc)
            rc = apl_json_writer_finish(&w, err);
    }
    apl_answered answer = {job->write->status, apl_buf_view(&job->body)};
    if (!rc && job->key)
        rc = apl_answered_put(tx, job->key, &answer, err);
    return rc;
}

static apl_rc header_key(const apl_http_request *request, apl_answered_key *key, bool *out_has,
                         apl_err *err)
{
    const api_who *who = who_of(request);
    *out_has = (request->route->flags & APL_HTTP_IDEMPOTENT) &&
               apl_http_header(request, "idempotency-key", &key->key);
    if (!*out_has)
        return APL_OK;
    bool good = key->key.len >= 1 && key->key.len <= API_KEY_MAX_BYTES;
    for (size_t i = 0; i < key->key.len && good; i++)
        good = key->key.ptr[i] >= 0x20 && key->key.ptr[i] < 0x7f;
    if (!good) {
        apl_err_set(err, APL_E_USAGE, "an Idempotency-Key has 1 to %d printable ASCII characters",
                    API_KEY_MAX_BYTES);
        apl_err_where(err, "header Idempotency-Key");
        return APL_E_USAGE;
    }
    char *scope = apl_arena_printf(request->arena, "%s/%lld", who->caller.actor.noun,
                                   (long long)who->caller.actor.id);
    if (!scope)
        return apl_err_nomem(err);
    const apl_span parts[] = {apl_span_of(apl_http_method_name(request->method)), request->path,
                              request->body};
    key->scope = apl_span_of(scope);
    apl_answered_hash(parts, sizeof parts / sizeof *parts, key->hash);
    return APL_OK;
}

apl_rc api_write_run(apl_http_request *request, apl_http_response *response, const api_write *write,
                     apl_err *err)
{
    apl_api *api = api_of(request);
    apl_answered_key key = {0};
    bool has_key = false;
    write_job job = {.write = write,
                     .key = write->key,
                     .body = APL_BUF(API_REPLY_MAX_BYTES),
                     .status = write->status};
    apl_rc rc = write->key ? APL_OK : header_key(request, &key, &has_key, err);
    if (has_key)
        job.key = &key;
    if (!rc) {
        atomic_fetch_add(&api->metrics.writes_waiting, 1);
        rc = apl_writer_run(api->writer, run_job, &job, err);
        atomic_fetch_sub(&api->metrics.writes_waiting, 1);
    }
    if (!rc)
        rc = apl_http_answer_json(response, job.status, &job.body, err);
    apl_buf_release(&job.body);
    return rc;
}
