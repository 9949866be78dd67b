/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slows down guessing: five failures are free, from then on the wait doubles from one second to a quarter of an hour.
 * Kept in memory with a fixed size; when it is full the oldest entry goes, so a flood costs nothing but itself.
 */
#ifndef APL_DESK_THROTTLE_H
#define APL_DESK_THROTTLE_H

#include "base/time.h"
#include "sys/thread.h"

enum { APL_THROTTLE_SLOTS = 4096, APL_THROTTLE_FREE = 5, APL_THROTTLE_MAX_S = 900 };

typedef struct apl_throttle_slot {
    uint64_t key;
    int64_t failures;
    apl_time_us last_us;
} apl_throttle_slot;

typedef struct apl_throttle {
    apl_mutex mutex;
    apl_throttle_slot slots[APL_THROTTLE_SLOTS];
} apl_throttle;

void apl_throttle_init(apl_throttle *throttle);
void apl_throttle_release(apl_throttle *throttle);
/* Seconds to wait before the next attempt of `who`; 0: go on. Thread-safe, like the others. */
int64_t apl_throttle_wait_s(apl_throttle *throttle, apl_span who, apl_time_us now);
void apl_throttle_fail(apl_throttle *throttle, apl_span who, apl_time_us now);
/* It went well: forgotten. */
void apl_throttle_clear(apl_throttle *throttle, apl_span who);

#endif
