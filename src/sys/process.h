/* SPDX-License-Identifier: Apache-2.0 */
/* This process, and the signals that ask it to stop. */
#ifndef APL_SYS_PROCESS_H
#define APL_SYS_PROCESS_H

#include "base/span.h"

int64_t apl_process_id(void);
bool apl_process_is_alive(int64_t pid);
/* Processors that this process may use; at least 1. */
unsigned apl_process_cpu_count(void);
/* Resident memory, or 0 when it is not known. */
uint64_t apl_process_memory_bytes(void);
/* Gives free heap memory back to the system; costs milliseconds, for quiet moments. */
void apl_process_trim_memory(void);
/* A peer that hangs up is an error of that write, not the end of the program. */
void apl_process_ignore_sigpipe(void);

/*
 * From now on SIGINT and SIGTERM ask for shutdown instead of killing; a second one kills as usual. The descriptor
 * becomes readable and stays so; it belongs to this module. Calling again gives the same one.
 */
apl_rc apl_shutdown_watch(int *out_fd, apl_err *err) MUST_USE;
bool apl_shutdown_is_requested(void);
/* As if a signal had come. */
void apl_shutdown_request(void);

#endif
