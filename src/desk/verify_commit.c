/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commitments: an entry of a post commits to the text, the payload and the author's id, each with the salt of the post
 * version that the same entry seals. Tests: tests/e2e/test_verify.py
 */
#include "desk/verify_internal.h"

#include <string.h>

typedef struct opening {
    apl_verify *v;
    const apl_entry_view *entry;
    int64_t post_id, version_no;
    uint8_t salt[APL_SALT_BYTES];
} opening;

/* The post version that the entry wrote; an entry has at most one. */
static bool find_version(const apl_entry_view *entry, int64_t *out_post, int64_t *out_version)
{
    apl_span table, key, post;
    uint8_t seal[APL_SEAL_BYTES];
    for (apl_json_iter it = apl_json_each(entry->rows);
         apl_entry_next_row(&it, &table, &key, seal);)
        if (apl_span_is(table, "post_version"))
            return apl_span_split(&key, '/', &post) && !apl_span_parse_i64(post, out_post, NULL) &&
                   !apl_span_parse_i64(key, out_version, NULL);
    return false;
}

static bool opens(const opening *o, const char *field, const uint8_t expected[APL_SHA256_BYTES],
                  apl_span value)
{
    uint8_t hash[APL_SHA256_BYTES];
    apl_commit_field(o->salt, field, value, hash);
    return memcmp(hash, expected, sizeof hash) == 0;
}

static void changed(const opening *o, const char *column, const char *detail)
{
    apl_finding *f = apl_verify_note(o->v, APL_FINDING_CHANGED, o->entry->seq,
                                     "post_version %lld/%lld", (long long)o->post_id,
                                     (long long)o->version_no);
    apl_finding_at(f, column);
    apl_finding_say(f, "%s", detail);
}

/* A deletion that came before its post names whom the network named; the post itself may later say nobody. */
static apl_rc any_author_opens(const opening *o, const uint8_t expected[APL_SHA256_BYTES],
                               bool *out_opens, apl_err *err)
{
    static const char sql[] = "SELECT remote_id FROM author WHERE workspace_id = $1";
    apl_cursor *cursor = NULL;
    bool has_row = true;
    *out_opens = false;
    apl_rc rc =
        apl_conn_query(o->v->conn, sql, APL_VALS(APL_I64(o->v->in->workspace_id)), &cursor, err);
    while (!rc && has_row && !*out_opens) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row)
            *out_opens = opens(o, "author", expected, apl_cursor_span(cursor, 0));
    }
    apl_cursor_close(cursor);
    return rc;
}

static apl_rc open_author(const opening *o, const uint8_t expected[APL_SHA256_BYTES],
                          apl_span author, apl_err *err)
{
    bool ok = opens(o, "author", expected, author);
    if (!ok && apl_span_is(o->entry->kind, "post.deleted")) {
        apl_rc rc = any_author_opens(o, expected, &ok, err);
        if (rc)
            return rc;
    }
    if (!ok) {
        apl_finding *f = apl_verify_note(o->v, APL_FINDING_CHANGED, o->entry->seq, "post %lld",
                                         (long long)o->post_id);
        apl_finding_at(f, "author");
        apl_finding_say(f, "its author's id is not the one that came with the post");
    }
    return APL_OK;
}

static apl_rc open_all(const opening *o, apl_cursor *cursor, apl_err *err)
{
    apl_span name;
    uint8_t expected[APL_SHA256_BYTES];
    apl_rc rc = APL_OK;
    for (apl_json_iter it = apl_json_each(o->entry->commits);
         !rc && apl_entry_next_commit(&it, &name, expected);) {
        o->v->report->commitments++;
        if (apl_span_is(name, "text")) {
            if (!opens(o, "text", expected, apl_cursor_span(cursor, 0)))
                changed(o, "text", "the text is not the one that came in");
        } else if (apl_span_is(name, "payload")) {
            if (!opens(o, "payload", expected, apl_cursor_span(cursor, 1)))
                changed(o, "raw", "the raw payload is not the one that came in");
        } else if (apl_span_is(name, "author")) {
            rc = open_author(o, expected, apl_cursor_span(cursor, 4), err);
        } else {
            apl_finding *f = apl_verify_note(o->v, APL_FINDING_BROKEN, o->entry->seq,
                                             "ledger_entry %lld", (long long)o->entry->seq);
            apl_finding_say(f, "this program does not know what %.*s commits to",
                            APL_SPAN_ARGS(name));
        }
    }
    return rc;
}

/* A row that is missing, or was sealed again later, is the business of the pass over the rows. */
static apl_rc open_version(opening *o, apl_err *err)
{
    static const char sql[] =
        "SELECT v.text, v.raw, v.salt, v.seal_seq, coalesce(a.remote_id, '') FROM post_version v"
        " LEFT JOIN post p ON p.workspace_id = v.workspace_id AND p.id = v.post_id"
        " LEFT JOIN author a ON a.workspace_id = p.workspace_id AND a.id = p.author_id"
        " WHERE v.workspace_id = $1 AND v.post_id = $2 AND v.version_no = $3";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    apl_rc rc = apl_conn_query(
        o->v->conn, sql,
        APL_VALS(APL_I64(o->v->in->workspace_id), APL_I64(o->post_id), APL_I64(o->version_no)),
        &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row && apl_cursor_i64(cursor, 3) == o->entry->seq) {
        apl_span salt = apl_cursor_span(cursor, 2);
        if (salt.len == sizeof o->salt)
            memcpy(o->salt, salt.ptr, sizeof o->salt);
        rc = open_all(o, cursor, err);
    }
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_verify_commits(apl_verify *v, const apl_entry_view *entry, apl_err *err)
{
    opening o = {.v = v, .entry = entry};
    if (!apl_json_count(entry->commits))
        return APL_OK;
    if (!find_version(entry, &o.post_id, &o.version_no)) {
        apl_finding *f = apl_verify_note(v, APL_FINDING_BROKEN, entry->seq, "ledger_entry %lld",
                                         (long long)entry->seq);
        apl_finding_say(f, "it commits to texts but names no row that holds them");
        return APL_OK;
    }
    return open_version(&o, err);
}
