/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification: everything is recomputed from the ledger entries (chain, tree, signed heads and checkpoints), every seal
 * and commitment is opened against its row and payload, in one snapshot. What does not fit is named as a finding.
 *
 * Nothing that is read is trusted; damage becomes findings and never an error. Time is linear; memory is about 100
 * bytes per state row (the last seal of each) and 16 per entry of a case's history.
 */
#ifndef APL_DESK_VERIFY_H
#define APL_DESK_VERIFY_H

#include "ledger/note.h"
#include "store/store.h"
#include "sys/clock.h"

enum { APL_FINDINGS_MAX = 1000 };

typedef enum apl_finding_kind {
    APL_FINDING_CHANGED = 0, /* not what was sealed */
    APL_FINDING_MISSING,     /* the ledger has it, the store has not */
    APL_FINDING_EXTRA,       /* the store has it, the ledger has not */
    APL_FINDING_BROKEN,      /* does not fit together: a chain, a signature, a damaged file */
    APL_FINDING_KINDS
} apl_finding_kind;

typedef struct apl_finding {
    apl_finding_kind kind;
    int64_t seq;      /* ledger entry that tells, or -1 */
    char where[96];   /* "post_version 17/1" */
    char column[48];  /* when it is known: "text" */
    char detail[256]; /* a sentence */
} apl_finding;

typedef struct apl_verify_report {
    apl_finding *findings; /* the first APL_FINDINGS_MAX */
    size_t finding_count;
    int64_t found[APL_FINDING_KINDS]; /* all of them */
    int64_t entries, rows, commitments, checkpoints, case_links, indexed_posts;
    apl_tree_hash root; /* of the entries as they are */
    int64_t elapsed_us;
} apl_verify_report;

typedef struct apl_verify_input {
    apl_conn *conn; /* outside a transaction; a reading one, or the only writer */
    const apl_clock_src *clock;
    const apl_note_key *key;
    int64_t workspace_id;
} apl_verify_input;

/* "changed", "missing", "extra", "broken". */
const char *apl_finding_kind_name(apl_finding_kind kind);
int64_t apl_verify_found(const apl_verify_report *report);

/* Errors: only what keeps it from looking (memory, the store cannot be reached). Release the report in any case. */
apl_rc apl_verify_run(const apl_verify_input *input, apl_verify_report *out_report,
                      apl_err *err) MUST_USE;
void apl_verify_report_release(apl_verify_report *report);

#endif
