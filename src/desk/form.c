/* SPDX-License-Identifier: Apache-2.0 */
/* From the form to posts; see form.h. Tests: tests/e2e/test_api_intake.py */
#include "desk/form.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "desk/answered.h"
#include "desk/channel.h"
#include "desk/query_case.h"

/* The same form sent twice is the same post: the id comes from what it says. */
static char *form_id(const apl_form *form, const char *what, apl_arena *arena)
{
    uint8_t hash[APL_SHA256_BYTES];
    char text[APL_BASE64_URL_TEXT_BYTES(APL_SHA256_BYTES)];
    const apl_span parts[] = {
        apl_span_of(what),
        form->author_name,
        form->author_contact,
        form->text,
        form->title,
        {(const char *)&form->at_us, sizeof form->at_us},
        {(const char *)&form->case_id, sizeof form->case_id},
    };
    apl_answered_hash(parts, sizeof parts / sizeof *parts, hash);
    (void)apl_base64_encode((apl_span){(const char *)hash, 15}, APL_BASE64_URL, text);
    return apl_arena_printf(arena, "%s:%s", what, text);
}

static apl_rc lower(apl_span text, apl_arena *arena, apl_span *out, apl_err *err)
{
    char *copy = apl_arena_str(arena, apl_span_trim(text));
    if (!copy)
        return apl_err_nomem(err);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    *out = apl_span_of(copy);
    return APL_OK;
}

/* A named case: its channel, its author, its conversation. */
static apl_rc join_case(apl_desk *desk, const apl_form *form, apl_arena *arena, apl_post_in *post,
                        apl_channel_row *channel, apl_err *err)
{
    apl_case_line line;
    apl_post_row root;
    bool found = false;
    apl_rc rc = apl_case_line_find(desk, form->case_id, arena, &line, &found, err);
    if (!rc && !found) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no case %lld", (long long)form->case_id);
        apl_err_where(err, "case_id");
        return APL_E_NOT_FOUND;
    }
    int64_t keys[] = {desk->workspace_id, line.row.conversation_id};
    if (!rc)
        rc = apl_row_find(&(apl_reading){desk->conn, arena}, &apl_table_post, keys, &root, &found,
                          err);
    if (!rc && found)
        rc = apl_channel_get(desk, root.channel_id, arena, channel, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "the conversation of case %lld is not there",
                         (long long)form->case_id);
    if (rc)
        return rc;
    post->parent_id = root.remote_id;
    post->author_id = line.author_handle;
    post->author_name = line.author_name;
    return APL_OK;
}

static apl_rc join_person(apl_desk *desk, const apl_form *form, apl_arena *arena, apl_post_in *post,
                          apl_channel_row *channel, apl_err *err)
{
    bool found = false;
    apl_rc rc = apl_channel_find(&(apl_reading){desk->conn, arena}, desk->workspace_id,
                                 APL_SPAN("intake"), channel, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "this workspace has no channel for the intake form");
    if (!rc)
        rc = lower(form->author_contact.len ? form->author_contact : form->author_name, arena,
                   &post->author_id, err);
    if (rc)
        return rc;
    char *parent = apl_arena_printf(arena, "person:%.*s", APL_SPAN_ARGS(post->author_id));
    if (!parent)
        return apl_err_nomem(err);
    post->parent_id = apl_span_of(parent);
    post->author_name = apl_span_trim(form->author_name);
    return APL_OK;
}

static apl_rc add_reply(const apl_desk *desk, const apl_form *form, apl_arena *arena,
                        apl_form_posts *posts, apl_err *err)
{
    char *id = form_id(form, "said", arena);
    if (!id)
        return apl_err_nomem(err);
    apl_post_in *reply = &posts->items[posts->count++].post;
    *reply = (apl_post_in){
        .kind = form->kind,
        .is_own = true,
        .remote_id = apl_span_of(id),
        .parent_id = posts->items[0].post.remote_id,
        .author_id = desk->workspace.name,
        .author_name = form->user_name.len ? form->user_name : desk->workspace.name,
        .text = form->reply_text,
        .company = form->company,
        .rating_x10 = APL_POST_RATING_NONE,
        .at_us = form->reply_at_us,
    };
    apl_rc rc = apl_post_in_check(reply, err);
    if (rc)
        apl_err_where(err, "own_reply");
    return rc;
}

apl_rc apl_form_read(apl_desk *desk, const apl_form *form, apl_arena *arena,
                     apl_form_posts *out_posts, apl_err *err)
{
    apl_form_posts *posts = apl_arena_alloc(arena, 1, sizeof *posts);
    char *id = form_id(form, "form", arena);
    if (!posts || !id)
        return apl_err_nomem(err);
    apl_post_in *post = &posts->items[0].post;
    *post = (apl_post_in){
        .kind = form->kind,
        .remote_id = apl_span_of(id),
        .text = form->text,
        .title = form->title,
        .company = form->company,
        .rating_x10 = form->rating_x10,
        .at_us = form->at_us,
    };
    posts->count = 1;
    if (form->has_reply && form->reply_at_us < form->at_us) {
        apl_err_set(err, APL_E_INVALID, "the answer is older than what it answers");
        apl_err_where(err, "own_reply/at");
        return APL_E_INVALID;
    }
    apl_rc rc = form->case_id ? join_case(desk, form, arena, post, &posts->channel, err)
                              : join_person(desk, form, arena, post, &posts->channel, err);
    if (!rc)
        rc = apl_post_in_check(post, err);
    if (!rc && form->has_reply)
        rc = add_reply(desk, form, arena, posts, err);
    if (!rc)
        *out_posts = *posts;
    return rc;
}
