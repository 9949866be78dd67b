/* SPDX-License-Identifier: Apache-2.0 */
/* Remembered answers; see answered.h. Tests: tests/e2e/test_api_idempotency.py, tests/e2e/test_webhook.py */
#include "desk/answered.h"

#include "crypto/box.h"
#include "crypto/encode.h"

static void hash_text(const uint8_t hash[APL_SHA256_BYTES],
                      char out[APL_BASE64_URL_TEXT_BYTES(APL_SHA256_BYTES)])
{
    (void)apl_base64_encode((apl_span){(const char *)hash, APL_SHA256_BYTES}, APL_BASE64_URL, out);
}

/* Each part goes in with its length, so that no two lists of parts look alike. */
void apl_answered_hash(const apl_span *parts, size_t count, uint8_t out[APL_SHA256_BYTES])
{
    apl_sha256 hash;
    apl_sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        apl_sha256_add(&hash, (apl_span){(const char *)&len, sizeof len});
        apl_sha256_add(&hash, parts[i]);
    }
    apl_sha256_finish(&hash, out);
}

/* Bound to whose answer it is. */
static apl_rc about_of(const apl_answered_key *key, apl_arena *arena, apl_span *out, apl_err *err)
{
    char *text = apl_arena_printf(arena, "answer/%.*s/%.*s", APL_SPAN_ARGS(key->scope),
                                  APL_SPAN_ARGS(key->key));
    *out = apl_span_of(text);
    return text ? APL_OK : apl_err_nomem(err);
}

/* Answers may hold what is shown only once (a link, a channel's key), so they lie in the store sealed. */
static apl_rc seal_body(apl_tx *tx, const apl_answered_key *key, apl_span body, apl_span *out,
                        apl_err *err)
{
    uint8_t nonce[APL_BOX_NONCE_BYTES];
    size_t len = body.len + APL_BOX_OVERHEAD_BYTES;
    apl_span about;
    apl_rc rc = about_of(key, &tx->arena, &about, err);
    if (rc)
        return rc;
    uint8_t *box = apl_arena_alloc(&tx->arena, 1, len);
    char *text = apl_arena_alloc(&tx->arena, 1, APL_BASE64_STD_TEXT_BYTES(len));
    if (!box || !text)
        return apl_err_nomem(err);
    tx->desk->env.random->fill(tx->desk->env.random->ctx, nonce, sizeof nonce);
    apl_box_seal(tx->desk->secret_key, nonce, about, body, box);
    out->len = apl_base64_encode((apl_span){(const char *)box, len}, APL_BASE64_STD, text);
    out->ptr = text;
    return APL_OK;
}

static apl_rc open_body(apl_tx *tx, const apl_answered_key *key, apl_span text, apl_span *out,
                        apl_err *err)
{
    size_t len = 0;
    apl_span about;
    uint8_t *box = apl_arena_alloc(&tx->arena, 2, text.len + 1);
    if (!box)
        return apl_err_nomem(err);
    uint8_t *plain = box + text.len + 1;
    apl_rc rc = about_of(key, &tx->arena, &about, err);
    if (!rc)
        rc = apl_base64_decode(text, APL_BASE64_STD, box, text.len, &len, err);
    if (!rc && len < APL_BOX_OVERHEAD_BYTES)
        rc = apl_err_set(err, APL_E_CORRUPT, "a remembered answer is damaged");
    if (!rc)
        rc = apl_box_open(tx->desk->secret_key, about, (apl_span){(const char *)box, len}, plain,
                          err);
    if (!rc)
        *out = (apl_span){(const char *)plain, len - APL_BOX_OVERHEAD_BYTES};
    return rc;
}

apl_rc apl_answered_find(apl_tx *tx, const apl_answered_key *key, apl_answered *out_answer,
                         bool *out_found, apl_err *err)
{
    static const char sql[] =
        "SELECT request_hash, status, body FROM answered_request WHERE workspace_id = $1"
        " AND scope = $2 AND request_key = $3 AND created_us > $4";
    char hash[APL_BASE64_URL_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_answered answer = {0};
    apl_cursor *cursor = NULL;
    bool has_row = false, is_same = false;
    hash_text(key->hash, hash);
    apl_rc rc =
        apl_conn_query(tx->conn, sql,
                       APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(key->scope), APL_TEXT(key->key),
                                APL_I64(tx->now - APL_ANSWERED_KEEP_US)),
                       &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row) {
        is_same = apl_span_is(apl_cursor_span(cursor, 0), hash);
        answer.status = (int)apl_cursor_i64(cursor, 1);
        rc = apl_arena_copy(&tx->arena, apl_cursor_span(cursor, 2), &answer.body, err);
    }
    apl_cursor_close(cursor);
    if (rc)
        return rc;
    if (has_row && !is_same) {
        apl_err_set(err, APL_E_EXISTS, "this key was used before for another request");
        apl_err_fix(err,
                    "make a new key for each request; use it again only to send the very same one");
        return APL_E_EXISTS;
    }
    if (has_row)
        rc = open_body(tx, key, answer.body, &answer.body, err);
    *out_found = has_row;
    if (has_row && !rc)
        *out_answer = answer;
    return rc;
}

apl_rc apl_answered_put(apl_tx *tx, const apl_answered_key *key, const apl_answered *answer,
                        apl_err *err)
{
    static const char old_sql[] =
        "DELETE FROM answered_request WHERE workspace_id = $1 AND created_us <= $2";
    static const char sql[] = "INSERT INTO answered_request (workspace_id, scope, request_key, "
                              "request_hash, status, body, created_us)"
                              " VALUES ($1, $2, $3, $4, $5, $6, $7)";
    char hash[APL_BASE64_URL_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_span sealed;
    hash_text(key->hash, hash);
    /* What is too old goes with each new one: by the index on the age, so it costs nothing when there is nothing. */
    apl_rc rc = apl_conn_run(
        tx->conn, old_sql,
        APL_VALS(APL_I64(tx->workspace_id), APL_I64(tx->now - APL_ANSWERED_KEEP_US)), err);
    if (!rc)
        rc = seal_body(tx, key, answer->body, &sealed, err);
    if (!rc)
        rc = apl_conn_run(tx->conn, sql,
                          APL_VALS(APL_I64(tx->workspace_id), APL_TEXT(key->scope),
                                   APL_TEXT(key->key), APL_TEXT(apl_span_of(hash)),
                                   APL_I64(answer->status), APL_TEXT(sealed), APL_I64(tx->now)),
                          err);
    return rc;
}
