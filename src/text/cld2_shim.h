/* SPDX-License-Identifier: Apache-2.0 */
/* CLD2 is C++; this is all that is asked of it. */
#ifndef APL_TEXT_CLD2_SHIM_H
#define APL_TEXT_CLD2_SHIM_H

#ifdef __cplusplus
#include <cstddef>
extern "C" {
#else
#include <stdbool.h>
#include <stddef.h>
#endif

/* True with the tag in out (terminated) when CLD2 is sure of it, or nearly. Always false in a build without CLD2. */
bool apl_cld2_detect(const char *text, size_t len, char *out, size_t out_bytes);

#ifdef __cplusplus
}
#endif

#endif
