/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers' text on a terminal; see terminal.h. Tests: tests/unit/cli/test_terminal.c */
#include "cli/terminal.h"

#include "base/utf8.h"

static bool is_steering(uint32_t c)
{
    bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
    bool is_bidi = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return is_control || is_bidi;
}

void apl_cli_print_plain(FILE *out, apl_span text, size_t max_bytes)
{
    apl_span shown = apl_utf8_cut(text, max_bytes);
    for (size_t at = 0; at < shown.len;) {
        char bytes[4];
        uint32_t c = apl_utf8_next(shown, &at);
        size_t len = apl_utf8_encode(is_steering(c) ? ' ' : c, bytes);
        (void)fwrite(bytes, 1, len, out);
    }
    if (shown.len < text.len)
        (void)fputs(" …", out);
}
