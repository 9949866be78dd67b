/* SPDX-License-Identifier: Apache-2.0 */
/* Account names; see names.h. Tests: tests/unit/desk/test_names.c */
#include "desk/names.h"

#include "base/utf8.h"

#include <string.h>

enum { NAME_MAX_BYTES = 256, MENTION_MAX_BYTES = 64 };

static apl_span bare(apl_span name)
{
    name = apl_span_trim(name);
    return name.len && name.ptr[0] == '@' ? apl_span_sub(name, 1, SIZE_MAX) : name;
}

static uint64_t hash_nocase(apl_span name)
{
    char lower[NAME_MAX_BYTES];
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] =
            (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + 32 : name.ptr[i]);
    return apl_span_hash((apl_span){lower, len});
}

static size_t slot_of(const apl_name_set *set, apl_span name)
{
    size_t i = (size_t)hash_nocase(name) & (set->cap - 1);
    while (set->slots[i] && !apl_span_equal_nocase(apl_span_of(set->slots[i]), name))
        i = (i + 1) & (set->cap - 1);
    return i;
}

void apl_name_set_release(apl_name_set *set)
{
    for (size_t i = 0; i < set->cap; i++)
        apl_mem_free(set->slots[i]);
    apl_mem_free(set->slots);
    *set = (apl_name_set){NULL, 0, 0};
}

void apl_name_set_release_auto(apl_name_set *set)
{
    apl_name_set_release(set);
}

static apl_rc grow(apl_name_set *set, apl_err *err)
{
    apl_name_set bigger = {NULL, set->cap ? set->cap * 2 : 64, set->count};
    bigger.slots = apl_mem_zalloc(bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return apl_err_nomem(err);
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i])
            bigger.slots[slot_of(&bigger, apl_span_of(set->slots[i]))] = set->slots[i];
    apl_mem_free(set->slots);
    *set = bigger;
    return APL_OK;
}

apl_rc apl_name_set_add(apl_name_set *set, apl_span name, apl_err *err)
{
    name = bare(name);
    if (!name.len || name.len > NAME_MAX_BYTES)
        return apl_err_set(err, APL_E_INVALID, "an account name must have 1 to %d bytes",
                           NAME_MAX_BYTES);
    if (set->count >= APL_NAME_SET_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d account names", APL_NAME_SET_MAX);
    apl_rc rc = set->count * 2 >= set->cap ? grow(set, err) : APL_OK;
    if (rc)
        return rc;
    size_t slot = slot_of(set, name);
    if (set->slots[slot])
        return APL_OK;
    set->slots[slot] = apl_mem_dup(name.ptr, name.len);
    if (!set->slots[slot])
        return apl_err_nomem(err);
    set->count++;
    return APL_OK;
}

const char *apl_name_set_find(const apl_name_set *set, apl_span name)
{
    name = bare(name);
    return set && set->count && name.len ? set->slots[slot_of(set, name)] : NULL;
}

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '.' || (c & 0x80);
}

apl_span apl_name_set_first_mention(const apl_name_set *set, apl_span text)
{
    if (!set || !set->count)
        return APL_SPAN_NONE;
    for (;;) {
        size_t at = apl_span_find_byte(text, '@');
        if (at == SIZE_MAX)
            return APL_SPAN_NONE;
        text = apl_span_sub(text, at + 1, SIZE_MAX);
        size_t len = 0;
        while (len < text.len && len < MENTION_MAX_BYTES && is_name_byte(text.ptr[len]))
            len++;
        /* "@acme." at the end of a sentence is acme. */
        while (len && (text.ptr[len - 1] == '.' || text.ptr[len - 1] == '-'))
            len--;
        const char *found = apl_name_set_find(set, apl_span_sub(text, 0, len));
        if (found)
            return apl_span_of(found);
    }
}
