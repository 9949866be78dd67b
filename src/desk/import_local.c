/* SPDX-License-Identifier: Apache-2.0 */
/* Judging and writing side by side; see import_local.h. Tests: tests/e2e/test_import.py */
#include "desk/import_local.h"

enum { JUDGE_ARENA_BYTES = 128 * 1024 * 1024, ON_THE_WAY_MAX = 2 };

typedef struct slot {
    apl_import_batch batch;
    apl_alone_job job;
    apl_arena arena; /* of its judgements */
} slot;

struct apl_import_local {
    apl_desk *desk;
    apl_import *import; /* touched by the writer's thread alone while something is on the way */
    apl_writer *writer;
    apl_judge *judge;
    slot slots[ON_THE_WAY_MAX];
    size_t put, settled; /* counts; the slot is their remainder */
};

apl_rc apl_import_local_open(apl_desk *desk, apl_import *import, apl_import_local **out_local,
                             apl_err *err)
{
    apl_import_local *local = apl_mem_zalloc(1, sizeof *local);
    if (!local)
        return apl_err_nomem(err);
    local->desk = desk;
    local->import = import;
    for (size_t i = 0; i < ON_THE_WAY_MAX; i++)
        apl_arena_init(&local->slots[i].arena, JUDGE_ARENA_BYTES);
    apl_rc rc = apl_judge_new(apl_policy_use_take(desk), &local->judge, err);
    if (!rc)
        rc = apl_writer_open(desk, NULL, NULL, &local->writer, err);
    if (rc) {
        apl_import_local_close(local);
        return rc;
    }
    *out_local = local;
    return APL_OK;
}

static apl_rc settle(void *ctx, apl_err *err)
{
    apl_import_local *local = ctx;
    return apl_writer_wait(local->writer, &local->slots[local->settled++ % ON_THE_WAY_MAX].job.job,
                           err);
}

void apl_import_local_close(apl_import_local *local)
{
    if (!local)
        return;
    while (local->settled < local->put)
        (void)settle(local, NULL);
    apl_writer_close(local->writer);
    apl_judge_free(local->judge);
    for (size_t i = 0; i < ON_THE_WAY_MAX; i++)
        apl_arena_release(&local->slots[i].arena);
    apl_mem_free(local);
}

static apl_rc put(void *ctx, apl_batch_item *items, size_t count, apl_err *err)
{
    apl_import_local *local = ctx;
    slot *s = &local->slots[local->put % ON_THE_WAY_MAX];
    if (local->put - local->settled == ON_THE_WAY_MAX)
        return apl_err_set(err, APL_E_INTERNAL, "more than %d batches on the way", ON_THE_WAY_MAX);
    apl_arena_clear(&s->arena);
    apl_rc rc = apl_batch_judge(local->judge, apl_span_of(local->import->channel_name), items,
                                count, &s->arena, err);
    if (rc)
        return rc;
    s->batch = (apl_import_batch){local->import, items, count};
    s->job = APL_ALONE_JOB(apl_import_batch_alone, &s->batch);
    apl_writer_submit(local->writer, &s->job.job);
    local->put++;
    return APL_OK;
}

apl_import_sink apl_import_local_sink(apl_import_local *local)
{
    return (apl_import_sink){put, settle, local};
}

apl_writer *apl_import_local_writer(apl_import_local *local)
{
    return local->writer;
}
