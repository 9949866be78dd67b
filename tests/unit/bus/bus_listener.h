/* SPDX-License-Identifier: Apache-2.0 */
/* A subscriber that tells what it saw, and can be blocked, made to leave, or made to answer. */
#ifndef TESTS_UNIT_BUS_BUS_LISTENER_H
#define TESTS_UNIT_BUS_BUS_LISTENER_H

#include "bus/bus.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { QUEUE_MAX = 8, PATIENCE_US = 20000000 };

/* What a subscription saw. */
typedef struct listener {
    apl_mutex lock;
    apl_cond moved;
    apl_bus *bus;
    apl_bus_subscription *subscription;
    char last[256];
    unsigned count;
    uint64_t lost;
    long last_number;
    bool is_disordered;
    bool is_blocked; /* callbacks wait until it is false */
    bool is_inside;
    bool must_leave;  /* unsubscribes itself */
    bool must_answer; /* publishes "echo" */
} listener;

static void listener_init(listener *l, apl_bus *bus)
{
    *l = (listener){.bus = bus, .last_number = -1};
    apl_mutex_init(&l->lock);
    apl_cond_init(&l->moved);
}

static void listener_release(listener *l)
{
    apl_cond_release(&l->moved);
    apl_mutex_release(&l->lock);
}

static void on_message(void *ctx, const apl_bus_message *message)
{
    listener *l = ctx;
    apl_mutex_lock(&l->lock);
    assert_false(l->is_inside);
    l->is_inside = true;
    (void)snprintf(l->last, sizeof l->last, "%.*s=%.*s", APL_SPAN_ARGS(message->subject),
                   APL_SPAN_ARGS(message->payload));
    int64_t number = 0;
    if (!apl_span_parse_i64(message->payload, &number, NULL)) {
        l->is_disordered |= number <= l->last_number;
        l->last_number = (long)number;
    }
    l->count++;
    l->lost += message->lost;
    apl_cond_broadcast(&l->moved);
    while (l->is_blocked)
        apl_cond_wait(&l->moved, &l->lock);
    bool must_leave = l->must_leave;
    bool must_answer = l->must_answer;
    l->is_inside = false;
    apl_mutex_unlock(&l->lock);
    if (must_answer)
        assert_int_equal(apl_bus_publish(l->bus, APL_SPAN("echo"), message->payload, NULL), APL_OK);
    if (must_leave)
        apl_bus_unsubscribe(l->bus, l->subscription);
}

static void listen_to(listener *l, apl_bus *bus, const char *filter)
{
    apl_err err = {0};
    listener_init(l, bus);
    assert_int_equal(
        apl_bus_subscribe(bus, apl_span_of(filter), on_message, l, &l->subscription, &err), APL_OK);
}

static bool listener_wait(listener *l, unsigned count)
{
    bool is_fine = true;
    apl_mutex_lock(&l->lock);
    while (l->count < count && is_fine)
        is_fine = apl_cond_wait_us(&l->moved, &l->lock, PATIENCE_US);
    is_fine = l->count >= count;
    apl_mutex_unlock(&l->lock);
    return is_fine;
}

static void listener_block(listener *l, bool is_blocked)
{
    apl_mutex_lock(&l->lock);
    l->is_blocked = is_blocked;
    apl_cond_broadcast(&l->moved);
    apl_mutex_unlock(&l->lock);
}

static void say(apl_bus *bus, const char *subject, long number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%ld", number);
    assert_int_equal(apl_bus_publish(bus, apl_span_of(subject), apl_span_of(text), NULL), APL_OK);
}

#endif
