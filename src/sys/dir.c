/* SPDX-License-Identifier: Apache-2.0 */
/* Folders, free space and the zone files; see file.h. Tests: tests/unit/sys/test_dir.c */
#include "sys/file.h"
#include "sys/file_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

static apl_rc path_error(apl_err *err, int errno_value, const char *doing, const char *path)
{
    apl_rc rc = apl_err_errno(err, errno_value, "cannot %s", doing);
    apl_err_where(err, "%s", path);
    return rc;
}

bool apl_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

apl_rc apl_dir_sync(const char *path, apl_err *err)
{
    int fd = apl_fd_open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return path_error(err, errno, "open folder", path);
    /* Some file systems cannot sync a folder and say EINVAL; there is nothing better to do on them. */
    apl_rc rc = apl_fd_sync(fd) && errno != EINVAL ? path_error(err, errno, "sync folder", path)
                                                   : APL_OK;
    apl_fd_close(&fd);
    return rc;
}

static apl_rc make_one(const char *path, unsigned mode, apl_err *err)
{
    if (mkdir(path, (mode_t)mode) == 0)
        return apl_fd_sync_parent(path, err);
    int value = errno;
    if (apl_dir_exists(path))
        return APL_OK;
    if (value == EEXIST || value == ENOTDIR) {
        apl_err_set(err, APL_E_INVALID, "%s is a file, expected a folder", path);
        return APL_E_INVALID;
    }
    return path_error(err, value, "make folder", path);
}

apl_rc apl_dir_make(const char *path, unsigned mode, apl_err *err)
{
    char part[APL_PATH_MAX_BYTES];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return apl_err_set(err, APL_E_INVALID, "expected a path of 1 to %zu bytes",
                           sizeof part - 1);
    for (size_t i = 1; i <= len; i++) {
        if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (apl_dir_exists(part))
            continue;
        apl_rc rc = make_one(part, mode, err);
        if (rc)
            return rc;
    }
    return APL_OK;
}

static int remove_entry(int parent, const char *name, int depth);

/* Takes fd. */
static int remove_content(int fd, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? fdopendir(fd) : (errno = ELOOP, NULL);
    if (!dir) {
        apl_fd_close(&fd);
        return -1;
    }
    int failed = 0;
    for (struct dirent *entry = readdir(dir); entry && !failed; entry = readdir(dir))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            failed = remove_entry(dirfd(dir), entry->d_name, depth);
    int value = errno;
    (void)closedir(dir);
    errno = value;
    return failed;
}

static int remove_entry(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || remove_content(fd, depth + 1))
        return -1;
    return unlinkat(parent, name, AT_REMOVEDIR);
}

apl_rc apl_dir_remove(const char *path, apl_err *err)
{
    int fd = apl_fd_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0 || remove_content(fd, 0) || rmdir(path))
        return path_error(err, errno, "remove folder", path);
    return APL_OK;
}

apl_rc apl_dir_temp(const char *prefix, apl_buf *out, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    const char *root = getenv("TMPDIR");
    int len = snprintf(path, sizeof path, "%s/%s-XXXXXX", root && *root ? root : "/tmp", prefix);
    if (len < 0 || len >= (int)sizeof path)
        return apl_err_set(err, APL_E_LIMIT, "path of more than %zu bytes", sizeof path - 1);
    apl_rc rc = apl_buf_reserve(out, (size_t)len, err);
    if (rc)
        return rc;
    if (!mkdtemp(path))
        return path_error(err, errno, "make a temporary folder", path);
    return apl_buf_add_str(out, path, err);
}

apl_rc apl_disk_free_bytes(const char *path, uint64_t *out_bytes, apl_err *err)
{
    struct statvfs st;
    if (statvfs(path, &st))
        return path_error(err, errno, "ask for free space", path);
    *out_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    return APL_OK;
}

void apl_dir_names_release(apl_dir_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        apl_mem_free(names->names[i]);
    apl_mem_free(names->names);
    *names = (apl_dir_names){NULL, 0};
}

void apl_dir_names_release_auto(apl_dir_names *names)
{
    apl_dir_names_release(names);
}

static apl_rc add_name(apl_dir_names *names, size_t *cap, const char *name, apl_err *err)
{
    if (names->count >= APL_DIR_NAMES_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d names", APL_DIR_NAMES_MAX);
    if (names->count == *cap) {
        size_t more = *cap ? *cap * 2 : 32;
        char **grown = apl_mem_realloc(names->names, more * sizeof *grown);
        if (!grown)
            return apl_err_nomem(err);
        names->names = grown;
        *cap = more;
    }
    char *copy = apl_mem_dup(name, strlen(name));
    if (!copy)
        return apl_err_nomem(err);
    names->names[names->count++] = copy;
    return APL_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

apl_rc apl_dir_list(const char *path, apl_dir_names *out_names, apl_err *err)
{
    APL_AUTO(apl_dir_names) names = {NULL, 0};
    size_t cap = 0;
    int fd = apl_fd_open(path, O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int value = errno;
        apl_fd_close(&fd);
        return path_error(err, value, "open folder", path);
    }
    apl_rc rc = APL_OK;
    struct dirent *entry;
    while (!rc && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            rc = add_name(&names, &cap, entry->d_name, err);
    if (!rc && errno)
        rc = path_error(err, errno, "read folder", path);
    (void)closedir(dir);
    if (rc)
        return rc;
    if (names.count)
        qsort(names.names, names.count, sizeof *names.names, by_bytes);
    *out_names = names;
    names = (apl_dir_names){NULL, 0};
    return APL_OK;
}

/* Names come from policies and profiles: nothing outside the folder may be reached by them. */
static bool zone_name_is_safe(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 64 || name[0] == '/' || name[0] == '.' || strstr(name, "/.") ||
        name[len - 1] == '/')
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/.") ==
           len;
}

apl_rc apl_sys_zone_read(const char *name, apl_buf *out, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    if (!zone_name_is_safe(name))
        return apl_err_set(err, APL_E_INVALID, "\"%.64s\" is not the name of a time zone", name);
    const char *root = getenv("TZDIR");
    int len =
        snprintf(path, sizeof path, "%s/%s", root && *root ? root : "/usr/share/zoneinfo", name);
    if (len < 0 || len >= (int)sizeof path)
        return apl_err_set(err, APL_E_LIMIT, "path of more than %zu bytes", sizeof path - 1);
    apl_rc rc = apl_file_load(path, out, err);
    if (rc == APL_E_NOT_FOUND || rc == APL_E_INVALID) {
        rc = apl_err_set(err, APL_E_NOT_FOUND, "there is no time zone \"%s\"", name);
        apl_err_fix(err, "use a name like Europe/Berlin; is the package tzdata installed?");
    }
    return rc;
}
