/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy in force, compiled: documents, calendars, clocks, rules, term lists. Immutable and counted, so that a new
 * one can be published while workers still use the old.
 */
#ifndef APL_DESK_POLICY_H
#define APL_DESK_POLICY_H

#include "desk/names.h"
#include "model/timeline.h"
#include "rules/rules.h"
#include "sys/thread.h"
#include "triage/triage.h"

#include <stdatomic.h>

struct apl_desk;

typedef struct apl_policy_use {
    atomic_int users;
    int64_t id; /* of the policy row; 0 = not published */
    char digest[48];
    apl_policy *policy;
    apl_triage *triage;
    apl_name_set own_names;
} apl_policy_use;

/* Compiles files; the caller is its first user. APL_E_INVALID names file, line and column. */
apl_rc apl_policy_use_new(const apl_policy_file *files, size_t count, apl_policy_use **out_use,
                          apl_err *err) MUST_USE;
apl_policy_use *apl_policy_use_take(struct apl_desk *desk) MUST_USE;
void apl_policy_use_drop(apl_policy_use *use);
/* Hash of names and bytes of all files, base64url. */
void apl_policy_digest(const apl_policy_file *files, size_t count, char out[48]);

/* The clocks of a named policy; an empty or unknown name gives a policy without clocks. */
apl_rc apl_policy_clocks(const apl_policy_use *use, apl_span name, apl_clock_policy *out_clocks,
                         apl_err *err) MUST_USE;
/* R5's clock for reports: the first_response rule of the policy "standard", else of the first that has one. */
bool apl_policy_response_rule(const apl_policy_use *use, const apl_clock_rule **out_rule,
                              const apl_calendar **out_calendar);

/* Files of a folder (YAML and iCalendar, and those of terms/) into the arena. APL_E_NOT_FOUND when the folder is missing. */
apl_rc apl_policy_files_load(const char *dir, apl_arena *arena, apl_policy_file **out_files,
                             size_t *out_count, apl_err *err) MUST_USE;
/* Writes files into a new folder. */
apl_rc apl_policy_files_save(const char *dir, const apl_policy_file *files, size_t count,
                             apl_err *err) MUST_USE;

/* The newest published policy into desk->policy. APL_E_NOT_FOUND when none was published. */
apl_rc apl_policy_adopt(struct apl_desk *desk, apl_err *err) MUST_USE;
/*
 * Publishes the files when they differ from what is in force: a policy row, a ledger entry, and the clocks of all open
 * cases computed anew. *out_published tells whether there was anything to do.
 */
apl_rc apl_policy_publish(struct apl_desk *desk, const apl_policy_file *files, size_t count,
                          int64_t user_id, bool *out_published, apl_err *err) MUST_USE;

#endif
