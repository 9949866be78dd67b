/* SPDX-License-Identifier: Apache-2.0 */
/* Internal notes. Tests: tests/e2e/test_api_case.py */
#include "api/internal.h"

#include "desk/case_change.h"

enum { NOTE_MAX_CHARS = 16384 };

static void write_note(apl_json_writer *w, const apl_note_row *row, apl_span user_name)
{
    apl_json_object_begin(w);
    apl_json_member_i64(w, "id", row->id);
    apl_json_member_time(w, "at", row->created_us);
    api_user_ref(w, "author", row->user_id, user_name);
    apl_json_member_string(w, "text", row->text);
    apl_json_object_end(w);
}

apl_rc api_notes_list(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    api_page page;
    apl_case_line line;
    apl_note_page notes;
    api_reply reply;
    apl_rc rc = api_page_read(request, "notes", &page, err);
    if (!rc)
        rc = api_case_wanted(request, &line, err);
    if (!rc)
        rc = apl_case_notes(
            desk_of(request), line.row.id,
            &(apl_ask){{page.has_place ? page.place.keys[0] : 0, 0}, page.limit, request->arena},
            &notes, err);
    if (rc)
        return rc;
    int64_t last = notes.count ? notes.lines[notes.count - 1].row.id : 0;
    api_reply_begin(&reply);
    api_list_begin(&reply.w);
    for (size_t i = 0; i < notes.count; i++)
        write_note(&reply.w, &notes.lines[i].row, notes.lines[i].user_name);
    api_list_end(&reply.w, api_page_next(request, &page, notes.has_more, &last, 1));
    return api_reply_send(&reply, response, 200, err);
}

typedef struct note_job {
    apl_note_new note;
    apl_span user_name;
} note_job;

static apl_rc run_create(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err)
{
    note_job *job = ctx;
    apl_rc rc = apl_note_add(tx, &job->note, err);
    if (rc)
        return rc;
    apl_note_row row = {
        .id = job->note.id,
        .created_us = job->note.created_us,
        .user_id = job->note.user_id,
        .text = job->note.text,
    };
    write_note(w, &row, job->user_name);
    return APL_OK;
}

apl_rc api_note_create(apl_http_request *request, apl_http_response *response, apl_err *err)
{
    static const char *const names[] = {"text", NULL};
    const api_who *who = who_of(request);
    note_job job = {0};
    apl_case_line line;
    apl_json root;
    apl_rc rc = api_case_wanted(request, &line, err);
    if (!rc)
        rc = api_body(request, names, &root, err);
    if (!rc)
        rc = api_body_text(root, "text", 1, NOTE_MAX_CHARS, &job.note.text, err);
    if (rc)
        return rc;
    job.note.case_id = line.row.id;
    job.note.user_id = apl_caller_user_id(&who->caller);
    job.user_name = who->is_local ? APL_SPAN_NONE : who->session.user.name;
    return api_write_run(request, response, &(api_write){run_create, &job, 201, NULL}, err);
}
