/* SPDX-License-Identifier: Apache-2.0 */
/* Test hook: the n-th call of a kind of file operation fails, like apl_mem_fail_at for memory. */
#ifndef APL_SYS_FAULT_H
#define APL_SYS_FAULT_H

#include <stddef.h>

typedef enum apl_sys_op {
    APL_SYS_OPEN = 0,
    APL_SYS_READ,
    APL_SYS_WRITE,
    APL_SYS_FSYNC,
    APL_SYS_RENAME,
    APL_SYS_OP_COUNT
} apl_sys_op;

/*
 * The n-th operation of that kind from now (1 = the next) fails with errno_value; n == 0 switches off. Returns how many
 * there were since the last call for that kind (0 when it was never armed). Per process; not for production code.
 */
size_t apl_sys_fail_at(apl_sys_op op, size_t n, int errno_value);
/* For src/sys only: true when this operation must fail; errno is then set. */
int apl_sys_must_fail(apl_sys_op op);

#endif
