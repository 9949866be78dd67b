/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a case, newest first: the ledger's entries about it as plain sentences, names looked up. */
#ifndef APL_DESK_HISTORY_H
#define APL_DESK_HISTORY_H

#include "desk/query.h"

typedef struct apl_history_line {
    int64_t seq;
    apl_time_us at_us;
    apl_span kind;
    int64_t user_id; /* 0 = the program, a channel, the command line */
    apl_span user_name;
    apl_span sentence;
    int64_t post_id; /* 0 = none */
} apl_history_line;

typedef struct apl_history_page {
    apl_history_line *lines;
    size_t count;
    bool has_more;
} apl_history_page;

/* Entries before seq ask->after[0] (INT64_MAX for the newest). */
apl_rc apl_case_history(apl_desk *desk, int64_t case_id, const apl_ask *ask,
                        apl_history_page *out_page, apl_err *err) MUST_USE;

#endif
