/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values; see err.h. Tests: tests/unit/base/test_err.c */
#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Errors quote input of strangers and go to JSON, logs and terminals: what is not valid UTF-8 becomes '?', and so do
 * control characters, which could move a terminal's cursor or begin a new log line. A character cut at the end goes.
 */
static void clean(char *text, size_t bytes)
{
    size_t len = strnlen(text, bytes);
    apl_span s = {text, len};
    size_t to = 0;
    for (size_t at = 0; at < len;) {
        size_t from = at;
        uint32_t c = apl_utf8_next(s, &at);
        bool invalid = c == 0xFFFD && at - from == 1;
        if (invalid && len == bytes - 1 && len - from < 4 && (unsigned char)text[from] >= 0xC0)
            break;
        if (invalid || c < 0x20 || (c >= 0x7F && c < 0xA0)) {
            text[to++] = c == '\n' || c == '\t' || c == '\r' ? ' ' : '?';
            continue;
        }
        memmove(text + to, text + from, at - from);
        to += at - from;
    }
    text[to] = '\0';
}

static void APL_PRINTF(3, 0) format_into(char *out, size_t bytes, const char *fmt, va_list args)
{
    (void)vsnprintf(out, bytes, fmt, args);
    clean(out, bytes);
}

apl_rc apl_err_set(apl_err *err, apl_rc rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    va_list args;
    va_start(args, fmt);
    err->rc = rc;
    format_into(err->what, sizeof err->what, fmt, args);
    va_end(args);
    err->where[0] = '\0';
    err->fix[0] = '\0';
    return rc;
}

void apl_err_where(apl_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, fmt);
    format_into(err->where, sizeof err->where, fmt, args);
    va_end(args);
}

void apl_err_fix(apl_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, fmt);
    format_into(err->fix, sizeof err->fix, fmt, args);
    va_end(args);
}

apl_rc apl_err_wrap(apl_err *err, apl_rc rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    char old[sizeof err->what];
    memcpy(old, err->what, sizeof old);
    va_list args;
    va_start(args, fmt);
    format_into(err->what, sizeof err->what, fmt, args);
    va_end(args);
    size_t len = strlen(err->what);
    /* A code that changes on the way up still keeps the first cause readable. */
    if (old[0] && len + 2 < sizeof err->what) {
        (void)snprintf(err->what + len, sizeof err->what - len, ": %s", old);
        clean(err->what, sizeof err->what);
    }
    err->rc = rc;
    return rc;
}

apl_rc apl_err_nomem(apl_err *err)
{
    apl_err_set(err, APL_E_NOMEM, "memory ran out");
    apl_err_fix(err, "free memory on this machine and try again");
    return APL_E_NOMEM;
}

static apl_rc rc_of_errno(int value)
{
    switch (value) {
    case ENOSPC:
    case EDQUOT:
        return APL_E_FULL;
    case ENOENT:
        return APL_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return APL_E_DENIED;
    case EEXIST:
        return APL_E_EXISTS;
    case ENOMEM:
        return APL_E_NOMEM;
    case EWOULDBLOCK:
        return APL_E_BUSY;
    case ETIMEDOUT:
        return APL_E_TIMEOUT;
    default:
        return APL_E_IO;
    }
}

apl_rc apl_err_errno(apl_err *err, int errno_value, const char *fmt, ...)
{
    apl_rc rc = rc_of_errno(errno_value);
    if (!err)
        return rc;
    char reason[128];
    const char *text = strerror_r(errno_value, reason, sizeof reason);
    va_list args;
    va_start(args, fmt);
    err->rc = rc;
    format_into(err->what, sizeof err->what, fmt, args);
    va_end(args);
    size_t len = strlen(err->what);
    (void)snprintf(err->what + len, sizeof err->what - len, ": %s", text);
    clean(err->what, sizeof err->what);
    err->where[0] = '\0';
    err->fix[0] = '\0';
    if (rc == APL_E_FULL)
        apl_err_fix(err, "free space on the disk and try again; nothing was changed");
    return rc;
}

const char *apl_err_format(const apl_err *err, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%s%s%s%s%s", err->where, err->where[0] ? ": " : "",
                   err->what[0] ? err->what : apl_rc_title(err->rc), err->fix[0] ? "; " : "",
                   err->fix);
    clean(out, out_bytes);
    return out;
}
