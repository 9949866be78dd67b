/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, mutexes and conditions. Waits use the monotonic clock, so setting the wall clock wakes nobody. */
#ifndef APL_SYS_THREAD_H
#define APL_SYS_THREAD_H

#include "base/span.h"

#include <pthread.h>

typedef struct apl_mutex {
    pthread_mutex_t raw;
} apl_mutex;

typedef struct apl_cond {
    pthread_cond_t raw;
} apl_cond;

typedef struct apl_thread apl_thread;

void apl_mutex_init(apl_mutex *mutex);
void apl_mutex_release(apl_mutex *mutex);
void apl_mutex_lock(apl_mutex *mutex);
void apl_mutex_unlock(apl_mutex *mutex);

void apl_cond_init(apl_cond *cond);
void apl_cond_release(apl_cond *cond);
void apl_cond_wait(apl_cond *cond, apl_mutex *mutex);
/* False when max_us passed without a signal. Wakes may be spurious. */
bool apl_cond_wait_us(apl_cond *cond, apl_mutex *mutex, int64_t max_us);
void apl_cond_signal(apl_cond *cond);
void apl_cond_broadcast(apl_cond *cond);

/* The name (15 bytes are kept) shows in ps and debuggers. Signals go to the main thread only. */
apl_rc apl_thread_start(const char *name, void (*run)(void *ctx), void *ctx,
                        apl_thread **out_thread, apl_err *err) MUST_USE;
/* Waits for its end and frees the handle. NULL is allowed. */
void apl_thread_join(apl_thread *thread);

#endif
