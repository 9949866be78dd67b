/* SPDX-License-Identifier: Apache-2.0 */
/* HTML mail to plain text: tags, scripts and styles go, entities are decoded. Never HTML again afterwards. */
#ifndef APL_ARCHIVE_HTML_H
#define APL_ARCHIVE_HTML_H

#include "base/buf.h"

/* Appends the text of html; cut without an error where out is full. Any bytes are accepted. */
apl_rc apl_html_add_text(apl_buf *out, apl_span html, apl_err *err) MUST_USE;

#endif
