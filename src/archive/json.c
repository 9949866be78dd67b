/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON readers; see json.h. In an array the end of each object is found by counting brackets outside strings, so that
 * one bad object costs only itself. Tests: tests/unit/archive/test_json.c
 */
#include "archive/json.h"

#include "archive/feed.h"
#include "json/reader.h"

#include <string.h>

enum { NAME_MAX_BYTES = 1024 };

typedef struct jsonl {
    apl_feed feed;
    apl_json_layout layout;
    bool is_begun, is_over;
    apl_columns *columns;
    apl_json_doc *doc;
    apl_span fields[APL_ARCHIVE_COLUMNS_MAX];
    size_t next_column; /* objects usually have their names in the same order */
    size_t field_count;
    apl_buf name;
    apl_buf texts; /* of numbers and arrays; reserved before use, so spans into it hold */
} jsonl;

static apl_rc column_of(jsonl *j, size_t *out_column, apl_err *err)
{
    apl_span name = apl_buf_view(&j->name);
    size_t count = j->columns->count;
    for (size_t i = 0; i < count; i++) {
        size_t at = (j->next_column + i) % count;
        if (apl_span_equal(j->columns->names[at], name)) {
            j->next_column = at + 1;
            *out_column = at;
            return APL_OK;
        }
    }
    *out_column = count;
    j->next_column = 0;
    if (count == APL_ARCHIVE_COLUMNS_MAX)
        return APL_OK;
    return apl_columns_add(j->columns, name, err);
}

/* Room is kept by the caller, so this never moves the buffer. */
static apl_rc add_plain(jsonl *j, apl_json value, apl_err *err)
{
    apl_span text;
    int64_t whole;
    double number;
    bool flag;
    if (apl_json_as_str(value, &text))
        return apl_buf_add(&j->texts, text, err);
    if (apl_json_as_i64(value, &whole))
        return apl_buf_addf(&j->texts, err, "%lld", (long long)whole);
    if (apl_json_as_double(value, &number))
        return apl_buf_addf(&j->texts, err, "%.15g", number);
    if (apl_json_as_bool(value, &flag))
        return apl_buf_add_str(&j->texts, flag ? "true" : "false", err);
    return APL_OK;
}

static apl_rc add_array(jsonl *j, apl_json array, apl_err *err)
{
    apl_json child;
    apl_rc rc = APL_OK;
    bool is_first = true;
    for (apl_json_iter it = apl_json_each(array); !rc && apl_json_next(&it, NULL, &child);) {
        if (apl_json_is(child, APL_JSON_OBJECT) || apl_json_is(child, APL_JSON_ARRAY))
            continue;
        rc = is_first ? APL_OK : apl_buf_add_str(&j->texts, ", ", err);
        is_first = false;
        if (!rc)
            rc = add_plain(j, child, err);
    }
    return rc;
}

static apl_rc set_field(jsonl *j, apl_json value, apl_err *err)
{
    size_t column = 0;
    apl_span text;
    apl_rc rc = column_of(j, &column, err);
    if (rc || column == APL_ARCHIVE_COLUMNS_MAX)
        return rc;
    if (!apl_json_as_str(value, &text)) {
        size_t from = j->texts.len;
        rc = apl_json_is(value, APL_JSON_ARRAY) ? add_array(j, value, err)
                                                : add_plain(j, value, err);
        if (rc)
            return rc;
        text = (apl_span){j->texts.ptr + from, j->texts.len - from};
    }
    for (; j->field_count <= column; j->field_count++)
        j->fields[j->field_count] = APL_SPAN_NONE;
    j->fields[column] = text;
    return APL_OK;
}

static apl_rc flatten(jsonl *j, apl_json object, apl_err *err)
{
    apl_span key;
    apl_json child;
    size_t prefix = j->name.len;
    for (apl_json_iter it = apl_json_each(object); apl_json_next(&it, &key, &child);) {
        j->name.len = prefix;
        apl_rc rc = prefix ? apl_buf_add_byte(&j->name, '.', err) : APL_OK;
        if (!rc)
            rc = apl_buf_add(&j->name, key, err);
        if (rc == APL_E_LIMIT)
            rc = apl_err_set(err, APL_E_LIMIT, "a name has more than %d bytes", NAME_MAX_BYTES);
        if (!rc && apl_json_is(child, APL_JSON_OBJECT))
            rc = flatten(j, child, err);
        else if (!rc)
            rc = set_field(j, child, err);
        if (rc)
            return rc;
    }
    j->name.len = prefix;
    return APL_OK;
}

static apl_rc parse_object(jsonl *j, apl_span text, apl_err *err)
{
    static const apl_json_limits limits = {APL_ARCHIVE_RECORD_MAX_BYTES + 1, APL_ARCHIVE_DEPTH_MAX};
    apl_json root;
    apl_rc rc = apl_json_doc_parse(j->doc, text, &limits, &root, err);
    if (rc)
        return rc;
    if (!apl_json_is(root, APL_JSON_OBJECT)) {
        apl_err_set(err, APL_E_INVALID, "expected an object, found a %s",
                    apl_json_type_name(apl_json_type_of(root)));
        apl_err_fix(err, "write each record as {\"id\": …, \"text\": …}");
        return APL_E_INVALID;
    }
    apl_buf_clear(&j->name);
    apl_buf_clear(&j->texts);
    j->field_count = 0;
    j->next_column = 0;
    /* A number prints at most 24 bytes for each byte of input, but an array never more than its input and commas. */
    rc = apl_buf_reserve(&j->texts, text.len * 12 + 64, err);
    return rc ? rc : flatten(j, root, err);
}

/* Gives the object in text, which begins at the present line and is taken by the caller's next step. */
static apl_rc give(jsonl *j, apl_span text, apl_span raw, apl_archive_record *record, apl_err *err)
{
    apl_err why = {0};
    uint64_t line = j->feed.line, lines = apl_feed_count_lines(text);
    apl_rc rc = parse_object(j, text, &why);
    if (rc && rc != APL_E_INVALID && rc != APL_E_LIMIT) {
        if (err)
            *err = why;
        return rc;
    }
    record->item = APL_ARCHIVE_RECORD;
    if (rc) {
        apl_record_reject(record, (apl_extent){line, line + lines, raw}, why.fix, "%s%s%s",
                          why.what, why.where[0] ? ", at " : "", why.where);
        record->error.rc = rc;
    }
    record->line = line;
    record->line_end = line + lines;
    record->raw = raw;
    record->fields = j->fields;
    record->field_count = record->item == APL_ARCHIVE_RECORD ? j->field_count : 0;
    return APL_OK;
}

static apl_rc give_large(jsonl *j, apl_span head, apl_archive_record *record, apl_err *err)
{
    uint64_t line = j->feed.line;
    apl_buf_clear(&j->texts);
    apl_rc rc = apl_buf_add(&j->texts, apl_span_sub(head, 0, 64 * 1024), err);
    if (!rc)
        rc = apl_feed_skip_line(&j->feed, err);
    if (rc)
        return rc;
    apl_record_reject(record, (apl_extent){line, line, apl_buf_view(&j->texts)},
                      "shorten it, or split the text", "the record has more than %d bytes",
                      APL_ARCHIVE_RECORD_MAX_BYTES);
    record->raw_cut = true;
    return APL_OK;
}

static apl_rc next_line(jsonl *j, apl_archive_record *record, apl_err *err)
{
    for (;;) {
        apl_span line;
        bool is_long;
        apl_rc rc = apl_feed_line(&j->feed, &line, &is_long, err);
        if (rc || !line.len)
            return rc;
        if (is_long)
            return give_large(j, line, record, err);
        apl_feed_take(&j->feed, line.len);
        apl_span text = apl_span_trim(line);
        if (text.len)
            rc = give(j, text, line, record, err);
        j->feed.line += line.ptr[line.len - 1] == '\n';
        if (rc || text.len)
            return rc;
    }
}

/* Bytes of the value at the beginning of view, by its brackets; SIZE_MAX when its end is not in view. */
static size_t value_bytes(apl_span view)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < view.len; i++) {
        char c = view.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && (!depth || !--depth)) {
            return depth || i == 0 || view.ptr[0] == '{' || view.ptr[0] == '[' ? i + 1 : i;
        } else if (c == ',' && !depth) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Takes white space, and of '[' and ',' what is allowed between objects. False at the end of the array. */
static apl_rc skip_between(jsonl *j, bool *out_end, apl_err *err)
{
    *out_end = false;
    for (;;) {
        apl_span view = apl_feed_view(&j->feed);
        for (size_t i = 0; i < view.len; i++) {
            char c = view.ptr[i];
            if (c == '\n')
                j->feed.line++;
            bool is_start = c == '[' && !j->is_begun;
            j->is_begun |= is_start;
            if (is_start || c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
                continue;
            apl_feed_take(&j->feed, i);
            *out_end = c == ']';
            return APL_OK;
        }
        apl_feed_take(&j->feed, view.len);
        bool grew;
        apl_rc rc = apl_feed_more(&j->feed, &grew, err);
        if (rc)
            return rc;
        if (!grew && j->layout == APL_JSON_LAYOUT_STREAM) {
            *out_end = true;
            return APL_OK;
        }
        if (!grew) {
            apl_err_set(err, APL_E_INVALID, "the JSON array is cut off: its ']' is missing");
            apl_err_where(err, "line %llu", (unsigned long long)j->feed.line);
            apl_err_fix(err, "export or transfer the file again");
            return APL_E_INVALID;
        }
    }
}

static apl_rc next_element(jsonl *j, apl_archive_record *record, apl_err *err)
{
    apl_rc rc = j->is_over ? APL_OK : skip_between(j, &j->is_over, err);
    if (rc || j->is_over)
        return rc;
    for (;;) {
        apl_span view = apl_feed_view(&j->feed);
        size_t n = value_bytes(view);
        if (n == SIZE_MAX && view.len < APL_ARCHIVE_RECORD_MAX_BYTES) {
            bool grew;
            rc = apl_feed_more(&j->feed, &grew, err);
            if (rc)
                return rc;
            if (grew)
                continue;
            n = view.len; /* cut off; the parser says where */
        }
        if (n > APL_ARCHIVE_RECORD_MAX_BYTES)
            return give_large(j, view, record, err);
        apl_span text = apl_span_sub(view, 0, n);
        apl_feed_take(&j->feed, n);
        rc = give(j, text, text, record, err);
        j->feed.line += apl_feed_count_lines(text);
        return rc;
    }
}

static apl_rc jsonl_next(void *self, apl_archive_record *record, apl_err *err)
{
    jsonl *j = self;
    record->item = APL_ARCHIVE_END;
    return j->layout == APL_JSON_LAYOUT_LINES ? next_line(j, record, err)
                                              : next_element(j, record, err);
}

static void jsonl_free(void *self)
{
    jsonl *j = self;
    apl_feed_release(&j->feed);
    apl_buf_release(&j->name);
    apl_buf_release(&j->texts);
    apl_json_doc_free(j->doc);
    apl_mem_free(j);
}

apl_rc apl_jsonl_new(apl_source source, apl_json_layout layout, apl_columns *columns,
                     apl_reader *out_reader, apl_err *err)
{
    jsonl *j = apl_mem_zalloc(1, sizeof *j);
    if (!j)
        return apl_err_nomem(err);
    apl_feed_init(&j->feed, source, APL_ARCHIVE_RECORD_MAX_BYTES);
    apl_buf_init(&j->name, NAME_MAX_BYTES);
    apl_buf_init(&j->texts, (size_t)APL_ARCHIVE_RECORD_MAX_BYTES * 12 + 4096);
    j->layout = layout;
    j->is_begun = layout == APL_JSON_LAYOUT_STREAM;
    j->columns = columns;
    j->doc = apl_json_doc_new();
    if (!j->doc) {
        jsonl_free(j);
        return apl_err_nomem(err);
    }
    *out_reader = (apl_reader){jsonl_next, jsonl_free, j};
    return APL_OK;
}
