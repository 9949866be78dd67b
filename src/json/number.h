/* SPDX-License-Identifier: Apache-2.0 */
/* Text of numbers for writer and canonical form. Private to json/. */
#ifndef APL_JSON_NUMBER_H
#define APL_JSON_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum { APL_JSON_I64_BYTES = 20 };

/* Decimal text of value, not terminated. Returns the length. */
static inline size_t apl_json_i64_text(int64_t value, char out[APL_JSON_I64_BYTES])
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[APL_JSON_I64_BYTES];
    size_t at = sizeof digits, len = 0;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        out[len++] = '-';
    while (at < sizeof digits)
        out[len++] = digits[at++];
    return len;
}

#endif
