/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of the installation asks about the machine. Nothing here changes anything. */
#ifndef APL_SYS_MACHINE_H
#define APL_SYS_MACHINE_H

#include "base/span.h"

/* Permission bits (0777) of a file or folder and whether this user owns it. APL_E_NOT_FOUND. */
apl_rc apl_file_look(const char *path, unsigned *out_mode, bool *out_is_mine,
                     apl_err *err) MUST_USE;
/* True when somebody listens on the local socket. */
bool apl_socket_answers(const char *path);
/* Descriptors that this process may open; 0 when it is not known. */
uint64_t apl_open_files_max(void);
/* Memory that can be had without swapping, and all of it; 0 when it is not known. */
void apl_memory_look(uint64_t *out_available_bytes, uint64_t *out_total_bytes);

#endif
