/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors of lists as text: where a page ended, bound to the list and query they were made for. Opaque to whoever carries
 * them, checked when they come back.
 */
#ifndef APL_DESK_PLACE_H
#define APL_DESK_PLACE_H

#include "base/arena.h"

enum { APL_PLACE_KEYS_MAX = 4, APL_PLACE_TEXT_MAX_BYTES = 512 };

typedef struct apl_place {
    const char *list; /* "cases" */
    uint64_t query;   /* apl_place_query over the filters */
    int64_t keys[APL_PLACE_KEYS_MAX];
    apl_span text; /* a key that is a text; may be empty */
} apl_place;

/* The same in every process, unlike apl_span_hash. Start with 0 and chain. */
uint64_t apl_place_query(uint64_t before, apl_span text);
/* NULL when memory ran out or the text key is too long. */
char *apl_place_format(const apl_place *place, apl_arena *arena) MUST_USE;
/* list and query say what is expected. APL_E_INVALID for anything that was not made by apl_place_format for them. */
apl_rc apl_place_parse(apl_span text, apl_arena *arena, apl_place *inout_place,
                       apl_err *err) MUST_USE;

#endif
