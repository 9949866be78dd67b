/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JSON (RFC 8259) from strangers: whole texts only, valid UTF-8 only, size and depth bounded.
 *
 * A document owns one parsed text; its values (apl_json, two words, passed by value) and their strings live until the
 * next parse or the free. A document is reused from text to text without allocating, so a loop over lines is fast; it
 * belongs to one thread at a time. Accessors accept the missing value (APL_JSON_NONE), so look-ups can be chained.
 * Numbers: whole numbers of 64 bits are exact; others are doubles; whole numbers above 2^64 are refused.
 * A name that occurs twice in an object: the first counts here; canonical.h refuses it.
 */
#ifndef APL_JSON_READER_H
#define APL_JSON_READER_H

#include "base/buf.h"
#include "base/time.h"

typedef struct apl_json_doc apl_json_doc;

typedef struct apl_json {
    const void *doc; /* NULL = the missing value */
    size_t at;
} apl_json;
#define APL_JSON_NONE ((apl_json){NULL, 0})

typedef enum apl_json_type {
    APL_JSON_MISSING = 0,
    APL_JSON_NULL,
    APL_JSON_BOOL,
    APL_JSON_I64,    /* a whole number that fits int64 */
    APL_JSON_DOUBLE, /* any other number */
    APL_JSON_STRING,
    APL_JSON_ARRAY,
    APL_JSON_OBJECT,
} apl_json_type;

typedef struct apl_json_limits {
    size_t max_bytes;
    size_t max_depth; /* of non-empty containers in each other; at most 1024 */
} apl_json_limits;
/* Used when limits is NULL: 1 MiB, 64 levels. */
extern const apl_json_limits apl_json_limits_default;

/* NULL when memory ran out. */
apl_json_doc *apl_json_doc_new(void) MUST_USE;
void apl_json_doc_free(apl_json_doc *doc);
/* For APL_AUTO_JSON: frees *doc. */
void apl_json_doc_free_auto(apl_json_doc **doc);
#define APL_AUTO_JSON __attribute__((cleanup(apl_json_doc_free_auto))) apl_json_doc *
/*
 * Parses a copy of text; earlier values of this document die, also on failure. Errors: APL_E_INVALID with the place
 * ("line 2, column 7 (byte 31)") and what was expected, APL_E_LIMIT (bytes or depth), APL_E_NOMEM.
 */
apl_rc apl_json_doc_parse(apl_json_doc *doc, apl_span text, const apl_json_limits *limits,
                          apl_json *out_root, apl_err *err) MUST_USE;

apl_json_type apl_json_type_of(apl_json value);
/* "string", "number", … for messages. */
const char *apl_json_type_name(apl_json_type type);
bool apl_json_is(apl_json value, apl_json_type type);
/* Missing or null. */
bool apl_json_is_absent(apl_json value);

/* False when the value is of another type; *out then unchanged. A double accepts whole numbers too. */
bool apl_json_as_str(apl_json value, apl_span *out);
bool apl_json_as_i64(apl_json value, int64_t *out);
bool apl_json_as_double(apl_json value, double *out);
bool apl_json_as_bool(apl_json value, bool *out);

/* Member by name; missing when there is none or value is no object. */
apl_json apl_json_get(apl_json object, const char *key);
/* Members or elements of a container, 0 for everything else. */
size_t apl_json_count(apl_json container);

/* for (apl_json_iter it = apl_json_each(v); apl_json_next(&it, &key, &child);) … ; key may be NULL, is empty in arrays. */
typedef struct apl_json_iter {
    apl_json next;
    size_t end;
    bool in_object;
} apl_json_iter;
apl_json_iter apl_json_each(apl_json container);
bool apl_json_next(apl_json_iter *it, apl_span *out_key, apl_json *out_value);

/*
 * Members of an object with their type checked. `get` wants the member; `opt` leaves *out as it is when the member is
 * missing or null. Errors: APL_E_INVALID, where = the JSON pointer (RFC 6901) of the member, what = expected and found.
 */
apl_rc apl_json_get_str(apl_json object, const char *key, apl_span *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_str(apl_json object, const char *key, apl_span *out, apl_err *err) MUST_USE;
apl_rc apl_json_get_i64(apl_json object, const char *key, int64_t *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_i64(apl_json object, const char *key, int64_t *out, apl_err *err) MUST_USE;
apl_rc apl_json_get_double(apl_json object, const char *key, double *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_double(apl_json object, const char *key, double *out, apl_err *err) MUST_USE;
apl_rc apl_json_get_bool(apl_json object, const char *key, bool *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_bool(apl_json object, const char *key, bool *out, apl_err *err) MUST_USE;
/* RFC 3339 with a zone. */
apl_rc apl_json_get_time(apl_json object, const char *key, apl_time_us *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_time(apl_json object, const char *key, apl_time_us *out, apl_err *err) MUST_USE;
apl_rc apl_json_get_array(apl_json object, const char *key, apl_json *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_array(apl_json object, const char *key, apl_json *out, apl_err *err) MUST_USE;
apl_rc apl_json_get_object(apl_json object, const char *key, apl_json *out, apl_err *err) MUST_USE;
apl_rc apl_json_opt_object(apl_json object, const char *key, apl_json *out, apl_err *err) MUST_USE;
/* Refuses a value that is no object, and members that are not in names[count]. */
apl_rc apl_json_check_names(apl_json object, const char *const *names, size_t count,
                            apl_err *err) MUST_USE;

/* Sets APL_E_INVALID with the pointer of value as the place. Returns APL_E_INVALID. */
apl_rc apl_json_refuse(apl_json value, apl_err *err, const char *fmt, ...) APL_PRINTF(3, 4);
/* JSON pointer of a value, cut to fit, always terminated; "" is the whole document. Returns out. */
const char *apl_json_pointer(apl_json value, char *out, size_t out_bytes);

#endif
