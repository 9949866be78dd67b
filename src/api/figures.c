/* SPDX-License-Identifier: Apache-2.0 */
/* The report and the counts. Tests: tests/e2e/test_api_house.py */
#include "api/internal.h"

#include "desk/stats.h"
#include "pulse/report.h"

apl_rc api_report_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"since", "until", "by", NULL};
    apl_time_us since = APL_TIME_NONE, until = APL_TIME_NONE;
    apl_span by;
    apl_report *report = apl_arena_alloc(request->arena, 1, sizeof *report);
    api_reply reply;
    apl_rc rc = report ? api_query_known(request, names, err) : apl_err_nomem(err);
    if (!rc)
        rc = api_query_time(request, "since", &since, err);
    if (!rc)
        rc = api_query_time(request, "until", &until, err);
    if (!rc)
        rc = api_query_text(request, "by", 32, &by, err);
    if (!rc && by.ptr && !apl_span_is(by, "company") && !apl_span_is(by, "channel")) {
        apl_err_set(err, APL_E_USAGE, "figures are grouped by company or by channel");
        apl_err_where(err, "query parameter by");
        return APL_E_USAGE;
    }
    if (!rc)
        rc = apl_report_make(desk_of(request), since, until, request->arena, report, err);
    if (rc)
        return rc;
    const char *grouped = by.ptr ? apl_span_is(by, "company") ? "company" : "channel" : NULL;
    api_reply_begin(&reply);
    apl_report_write(report, grouped, &reply.w);
    return api_reply_send(&reply, response, 200, err);
}

apl_rc api_stats_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {NULL};
    apl_stats stats;
    api_reply reply;
    apl_rc rc = api_query_known(request, names, err);
    if (!rc)
        rc = apl_stats_read(desk_of(request), &stats, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    apl_json_object_begin(&reply.w);
    apl_stats_write(&stats, &reply.w);
    apl_json_object_end(&reply.w);
    return api_reply_send(&reply, response, 200, err);
}
