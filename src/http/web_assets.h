/* SPDX-License-Identifier: Apache-2.0 */
/* The page inside the binary. Made by tools/embed_web.py at build time; empty in builds without the page (-Dweb=disabled). */
#ifndef APL_HTTP_WEB_ASSETS_H
#define APL_HTTP_WEB_ASSETS_H

#include "http/response.h"

/* Link web_assets_dep. */
extern const apl_http_asset apl_web_assets[];
extern const size_t apl_web_asset_count;

#endif
