/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation with a fault hook; see mem.h. Tests: tests/unit/base/test_mem.c */
#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t fail_at;
static atomic_size_t made;
static atomic_int fail_forever;
/* Off in production: counting would make every thread write to one cache line. */
static atomic_int armed;

static int must_fail(void)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return 0;
    size_t n = atomic_fetch_add(&made, 1) + 1;
    size_t at = atomic_load(&fail_at);
    return at && (n == at || (n > at && atomic_load(&fail_forever)));
}

void *apl_mem_alloc(size_t bytes)
{
    return must_fail() ? NULL : malloc(bytes ? bytes : 1);
}

void *apl_mem_zalloc(size_t count, size_t size)
{
    return must_fail() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *apl_mem_realloc(void *ptr, size_t bytes)
{
    return must_fail() ? NULL : realloc(ptr, bytes ? bytes : 1);
}

char *apl_mem_dup(const char *text, size_t len)
{
    char *copy = apl_mem_alloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void apl_mem_free(void *ptr)
{
    free(ptr);
}

void apl_mem_free_auto(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

size_t apl_mem_fail_at(size_t n, int forever)
{
    size_t before = atomic_exchange(&made, 0);
    atomic_store(&fail_at, n);
    atomic_store(&fail_forever, forever);
    atomic_store(&armed, 1);
    return before;
}

void apl_mem_give_back(void)
{
    (void)malloc_trim(0);
}
