/* SPDX-License-Identifier: Apache-2.0 */
/* One arena per request or job: allocations live until the arena is cleared or released, and their sum has a cap. */
#ifndef APL_BASE_ARENA_H
#define APL_BASE_ARENA_H

#include "base/mem.h"
#include "base/span.h"

typedef struct apl_arena_chunk apl_arena_chunk;
typedef struct apl_arena {
    apl_arena_chunk *head;
    size_t used_bytes;
    size_t max_bytes;
} apl_arena;

void apl_arena_init(apl_arena *arena, size_t max_bytes);
/* Frees all but one chunk, so that a loop over jobs does not allocate each time. */
void apl_arena_clear(apl_arena *arena);
void apl_arena_release(apl_arena *arena);
void apl_arena_release_auto(apl_arena *arena);
/* Zeroed, aligned for any type; NULL when memory or the cap ran out. */
void *apl_arena_alloc(apl_arena *arena, size_t count, size_t size) MUST_USE;
/* A terminated copy; out_copy excludes the terminator. */
apl_rc apl_arena_copy(apl_arena *arena, apl_span bytes, apl_span *out_copy, apl_err *err) MUST_USE;
/* A terminated copy as a string; NULL when memory ran out. */
char *apl_arena_str(apl_arena *arena, apl_span bytes) MUST_USE;
char *apl_arena_printf(apl_arena *arena, const char *fmt, ...) APL_PRINTF(2, 3) MUST_USE;

#endif
