/* SPDX-License-Identifier: Apache-2.0 */
/* Imports; see import.h. Tests: tests/e2e/test_import.py */
#include "desk/import.h"

#include "base/utf8.h"
#include "desk/channel.h"

#include <string.h>

static void copy_text(char *out, size_t out_bytes, apl_span text)
{
    text = apl_utf8_cut(text, out_bytes - 1);
    if (text.len)
        memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

void apl_import_init(apl_import *import, apl_span file_name, apl_span channel_name, apl_span notes,
                     int64_t user_id)
{
    memset(import, 0, sizeof *import);
    copy_text(import->file_name, sizeof import->file_name, file_name);
    copy_text(import->channel_name, sizeof import->channel_name, channel_name);
    copy_text(import->notes, sizeof import->notes, notes);
    import->user_id = user_id;
}

void apl_import_release(apl_import *import)
{
    apl_name_set_release(&import->own_names);
}

static apl_actor actor_of(const apl_import *import)
{
    return import->user_id ? (apl_actor){"user", import->user_id} : (apl_actor){"cli", 0};
}

/* The channel of that slug or name; made when there is none. */
static apl_rc ensure_channel(apl_tx *tx, apl_import *import, apl_err *err)
{
    bool found = false;
    apl_channel_row row;
    char secret[APL_CHANNEL_SECRET_TEXT_BYTES];
    if (import->channel_id)
        return APL_OK;
    apl_channel_new channel = {.slug = APL_SPAN_NONE,
                               .kind = APL_SPAN("import"),
                               .name = apl_span_of(import->channel_name)};
    apl_rc rc = apl_channel_find(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id,
                                 channel.name, &row, &found, err);
    if (!rc && !found) {
        rc = apl_channel_add(tx, &channel, actor_of(import), &row, secret, err);
        /* Same name, other spelling: the short name made of it exists. */
        if (rc == APL_E_EXISTS)
            rc = apl_channel_find_named(tx->conn, tx->workspace_id, channel.name, &tx->arena, &row,
                                        err);
    }
    if (!rc)
        import->channel_id = row.id;
    return rc;
}

static apl_rc begin_row(apl_tx *tx, apl_import *import, apl_err *err)
{
    apl_import_row row = {
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .channel_id = import->channel_id,
        .file_name = apl_span_of(import->file_name),
        .started_us = tx->now,
        .finished_us = APL_TIME_NONE,
        .notes = apl_span_of(import->notes),
    };
    apl_rc rc = apl_tx_entry_begin(tx, "import.started", actor_of(import), err);
    if (!rc)
        rc = apl_tx_about(tx, "import", row.id, err);
    if (!rc)
        rc = apl_tx_insert(tx, &apl_table_import, &row, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    import->id = row.id;
    import->started_us = tx->now;
    return rc;
}

static bool has_changed(const apl_batch_counts *c)
{
    return c->taken + c->edited + c->deleted > 0;
}

typedef apl_rc (*apply_fn)(apl_tx *tx, const apl_intake_origin *origin, apl_batch_item *items,
                           size_t count, apl_err *err);

static apl_rc write_with(apl_tx *tx, apl_import_batch *batch, apply_fn apply,
                         apl_batch_counts *out_counts, apl_err *err)
{
    apl_import *import = batch->import;
    apl_rc rc = ensure_channel(tx, import, err);
    if (!rc && !import->id)
        rc = begin_row(tx, import, err);
    if (rc)
        return rc;
    apl_intake_origin origin = {.channel_id = import->channel_id,
                                .import_id = import->id,
                                .actor = {"import", import->id},
                                .own_names = &import->own_names};
    rc = apply(tx, &origin, batch->items, batch->count, err);
    if (!rc)
        *out_counts = apl_batch_count(batch->items, batch->count);
    return rc;
}

static void add_counts(apl_import *import, const apl_batch_counts *counts)
{
    import->batches++;
    import->counts.taken += counts->taken;
    import->counts.known += counts->known;
    import->counts.edited += counts->edited;
    import->counts.deleted += counts->deleted;
    import->counts.rejected += counts->rejected;
}

/* In a savepoint that is undone when nothing was new: neither row nor channel nor entry remains. */
apl_rc apl_import_batch_write(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_import_batch *batch = ctx;
    apl_import *import = batch->import;
    int64_t id_before = import->id, channel_before = import->channel_id;
    apl_batch_counts counts = {0};
    apl_rc rc = apl_tx_save(tx, err);
    if (rc)
        return rc;
    rc = write_with(tx, batch, apl_batch_apply, &counts, err);
    if (apl_tx_is_lost(rc))
        return rc;
    if (!rc && has_changed(&counts)) {
        rc = apl_tx_release(tx, err);
    } else {
        apl_tx_undo(tx);
        import->id = id_before;
        import->channel_id = channel_before;
    }
    if (!rc)
        add_counts(import, &counts);
    return rc;
}

static apl_rc write_alone(apl_desk *desk, apl_import_batch *batch, apply_fn apply, apl_err *err)
{
    apl_import *import = batch->import;
    int64_t id_before = import->id, channel_before = import->channel_id;
    apl_batch_counts counts = {0};
    apl_tx tx;
    apl_rc rc = apl_tx_begin(&tx, desk, err);
    if (rc)
        return rc;
    rc = write_with(&tx, batch, apply, &counts, err);
    bool keep = !rc && has_changed(&counts);
    if (keep)
        rc = apl_tx_commit(&tx, err);
    else
        apl_tx_rollback(&tx);
    if (!keep || rc) {
        import->id = id_before;
        import->channel_id = channel_before;
    }
    if (!rc)
        add_counts(import, &counts);
    return rc;
}

apl_rc apl_import_batch_alone(apl_desk *desk, void *ctx, apl_err *err)
{
    apl_err first = {0};
    apl_rc rc = write_alone(desk, ctx, apl_batch_try, &first);
    if (!rc)
        return APL_OK;
    if (!apl_tx_is_lost(rc))
        return write_alone(desk, ctx, apl_batch_apply, err);
    if (err)
        *err = first;
    return rc;
}

apl_rc apl_import_finish(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_import *import = ctx;
    apl_import_row row;
    if (!import->id)
        return APL_OK;
    apl_rc rc = apl_tx_find(tx, &apl_table_import, import->id, &row, err);
    if (rc || row.finished_us != APL_TIME_NONE)
        return rc;
    row.finished_us = tx->now;
    row.taken = import->counts.taken;
    row.known = import->counts.known;
    row.edited = import->counts.edited;
    row.rejected = import->counts.rejected;
    rc = apl_tx_entry_begin(tx, "import.finished", actor_of(import), err);
    if (rc)
        return rc;
    apl_entry_i64(&tx->entry, "taken", row.taken);
    apl_entry_i64(&tx->entry, "known", row.known);
    apl_entry_i64(&tx->entry, "edited", row.edited);
    apl_entry_i64(&tx->entry, "rejected", row.rejected);
    rc = apl_tx_about(tx, "import", row.id, err);
    if (!rc)
        rc = apl_tx_update(tx, &apl_table_import, &row, err);
    return rc ? rc : apl_tx_entry_end(tx, err);
}

apl_rc apl_import_mapping_find(apl_conn *conn, int64_t workspace_id, uint64_t fingerprint,
                               apl_arena *arena, apl_span *out_mapping, apl_err *err)
{
    apl_mapping_row row;
    bool found = false;
    int64_t keys[] = {workspace_id, (int64_t)(fingerprint >> 1)};
    apl_rc rc =
        apl_row_find(&(apl_reading){conn, arena}, &apl_table_mapping, keys, &row, &found, err);
    if (!rc)
        *out_mapping = found ? row.mapping : APL_SPAN_NONE;
    return rc;
}

apl_rc apl_import_mapping_save(apl_tx *tx, void *ctx, apl_err *err)
{
    const apl_import_mapping *mapping = ctx;
    apl_mapping_row row = {.workspace_id = tx->workspace_id,
                           .fingerprint = (int64_t)(mapping->fingerprint >> 1)};
    bool found = false;
    int64_t keys[] = {tx->workspace_id, row.fingerprint};
    apl_rc rc = apl_row_find(&(apl_reading){tx->conn, &tx->arena}, &apl_table_mapping, keys, &row,
                             &found, err);
    if (rc || (found && apl_span_equal(row.mapping, mapping->mapping)))
        return rc;
    row.mapping = mapping->mapping;
    row.saved_us = tx->now;
    rc = apl_tx_entry_begin(tx, "mapping.saved", (apl_actor){"cli", 0}, err);
    if (!rc)
        rc = found ? apl_tx_update(tx, &apl_table_mapping, &row, err)
                   : apl_tx_insert(tx, &apl_table_mapping, &row, NULL, err);
    return rc ? rc : apl_tx_entry_end(tx, err);
}
