/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Lines (one object per line) and one JSON array of objects. Members of nested objects become columns with dotted
 * names ("user.screen_name"), arrays of plain values become one text with commas. Private to archive/.
 */
#ifndef APL_ARCHIVE_JSON_H
#define APL_ARCHIVE_JSON_H

#include "archive/reader.h"

typedef enum apl_json_layout {
    APL_JSON_LAYOUT_LINES = 0,
    APL_JSON_LAYOUT_ARRAY,
    APL_JSON_LAYOUT_STREAM, /* objects over several lines, one after the other */
} apl_json_layout;

/* columns must outlive the reader, which adds to them as it meets new names. */
apl_rc apl_jsonl_new(apl_source source, apl_json_layout layout, apl_columns *columns,
                     apl_reader *out_reader, apl_err *err) MUST_USE;

#endif
