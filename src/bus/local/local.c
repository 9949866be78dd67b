/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One delivering thread walks a ring of subscriptions that have something, one message each, so that a busy one does
 * not starve the others. A message is stored once and counted by the queues that hold it. A subscription that is
 * removed while its callback runs is freed by the deliverer when that callback itself asked for it, and by the waiting
 * unsubscribe otherwise. One lock guards all; it is never held during a callback.
 * Tests: tests/unit/bus/test_local.c
 */
#include "bus/local/local.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <string.h>

enum { QUEUE_DEFAULT = 256, SUBSCRIPTIONS_DEFAULT = 4096 };

typedef struct local_message {
    size_t holders;
    size_t subject_len;
    size_t payload_len;
    char bytes[];
} local_message;

struct apl_bus_subscription {
    apl_bus_subscription *next, *previous;
    apl_bus_subscription *ready_next; /* valid while is_ready */
    apl_bus_callback callback;
    void *ctx;
    size_t first, count; /* of the ring */
    uint64_t lost;
    bool is_ready; /* in the deliverer's list */
    bool is_running;
    bool is_removed;
    size_t filter_len;
    char filter[APL_BUS_SUBJECT_MAX_BYTES];
    local_message *ring[];
};

typedef struct local_bus {
    apl_bus base;
    apl_mutex lock;
    apl_cond work;
    apl_cond idle; /* a callback ended */
    apl_thread *thread;
    pthread_t deliverer;
    apl_bus_subscription *subscriptions;
    apl_bus_subscription *ready_first, *ready_last;
    size_t subscription_count;
    size_t queue_max, subscription_max;
    bool is_closing;
} local_bus;

static local_bus *bus_of(apl_bus *bus)
{
    return (local_bus *)bus;
}

/* ---- messages; all …_locked want bus->lock ---- */

static void message_drop_locked(local_message *message)
{
    if (!--message->holders)
        apl_mem_free(message);
}

static local_message *message_new(apl_span subject, apl_span payload)
{
    local_message *message = apl_mem_alloc(sizeof *message + subject.len + payload.len);
    if (!message)
        return NULL;
    *message =
        (local_message){.holders = 1, .subject_len = subject.len, .payload_len = payload.len};
    memcpy(message->bytes, subject.ptr, subject.len);
    if (payload.len)
        memcpy(message->bytes + subject.len, payload.ptr, payload.len);
    return message;
}

static local_message *ring_pop_locked(const local_bus *bus, apl_bus_subscription *s)
{
    local_message *message = s->ring[s->first];
    s->first = (s->first + 1) % bus->queue_max;
    s->count--;
    return message;
}

static void ready_push_locked(local_bus *bus, apl_bus_subscription *s)
{
    if (s->is_ready || !s->count || s->is_removed)
        return;
    s->is_ready = true;
    s->ready_next = NULL;
    if (bus->ready_last)
        bus->ready_last->ready_next = s;
    else
        bus->ready_first = s;
    bus->ready_last = s;
}

static void ready_remove_locked(local_bus *bus, apl_bus_subscription *s)
{
    apl_bus_subscription *before = NULL;
    if (!s->is_ready)
        return;
    for (apl_bus_subscription *at = bus->ready_first; at != s; at = at->ready_next)
        before = at;
    if (before)
        before->ready_next = s->ready_next;
    else
        bus->ready_first = s->ready_next;
    if (bus->ready_last == s)
        bus->ready_last = before;
    s->is_ready = false;
}

static void ring_push_locked(local_bus *bus, apl_bus_subscription *s, local_message *message)
{
    /* The newest wake-up is worth most: it stands for the dropped ones too. */
    if (s->count == bus->queue_max) {
        message_drop_locked(ring_pop_locked(bus, s));
        s->lost++;
    }
    s->ring[(s->first + s->count++) % bus->queue_max] = message;
    message->holders++;
    ready_push_locked(bus, s);
}

static apl_rc local_publish(apl_bus *base, apl_span subject, apl_span payload, apl_err *err)
{
    local_bus *bus = bus_of(base);
    local_message *message = NULL;
    apl_rc rc = APL_OK;
    apl_mutex_lock(&bus->lock);
    for (apl_bus_subscription *s = bus->subscriptions; !rc && s; s = s->next) {
        if (!apl_bus_subject_matches((apl_span){s->filter, s->filter_len}, subject))
            continue;
        if (!message)
            message = message_new(subject, payload);
        if (message)
            ring_push_locked(bus, s, message);
        else
            rc = apl_err_nomem(err);
    }
    if (message) {
        message_drop_locked(message);
        apl_cond_signal(&bus->work);
    }
    apl_mutex_unlock(&bus->lock);
    return rc;
}

/* ---- subscriptions ---- */

static apl_rc local_subscribe(apl_bus *base, apl_span filter, apl_bus_callback callback, void *ctx,
                              apl_bus_subscription **out_subscription, apl_err *err)
{
    local_bus *bus = bus_of(base);
    apl_bus_subscription *s =
        apl_mem_zalloc(1, sizeof *s + bus->queue_max * sizeof(local_message *));
    if (!s)
        return apl_err_nomem(err);
    s->callback = callback;
    s->ctx = ctx;
    s->filter_len = filter.len;
    memcpy(s->filter, filter.ptr, filter.len);

    apl_mutex_lock(&bus->lock);
    bool is_full = bus->subscription_count == bus->subscription_max;
    if (!is_full) {
        s->next = bus->subscriptions;
        if (s->next)
            s->next->previous = s;
        bus->subscriptions = s;
        bus->subscription_count++;
    }
    apl_mutex_unlock(&bus->lock);
    if (is_full) {
        apl_mem_free(s);
        return apl_err_set(err, APL_E_LIMIT, "more than %zu subscriptions", bus->subscription_max);
    }
    *out_subscription = s;
    return APL_OK;
}

static void subscription_remove_locked(local_bus *bus, apl_bus_subscription *s)
{
    s->is_removed = true;
    ready_remove_locked(bus, s);
    while (s->count)
        message_drop_locked(ring_pop_locked(bus, s));
    if (s->previous)
        s->previous->next = s->next;
    else
        bus->subscriptions = s->next;
    if (s->next)
        s->next->previous = s->previous;
    bus->subscription_count--;
}

static void local_unsubscribe(apl_bus *base, apl_bus_subscription *s)
{
    local_bus *bus = bus_of(base);
    apl_mutex_lock(&bus->lock);
    subscription_remove_locked(bus, s);
    bool is_own_callback = s->is_running && pthread_equal(pthread_self(), bus->deliverer);
    if (!is_own_callback) {
        while (s->is_running)
            apl_cond_wait(&bus->idle, &bus->lock);
        apl_mem_free(s);
    } else {
        s->callback = NULL; /* the deliverer frees it */
    }
    apl_mutex_unlock(&bus->lock);
}

/* ---- delivering ---- */

static void deliver_locked(local_bus *bus, apl_bus_subscription *s)
{
    local_message *message = ring_pop_locked(bus, s);
    const apl_bus_message view = {
        .subject = {message->bytes, message->subject_len},
        .payload = {message->bytes + message->subject_len, message->payload_len},
        .lost = s->lost};
    apl_bus_callback callback = s->callback;
    s->lost = 0;
    s->is_running = true;
    apl_mutex_unlock(&bus->lock);
    callback(s->ctx, &view);
    apl_mutex_lock(&bus->lock);
    message_drop_locked(message);
    s->is_running = false;
    if (!s->is_removed)
        ready_push_locked(bus, s);
    else if (!s->callback)
        apl_mem_free(s);
    apl_cond_broadcast(&bus->idle);
}

static void deliverer_run(void *ctx)
{
    local_bus *bus = ctx;
    apl_mutex_lock(&bus->lock);
    bus->deliverer = pthread_self();
    while (!bus->is_closing) {
        apl_bus_subscription *s = bus->ready_first;
        if (!s) {
            apl_cond_wait(&bus->work, &bus->lock);
            continue;
        }
        ready_remove_locked(bus, s);
        deliver_locked(bus, s);
    }
    apl_mutex_unlock(&bus->lock);
}

static void local_close(apl_bus *base)
{
    local_bus *bus = bus_of(base);
    apl_mutex_lock(&bus->lock);
    bus->is_closing = true;
    apl_cond_broadcast(&bus->work);
    apl_mutex_unlock(&bus->lock);
    apl_thread_join(bus->thread);
    while (bus->subscriptions) {
        apl_bus_subscription *s = bus->subscriptions;
        subscription_remove_locked(bus, s);
        apl_mem_free(s);
    }
    apl_cond_release(&bus->work);
    apl_cond_release(&bus->idle);
    apl_mutex_release(&bus->lock);
    apl_mem_free(bus);
}

apl_rc apl_bus_local_open(const apl_bus_local_config *config, apl_bus **out_bus, apl_err *err)
{
    static const apl_bus_ops ops = {"local", local_publish, local_subscribe, local_unsubscribe,
                                    local_close};
    local_bus *bus = apl_mem_zalloc(1, sizeof *bus);
    if (!bus)
        return apl_err_nomem(err);
    bus->base.ops = &ops;
    bus->queue_max = config && config->queue_max ? config->queue_max : QUEUE_DEFAULT;
    bus->subscription_max = config && config->subscription_max ? config->subscription_max
                                                               : SUBSCRIPTIONS_DEFAULT;
    apl_mutex_init(&bus->lock);
    apl_cond_init(&bus->work);
    apl_cond_init(&bus->idle);
    apl_rc rc = apl_thread_start("bus", deliverer_run, bus, &bus->thread, err);
    if (rc) {
        apl_cond_release(&bus->work);
        apl_cond_release(&bus->idle);
        apl_mutex_release(&bus->lock);
        apl_mem_free(bus);
        return rc;
    }
    *out_bus = &bus->base;
    return APL_OK;
}
