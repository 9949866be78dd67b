/* SPDX-License-Identifier: Apache-2.0 */
/* The clock and randomness as parameters: production passes the system's, tests turn or replay their own. */
#ifndef APL_SYS_CLOCK_H
#define APL_SYS_CLOCK_H

#include "base/time.h"

typedef struct apl_clock_src {
    /* Wall time in UTC microseconds. */
    apl_time_us (*now_us)(void *ctx);
    /* Monotonic microseconds from an arbitrary start. */
    int64_t (*mono_us)(void *ctx);
    void *ctx;
} apl_clock_src;

typedef struct apl_random_src {
    /* Fills out with len unpredictable bytes; never fails (getrandom before the first use is the opener's duty). */
    void (*fill)(void *ctx, void *out, size_t len);
    void *ctx;
} apl_random_src;

const apl_clock_src *apl_clock_system(void);
const apl_random_src *apl_random_system(void);

apl_time_us apl_clock_now(const apl_clock_src *clock);

/* A clock that stands still until it is set (tests, replays). */
typedef struct apl_clock_manual {
    apl_time_us now_us;
} apl_clock_manual;
apl_clock_src apl_clock_manual_src(apl_clock_manual *manual);

/* Repeatable bytes from a seed (tests only; not for secrets). */
typedef struct apl_random_seeded {
    uint64_t state;
} apl_random_seeded;
apl_random_src apl_random_seeded_src(apl_random_seeded *seeded);

#endif
