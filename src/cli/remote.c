/* SPDX-License-Identifier: Apache-2.0 */
/* The running server as the command line's hands; see remote.h. Tests: tests/e2e/test_import.py */
#include "cli/remote.h"

#include "desk/post_json.h"

#include <stdio.h>
#include <string.h>

enum { BODY_MAX_BYTES = 64 * 1024 * 1024, PATH_BYTES = 128, URL_BYTES = 2048 };

struct apl_remote {
    apl_http_client *client;
    char socket[APL_PATH_MAX_BYTES];
    int64_t import_id;
    int64_t batch;
    apl_json_doc *doc;
};

apl_rc apl_remote_open(const char *data_dir, apl_remote **out_remote, apl_err *err)
{
    apl_remote *remote = apl_mem_zalloc(1, sizeof *remote);
    if (!remote)
        return apl_err_nomem(err);
    (void)snprintf(remote->socket, sizeof remote->socket, "%.4000s/serve.sock", data_dir);
    remote->doc = apl_json_doc_new();
    apl_rc rc = remote->doc ? apl_http_client_open(&remote->client, err) : apl_err_nomem(err);
    if (!rc && !apl_file_exists(remote->socket)) {
        apl_err_set(err, APL_E_BUSY, "process %lld holds the data directory and is no server",
                    (long long)apl_lock_owner(data_dir));
        apl_err_where(err, "%s", data_dir);
        apl_err_fix(err, "wait until it has finished, then try again");
        rc = APL_E_BUSY;
    }
    if (rc) {
        apl_remote_close(remote);
        return rc;
    }
    *out_remote = remote;
    return APL_OK;
}

void apl_remote_close(apl_remote *remote)
{
    if (!remote)
        return;
    apl_http_client_close(remote->client);
    apl_json_doc_free(remote->doc);
    apl_mem_free(remote);
}

static apl_rc rc_of_status(int status)
{
    for (int rc = APL_E_NOMEM; rc < APL_RC_COUNT; rc++)
        if (apl_rc_http_status((apl_rc)rc) == status)
            return (apl_rc)rc;
    return APL_E_IO;
}

/* The server's own words become ours. */
static apl_rc problem(apl_remote *remote, const apl_http_reply *reply, apl_err *err)
{
    apl_json root = APL_JSON_NONE;
    apl_span detail = APL_SPAN_NONE, where = APL_SPAN_NONE, fix = APL_SPAN_NONE;
    apl_rc rc = rc_of_status(reply->status);
    if (!apl_json_doc_parse(remote->doc, apl_buf_view(&reply->body), NULL, &root, NULL)) {
        (void)apl_json_as_str(apl_json_get(root, "detail"), &detail);
        (void)apl_json_as_str(apl_json_get(root, "where"), &where);
        (void)apl_json_as_str(apl_json_get(root, "fix"), &fix);
    }
    if (detail.len)
        apl_err_set(err, rc, "%.*s", APL_SPAN_ARGS(detail));
    else
        apl_err_set(err, rc, "the server answered %d", reply->status);
    if (where.len)
        apl_err_where(err, "%.*s", APL_SPAN_ARGS(where));
    if (fix.len)
        apl_err_fix(err, "%.*s", APL_SPAN_ARGS(fix));
    return rc;
}

apl_rc apl_remote_call(apl_remote *remote, const char *method, const char *path, apl_span body,
                       apl_http_reply *out_reply, apl_err *err)
{
    char url[URL_BYTES];
    static const apl_http_pair headers[] = {{{"Content-Type", 12}, {"application/json", 16}}};
    (void)snprintf(url, sizeof url, "http://localhost%s", path);
    apl_http_call call = {
        .method = method,
        .url = url,
        .unix_path = remote->socket,
        .headers = headers,
        .header_count = body.len ? 1 : 0,
        .body = body,
        .total_us = 10 * APL_US_PER_MINUTE,
        .response_max_bytes = BODY_MAX_BYTES,
    };
    apl_rc rc = apl_http_client_run(remote->client, &call, out_reply, err);
    if (rc)
        return apl_err_wrap(err, rc, "asking the running server");
    return out_reply->status < 300 ? APL_OK : problem(remote, out_reply, err);
}

apl_rc apl_remote_import_begin(apl_remote *remote, const apl_import *import, apl_err *err)
{
    APL_AUTO(apl_buf) body = APL_BUF(BODY_MAX_BYTES);
    APL_AUTO(apl_http_reply) reply = {0};
    apl_json_writer w;
    apl_json root;
    apl_json_writer_init(&w, &body);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "file_name", import->file_name);
    apl_json_member_str(&w, "channel_name", import->channel_name);
    apl_json_member_str(&w, "mapping_note", import->notes);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        rc = apl_remote_call(remote, "POST", "/api/v1/imports", apl_buf_view(&body), &reply, err);
    if (!rc)
        rc = apl_json_doc_parse(remote->doc, apl_buf_view(&reply.body), NULL, &root, err);
    return rc ? rc : apl_json_get_i64(root, "import_id", &remote->import_id, err);
}

static apl_rc write_batch(apl_remote *remote, const apl_batch_item *items, size_t count,
                          apl_buf *body, apl_err *err)
{
    apl_json_writer w;
    apl_json_writer_init(&w, body);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "number", ++remote->batch);
    apl_json_key(&w, "events");
    apl_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        apl_json_object_begin(&w);
        apl_json_member_i64(&w, "line", items[i].line > 0 ? items[i].line : 1);
        apl_json_member_string(&w, "raw", items[i].post.raw);
        apl_json_key(&w, "post");
        apl_post_json_write(&items[i].post, &w);
        apl_json_object_end(&w);
    }
    apl_json_array_end(&w);
    apl_json_object_end(&w);
    return apl_json_writer_finish(&w, err);
}

/* Rejects come back by line; each refused item gets the server's reason. */
static apl_rc mark_rejects(apl_json root, apl_batch_item *items, size_t count, apl_err *err)
{
    apl_json rejected, item;
    apl_rc rc = apl_json_get_array(root, "rejected", &rejected, err);
    if (rc)
        return rc;
    for (apl_json_iter it = apl_json_each(rejected); apl_json_next(&it, NULL, &item);) {
        int64_t line = 0;
        apl_span detail = APL_SPAN_NONE;
        rc = apl_json_get_i64(item, "line", &line, err);
        if (!rc)
            rc = apl_json_get_str(item, "detail", &detail, err);
        if (rc)
            return rc;
        for (size_t i = 0; i < count; i++)
            if (items[i].line == line && !items[i].rc)
                items[i].rc =
                    apl_err_set(&items[i].err, APL_E_INVALID, "%.*s", APL_SPAN_ARGS(detail));
    }
    return APL_OK;
}

/* Only the sums are known; they are spread over the items that were not refused. */
static apl_rc mark_outcomes(apl_json root, apl_batch_item *items, size_t count, apl_err *err)
{
    static const struct {
        const char *name;
        apl_intake_outcome outcome;
    } sums[] = {{"accepted", APL_INTAKE_TAKEN},
                {"known", APL_INTAKE_KNOWN},
                {"edited", APL_INTAKE_EDITED},
                {"deleted", APL_INTAKE_DELETED}};
    size_t at = 0;
    for (size_t s = 0; s < sizeof sums / sizeof *sums; s++) {
        int64_t sum = 0;
        apl_rc rc = apl_json_get_i64(root, sums[s].name, &sum, err);
        if (rc)
            return rc;
        for (; sum > 0 && at < count; at++) {
            if (items[at].rc)
                continue;
            items[at].result.outcome = sums[s].outcome;
            sum--;
        }
    }
    return APL_OK;
}

apl_rc apl_remote_import_batch(apl_remote *remote, apl_batch_item *items, size_t count,
                               apl_err *err)
{
    static const apl_json_limits limits = {BODY_MAX_BYTES, 16};
    APL_AUTO(apl_buf) body = APL_BUF(BODY_MAX_BYTES);
    APL_AUTO(apl_http_reply) reply = {0};
    char path[PATH_BYTES];
    apl_json root;
    apl_rc rc = write_batch(remote, items, count, &body, err);
    (void)snprintf(path, sizeof path, "/api/v1/imports/%lld/batches", (long long)remote->import_id);
    if (!rc)
        rc = apl_remote_call(remote, "POST", path, apl_buf_view(&body), &reply, err);
    if (!rc)
        rc = apl_json_doc_parse(remote->doc, apl_buf_view(&reply.body), &limits, &root, err);
    if (!rc)
        rc = mark_rejects(root, items, count, err);
    return rc ? rc : mark_outcomes(root, items, count, err);
}

apl_rc apl_remote_import_finish(apl_remote *remote, apl_err *err)
{
    APL_AUTO(apl_http_reply) reply = {0};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/api/v1/imports/%lld/finish", (long long)remote->import_id);
    return apl_remote_call(remote, "POST", path, APL_SPAN("{}"), &reply, err);
}
