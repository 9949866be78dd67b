/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a case and the versions of a post. Tests: tests/e2e/test_api_case.py */
#include "api/internal.h"

#include "model/post.h"

static void write_rating(apl_json_writer *w, int64_t rating_x10)
{
    apl_json_key(w, "rating");
    if (rating_x10 >= 0)
        apl_json_double(w, (double)rating_x10 / 10.0);
    else
        apl_json_null(w);
}

static apl_rc write_post(apl_json_writer *w, const apl_http_request *request,
                         const apl_thread_post *item, int64_t case_id, apl_err *err)
{
    const apl_post_row *p = &item->post;
    bool is_deleted = p->deleted_us != APL_TIME_NONE;
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", p->id);
    apl_json_member_str(w, "kind", apl_post_kind_name((apl_post_kind)p->kind));
    apl_json_member_bool(w, "is_own", p->is_own != 0);
    apl_json_member_bool(w, "is_private", apl_post_kind_is_private((apl_post_kind)p->kind));
    api_author(w, "author", p->author_id, item->author_name, item->author_handle);
    apl_json_member_i64(w, "channel_id", p->channel_id);
    api_member_id(w, "parent_id", p->parent_id);
    apl_json_member_time(w, "at", p->posted_us);
    apl_json_member_time(w, "learned_at", p->learned_us);
    apl_json_member_string(w, "text", item->version.text);
    api_member_text(w, "title", item->version.title);
    write_rating(w, p->rating_x10);
    api_member_text(w, "url", p->url);
    api_member_id(w, "reach", p->reach);
    api_member_id(w, "echo_count", p->echo_count);
    apl_json_member_bool(w, "is_deleted", is_deleted);
    apl_json_member_time(w, "deleted_at", p->deleted_us);
    apl_json_member_i64(w, "versions_count", p->version_count);
    apl_json_member_i64(w, "current_version", p->version_no ? p->version_no : 1);
    apl_rc rc = api_assessment(w, request, item, err);
    apl_json_member_bool(w, "belongs_to_case", p->case_id == case_id);
    apl_json_object_end(w);
    return rc;
}

apl_rc api_case_posts(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_page page;
    apl_case_line line;
    apl_thread_page thread;
    api_reply reply;
    int64_t last[2] = {0, 0};
    apl_ask ask = {{INT64_MIN, 0}, 0, request->arena};
    apl_rc rc = api_page_read(request, "posts", &page, err);
    if (!rc)
        rc = api_case_wanted(request, &line, err);
    if (!rc && page.has_place) {
        ask.after[0] = page.place.keys[0];
        ask.after[1] = page.place.keys[1];
    }
    ask.limit = page.limit;
    if (!rc)
        rc = apl_case_thread(desk_of(request), &line.row, &ask, &thread, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (size_t i = 0; i < thread.count && !rc; i++) {
        rc = write_post(&reply.w, request, &thread.posts[i], line.row.id, err);
        last[0] = thread.posts[i].post.posted_us;
        last[1] = thread.posts[i].post.id;
    }
    if (rc)
        apl_json_writer_fail(&reply.w, rc, err);
    api_list_end(&reply.w, api_page_next(request, &page, thread.has_more, last, 2));
    return api_reply_send(&reply, response, 200, err);
}

apl_rc api_versions_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const events[] = {"create", "edit", "delete"};
    api_page page;
    int64_t post_id = 0, last = 0;
    apl_version_page versions;
    api_reply reply;
    apl_rc rc = api_page_read(request, "versions", &page, err);
    if (!rc)
        rc = apl_http_param_id(request, "post_id", &post_id, err);
    if (!rc)
        rc = apl_post_versions(
            desk_of(request), post_id,
            &(apl_ask){{page.has_place ? page.place.keys[0] : 0, 0}, page.limit, request->arena},
            &versions, err);
    if (rc)
        return rc;
    api_reply_begin(&reply);
    apl_json_writer *w = &reply.w;
    api_list_begin(w);
    for (size_t i = 0; i < versions.count; i++) {
        const apl_version_row *v = &versions.rows[i];
        bool is_current = v->version_no == versions.post.version_no;
        last = v->version_no;
        apl_json_object_begin(w);
        apl_json_member_i64(w, "version", v->version_no);
        apl_json_member_str(w, "event", events[v->event >= 0 && v->event < 3 ? v->event : 1]);
        apl_json_member_time(w, "at", v->valid_us);
        apl_json_member_time(w, "learned_at", v->learned_us);
        apl_json_member_string(w, "text", v->text);
        api_member_text(w, "title", v->title);
        write_rating(w, is_current ? versions.post.rating_x10
                                   : -1); /* stars are kept as they stand, not per version */
        apl_json_member_bool(w, "is_current", is_current);
        apl_json_object_end(w);
    }
    api_list_end(w, api_page_next(request, &page, versions.has_more, &last, 1));
    return api_reply_send(&reply, response, 200, err);
}
