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

/* The members of an entry, which stand in this order and no other. */
enum { ABOUT, ACTOR, AT, COMMIT, DATA, KIND, PREV, ROWS, SEQ, V, WS, MEMBERS };

static const struct {
    const char *name;
    apl_json_type type;
} members[MEMBERS] = {
    [ABOUT] = {"about", APL_JSON_ARRAY}, [ACTOR] = {"actor", APL_JSON_STRING},
    [AT] = {"at", APL_JSON_STRING},      [COMMIT] = {"commit", APL_JSON_OBJECT},
    [DATA] = {"data", APL_JSON_OBJECT},  [KIND] = {"kind", APL_JSON_STRING},
    [PREV] = {"prev", APL_JSON_MISSING}, [ROWS] = {"rows", APL_JSON_ARRAY},
    [SEQ] = {"seq", APL_JSON_I64},       [V] = {"v", APL_JSON_I64},
    [WS] = {"ws", APL_JSON_I64},
};

static apl_rc collect(apl_json root, apl_json values[MEMBERS], apl_err *err)
{
    apl_json_iter it = apl_json_each(root);
    apl_span key;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!apl_json_next(&it, &key, &values[i]) || !apl_span_is(key, members[i].name))
            return apl_json_refuse(root, err, "\"%s\" is missing or stands in the wrong place",
                                   members[i].name);
        if (members[i].type && !apl_json_is(values[i], members[i].type))
            return apl_json_refuse(values[i], err, "expected a value of type %s",
                                   apl_json_type_name(members[i].type));
    }
    apl_json more;
    return apl_json_next(&it, &key, &more) ? apl_json_refuse(more, err, "one member too many")
                                           : APL_OK;
}

static apl_rc read_prev(apl_json prev, apl_entry_view *view, apl_err *err)
{
    view->has_prev = !apl_json_is(prev, APL_JSON_NULL);
    if (view->has_prev != (view->seq > 0) || (view->has_prev && !read_hash(prev, view->prev.bytes)))
        return apl_json_refuse(prev, err, "expected a hash in base64url, and null in entry 0 only");
    return APL_OK;
}

static apl_rc read_head(const apl_json values[MEMBERS], apl_entry_view *view, apl_err *err)
{
    char at[APL_TIME_TEXT_BYTES];
    apl_span text;
    (void)apl_json_as_str(values[AT], &text);
    (void)apl_json_as_str(values[ACTOR], &view->actor);
    (void)apl_json_as_str(values[KIND], &view->kind);
    (void)apl_json_as_i64(values[SEQ], &view->seq);
    (void)apl_json_as_i64(values[WS], &view->workspace_id);
    if (apl_time_parse(text, &view->at_us, NULL) || view->at_us < APL_TIME_MIN_US ||
        view->at_us >= APL_TIME_MAX_US || !apl_span_is(text, apl_time_format(view->at_us, at)))
        return apl_json_refuse(values[AT], err, "expected a time in UTC in its shortest form");
    if (!apl_entry_is_word(view->kind, true))
        return apl_json_refuse(values[KIND], err, "not a kind of entry");
    if (!is_reference(view->actor, true))
        return apl_json_refuse(values[ACTOR], err, "not an actor");
    if (view->seq < 0 || view->seq > APL_ENTRY_WHOLE_MAX)
        return apl_json_refuse(values[SEQ], err, "out of range");
    if (view->workspace_id < 1 || view->workspace_id > APL_ENTRY_WHOLE_MAX)
        return apl_json_refuse(values[WS], err, "out of range");
    return APL_OK;
}

static apl_rc read_entry(apl_json root, apl_entry_view *view, apl_err *err)
{
    apl_json values[MEMBERS];
    int64_t version = 0;
    apl_rc rc = collect(root, values, err);
    /* A later version may have other members; say that rather than call it damaged. */
    (void)apl_json_as_i64(apl_json_get(root, "v"), &version);
    if (version > APL_ENTRY_VERSION)
        return apl_err_set(err, APL_E_VERSION,
                           "ledger entry of version %lld; this program knows %d",
                           (long long)version, APL_ENTRY_VERSION);
    if (rc)
        return rc;
    if (version != APL_ENTRY_VERSION)
        return apl_json_refuse(values[V], err, "not a version of entries");
    view->about = values[ABOUT];
    view->commits = values[COMMIT];
    view->data = values[DATA];
    view->rows = values[ROWS];
    rc = read_head(values, view, err);
    if (!rc)
        rc = read_prev(values[PREV], view, err);
    return rc ? rc : check_lists(view, err);
}

apl_rc apl_entry_parse(apl_json_doc *doc, apl_span bytes, apl_entry_view *out_view, apl_err *err)
{
    const apl_json_limits limits = {APL_ENTRY_MAX_BYTES, 16};
    apl_entry_view view;
    apl_json root;
    memset(&view, 0, sizeof view);
    apl_rc rc = apl_json_doc_parse(doc, bytes, &limits, &root, err);
    if (!rc)
        rc = read_entry(root, &view, err);
    if (!rc)
        rc = apl_json_check_canonical(root, bytes, err);
    if (rc == APL_E_NOMEM || rc == APL_E_VERSION)
        return rc;
    if (rc)
        return apl_err_wrap(err, APL_E_CORRUPT, "not a ledger entry");
    *out_view = view;
    return APL_OK;
}
