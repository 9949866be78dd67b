/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a build without the page (meson -Dweb=disabled, or no web/package.json). */
#include "http/web_assets.h"

const apl_http_asset apl_web_assets[1] = {{0}};
const size_t apl_web_asset_count = 0;
