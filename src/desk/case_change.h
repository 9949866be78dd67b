/* SPDX-License-Identifier: Apache-2.0 */
/* What a person changes on a case: state, priority, category, assignment, tags, notes. Jobs of the writer. */
#ifndef APL_DESK_CASE_CHANGE_H
#define APL_DESK_CASE_CHANGE_H

#include "desk/tx.h"
#include "model/case.h"

enum { APL_CASE_TAGS_MAX = 16, APL_CASE_TAG_MAX_BYTES = 48, APL_NOTE_MAX_TEXT_BYTES = 16 * 1024 };

typedef struct apl_case_change {
    int64_t case_id;
    int64_t user_id;     /* who */
    int64_t if_revision; /* APL_E_CONFLICT when the case has another one; -1 = any */
    bool has_state, has_priority, has_category, has_assignee, has_tags;
    apl_case_state state;
    apl_case_priority priority;
    apl_span category;
    int64_t assignee_id; /* 0 = nobody */
    apl_span tags[APL_CASE_TAGS_MAX];
    size_t tag_count;
    /* result: the row as it is now; texts copied into this arena, which is the caller's */
    apl_arena *arena;
    apl_case_row row;
} apl_case_change;

/*
 * Checks and applies all of it or nothing; the clocks follow. A merged case is APL_E_CONFLICT and names the one that took
 * it over. Nothing to change changes nothing, also not the revision.
 */
apl_rc apl_case_change_apply(apl_tx *tx, void *change, apl_err *err) MUST_USE;

typedef struct apl_note_new {
    int64_t case_id, user_id;
    apl_span text;
    int64_t id; /* result */
    apl_time_us created_us;
} apl_note_new;
apl_rc apl_note_add(apl_tx *tx, void *note, apl_err *err) MUST_USE;

#endif
