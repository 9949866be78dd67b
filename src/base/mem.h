/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of the program comes through here, so that tests can fail the n-th allocation. Running out of memory is
 * an error like any other: these return NULL and never abort.
 */
#ifndef APL_BASE_MEM_H
#define APL_BASE_MEM_H

#include "base/rc.h"

#include <stddef.h>

/* Uninitialised memory, or NULL. bytes == 0 gives a valid pointer. Free with apl_mem_free. */
void *apl_mem_alloc(size_t bytes) MUST_USE;
/* count * size zeroed bytes, or NULL (also when the product overflows). */
void *apl_mem_zalloc(size_t count, size_t size) MUST_USE;
/* Like realloc; on failure the old block stays valid and is still the caller's. */
void *apl_mem_realloc(void *ptr, size_t bytes) MUST_USE;
/* A terminated copy of len bytes, or NULL. */
char *apl_mem_dup(const char *text, size_t len) MUST_USE;
void apl_mem_free(void *ptr);

/*
 * Test hook: the n-th allocation from now (1 = the next) fails, and so do all after it when `forever`; n == 0 switches
 * off. Returns the number of allocations since the last call. Per process; not for production code.
 */
size_t apl_mem_fail_at(size_t n, int forever);

/* Scope exit: APL_AUTO(apl_buf) b = …; calls apl_buf_release_auto(&b) when b goes out of scope. */
#define APL_AUTO(type) __attribute__((cleanup(type##_release_auto))) type
/* A pointer from apl_mem_* that is freed at scope exit. */
#define APL_AUTO_MEM __attribute__((cleanup(apl_mem_free_auto)))
void apl_mem_free_auto(void *pointer_to_pointer);

/* Hands memory that was freed back to the system: after a burst, when nothing else is to do. Takes milliseconds. */
void apl_mem_give_back(void);

#endif
