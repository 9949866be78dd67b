/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact text of a parsed value: as it came (member order kept), or canonical by RFC 8785 (JCS): members sorted by
 * the UTF-16 code units of their names, shortest escapes, numbers as ECMAScript prints the double that they are.
 */
#ifndef APL_JSON_CANONICAL_H
#define APL_JSON_CANONICAL_H

#include "json/reader.h"

/* Appends value without white space, members in their order. */
apl_rc apl_json_add_value(apl_buf *buf, apl_json value, apl_err *err) MUST_USE;
/* Appends the canonical text of value. A name that occurs twice in an object is APL_E_INVALID. */
apl_rc apl_json_add_canonical(apl_buf *buf, apl_json value, apl_err *err) MUST_USE;
/* APL_OK when bytes, from which value was parsed, are its canonical text; else APL_E_INVALID with the first difference. */
apl_rc apl_json_check_canonical(apl_json value, apl_span bytes, apl_err *err) MUST_USE;
/* Order of names in canonical objects: UTF-16 code units of valid UTF-8; below, at, above 0. */
int apl_json_name_compare(apl_span a, apl_span b);

#endif
