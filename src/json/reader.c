/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document, its values and iteration; see reader.h. Members with checked types: field.c. The fast parser refuses
 * without a place, so a refused text is walked once more by locate.c to name it.
 * Tests: tests/unit/json/test_reader.c
 */
#include "json/reader.h"

#include "base/utf8.h"
#include "json/locate.h"
#include "json/shim.h"

#include <string.h>

enum {
    FIRST_CAPACITY = 4096,
    /* The parser holds about 14 bytes per byte of text; after a giant it gives them back at the next small text. */
    KEEP_CAPACITY = 1024 * 1024,
};

struct apl_json_doc {
    apl_sj *sj;
    char *text; /* padded copy */
    size_t text_cap;
    size_t max_depth;
};

const apl_json_limits apl_json_limits_default = {1024 * 1024, 64};

apl_json_doc *apl_json_doc_new(void)
{
    apl_json_doc *doc = apl_mem_zalloc(1, sizeof *doc);
    if (!doc)
        return NULL;
    doc->sj = apl_sj_new();
    if (!doc->sj) {
        apl_mem_free(doc);
        return NULL;
    }
    return doc;
}

void apl_json_doc_free(apl_json_doc *doc)
{
    if (!doc)
        return;
    apl_sj_free(doc->sj);
    apl_mem_free(doc->text);
    apl_mem_free(doc);
}

void apl_json_doc_free_auto(apl_json_doc **doc)
{
    apl_json_doc_free(*doc);
}

static apl_rc fit(apl_json_doc *doc, size_t len, size_t max_depth, apl_err *err)
{
    size_t have = apl_sj_capacity(doc->sj);
    bool too_large = have > KEEP_CAPACITY && len < have / 16;
    size_t want = have;
    if (have < len || !have || too_large)
        for (want = FIRST_CAPACITY; want < len;)
            want *= 2;
    if (want == have && doc->max_depth == max_depth && doc->text)
        return APL_OK;
    doc->max_depth = 0;
    if (doc->text_cap != want + APL_SJ_PADDING) {
        char *text = apl_mem_realloc(doc->text, want + APL_SJ_PADDING);
        if (!text)
            return apl_err_nomem(err);
        doc->text = text;
        doc->text_cap = want + APL_SJ_PADDING;
    }
    if (apl_sj_reserve(doc->sj, want, max_depth + 1))
        return apl_err_nomem(err);
    doc->max_depth = max_depth;
    return APL_OK;
}

static apl_rc name_fault(apl_span text, size_t max_depth, apl_err *err)
{
    apl_json_fault fault;
    if (!apl_json_locate(text, max_depth, &fault))
        /* The grammar allows any number; only the parser's 64 bits and the range of a double refuse one. */
        return apl_err_set(err, APL_E_INVALID,
                           "a number that is too large for 64 bits or a double");
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < fault.at; i++)
        if (text.ptr[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    size_t column = apl_utf8_count(apl_span_sub(text, line_start, fault.at - line_start)) + 1;
    apl_rc rc = fault.is_depth ? APL_E_LIMIT : APL_E_INVALID;
    if (fault.is_depth)
        apl_err_set(err, rc, "JSON nested deeper than %zu levels", max_depth);
    else
        apl_err_set(err, rc, "not valid JSON: %s", fault.what);
    apl_err_where(err, "line %zu, column %zu (byte %zu)", line, column, fault.at);
    if (fault.fix && *fault.fix)
        apl_err_fix(err, "%s", fault.fix);
    return rc;
}

apl_rc apl_json_doc_parse(apl_json_doc *doc, apl_span text, const apl_json_limits *limits,
                          apl_json *out_root, apl_err *err)
{
    if (!limits)
        limits = &apl_json_limits_default;
    if (text.len > limits->max_bytes || text.len > UINT32_MAX / 2)
        return apl_err_set(err, APL_E_LIMIT, "JSON of %zu bytes; at most %zu are taken", text.len,
                           limits->max_bytes);
    size_t max_depth = limits->max_depth < APL_JSON_DEPTH_MAX ? limits->max_depth
                                                              : APL_JSON_DEPTH_MAX;
    apl_rc rc = fit(doc, text.len, max_depth, err);
    if (rc)
        return rc;
    if (text.len)
        memcpy(doc->text, text.ptr, text.len);
    memset(doc->text + text.len, 0, APL_SJ_PADDING);
    apl_sj_at root = {NULL, 0};
    switch (apl_sj_parse(doc->sj, doc->text, text.len, &root)) {
    case APL_SJ_OK:
        *out_root = (apl_json){root.doc, root.index};
        return APL_OK;
    case APL_SJ_NOMEM:
        return apl_err_nomem(err);
    default:
        return name_fault(text, max_depth, err);
    }
}

static apl_sj_at place(apl_json value)
{
    return (apl_sj_at){value.doc, value.at};
}

apl_json_type apl_json_type_of(apl_json value)
{
    if (!value.doc)
        return APL_JSON_MISSING;
    switch (apl_sj_kind(place(value))) {
    case 'n':
        return APL_JSON_NULL;
    case 't':
    case 'f':
        return APL_JSON_BOOL;
    case 'l':
        return APL_JSON_I64;
    case 'u':
    case 'd':
        return APL_JSON_DOUBLE;
    case '"':
        return APL_JSON_STRING;
    case '[':
        return APL_JSON_ARRAY;
    default:
        return APL_JSON_OBJECT;
    }
}

const char *apl_json_type_name(apl_json_type type)
{
    static const char *const names[] = {"nothing", "null",   "true or false", "whole number",
                                        "number",  "string", "array",         "object"};
    return names[type];
}

bool apl_json_is(apl_json value, apl_json_type type)
{
    return apl_json_type_of(value) == type;
}

bool apl_json_is_absent(apl_json value)
{
    return !value.doc || apl_sj_kind(place(value)) == 'n';
}

bool apl_json_as_str(apl_json value, apl_span *out)
{
    if (!value.doc || apl_sj_kind(place(value)) != '"')
        return false;
    out->ptr = apl_sj_str(place(value), &out->len);
    return true;
}

bool apl_json_as_i64(apl_json value, int64_t *out)
{
    if (!value.doc || apl_sj_kind(place(value)) != 'l')
        return false;
    *out = (int64_t)apl_sj_bits(place(value));
    return true;
}

bool apl_json_as_double(apl_json value, double *out)
{
    if (!value.doc)
        return false;
    uint64_t bits;
    switch (apl_sj_kind(place(value))) {
    case 'l':
        *out = (double)(int64_t)apl_sj_bits(place(value));
        return true;
    case 'u':
        *out = (double)apl_sj_bits(place(value));
        return true;
    case 'd':
        bits = apl_sj_bits(place(value));
        memcpy(out, &bits, sizeof *out);
        return true;
    default:
        return false;
    }
}

bool apl_json_as_bool(apl_json value, bool *out)
{
    char kind = value.doc ? apl_sj_kind(place(value)) : '\0';
    if (kind != 't' && kind != 'f')
        return false;
    *out = kind == 't';
    return true;
}

apl_json_iter apl_json_each(apl_json container)
{
    apl_json_iter none = {APL_JSON_NONE, 0, false};
    if (!container.doc)
        return none;
    char kind = apl_sj_kind(place(container));
    if (kind != '{' && kind != '[')
        return none;
    return (apl_json_iter){
        {container.doc, container.at + 1}, apl_sj_after(place(container)) - 1, kind == '{'};
}

bool apl_json_next(apl_json_iter *it, apl_span *out_key, apl_json *out_value)
{
    if (it->next.at >= it->end)
        return false;
    apl_span key = APL_SPAN_NONE;
    if (it->in_object) {
        if (out_key)
            key.ptr = apl_sj_str(place(it->next), &key.len);
        it->next.at++;
    }
    if (out_key)
        *out_key = key;
    *out_value = it->next;
    it->next.at = apl_sj_after(place(it->next));
    return true;
}

apl_json apl_json_get(apl_json object, const char *key)
{
    apl_json_iter it = apl_json_each(object);
    apl_span want = apl_span_of(key), name;
    apl_json value;
    while (it.in_object && apl_json_next(&it, &name, &value))
        if (name.len == want.len && memcmp(name.ptr, want.ptr, want.len) == 0)
            return value;
    return APL_JSON_NONE;
}

size_t apl_json_count(apl_json container)
{
    /* The tape counts in 24 bits; past that only walking tells. */
    enum { SATURATED = 0xFFFFFF };
    apl_json_iter it = apl_json_each(container);
    if (!it.next.doc)
        return 0;
    size_t count = apl_sj_count_saturated(place(container));
    if (count < SATURATED)
        return count;
    apl_json value;
    for (count = 0; apl_json_next(&it, NULL, &value);)
        count++;
    return count;
}
