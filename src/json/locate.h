/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where a text stops being JSON. Private to json/: the fast parser only says that it does. */
#ifndef APL_JSON_LOCATE_H
#define APL_JSON_LOCATE_H

#include "base/span.h"

enum { APL_JSON_DEPTH_MAX = 1024 };

typedef struct apl_json_fault {
    size_t at;        /* byte offset */
    bool is_depth;    /* nested deeper than max_depth */
    const char *what; /* "expected ',' or '}'" */
    const char *fix;  /* "" when there is nothing more to say */
} apl_json_fault;

/* False when the text is one JSON value by RFC 8259 (then *out_fault is not written). */
bool apl_json_locate(apl_span text, size_t max_depth, apl_json_fault *out_fault);

#endif
