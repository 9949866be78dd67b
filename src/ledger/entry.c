/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building an entry; see entry.h. The members of an entry are always the same and stand in the order that RFC 8785
 * wants (about actor at commit data kind prev rows seq v ws), so nothing is sorted but the members of data and commit,
 * and these only when they did not come in order. Tests: tests/unit/ledger/test_entry.c
 */
#include "ledger/entry.h"

#include "crypto/encode.h"
#include "ledger/entry_check.h"
#include "json/canonical.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

enum { HASH_TEXT_BYTES = APL_BASE64_URL_TEXT_BYTES(APL_SHA256_BYTES) };

void apl_entry_init(apl_entry *entry)
{
    memset(entry, 0, offsetof(apl_entry, data));
    entry->data_count = entry->commit_count = 0;
    apl_buf_init(&entry->head, 4 * APL_ENTRY_WORD_MAX_BYTES);
    apl_buf_init(&entry->about, APL_ENTRY_MAX_BYTES);
    apl_buf_init(&entry->rows, APL_ENTRY_MAX_BYTES);
    apl_buf_init(&entry->text, APL_ENTRY_MAX_BYTES);
}

void apl_entry_release(apl_entry *entry)
{
    apl_buf_release(&entry->head);
    apl_buf_release(&entry->about);
    apl_buf_release(&entry->rows);
    apl_buf_release(&entry->text);
}

void apl_entry_release_auto(apl_entry *entry)
{
    apl_entry_release(entry);
}

static void check_word(apl_entry *entry, const char *word, bool dots)
{
    if (!entry->rc && !apl_entry_is_word(apl_span_of(word), dots))
        entry->rc =
            apl_err_set(&entry->err, APL_E_INVALID, "\"%.70s\" is no word for the ledger", word);
}

static void check_whole(apl_entry *entry, int64_t number)
{
    if (!entry->rc && (number > APL_ENTRY_WHOLE_MAX || number < -APL_ENTRY_WHOLE_MAX))
        entry->rc = apl_err_set(&entry->err, APL_E_INVALID, "%lld is too large for the ledger",
                                (long long)number);
}

static void add(apl_entry *entry, apl_buf *buf, apl_span bytes)
{
    if (!entry->rc)
        entry->rc = apl_buf_add(buf, bytes, &entry->err);
}

static void add_str(apl_entry *entry, apl_buf *buf, const char *text)
{
    add(entry, buf, apl_span_of(text));
}

static void add_i64(apl_entry *entry, apl_buf *buf, int64_t number)
{
    check_whole(entry, number);
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--at] = '-';
    add(entry, buf, (apl_span){digits + at, sizeof digits - at});
}

static void add_quoted(apl_entry *entry, apl_buf *buf, apl_span text)
{
    if (!entry->rc)
        entry->rc = apl_json_add_quoted(buf, text, &entry->err);
}

static void add_hash(apl_entry *entry, apl_buf *buf, const uint8_t hash[APL_SHA256_BYTES])
{
    char text[HASH_TEXT_BYTES + 2] = "\"";
    size_t len = apl_base64_encode((apl_span){(const char *)hash, APL_SHA256_BYTES}, APL_BASE64_URL,
                                   text + 1);
    text[len + 1] = '"';
    add(entry, buf, (apl_span){text, len + 2});
}

void apl_entry_begin(apl_entry *entry, int64_t workspace_id, apl_time_us at_us, const char *kind,
                     const char *actor_noun, int64_t actor_id)
{
    entry->rc = APL_OK;
    entry->begun = true;
    entry->workspace_id = workspace_id;
    entry->at_us = at_us;
    entry->data_count = entry->commit_count = 0;
    apl_buf_clear(&entry->head);
    apl_buf_clear(&entry->about);
    apl_buf_clear(&entry->rows);
    apl_buf_clear(&entry->text);
    check_word(entry, kind, true);
    check_word(entry, actor_noun, false);
    if (!entry->rc && (at_us < APL_TIME_MIN_US || at_us >= APL_TIME_MAX_US))
        entry->rc = apl_err_set(&entry->err, APL_E_INVALID, "time out of range for the ledger");
    add_str(entry, &entry->head, kind);
    entry->kind_len = entry->head.len;
    add_str(entry, &entry->head, actor_noun);
    if (actor_id) {
        add_str(entry, &entry->head, "/");
        add_i64(entry, &entry->head, actor_id);
    }
}

void apl_entry_about(apl_entry *entry, const char *noun, int64_t id)
{
    check_word(entry, noun, false);
    add_str(entry, &entry->about, entry->about.len ? ",\"" : "\"");
    add_str(entry, &entry->about, noun);
    add_str(entry, &entry->about, "/");
    add_i64(entry, &entry->about, id);
    add_str(entry, &entry->about, "\"");
}

/* "name": of a member whose value is added next and closed by end_member. */
static apl_entry_member *begin_member(apl_entry *entry, apl_entry_member *list, size_t count,
                                      const char *name)
{
    check_word(entry, name, false);
    if (!entry->rc && count == APL_ENTRY_MEMBERS_MAX)
        entry->rc = apl_err_set(&entry->err, APL_E_LIMIT, "more than %d members in a ledger entry",
                                APL_ENTRY_MEMBERS_MAX);
    if (entry->rc)
        return NULL;
    list[count] = (apl_entry_member){(uint32_t)entry->text.len, (uint32_t)strlen(name), 0};
    add_str(entry, &entry->text, "\"");
    add_str(entry, &entry->text, name);
    add_str(entry, &entry->text, "\":");
    return &list[count];
}

static void end_member(apl_entry *entry, apl_entry_member *member, size_t *count)
{
    if (entry->rc)
        return;
    member->len = (uint32_t)entry->text.len - member->at;
    ++*count;
}

static apl_entry_member *begin_data(apl_entry *entry, const char *name)
{
    return begin_member(entry, entry->data, entry->data_count, name);
}

void apl_entry_i64(apl_entry *entry, const char *name, int64_t value)
{
    apl_entry_member *member = begin_data(entry, name);
    add_i64(entry, &entry->text, value);
    end_member(entry, member, &entry->data_count);
}

void apl_entry_bool(apl_entry *entry, const char *name, bool value)
{
    apl_entry_member *member = begin_data(entry, name);
    add_str(entry, &entry->text, value ? "true" : "false");
    end_member(entry, member, &entry->data_count);
}

void apl_entry_time(apl_entry *entry, const char *name, apl_time_us value)
{
    char text[APL_TIME_TEXT_BYTES];
    apl_entry_member *member = begin_data(entry, name);
    if (value == APL_TIME_NONE)
        add_str(entry, &entry->text, "null");
    else
        add_quoted(entry, &entry->text, apl_span_of(apl_time_format(value, text)));
    end_member(entry, member, &entry->data_count);
}

void apl_entry_text(apl_entry *entry, const char *name, apl_span value)
{
    apl_entry_member *member = begin_data(entry, name);
    add_quoted(entry, &entry->text, value);
    end_member(entry, member, &entry->data_count);
}

void apl_entry_json(apl_entry *entry, const char *name, apl_json value)
{
    apl_entry_member *member = begin_data(entry, name);
    if (!entry->rc)
        entry->rc = apl_entry_check_numbers(value, &entry->err);
    if (!entry->rc)
        entry->rc = apl_json_add_canonical(&entry->text, value, &entry->err);
    end_member(entry, member, &entry->data_count);
}

void apl_entry_commit(apl_entry *entry, const char *name, const uint8_t hash[APL_SHA256_BYTES])
{
    apl_entry_member *member = begin_member(entry, entry->commits, entry->commit_count, name);
    add_hash(entry, &entry->text, hash);
    end_member(entry, member, &entry->commit_count);
}

void apl_entry_row(apl_entry *entry, const char *table, apl_span key,
                   const uint8_t seal[APL_SEAL_BYTES])
{
    check_word(entry, table, false);
    add_str(entry, &entry->rows, entry->rows.len ? ",[\"" : "[\"");
    add_str(entry, &entry->rows, table);
    add_str(entry, &entry->rows, "\",");
    add_quoted(entry, &entry->rows, key);
    add_str(entry, &entry->rows, ",");
    add_hash(entry, &entry->rows, seal);
    add_str(entry, &entry->rows, "]");
}

static int compare_names(const char *text, const apl_entry_member *a, const apl_entry_member *b)
{
    /* Words are ASCII: byte order is the order of UTF-16 code units. */
    return apl_span_compare((apl_span){text + a->at + 1, a->name_len},
                            (apl_span){text + b->at + 1, b->name_len});
}

/* Insertion sort: a handful, mostly in order already. Then every name stands once. */
static void add_members(apl_entry *entry, apl_buf *out, apl_entry_member *list, size_t count)
{
    const char *text = entry->text.ptr;
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k && compare_names(text, &list[k - 1], &list[k]) > 0; k--) {
            apl_entry_member swap = list[k];
            list[k] = list[k - 1];
            list[k - 1] = swap;
        }
    for (size_t i = 0; i < count; i++) {
        if (i)
            add_str(entry, out, ",");
        add(entry, out, (apl_span){text + list[i].at, list[i].len});
        if (!entry->rc && i && compare_names(text, &list[i - 1], &list[i]) == 0)
            entry->rc = apl_err_set(&entry->err, APL_E_INVALID, "\"%.*s\" twice in a ledger entry",
                                    (int)list[i].name_len, text + list[i].at + 1);
    }
}

static void write_entry(apl_entry *entry, int64_t seq, const apl_tree_hash *prev, apl_buf *out)
{
    char at[APL_TIME_TEXT_BYTES];
    apl_span head = apl_buf_view(&entry->head);
    add_str(entry, out, "{\"about\":[");
    add(entry, out, apl_buf_view(&entry->about));
    add_str(entry, out, "],\"actor\":\"");
    add(entry, out, apl_span_sub(head, entry->kind_len, head.len));
    add_str(entry, out, "\",\"at\":\"");
    add_str(entry, out, apl_time_format(entry->at_us, at));
    add_str(entry, out, "\",\"commit\":{");
    add_members(entry, out, entry->commits, entry->commit_count);
    add_str(entry, out, "},\"data\":{");
    add_members(entry, out, entry->data, entry->data_count);
    add_str(entry, out, "},\"kind\":\"");
    add(entry, out, apl_span_sub(head, 0, entry->kind_len));
    add_str(entry, out, "\",\"prev\":");
    if (prev)
        add_hash(entry, out, prev->bytes);
    else
        add_str(entry, out, "null");
    add_str(entry, out, ",\"rows\":[");
    add(entry, out, apl_buf_view(&entry->rows));
    add_str(entry, out, "],\"seq\":");
    add_i64(entry, out, seq);
    add_str(entry, out, ",\"v\":1,\"ws\":");
    add_i64(entry, out, entry->workspace_id);
    add_str(entry, out, "}");
}

apl_rc apl_entry_finish(apl_entry *entry, int64_t seq, const apl_tree_hash *prev, apl_buf *out,
                        apl_err *err)
{
    apl_buf_clear(out);
    if (!entry->rc && (!entry->begun || seq < 0 || entry->workspace_id < 1 || !seq != !prev))
        entry->rc = apl_err_set(&entry->err, APL_E_INTERNAL, "ledger entry out of order");
    write_entry(entry, seq, prev, out);
    if (!entry->rc && out->len > APL_ENTRY_MAX_BYTES)
        entry->rc = apl_err_set(&entry->err, APL_E_LIMIT, "a ledger entry of %zu bytes; at most %d",
                                out->len, APL_ENTRY_MAX_BYTES);
    apl_rc rc = entry->rc;
    if (rc) {
        apl_buf_clear(out);
        if (err)
            *err = entry->err;
    }
    entry->begun = false;
    return rc;
}
