/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an archive file into batches: survey, mapping, conversion. Where the batches go is the caller's (the local
 * writer, or a running server), so that both ways take the very same posts.
 */
#ifndef APL_DESK_IMPORT_FILE_H
#define APL_DESK_IMPORT_FILE_H

#include "archive/convert.h"
#include "desk/import.h"

typedef struct apl_import_sink {
    /* Takes a whole batch. May return before it is durable, then settle tells; two are on the way at most. */
    apl_rc (*put)(void *ctx, apl_batch_item *items, size_t count, apl_err *err);
    /* Waits until the batch that was put first is durable and its items' rc, err and result are filled. May be NULL. */
    apl_rc (*settle)(void *ctx, apl_err *err);
    void *ctx;
} apl_import_sink;

typedef struct apl_import_progress {
    bool is_survey;                  /* the first reading */
    int64_t done_bytes, total_bytes; /* total -1 = not known */
    int64_t records;
} apl_import_progress;

typedef struct apl_import_file_options {
    const char *path; /* "-" was spooled by the caller */
    const char *encoding;
    const char *format; /* NULL = detect */
    const char *map;    /* NULL = guess */
    const char *
        rejects; /* path of the rejects file, made only when there are rejects; NULL = in rejects_dir */
    const char *rejects_dir; /* made when needed */
    const char *company;     /* NULL = by column, mention or reply */
    const char *kind;        /* NULL = by column and content */
    const char *const *own_names;
    size_t own_count;
    const apl_zone *zone;   /* for times without one */
    apl_time_us now_us;     /* of posts, when the archive holds no times */
    const char *date_order; /* NULL, "dmy", "mdy", "ymd" */
    void (*progress)(void *ctx, const apl_import_progress *progress); /* may be NULL */
    void *progress_ctx;
} apl_import_file_options;

typedef struct apl_import_file apl_import_file;

/* First reading: finds out what the file is. The mapping may then be looked at and pinned anew. */
apl_rc apl_import_file_open(const apl_import_file_options *options, apl_import_file **out_file,
                            apl_err *err) MUST_USE;
void apl_import_file_close(apl_import_file *file);
/* What is known only once the workspace is open; borrowed like the options. Before apl_import_file_run. */
void apl_import_file_refine(apl_import_file *file, const apl_zone *zone,
                            const char *const *own_names, size_t own_count);
const apl_survey *apl_import_file_survey(const apl_import_file *file);
const apl_archive *apl_import_file_archive(const apl_import_file *file);

typedef struct apl_import_totals {
    apl_batch_counts counts;
    int64_t records;                       /* read, rejects included */
    int64_t assumed_zone;                  /* times that had none */
    char rejects_path[APL_PATH_MAX_BYTES]; /* "" when there were none */
    char reasons_path[APL_PATH_MAX_BYTES];
    char examples[5][512]; /* the first reasons, "line 7: …" */
} apl_import_totals;

/* Second reading: converts and hands over batch by batch. */
apl_rc apl_import_file_run(apl_import_file *file, const apl_import_sink *sink,
                           apl_import_totals *out_totals, apl_err *err) MUST_USE;

#endif
