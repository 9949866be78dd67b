/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders. What is written is on the disk when a function returns APL_OK (fsync of the file and of its
 * folder). Paths are terminated strings in the process's own encoding. All descriptors are close-on-exec.
 */
#ifndef APL_SYS_FILE_H
#define APL_SYS_FILE_H

#include "base/buf.h"

enum { APL_PATH_MAX_BYTES = 4096 };

/* A source of bytes, shared by files, decompressors and tests: *out_n == 0 means the end. n is never 0. */
typedef apl_rc (*apl_read_fn)(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err);

/* A file that is read from start to end. "-" is the standard input. */
typedef struct apl_file apl_file;
/* A folder is APL_E_INVALID. */
apl_rc apl_file_open(const char *path, apl_file **out_file, apl_err *err) MUST_USE;
/* An apl_read_fn; ctx is the apl_file. */
apl_rc apl_file_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err) MUST_USE;
/* Size when it was opened, or -1 for pipes and terminals. */
int64_t apl_file_size_bytes(const apl_file *file);
/* NULL is allowed. */
void apl_file_close(apl_file *file);

/* Appends the whole file to out; larger than out's cap is APL_E_LIMIT. On failure out is as before. */
apl_rc apl_file_load(const char *path, apl_buf *out, apl_err *err) MUST_USE;
/* Replaces or makes the file in one step: after a crash the old or the new content is there, never a part. */
apl_rc apl_file_save(const char *path, apl_span bytes, unsigned mode, apl_err *err) MUST_USE;
/* Adds at the end (makes the file when absent); on failure the file keeps its old length. */
apl_rc apl_file_append(const char *path, apl_span bytes, unsigned mode, apl_err *err) MUST_USE;
/* Copies content (not owner or times) to a new file in one step, like save. */
apl_rc apl_file_copy(const char *from, const char *to, unsigned mode, apl_err *err) MUST_USE;
/* Both in the same file system; the folder of `to` is synced. */
apl_rc apl_file_rename(const char *from, const char *to, apl_err *err) MUST_USE;
/* A file that is not there is APL_E_NOT_FOUND. */
apl_rc apl_file_remove(const char *path, apl_err *err) MUST_USE;
/* Anything at that path (a dangling link too). */
bool apl_file_exists(const char *path);
/* A pipe with or without a name: it can be read only once. */
bool apl_file_is_pipe(const char *path);
/* Size of a regular file. */
apl_rc apl_file_stat_size(const char *path, int64_t *out_bytes, apl_err *err) MUST_USE;

bool apl_dir_exists(const char *path);
/* With all parents; existing folders keep their mode. */
apl_rc apl_dir_make(const char *path, unsigned mode, apl_err *err) MUST_USE;
/* Makes renames, new and removed names in the folder durable. */
apl_rc apl_dir_sync(const char *path, apl_err *err) MUST_USE;
/* With everything in it; links are removed, not followed. */
apl_rc apl_dir_remove(const char *path, apl_err *err) MUST_USE;
/* Makes a folder of its own (0700) under $TMPDIR or /tmp; its path is appended to out. */
apl_rc apl_dir_temp(const char *prefix, apl_buf *out, apl_err *err) MUST_USE;
/* Bytes that this user may still write on the file system of path. */
apl_rc apl_disk_free_bytes(const char *path, uint64_t *out_bytes, apl_err *err) MUST_USE;

/* The names in a folder without "." and "..", in byte order. */
typedef struct apl_dir_names {
    char **names;
    size_t count;
} apl_dir_names;
enum { APL_DIR_NAMES_MAX = 1000000 };
apl_rc apl_dir_list(const char *path, apl_dir_names *out_names, apl_err *err) MUST_USE;
void apl_dir_names_release(apl_dir_names *names);
void apl_dir_names_release_auto(apl_dir_names *names);

/*
 * One process at a time owns a data directory: DIR/lock is locked (not merely present, so a crash frees it) and holds
 * the owner's process id. Held by somebody: APL_E_BUSY, and the error names that process.
 */
typedef struct apl_lock apl_lock;
apl_rc apl_lock_take(const char *dir, apl_lock **out_lock, apl_err *err) MUST_USE;
/* NULL is allowed. */
void apl_lock_release(apl_lock *lock);
/* Process id of the owner as DIR/lock names it, or 0 when nobody holds it. */
int64_t apl_lock_owner(const char *dir);

/* Content of /usr/share/zoneinfo/NAME (or $TZDIR/NAME), appended to out. A name that leaves that folder is APL_E_INVALID. */
apl_rc apl_sys_zone_read(const char *name, apl_buf *out, apl_err *err) MUST_USE;

#endif
