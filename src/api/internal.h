/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/api share; nobody else includes it. */
#ifndef APL_API_INTERNAL_H
#define APL_API_INTERNAL_H

#include "api/api.h"
#include "api/metrics.h"
#include "desk/answered.h"
#include "desk/judge.h"
#include "desk/place.h"
#include "desk/query_case.h"
#include "desk/session.h"
#include "desk/throttle.h"
#include "json/reader.h"
#include "json/writer.h"

enum {
    API_SMALL_BODY_BYTES = 64 * 1024,
    API_FORM_BODY_BYTES = 512 * 1024, /* two texts of 64 kB, escaped */
    API_HOOK_BODY_BYTES = 1024 * 1024,
    API_IMPORT_BODY_BYTES = 8 * 1024 * 1024,
    API_REPLY_MAX_BYTES = 16 * 1024 * 1024,
    API_LIMIT_DEFAULT = 50,
    API_KEY_MAX_BYTES = 128,
};

/* What a route asks of its caller, beyond the flags of its descriptor. */
typedef struct api_rule {
    int permission; /* apl_permission, or API_ANYBODY: signed in is enough */
    bool is_hook;   /* no cookie, no origin: signed by itself */
} api_rule;
enum { API_ANYBODY = -1 };

typedef struct api_counts {
    apl_mutex mutex;
    int64_t user_id;
    apl_time_us taken_us;
    apl_view_count counts[APL_VIEW_COUNT];
} api_counts;

typedef struct api_imports api_imports;

struct apl_api {
    apl_api_config config;
    char socket[APL_PATH_MAX_BYTES + 8]; /* "unix:DIR/serve.sock" */
    apl_writer *writer;
    apl_http_server *server;
    apl_throttle throttle;
    api_counts counts;
    api_metrics metrics;
    api_imports *imports;
    const apl_http_asset *index; /* index.html; NULL without the page */
    int64_t workspace_id;
};

/* One per worker thread. */
typedef struct api_worker {
    apl_api *api;
    apl_desk *desk; /* reading */
    apl_judge *judge;
    apl_json_doc *doc;
} api_worker;

/* request->session: who calls. */
typedef struct api_who {
    apl_caller caller;
    bool is_local;       /* over the socket of the data directory */
    apl_session session; /* unless is_local */
} api_who;

static inline apl_api *api_of(const apl_http_request *request)
{
    return request->user;
}
static inline api_worker *worker_of(const apl_http_request *request)
{
    return request->worker_ctx;
}
static inline apl_desk *desk_of(const apl_http_request *request)
{
    return worker_of(request)->desk;
}
static inline const api_who *who_of(const apl_http_request *request)
{
    return request->session;
}
apl_time_us api_now(const apl_http_request *request);
/* The judge of the policy in force. */
apl_rc api_judge(const apl_http_request *request, apl_judge **out_judge, apl_err *err) MUST_USE;

/* auth.c: the `before` hook. */
apl_rc api_before(apl_http_request *request, apl_http_response *response, apl_err *err);
const char *api_cookie_name(const apl_http_request *request);

/* reply.c */
typedef struct api_reply {
    apl_buf buf;
    apl_json_writer w;
} api_reply;
void api_reply_begin(api_reply *reply);
/* Ends the writing and answers; frees the buffer in any case. */
apl_rc api_reply_send(api_reply *reply, apl_http_response *response, int status,
                      apl_err *err) MUST_USE;
/* "" is null. */
void api_member_text(apl_json_writer *w, const char *name, apl_span text);
/* 0 is null. */
void api_member_id(apl_json_writer *w, const char *name, int64_t id);
/* "a,b" as a list of texts. */
void api_member_words(apl_json_writer *w, const char *name, apl_span joined);
/* {"items": [ … is begun; end closes the list, writes next_cursor (NULL: the last page) and ends the object. */
void api_list_begin(apl_json_writer *w);
void api_list_end(apl_json_writer *w, const char *next_cursor);
/* Code points of the first `bytes` bytes. */
int64_t api_code_points(apl_span text, int64_t bytes);
/* A problem with a status of its own; returns APL_OK. */
apl_rc api_problem(apl_http_response *response, int status, const apl_err *err);
/* 429 with Retry-After. */
apl_rc api_too_many(apl_http_response *response, int64_t wait_s, apl_err *err) MUST_USE;

/* params.c: what does not parse is APL_E_USAGE (400) and names the place. */
apl_rc api_query_known(const apl_http_request *request, const char *const *names,
                       apl_err *err) MUST_USE;
apl_rc api_query_text(const apl_http_request *request, const char *name, size_t max, apl_span *out,
                      apl_err *err) MUST_USE;
apl_rc api_query_limit(const apl_http_request *request, size_t *out_limit, apl_err *err) MUST_USE;
/* A positive number; 0 when absent. */
apl_rc api_query_id(const apl_http_request *request, const char *name, int64_t *out_id,
                    apl_err *err) MUST_USE;
/* APL_TIME_NONE when absent. */
apl_rc api_query_time(const apl_http_request *request, const char *name, apl_time_us *out,
                      apl_err *err) MUST_USE;
/* False in *out_has when absent. */
apl_rc api_query_place(const apl_http_request *request, apl_place *inout_place, bool *out_has,
                       apl_err *err) MUST_USE;
/* Lists with only limit and cursor. */
typedef struct api_page {
    size_t limit;
    bool has_place;
    apl_place place;
} api_page;
apl_rc api_page_read(const apl_http_request *request, const char *list, api_page *out_page,
                     apl_err *err) MUST_USE;
/* NULL unless there is more. */
char *api_page_next(const apl_http_request *request, const api_page *page, bool has_more,
                    const int64_t *keys, size_t key_count);
/* The body as an object with no other members than names (NULL ends them). */
apl_rc api_body(apl_http_request *request, const char *const *names, apl_json *out_root,
                apl_err *err) MUST_USE;
/* A text member within bounds of code points; min 0 makes it optional (then missing and null are ""). */
apl_rc api_body_text(apl_json object, const char *name, size_t min, size_t max, apl_span *out,
                     apl_err *err) MUST_USE;

/* write.c: a write by the one writer; the answer is made inside the transaction and remembered with it. */
typedef apl_rc (*api_write_fn)(apl_tx *tx, void *ctx, apl_json_writer *w, apl_err *err);
typedef struct api_write {
    api_write_fn run;
    void *ctx;
    int status;
    const apl_answered_key *key; /* NULL: that of the Idempotency-Key header, when there is one */
} api_write;
apl_rc api_write_run(apl_http_request *request, apl_http_response *response, const api_write *write,
                     apl_err *err) MUST_USE;

/* case_json.c */
void api_case_line(apl_json_writer *w, const apl_case_line *line, apl_time_us now);
void api_author(apl_json_writer *w, const char *name, int64_t id, apl_span display,
                apl_span handle);
void api_user_ref(apl_json_writer *w, const char *name, int64_t id, apl_span display);
apl_rc api_assessment(apl_json_writer *w, const apl_http_request *request,
                      const apl_thread_post *post, apl_err *err) MUST_USE;
apl_rc api_trace(apl_json_writer *w, const apl_http_request *request, const apl_thread_post *post,
                 apl_err *err) MUST_USE;
char *api_case_tag(const apl_http_request *request, const apl_case_row *row);
apl_rc api_case_wanted(const apl_http_request *request, apl_case_line *out_line,
                       apl_err *err) MUST_USE;

/* users.c, channels.c */
void api_user(apl_json_writer *w, const apl_user_row *row);
/* import.c */
apl_rc api_imports_new(api_imports **out_imports, apl_err *err) MUST_USE;
void api_imports_free(api_imports *imports);

/* routes.c */
extern const apl_http_route api_routes[];
extern const size_t api_route_count;

#define API_HANDLER(name)                                                                          \
    apl_rc name(apl_http_request *request, apl_http_response *response, apl_err *err)
API_HANDLER(api_health_show);
API_HANDLER(api_metrics_show);
API_HANDLER(api_session_show);
API_HANDLER(api_session_create);
API_HANDLER(api_session_delete);
API_HANDLER(api_link_redeem);
API_HANDLER(api_password_set);
API_HANDLER(api_users_list);
API_HANDLER(api_user_create);
API_HANDLER(api_user_link);
API_HANDLER(api_views_list);
API_HANDLER(api_cases_list);
API_HANDLER(api_case_show);
API_HANDLER(api_case_update);
API_HANDLER(api_case_posts);
API_HANDLER(api_case_history);
API_HANDLER(api_notes_list);
API_HANDLER(api_note_create);
API_HANDLER(api_versions_list);
API_HANDLER(api_intake_create);
API_HANDLER(api_channels_list);
API_HANDLER(api_channel_create);
API_HANDLER(api_hook_receive);
API_HANDLER(api_import_create);
API_HANDLER(api_import_batch);
API_HANDLER(api_import_finish);
API_HANDLER(api_report_show);
API_HANDLER(api_stats_show);
API_HANDLER(api_checkpoint_show);
API_HANDLER(api_policy_show);
API_HANDLER(api_policy_publish);
API_HANDLER(api_events_stream);
API_HANDLER(api_nothing);
API_HANDLER(api_page_show);

#endif
