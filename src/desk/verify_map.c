/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing from row keys to last seals; see verify_internal.h. Tests: tests/e2e/test_verify.py */
#include "desk/verify_internal.h"

#include <string.h>

enum { FIRST_CAP = 1024 };
static const size_t cap_max = (size_t)1 << 32;

static bool is_row(const apl_sealed *slot, size_t table, const int64_t key[2])
{
    return (slot->tag & 0xff) >> 1 == table + 1 && slot->key[0] == key[0] && slot->key[1] == key[1];
}

static size_t first_slot(const apl_seal_map *map, size_t table, const int64_t key[2])
{
    int64_t parts[3] = {key[0], key[1], (int64_t)table};
    uint64_t hash = apl_span_hash((apl_span){(const char *)parts, sizeof parts});
    /* Any capacity, not only powers of two: growing by half keeps memory close to what is used. */
    return (size_t)((unsigned __int128)hash * map->cap >> 64);
}

static apl_sealed *probe(const apl_seal_map *map, size_t table, const int64_t key[2])
{
    size_t i = first_slot(map, table, key);
    while (map->slots[i].tag && !is_row(&map->slots[i], table, key))
        i = i + 1 == map->cap ? 0 : i + 1;
    return &map->slots[i];
}

static bool grow(apl_seal_map *map)
{
    apl_seal_map bigger = {.count = map->count,
                           .cap = map->cap ? map->cap + map->cap / 2 : FIRST_CAP};
    if (bigger.cap > cap_max || !(bigger.slots = apl_mem_zalloc(bigger.cap, sizeof *bigger.slots)))
        return false;
    for (size_t i = 0; i < map->cap; i++) {
        const apl_sealed *old = &map->slots[i];
        if (old->tag)
            *probe(&bigger, ((old->tag & 0xff) >> 1) - 1, old->key) = *old;
    }
    apl_mem_free(map->slots);
    *map = bigger;
    return true;
}

apl_sealed *apl_seal_map_put(apl_seal_map *map, size_t table, const int64_t key[2])
{
    if (map->count >= map->cap - map->cap / 6 && !grow(map))
        return NULL;
    apl_sealed *slot = probe(map, table, key);
    if (!slot->tag) {
        slot->key[0] = key[0];
        slot->key[1] = key[1];
        map->count++;
    }
    return slot;
}

apl_sealed *apl_seal_map_find(const apl_seal_map *map, size_t table, const int64_t key[2])
{
    if (!map->cap)
        return NULL;
    apl_sealed *slot = probe(map, table, key);
    return slot->tag ? slot : NULL;
}

void apl_seal_map_release(apl_seal_map *map)
{
    apl_mem_free(map->slots);
    memset(map, 0, sizeof *map);
}
