/* SPDX-License-Identifier: Apache-2.0 */
/* A record becomes a post; see convert.h. Tests: tests/unit/archive/test_convert.c */
#include "archive/convert.h"

#include "archive/values.h"
#include "base/utf8.h"

#include <string.h>

struct apl_convert {
    const apl_survey *survey;
    const apl_archive *archive;
    apl_convert_options options;
};

apl_rc apl_convert_new(const apl_survey *survey, const apl_archive *archive,
                       const apl_convert_options *options, apl_convert **out_convert, apl_err *err)
{
    apl_rc rc = apl_mapping_check(&survey->mapping, archive, err);
    if (rc)
        return rc;
    apl_convert *c = apl_mem_zalloc(1, sizeof *c);
    if (!c)
        return apl_err_nomem(err);
    c->survey = survey;
    c->archive = archive;
    if (options)
        c->options = *options;
    *out_convert = c;
    return APL_OK;
}

void apl_convert_free(apl_convert *convert)
{
    apl_mem_free(convert);
}

/* The untrimmed value of a role; empty when there is none. */
static apl_span value(const apl_convert *c, const apl_archive_record *record, apl_column_role role)
{
    int column = c->survey->mapping.column[role];
    return column >= 0 && (size_t)column < record->field_count ? record->fields[column]
                                                               : APL_SPAN_NONE;
}

static apl_span trimmed(const apl_convert *c, const apl_archive_record *record,
                        apl_column_role role)
{
    return apl_span_trim(value(c, record, role));
}

/* Completes an error with its place. */
static apl_rc at_role(const apl_convert *c, const apl_archive_record *record, apl_column_role role,
                      apl_rc rc, apl_err *err)
{
    int column = c->survey->mapping.column[role];
    apl_span name = column < 0
                        ? APL_SPAN_NONE
                        : apl_utf8_cut(apl_archive_column_name(c->archive, (size_t)column), 80);
    apl_err_where(err, "line %llu, column %.*s", (unsigned long long)record->line,
                  APL_SPAN_ARGS(name));
    return rc;
}

static apl_rc refuse(const apl_convert *c, const apl_archive_record *record, apl_column_role role,
                     const char *expected, apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no %s",
                APL_SPAN_ARGS(apl_utf8_cut(trimmed(c, record, role), 60)), expected);
    return at_role(c, record, role, APL_E_INVALID, err);
}

static apl_span without_at(apl_span name)
{
    return name.len && name.ptr[0] == '@' ? apl_span_sub(name, 1, SIZE_MAX) : name;
}

static bool is_own_name(const apl_convert *c, apl_span author)
{
    author = without_at(author);
    for (size_t i = 0; author.len && i < c->options.own_count; i++) {
        apl_span own = without_at(apl_span_trim(apl_span_of(c->options.own_names[i])));
        if (apl_span_equal_nocase(author, own))
            return true;
    }
    return false;
}

static void set_ids(const apl_convert *c, const apl_archive_record *record, apl_post_in *post)
{
    bool was_float;
    apl_id_state state = c->survey->ids;
    apl_span id = apl_value_id(value(c, record, APL_COLUMN_ID), &was_float);
    apl_span parent = apl_value_id(value(c, record, APL_COLUMN_PARENT), &was_float);
    /* A parent can only be found by an id that posts still have. */
    bool usable = state == APL_IDS_GOOD;
    post->remote_id = usable && !apl_value_is_ruined_id(id) ? id : APL_SPAN_NONE;
    post->parent_id = usable && !apl_value_is_ruined_id(parent) && !apl_span_is(parent, "0") &&
                              !apl_span_equal_nocase(parent, APL_SPAN("nan")) &&
                              !apl_span_equal_nocase(parent, APL_SPAN("null"))
                          ? parent
                          : APL_SPAN_NONE;
    post->revision = trimmed(c, record, APL_COLUMN_REVISION);
}

static apl_rc set_direction(const apl_convert *c, const apl_archive_record *record,
                            apl_post_in *post, apl_err *err)
{
    apl_span direction = trimmed(c, record, APL_COLUMN_DIRECTION);
    bool flag, is_own = false;
    if (apl_value_flag(direction, &flag))
        is_own = flag == c->survey->mapping.direction_true_is_own;
    else if (direction.len && !apl_value_direction(direction, &is_own))
        return refuse(c, record, APL_COLUMN_DIRECTION,
                      "direction (True or False, inbound or outbound)", err);
    post->is_own = is_own || is_own_name(c, post->author_id) || is_own_name(c, post->author_name);
    return APL_OK;
}

static apl_rc set_time(const apl_convert *c, const apl_archive_record *record, apl_post_in *post,
                       bool *out_assumed, apl_err *err)
{
    apl_when when;
    apl_span text = trimmed(c, record, APL_COLUMN_TIME);
    if (c->survey->mapping.column[APL_COLUMN_TIME] == APL_MAPPING_NO_COLUMN &&
        c->options.taken_us) {
        post->at_us = c->options.taken_us;
        return APL_OK;
    }
    if (!text.len) {
        apl_err_set(err, APL_E_INVALID, "the time is empty");
        return at_role(c, record, APL_COLUMN_TIME, APL_E_INVALID, err);
    }
    apl_when_scan(text, &when);
    if (when.shape == APL_WHEN_NONE)
        return refuse(c, record, APL_COLUMN_TIME, "time", err);
    apl_when_reading how = {c->survey->order, c->options.zone, c->options.zone_ctx};
    apl_rc rc = apl_when_resolve(&when, &how, &post->at_us, out_assumed, err);
    return rc ? at_role(c, record, APL_COLUMN_TIME, rc, err) : APL_OK;
}

static void set_kind(const apl_convert *c, const apl_archive_record *record, apl_post_in *post)
{
    if (c->options.kind_given)
        post->kind = c->options.kind;
    else if (apl_value_kind(trimmed(c, record, APL_COLUMN_KIND), &post->kind))
        return;
    else if (apl_archive_format_of(c->archive) == APL_ARCHIVE_MBOX)
        post->kind = APL_POST_KIND_EMAIL;
    else if (post->rating_x10 != APL_POST_RATING_NONE)
        post->kind = APL_POST_KIND_REVIEW;
    else if (post->parent_id.len)
        post->kind = APL_POST_KIND_COMMENT;
    else if (post->text.len && post->text.ptr[0] == '@')
        post->kind = APL_POST_KIND_MENTION;
    else
        post->kind = APL_POST_KIND_POST;
}

static apl_rc set_numbers(const apl_convert *c, const apl_archive_record *record, apl_post_in *post,
                          apl_err *err)
{
    apl_span rating = trimmed(c, record, APL_COLUMN_RATING);
    apl_span event = trimmed(c, record, APL_COLUMN_EVENT);
    int scale = c->survey->rating_scale ? c->survey->rating_scale : 5;
    post->rating_x10 = APL_POST_RATING_NONE;
    if (rating.len && !apl_value_rating(rating, scale, &post->rating_x10))
        return refuse(c, record, APL_COLUMN_RATING, "rating (4, 4/5, ★★★★☆, 80%)", err);
    if (!apl_value_event(event, &post->event))
        return refuse(c, record, APL_COLUMN_EVENT, "event (create, edit, delete)", err);
    /* Followers and shares only weigh; what cannot be read is unknown. */
    if (!apl_value_count(trimmed(c, record, APL_COLUMN_REACH), &post->reach))
        post->reach = 0;
    if (!apl_value_count(trimmed(c, record, APL_COLUMN_ECHO), &post->echo_count))
        post->echo_count = 0;
    return APL_OK;
}

/* CR LF becomes LF, so that the same post from two exports has one content key. */
static apl_rc unify_line_ends(apl_span text, apl_arena *arena, apl_span *out_text, apl_err *err)
{
    *out_text = text;
    if (apl_span_find_byte(text, '\r') == SIZE_MAX)
        return APL_OK;
    char *copy = apl_arena_str(arena, text);
    if (!copy)
        return apl_err_nomem(err);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (copy[i] != '\r')
            copy[n++] = copy[i];
        else if (i + 1 == text.len || copy[i + 1] != '\n')
            copy[n++] = '\n';
    }
    *out_text = (apl_span){copy, n};
    return APL_OK;
}

apl_rc apl_convert_record(apl_convert *c, const apl_archive_record *record, apl_arena *arena,
                          apl_post_in *out_post, bool *out_assumed_zone, apl_err *err)
{
    apl_post_in post = {0};
    bool assumed = false;
    post.author_id = trimmed(c, record, APL_COLUMN_AUTHOR);
    post.author_name = trimmed(c, record, APL_COLUMN_AUTHOR_NAME);
    post.title = trimmed(c, record, APL_COLUMN_TITLE);
    post.company = trimmed(c, record, APL_COLUMN_COMPANY);
    post.url = trimmed(c, record, APL_COLUMN_URL);
    post.lang = trimmed(c, record, APL_COLUMN_LANG);
    post.raw = apl_span_sub(record->raw, 0, APL_POST_RAW_MAX_BYTES);
    if (!post.company.len)
        post.company = c->options.company;
    set_ids(c, record, &post);
    apl_rc rc = unify_line_ends(value(c, record, APL_COLUMN_TEXT), arena, &post.text, err);
    if (!rc)
        rc = set_numbers(c, record, &post, err);
    if (!rc)
        rc = set_direction(c, record, &post, err);
    if (!rc)
        rc = set_time(c, record, &post, &assumed, err);
    if (rc)
        return rc;
    if (post.event == APL_POST_EVENT_DELETE)
        post.text = APL_SPAN_NONE;
    set_kind(c, record, &post);
    rc = apl_post_in_check(&post, err);
    if (rc) {
        char field[64] = "";
        if (err)
            memcpy(field, err->where, sizeof field - 1);
        apl_err_where(err, "line %llu%s%s", (unsigned long long)record->line, *field ? ", " : "",
                      field);
        return rc;
    }
    *out_post = post;
    *out_assumed_zone = assumed;
    return APL_OK;
}
