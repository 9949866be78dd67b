/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing; see api.h. Order: writer, then server; closed the other way round. Tests: tests/e2e */
#include "api/api.h"

#include "api/internal.h"

#include <stdio.h>
#include <string.h>

apl_time_us api_now(const apl_http_request *request)
{
    return apl_clock_now(api_of(request)->config.desk->env.clock);
}

/* ---- workers ---- */

static void worker_close(void *user, void *ctx)
{
    api_worker *worker = ctx;
    (void)user;
    if (!worker)
        return;
    apl_judge_free(worker->judge);
    apl_json_doc_free(worker->doc);
    apl_desk_close(worker->desk);
    apl_mem_free(worker);
}

static apl_rc worker_open(void *user, unsigned index, void **out_ctx, apl_err *err)
{
    apl_api *api = user;
    (void)index;
    api_worker *worker = apl_mem_zalloc(1, sizeof *worker);
    if (!worker)
        return apl_err_nomem(err);
    worker->api = api;
    worker->doc = apl_json_doc_new();
    apl_rc rc = worker->doc ? apl_desk_open_reader(api->config.desk, &worker->desk, err)
                            : apl_err_nomem(err);
    if (rc) {
        worker_close(api, worker);
        return rc;
    }
    *out_ctx = worker;
    return APL_OK;
}

/* Made when it is first needed and anew when another policy was published. */
apl_rc api_judge(const apl_http_request *request, apl_judge **out_judge, apl_err *err)
{
    api_worker *worker = worker_of(request);
    apl_policy_use *use = apl_policy_use_take(worker->api->config.desk);
    if (!use)
        return apl_err_set(err, APL_E_INTERNAL, "no policy is in force");
    if (worker->judge && apl_judge_policy(worker->judge) == use) {
        apl_policy_use_drop(use);
        *out_judge = worker->judge;
        return APL_OK;
    }
    apl_judge *judge = NULL;
    apl_rc rc = apl_judge_new(use, &judge, err);
    if (rc)
        return rc;
    apl_judge_free(worker->judge);
    worker->judge = judge;
    *out_judge = judge;
    return APL_OK;
}

/* ---- the whole ---- */

/* On the writer's thread, after each commit. */
static void committed(void *ctx, int64_t ledger_size)
{
    apl_api *api = ctx;
    (void)ledger_size;
    apl_feed_wake(api->config.bus, api->workspace_id);
}

static void free_api(apl_api *api)
{
    apl_writer_close(api->writer);
    api_imports_free(api->imports);
    apl_throttle_release(&api->throttle);
    apl_mutex_release(&api->counts.mutex);
    apl_mutex_release(&api->metrics.kept.mutex);
    apl_mem_free(api);
}

static const apl_http_asset *find_index(const apl_api_config *config)
{
    for (size_t i = 0; i < config->asset_count; i++)
        if (strcmp(config->assets[i].path, "index.html") == 0)
            return &config->assets[i];
    return NULL;
}

static apl_rc open_server(apl_api *api, apl_err *err)
{
    const apl_api_config *config = &api->config;
    apl_http_config http = {
        .routes = api_routes,
        .route_count = api_route_count,
        .user = api,
        .worker_open = worker_open,
        .worker_close = worker_close,
        .before = api_before,
        .after = api_metrics_note,
        .hosts = config->hosts,
        .trusted_proxies = config->trusted_proxies,
        .worker_count = config->worker_count,
        .arena_max_bytes = 64 * 1024 * 1024, /* a batch of an import with its judgements */
        .clock = config->desk->env.clock,
        .random = config->desk->env.random,
    };
    size_t count = 0;
    while (count < APL_API_LISTEN_MAX && config->listen[count]) {
        http.listen[count] = config->listen[count];
        count++;
    }
    http.listen[count] = api->socket;
    return apl_http_server_open(&http, &api->server, err);
}

apl_rc apl_api_open(const apl_api_config *config, apl_api **out_api, apl_err *err)
{
    apl_api *api = apl_mem_zalloc(1, sizeof *api);
    if (!api)
        return apl_err_nomem(err);
    api->config = *config;
    api->workspace_id = config->desk->workspace_id;
    api->index = find_index(config);
    apl_throttle_init(&api->throttle);
    apl_mutex_init(&api->counts.mutex);
    apl_mutex_init(&api->metrics.kept.mutex);
    memcpy(api->socket, "unix:", 5);
    apl_rc rc = apl_desk_path(config->desk, "serve.sock", api->socket + 5, err);
    if (!rc)
        rc = api_imports_new(&api->imports, err);
    if (!rc)
        rc = apl_writer_open(config->desk, committed, api, &api->writer, err);
    if (!rc)
        rc = open_server(api, err);
    if (rc) {
        free_api(api);
        return rc;
    }
    *out_api = api;
    return APL_OK;
}

unsigned apl_api_port(const apl_api *api, size_t index)
{
    return apl_http_server_port(api->server, index);
}

apl_writer *apl_api_writer(apl_api *api)
{
    return api->writer;
}

bool apl_api_close(apl_api *api, int64_t deadline_us)
{
    if (!api)
        return true;
    bool is_clean = apl_http_server_close(api->server, deadline_us);
    free_api(api);
    return is_clean;
}
