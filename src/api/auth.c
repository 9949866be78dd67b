/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before every handler: who is it, may they, is the request their own doing. A cookie tells who, but a foreign page can
 * make a browser send it; so writes also need the token that only our page can read, and must not come from another
 * origin. Tests: tests/e2e/test_api_auth.py
 */
#include "api/internal.h"

#include <unistd.h>

const char *api_cookie_name(const apl_http_request *request)
{
    /* The prefix makes browsers refuse the cookie from a sub-domain or without TLS; plain loopback cannot have it. */
    return request->is_https ? "__Host-aplomb" : "aplomb";
}

static bool is_unsafe(const apl_http_request *request)
{
    return request->method != APL_HTTP_GET && request->method != APL_HTTP_HEAD &&
           request->method != APL_HTTP_OPTIONS;
}

/* Browsers say where a write comes from; who says nothing is no browser. */
static bool is_own_origin(const apl_http_request *request)
{
    apl_span origin, host, site;
    if (apl_http_header(request, "sec-fetch-site", &site) && !apl_span_is(site, "same-origin") &&
        !apl_span_is(site, "none"))
        return false;
    if (!apl_http_header(request, "origin", &origin))
        return true;
    apl_span scheme = request->is_https ? APL_SPAN("https://") : APL_SPAN("http://");
    return apl_http_header(request, "host", &host) && apl_span_starts(origin, scheme) &&
           apl_span_equal_nocase(apl_span_sub(origin, scheme.len, SIZE_MAX), host);
}

static apl_rc find_session(apl_http_request *request, api_who **out_who, apl_err *err)
{
    apl_span token;
    apl_desk *desk = desk_of(request);
    if (!apl_http_cookie(request, api_cookie_name(request), &token))
        return APL_OK;
    api_who *who = apl_arena_alloc(request->arena, 1, sizeof *who);
    if (!who)
        return apl_err_nomem(err);
    apl_rc rc = apl_session_find(&(apl_reading){desk->conn, request->arena}, desk->workspace_id,
                                 token, api_now(request), &who->session, err);
    if (rc || !who->session.user.id)
        return rc;
    who->caller = (apl_caller){{"user", who->session.user.id}, who->session.role};
    *out_who = who;
    return APL_OK;
}

static apl_rc find_caller(apl_http_request *request, api_who **out_who, apl_err *err)
{
    *out_who = NULL;
    if (!request->is_unix)
        return find_session(request, out_who, err);
    if (request->peer_uid != 0 && request->peer_uid != (int64_t)geteuid())
        return APL_OK;
    *out_who = apl_arena_alloc(request->arena, 1, sizeof **out_who);
    if (!*out_who)
        return apl_err_nomem(err);
    (*out_who)->caller = APL_CALLER_LOCAL;
    (*out_who)->is_local = true;
    return APL_OK;
}

static apl_rc refuse_origin(apl_err *err)
{
    apl_err_set(err, APL_E_DENIED, "this request was made by a page of another site");
    apl_err_where(err, "header Origin");
    apl_err_fix(err, "use the page of this server, or leave the header out");
    return APL_E_DENIED;
}

static apl_rc check_csrf(const apl_http_request *request, const api_who *who, apl_err *err)
{
    apl_span token;
    if (!is_unsafe(request) || who->is_local || !(request->route->flags & APL_HTTP_CSRF))
        return APL_OK;
    if (apl_http_header(request, "x-csrf-token", &token) &&
        apl_secret_equal(token, who->session.csrf))
        return APL_OK;
    apl_err_set(err, APL_E_DENIED,
                "the token that protects against foreign pages is missing or wrong");
    apl_err_where(err, "header X-CSRF-Token");
    apl_err_fix(err, "send the csrf_token of GET /api/v1/session with every write");
    return APL_E_DENIED;
}

static bool wants_json(const apl_http_request *request)
{
    return is_unsafe(request) && request->body.len > 0;
}

static apl_rc refuse_type(apl_http_response *response)
{
    apl_err problem = {0};
    apl_err_set(&problem, APL_E_UNSUPPORTED, "the body is not of the type that is taken here");
    apl_err_where(&problem, "header Content-Type");
    apl_err_fix(&problem, "send Content-Type: application/json");
    return api_problem(response, 415, &problem);
}

static apl_rc check_caller(apl_http_request *request, const api_who *who, apl_err *err)
{
    const api_rule *rule = request->route->extra;
    if (request->route->flags & APL_HTTP_PUBLIC)
        return APL_OK;
    if (!who) {
        apl_err_set(err, APL_E_UNAUTH, "nobody is signed in");
        apl_err_fix(err, "sign in, or open the link that the terminal shows");
        return APL_E_UNAUTH;
    }
    apl_rc rc = check_csrf(request, who, err);
    if (!rc && rule->permission != API_ANYBODY)
        rc = apl_access_check(&who->caller, (apl_permission)rule->permission, err);
    return rc;
}

apl_rc api_before(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    const api_rule *rule = request->route->extra;
    api_who *who = NULL;
    bool is_hook = rule && rule->is_hook;
    apl_rc rc = is_hook ? APL_OK : find_caller(request, &who, err);
    request->session = who;
    if (!rc && is_unsafe(request) && !is_hook && !request->is_unix && !is_own_origin(request))
        rc = refuse_origin(err);
    if (!rc)
        rc = check_caller(request, who, err);
    if (rc == APL_E_UNAUTH)
        atomic_fetch_add(&api_of(request)->metrics.auth_failures, 1);
    if (!rc && wants_json(request) && !apl_http_content_is(request, "application/json"))
        return refuse_type(response);
    return rc;
}
