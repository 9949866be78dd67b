/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import into this very process's data directory: while the writer stores one batch, the caller's thread judges the
 * next and reads the one after. Two batches are on the way at most.
 */
#ifndef APL_DESK_IMPORT_LOCAL_H
#define APL_DESK_IMPORT_LOCAL_H

#include "desk/import_file.h"
#include "desk/writer.h"

typedef struct apl_import_local apl_import_local;

/* desk: opened for writing; the writer's alone until close. */
apl_rc apl_import_local_open(apl_desk *desk, apl_import *import, apl_import_local **out_local,
                             apl_err *err) MUST_USE;
/* Waits for what is on the way. NULL is ignored. */
void apl_import_local_close(apl_import_local *local);
/* ctx of the sink is the apl_import_local. */
apl_import_sink apl_import_local_sink(apl_import_local *local);
/* For the jobs that begin and end an import. */
apl_writer *apl_import_local_writer(apl_import_local *local);

#endif
