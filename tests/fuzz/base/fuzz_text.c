/* SPDX-License-Identifier: Apache-2.0 */
/* base: UTF-8, numbers and times from hostile bytes; what is taken must come back the same. */
#include "base/time.h"
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apl_span s = {(const char *)data, size};
    APL_AUTO(apl_buf) clean = APL_BUF(1 << 20);
    apl_time_us time, again;
    char text[APL_TIME_TEXT_BYTES];
    apl_err err;
    int64_t number;
    double decimal;

    if (!apl_utf8_add_clean(&clean, s, NULL) && !apl_utf8_is_valid(apl_buf_view(&clean)))
        abort();
    if (apl_utf8_is_valid(s) && !apl_utf8_is_valid(apl_utf8_cut(s, size / 2)))
        abort();
    if (!apl_time_parse(s, &time, &err) &&
        (apl_time_parse(apl_span_of(apl_time_format(time, text)), &again, NULL) || again != time))
        abort();
    if (apl_span_parse_i64(s, &number, &err) && !apl_utf8_is_valid(apl_span_of(err.what)))
        abort();
    if (!apl_span_parse_double(s, &decimal, &err) && decimal != decimal)
        abort();
    (void)apl_span_hash(s);
    return 0;
}
