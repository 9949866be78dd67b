/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers' text on a terminal: what could steer the terminal or turn the line around does not reach it. */
#ifndef APL_CLI_TERMINAL_H
#define APL_CLI_TERMINAL_H

#include "base/span.h"

#include <stdio.h>

/*
 * Prints text with a space for each control character (C0, DEL, C1: U+009B begins a sequence as ESC [ does), each line
 * break and each bidirectional override. What goes past max_bytes is left out, between characters, and said by " …".
 */
void apl_cli_print_plain(FILE *out, apl_span text, size_t max_bytes);

#endif
