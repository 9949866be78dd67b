/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/sys: whole reads and writes with EINTR, faults and durable names. Descriptors are the caller's. */
#ifndef APL_SYS_FILE_IO_H
#define APL_SYS_FILE_IO_H

#include "base/span.h"

/* open(2), close-on-exec; -1 with errno. */
int apl_fd_open(const char *path, int flags, unsigned mode);
/* Like read(2), but never stopped by a signal. -1 with errno. */
int64_t apl_fd_read(int fd, void *buf, size_t n);
/* All bytes, or -1 with errno. */
int apl_fd_write_all(int fd, apl_span bytes);
int apl_fd_sync(int fd);
int apl_fd_rename(const char *from, const char *to);
/* Closes and forgets; *fd may be -1. errno is kept. */
void apl_fd_close(int *fd);
/* Syncs the folder that holds path. */
apl_rc apl_fd_sync_parent(const char *path, apl_err *err) MUST_USE;

#endif
