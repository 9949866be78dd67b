/* SPDX-License-Identifier: Apache-2.0 */
/* This process and its shutdown; see process.h. Tests: tests/unit/sys/test_process.c */
#include "sys/process.h"

#include "base/buf.h"
#include "sys/file.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int requested;
static int shutdown_fd = -1;

int64_t apl_process_id(void)
{
    return getpid();
}

bool apl_process_is_alive(int64_t pid)
{
    return pid > 0 && pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

unsigned apl_process_cpu_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}

uint64_t apl_process_memory_bytes(void)
{
    APL_AUTO(apl_buf) text = APL_BUF(4096);
    apl_span rest, part = APL_SPAN_NONE;
    int64_t pages = 0;
    if (apl_file_load("/proc/self/statm", &text, NULL))
        return 0;
    rest = apl_buf_view(&text);
    if (!apl_span_split(&rest, ' ', &part) || !apl_span_split(&rest, ' ', &part) ||
        apl_span_parse_i64(part, &pages, NULL) || pages < 0)
        return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void apl_process_ignore_sigpipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

void apl_shutdown_request(void)
{
    /* Also runs in the signal handler: nothing here but what is safe there. */
    int kept = errno;
    uint64_t one = 1;
    atomic_store(&requested, 1);
    if (shutdown_fd >= 0)
        (void)!write(shutdown_fd, &one, sizeof one);
    errno = kept;
}

static void on_signal(int number)
{
    (void)number;
    apl_shutdown_request();
}

apl_rc apl_shutdown_watch(int *out_fd, apl_err *err)
{
    if (shutdown_fd < 0) {
        shutdown_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (shutdown_fd < 0)
            return apl_err_errno(err, errno, "cannot make an event descriptor");
        if (atomic_load(&requested))
            apl_shutdown_request();
        struct sigaction stop = {.sa_handler = on_signal,
                                 .sa_flags = SA_RESTART | (int)SA_RESETHAND};
        (void)sigaction(SIGINT, &stop, NULL);
        (void)sigaction(SIGTERM, &stop, NULL);
    }
    *out_fd = shutdown_fd;
    return APL_OK;
}

bool apl_shutdown_is_requested(void)
{
    return atomic_load(&requested);
}

void apl_process_trim_memory(void)
{
    (void)malloc_trim(0);
}
