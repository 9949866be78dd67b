/* SPDX-License-Identifier: Apache-2.0 */
/* The bare peer of measurements: all rows of one store inserted into another, in commits, nothing else. */
#ifndef APL_DESK_BENCH_COPY_H
#define APL_DESK_BENCH_COPY_H

#include "store/store.h"
#include "sys/clock.h"

typedef struct apl_bench_copy {
    const apl_clock_src *clock;
    int64_t groups;   /* commits */
    int64_t rows;     /* result: rows inserted */
    int64_t spent_us; /* result: in insertions and commits; reading is not counted */
} apl_bench_copy;

/*
 * The tables that intake fills (posts, versions, assessments, authors, cases, clocks, ledger entries and their index,
 * full-text index), each in the order of its key, an even share per commit. `to` has the schema and no rows.
 */
apl_rc apl_bench_copy_run(apl_bench_copy *copy, apl_conn *from, apl_conn *to,
                          apl_err *err) MUST_USE;

#endif
