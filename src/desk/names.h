/* SPDX-License-Identifier: Apache-2.0 */
/* A set of account names ("@" and case do not matter), bounded. Used for the company's own accounts. */
#ifndef APL_DESK_NAMES_H
#define APL_DESK_NAMES_H

#include "base/mem.h"
#include "base/span.h"

enum { APL_NAME_SET_MAX = 65536 };

typedef struct apl_name_set {
    char **slots;
    size_t cap; /* power of two */
    size_t count;
} apl_name_set;

void apl_name_set_release(apl_name_set *set);
void apl_name_set_release_auto(apl_name_set *set);
apl_rc apl_name_set_add(apl_name_set *set, apl_span name, apl_err *err) MUST_USE;
/* The name as it was added, or NULL. */
const char *apl_name_set_find(const apl_name_set *set, apl_span name);
/* The first @mention in text that is in the set, as it was added; empty when there is none. */
apl_span apl_name_set_first_mention(const apl_name_set *set, apl_span text);

#endif
