/* SPDX-License-Identifier: Apache-2.0 */
/* Reading about the house itself: the signed head of the ledger, the policy in force. */
#ifndef APL_DESK_QUERY_HOUSE_H
#define APL_DESK_QUERY_HOUSE_H

#include "desk/desk.h"

/* The newest signed note; APL_E_NOT_FOUND before the first entry. */
apl_rc apl_house_checkpoint(apl_desk *desk, apl_arena *arena, apl_span *out_note,
                            apl_err *err) MUST_USE;

typedef struct apl_house_file {
    apl_span path;
    int64_t bytes;
    char sha256[65];
} apl_house_file;
typedef struct apl_house_policy {
    apl_policy_row row;
    int64_t version; /* how many have been published up to it */
    bool is_default; /* the shipped one, unchanged */
    char sha256[65]; /* of the digest over all files */
    apl_house_file *files;
    size_t file_count;
} apl_house_policy;
apl_rc apl_house_policy_read(apl_desk *desk, apl_arena *arena, apl_house_policy *out_policy,
                             apl_err *err) MUST_USE;

/* One read of the store, to see that it answers. */
apl_rc apl_house_check(apl_desk *desk, apl_err *err) MUST_USE;

#endif
