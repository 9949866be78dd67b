/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes compact JSON into a buffer. Errors stick: the calls return nothing, the first error stops all writing and
 * apl_json_writer_finish gives it, so that callers stay straight-line. After an error the buffer holds a part of the
 * document; throw it away. Wrong order of calls (a value without a name in an object, …) is APL_E_INTERNAL.
 * The output is always valid JSON and valid UTF-8, whatever text goes in.
 */
#ifndef APL_JSON_WRITER_H
#define APL_JSON_WRITER_H

#include "base/buf.h"
#include "base/time.h"

enum { APL_JSON_WRITER_DEPTH_MAX = 64 };

typedef struct apl_json_writer {
    apl_buf *buf;
    bool
        html_safe; /* may be set after init: also escapes < > & U+2028 U+2029, for JSON inside HTML */
    uint8_t depth;
    uint8_t state[APL_JSON_WRITER_DEPTH_MAX + 1];
    apl_rc rc;
    apl_err err;
} apl_json_writer;

/* Appends to buf, which is the caller's and gives the cap. */
void apl_json_writer_init(apl_json_writer *w, apl_buf *buf);
/* The first error, or APL_OK when exactly one whole value was written. The writer may be reused for the next value. */
apl_rc apl_json_writer_finish(apl_json_writer *w, apl_err *err) MUST_USE;
/* Records an error of the caller's as if writing had failed (keeps the first). */
void apl_json_writer_fail(apl_json_writer *w, apl_rc rc, const apl_err *err);

void apl_json_object_begin(apl_json_writer *w);
void apl_json_object_end(apl_json_writer *w);
void apl_json_array_begin(apl_json_writer *w);
void apl_json_array_end(apl_json_writer *w);
/* A member's name; the next call writes its value. */
void apl_json_key(apl_json_writer *w, const char *name);
void apl_json_key_span(apl_json_writer *w, apl_span name);

/* Control characters are escaped, an invalid UTF-8 byte becomes U+FFFD. */
void apl_json_string(apl_json_writer *w, apl_span text);
/* NULL writes null. */
void apl_json_str(apl_json_writer *w, const char *text);
void apl_json_i64(apl_json_writer *w, int64_t value);
/* Shortest text that reads back as the same double; NaN and infinities are APL_E_INVALID, minus zero becomes 0. */
void apl_json_double(apl_json_writer *w, double value);
void apl_json_bool(apl_json_writer *w, bool value);
void apl_json_null(apl_json_writer *w);
/* RFC 3339 in UTC; APL_TIME_NONE writes null. */
void apl_json_time(apl_json_writer *w, apl_time_us time);
/* A string of lower-case hex digits; of base64 with padding; of base64url without. */
void apl_json_hex(apl_json_writer *w, apl_span bytes);
void apl_json_base64(apl_json_writer *w, apl_span bytes);
void apl_json_base64url(apl_json_writer *w, apl_span bytes);
/* One value that is JSON already; the caller vouches for it. */
void apl_json_raw(apl_json_writer *w, apl_span json);

/* name and value in one. */
void apl_json_member_string(apl_json_writer *w, const char *name, apl_span text);
void apl_json_member_str(apl_json_writer *w, const char *name, const char *text);
void apl_json_member_i64(apl_json_writer *w, const char *name, int64_t value);
void apl_json_member_double(apl_json_writer *w, const char *name, double value);
void apl_json_member_bool(apl_json_writer *w, const char *name, bool value);
void apl_json_member_time(apl_json_writer *w, const char *name, apl_time_us time);

/* Appends text as a JSON string with its quotes, as the writer does (RFC 8785 form). */
apl_rc apl_json_add_quoted(apl_buf *buf, apl_span text, apl_err *err) MUST_USE;

#endif
