/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first reading of an archive: what can only be known from all of it. Which column is what, in which order day and
 * month stand, whether a spreadsheet has ruined the ids, who the company's own accounts are, how many records there
 * are. Bounded memory: a sample, counters and HyperLogLog sketches (Flajolet et al. 2007).
 */
#ifndef APL_ARCHIVE_SURVEY_H
#define APL_ARCHIVE_SURVEY_H

#include "archive/mapping.h"

enum { APL_SURVEY_SAMPLE_MAX = 1000, APL_SURVEY_OWN_MAX = 4096, APL_SURVEY_NOTES_MAX = 16 };

typedef enum apl_id_state {
    APL_IDS_ABSENT = 0, /* no column, or empty */
    APL_IDS_GOOD,
    APL_IDS_RUINED, /* a spreadsheet rounded them: the content key (author, text, time) is used instead */
    APL_IDS_NOT_UNIQUE /* far fewer ids than different contents: not an id of posts; content key */
} apl_id_state;

typedef struct apl_survey_options {
    apl_span pins;             /* --map; may be empty */
    apl_date_order date_order; /* UNKNOWN = by evidence */
    /* Called now and then with bytes taken from the source; may be NULL. Not APL_OK ends the survey with that code. */
    apl_rc (*progress)(void *ctx, uint64_t taken_bytes, uint64_t records);
    void *progress_ctx;
} apl_survey_options;

typedef struct apl_survey {
    apl_mapping mapping;
    uint64_t records, rejects; /* readable and unreadable records */
    uint64_t bad_utf8;         /* of the rejects: invalid in the encoding */
    uint64_t beyond_ascii;     /* records with valid text beyond ASCII */
    apl_id_state ids;
    uint64_t ids_ruined, ids_distinct, contents_distinct; /* distinct: estimates (± 2 %) */
    bool ids_float;                                       /* "3.0" for 3 occurs in id or parent */
    apl_when_tally when;
    apl_date_order order;
    bool order_assumed;
    bool needs_zone; /* times without a zone occur */
    apl_time_us first_us,
        last_us; /* of the times, read as UTC where they have no zone; APL_TIME_NONE when no time */
    int rating_scale;     /* 5, 10 or 100; 0 = no ratings */
    uint64_t own_records; /* by the direction column */
    char **own_names;     /* authors of those, in order of appearance */
    size_t own_count;
    const char
        *suggested_encoding; /* read it again with this encoding; NULL = the present one is right */
    char *notes[APL_SURVEY_NOTES_MAX]; /* sentences for people */
    size_t note_count;
} apl_survey;

/*
 * Reads the archive to its end (it must be new; open it again to convert). options may be NULL. Pins that do not fit
 * are APL_E_USAGE. A mapping that lacks text or time is no error here: see apl_mapping_check.
 */
apl_rc apl_survey_run(apl_archive *archive, const apl_survey_options *options,
                      apl_survey **out_survey, apl_err *err) MUST_USE;
/* NULL is allowed. */
void apl_survey_free(apl_survey *survey);

#endif
