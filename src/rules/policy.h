/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workspace's policy: settings, calendars, clocks, rules of engagement, term lists. Loaded whole from named files (no
 * I/O here) or not at all; immutable afterwards and shared by threads. Every name that one file uses of another is
 * resolved at loading, so evaluation cannot meet an unknown one.
 *
 * Files: workspace.yaml, calendars.yaml, clocks.yaml, rules.yaml, any number of terms/<name>.yaml, and the .ics files that
 * calendars name. Other files are left alone. Their format is docs' matter and stands in comments of the shipped files.
 */
#ifndef APL_RULES_POLICY_H
#define APL_RULES_POLICY_H

#include "model/clock.h"
#include "text/terms.h"

enum {
    APL_POLICY_FILES_MAX = 256,
    APL_POLICY_BYTES_MAX = 16 * 1024 * 1024,
    APL_POLICY_CALENDARS_MAX = 64,
    APL_POLICY_CLOCKS_MAX = 64,
    APL_POLICY_RULES_MAX = 256,
};

typedef struct apl_policy_file {
    const char *name; /* "clocks.yaml", "terms/complaint.yaml": path inside policy/ */
    apl_span bytes;
} apl_policy_file;

typedef struct apl_policy_io {
    /* Fills out_zone from the machine's zone files. NULL: only UTC is known. */
    apl_rc (*load_zone)(void *ctx, const char *name, apl_zone *out_zone, apl_err *err);
    void *ctx;
} apl_policy_io;

typedef struct apl_policy_calendar {
    const char *name;
    const apl_zone *zone;
    apl_calendar calendar;
} apl_policy_calendar;

/* A named set of targets. A kind that is not set does not run. */
typedef struct apl_policy_clock {
    const char *name;
    const char *why; /* may be "" */
    const apl_calendar *calendar;
    const char *calendar_name;
    bool has[APL_CLOCK_KIND_COUNT];
    apl_clock_rule rules[APL_CLOCK_KIND_COUNT];
} apl_policy_clock;

typedef struct apl_policy_workspace {
    const char *name;
    const apl_zone *zone; /* of reports and of imports whose dates have none */
    const apl_calendar *calendar;
    const char *calendar_name;
    const char *const
        *own_accounts; /* author ids, handles or names that are the firm's; without "@" */
    size_t own_account_count;
} apl_policy_workspace;

typedef struct apl_rule apl_rule; /* rules/rules.h */

typedef struct apl_policy {
    apl_arena arena; /* holds all below, except what calendars and zones hold themselves */
    apl_policy_workspace workspace;
    apl_policy_calendar *calendars;
    size_t calendar_count;
    apl_policy_clock *clocks;
    size_t clock_count;
    const apl_rule *rules; /* in order */
    size_t rule_count;
    apl_term_list
        *lists; /* by file name, then order in the file; give them to apl_triage_new as they are */
    size_t list_count;
    apl_zone *zones;
    size_t zone_count;
} apl_policy;

/*
 * Errors carry file:line:column, what was found, what was expected. Nothing of `files` is kept. io may be NULL.
 */
apl_rc apl_policy_load(const apl_policy_file *files, size_t count, const apl_policy_io *io,
                       apl_policy **out_policy, apl_err *err) MUST_USE;
void apl_policy_free(apl_policy *policy);
/* NULL when there is none of that name. */
const apl_policy_clock *apl_policy_clock_find(const apl_policy *policy, const char *name);
const apl_calendar *apl_policy_calendar_find(const apl_policy *policy, const char *name);
/* Handle, id or name, with or without "@", ASCII case ignored. */
bool apl_policy_is_own(const apl_policy *policy, apl_span account);

#endif
