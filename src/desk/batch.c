/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of arrivals; see batch.h. Tests: tests/unit/desk/test_intake.c, tests/e2e/test_import.py */
#include "desk/batch.h"

enum { ITEMS_PER_ARENA = 64 };

apl_rc apl_batch_judge(apl_judge *judge, apl_span channel_name, apl_batch_item *items, size_t count,
                       apl_arena *arena, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        const apl_post_in *post = &items[i].post;
        items[i].is_judged = !post->is_own && post->event != APL_POST_EVENT_DELETE;
        if (items[i].is_judged)
            rc = apl_judge_run(judge, post, channel_name, arena, &items[i].judged, err);
    }
    return rc;
}

static apl_rc apply_one(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *item)
{
    item->rc = apl_intake_apply(tx, origin, &item->post, item->is_judged ? &item->judged : NULL,
                                &item->result, &item->err);
    return item->rc;
}

/* Each item with a savepoint of its own: slower, and a refused one is undone alone. */
static apl_rc apply_each(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                         size_t count, apl_err *err)
{
    for (size_t i = 0; i < count; i++) {
        apl_rc rc = apl_tx_save(tx, err);
        if (rc)
            return rc;
        rc = apply_one(tx, origin, &items[i]);
        if (apl_tx_is_lost(rc)) {
            *err = items[i].err;
            return rc;
        }
        if (rc)
            apl_tx_undo(tx);
        else
            rc = apl_tx_release(tx, err);
        if (rc && !items[i].rc)
            return rc;
    }
    return APL_OK;
}

apl_rc apl_batch_try(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                     size_t count, apl_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (i % ITEMS_PER_ARENA == 0)
            apl_arena_clear(&tx->arena);
        apl_rc rc = apply_one(tx, origin, &items[i]);
        if (rc) {
            if (err)
                *err = items[i].err;
            return rc;
        }
    }
    return APL_OK;
}

apl_rc apl_batch_apply(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                       size_t count, apl_err *err)
{
    apl_rc rc = apl_tx_save(tx, err);
    if (!rc)
        rc = apl_batch_try(tx, origin, items, count, err);
    if (!rc)
        return apl_tx_release(tx, err);
    if (apl_tx_is_lost(rc))
        return rc;
    /* Refusals are rare; the savepoint of each item is paid only where one occurred. */
    apl_tx_undo(tx);
    return apply_each(tx, origin, items, count, err);
}

apl_batch_counts apl_batch_count(const apl_batch_item *items, size_t count)
{
    apl_batch_counts c = {0};
    for (size_t i = 0; i < count; i++) {
        if (items[i].rc)
            c.rejected++;
        else if (items[i].result.outcome == APL_INTAKE_TAKEN)
            c.taken++;
        else if (items[i].result.outcome == APL_INTAKE_KNOWN)
            c.known++;
        else if (items[i].result.outcome == APL_INTAKE_EDITED)
            c.edited++;
        else
            c.deleted++;
    }
    return c;
}
