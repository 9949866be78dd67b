/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ledger entry: canonical JSON (RFC 8785) that says what happened, to what, by whom, with commitments to the texts
 * and seals of the rows that changed, chained to the entry before. Format: docs/formats/ledger.md.
 * Never personal text: names, handles, post text, addresses go through commitments. Nothing here can check that.
 */
#ifndef APL_LEDGER_ENTRY_H
#define APL_LEDGER_ENTRY_H

#include "ledger/commit.h"
#include "ledger/tree.h"
#include "json/reader.h"

enum {
    APL_ENTRY_VERSION = 1,
    APL_ENTRY_MAX_BYTES = 65535, /* tiles give the length 16 bits */
    APL_ENTRY_MEMBERS_MAX = 32,  /* of data, and of commit */
    APL_ENTRY_WORD_MAX_BYTES = 64,
};

typedef struct apl_entry_member {
    uint32_t at, name_len, len; /* "name":value in the builder's text */
} apl_entry_member;

/*
 * The builder; reuse it from entry to entry, it keeps its storage. Everything given is copied. Errors stick until
 * apl_entry_finish. Words (kind, nouns, names, tables) are a-z 0-9 _ and, in kinds, dots, 1 to 64 characters.
 */
typedef struct apl_entry {
    int64_t workspace_id;
    apl_time_us at_us;
    apl_buf head; /* kind, then actor */
    size_t kind_len;
    apl_buf about, rows, text;
    apl_entry_member data[APL_ENTRY_MEMBERS_MAX], commits[APL_ENTRY_MEMBERS_MAX];
    size_t data_count, commit_count;
    bool begun;
    apl_rc rc;
    apl_err err;
} apl_entry;

void apl_entry_init(apl_entry *entry);
void apl_entry_release(apl_entry *entry);
void apl_entry_release_auto(apl_entry *entry);

/* Starts an entry, drops what was not finished. actor_noun "user" with id 3 is "user/3"; id 0 is the noun alone ("system"). */
void apl_entry_begin(apl_entry *entry, int64_t workspace_id, apl_time_us at_us, const char *kind,
                     const char *actor_noun, int64_t actor_id);
/* "post/17": what it is about, the main thing first. */
void apl_entry_about(apl_entry *entry, const char *noun, int64_t id);
/* Members of data; each name once. Whole numbers lie within ±(2^53 - 1). */
void apl_entry_i64(apl_entry *entry, const char *name, int64_t value);
void apl_entry_bool(apl_entry *entry, const char *name, bool value);
/* APL_TIME_NONE is null. */
void apl_entry_time(apl_entry *entry, const char *name, apl_time_us value);
/* Words of ours (states, labels, rule names, versions), never a customer's. */
void apl_entry_text(apl_entry *entry, const char *name, apl_span value);
/* Any value, written canonically; its numbers must be whole. */
void apl_entry_json(apl_entry *entry, const char *name, apl_json value);
/* A commitment made by apl_commit_field; each name once. */
void apl_entry_commit(apl_entry *entry, const char *name, const uint8_t hash[APL_SHA256_BYTES]);
/* The seal of a row that was written; key = its primary key without the workspace, parts joined by "/". */
void apl_entry_row(apl_entry *entry, const char *table, apl_span key,
                   const uint8_t seal[APL_SEAL_BYTES]);
/*
 * Writes the entry as the whole content of out (cap at least APL_ENTRY_MAX_BYTES). prev = leaf hash of entry seq - 1,
 * NULL for seq 0 only. APL_E_LIMIT past APL_ENTRY_MAX_BYTES, APL_E_INVALID, APL_E_NOMEM; out is then empty.
 */
apl_rc apl_entry_finish(apl_entry *entry, int64_t seq, const apl_tree_hash *prev, apl_buf *out,
                        apl_err *err) MUST_USE;

/* An entry read back. Spans and values live as long as the document's text. */
typedef struct apl_entry_view {
    int64_t workspace_id, seq;
    apl_time_us at_us;
    apl_span kind, actor;
    apl_json about, data, commits, rows;
    bool has_prev;
    apl_tree_hash prev;
} apl_entry_view;

/* Checks shape, words and that the bytes are canonical. APL_E_CORRUPT, APL_E_VERSION (made by a newer program), APL_E_NOMEM. */
apl_rc apl_entry_parse(apl_json_doc *doc, apl_span bytes, apl_entry_view *out_view,
                       apl_err *err) MUST_USE;
/* Over apl_json_each(view.commits) and apl_json_each(view.rows); false at the end. */
bool apl_entry_next_commit(apl_json_iter *it, apl_span *out_name,
                           uint8_t out_hash[APL_SHA256_BYTES]);
bool apl_entry_next_row(apl_json_iter *it, apl_span *out_table, apl_span *out_key,
                        uint8_t out_seal[APL_SEAL_BYTES]);

#endif
