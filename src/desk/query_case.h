/* SPDX-License-Identifier: Apache-2.0 */
/* Reading for the case page: clocks, person, assessment, thread, versions, notes. Texts live in the arena given. */
#ifndef APL_DESK_QUERY_CASE_H
#define APL_DESK_QUERY_CASE_H

#include "desk/query.h"

enum { APL_CASE_CLOCKS_MAX = 200, APL_PERSON_NAMES_MAX = 32 };

typedef struct apl_case_clocks {
    apl_clock_row *rows; /* the newest APL_CASE_CLOCKS_MAX, in order of start */
    size_t count;
} apl_case_clocks;
apl_rc apl_case_clock_list(apl_desk *desk, int64_t case_id, apl_arena *arena,
                           apl_case_clocks *out_clocks, apl_err *err) MUST_USE;

typedef struct apl_person {
    int64_t id; /* 0 = anonymous */
    apl_span names[APL_PERSON_NAMES_MAX];
    size_t name_count;
    int64_t other_cases;
} apl_person;
apl_rc apl_person_find(apl_desk *desk, const apl_case_row *row, apl_arena *arena,
                       apl_person *out_person, apl_err *err) MUST_USE;

/* A post as it stands, with the assessment of its current version (post_id 0: it has none). */
typedef struct apl_thread_post {
    apl_post_row post;
    apl_version_row version;
    apl_assessment_row assessment;
    apl_span author_name, author_handle;
} apl_thread_post;
typedef struct apl_thread_page {
    apl_thread_post *posts;
    size_t count;
    bool has_more;
} apl_thread_page;
/* The whole conversation, oldest first, after (posted_us, post id). */
apl_rc apl_case_thread(apl_desk *desk, const apl_case_row *row, const apl_ask *ask,
                       apl_thread_page *out_page, apl_err *err) MUST_USE;
/* The post that decides the labels of the case. */
apl_rc apl_case_decider(apl_desk *desk, int64_t case_id, apl_arena *arena,
                        apl_thread_post *out_post, bool *out_found, apl_err *err) MUST_USE;

typedef struct apl_version_page {
    apl_post_row post;
    apl_version_row *rows;
    size_t count;
    bool has_more;
} apl_version_page;
/* Oldest first, after that version number. APL_E_NOT_FOUND. */
apl_rc apl_post_versions(apl_desk *desk, int64_t post_id, const apl_ask *ask,
                         apl_version_page *out_page, apl_err *err) MUST_USE;

typedef struct apl_note_line {
    apl_note_row row;
    apl_span user_name;
} apl_note_line;
typedef struct apl_note_page {
    apl_note_line *lines;
    size_t count;
    bool has_more;
} apl_note_page;
apl_rc apl_case_notes(apl_desk *desk, int64_t case_id, const apl_ask *ask, apl_note_page *out_page,
                      apl_err *err) MUST_USE;

/* Channels by id, with their newest post. */
typedef struct apl_channel_line {
    apl_channel_row row;
    apl_time_us last_post_us; /* APL_TIME_NONE */
    int64_t post_count;
} apl_channel_line;
typedef struct apl_channel_page {
    apl_channel_line *lines;
    size_t count;
    bool has_more;
} apl_channel_page;
apl_rc apl_channel_list(apl_desk *desk, int64_t after, size_t limit, apl_arena *arena,
                        apl_channel_page *out_page, apl_err *err) MUST_USE;
apl_rc apl_channel_get(apl_desk *desk, int64_t id, apl_arena *arena, apl_channel_row *out_row,
                       bool *out_found, apl_err *err) MUST_USE;

#endif
