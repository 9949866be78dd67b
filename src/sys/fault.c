/* SPDX-License-Identifier: Apache-2.0 */
/* Counted faults; see fault.h. Tests: tests/unit/sys/test_file.c */
#include "sys/fault.h"

#include <errno.h>
#include <stdatomic.h>

static struct {
    atomic_size_t made;
    atomic_size_t at;
    atomic_int errno_value;
} faults[APL_SYS_OP_COUNT];
/* Off in production, so that no thread writes to a shared cache line. */
static atomic_int armed;

size_t apl_sys_fail_at(apl_sys_op op, size_t n, int errno_value)
{
    size_t before = atomic_exchange(&faults[op].made, 0);
    atomic_store(&faults[op].errno_value, errno_value);
    atomic_store(&faults[op].at, n);
    atomic_store(&armed, 1);
    return before;
}

int apl_sys_must_fail(apl_sys_op op)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return 0;
    size_t n = atomic_fetch_add(&faults[op].made, 1) + 1;
    if (n != atomic_load(&faults[op].at))
        return 0;
    errno = atomic_load(&faults[op].errno_value);
    return 1;
}
