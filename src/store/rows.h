/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state tables (db/migrations holds the same columns as SQL; a test compares them). Times are UTC microseconds,
 * APL_TIME_NONE when there is none; booleans are 0 and 1; ids are unique per workspace and table kind.
 */
#ifndef APL_STORE_ROWS_H
#define APL_STORE_ROWS_H

#include "store/table.h"

/* clang-format off */

/* One brand with its own data, people and policy. */
#define APL_WORKSPACE_COLUMNS(X) \
    X(I64, workspace_id) X(TEXT, slug) X(TEXT, name) X(TEXT, zone) X(I64, is_demo) \
    X(I64, created_us) X(I64, policy_id)

/* One account on one network, or a way in. secret: sealed webhook key, empty when none. */
#define APL_CHANNEL_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(TEXT, slug) X(TEXT, kind) X(TEXT, name) X(BLOB, secret) \
    X(I64, created_us) X(I64, disabled_us)

/* An identity on a channel. person_id: the human behind one or several authors (own id until linked). */
#define APL_AUTHOR_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, channel_id) X(TEXT, remote_id) X(TEXT, name) \
    X(I64, is_own) X(I64, person_id) X(I64, first_seen_us)

/*
 * One thing that was said. A row whose posted_us is none is *expected*: something refers to it (an answer, an early
 * edit or deletion) but it has not arrived. conversation_id: the topmost known ancestor. case_id 0: no case yet.
 */
#define APL_POST_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, channel_id) X(TEXT, remote_id) X(I64, parent_id) \
    X(I64, conversation_id) X(I64, case_id) X(I64, author_id) X(I64, kind) X(I64, is_own) \
    X(TEXT, company) X(TEXT, url) X(I64, posted_us) X(I64, learned_us) X(I64, deleted_us) \
    X(I64, version_no) X(I64, version_count) X(I64, rating_x10) X(I64, reach) X(I64, echo_count) \
    X(I64, import_id)

/*
 * What a post said at a time (bitemporal: valid_us = true since, learned_us = known since). event: 0 created,
 * 1 edited, 2 deleted. revision is unique per post: the network's own, else a hash of the content.
 */
#define APL_VERSION_COLUMNS(X) \
    X(I64, workspace_id) X(I64, post_id) X(I64, version_no) X(I64, event) X(TEXT, revision) \
    X(I64, valid_us) X(I64, learned_us) X(TEXT, title) X(TEXT, text) X(TEXT, lang) X(BLOB, raw)

/* Labels, scores and the rule trace for one version. Scores and urgency in millionths. */
#define APL_ASSESSMENT_COLUMNS(X) \
    X(I64, workspace_id) X(I64, post_id) X(I64, version_no) X(TEXT, intent) X(TEXT, sentiment) \
    X(TEXT, conduct) X(TEXT, subject) X(TEXT, risks) X(I64, urgency) X(I64, needs_answer) \
    X(TEXT, category) X(TEXT, tags) X(I64, priority) X(TEXT, clock_policy) X(TEXT, lang) X(TEXT, why) \
    X(TEXT, detail) X(I64, policy_id)

/*
 * One person's one problem. merged_into: another case that took this one over, else 0. pinned: what a person has set
 * and the policy leaves alone (bit 0 priority, bit 1 category, bit 2 tags). revision: grows at each change (ETag).
 */
#define APL_CASE_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, conversation_id) X(I64, author_id) X(I64, channel_id) \
    X(TEXT, company) X(I64, state) X(I64, priority) X(TEXT, category) X(I64, assignee_id) \
    X(TEXT, tags) X(TEXT, clock_policy) X(TEXT, intent) X(TEXT, sentiment) X(TEXT, conduct) \
    X(TEXT, subject) X(TEXT, risks) X(I64, urgency) X(I64, queue) X(I64, next_due_us) \
    X(I64, next_clock) X(I64, waiting_us) X(I64, opened_us) X(I64, last_post_us) \
    X(I64, first_reply_us) X(I64, last_reply_us) X(I64, post_count) X(I64, reply_count) \
    X(TEXT, headline) X(TEXT, why) X(I64, merged_into) X(I64, pinned) X(I64, revision)

/* A running or stopped target. paused_since_us none: not paused. stop: see apl_clock_stop. */
#define APL_CLOCK_COLUMNS(X) \
    X(I64, workspace_id) X(I64, case_id) X(I64, ordinal) X(I64, kind) X(I64, start_us) \
    X(I64, due_us) X(I64, warn_us) X(I64, stopped_us) X(I64, stop) X(I64, paused_us) \
    X(I64, paused_since_us) X(I64, breach_us) X(I64, start_post_id) X(I64, stop_post_id) \
    X(TEXT, reason)

/* A change of state made by a person or the policy (posts and replies are the other events of a case). */
#define APL_STEP_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, case_id) X(I64, at_us) X(I64, to_state) \
    X(I64, user_id)

/* An internal note. */
#define APL_NOTE_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, case_id) X(I64, user_id) X(I64, created_us) \
    X(TEXT, text)

#define APL_USER_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(TEXT, email) X(TEXT, name) X(TEXT, role) X(TEXT, password) \
    X(I64, created_us) X(I64, disabled_us)

#define APL_IMPORT_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, channel_id) X(TEXT, file_name) X(I64, started_us) \
    X(I64, finished_us) X(I64, taken) X(I64, known) X(I64, edited) X(I64, rejected) \
    X(TEXT, notes)

/* A remembered mapping of columns, found by the header it was made for (two halves of a hash as one id). */
#define APL_MAPPING_COLUMNS(X) \
    X(I64, workspace_id) X(I64, fingerprint) X(TEXT, mapping) X(I64, saved_us)

/* A published policy: all its files as one JSON object {"clocks.yaml": "…"}. */
#define APL_POLICY_COLUMNS(X) \
    X(I64, workspace_id) X(I64, id) X(I64, published_us) X(I64, user_id) X(TEXT, digest) \
    X(TEXT, files)

/* clang-format on */

#define APL_ROW_STRUCT(type_name, COLUMNS)                                                         \
    typedef struct type_name {                                                                     \
        COLUMNS(APL_COLUMN_FIELD)                                                                  \
    } type_name;

APL_ROW_STRUCT(apl_workspace_row, APL_WORKSPACE_COLUMNS)
APL_ROW_STRUCT(apl_channel_row, APL_CHANNEL_COLUMNS)
APL_ROW_STRUCT(apl_author_row, APL_AUTHOR_COLUMNS)
APL_ROW_STRUCT(apl_post_row, APL_POST_COLUMNS)
APL_ROW_STRUCT(apl_version_row, APL_VERSION_COLUMNS)
APL_ROW_STRUCT(apl_assessment_row, APL_ASSESSMENT_COLUMNS)
APL_ROW_STRUCT(apl_case_row, APL_CASE_COLUMNS)
APL_ROW_STRUCT(apl_clock_row, APL_CLOCK_COLUMNS)
APL_ROW_STRUCT(apl_step_row, APL_STEP_COLUMNS)
APL_ROW_STRUCT(apl_note_row, APL_NOTE_COLUMNS)
APL_ROW_STRUCT(apl_user_row, APL_USER_COLUMNS)
APL_ROW_STRUCT(apl_import_row, APL_IMPORT_COLUMNS)
APL_ROW_STRUCT(apl_mapping_row, APL_MAPPING_COLUMNS)
APL_ROW_STRUCT(apl_policy_row, APL_POLICY_COLUMNS)

/* `"SELECT " APL_LIST(APL_POST_COLUMNS) " FROM post WHERE …"`; read with apl_row_read(cursor, …, 0, …). */
#define APL_LIST(COLUMNS) COLUMNS(APL_COLUMN_NAME) "salt, seal_seq"

extern const apl_table apl_table_workspace, apl_table_channel, apl_table_author, apl_table_post,
    apl_table_version, apl_table_assessment, apl_table_case, apl_table_clock, apl_table_step,
    apl_table_note, apl_table_user, apl_table_import, apl_table_mapping, apl_table_policy;

/* All of them, in the order in which a restore must write them; ends with NULL. */
extern const apl_table *const apl_tables[];

/* By SQL name; NULL when there is none. */
const apl_table *apl_table_named(apl_span name);

#endif
