/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One import of an archive: batches of posts into one channel. Its row and ledger entries appear with the first post
 * that is new, so that importing a file twice changes nothing at all.
 */
#ifndef APL_DESK_IMPORT_H
#define APL_DESK_IMPORT_H

#include "desk/batch.h"

enum {
    APL_IMPORT_BATCH_MAX = 1000,
    APL_IMPORT_NAME_MAX_BYTES = 1024,
    APL_IMPORT_NOTES_MAX_BYTES = 4096
};

typedef struct apl_import {
    int64_t id;         /* of the import row; 0 until something was taken */
    int64_t channel_id; /* 0 until the channel exists */
    char channel_name[128];
    char file_name[APL_IMPORT_NAME_MAX_BYTES];
    char notes[APL_IMPORT_NOTES_MAX_BYTES];
    apl_time_us started_us;
    int64_t user_id; /* who does it; 0 = the command line */
    apl_name_set own_names;
    apl_batch_counts counts;
    int64_t batches;
} apl_import;

/* Copies the names (cut to their bounds). Nothing is stored yet. */
void apl_import_init(apl_import *import, apl_span file_name, apl_span channel_name, apl_span notes,
                     int64_t user_id);
void apl_import_release(apl_import *import);

/* A job of the writer (ctx = apl_import_batch): finds or makes the channel, applies, counts. */
typedef struct apl_import_batch {
    apl_import *import;
    apl_batch_item *items;
    size_t count;
} apl_import_batch;
apl_rc apl_import_batch_write(apl_tx *tx, void *batch, apl_err *err) MUST_USE;
/* The same as a job that runs alone, in a transaction of its own. */
apl_rc apl_import_batch_alone(apl_desk *desk, void *batch, apl_err *err) MUST_USE;
/* A job of the writer (ctx = apl_import): stores the totals when anything was taken. */
apl_rc apl_import_finish(apl_tx *tx, void *import, apl_err *err) MUST_USE;

/* A mapping that a person corrected, by the fingerprint of the header; empty when none is remembered. */
apl_rc apl_import_mapping_find(apl_conn *conn, int64_t workspace_id, uint64_t fingerprint,
                               apl_arena *arena, apl_span *out_mapping, apl_err *err) MUST_USE;
typedef struct apl_import_mapping {
    uint64_t fingerprint;
    apl_span mapping;
} apl_import_mapping;
/* A job of the writer (ctx = apl_import_mapping). Saving what is there already changes nothing. */
apl_rc apl_import_mapping_save(apl_tx *tx, void *mapping, apl_err *err) MUST_USE;

#endif
