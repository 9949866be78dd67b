/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which column is what. Guessed from names (many habits of many exports) and from a sample of the content; corrected by
 * `--map text=review_text,author=user,time=3`; each column says in plain words why it is what it is.
 */
#ifndef APL_ARCHIVE_MAPPING_H
#define APL_ARCHIVE_MAPPING_H

#include "archive/archive.h"
#include "archive/when.h"

typedef enum apl_column_role {
    APL_COLUMN_NONE = 0, /* not used */
    APL_COLUMN_ID,
    APL_COLUMN_TEXT,
    APL_COLUMN_AUTHOR,
    APL_COLUMN_AUTHOR_NAME,
    APL_COLUMN_TIME,
    APL_COLUMN_PARENT,
    APL_COLUMN_DIRECTION,
    APL_COLUMN_COMPANY,
    APL_COLUMN_RATING,
    APL_COLUMN_TITLE,
    APL_COLUMN_KIND,
    APL_COLUMN_URL,
    APL_COLUMN_LANG,
    APL_COLUMN_REACH,
    APL_COLUMN_ECHO,
    APL_COLUMN_REVISION,
    APL_COLUMN_EVENT,
    APL_COLUMN_COUNT
} apl_column_role;

enum { APL_MAPPING_NO_COLUMN = -1, APL_MAPPING_WHY_BYTES = 160 };

/* What a sample says about one column; counts of its non-empty values. */
typedef struct apl_column_profile {
    uint64_t rows, filled, distinct;
    uint64_t numbers;    /* plain numbers */
    uint64_t spaced;     /* several words */
    uint64_t flags;      /* true, false, 0, 1, yes, no */
    uint64_t directions; /* inbound, outbound, customer, agent … */
    uint64_t stars;      /* "4/5", "★★★★", "4 stars", numbers up to 10 */
    uint64_t urls, kinds, events;
    uint64_t bytes_sum;
    apl_when_tally when;
} apl_column_profile;

/* Everything but distinct, which the survey counts. */
void apl_column_profile_add(apl_column_profile *profile, apl_span value);

typedef struct apl_mapping {
    int column[APL_COLUMN_COUNT]; /* by role; APL_MAPPING_NO_COLUMN */
    bool direction_true_is_own;   /* what "True", "1", "yes" mean in the direction column */
    bool pinned[APL_COLUMN_COUNT];
    char why[APL_COLUMN_COUNT][APL_MAPPING_WHY_BYTES];
} apl_mapping;

/* "id", "text", "author", "author_name", "time", "parent", "direction", …; NULL for an unknown one. */
const char *apl_column_role_name(apl_column_role role);
/* APL_E_USAGE names all roles. */
apl_rc apl_column_role_parse(apl_span text, apl_column_role *out_role, apl_err *err) MUST_USE;

/* Nothing mapped. */
void apl_mapping_init(apl_mapping *mapping);
/*
 * Guesses every role that is not pinned. profiles: one per column of the archive, count columns (profiles may be NULL
 * when there is no sample).
 */
void apl_mapping_guess(apl_mapping *mapping, const apl_archive *archive,
                       const apl_column_profile *profiles, size_t count);
/*
 * Applies "role=column,…": column by name (exact, else without case) or by number from 1; "role=" unmaps. An unknown
 * column or role is APL_E_USAGE, names the nearest columns, and changes nothing. A column name that holds a comma or an
 * equals sign is given by its number.
 */
apl_rc apl_mapping_pin(apl_mapping *mapping, const apl_archive *archive, apl_span pins,
                       apl_err *err) MUST_USE;
/* The reverse: all mapped roles as "text=review_text,…" (numbers where names are not unique), to be remembered. */
apl_rc apl_mapping_format(const apl_mapping *mapping, const apl_archive *archive, apl_buf *out,
                          apl_err *err) MUST_USE;
/* What is missing so that posts can be made of it: text, title or rating. APL_E_USAGE says how to map it. */
apl_rc apl_mapping_check(const apl_mapping *mapping, const apl_archive *archive,
                         apl_err *err) MUST_USE;
/* The role of a column, APL_COLUMN_NONE when ignored. */
apl_column_role apl_mapping_role_of(const apl_mapping *mapping, size_t column);
/* Why a column is not used: "a label somebody gave later, not what the customer said" or "no use for it". Never NULL. */
const char *apl_mapping_ignored_why(apl_span column_name);
/* True for what exports call such columns (synonym of any role); used to find out whether a first line is a header. */
bool apl_mapping_is_known_name(apl_span column_name);
/* Same names in the same order give the same number, so that a corrected mapping can be remembered. */
uint64_t apl_mapping_fingerprint(const apl_archive *archive);

#endif
