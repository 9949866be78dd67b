/* SPDX-License-Identifier: Apache-2.0 */
/* The event of the API (schema PostEvent) to and from apl_post_in: webhooks, imports through a server, intake form. */
#ifndef APL_DESK_POST_JSON_H
#define APL_DESK_POST_JSON_H

#include "model/post.h"
#include "json/reader.h"
#include "json/writer.h"

/*
 * Spans live as long as the document's text. Checks names, types and apl_post_in_check; errors name the member (JSON
 * pointer). raw is left empty: the giver knows what the payload was.
 */
apl_rc apl_post_json_read(apl_json event, apl_post_in *out_post, apl_err *err) MUST_USE;
void apl_post_json_write(const apl_post_in *post, apl_json_writer *w);

#endif
