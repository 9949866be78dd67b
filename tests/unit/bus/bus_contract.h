/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suite that every bus must pass, written against the contract's table only (src/bus/bus.h). A backend's test file
 * gives a way to open it with a queue of QUEUE_MAX messages per subscription and runs BUS_CONTRACT_TESTS. A bus over a
 * network may deliver late, so nothing here expects a message to be there the moment it was published.
 */
#ifndef TESTS_UNIT_BUS_BUS_CONTRACT_H
#define TESTS_UNIT_BUS_BUS_CONTRACT_H

#include "bus_listener.h"

/* The backend's test file defines it. */
static apl_bus *bus_contract_open(void);

static void contract_delivers_by_filter(void **state)
{
    static const struct {
        const char *filter;
        unsigned count; /* of the five subjects below, without the last */
    } table[] = {{"ws.1.case", 1}, {"ws.*.case", 2}, {"ws.>", 4},
                 {">", 5},         {"ws.1.*", 2},    {"*", 0}};
    enum { COUNT = sizeof table / sizeof *table };
    (void)state;
    apl_bus *bus = bus_contract_open();
    listener listeners[COUNT];
    listener last;
    for (size_t i = 0; i < COUNT; i++)
        listen_to(&listeners[i], bus, table[i].filter);
    listen_to(&last, bus, "end");
    say(bus, "ws.1.case", 1);
    say(bus, "ws.2.case", 2);
    say(bus, "ws.1.post", 3);
    say(bus, "ws.1.post.edit", 4);
    say(bus, "other.x", 5);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(listener_wait(&listeners[i], table[i].count));
    say(bus, "end", 6);
    assert_true(listener_wait(&last, 1));
    for (size_t i = 0; i < COUNT; i++) {
        apl_bus_unsubscribe(bus, listeners[i].subscription);
        unsigned extra = !strcmp(table[i].filter, ">") || !strcmp(table[i].filter, "*");
        assert_in_range(listeners[i].count, table[i].count, table[i].count + extra);
        assert_false(listeners[i].is_disordered);
        listener_release(&listeners[i]);
    }
    assert_string_equal(last.last, "end=6");
    apl_bus_unsubscribe(bus, last.subscription);
    listener_release(&last);
    apl_bus_close(bus);
}

static void contract_refuses_bad_subjects(void **state)
{
    static const char *const wrong[] = {
        "",    ".",    "a.",       ".a",    "a..b",
        "a b", "a.\n", "\xc3\xa9", "a.b/c", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"};
    static const char *const wild[] = {"*", "a.*", ">", "a.>"};
    static const char *const wrong_filters[] = {"a.>.b", "a*", "a.b>", "**"};
    (void)state;
    static char large[APL_BUS_PAYLOAD_MAX_BYTES + 1];
    apl_bus *bus = bus_contract_open();
    apl_bus_subscription *s = NULL;
    apl_err err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(apl_bus_publish(bus, apl_span_of(wrong[i]), APL_SPAN(""), &err),
                         APL_E_INVALID);
        assert_int_equal(apl_bus_subscribe(bus, apl_span_of(wrong[i]), on_message, NULL, &s, &err),
                         APL_E_INVALID);
    }
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++)
        assert_int_equal(apl_bus_publish(bus, apl_span_of(wild[i]), APL_SPAN(""), &err),
                         APL_E_INVALID);
    for (size_t i = 0; i < sizeof wrong_filters / sizeof *wrong_filters; i++)
        assert_int_equal(
            apl_bus_subscribe(bus, apl_span_of(wrong_filters[i]), on_message, NULL, &s, &err),
            APL_E_INVALID);
    assert_int_equal(apl_bus_publish(bus, APL_SPAN("a"), (apl_span){large, sizeof large}, &err),
                     APL_E_LIMIT);
    assert_int_equal(apl_bus_publish(bus, APL_SPAN("a"), (apl_span){large, sizeof large - 1}, &err),
                     APL_OK);
    assert_null(s);
    apl_bus_close(bus);
}

/* A subscriber that hangs does not hold the publisher up; the newest messages are kept, the loss is told. */
static void contract_publish_never_waits(void **state)
{
    (void)state;
    apl_bus *bus = bus_contract_open();
    listener l;
    listen_to(&l, bus, "a");
    listener_block(&l, true);
    say(bus, "a", 0);
    assert_true(listener_wait(&l, 1));
    for (long i = 1; i <= 1000; i++)
        say(bus, "a", i);
    listener_block(&l, false);
    say(bus, "a", 1001);
    apl_mutex_lock(&l.lock);
    bool is_fine = true;
    while (l.last_number < 1001 && is_fine)
        is_fine = apl_cond_wait_us(&l.moved, &l.lock, PATIENCE_US);
    assert_int_equal(l.last_number, 1001);
    assert_false(l.is_disordered);
    assert_int_equal(l.count + l.lost, 1002);
    assert_true(l.lost > 0);
    apl_mutex_unlock(&l.lock);
    apl_bus_unsubscribe(bus, l.subscription);
    listener_release(&l);
    apl_bus_close(bus);
}

typedef struct leaver {
    listener *l;
    atomic_bool is_done;
} leaver;

static void *leave(void *ctx)
{
    leaver *who = ctx;
    apl_bus_unsubscribe(who->l->bus, who->l->subscription);
    atomic_store(&who->is_done, true);
    return NULL;
}

static void contract_unsubscribe_waits(void **state)
{
    (void)state;
    apl_bus *bus = bus_contract_open();
    listener *l = malloc(sizeof *l);
    listen_to(l, bus, "a");
    listener_block(l, true);
    say(bus, "a", 1);
    say(bus, "a", 2);
    assert_true(listener_wait(l, 1));
    leaver who = {.l = l};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, leave, &who), 0);
    for (unsigned i = 0; i < 200; i++) {
        assert_false(atomic_load(&who.is_done));
        say(bus, "b", 1);
        sched_yield();
    }
    listener_block(l, false);
    pthread_join(thread, NULL);
    /* From here on nobody may touch it; the sanitizers look. */
    listener_release(l);
    free(l);
    say(bus, "a", 3);
    listener other;
    listen_to(&other, bus, "b");
    say(bus, "b", 4);
    assert_true(listener_wait(&other, 1));
    apl_bus_unsubscribe(bus, other.subscription);
    listener_release(&other);
    apl_bus_close(bus);
}

static void contract_callback_may_use_the_bus(void **state)
{
    (void)state;
    apl_bus *bus = bus_contract_open();
    listener echo;
    listener once;
    listen_to(&echo, bus, "echo");
    listen_to(&once, bus, "a");
    once.must_answer = true;
    once.must_leave = true;
    say(bus, "a", 1);
    assert_true(listener_wait(&echo, 1));
    assert_string_equal(echo.last, "echo=1");
    say(bus, "a", 2);
    say(bus, "echo", 3);
    assert_true(listener_wait(&echo, 2));
    assert_string_equal(echo.last, "echo=3");
    assert_int_equal(once.count, 1);
    apl_bus_unsubscribe(bus, echo.subscription);
    apl_bus_close(bus);
    listener_release(&echo);
    listener_release(&once);
}

typedef struct crowd {
    apl_bus *bus;
    unsigned index;
} crowd;

static void *crowd_publish(void *ctx)
{
    const crowd *c = ctx;
    char subject[16];
    (void)snprintf(subject, sizeof subject, "t.%u", c->index);
    for (long i = 0; i < 2000; i++)
        say(c->bus, subject, i);
    return NULL;
}

static void *crowd_come_and_go(void *ctx)
{
    const crowd *c = ctx;
    for (unsigned i = 0; i < 300; i++) {
        listener l;
        listen_to(&l, c->bus, "t.>");
        apl_mutex_lock(&l.lock);
        l.last_number = INT32_MAX; /* several publishers: no order to check */
        apl_mutex_unlock(&l.lock);
        apl_bus_unsubscribe(c->bus, l.subscription);
        listener_release(&l);
    }
    return NULL;
}

static void contract_many_threads(void **state)
{
    (void)state;
    enum { EACH = 3 };
    apl_bus *bus = bus_contract_open();
    listener listeners[EACH];
    pthread_t threads[2 * EACH];
    crowd crowds[EACH];
    for (unsigned i = 0; i < EACH; i++) {
        char filter[16];
        (void)snprintf(filter, sizeof filter, "t.%u", i);
        listen_to(&listeners[i], bus, filter);
        crowds[i] = (crowd){bus, i};
    }
    for (unsigned i = 0; i < EACH; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_publish, &crowds[i]), 0);
        assert_int_equal(pthread_create(&threads[EACH + i], NULL, crowd_come_and_go, &crowds[i]),
                         0);
    }
    for (unsigned i = 0; i < 2 * EACH; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < EACH; i++) {
        apl_mutex_lock(&listeners[i].lock);
        while (listeners[i].last_number < 1999 &&
               apl_cond_wait_us(&listeners[i].moved, &listeners[i].lock, PATIENCE_US))
            ;
        assert_int_equal(listeners[i].last_number, 1999);
        assert_false(listeners[i].is_disordered);
        assert_int_equal(listeners[i].count + listeners[i].lost, 2000);
        apl_mutex_unlock(&listeners[i].lock);
        apl_bus_unsubscribe(bus, listeners[i].subscription);
        listener_release(&listeners[i]);
    }
    apl_bus_close(bus);
}

/* Closing with waiting messages and living subscriptions frees all. */
static void contract_close_while_busy(void **state)
{
    (void)state;
    apl_bus *bus = bus_contract_open();
    listener l;
    listen_to(&l, bus, ">");
    for (long i = 0; i < 100; i++)
        say(bus, "a", i);
    apl_bus_close(bus);
    listener_release(&l);
    apl_bus_close(NULL);
}

#define BUS_CONTRACT_TESTS                                                                         \
    cmocka_unit_test(contract_delivers_by_filter),                                                 \
        cmocka_unit_test(contract_refuses_bad_subjects),                                           \
        cmocka_unit_test(contract_publish_never_waits),                                            \
        cmocka_unit_test(contract_unsubscribe_waits),                                              \
        cmocka_unit_test(contract_callback_may_use_the_bus),                                       \
        cmocka_unit_test(contract_many_threads), cmocka_unit_test(contract_close_while_busy)

#endif
