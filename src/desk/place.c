/* SPDX-License-Identifier: Apache-2.0 */
/* "cases,9f3a…,0,17,117,0,text" in base64url; see place.h. Tests: tests/unit/api/test_place.c */
#include "desk/place.h"

#include "base/utf8.h"
#include "crypto/encode.h"

#include <inttypes.h>
#include <string.h>

/* FNV-1a. A cursor needs no secret: whoever changes it only changes where their own list goes on. */
uint64_t apl_place_query(uint64_t before, apl_span text)
{
    uint64_t hash = before ? before : 0xcbf29ce484222325u;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

char *apl_place_format(const apl_place *place, apl_arena *arena)
{
    const int64_t *k = place->keys;
    char *plain = apl_arena_printf(
        arena, "%s,%" PRIx64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%.*s", place->list,
        place->query, k[0], k[1], k[2], k[3],
        APL_SPAN_ARGS(apl_utf8_cut(place->text, APL_PLACE_TEXT_MAX_BYTES / 2)));
    if (!plain)
        return NULL;
    size_t len = strlen(plain);
    char *text = apl_arena_alloc(arena, 1, APL_BASE64_URL_TEXT_BYTES(len));
    if (text)
        (void)apl_base64_encode((apl_span){plain, len}, APL_BASE64_URL, text);
    return text;
}

static apl_rc refuse(apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "this cursor is not one of this list");
    apl_err_where(err, "cursor");
    apl_err_fix(
        err,
        "give back next_cursor unchanged, with the same filters, or leave it out to begin anew");
    return APL_E_INVALID;
}

apl_rc apl_place_parse(apl_span text, apl_arena *arena, apl_place *inout_place, apl_err *err)
{
    apl_place place = *inout_place;
    size_t len = 0;
    apl_span part, rest;
    if (!text.len || text.len > APL_PLACE_TEXT_MAX_BYTES)
        return refuse(err);
    char *plain = apl_arena_alloc(arena, 1, text.len + 1);
    char *query = apl_arena_printf(arena, "%" PRIx64, place.query);
    if (!plain || !query)
        return apl_err_nomem(err);
    if (apl_base64_decode(text, APL_BASE64_URL, plain, text.len, &len, NULL))
        return refuse(err);
    rest = (apl_span){plain, len};
    if (!apl_utf8_is_valid(rest) || !apl_span_split(&rest, ',', &part) ||
        !apl_span_is(part, place.list) || !apl_span_split(&rest, ',', &part) ||
        !apl_span_is(part, query))
        return refuse(err);
    for (int i = 0; i < APL_PLACE_KEYS_MAX; i++)
        if (!apl_span_split(&rest, ',', &part) || apl_span_parse_i64(part, &place.keys[i], NULL))
            return refuse(err);
    place.text = rest;
    *inout_place = place;
    return APL_OK;
}
