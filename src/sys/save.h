/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large file written piece by piece under another name beside it, and put in place in one step: a reader of `path`
 * sees the old file or the whole new one. A process that is killed leaves a *.tmp sibling and nothing else.
 */
#ifndef APL_SYS_SAVE_H
#define APL_SYS_SAVE_H

#include "base/span.h"

typedef struct apl_save apl_save;

apl_rc apl_save_open(const char *path, unsigned mode, apl_save **out_save, apl_err *err) MUST_USE;
apl_rc apl_save_add(apl_save *save, apl_span bytes, apl_err *err) MUST_USE;
/* Syncs, renames, syncs the folder. Frees in any case; on failure the old file stands. */
apl_rc apl_save_commit(apl_save *take_save, apl_err *err) MUST_USE;
/* Removes what was written. NULL is allowed. */
void apl_save_drop(apl_save *take_save);

#endif
