/* SPDX-License-Identifier: Apache-2.0 */
/* How much there is in a workspace. */
#ifndef APL_DESK_STATS_H
#define APL_DESK_STATS_H

#include "desk/desk.h"
#include "json/writer.h"

typedef struct apl_stats {
    int64_t posts;           /* customers' and own turns that have arrived */
    int64_t replies;         /* own turns */
    int64_t cases;           /* merged ones not counted */
    int64_t open_cases;      /* neither solved nor closed */
    int64_t open_clocks;     /* running or paused */
    int64_t breached_clocks; /* running past their due time */
    int64_t authors, channels, users, notes;
    int64_t post_versions;
    int64_t ledger_entries;
} apl_stats;

apl_rc apl_stats_read(apl_desk *desk, apl_stats *out_stats, apl_err *err) MUST_USE;
/* Members of an object that the caller has begun. */
void apl_stats_write(const apl_stats *stats, apl_json_writer *w);

#endif
