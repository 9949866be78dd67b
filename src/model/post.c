/* SPDX-License-Identifier: Apache-2.0 */
/* The post as it comes in; see post.h. Tests: tests/unit/model/test_post.c */
#include "model/post.h"

#include "base/utf8.h"

static const char *const kind_names[APL_POST_KIND_COUNT] = {
    [APL_POST_KIND_POST] = "post",       [APL_POST_KIND_COMMENT] = "comment",
    [APL_POST_KIND_MENTION] = "mention", [APL_POST_KIND_REVIEW] = "review",
    [APL_POST_KIND_MESSAGE] = "message", [APL_POST_KIND_EMAIL] = "email",
    [APL_POST_KIND_CALL] = "call",       [APL_POST_KIND_VISIT] = "visit",
    [APL_POST_KIND_LETTER] = "letter",   [APL_POST_KIND_NOTICE] = "notice",
};

const char *apl_post_kind_name(apl_post_kind kind)
{
    return (unsigned)kind < APL_POST_KIND_COUNT ? kind_names[kind] : NULL;
}

apl_rc apl_post_kind_parse(apl_span text, apl_post_kind *out_kind, apl_err *err)
{
    for (unsigned i = 0; i < APL_POST_KIND_COUNT; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(kind_names[i]))) {
            *out_kind = (apl_post_kind)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no kind of post",
                APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(
        err,
        "use one of: post, comment, mention, review, message, email, call, visit, letter, notice");
    return APL_E_INVALID;
}

bool apl_post_kind_is_private(apl_post_kind kind)
{
    return kind >= APL_POST_KIND_MESSAGE;
}

static apl_rc check_text(apl_span text, const char *field, size_t max_bytes, apl_err *err)
{
    if (text.len > max_bytes) {
        apl_err_set(err, APL_E_LIMIT, "%s has %zu bytes, more than %zu", field, text.len,
                    max_bytes);
        apl_err_where(err, "%s", field);
        return APL_E_LIMIT;
    }
    size_t bad = apl_utf8_invalid_at(text);
    if (bad != SIZE_MAX) {
        apl_err_set(err, APL_E_INVALID, "%s is not valid UTF-8 at byte %zu", field, bad);
        apl_err_where(err, "%s", field);
        return APL_E_INVALID;
    }
    if (apl_span_find_byte(text, '\0') != SIZE_MAX) {
        apl_err_set(err, APL_E_INVALID, "%s holds a NUL byte", field);
        apl_err_where(err, "%s", field);
        return APL_E_INVALID;
    }
    return APL_OK;
}

static apl_rc check_event(const apl_post_in *post, apl_err *err)
{
    if (post->event != APL_POST_EVENT_CREATE && !post->remote_id.len) {
        apl_err_set(err, APL_E_INVALID, "an edit or a deletion must name the post");
        apl_err_where(err, "id");
        return APL_E_INVALID;
    }
    if (post->event != APL_POST_EVENT_DELETE && !apl_span_trim(post->text).len &&
        !post->title.len && post->rating_x10 == APL_POST_RATING_NONE) {
        apl_err_set(err, APL_E_INVALID, "the text is empty");
        apl_err_where(err, "text");
        return APL_E_INVALID;
    }
    if (post->at_us < APL_TIME_MIN_US || post->at_us >= APL_TIME_MAX_US) {
        apl_err_set(err, APL_E_INVALID, "the time is outside the years 1970 to 2199");
        apl_err_where(err, "time");
        return APL_E_INVALID;
    }
    if (post->rating_x10 != APL_POST_RATING_NONE &&
        (post->rating_x10 < 0 || post->rating_x10 > 50)) {
        apl_err_set(err, APL_E_INVALID, "a rating must lie between 0 and 5 stars");
        apl_err_where(err, "rating");
        return APL_E_INVALID;
    }
    return APL_OK;
}

apl_rc apl_post_in_check(const apl_post_in *post, apl_err *err)
{
    const struct {
        apl_span text;
        const char *field;
        size_t max_bytes;
    } fields[] = {
        {post->remote_id, "id", APL_POST_ID_MAX_BYTES},
        {post->revision, "revision", APL_POST_ID_MAX_BYTES},
        {post->parent_id, "parent", APL_POST_ID_MAX_BYTES},
        {post->author_id, "author", APL_POST_NAME_MAX_BYTES},
        {post->author_name, "author name", APL_POST_NAME_MAX_BYTES},
        {post->text, "text", APL_POST_TEXT_MAX_BYTES},
        {post->title, "title", APL_POST_ID_MAX_BYTES * 4},
        {post->company, "company", APL_POST_NAME_MAX_BYTES},
        {post->url, "url", APL_POST_ID_MAX_BYTES * 4},
        {post->lang, "language", 35},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        apl_rc rc = check_text(fields[i].text, fields[i].field, fields[i].max_bytes, err);
        if (rc)
            return rc;
    }
    if (post->raw.len > APL_POST_RAW_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the raw payload has more than %d bytes",
                           APL_POST_RAW_MAX_BYTES);
    return check_event(post, err);
}
