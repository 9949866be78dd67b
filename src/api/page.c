/* SPDX-License-Identifier: Apache-2.0 */
/* The page: its files, and index.html for every address that the page itself routes. Tests: tests/ui */
#include "api/internal.h"

static apl_rc not_there(const apl_http_request *request, apl_err *err)
{
    apl_err_set(err, APL_E_NOT_FOUND, "there is nothing at this address");
    apl_err_where(err, "%.*s", (int)(request->path.len > 200 ? 200 : request->path.len),
                  request->path.ptr);
    apl_err_fix(err, "check the address for a typing error");
    return APL_E_NOT_FOUND;
}

apl_rc api_nothing(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    (void)response;
    return not_there(request, err);
}

static bool has_ending(apl_span path)
{
    for (size_t i = path.len; i > 0 && path.ptr[i - 1] != '/'; i--)
        if (path.ptr[i - 1] == '.')
            return true;
    return false;
}

apl_rc api_page_show(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    const apl_api *api = api_of(request);
    apl_span path = apl_span_sub(request->path, 1, SIZE_MAX);
    for (size_t i = 0; i < api->config.asset_count; i++)
        if (apl_span_is(path, api->config.assets[i].path))
            return apl_http_answer_asset(response, &api->config.assets[i], err);
    if (has_ending(path))
        return not_there(request, err);
    if (!api->index) {
        apl_err_set(err, APL_E_NOT_FOUND, "this build has no page");
        apl_err_fix(err, "build it with -Dweb=enabled");
        return APL_E_NOT_FOUND;
    }
    return apl_http_answer_asset(response, api->index, err);
}
