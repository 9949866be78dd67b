/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up posts for measurements, as JSON Lines in the shape of a network's export: complaints, questions, praise,
 * answers of the company, follow-ups and bystanders, 110 to 300 bytes each. The same seed gives the same file. All names
 * and products are invented.
 */
#ifndef APL_DESK_BENCH_POSTS_H
#define APL_DESK_BENCH_POSTS_H

#include "base/buf.h"
#include "base/time.h"

enum { APL_BENCH_OPEN_MAX = 1024, APL_BENCH_LINE_MAX_BYTES = 4096 };

/* A conversation that may go on. */
typedef struct apl_bench_talk {
    int64_t last_id;
    uint32_t author;
    bool own_spoke_last;
} apl_bench_talk;

typedef struct apl_bench_posts {
    uint64_t state; /* of the random numbers */
    int64_t next_id, posts, cases;
    apl_time_us now_us;
    size_t open_count;
    apl_bench_talk open[APL_BENCH_OPEN_MAX];
} apl_bench_posts;

/* posts and cases: how many there shall be in all (cases about). */
void apl_bench_posts_init(apl_bench_posts *maker, uint64_t seed, int64_t posts, int64_t cases);
/* Adds one line with its newline. */
apl_rc apl_bench_posts_add(apl_bench_posts *maker, apl_buf *out, apl_err *err) MUST_USE;

#endif
