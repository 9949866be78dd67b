/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files; see file.h. A file is replaced by writing a sibling, syncing it, renaming it over the old one and syncing the
 * folder: each of these four may fail or be the last thing that happens, and the old content is still whole.
 * Tests: tests/unit/sys/test_file.c
 */
#include "sys/file.h"

#include "sys/fault.h"
#include "sys/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 64 * 1024 };

struct apl_file {
    int fd;
    int64_t size_bytes;
    char name[256];
};

/* Puts the path where the user looks for it. */
static apl_rc path_error(apl_err *err, int errno_value, const char *doing, const char *path)
{
    apl_rc rc = apl_err_errno(err, errno_value, "cannot %s", doing);
    apl_err_where(err, "%s", path);
    return rc;
}

apl_rc apl_file_open(const char *path, apl_file **out_file, apl_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : apl_fd_open(path, O_RDONLY, 0);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int value = errno;
        apl_fd_close(&fd);
        return path_error(err, value, "open", path);
    }
    if (S_ISDIR(st.st_mode)) {
        apl_fd_close(&fd);
        return apl_err_set(err, APL_E_INVALID, "%s is a folder, expected a file", path);
    }
    apl_file *file = apl_mem_zalloc(1, sizeof *file);
    if (!file) {
        apl_fd_close(&fd);
        return apl_err_nomem(err);
    }
    file->fd = fd;
    file->size_bytes = S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
    (void)snprintf(file->name, sizeof file->name, "%s", is_stdin ? "standard input" : path);
    *out_file = file;
    return APL_OK;
}

apl_rc apl_file_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    apl_file *file = ctx;
    int64_t got = apl_fd_read(file->fd, buf, n);
    if (got < 0)
        return path_error(err, errno, "read", file->name);
    *out_n = (size_t)got;
    return APL_OK;
}

int64_t apl_file_size_bytes(const apl_file *file)
{
    return file->size_bytes;
}

void apl_file_close(apl_file *file)
{
    if (!file)
        return;
    apl_fd_close(&file->fd);
    apl_mem_free(file);
}

static apl_rc load_rest(apl_file *file, apl_buf *out, apl_err *err)
{
    apl_rc rc = APL_OK;
    size_t got = 1;
    /* Grows by doubling from what is known, and asks for one byte more to see the end. */
    size_t step = file->size_bytes > 0 ? (size_t)file->size_bytes + 1 : 4096;
    while (!rc && got) {
        char part[4096];
        size_t room = out->max - out->len;
        if (!room) {
            rc = apl_file_read(file, part, 1, &got, err);
            if (!rc && got)
                rc = apl_err_set(err, APL_E_LIMIT, "larger than %zu bytes", out->max);
            continue;
        }
        rc = apl_buf_reserve(out, step < room ? step : room, err);
        if (rc)
            break;
        size_t space = out->cap - out->len - 1;
        rc = apl_file_read(file, out->ptr + out->len, space < room ? space : room, &got, err);
        if (!rc)
            out->len += got;
        step = out->len < 4096 ? 4096 : out->len;
    }
    return rc;
}

apl_rc apl_file_load(const char *path, apl_buf *out, apl_err *err)
{
    apl_file *file = NULL;
    apl_rc rc = apl_file_open(path, &file, err);
    if (rc)
        return rc;
    size_t before = out->len;
    rc = load_rest(file, out, err);
    if (rc) {
        out->len = before;
        apl_err_where(err, "%s", path);
    }
    if (out->ptr)
        out->ptr[out->len] = '\0';
    apl_file_close(file);
    return rc;
}

/* What fills the sibling: bytes, or another file. */
typedef struct filler {
    apl_span bytes;
    apl_file *from;
} filler;

static apl_rc fill(int fd, const filler *source, const char *path, apl_err *err)
{
    if (!source->from)
        return apl_fd_write_all(fd, source->bytes) ? path_error(err, errno, "write", path) : APL_OK;
    char part[COPY_BYTES];
    for (;;) {
        size_t got = 0;
        apl_rc rc = apl_file_read(source->from, part, sizeof part, &got, err);
        if (rc || !got)
            return rc;
        if (apl_fd_write_all(fd, (apl_span){part, got}))
            return path_error(err, errno, "write", path);
    }
}

static apl_rc write_sibling(int fd, const filler *source, unsigned mode, const char *path,
                            apl_err *err)
{
    apl_rc rc = fill(fd, source, path, err);
    if (!rc && (fchmod(fd, (mode_t)mode) || apl_fd_sync(fd)))
        rc = path_error(err, errno, "write", path);
    return rc;
}

static apl_rc replace(const char *path, const filler *source, unsigned mode, apl_err *err)
{
    char sibling[APL_PATH_MAX_BYTES];
    int len = snprintf(sibling, sizeof sibling, "%s.XXXXXX.tmp", path);
    if (len < 0 || len >= (int)sizeof sibling)
        return apl_err_set(err, APL_E_LIMIT, "path of more than %d bytes", APL_PATH_MAX_BYTES - 1);
    int fd = apl_sys_must_fail(APL_SYS_OPEN) ? -1 : mkostemps(sibling, 4, O_CLOEXEC);
    if (fd < 0)
        return path_error(err, errno, "write", path);
    apl_rc rc = write_sibling(fd, source, mode, path, err);
    apl_fd_close(&fd);
    if (!rc && apl_fd_rename(sibling, path))
        rc = path_error(err, errno, "write", path);
    if (rc) {
        (void)unlink(sibling);
        return rc;
    }
    return apl_fd_sync_parent(path, err);
}

apl_rc apl_file_save(const char *path, apl_span bytes, unsigned mode, apl_err *err)
{
    return replace(path, &(filler){bytes, NULL}, mode, err);
}

apl_rc apl_file_copy(const char *from, const char *to, unsigned mode, apl_err *err)
{
    apl_file *file = NULL;
    apl_rc rc = apl_file_open(from, &file, err);
    if (rc)
        return rc;
    rc = replace(to, &(filler){APL_SPAN_NONE, file}, mode, err);
    apl_file_close(file);
    return rc;
}

apl_rc apl_file_append(const char *path, apl_span bytes, unsigned mode, apl_err *err)
{
    bool is_new = !apl_file_exists(path);
    int fd = apl_fd_open(path, O_WRONLY | O_CREAT | O_APPEND, mode);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int value = errno;
        apl_fd_close(&fd);
        return path_error(err, value, "write", path);
    }
    apl_rc rc = APL_OK;
    if (apl_fd_write_all(fd, bytes) || apl_fd_sync(fd)) {
        rc = path_error(err, errno, "write", path);
        /* Half a record at the end would be read as a whole one that is broken. */
        if (ftruncate(fd, st.st_size) == 0)
            (void)fsync(fd);
    }
    apl_fd_close(&fd);
    return !rc && is_new ? apl_fd_sync_parent(path, err) : rc;
}

apl_rc apl_file_rename(const char *from, const char *to, apl_err *err)
{
    if (apl_fd_rename(from, to))
        return path_error(err, errno, "rename", from);
    return apl_fd_sync_parent(to, err);
}

apl_rc apl_file_remove(const char *path, apl_err *err)
{
    return unlink(path) ? path_error(err, errno, "remove", path) : APL_OK;
}

bool apl_file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool apl_file_is_pipe(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

apl_rc apl_file_stat_size(const char *path, int64_t *out_bytes, apl_err *err)
{
    struct stat st;
    if (stat(path, &st))
        return path_error(err, errno, "look at", path);
    if (!S_ISREG(st.st_mode))
        return apl_err_set(err, APL_E_INVALID, "%s is not a file", path);
    *out_bytes = (int64_t)st.st_size;
    return APL_OK;
}
