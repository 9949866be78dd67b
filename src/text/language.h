/* SPDX-License-Identifier: Apache-2.0 */
/* Which language a text is in: a quick look for English, else CLD2 when it was there at build time. */
#ifndef APL_TEXT_LANGUAGE_H
#define APL_TEXT_LANGUAGE_H

#include "base/span.h"

enum { APL_LANG_BYTES = 12 };

/* Writes a BCP 47 tag ("en", "zh-Hant"), or "und" and false when nothing can be said. text is valid UTF-8. */
bool apl_language_detect(apl_span text, char out[APL_LANG_BYTES]);

#endif
