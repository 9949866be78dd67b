/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential waits; see throttle.h. Tests: tests/unit/api/test_throttle.c */
#include "desk/throttle.h"

#include <string.h>

enum { WAYS = 8 }; /* places where a key may stand */

void apl_throttle_init(apl_throttle *throttle)
{
    memset(throttle->slots, 0, sizeof throttle->slots);
    apl_mutex_init(&throttle->mutex);
}

void apl_throttle_release(apl_throttle *throttle)
{
    apl_mutex_release(&throttle->mutex);
}

/* The key's slot, or the one to be given up for it (an empty one, else the oldest of its places). */
static apl_throttle_slot *slot_of(apl_throttle *throttle, uint64_t key)
{
    apl_throttle_slot *oldest = NULL;
    for (uint64_t i = 0; i < WAYS; i++) {
        apl_throttle_slot *slot = &throttle->slots[(key + i) % APL_THROTTLE_SLOTS];
        if (slot->key == key)
            return slot;
        if (!oldest || slot->last_us < oldest->last_us)
            oldest = slot;
    }
    return oldest;
}

static int64_t wait_of(int64_t failures)
{
    int64_t over = failures - APL_THROTTLE_FREE;
    if (over < 0)
        return 0;
    int64_t wait = over >= 10 ? APL_THROTTLE_MAX_S : (int64_t)1 << over;
    return wait < APL_THROTTLE_MAX_S ? wait : APL_THROTTLE_MAX_S;
}

int64_t apl_throttle_wait_s(apl_throttle *throttle, apl_span who, apl_time_us now)
{
    uint64_t key = apl_span_hash(who) | 1;
    int64_t left_us = 0;
    apl_mutex_lock(&throttle->mutex);
    const apl_throttle_slot *slot = slot_of(throttle, key);
    if (slot->key == key)
        left_us = slot->last_us + wait_of(slot->failures) * APL_US_PER_SECOND - now;
    apl_mutex_unlock(&throttle->mutex);
    return left_us > 0 ? (left_us + APL_US_PER_SECOND - 1) / APL_US_PER_SECOND : 0;
}

void apl_throttle_fail(apl_throttle *throttle, apl_span who, apl_time_us now)
{
    uint64_t key = apl_span_hash(who) | 1;
    apl_mutex_lock(&throttle->mutex);
    apl_throttle_slot *slot = slot_of(throttle, key);
    bool is_stale = slot->key == key &&
                    now - slot->last_us > 2 * APL_THROTTLE_MAX_S * APL_US_PER_SECOND;
    if (slot->key != key || is_stale)
        *slot = (apl_throttle_slot){.key = key};
    slot->failures++;
    slot->last_us = now;
    apl_mutex_unlock(&throttle->mutex);
}

void apl_throttle_clear(apl_throttle *throttle, apl_span who)
{
    uint64_t key = apl_span_hash(who) | 1;
    apl_mutex_lock(&throttle->mutex);
    apl_throttle_slot *slot = slot_of(throttle, key);
    if (slot->key == key)
        *slot = (apl_throttle_slot){0};
    apl_mutex_unlock(&throttle->mutex);
}
