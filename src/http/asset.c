/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the page: variant by Accept-Encoding (RFC 9110 §12.5.3), caching. Tests: tests/unit/http/test_server.c */
#include "http/response.h"

#include <string.h>

/* q of an encoding in thousandths; -1 when it is not named. */
static int coding_quality(apl_span accept, const char *coding)
{
    apl_span item;
    while (apl_span_split(&accept, ',', &item)) {
        apl_span name;
        apl_span parameters = item;
        if (!apl_span_split(&parameters, ';', &name) ||
            !apl_span_equal_nocase(apl_span_trim(name), apl_span_of(coding)))
            continue;
        apl_span parameter;
        double quality = 1;
        while (apl_span_split(&parameters, ';', &parameter)) {
            parameter = apl_span_trim(parameter);
            if (apl_span_starts(parameter, APL_SPAN("q=")) &&
                apl_span_parse_double(apl_span_sub(parameter, 2, SIZE_MAX), &quality, NULL))
                quality = 0;
        }
        return quality <= 0 ? 0 : quality >= 1 ? 1000 : (int)(quality * 1000);
    }
    return -1;
}

/* NULL: plain. */
static const char *coding_pick(const apl_http_request *request, const apl_http_asset *asset)
{
    apl_span accept;
    if (!apl_http_header(request, "accept-encoding", &accept))
        return NULL;
    int brotli = asset->brotli.len ? coding_quality(accept, "br") : 0;
    int gzip = asset->gzip.len ? coding_quality(accept, "gzip") : 0;
    if (brotli > 0 && brotli >= gzip)
        return "br";
    return gzip > 0 ? "gzip" : NULL;
}

apl_rc apl_http_answer_asset(apl_http_response *response, const apl_http_asset *asset, apl_err *err)
{
    const char *coding = coding_pick(response->request, asset);
    apl_http_fixed fixed = {.bytes = asset->plain};
    if (coding)
        fixed.bytes = coding[0] == 'b' ? asset->brotli : asset->gzip;
    char *tag = apl_arena_printf(response->request->arena, "%s%s%s", asset->etag, coding ? "-" : "",
                                 coding ? coding : "");
    if (!tag)
        return apl_err_nomem(err);
    bool is_fresh = false;
    apl_rc rc = apl_http_answer_etag(response, apl_span_of(tag), &is_fresh, err);
    if (!rc)
        rc = apl_http_header_set(response, "Vary", APL_SPAN("Accept-Encoding"), err);
    if (!rc)
        rc = apl_http_header_set(response, "Cache-Control",
                                 asset->is_immutable
                                     ? APL_SPAN("public, max-age=31536000, immutable")
                                     : APL_SPAN("no-cache"),
                                 err);
    if (rc || is_fresh)
        return rc;
    if (coding)
        rc = apl_http_header_set(response, "Content-Encoding", apl_span_of(coding), err);
    return rc ? rc : apl_http_answer_fixed(response, 200, asset->content_type, fixed, err);
}
