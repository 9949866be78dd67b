/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record becomes a post: the mapping picks the fields, the survey says how to read them. Pure; a record that makes no
 * sense is an error with line, column and reason, for the rejects file.
 */
#ifndef APL_ARCHIVE_CONVERT_H
#define APL_ARCHIVE_CONVERT_H

#include "archive/survey.h"
#include "base/arena.h"
#include "model/post.h"

typedef struct apl_convert_options {
    apl_zone_fn zone; /* NULL = UTC */
    void *zone_ctx;
    const char *const *own_names; /* --own: accounts of the company ("@" and case do not matter) */
    size_t own_count;
    bool kind_given; /* all records are of this kind; else by column, rating, parent and text */
    apl_post_kind kind;
    apl_time_us
        taken_us; /* when no column holds a time, posts count as said then; 0 = such a mapping is refused */
    apl_span company; /* for records whose company column is empty or absent; may be empty */
} apl_convert_options;

typedef struct apl_convert apl_convert;

/* Copies what it needs of options except names and contexts; survey and archive must outlive it. */
apl_rc apl_convert_new(const apl_survey *survey, const apl_archive *archive,
                       const apl_convert_options *options, apl_convert **out_convert,
                       apl_err *err) MUST_USE;
/* NULL is allowed. */
void apl_convert_free(apl_convert *convert);
/*
 * The post's spans point into the record or the arena (clear it after each record). *out_assumed_zone tells that the
 * time had no zone. The result has passed apl_post_in_check. Errors: APL_E_INVALID or APL_E_LIMIT = reject this record
 * (where is "line 7, column created_at"); APL_E_NOMEM = stop.
 */
apl_rc apl_convert_record(apl_convert *convert, const apl_archive_record *record, apl_arena *arena,
                          apl_post_in *out_post, bool *out_assumed_zone, apl_err *err) MUST_USE;

#endif
