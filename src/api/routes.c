/* SPDX-License-Identifier: Apache-2.0 */
/* Every address of the API and of the page: adding one touches its own file and one line here. */
#include "api/internal.h"

#define RULE(permission) (&(const api_rule){permission, false})
static const api_rule hook_rule = {API_ANYBODY, true};

enum {
    PUBLIC = APL_HTTP_PUBLIC,
    WRITE = APL_HTTP_CSRF,
    AGAIN = APL_HTTP_CSRF | APL_HTTP_IDEMPOTENT,
    SMALL = API_SMALL_BODY_BYTES,
};

const apl_http_route api_routes[] = {
    {APL_HTTP_GET, "/healthz", api_health_show, PUBLIC, 0, "health", NULL},
    {APL_HTTP_GET, "/metrics", api_metrics_show, PUBLIC, 0, "metrics", NULL},

    {APL_HTTP_GET, "/api/v1/session", api_session_show, 0, 0, "session_show", RULE(API_ANYBODY)},
    {APL_HTTP_POST, "/api/v1/session", api_session_create, PUBLIC, SMALL, "session_create", NULL},
    {APL_HTTP_DELETE, "/api/v1/session", api_session_delete, WRITE, 0, "session_delete",
     RULE(API_ANYBODY)},
    {APL_HTTP_POST, "/api/v1/session/link", api_link_redeem, PUBLIC, SMALL, "session_link", NULL},
    {APL_HTTP_PUT, "/api/v1/session/password", api_password_set, WRITE, SMALL, "password_set",
     RULE(API_ANYBODY)},
    {APL_HTTP_GET, "/api/v1/users", api_users_list, 0, 0, "user_list", RULE(APL_MAY_READ_USERS)},
    {APL_HTTP_POST, "/api/v1/users", api_user_create, AGAIN, SMALL, "user_create",
     RULE(APL_MAY_WRITE_USERS)},
    {APL_HTTP_POST, "/api/v1/users/{user_id}/link", api_user_link, WRITE, SMALL, "user_link",
     RULE(APL_MAY_WRITE_USERS)},

    {APL_HTTP_GET, "/api/v1/views", api_views_list, 0, 0, "view_list", RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_GET, "/api/v1/cases", api_cases_list, 0, 0, "case_list", RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_GET, "/api/v1/cases/{case_id}", api_case_show, 0, 0, "case_show",
     RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_PATCH, "/api/v1/cases/{case_id}", api_case_update, WRITE, SMALL, "case_update",
     RULE(APL_MAY_WRITE_CASES)},
    {APL_HTTP_GET, "/api/v1/cases/{case_id}/posts", api_case_posts, 0, 0, "case_posts",
     RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_GET, "/api/v1/cases/{case_id}/history", api_case_history, 0, 0, "case_history",
     RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_GET, "/api/v1/cases/{case_id}/notes", api_notes_list, 0, 0, "note_list",
     RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_POST, "/api/v1/cases/{case_id}/notes", api_note_create, AGAIN, 2 * SMALL,
     "note_create", RULE(APL_MAY_WRITE_CASES)},
    {APL_HTTP_GET, "/api/v1/posts/{post_id}/versions", api_versions_list, 0, 0, "version_list",
     RULE(APL_MAY_READ_CASES)},

    {APL_HTTP_POST, "/api/v1/intake", api_intake_create, AGAIN, API_FORM_BODY_BYTES,
     "intake_create", RULE(APL_MAY_WRITE_INTAKE)},
    {APL_HTTP_GET, "/api/v1/channels", api_channels_list, 0, 0, "channel_list",
     RULE(APL_MAY_READ_CHANNELS)},
    {APL_HTTP_POST, "/api/v1/channels", api_channel_create, AGAIN, SMALL, "channel_create",
     RULE(APL_MAY_WRITE_CHANNELS)},
    {APL_HTTP_POST, "/api/v1/hooks/{channel_id}", api_hook_receive, PUBLIC, API_HOOK_BODY_BYTES,
     "hook_receive", &hook_rule},
    {APL_HTTP_POST, "/api/v1/imports", api_import_create, WRITE, SMALL, "import_create",
     RULE(APL_MAY_WRITE_IMPORTS)},
    {APL_HTTP_POST, "/api/v1/imports/{import_id}/batches", api_import_batch, WRITE,
     API_IMPORT_BODY_BYTES, "import_batch", RULE(APL_MAY_WRITE_IMPORTS)},
    {APL_HTTP_POST, "/api/v1/imports/{import_id}/finish", api_import_finish, WRITE, SMALL,
     "import_finish", RULE(APL_MAY_WRITE_IMPORTS)},

    {APL_HTTP_GET, "/api/v1/report", api_report_show, 0, 0, "report", RULE(APL_MAY_READ_REPORT)},
    {APL_HTTP_GET, "/api/v1/stats", api_stats_show, 0, 0, "stats", RULE(APL_MAY_READ_REPORT)},
    {APL_HTTP_GET, "/api/v1/ledger/checkpoint", api_checkpoint_show, 0, 0, "checkpoint",
     RULE(APL_MAY_READ_LEDGER)},
    {APL_HTTP_GET, "/api/v1/policy", api_policy_show, 0, 0, "policy", RULE(APL_MAY_READ_CASES)},
    {APL_HTTP_POST, "/api/v1/policy/publish", api_policy_publish, WRITE, SMALL, "policy_publish",
     RULE(APL_MAY_WRITE_POLICY)},
    {APL_HTTP_GET, "/api/v1/events", api_events_stream, APL_HTTP_STREAM, 0, "events",
     RULE(APL_MAY_READ_CASES)},

    {APL_HTTP_GET, "/api", api_nothing, PUBLIC, 0, "nothing", NULL},
    {APL_HTTP_GET, "/api/{rest*}", api_nothing, PUBLIC, 0, "nothing", NULL},
    {APL_HTTP_GET, "/", api_page_show, PUBLIC, 0, "page", NULL},
    {APL_HTTP_GET, "/{rest*}", api_page_show, PUBLIC, 0, "page", NULL},
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;
