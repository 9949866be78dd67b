/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes of verification share. Private to verify*.c. */
#ifndef APL_DESK_VERIFY_INTERNAL_H
#define APL_DESK_VERIFY_INTERNAL_H

#include "desk/verify.h"
#include "ledger/entry.h"
#include "store/rows.h"

enum { APL_VERIFY_PAGE = 256 };

/* --- the last seal of every row, as the entries tell (verify_map.c) ---------------------------------------------- */

typedef struct apl_sealed {
    int64_t key[2]; /* primary key without the workspace; the second 0 when there is one part */
    uint64_t tag;   /* seq << 8 | table index + 1 << 1 | seen; 0 = an empty slot */
    uint8_t seal[APL_SEAL_BYTES];
} apl_sealed;

typedef struct apl_seal_map {
    apl_sealed *slots;
    size_t count, cap;
} apl_seal_map;

/* The slot of the row, made when it is new (tag 0 then). NULL when memory or the cap ran out. */
apl_sealed *apl_seal_map_put(apl_seal_map *map, size_t table, const int64_t key[2]) MUST_USE;
/* NULL when there is none. */
apl_sealed *apl_seal_map_find(const apl_seal_map *map, size_t table, const int64_t key[2]);
void apl_seal_map_release(apl_seal_map *map);

static inline int64_t apl_sealed_seq(const apl_sealed *sealed)
{
    return (int64_t)(sealed->tag >> 8);
}

/* --- pairs (case, entry) of the cases' histories ------------------------------------------------------------------ */

typedef struct apl_case_link {
    int64_t case_id, seq;
} apl_case_link;

typedef struct apl_verify {
    const apl_verify_input *in;
    apl_conn *conn;
    apl_verify_report *report;
    apl_finding spare; /* written to when the list is full */
    apl_seal_map seals;
    apl_case_link *links;
    size_t link_count, link_cap;
    int64_t ledger_size;           /* one past the last entry that was read */
    int64_t damaged_entries;       /* whose content could not be used */
    apl_arena arena;               /* of the present row */
    int64_t next_id, next_case_id; /* as the head tells */
    int64_t max_id, max_case_id;   /* as the rows tell */
} apl_verify;

/* A finding to be filled in with detail and column; never NULL. */
apl_finding *apl_verify_note(apl_verify *v, apl_finding_kind kind, int64_t seq,
                             const char *where_fmt, ...) APL_PRINTF(4, 5);
/* Names the column. */
void apl_finding_at(apl_finding *finding, const char *column);
void apl_finding_say(apl_finding *finding, const char *fmt, ...) APL_PRINTF(2, 3);
/* An earlier finding at the same place, or NULL. */
const apl_finding *apl_verify_noted(const apl_verify *v, apl_finding_kind kind, const char *where);

/* The passes. APL_E_CORRUPT: the store could not be read further; apl_verify_run makes a finding of it. */
apl_rc apl_verify_ledger(apl_verify *v, apl_err *err) MUST_USE;
apl_rc apl_verify_head(apl_verify *v, const apl_tree *tree, apl_time_us last_checkpoint_us,
                       apl_err *err) MUST_USE;
apl_rc apl_verify_commits(apl_verify *v, const apl_entry_view *entry, apl_err *err) MUST_USE;
apl_rc apl_verify_rows(apl_verify *v, apl_err *err) MUST_USE;
apl_rc apl_verify_links(apl_verify *v, apl_err *err) MUST_USE;
apl_rc apl_verify_search(apl_verify *v, apl_err *err) MUST_USE;

#endif
