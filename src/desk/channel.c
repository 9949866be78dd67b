/* SPDX-License-Identifier: Apache-2.0 */
/* Channels; see channel.h. Tests: tests/e2e/test_webhook.py */
#include "desk/channel.h"

#include "base/utf8.h"
#include "crypto/box.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {"webhook", "import", "intake"};

static bool is_slug_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "Trade Press (UK)" becomes "trade-press-uk". */
static apl_span slug_from(apl_span name, char out[APL_CHANNEL_SLUG_MAX_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 1 < APL_CHANNEL_SLUG_MAX_BYTES; i++) {
        char c = name.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (is_slug_byte(c))
            out[len++] = c;
        else if (len && out[len - 1] != '-')
            out[len++] = '-';
    }
    while (len && out[len - 1] == '-')
        len--;
    return (apl_span){out, len};
}

static apl_rc check(const apl_channel_new *channel, apl_span slug, apl_err *err)
{
    bool is_kind = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        is_kind = is_kind || apl_span_is(channel->kind, kinds[i]);
    if (!is_kind) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no kind of channel",
                    APL_SPAN_ARGS(apl_utf8_cut(channel->kind, 40)));
        apl_err_where(err, "kind");
        apl_err_fix(err, "use webhook, import or intake");
        return APL_E_INVALID;
    }
    if (!channel->name.len || channel->name.len > 120 || !apl_utf8_is_valid(channel->name)) {
        apl_err_set(err, APL_E_INVALID, "a channel needs a name of 1 to 120 bytes");
        apl_err_where(err, "name");
        return APL_E_INVALID;
    }
    bool good = slug.len && slug.len < APL_CHANNEL_SLUG_MAX_BYTES;
    for (size_t i = 0; i < slug.len && good; i++)
        good = is_slug_byte(slug.ptr[i]);
    if (!good) {
        apl_err_set(err, APL_E_INVALID, "a channel needs a short name of a-z, 0-9, - and _");
        apl_err_where(err, "slug");
        return APL_E_INVALID;
    }
    return APL_OK;
}

/* The row's id is bound to the box, so that a secret cannot be moved to another channel. */
static apl_span about_row(int64_t id, char out[32])
{
    int len = snprintf(out, 32, "channel/%lld", (long long)id);
    return (apl_span){out, (size_t)len};
}

static apl_rc make_secret(apl_tx *tx, apl_channel_row *row,
                          char text[APL_CHANNEL_SECRET_TEXT_BYTES], apl_err *err)
{
    uint8_t secret[APL_CHANNEL_SECRET_BYTES], nonce[APL_BOX_NONCE_BYTES];
    char about[32];
    const apl_random_src *random = tx->desk->env.random;
    uint8_t *box = apl_arena_alloc(&tx->arena, 1, sizeof secret + APL_BOX_OVERHEAD_BYTES);
    if (!box)
        return apl_err_nomem(err);
    random->fill(random->ctx, secret, sizeof secret);
    random->fill(random->ctx, nonce, sizeof nonce);
    apl_span plain = {(const char *)secret, sizeof secret};
    apl_box_seal(tx->desk->secret_key, nonce, about_row(row->id, about), plain, box);
    row->secret = (apl_span){(const char *)box, sizeof secret + APL_BOX_OVERHEAD_BYTES};
    memcpy(text, "whsec_", 6);
    (void)apl_base64_encode(plain, APL_BASE64_STD, text + 6);
    apl_secret_wipe(secret, sizeof secret);
    return APL_OK;
}

apl_rc apl_channel_secret(const apl_desk *desk, const apl_channel_row *row,
                          uint8_t out[APL_CHANNEL_SECRET_BYTES], apl_err *err)
{
    char about[32];
    if (row->secret.len != APL_CHANNEL_SECRET_BYTES + APL_BOX_OVERHEAD_BYTES)
        return apl_err_set(err, APL_E_UNSUPPORTED, "this channel takes no signed webhooks");
    return apl_box_open(desk->secret_key, about_row(row->id, about), row->secret, out, err);
}

apl_rc apl_channel_find(const apl_reading *reading, int64_t workspace_id, apl_span slug,
                        apl_channel_row *out_row, bool *out_found, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_CHANNEL_COLUMNS) " FROM channel WHERE workspace_id = $1"
                                                " AND slug = $2";
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(reading->conn, sql, APL_VALS(APL_I64(workspace_id), APL_TEXT(slug)),
                               &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, out_found, err);
    if (!rc && *out_found)
        rc = apl_row_read(cursor, &apl_table_channel, 0, reading->arena, out_row, err);
    apl_cursor_close(cursor);
    return rc;
}

apl_rc apl_channel_find_named(apl_conn *conn, int64_t workspace_id, apl_span name, apl_arena *arena,
                              apl_channel_row *out_row, apl_err *err)
{
    char slug[APL_CHANNEL_SLUG_MAX_BYTES];
    bool found = false;
    apl_rc rc = apl_channel_find(&(apl_reading){conn, arena}, workspace_id, slug_from(name, slug),
                                 out_row, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "there is no channel \"%.*s\"",
                         APL_SPAN_ARGS(apl_utf8_cut(name, 60)));
    return rc;
}

apl_rc apl_channel_add(apl_tx *tx, const apl_channel_new *channel, apl_actor actor,
                       apl_channel_row *out_row, char out_secret[APL_CHANNEL_SECRET_TEXT_BYTES],
                       apl_err *err)
{
    char made[APL_CHANNEL_SLUG_MAX_BYTES];
    bool taken = false;
    apl_channel_row row;
    apl_span slug = channel->slug.len ? channel->slug : slug_from(channel->name, made);
    out_secret[0] = '\0';
    apl_rc rc = check(channel, slug, err);
    if (!rc)
        rc = apl_channel_find(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id, slug, &row,
                              &taken, err);
    if (!rc && taken) {
        apl_err_set(err, APL_E_EXISTS, "there is already a channel \"%.*s\"", APL_SPAN_ARGS(slug));
        apl_err_where(err, "slug");
        return APL_E_EXISTS;
    }
    if (rc)
        return rc;
    row = (apl_channel_row){
        .workspace_id = tx->workspace_id,
        .id = apl_tx_new_id(tx),
        .kind = channel->kind,
        .name = channel->name,
        .created_us = tx->now,
        .disabled_us = APL_TIME_NONE,
    };
    rc = apl_arena_copy(&tx->arena, slug, &row.slug, err);
    if (!rc && apl_span_is(channel->kind, "webhook"))
        rc = make_secret(tx, &row, out_secret, err);
    if (!rc)
        rc = apl_tx_entry_begin(tx, "channel.added", actor, err);
    if (!rc)
        rc = apl_tx_about(tx, "channel", row.id, err);
    if (!rc)
        rc = apl_tx_insert(tx, &apl_table_channel, &row, NULL, err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    if (!rc)
        *out_row = row;
    return rc;
}

apl_rc apl_channel_add_builtin(apl_tx *tx, apl_err *err)
{
    static const apl_channel_new builtin[] = {
        {{"import", 6}, {"import", 6}, {"Imported archives", 17}},
        {{"intake", 6}, {"intake", 6}, {"Telephone, visits, letters", 26}},
    };
    char secret[APL_CHANNEL_SECRET_TEXT_BYTES];
    apl_channel_row row;
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < sizeof builtin / sizeof *builtin && !rc; i++)
        rc = apl_channel_add(tx, &builtin[i], APL_ACTOR_SYSTEM, &row, secret, err);
    return rc;
}
