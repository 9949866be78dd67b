/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an entry back; see entry.h. Strict: what this accepts, the builder could have written, byte by byte, so that
 * nothing can hide in an entry. Tests: tests/unit/ledger/test_entry.c
 */
#include "crypto/encode.h"
#include "ledger/entry.h"
#include "ledger/entry_check.h"
#include "json/canonical.h"

#include <string.h>

bool apl_entry_is_word(apl_span word, bool dots)
{
    if (!word.len || word.len > APL_ENTRY_WORD_MAX_BYTES)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dots && c == '.')))
            return false;
    }
    return true;
}

apl_rc apl_entry_check_numbers(apl_json value, apl_err *err)
{
    int64_t number = 0;
    if (apl_json_is(value, APL_JSON_DOUBLE) ||
        (apl_json_as_i64(value, &number) &&
         (number > APL_ENTRY_WHOLE_MAX || number < -APL_ENTRY_WHOLE_MAX)))
        return apl_json_refuse(value, err, "the ledger takes whole numbers below 2^53 only");
    apl_json_iter it = apl_json_each(value);
    apl_json child;
    apl_rc rc = APL_OK;
    while (!rc && apl_json_next(&it, NULL, &child))
        rc = apl_entry_check_numbers(child, err);
    return rc;
}

/* "noun/17", or for actors the noun alone. */
static bool is_reference(apl_span text, bool noun_alone)
{
    size_t slash = apl_span_find_byte(text, '/');
    if (slash == SIZE_MAX)
        return noun_alone && apl_entry_is_word(text, false);
    int64_t id;
    apl_span digits = apl_span_sub(text, slash + 1, text.len);
    bool plain = digits.len == 1 ? digits.ptr[0] != '+' : digits.len && digits.ptr[0] != '0';
    return apl_entry_is_word(apl_span_sub(text, 0, slash), false) && plain &&
           digits.ptr[0] != '+' && !apl_span_parse_i64(digits, &id, NULL);
}

static bool read_hash(apl_json value, uint8_t out[APL_SHA256_BYTES])
{
    apl_span text;
    return apl_json_as_str(value, &text) &&
           !apl_base64_decode_exact(text, APL_BASE64_URL, out, APL_SHA256_BYTES, NULL);
}

bool apl_entry_next_commit(apl_json_iter *it, apl_span *out_name,
                           uint8_t out_hash[APL_SHA256_BYTES])
{
    apl_json value;
    return apl_json_next(it, out_name, &value) && read_hash(value, out_hash);
}

static bool read_row(apl_json row, apl_span *out_table, apl_span *out_key,
                     uint8_t out_seal[APL_SEAL_BYTES])
{
    apl_json_iter it = apl_json_each(row);
    apl_json table, key, seal;
    return apl_json_is(row, APL_JSON_ARRAY) && apl_json_count(row) == 3 &&
           apl_json_next(&it, NULL, &table) && apl_json_next(&it, NULL, &key) &&
           apl_json_next(&it, NULL, &seal) && apl_json_as_str(table, out_table) &&
           apl_json_as_str(key, out_key) && read_hash(seal, out_seal);
}

bool apl_entry_next_row(apl_json_iter *it, apl_span *out_table, apl_span *out_key,
                        uint8_t out_seal[APL_SEAL_BYTES])
{
    apl_json row;
    return apl_json_next(it, NULL, &row) && read_row(row, out_table, out_key, out_seal);
}

static apl_rc check_lists(const apl_entry_view *view, apl_err *err)
{
    apl_json value;
    apl_span text, key;
    uint8_t hash[APL_SHA256_BYTES];
    for (apl_json_iter it = apl_json_each(view->about); apl_json_next(&it, NULL, &value);)
        if (!apl_json_as_str(value, &text) || !is_reference(text, false))
            return apl_json_refuse(value, err, "expected \"noun/number\"");
    for (apl_json_iter it = apl_json_each(view->commits); apl_json_next(&it, &key, &value);)
        if (!apl_entry_is_word(key, false) || !read_hash(value, hash))
            return apl_json_refuse(value, err, "expected a name and a hash in base64url");
    for (apl_json_iter it = apl_json_each(view->data); apl_json_next(&it, &key, &value);)
        if (!apl_entry_is_word(key, false))
            return apl_json_refuse(value, err, "not a name of the ledger");
    for (apl_json_iter it = apl_json_each(view->rows); apl_json_next(&it, NULL, &value);)
        if (!read_row(value, &text, &key, hash) || !apl_entry_is_word(text, false))
            return apl_json_refuse(value, err, "expected [table, key, seal]");
    return apl_entry_check_numbers(view->data, err);
}

static apl_rc read_prev(apl_json root, apl_entry_view *view, apl_err *err)
{
    apl_json prev = apl_json_get(root, "prev");
    view->has_prev = !apl_json_is(prev, APL_JSON_NULL);
    if (view->has_prev != (view->seq > 0) || (view->has_prev && !read_hash(prev, view->prev.bytes)))
        return apl_json_refuse(prev.doc ? prev : root, err,
                               "\"prev\": expected a hash in base64url, and null in entry 0 only");
    return APL_OK;
}

static apl_rc check_head(apl_json root, const apl_entry_view *view, apl_err *err)
{
    char at[APL_TIME_TEXT_BYTES];
    apl_span text = APL_SPAN_NONE;
    (void)apl_json_as_str(apl_json_get(root, "at"), &text);
    if (!apl_span_is(text, apl_time_format(view->at_us, at)) || view->at_us < APL_TIME_MIN_US ||
        view->at_us >= APL_TIME_MAX_US)
        return apl_json_refuse(apl_json_get(root, "at"), err,
                               "expected a time in its shortest form");
    if (!apl_entry_is_word(view->kind, true))
        return apl_json_refuse(apl_json_get(root, "kind"), err, "not a kind of entry");
    if (!is_reference(view->actor, true))
        return apl_json_refuse(apl_json_get(root, "actor"), err, "not an actor");
    if (view->seq < 0 || view->seq > APL_ENTRY_WHOLE_MAX || view->workspace_id < 1 ||
        view->workspace_id > APL_ENTRY_WHOLE_MAX)
        return apl_json_refuse(root, err, "\"seq\" or \"ws\" is out of range");
    return APL_OK;
}

static apl_rc read_members(apl_json root, apl_entry_view *view, apl_err *err)
{
    static const char *const names[] = {"about", "actor", "at",  "commit", "data", "kind",
                                        "prev",  "rows",  "seq", "v",      "ws"};
    apl_rc rc = apl_json_check_names(root, names, sizeof names / sizeof *names, err);
    if (!rc)
        rc = apl_json_get_array(root, "about", &view->about, err);
    if (!rc)
        rc = apl_json_get_str(root, "actor", &view->actor, err);
    if (!rc)
        rc = apl_json_get_time(root, "at", &view->at_us, err);
    if (!rc)
        rc = apl_json_get_object(root, "commit", &view->commits, err);
    if (!rc)
        rc = apl_json_get_object(root, "data", &view->data, err);
    if (!rc)
        rc = apl_json_get_str(root, "kind", &view->kind, err);
    if (!rc)
        rc = apl_json_get_array(root, "rows", &view->rows, err);
    if (!rc)
        rc = apl_json_get_i64(root, "seq", &view->seq, err);
    return rc ? rc : apl_json_get_i64(root, "ws", &view->workspace_id, err);
}

apl_rc apl_entry_parse(apl_json_doc *doc, apl_span bytes, apl_entry_view *out_view, apl_err *err)
{
    const apl_json_limits limits = {APL_ENTRY_MAX_BYTES, 16};
    apl_entry_view view;
    apl_json root;
    int64_t version = 0;
    memset(&view, 0, sizeof view);
    apl_rc rc = apl_json_doc_parse(doc, bytes, &limits, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "v", &version, err);
    if (!rc && version > APL_ENTRY_VERSION)
        return apl_err_set(err, APL_E_VERSION,
                           "ledger entry of version %lld; this program knows %d",
                           (long long)version, APL_ENTRY_VERSION);
    if (!rc && version != APL_ENTRY_VERSION)
        rc = apl_json_refuse(apl_json_get(root, "v"), err, "not a version of entries");
    if (!rc)
        rc = read_members(root, &view, err);
    if (!rc)
        rc = check_head(root, &view, err);
    if (!rc)
        rc = read_prev(root, &view, err);
    if (!rc)
        rc = check_lists(&view, err);
    if (!rc)
        rc = apl_json_check_canonical(root, bytes, err);
    if (rc)
        return rc == APL_E_NOMEM ? rc : apl_err_wrap(err, APL_E_CORRUPT, "not a ledger entry");
    *out_view = view;
    return APL_OK;
}
