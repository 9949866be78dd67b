/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics in the Prometheus text format. Tests: tests/e2e/test_api_house.py */
#include "api/internal.h"

#include <stdio.h>
#include <string.h>

enum { METRICS_MAX_BYTES = 4 * 1024 * 1024 };

static const int64_t keep_stats_us = APL_US_PER_MINUTE;
static const int64_t bounds_us[API_METRIC_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 2500000, 10000000};

static api_route_metrics *route_of(api_metrics *metrics, const char *name)
{
    for (size_t i = 0; i < API_METRIC_ROUTES_MAX; i++) {
        api_route_metrics *route = &metrics->routes[i];
        if (!route->name || strcmp(route->name, name) == 0)
            return route;
    }
    return NULL;
}

void api_metrics_note(void *user, const apl_http_report *report)
{
    apl_api *api = user;
    api_route_metrics *route = route_of(&api->metrics, report->route_name);
    if (!route || report->status < 0 || report->status > 599)
        return;
    if (!route->name)
        route->name = report->route_name; /* one loop thread writes */
    atomic_fetch_add(&route->by_status[report->status / 100][report->status % 100], 1);
    int bucket = 0;
    while (bucket < API_METRIC_BUCKETS && report->duration_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add(&route->buckets[bucket], 1);
    atomic_fetch_add(&route->duration_us, (unsigned long long)report->duration_us);
}

static apl_rc add_requests(apl_buf *out, api_metrics *metrics, apl_err *err)
{
    apl_rc rc = apl_buf_add_str(out, "# TYPE aplomb_http_requests_total counter\n", err);
    for (size_t i = 0; i < API_METRIC_ROUTES_MAX && metrics->routes[i].name && !rc; i++) {
        api_route_metrics *route = &metrics->routes[i];
        for (int status = 0; status < API_METRIC_STATUS_CLASSES * 100 && !rc; status++) {
            unsigned long long count = atomic_load(&route->by_status[status / 100][status % 100]);
            if (count)
                rc = apl_buf_addf(out, err,
                                  "aplomb_http_requests_total{route=\"%s\",status=\"%d\"} %llu\n",
                                  route->name, status, count);
        }
    }
    return rc;
}

static apl_rc add_durations(apl_buf *out, api_metrics *metrics, apl_err *err)
{
    apl_rc rc =
        apl_buf_add_str(out, "# TYPE aplomb_http_request_duration_seconds histogram\n", err);
    for (size_t i = 0; i < API_METRIC_ROUTES_MAX && metrics->routes[i].name && !rc; i++) {
        api_route_metrics *route = &metrics->routes[i];
        unsigned long long sum = 0;
        for (int b = 0; b < API_METRIC_BUCKETS && !rc; b++) {
            sum += atomic_load(&route->buckets[b]);
            rc = apl_buf_addf(
                out, err,
                "aplomb_http_request_duration_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n",
                route->name, (double)bounds_us[b] / 1e6, sum);
        }
        sum += atomic_load(&route->buckets[API_METRIC_BUCKETS]);
        if (!rc)
            rc = apl_buf_addf(
                out, err,
                "aplomb_http_request_duration_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n"
                "aplomb_http_request_duration_seconds_sum{route=\"%s\"} %.6f\n"
                "aplomb_http_request_duration_seconds_count{route=\"%s\"} %llu\n",
                route->name, sum, route->name, (double)atomic_load(&route->duration_us) / 1e6,
                route->name, sum);
    }
    return rc;
}

static apl_rc add_one(apl_buf *out, const char *name, const char *type, int64_t value, apl_err *err)
{
    return apl_buf_addf(out, err, "# TYPE aplomb_%s %s\naplomb_%s %lld\n", name, type, name,
                        (long long)value);
}

/* Pages of memory in use, as the kernel counts them; 0 when it does not tell. */
static int64_t resident_bytes(void)
{
    APL_AUTO(apl_buf) text = APL_BUF(4096);
    apl_span rest, part;
    int64_t pages = 0;
    if (apl_file_load("/proc/self/statm", &text, NULL))
        return 0;
    rest = apl_buf_view(&text);
    if (!apl_span_split(&rest, ' ', &part) || !apl_span_split(&rest, ' ', &part) ||
        apl_span_parse_i64(part, &pages, NULL))
        return 0;
    return pages * 4096;
}

/* At most keep_stats_us old, older while somebody else counts. */
static apl_rc recent_stats(apl_http_request *request, apl_stats *out, apl_err *err)
{
    api_stats_kept *kept = &api_of(request)->metrics.kept;
    apl_time_us now = api_now(request);
    apl_stats fresh;
    apl_mutex_lock(&kept->mutex);
    bool is_old = !kept->taken_us || now - kept->taken_us > keep_stats_us || now < kept->taken_us;
    bool must_count = is_old && (!kept->is_being_taken || !kept->taken_us);
    kept->is_being_taken |= must_count;
    *out = kept->stats;
    apl_mutex_unlock(&kept->mutex);
    if (!must_count)
        return APL_OK;
    apl_rc rc = apl_stats_read(desk_of(request), &fresh, err);
    apl_mutex_lock(&kept->mutex);
    kept->is_being_taken = false;
    if (!rc) {
        kept->stats = fresh;
        kept->taken_us = now;
        *out = fresh;
    }
    apl_mutex_unlock(&kept->mutex);
    return rc;
}

static apl_rc add_house(apl_buf *out, apl_http_request *request, apl_err *err)
{
    apl_api *api = api_of(request);
    apl_stats stats;
    apl_http_stats http;
    int64_t entries = 0;
    apl_desk *desk = desk_of(request);
    apl_rc rc = recent_stats(request, &stats, err);
    if (!rc)
        rc = apl_feed_end(desk->conn, desk->workspace_id, &entries, err);
    if (rc)
        return rc;
    apl_http_server_stats(api->server, &http);
    const struct {
        const char *name, *type;
        int64_t value;
    } lines[] = {
        {"posts_total", "counter", stats.posts},
        {"cases_total", "counter", stats.cases},
        {"open_cases", "gauge", stats.open_cases},
        {"open_clocks", "gauge", stats.open_clocks},
        {"breached_clocks", "gauge", stats.breached_clocks},
        {"ledger_entries_total", "counter", entries},
        {"writer_queue", "gauge", (int64_t)atomic_load(&api->metrics.writes_waiting)},
        {"sign_in_refused_total", "counter", (int64_t)atomic_load(&api->metrics.auth_failures)},
        {"webhook_refused_total", "counter", (int64_t)atomic_load(&api->metrics.hook_refusals)},
        {"http_connections", "gauge", http.connections},
        {"http_requests_queued", "gauge", http.queued},
        {"http_refused_busy_total", "counter", (int64_t)http.refused_busy},
        {"event_streams", "gauge", http.streams},
        {"resident_memory_bytes", "gauge", resident_bytes()},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines && !rc; i++)
        rc = add_one(out, lines[i].name, lines[i].type, lines[i].value, err);
    return rc;
}

apl_rc api_metrics_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    apl_buf text = APL_BUF(METRICS_MAX_BYTES);
    api_metrics *metrics = &api_of(request)->metrics;
    apl_rc rc = add_house(&text, request, err);
    if (!rc)
        rc = add_requests(&text, metrics, err);
    if (!rc)
        rc = add_durations(&text, metrics, err);
    if (!rc)
        rc = apl_http_answer_buf(response, 200, "text/plain; version=0.0.4; charset=utf-8", &text,
                                 err);
    apl_buf_release(&text);
    return rc;
}
