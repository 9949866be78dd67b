/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a data directory; see file.h. An open-file-description lock: it belongs to this handle and not to the
 * process, so that a second handle in the same process is refused too, and closing another descriptor of the file does
 * not drop it. The file itself stays: removing it would let two processes lock two different files of one name.
 * Tests: tests/unit/sys/test_dir.c
 */
#include "sys/file.h"
#include "sys/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct apl_lock {
    int fd;
};

static apl_rc lock_path(const char *dir, char out[APL_PATH_MAX_BYTES], apl_err *err)
{
    int len = snprintf(out, APL_PATH_MAX_BYTES, "%s/lock", dir);
    if (len < 0 || len >= APL_PATH_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "path of more than %d bytes", APL_PATH_MAX_BYTES - 1);
    return APL_OK;
}

static int64_t read_pid(int fd)
{
    char text[32];
    int64_t pid = 0;
    ssize_t got = pread(fd, text, sizeof text, 0);
    apl_span digits = apl_span_trim((apl_span){text, got > 0 ? (size_t)got : 0});
    return apl_span_parse_i64(digits, &pid, NULL) ? 0 : pid;
}

static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static apl_rc refuse(int fd, const char *dir, int value, apl_err *err)
{
    if (value != EAGAIN && value != EACCES)
        return apl_err_errno(err, value, "cannot lock the data directory %s", dir);
    int64_t pid = read_pid(fd);
    if (pid > 0)
        apl_err_set(err, APL_E_BUSY, "the data directory is in use by process %lld",
                    (long long)pid);
    else
        apl_err_set(err, APL_E_BUSY, "the data directory is in use by another process");
    apl_err_where(err, "%s", dir);
    apl_err_fix(err, "stop that process first, or use another data directory");
    return APL_E_BUSY;
}

apl_rc apl_lock_take(const char *dir, apl_lock **out_lock, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    apl_rc rc = lock_path(dir, path, err);
    if (rc)
        return rc;
    int fd = apl_fd_open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0) {
        rc = apl_err_errno(err, errno, "cannot open the lock of the data directory");
        apl_err_where(err, "%s", path);
        return rc;
    }
    struct flock range = whole_file(F_WRLCK);
    apl_lock *lock = NULL;
    if (fcntl(fd, F_OFD_SETLK, &range))
        rc = refuse(fd, dir, errno, err);
    else if (!(lock = apl_mem_zalloc(1, sizeof *lock)))
        rc = apl_err_nomem(err);
    if (rc) {
        apl_fd_close(&fd);
        return rc;
    }
    /* The number is only for people; a full disk must not keep the program from starting. */
    char text[32];
    int len = snprintf(text, sizeof text, "%lld\n", (long long)getpid());
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, (size_t)len, 0);
    lock->fd = fd;
    *out_lock = lock;
    return APL_OK;
}

void apl_lock_release(apl_lock *lock)
{
    if (!lock)
        return;
    (void)!ftruncate(lock->fd, 0);
    apl_fd_close(&lock->fd);
    apl_mem_free(lock);
}

int64_t apl_lock_owner(const char *dir)
{
    char path[APL_PATH_MAX_BYTES];
    if (lock_path(dir, path, NULL))
        return 0;
    int fd = apl_fd_open(path, O_RDONLY, 0);
    if (fd < 0)
        return 0;
    struct flock range = whole_file(F_RDLCK);
    bool held = fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
    int64_t pid = held ? read_pid(fd) : 0;
    apl_fd_close(&fd);
    return pid;
}
