/* SPDX-License-Identifier: Apache-2.0 */
/* Capped buffers; see buf.h. Tests: tests/unit/base/test_buf.c */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void apl_buf_init(apl_buf *buf, size_t max_bytes)
{
    *buf = APL_BUF(max_bytes);
}

void apl_buf_release(apl_buf *buf)
{
    apl_mem_free(buf->ptr);
    *buf = APL_BUF(buf->max);
}

void apl_buf_release_auto(apl_buf *buf)
{
    apl_buf_release(buf);
}

void apl_buf_clear(apl_buf *buf)
{
    buf->len = 0;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

apl_rc apl_buf_reserve(apl_buf *buf, size_t more, apl_err *err)
{
    if (more > buf->max - buf->len)
        return apl_err_set(err, APL_E_LIMIT, "more than %zu bytes", buf->max);
    size_t need;
    if (__builtin_add_overflow(buf->len + more, 1, &need))
        return apl_err_nomem(err);
    if (need <= buf->cap)
        return APL_OK;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    /* need - 1 <= max, so this never cuts below need. */
    if (cap - 1 > buf->max)
        cap = buf->max + 1;
    char *grown = apl_mem_realloc(buf->ptr, cap);
    if (!grown)
        return apl_err_nomem(err);
    grown[buf->len] = '\0';
    buf->ptr = grown;
    buf->cap = cap;
    return APL_OK;
}

apl_rc apl_buf_add(apl_buf *buf, apl_span bytes, apl_err *err)
{
    if (buf->cap <= buf->len || bytes.len > buf->cap - buf->len - 1 ||
        bytes.len > buf->max - buf->len) {
        apl_rc rc = apl_buf_reserve(buf, bytes.len, err);
        if (rc)
            return rc;
    }
    if (bytes.len)
        memcpy(buf->ptr + buf->len, bytes.ptr, bytes.len);
    buf->len += bytes.len;
    buf->ptr[buf->len] = '\0';
    return APL_OK;
}

apl_rc apl_buf_add_str(apl_buf *buf, const char *text, apl_err *err)
{
    return apl_buf_add(buf, apl_span_of(text), err);
}

apl_rc apl_buf_add_byte(apl_buf *buf, char byte, apl_err *err)
{
    return apl_buf_add(buf, (apl_span){&byte, 1}, err);
}

apl_rc apl_buf_addf(apl_buf *buf, apl_err *err, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    apl_rc rc = need < 0 ? apl_err_set(err, APL_E_INTERNAL, "bad format")
                         : apl_buf_reserve(buf, (size_t)need, err);
    if (!rc) {
        (void)vsnprintf(buf->ptr + buf->len, (size_t)need + 1, fmt, again);
        buf->len += (size_t)need;
    }
    va_end(again);
    return rc;
}

void apl_buf_consume(apl_buf *buf, size_t n)
{
    if (n >= buf->len) {
        apl_buf_clear(buf);
        return;
    }
    memmove(buf->ptr, buf->ptr + n, buf->len - n);
    buf->len -= n;
    buf->ptr[buf->len] = '\0';
}

apl_span apl_buf_view(const apl_buf *buf)
{
    return (apl_span){buf->ptr, buf->len};
}

const char *apl_buf_str(const apl_buf *buf)
{
    return buf->ptr ? buf->ptr : "";
}

char *apl_buf_detach(apl_buf *buf)
{
    char *ptr = buf->ptr ? buf->ptr : apl_mem_dup("", 0);
    *buf = APL_BUF(buf->max);
    return ptr;
}
