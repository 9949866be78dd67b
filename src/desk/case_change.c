/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a case by people; see case_change.h. Tests: tests/unit/desk/test_case.c, tests/e2e/test_api_case.py */
#include "desk/case_change.h"

#include "base/utf8.h"
#include "desk/refold.h"

#include <string.h>

static apl_rc refuse(apl_err *err, const char *where, const char *what)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s", where);
    return APL_E_INVALID;
}

static apl_rc check_word(apl_span word, size_t max_bytes, const char *where, apl_err *err)
{
    if (!word.len || word.len > max_bytes || !apl_utf8_is_valid(word))
        return refuse(err, where, "must be 1 to 48 bytes of text");
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.ptr[i] < 0x20 || word.ptr[i] == ',')
            return refuse(err, where, "must not hold commas or control characters");
    return APL_OK;
}

static apl_rc join_tags(apl_tx *tx, const apl_case_change *change, apl_span *out, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(APL_CASE_TAGS_MAX * (APL_CASE_TAG_MAX_BYTES + 1));
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < change->tag_count && !rc; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || apl_span_equal_nocase(change->tags[k], change->tags[i]);
        rc = check_word(change->tags[i], APL_CASE_TAG_MAX_BYTES, "tags", err);
        if (!rc && !seen && text.len)
            rc = apl_buf_add_byte(&text, ',', err);
        if (!rc && !seen)
            rc = apl_buf_add(&text, change->tags[i], err);
    }
    return rc ? rc : apl_arena_copy(&tx->arena, apl_buf_view(&text), out, err);
}

static apl_rc check_assignee(apl_tx *tx, int64_t user_id, apl_err *err)
{
    apl_user_row user;
    if (!user_id)
        return APL_OK;
    if (apl_tx_find(tx, &apl_table_user, user_id, &user, err) || user.disabled_us != APL_TIME_NONE)
        return refuse(err, "assignee_id", "there is nobody with this id who could take the case");
    return APL_OK;
}

static apl_rc load_case(apl_tx *tx, const apl_case_change *change, apl_case_row *row, apl_err *err)
{
    apl_rc rc = apl_tx_find(tx, &apl_table_case, change->case_id, row, err);
    if (rc)
        return rc;
    if (row->merged_into) {
        apl_err_set(err, APL_E_CONFLICT, "case %lld was merged into case %lld", (long long)row->id,
                    (long long)row->merged_into);
        apl_err_fix(err, "open case %lld", (long long)row->merged_into);
        return APL_E_CONFLICT;
    }
    if (change->if_revision >= 0 && change->if_revision != row->revision) {
        apl_err_set(err, APL_E_CONFLICT, "somebody changed the case meanwhile");
        apl_err_fix(err, "look at it as it is now and decide again; nothing was changed");
        return APL_E_CONFLICT;
    }
    return APL_OK;
}

static apl_rc add_step(apl_tx *tx, const apl_case_change *change, const apl_case_row *row,
                       apl_err *err)
{
    apl_step_row step = {
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .case_id = row->id,
        .at_us = tx->now,
        .to_state = change->state,
        .user_id = change->user_id,
    };
    apl_entry_text(&tx->entry, "from",
                   apl_span_of(apl_case_state_name((apl_case_state)row->state)));
    apl_entry_text(&tx->entry, "to", apl_span_of(apl_case_state_name(change->state)));
    return apl_tx_insert(tx, &apl_table_step, &step, NULL, err);
}

/* Fields other than the state; true when any differs. */
static bool set_fields(apl_tx *tx, const apl_case_change *c, apl_span tags, apl_case_row *row)
{
    bool changed = false;
    if (c->has_priority && row->priority != (int64_t)c->priority) {
        row->priority = c->priority;
        row->pinned |= 1;
        apl_entry_text(&tx->entry, "priority", apl_span_of(apl_case_priority_name(c->priority)));
        changed = true;
    }
    if (c->has_category && !apl_span_equal(row->category, c->category)) {
        row->category = c->category;
        row->pinned |= 2;
        apl_entry_text(&tx->entry, "category", c->category);
        changed = true;
    }
    if (c->has_assignee && row->assignee_id != c->assignee_id) {
        row->assignee_id = c->assignee_id;
        apl_entry_i64(&tx->entry, "assignee", c->assignee_id);
        changed = true;
    }
    if (c->has_tags && !apl_span_equal(row->tags, tags)) {
        row->tags = tags;
        row->pinned |= 4;
        apl_entry_i64(&tx->entry, "tags", (int64_t)c->tag_count);
        changed = true;
    }
    return changed;
}

/* A change that the states forbid is no race: looking again would not help. */
static apl_rc check_state(apl_case_state from, apl_case_state to, apl_err *err)
{
    apl_err why = {0};
    apl_rc rc = apl_case_change_check(from, to, &why);
    if (!rc)
        return APL_OK;
    apl_rc refused = refuse(err, "state", why.what);
    apl_err_fix(err, "%s", why.fix);
    return refused;
}

static apl_rc check_change(apl_tx *tx, const apl_case_change *c, const apl_case_row *row,
                           apl_span *out_tags, bool *out_state_changes, apl_err *err)
{
    apl_rc rc = APL_OK;
    *out_tags = APL_SPAN_NONE;
    *out_state_changes = c->has_state && (int64_t)c->state != row->state;
    if (*out_state_changes)
        rc = check_state((apl_case_state)row->state, c->state, err);
    if (!rc && c->has_category)
        rc = check_word(c->category, APL_CASE_TAG_MAX_BYTES, "category", err);
    if (!rc && c->has_assignee)
        rc = check_assignee(tx, c->assignee_id, err);
    if (!rc && c->has_tags)
        rc = join_tags(tx, c, out_tags, err);
    return rc;
}

static apl_rc copy_row(apl_tx *tx, apl_case_change *change, apl_err *err)
{
    bool found = false;
    int64_t keys[] = {tx->workspace_id, change->case_id};
    return apl_row_find(&(apl_reading){tx->conn, change->arena}, &apl_table_case, keys,
                        &change->row, &found, err);
}

apl_rc apl_case_change_apply(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_case_change *change = ctx;
    apl_case_row row;
    apl_span tags;
    bool state_changes = false;
    apl_rc rc = load_case(tx, change, &row, err);
    if (!rc)
        rc = check_change(tx, change, &row, &tags, &state_changes, err);
    if (!rc)
        rc = apl_tx_entry_begin(tx, state_changes ? "case.state" : "case.changed",
                                (apl_actor){"user", change->user_id}, err);
    if (rc)
        return rc;
    bool fields_change = set_fields(tx, change, tags, &row);
    if (!fields_change && !state_changes) {
        tx->in_entry = false; /* nothing was written; the entry is dropped */
        return copy_row(tx, change, err);
    }
    if (fields_change) {
        row.revision++;
        rc = apl_tx_update(tx, &apl_table_case, &row, err);
    }
    if (!rc && state_changes)
        rc = add_step(tx, change, &row, err);
    if (!rc && state_changes)
        rc = apl_case_refold(tx, row.id, err);
    if (!rc)
        rc = apl_tx_about(tx, "case", row.id, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    return rc ? rc : copy_row(tx, change, err);
}

apl_rc apl_note_add(apl_tx *tx, void *ctx, apl_err *err)
{
    apl_note_new *note = ctx;
    apl_case_row row;
    if (!apl_span_trim(note->text).len || note->text.len > APL_NOTE_MAX_TEXT_BYTES ||
        !apl_utf8_is_valid(note->text) || apl_span_find_byte(note->text, '\0') != SIZE_MAX)
        return refuse(err, "text", "a note must be 1 to 16384 bytes of text");
    apl_rc rc = apl_tx_find(tx, &apl_table_case, note->case_id, &row, err);
    if (rc)
        return rc;
    apl_note_row n = {
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .case_id = row.merged_into ? row.merged_into : row.id,
        .user_id = note->user_id,
        .created_us = tx->now,
        .text = note->text,
    };
    rc = apl_tx_entry_begin(tx, "note.added", (apl_actor){"user", note->user_id}, err);
    if (!rc)
        rc = apl_tx_about(tx, "case", n.case_id, err);
    if (!rc)
        rc = apl_tx_insert(tx, &apl_table_note, &n, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    note->id = n.id;
    note->created_us = n.created_us;
    return rc;
}
