/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and durations of requests, per route and status. Written by the loop, read by /metrics; never personal data. */
#ifndef APL_API_METRICS_H
#define APL_API_METRICS_H

#include "desk/stats.h"
#include "desk/writer.h"
#include "http/server.h"

#include <stdatomic.h>

enum { API_METRIC_ROUTES_MAX = 64, API_METRIC_STATUS_CLASSES = 6, API_METRIC_BUCKETS = 12 };

typedef struct api_route_metrics {
    const char *name;
    atomic_ullong by_status[API_METRIC_STATUS_CLASSES][100]; /* hundreds, then the rest */
    atomic_ullong buckets[API_METRIC_BUCKETS + 1];
    atomic_ullong duration_us;
} api_route_metrics;

/* Counting a large house takes seconds, and anybody may ask for metrics: one counts at a time, now and then. */
typedef struct api_stats_kept {
    apl_mutex mutex;
    apl_stats stats;
    apl_time_us taken_us; /* 0: never */
    bool is_being_taken;
} api_stats_kept;

typedef struct api_metrics {
    api_stats_kept kept;
    api_route_metrics routes[API_METRIC_ROUTES_MAX];
    atomic_uint writes_waiting;
    atomic_ullong auth_failures;
    atomic_ullong hook_refusals;
} api_metrics;

/* The `after` hook: a few atomic additions. */
void api_metrics_note(void *api, const apl_http_report *report);

#endif
