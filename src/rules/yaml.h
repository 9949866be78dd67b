/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents as trees whose every node knows file, line and column, and getters whose errors say where, what was
 * found, what was expected, and what was probably meant.
 *
 * Refused, each with its place: aliases (a small file could unfold to gigabytes), doubled keys, keys that are not plain
 * words, more than one document, depth and size above the caps. Scalars keep their text; the getter decides the type, so
 * that `no` is what the reader of the file thinks it is.
 */
#ifndef APL_RULES_YAML_H
#define APL_RULES_YAML_H

#include "base/arena.h"

enum {
    APL_YAML_FILE_MAX_BYTES = 1024 * 1024,
    APL_YAML_DEPTH_MAX = 24,
    APL_YAML_NODES_MAX = 200000,
};

typedef enum apl_yaml_kind { APL_YAML_TEXT = 0, APL_YAML_LIST, APL_YAML_MAP } apl_yaml_kind;

typedef struct apl_yaml_node {
    apl_yaml_kind kind;
    bool is_null;  /* an empty, unquoted value */
    apl_span text; /* of a scalar; terminated */
    apl_span key;  /* when the node is a value in a map; terminated */
    const char *file;
    uint32_t line, column;         /* from 1 */
    uint32_t key_line, key_column; /* of the key */
    size_t count;                  /* of children */
    struct apl_yaml_node *first;   /* children */
    struct apl_yaml_node *next;    /* sibling */
} apl_yaml_node;

/* The tree lives in the arena; file is borrowed for as long. An empty document is an error. APL_E_INVALID, APL_E_LIMIT. */
apl_rc apl_yaml_parse(apl_arena *arena, const char *file, apl_span bytes,
                      const apl_yaml_node **out_root, apl_err *err) MUST_USE;

/* The value of a key, or NULL. */
const apl_yaml_node *apl_yaml_get(const apl_yaml_node *map, const char *key);
/* APL_E_INVALID at the map's place when the key is missing. */
apl_rc apl_yaml_need(const apl_yaml_node *map, const char *key, const apl_yaml_node **out_value,
                     apl_err *err) MUST_USE;
/* That the node is a map whose keys are all among `allowed` (ends with NULL). */
apl_rc apl_yaml_keys(const apl_yaml_node *node, const char *const *allowed, apl_err *err) MUST_USE;
apl_rc apl_yaml_is_map(const apl_yaml_node *node, apl_err *err) MUST_USE;
apl_rc apl_yaml_is_list(const apl_yaml_node *node, apl_err *err) MUST_USE;

/* Non-empty text. */
apl_rc apl_yaml_text(const apl_yaml_node *node, const char **out_text, apl_err *err) MUST_USE;
apl_rc apl_yaml_int(const apl_yaml_node *node, int64_t min, int64_t max, int64_t *out_value,
                    apl_err *err) MUST_USE;
apl_rc apl_yaml_number(const apl_yaml_node *node, double min, double max, double *out_value,
                       apl_err *err) MUST_USE;
/* yes, no, true, false. */
apl_rc apl_yaml_bool(const apl_yaml_node *node, bool *out_value, apl_err *err) MUST_USE;
/* 45s, 30m, 4h, 2d, 1h30m; more than nothing, at most ten years. */
apl_rc apl_yaml_duration(const apl_yaml_node *node, int64_t *out_us, apl_err *err) MUST_USE;
/* One of the words (ends with NULL); gives its index. */
apl_rc apl_yaml_word(const apl_yaml_node *node, const char *const *words, int *out_index,
                     apl_err *err) MUST_USE;

/* APL_E_INVALID at the node: "found X, expected …". */
apl_rc apl_yaml_expected(const apl_yaml_node *node, apl_err *err, const char *fmt, ...)
    APL_PRINTF(3, 4);
/* APL_E_INVALID at the node, in own words. */
apl_rc apl_yaml_fail(const apl_yaml_node *node, apl_err *err, const char *fmt, ...)
    APL_PRINTF(3, 4);
/* Adds the fix `did you mean "…"?` when a word is near enough. */
void apl_yaml_suggest(apl_span text, const char *const *words, apl_err *err);

#endif
