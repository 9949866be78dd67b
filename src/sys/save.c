/* SPDX-License-Identifier: Apache-2.0 */
/* Files written piece by piece; see save.h. Tests: tests/e2e/test_backup.py */
#include "sys/save.h"

#include "sys/fault.h"
#include "sys/file.h"
#include "sys/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct apl_save {
    int fd;
    unsigned mode;
    char path[APL_PATH_MAX_BYTES];
    char sibling[APL_PATH_MAX_BYTES];
};

static apl_rc save_error(apl_err *err, int errno_value, const apl_save *save)
{
    apl_rc rc = apl_err_errno(err, errno_value, "cannot write");
    apl_err_where(err, "%s", save->path);
    return rc;
}

apl_rc apl_save_open(const char *path, unsigned mode, apl_save **out_save, apl_err *err)
{
    apl_save *save = apl_mem_zalloc(1, sizeof *save);
    if (!save)
        return apl_err_nomem(err);
    save->mode = mode;
    int len = snprintf(save->path, sizeof save->path, "%s", path);
    int sibling_len = snprintf(save->sibling, sizeof save->sibling, "%s.XXXXXX.tmp", path);
    if (len < 0 || sibling_len < 0 || sibling_len >= (int)sizeof save->sibling) {
        apl_mem_free(save);
        return apl_err_set(err, APL_E_LIMIT, "path of more than %d bytes", APL_PATH_MAX_BYTES - 1);
    }
    save->fd = apl_sys_must_fail(APL_SYS_OPEN) ? -1 : mkostemps(save->sibling, 4, O_CLOEXEC);
    if (save->fd < 0) {
        apl_rc rc = save_error(err, errno, save);
        apl_mem_free(save);
        return rc;
    }
    *out_save = save;
    return APL_OK;
}

apl_rc apl_save_add(apl_save *save, apl_span bytes, apl_err *err)
{
    return apl_fd_write_all(save->fd, bytes) ? save_error(err, errno, save) : APL_OK;
}

apl_rc apl_save_commit(apl_save *save, apl_err *err)
{
    apl_rc rc = APL_OK;
    if (fchmod(save->fd, (mode_t)save->mode) || apl_fd_sync(save->fd))
        rc = save_error(err, errno, save);
    apl_fd_close(&save->fd);
    if (!rc && apl_fd_rename(save->sibling, save->path))
        rc = save_error(err, errno, save);
    if (rc) {
        apl_save_drop(save);
        return rc;
    }
    rc = apl_fd_sync_parent(save->path, err);
    apl_mem_free(save);
    return rc;
}

void apl_save_drop(apl_save *save)
{
    if (!save)
        return;
    apl_fd_close(&save->fd);
    (void)unlink(save->sibling);
    apl_mem_free(save);
}
