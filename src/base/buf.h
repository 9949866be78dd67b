/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing buffer that is given its maximum at birth. Always terminated with NUL when non-empty storage exists, so
 * that text can go to C interfaces. Adding past `max` gives APL_E_LIMIT and changes nothing.
 */
#ifndef APL_BASE_BUF_H
#define APL_BASE_BUF_H

#include "base/mem.h"
#include "base/span.h"

typedef struct apl_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
} apl_buf;

#define APL_BUF(max_bytes) ((apl_buf){NULL, 0, 0, (max_bytes)})

void apl_buf_init(apl_buf *buf, size_t max_bytes);
void apl_buf_release(apl_buf *buf);
void apl_buf_release_auto(apl_buf *buf);
/* Empties, keeps the storage. */
void apl_buf_clear(apl_buf *buf);
/* Room for `more` further bytes. */
apl_rc apl_buf_reserve(apl_buf *buf, size_t more, apl_err *err) MUST_USE;
apl_rc apl_buf_add(apl_buf *buf, apl_span bytes, apl_err *err) MUST_USE;
apl_rc apl_buf_add_str(apl_buf *buf, const char *text, apl_err *err) MUST_USE;
apl_rc apl_buf_add_byte(apl_buf *buf, char byte, apl_err *err) MUST_USE;
apl_rc apl_buf_addf(apl_buf *buf, apl_err *err, const char *fmt, ...) APL_PRINTF(3, 4) MUST_USE;
/* Removes the first n bytes (clamped). */
void apl_buf_consume(apl_buf *buf, size_t n);
/* Borrowed; valid until the next change. */
apl_span apl_buf_view(const apl_buf *buf);
/* Borrowed, terminated; "" when empty. */
const char *apl_buf_str(const apl_buf *buf);
/* The storage becomes the caller's (apl_mem_free); the buffer is empty again. Never NULL unless memory ran out. */
char *apl_buf_detach(apl_buf *buf) MUST_USE;

#endif
