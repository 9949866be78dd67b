/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor work shared by file.c, dir.c and lock.c; see file_io.h. Tests: tests/unit/sys/test_file.c */
#include "sys/file_io.h"

#include "sys/fault.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int apl_fd_open(const char *path, int flags, unsigned mode)
{
    if (apl_sys_must_fail(APL_SYS_OPEN))
        return -1;
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int64_t apl_fd_read(int fd, void *buf, size_t n)
{
    if (apl_sys_must_fail(APL_SYS_READ))
        return -1;
    ssize_t got;
    do
        got = read(fd, buf, n);
    while (got < 0 && errno == EINTR);
    return got;
}

int apl_fd_write_all(int fd, apl_span bytes)
{
    while (bytes.len) {
        if (apl_sys_must_fail(APL_SYS_WRITE))
            return -1;
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        bytes = apl_span_sub(bytes, (size_t)put, SIZE_MAX);
    }
    return 0;
}

int apl_fd_sync(int fd)
{
    return apl_sys_must_fail(APL_SYS_FSYNC) ? -1 : fsync(fd);
}

int apl_fd_rename(const char *from, const char *to)
{
    return apl_sys_must_fail(APL_SYS_RENAME) ? -1 : rename(from, to);
}

void apl_fd_close(int *fd)
{
    int kept = errno;
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = kept;
}

apl_rc apl_fd_sync_parent(const char *path, apl_err *err)
{
    char dir[APL_PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    int len = !slash          ? snprintf(dir, sizeof dir, ".")
              : slash == path ? snprintf(dir, sizeof dir, "/")
                              : snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    if (len < 0 || len >= (int)sizeof dir)
        return apl_err_set(err, APL_E_LIMIT, "path of more than %d bytes", APL_PATH_MAX_BYTES - 1);
    return apl_dir_sync(dir, err);
}
