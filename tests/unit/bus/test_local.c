/* SPDX-License-Identifier: Apache-2.0 */
/* The in-process bus: the contract, and what is its own (src/bus/local/local.c, src/bus/bus.c). */
#include "bus_contract.h"

#include "base/mem.h"
#include "bus/local/local.h"

static apl_bus *bus_contract_open(void)
{
    const apl_bus_local_config config = {.queue_max = QUEUE_MAX};
    apl_bus *bus = NULL;
    assert_int_equal(apl_bus_local_open(&config, &bus, NULL), APL_OK);
    return bus;
}

static void test_subscription_cap(void **state)
{
    (void)state;
    const apl_bus_local_config config = {.subscription_max = 2};
    apl_bus *bus = NULL;
    apl_bus_subscription *subscriptions[3] = {NULL};
    apl_err err = {0};
    assert_int_equal(apl_bus_local_open(&config, &bus, &err), APL_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(
            apl_bus_subscribe(bus, APL_SPAN("a"), on_message, NULL, &subscriptions[i], &err),
            APL_OK);
    assert_int_equal(
        apl_bus_subscribe(bus, APL_SPAN("a"), on_message, NULL, &subscriptions[2], &err),
        APL_E_LIMIT);
    apl_bus_unsubscribe(bus, subscriptions[0]);
    assert_int_equal(
        apl_bus_subscribe(bus, APL_SPAN("a"), on_message, NULL, &subscriptions[2], &err), APL_OK);
    apl_bus_close(bus);
}

static void test_without_memory(void **state)
{
    (void)state;
    apl_bus *bus = NULL;
    apl_err err = {0};
    apl_rc rc = APL_E_NOMEM;
    for (size_t n = 1; rc && n < 10; n++) {
        (void)apl_mem_fail_at(n, 0);
        rc = apl_bus_local_open(NULL, &bus, &err);
        (void)apl_mem_fail_at(0, 0);
    }
    assert_int_equal(rc, APL_OK);
    listener l;
    listen_to(&l, bus, "a");
    (void)apl_mem_fail_at(1, 0);
    assert_int_equal(apl_bus_publish(bus, APL_SPAN("a"), APL_SPAN("1"), &err), APL_E_NOMEM);
    (void)apl_mem_fail_at(0, 0);
    say(bus, "a", 2);
    assert_true(listener_wait(&l, 1));
    assert_string_equal(l.last, "a=2");
    apl_bus_close(bus);
    listener_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {BUS_CONTRACT_TESTS, cmocka_unit_test(test_subscription_cap),
                                       cmocka_unit_test(test_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
