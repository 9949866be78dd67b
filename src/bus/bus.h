/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of the bus: it wakes, the store is the truth. A message says "something of this subject happened, look";
 * whoever is woken reads the store. So delivery is at most once, messages may be lost or joined (never invented), and
 * a subscriber that starts late reads the store first. Nothing may depend on a message arriving.
 *
 * Promised by every implementation (tests/unit/bus/bus_contract.h runs against this table):
 *   - publish never waits for a subscriber; what cannot be queued is dropped, oldest first, and counted in `lost`;
 *   - messages of one publisher to one subscription keep their order, apart from dropped ones;
 *   - callbacks of one subscription never run at the same time; callbacks of two may;
 *   - after unsubscribe returned, its callback does not run and will not run (unless called from inside that callback);
 *   - a callback may publish, subscribe and unsubscribe (itself too);
 *   - a subscription gets every message that is published after subscribe returned (apart from dropped ones).
 * A bus over a network keeps these promises per node; its subjects map one to one to NATS subjects, so JetStream can
 * come behind this table without a change above it.
 *
 * Subjects: 1 to 16 tokens of [A-Za-z0-9_-], joined by dots ("ws.1.case"). Filters may use "*" for one token and ">"
 * as the last token for one or more.
 */
#ifndef APL_BUS_BUS_H
#define APL_BUS_BUS_H

#include "base/span.h"

enum {
    APL_BUS_SUBJECT_MAX_BYTES = 128,
    APL_BUS_TOKENS_MAX = 16,
    APL_BUS_PAYLOAD_MAX_BYTES = 4096, /* wake-ups carry keys, not data */
};

typedef struct apl_bus_message {
    apl_span subject;
    apl_span payload;
    uint64_t lost; /* messages of this subscription dropped before this one */
} apl_bus_message;

/* The message is borrowed and ends with the call. Be short: other subscriptions may wait. */
typedef void (*apl_bus_callback)(void *ctx, const apl_bus_message *message);

typedef struct apl_bus apl_bus;
typedef struct apl_bus_subscription apl_bus_subscription;

typedef struct apl_bus_ops {
    const char *name;
    apl_rc (*publish)(apl_bus *bus, apl_span subject, apl_span payload, apl_err *err);
    apl_rc (*subscribe)(apl_bus *bus, apl_span filter, apl_bus_callback callback, void *ctx,
                        apl_bus_subscription **out_subscription, apl_err *err);
    void (*unsubscribe)(apl_bus *bus, apl_bus_subscription *subscription);
    void (*close)(apl_bus *bus);
} apl_bus_ops;

/* An implementation puts this first in its own struct. */
struct apl_bus {
    const apl_bus_ops *ops;
};

/* APL_E_INVALID for a bad subject, APL_E_LIMIT for a payload above the cap, APL_E_IO when the bus cannot be reached. */
apl_rc apl_bus_publish(apl_bus *bus, apl_span subject, apl_span payload, apl_err *err) MUST_USE;
/* APL_E_INVALID for a bad filter. Any thread. */
apl_rc apl_bus_subscribe(apl_bus *bus, apl_span filter, apl_bus_callback callback, void *ctx,
                         apl_bus_subscription **out_subscription, apl_err *err) MUST_USE;
/* Waits for a running callback, frees. NULL is allowed. Hold no lock that the callback takes. */
void apl_bus_unsubscribe(apl_bus *bus, apl_bus_subscription *subscription);
/* Queued messages are dropped; subscriptions that are left are freed. Nobody may use the bus any more. NULL is allowed. */
void apl_bus_close(apl_bus *bus);

/* For implementations. A subject is a filter without wildcards. */
apl_rc apl_bus_subject_check(apl_span subject, bool is_filter, apl_err *err) MUST_USE;
bool apl_bus_subject_matches(apl_span filter, apl_span subject);

#endif
