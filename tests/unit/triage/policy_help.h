/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped policy, as the tests of triage and rules load it. */
#ifndef APL_TESTS_POLICY_HELP_H
#define APL_TESTS_POLICY_HELP_H

#include "base/embedded.h"
#include "rules/policy.h"

enum { POLICY_HELP_FILES_MAX = 64 };

/* The files of policy/ without their folder. Returns how many. */
static inline size_t policy_help_files(apl_policy_file *out)
{
    size_t count = 0;
    for (size_t i = 0; i < apl_embedded_file_count && count < POLICY_HELP_FILES_MAX; i++) {
        const apl_embedded_file *f = &apl_embedded_files[i];
        apl_span path = apl_span_of(f->path);
        if (!apl_span_starts(path, APL_SPAN("policy/")))
            continue;
        out[count].name = f->path + 7;
        out[count++].bytes = (apl_span){(const char *)f->bytes, f->size};
    }
    return count;
}

static inline apl_rc policy_help_load(apl_policy **out, apl_err *err)
{
    apl_policy_file files[POLICY_HELP_FILES_MAX];
    size_t count = policy_help_files(files);
    return apl_policy_load(files, count, NULL, out, err);
}

#endif
