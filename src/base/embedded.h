/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the source tree that travel inside the binary: policy/ and db/migrations/. Table made by tools/embed.py. */
#ifndef APL_BASE_EMBEDDED_H
#define APL_BASE_EMBEDDED_H

#include <stddef.h>

typedef struct apl_embedded_file {
    const char *path;           /* "policy/clocks.yaml", from the root of the source tree */
    const unsigned char *bytes; /* followed by a NUL that is not counted */
    size_t size;
} apl_embedded_file;

/* Sorted by path, in byte order. Link embedded_dep. */
extern const apl_embedded_file apl_embedded_files[];
extern const size_t apl_embedded_file_count;

#endif
