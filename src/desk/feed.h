/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live feed: the ledger read forwards, woken by the bus. An event tells kind and ids, never a person's words; who
 * gets it asks for what they may see.
 */
#ifndef APL_DESK_FEED_H
#define APL_DESK_FEED_H

#include "bus/bus.h"
#include "desk/desk.h"

typedef struct apl_feed_event {
    int64_t seq;
    apl_time_us at_us;
    const char *kind;         /* as the API names it: "post.created" */
    int64_t case_id, post_id; /* 0 = none */
} apl_feed_event;

/* The seq that the next entry will have. */
apl_rc apl_feed_end(apl_conn *conn, int64_t workspace_id, int64_t *out_seq, apl_err *err) MUST_USE;
enum { APL_FEED_PAGE_MAX = 100 };
typedef struct apl_feed_page {
    int64_t next; /* in: seq of the first entry to read; out: where to go on */
    apl_feed_event events[APL_FEED_PAGE_MAX];
    size_t count;
} apl_feed_page;
/* Reads at most APL_FEED_PAGE_MAX entries; those that change nothing to be seen give no event. */
apl_rc apl_feed_read(apl_conn *conn, int64_t workspace_id, apl_feed_page *inout_page,
                     apl_err *err) MUST_USE;

/* Tells everybody that the ledger of the workspace has grown. Loss does no harm: readers ask the store. */
void apl_feed_wake(apl_bus *bus, int64_t workspace_id);
apl_rc apl_feed_subscribe(apl_bus *bus, int64_t workspace_id, apl_bus_callback wake, void *ctx,
                          apl_bus_subscription **out_subscription, apl_err *err) MUST_USE;

#endif
