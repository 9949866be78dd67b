/* SPDX-License-Identifier: Apache-2.0 */
/* An exact set of (author, text, time), to count different posts. */
#ifndef APL_TEST_CONTENT_SET_H
#define APL_TEST_CONTENT_SET_H

#include "model/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT_SLOTS = 1 << 16 };
typedef struct content_set {
    char *keys[CONTENT_SLOTS];
} content_set;

/* 1 when it is new. */
static inline unsigned content_set_add(content_set *set, const apl_post_in *post)
{
    size_t room = post->author_id.len + post->text.len + 64;
    char *key = malloc(room);
    if (!key)
        abort();
    (void)snprintf(key, room, "%lld\x1f%.*s\x1f%.*s", (long long)post->at_us,
                   APL_SPAN_ARGS(post->author_id), APL_SPAN_ARGS(post->text));
    size_t slot = apl_span_hash(apl_span_of(key)) % CONTENT_SLOTS;
    for (; set->keys[slot]; slot = (slot + 1) % CONTENT_SLOTS) {
        if (strcmp(set->keys[slot], key) == 0) {
            free(key);
            return 0;
        }
    }
    set->keys[slot] = key;
    return 1;
}

static inline void content_set_release(content_set *set)
{
    for (size_t i = 0; i < CONTENT_SLOTS; i++)
        free(set->keys[i]);
}

#endif
