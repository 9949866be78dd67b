/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading for the inbox: lists of cases. Every list is walked along an index from where the last page ended (keyset
 * paging), so a page costs the same at the beginning and at the end, and rows that come or go meanwhile neither hide nor
 * double others. All texts live in the arena that is given.
 */
#ifndef APL_DESK_QUERY_H
#define APL_DESK_QUERY_H

#include "desk/desk.h"

typedef enum apl_view {
    APL_VIEW_NEEDS_ANSWER = 0,
    APL_VIEW_MINE,
    APL_VIEW_UNASSIGNED,
    APL_VIEW_BREACHED,
    APL_VIEW_DUE_SOON,
    APL_VIEW_PENDING,
    APL_VIEW_ON_HOLD,
    APL_VIEW_SOLVED,
    APL_VIEW_ALL,
    APL_VIEW_COUNT
} apl_view;

typedef enum apl_case_sort {
    APL_SORT_DUE =
        0, /* earliest due first; those without a running clock after them, newest case first */
    APL_SORT_NEWEST,  /* last post first */
    APL_SORT_URGENCY, /* most urgent first, then the newest case */
    APL_SORT_COUNT
} apl_case_sort;

enum {
    APL_VIEW_COUNT_MAX = 1000,
    APL_PAGE_MAX = 200,
    APL_SCAN_MAX = 5000,   /* rows looked at for one page when filters throw most of them away */
    APL_SEARCH_MAX = 2000, /* newest matching posts that a search looks at */
};

/* Where a page ended. part: 0 with a due time, 1 without, 2 by last post, 3 by urgency, 4 search (key: newest post id, id: cases before). */
typedef struct apl_case_place {
    int64_t part, key, id;
} apl_case_place;

typedef struct apl_case_filter {
    apl_view view;
    apl_case_sort sort;
    int64_t user_id;    /* whose "mine" */
    int64_t channel_id; /* 0 = any */
    apl_span company;   /* empty = any */
    apl_span intent;    /* empty = any */
    apl_span search;    /* as typed; empty = none. Else the sort is: newest matching post first */
    apl_time_us now;
    const apl_case_place *after; /* where the page before ended; NULL = the first */
    size_t limit;                /* 1 to APL_PAGE_MAX */
} apl_case_filter;

/* A case as lists show it. */
typedef struct apl_case_line {
    apl_case_row row;
    apl_span author_name, author_handle;
    apl_span channel_name, channel_kind;
    apl_span assignee_name;
    int64_t clock_start_us, clock_warn_us; /* of next_clock; APL_TIME_NONE when there is none */
} apl_case_line;

typedef struct apl_case_page {
    apl_case_line *lines;
    size_t count;
    bool
        has_more; /* may be true with an empty page: the filters threw away all that was looked at */
    apl_case_place next;
} apl_case_page;

/* One page of a list: after which keys (see each list), how many, where its texts live. */
typedef struct apl_ask {
    int64_t after[2];
    size_t limit;
    apl_arena *arena;
} apl_ask;

const char *apl_view_name(apl_view view);
bool apl_view_parse(apl_span name, apl_view *out_view);
const char *apl_case_sort_name(apl_case_sort sort);
bool apl_case_sort_parse(apl_span name, apl_case_sort *out_sort);

/* APL_E_INVALID when `after` is of another kind of list. */
apl_rc apl_case_list(apl_desk *desk, const apl_case_filter *filter, apl_arena *arena,
                     apl_case_page *out_page, apl_err *err) MUST_USE;
/* One case; a merged one gives the case that took it over. */
apl_rc apl_case_line_find(apl_desk *desk, int64_t case_id, apl_arena *arena,
                          apl_case_line *out_line, bool *out_found, apl_err *err) MUST_USE;

typedef struct apl_view_count {
    int64_t count; /* at most APL_VIEW_COUNT_MAX */
    bool is_capped;
} apl_view_count;
apl_rc apl_view_counts(apl_desk *desk, int64_t user_id, apl_time_us now,
                       apl_view_count out_counts[APL_VIEW_COUNT], apl_err *err) MUST_USE;

#endif
