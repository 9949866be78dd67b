/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked arena; see arena.h. Tests: tests/unit/base/test_arena.c */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024 };

struct apl_arena_chunk {
    apl_arena_chunk *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) char data[];
};

void apl_arena_init(apl_arena *arena, size_t max_bytes)
{
    *arena = (apl_arena){NULL, 0, max_bytes};
}

static void free_from(apl_arena_chunk *chunk)
{
    while (chunk) {
        apl_arena_chunk *next = chunk->next;
        apl_mem_free(chunk);
        chunk = next;
    }
}

void apl_arena_clear(apl_arena *arena)
{
    apl_arena_chunk *keep = arena->head;
    if (keep) {
        free_from(keep->next);
        keep->next = NULL;
        keep->used = 0;
        if (keep->cap > CHUNK_BYTES) {
            apl_mem_free(keep);
            arena->head = NULL;
        }
    }
    arena->used_bytes = 0;
}

void apl_arena_release(apl_arena *arena)
{
    free_from(arena->head);
    *arena = (apl_arena){NULL, 0, arena->max_bytes};
}

void apl_arena_release_auto(apl_arena *arena)
{
    apl_arena_release(arena);
}

static bool add_chunk(apl_arena *arena, size_t need)
{
    size_t cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    apl_arena_chunk *chunk = apl_mem_alloc(sizeof *chunk + cap);
    if (!chunk)
        return false;
    chunk->used = 0;
    chunk->cap = cap;
    chunk->next = arena->head;
    arena->head = chunk;
    return true;
}

void *apl_arena_alloc(apl_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 64)
        return NULL;
    bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!bytes)
        bytes = alignof(max_align_t);
    if (bytes > arena->max_bytes - arena->used_bytes)
        return NULL;
    if ((!arena->head || bytes > arena->head->cap - arena->head->used) && !add_chunk(arena, bytes))
        return NULL;
    void *at = arena->head->data + arena->head->used;
    arena->head->used += bytes;
    arena->used_bytes += bytes;
    return memset(at, 0, bytes);
}

apl_rc apl_arena_copy(apl_arena *arena, apl_span bytes, apl_span *out_copy, apl_err *err)
{
    char *copy = apl_arena_str(arena, bytes);
    if (!copy)
        return apl_err_nomem(err);
    *out_copy = (apl_span){copy, bytes.len};
    return APL_OK;
}

char *apl_arena_str(apl_arena *arena, apl_span bytes)
{
    char *copy = apl_arena_alloc(arena, bytes.len + 1, 1);
    if (copy && bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return copy;
}

char *apl_arena_printf(apl_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = need < 0 ? NULL : apl_arena_alloc(arena, (size_t)need + 1, 1);
    if (text)
        (void)vsnprintf(text, (size_t)need + 1, fmt, again);
    va_end(again);
    return text;
}
