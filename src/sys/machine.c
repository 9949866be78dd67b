/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about the machine; see machine.h. Tests: tests/e2e/test_doctor.py */
#include "sys/machine.h"

#include "sys/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

apl_rc apl_file_look(const char *path, unsigned *out_mode, bool *out_is_mine, apl_err *err)
{
    struct stat st;
    if (stat(path, &st)) {
        apl_rc rc = apl_err_errno(err, errno, "cannot look at");
        apl_err_where(err, "%s", path);
        return rc;
    }
    *out_mode = st.st_mode & 0777;
    *out_is_mine = st.st_uid == geteuid();
    return APL_OK;
}

bool apl_socket_answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    apl_fd_close(&fd);
    return answers;
}

uint64_t apl_open_files_max(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}

/* "MemAvailable:   12345 kB" */
static uint64_t kib_line(apl_span text, const char *name)
{
    int64_t kib = 0;
    size_t at = apl_span_find(text, apl_span_of(name));
    if (at == SIZE_MAX)
        return 0;
    apl_span rest = apl_span_trim(apl_span_sub(text, at + strlen(name), 40));
    return apl_span_parse_i64(apl_span_sub(rest, 0, apl_span_find_byte(rest, ' ')), &kib, NULL) ||
                   kib < 0
               ? 0
               : (uint64_t)kib * 1024;
}

void apl_memory_look(uint64_t *out_available_bytes, uint64_t *out_total_bytes)
{
    char text[4096];
    int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    int64_t got = fd >= 0 ? apl_fd_read(fd, text, sizeof text) : 0;
    apl_fd_close(&fd);
    apl_span all = {text, got > 0 ? (size_t)got : 0};
    *out_available_bytes = kib_line(all, "MemAvailable:");
    *out_total_bytes = kib_line(all, "MemTotal:");
}
