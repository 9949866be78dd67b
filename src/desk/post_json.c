/* SPDX-License-Identifier: Apache-2.0 */
/* PostEvent of api/openapi.yaml; see post_json.h. Tests: tests/e2e/test_webhook.py */
#include "desk/post_json.h"

static const char *const names[] = {"event",  "id",    "revision",   "parent_id", "kind",    "own",
                                    "author", "text",  "title",      "rating",    "company", "url",
                                    "lang",   "reach", "echo_count", "at"};
static const char *const author_names[] = {"id", "name"};

static apl_rc read_event(apl_json event, apl_post_in *post, apl_err *err)
{
    apl_span word = APL_SPAN("create");
    apl_rc rc = apl_json_opt_str(event, "event", &word, err);
    if (rc)
        return rc;
    if (apl_span_is(word, "create"))
        post->event = APL_POST_EVENT_CREATE;
    else if (apl_span_is(word, "edit"))
        post->event = APL_POST_EVENT_EDIT;
    else if (apl_span_is(word, "delete"))
        post->event = APL_POST_EVENT_DELETE;
    else
        return apl_json_refuse(apl_json_get(event, "event"), err,
                               "expected create, edit or delete");
    return APL_OK;
}

static apl_rc read_kind(apl_json event, apl_post_in *post, apl_err *err)
{
    apl_span word = APL_SPAN("post");
    apl_rc rc = apl_json_opt_str(event, "kind", &word, err);
    if (!rc && apl_post_kind_parse(word, &post->kind, err))
        rc = apl_json_refuse(apl_json_get(event, "kind"), err, "\"%.*s\" is no kind of post",
                             APL_SPAN_ARGS(apl_span_sub(word, 0, 40)));
    return rc;
}

static apl_rc read_author(apl_json event, apl_post_in *post, apl_err *err)
{
    apl_json author = APL_JSON_NONE;
    apl_rc rc = apl_json_opt_object(event, "author", &author, err);
    if (rc || apl_json_is_absent(author))
        return rc;
    rc = apl_json_check_names(author, author_names, 2, err);
    if (!rc)
        rc = apl_json_opt_str(author, "id", &post->author_id, err);
    return rc ? rc : apl_json_opt_str(author, "name", &post->author_name, err);
}

static apl_rc read_rating(apl_json event, apl_post_in *post, apl_err *err)
{
    double stars = -1;
    apl_rc rc = apl_json_opt_double(event, "rating", &stars, err);
    if (rc || apl_json_is_absent(apl_json_get(event, "rating")))
        return rc;
    if (!(stars >= 0 && stars <= 5))
        return apl_json_refuse(apl_json_get(event, "rating"), err,
                               "a rating must lie between 0 and 5 stars");
    post->rating_x10 = (int)(stars * 10 + 0.5);
    return APL_OK;
}

static apl_rc read_texts(apl_json event, apl_post_in *post, apl_err *err)
{
    const struct {
        const char *name;
        apl_span *out;
    } texts[] = {
        {"id", &post->remote_id}, {"revision", &post->revision}, {"parent_id", &post->parent_id},
        {"text", &post->text},    {"title", &post->title},       {"company", &post->company},
        {"url", &post->url},      {"lang", &post->lang}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        apl_rc rc = apl_json_opt_str(event, texts[i].name, texts[i].out, err);
        if (rc)
            return rc;
    }
    return APL_OK;
}

apl_rc apl_post_json_read(apl_json event, apl_post_in *out_post, apl_err *err)
{
    apl_post_in post = {.rating_x10 = APL_POST_RATING_NONE};
    apl_rc rc = apl_json_check_names(event, names, sizeof names / sizeof *names, err);
    if (!rc)
        rc = read_event(event, &post, err);
    if (!rc)
        rc = read_kind(event, &post, err);
    if (!rc)
        rc = read_author(event, &post, err);
    if (!rc)
        rc = read_texts(event, &post, err);
    if (!rc)
        rc = read_rating(event, &post, err);
    if (!rc)
        rc = apl_json_opt_bool(event, "own", &post.is_own, err);
    if (!rc)
        rc = apl_json_opt_i64(event, "reach", &post.reach, err);
    if (!rc)
        rc = apl_json_opt_i64(event, "echo_count", &post.echo_count, err);
    if (!rc)
        rc = apl_json_get_time(event, "at", &post.at_us, err);
    if (!rc)
        rc = apl_post_in_check(&post, err);
    if (!rc && (post.reach < 0 || post.echo_count < 0))
        rc = apl_json_refuse(event, err, "reach and echo_count cannot be negative");
    if (!rc)
        *out_post = post;
    return rc;
}

static void write_optional(apl_json_writer *w, const char *name, apl_span text)
{
    if (text.len)
        apl_json_member_string(w, name, text);
}

void apl_post_json_write(const apl_post_in *post, apl_json_writer *w)
{
    static const char *const events[] = {"create", "edit", "delete"};
    apl_json_object_begin(w);
    apl_json_member_str(w, "event", events[post->event]);
    write_optional(w, "id", post->remote_id);
    write_optional(w, "revision", post->revision);
    write_optional(w, "parent_id", post->parent_id);
    apl_json_member_str(w, "kind", apl_post_kind_name(post->kind));
    if (post->is_own)
        apl_json_member_bool(w, "own", true);
    apl_json_key(w, "author");
    apl_json_object_begin(w);
    write_optional(w, "id", post->author_id);
    write_optional(w, "name", post->author_name);
    apl_json_object_end(w);
    write_optional(w, "text", post->text);
    write_optional(w, "title", post->title);
    if (post->rating_x10 != APL_POST_RATING_NONE)
        apl_json_member_double(w, "rating", post->rating_x10 / 10.0);
    write_optional(w, "company", post->company);
    write_optional(w, "url", post->url);
    write_optional(w, "lang", post->lang);
    if (post->reach)
        apl_json_member_i64(w, "reach", post->reach);
    if (post->echo_count)
        apl_json_member_i64(w, "echo_count", post->echo_count);
    apl_json_member_time(w, "at", post->at_us);
    apl_json_object_end(w);
}
