/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb serve`: desk, writer, scheduler, API and page until a signal asks for the end. Tests: tests/e2e/conftest.py */
#include "main/serve.h"

#include "api/api.h"
#include "bus/local/local.h"
#include "desk/scheduler.h"
#include "desk/session.h"
#include "http/web_assets.h"
#include "sys/process.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const int64_t shutdown_us = 10 * APL_US_PER_SECOND;

typedef struct serving {
    apl_desk *desk;
    apl_bus *bus;
    apl_api *api;
    apl_scheduler *scheduler;
    char listen[256];
    const char *hosts[2], *proxies[2];
} serving;

static void serving_close(serving *s)
{
    apl_scheduler_close(s->scheduler);
    (void)apl_api_close(s->api, shutdown_us);
    apl_bus_close(s->bus);
    apl_desk_close(s->desk);
}

static apl_rc choose_address(apl_cli *cli, serving *s, apl_err *err)
{
    const char *listen = apl_cli_get(cli, "listen");
    int64_t port = 8080;
    apl_rc rc = apl_cli_number(cli, "port", (apl_cli_range){0, 65535, 8080}, &port, err);
    if (rc)
        return rc;
    if (listen)
        (void)snprintf(s->listen, sizeof s->listen, "%.250s", listen);
    else
        (void)snprintf(s->listen, sizeof s->listen, "127.0.0.1:%lld", (long long)port);
    s->hosts[0] = apl_cli_get(cli, "host");
    s->proxies[0] = apl_cli_get(cli, "trusted-proxy");
    return APL_OK;
}

typedef struct first_link {
    char token[APL_TOKEN_TEXT_BYTES];
    bool made;
} first_link;

/* The first person of a new workspace is made here; the link is for whoever sees this terminal. */
static apl_rc make_link(apl_tx *tx, void *ctx, apl_err *err)
{
    first_link *link = ctx;
    apl_user_row row;
    bool found = false;
    apl_rc rc = apl_user_find_email(&(apl_reading){tx->conn, &tx->arena}, tx->workspace_id,
                                    APL_SPAN("owner@localhost"), &row, &found, err);
    if (!rc && !found) {
        apl_user_new person = {.email = APL_SPAN("owner@localhost"),
                               .name = APL_SPAN("Owner"),
                               .role = APL_ROLE_OWNER};
        rc = apl_user_add(tx, &person, (apl_actor){"cli", 0}, &row, err);
    }
    if (!rc && row.disabled_us != APL_TIME_NONE)
        return APL_OK;
    if (!rc)
        rc = apl_link_make(tx, row.id, APL_LINK_TERMINAL_LIFETIME_US, link->token, err);
    link->made = !rc;
    return rc;
}

static apl_rc announce(serving *s, apl_err *err)
{
    first_link link = {.made = false};
    char host[256];
    (void)snprintf(host, sizeof host, "%s", s->listen);
    char *colon = strrchr(host, ':');
    if (colon)
        *colon = '\0';
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0 || !host[0])
        (void)snprintf(host, sizeof host, "127.0.0.1");
    apl_rc rc = apl_writer_run(apl_api_writer(s->api), make_link, &link, err);
    if (rc)
        return rc;
    unsigned port = apl_api_port(s->api, 0);
    (void)printf("listening on http://%s:%u\n", host, port);
    if (link.made)
        (void)printf("sign in: http://%s:%u/sign-in?token=%s   (works once, within a day)\n", host,
                     port, link.token);
    (void)fflush(stdout);
    return APL_OK;
}

static void wait_for_end(int shutdown_fd)
{
    struct pollfd fd = {.fd = shutdown_fd, .events = POLLIN};
    while (!apl_shutdown_is_requested())
        (void)poll(&fd, 1, -1);
}

apl_rc apl_serve(apl_cli *cli, apl_err *err)
{
    serving s = {0};
    int shutdown_fd = -1;
    apl_process_ignore_sigpipe();
    apl_rc rc = choose_address(cli, &s, err);
    if (!rc)
        rc = apl_shutdown_watch(&shutdown_fd, err);
    if (!rc)
        rc = apl_cli_open(cli, APL_DESK_WRITE, &s.desk, err);
    if (!rc)
        rc = apl_bus_local_open(NULL, &s.bus, err);
    apl_api_config config = {
        .desk = s.desk,
        .bus = s.bus,
        .version = APL_VERSION,
        .listen = {s.listen},
        .assets = apl_web_assets,
        .asset_count = apl_web_asset_count,
        .hosts = s.hosts,
        .trusted_proxies = s.proxies,
    };
    if (!rc)
        rc = apl_api_open(&config, &s.api, err);
    if (!rc)
        rc = apl_scheduler_open(apl_api_writer(s.api), &s.scheduler, err);
    if (!rc)
        rc = announce(&s, err);
    if (!rc)
        wait_for_end(shutdown_fd);
    serving_close(&s);
    return rc;
}
