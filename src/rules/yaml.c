/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree from libyaml's events; see yaml.h. libyaml's own document loader is not used: it follows aliases and keeps no
 * place for keys. Recursion is bounded by APL_YAML_DEPTH_MAX. Getters are in yaml_get.c. Tests: tests/unit/rules/test_yaml.c
 */
#include "rules/yaml.h"

#include "base/utf8.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    apl_arena *arena;
    const char *file;
    size_t nodes;
    int depth;
} reader;

static apl_rc fail_at(const reader *r, yaml_mark_t mark, apl_err *err, const char *what)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s:%zu:%zu", r->file, mark.line + 1, mark.column + 1);
    return APL_E_INVALID;
}

static apl_rc parser_error(const reader *r, apl_err *err)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return apl_err_nomem(err);
    bool has_context = p->context && p->context[0];
    apl_err_set(err, APL_E_INVALID, "not valid YAML: %s%s%s",
                p->problem ? p->problem : "unreadable", has_context ? " " : "",
                has_context ? p->context : "");
    if (p->error == YAML_READER_ERROR)
        apl_err_where(err, "%s:%zu:%zu", r->file, p->mark.line + 1, p->mark.column + 1);
    else
        apl_err_where(err, "%s:%zu:%zu", r->file, p->problem_mark.line + 1,
                      p->problem_mark.column + 1);
    apl_err_fix(err, "check the indentation (spaces only), quotes and colons near there");
    return APL_E_INVALID;
}

static apl_rc next(reader *r, yaml_event_t *event, apl_err *err)
{
    if (!yaml_parser_parse(&r->parser, event))
        return parser_error(r, err);
    return APL_OK;
}

static apl_rc node_new(reader *r, const yaml_event_t *event, apl_yaml_node **out, apl_err *err)
{
    if (++r->nodes > APL_YAML_NODES_MAX) {
        apl_err_set(err, APL_E_LIMIT, "more than %d values in one file", APL_YAML_NODES_MAX);
        apl_err_where(err, "%s", r->file);
        return APL_E_LIMIT;
    }
    apl_yaml_node *n = apl_arena_alloc(r->arena, 1, sizeof *n);
    if (!n)
        return apl_err_nomem(err);
    n->file = r->file;
    n->line = (uint32_t)event->start_mark.line + 1;
    n->column = (uint32_t)event->start_mark.column + 1;
    *out = n;
    return APL_OK;
}

static apl_rc read_node(reader *r, yaml_event_t *event, apl_yaml_node **out, apl_err *err);

static apl_rc read_scalar(reader *r, const yaml_event_t *event, apl_yaml_node **out, apl_err *err)
{
    apl_span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (memchr(text.ptr, 0, text.len))
        return fail_at(r, event->start_mark, err, "a value holds the character NUL");
    apl_yaml_node *n = NULL;
    apl_rc rc = node_new(r, event, &n, err);
    if (rc)
        return rc;
    n->kind = APL_YAML_TEXT;
    n->is_null = !text.len && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    rc = apl_arena_copy(r->arena, text, &n->text, err);
    if (!rc)
        *out = n;
    return rc;
}

static apl_rc read_list(reader *r, const yaml_event_t *start, apl_yaml_node **out, apl_err *err)
{
    apl_yaml_node *list = NULL;
    apl_rc rc = node_new(r, start, &list, err);
    if (rc)
        return rc;
    list->kind = APL_YAML_LIST;
    apl_yaml_node **tail = &list->first;
    for (;;) {
        yaml_event_t event;
        rc = next(r, &event, err);
        if (rc)
            return rc;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!end)
            rc = read_node(r, &event, tail, err);
        yaml_event_delete(&event);
        if (rc)
            return rc;
        if (end)
            break;
        tail = &(*tail)->next;
        list->count++;
    }
    *out = list;
    return APL_OK;
}

static apl_rc check_key(const reader *r, const yaml_event_t *event, const apl_yaml_node *map,
                        apl_err *err)
{
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(r, event->start_mark, err, "found a list or a map where a key was expected");
    apl_span key = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (!key.len || memchr(key.ptr, 0, key.len))
        return fail_at(r, event->start_mark, err, "found an empty key, expected a word");
    for (const apl_yaml_node *c = map->first; c; c = c->next)
        if (apl_span_equal(c->key, key)) {
            apl_err_set(err, APL_E_INVALID, "the key \"%.*s\" stands here a second time",
                        APL_SPAN_ARGS(key));
            apl_err_where(err, "%s:%zu:%zu", r->file, event->start_mark.line + 1,
                          event->start_mark.column + 1);
            apl_err_fix(err, "keep one; the first is in line %u", c->key_line);
            return APL_E_INVALID;
        }
    return APL_OK;
}

static apl_rc read_entry(reader *r, const yaml_event_t *key_event, const apl_yaml_node *map,
                         apl_yaml_node **out, apl_err *err)
{
    apl_rc rc = check_key(r, key_event, map, err);
    if (rc)
        return rc;
    apl_span key = {(const char *)key_event->data.scalar.value, key_event->data.scalar.length};
    rc = apl_arena_copy(r->arena, key, &key, err);
    if (rc)
        return rc;
    yaml_event_t event;
    rc = next(r, &event, err);
    if (rc)
        return rc;
    apl_yaml_node *value = NULL;
    rc = read_node(r, &event, &value, err);
    yaml_event_delete(&event);
    if (rc)
        return rc;
    value->key = key;
    value->key_line = (uint32_t)key_event->start_mark.line + 1;
    value->key_column = (uint32_t)key_event->start_mark.column + 1;
    *out = value;
    return APL_OK;
}

static apl_rc read_map(reader *r, const yaml_event_t *start, apl_yaml_node **out, apl_err *err)
{
    apl_yaml_node *map = NULL;
    apl_rc rc = node_new(r, start, &map, err);
    if (rc)
        return rc;
    map->kind = APL_YAML_MAP;
    apl_yaml_node **tail = &map->first;
    for (;;) {
        yaml_event_t event;
        rc = next(r, &event, err);
        if (rc)
            return rc;
        bool end = event.type == YAML_MAPPING_END_EVENT;
        /* Doubles are looked for among all earlier keys: cap the square. */
        if (!end && map->count >= 256)
            rc = fail_at(r, event.start_mark, err, "more than 256 keys in one map");
        if (!end && !rc)
            rc = read_entry(r, &event, map, tail, err);
        yaml_event_delete(&event);
        if (rc)
            return rc;
        if (end)
            break;
        tail = &(*tail)->next;
        map->count++;
    }
    *out = map;
    return APL_OK;
}

static apl_rc read_node(reader *r, yaml_event_t *event, apl_yaml_node **out, apl_err *err)
{
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(r, event, out, err);
    if (event->type == YAML_ALIAS_EVENT)
        return fail_at(
            r, event->start_mark, err,
            "found an alias (*name), which policy files do not use; put text that begins "
            "with a star in quotes");
    if (event->type != YAML_SEQUENCE_START_EVENT && event->type != YAML_MAPPING_START_EVENT)
        return fail_at(r, event->start_mark, err, "found the end of the file, expected a value");
    if (r->depth >= APL_YAML_DEPTH_MAX)
        return fail_at(r, event->start_mark, err, "lists and maps are nested too deep");
    r->depth++;
    apl_rc rc = event->type == YAML_SEQUENCE_START_EVENT ? read_list(r, event, out, err)
                                                         : read_map(r, event, out, err);
    r->depth--;
    return rc;
}

/* Takes events up to the end of the one document. */
static apl_rc read_document(reader *r, apl_yaml_node **out, apl_err *err)
{
    apl_yaml_node *root = NULL;
    for (bool done = false; !done;) {
        yaml_event_t event;
        apl_rc rc = next(r, &event, err);
        if (rc)
            return rc;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (root)
                rc = fail_at(r, event.start_mark, err,
                             "a second document begins here (---); expected one document a file");
            break;
        case YAML_STREAM_END_EVENT:
            done = true;
            if (!root)
                rc = fail_at(r, event.start_mark, err, "the file is empty, expected keys");
            break;
        default:
            rc = read_node(r, &event, &root, err);
        }
        yaml_event_delete(&event);
        if (rc)
            return rc;
    }
    *out = root;
    return APL_OK;
}

apl_rc apl_yaml_parse(apl_arena *arena, const char *file, apl_span bytes,
                      const apl_yaml_node **out_root, apl_err *err)
{
    if (bytes.len > APL_YAML_FILE_MAX_BYTES) {
        apl_err_set(err, APL_E_LIMIT, "the file is larger than %d bytes", APL_YAML_FILE_MAX_BYTES);
        apl_err_where(err, "%s", file);
        return APL_E_LIMIT;
    }
    reader r = {.arena = arena, .file = file};
    size_t bad = apl_utf8_invalid_at(bytes);
    if (bad != SIZE_MAX) {
        yaml_mark_t mark = {bad, 0, 0};
        for (size_t i = 0; i < bad; i++) {
            mark.column = bytes.ptr[i] == '\n' ? 0 : mark.column + 1;
            mark.line += bytes.ptr[i] == '\n';
        }
        return fail_at(&r, mark, err, "the file is not valid UTF-8");
    }
    if (!yaml_parser_initialize(&r.parser))
        return apl_err_nomem(err);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(bytes.ptr ? bytes.ptr : ""),
                                 bytes.len);
    apl_yaml_node *root = NULL;
    apl_rc rc = read_document(&r, &root, err);
    yaml_parser_delete(&r.parser);
    if (!rc)
        *out_root = root;
    return rc;
}
