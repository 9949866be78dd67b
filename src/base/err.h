/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error names what went wrong, where, and the fix. It lives on the caller's stack and allocates nothing, so that
 * running out of memory can be reported too. Every function here accepts err == NULL (the caller needs only the code).
 */
#ifndef APL_BASE_ERR_H
#define APL_BASE_ERR_H

#include "base/rc.h"

#include <stddef.h>

typedef struct apl_err {
    apl_rc rc;
    char what[320];  /* "line 7 has 3 fields, the header has 4" */
    char where[256]; /* "posts.csv:7", "policy/clocks.yaml:12:5"; may be empty */
    char fix[256];   /* "quote the field that holds the comma"; may be empty */
} apl_err;

/* Sets code and text, clears where and fix. Returns rc, so that `return apl_err_set(…)` reads well. */
apl_rc apl_err_set(apl_err *err, apl_rc rc, const char *fmt, ...) APL_PRINTF(3, 4);
/* Names the place of the error that was just set. */
void apl_err_where(apl_err *err, const char *fmt, ...) APL_PRINTF(2, 3);
/* Names what the user can do about it. */
void apl_err_fix(apl_err *err, const char *fmt, ...) APL_PRINTF(2, 3);
/* Puts context before what ("context: what"); keeps where and fix. Returns rc. */
apl_rc apl_err_wrap(apl_err *err, apl_rc rc, const char *fmt, ...) APL_PRINTF(3, 4);
/* The standard out-of-memory error. Returns APL_E_NOMEM. */
apl_rc apl_err_nomem(apl_err *err);
/* From errno: ENOSPC and EDQUOT give APL_E_FULL, ENOENT APL_E_NOT_FOUND, EACCES APL_E_DENIED, else APL_E_IO. */
apl_rc apl_err_errno(apl_err *err, int errno_value, const char *fmt, ...) APL_PRINTF(3, 4);
/* Writes "where: what; fix" into out (always terminated). Returns out. */
const char *apl_err_format(const apl_err *err, char *out, size_t out_bytes);

#endif
