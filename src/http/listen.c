/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the listening sockets ourselves, so that errors can say what to do. Tests: tests/unit/http/test_listen.c */
#include "http/internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static apl_rc listen_error(apl_err *err, const char *address, int error)
{
    apl_rc rc;
    if (error == EADDRINUSE) {
        rc = apl_err_set(err, APL_E_BUSY, "another program listens there already");
        apl_err_fix(err, "stop it, or choose another address; port 0 picks a free one");
    } else if (error == EACCES) {
        rc = apl_err_set(err, APL_E_DENIED, "this user may not listen there");
        apl_err_fix(err, "choose a port from 1024 on, or a folder that this user may write to");
    } else if (error == EADDRNOTAVAIL) {
        rc = apl_err_set(err, APL_E_INVALID, "this machine does not have that address");
        apl_err_fix(err, "choose 127.0.0.1, or an address that \"ip address\" shows");
    } else {
        rc = apl_err_errno(err, error, "cannot listen");
    }
    apl_err_where(err, "%s", address);
    return rc;
}

static apl_rc address_error(apl_err *err, const char *address, const char *what)
{
    apl_err_set(err, APL_E_INVALID, "%s", what);
    apl_err_where(err, "%s", address);
    apl_err_fix(err, "write it like 127.0.0.1:8080, [::1]:8080, :8080 or unix:/path/to/socket");
    return APL_E_INVALID;
}

/* A socket file outlives a killed server; only when nobody answers there may it be replaced. */
static bool unix_is_stale(const struct sockaddr_un *where)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct stat file;
    bool is_stale = !lstat(where->sun_path, &file) && S_ISSOCK(file.st_mode) &&
                    connect(fd, (const struct sockaddr *)where, sizeof *where) != 0 &&
                    errno == ECONNREFUSED;
    close(fd);
    return is_stale;
}

static apl_rc bind_unix(const char *address, const char *path, http_listener *listener,
                        apl_err *err)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (!len || len >= sizeof where.sun_path)
        return address_error(err, address, "a socket's path has 1 to 107 bytes");
    memcpy(where.sun_path, path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return listen_error(err, address, errno);
    /* Before bind: on Linux the file gets this mode at birth, so nobody else can slip in. */
    int failed = fchmod(fd, 0600);
    if (!failed && unix_is_stale(&where))
        failed = unlink(where.sun_path);
    if (!failed)
        failed = bind(fd, (const struct sockaddr *)&where, sizeof where);
    if (!failed)
        failed = listen(fd, BACKLOG);
    if (failed) {
        int error = errno;
        close(fd);
        return listen_error(err, address, error);
    }
    listener->fd = fd;
    listener->is_unix = true;
    memcpy(listener->unix_path, path, len + 1);
    return APL_OK;
}

static int open_tcp(const struct addrinfo *info, bool is_any)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    int failed = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!failed && info->ai_family == AF_INET6)
        failed = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? &off : &on, sizeof on);
    if (!failed)
        failed = bind(fd, info->ai_addr, info->ai_addrlen);
    if (!failed)
        failed = listen(fd, BACKLOG);
    if (failed) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&bound, &size) ||
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof port, NI_NUMERICSERV))
        return 0;
    int64_t value = 0;
    return apl_span_parse_i64(apl_span_of(port), &value, NULL) ? 0 : (unsigned)value;
}

/* Splits "host:port"; host is empty for all addresses. */
static bool tcp_split(const char *address, char host[64], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return false;
    apl_span name = {address, (size_t)(colon - address)};
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = apl_span_sub(name, 1, name.len - 2);
    else if (apl_span_find_byte(name, ':') != SIZE_MAX)
        return false;
    int64_t number = -1;
    if (name.len >= 64 || apl_span_parse_i64(apl_span_of(colon + 1), &number, NULL) || number < 0 ||
        number > 65535)
        return false;
    (void)snprintf(host, 64, "%.*s", APL_SPAN_ARGS(name));
    (void)snprintf(port, 8, "%d", (int)number);
    return true;
}

static apl_rc bind_tcp(const char *address, http_listener *listener, apl_err *err)
{
    char host[64];
    char port[8];
    if (!tcp_split(address, host, port))
        return address_error(err, address, "not an address with a port");
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_family = host[0] ? AF_UNSPEC : AF_INET6,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host[0] ? host : NULL, port, &hints, &found))
        return address_error(err, address, "no such address");
    int fd = open_tcp(found, !host[0]);
    int error = errno;
    freeaddrinfo(found);
    if (fd < 0 && !host[0] && error == EAFNOSUPPORT) {
        /* A machine without IPv6. */
        const struct sockaddr_in any = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
        struct addrinfo plain = {.ai_family = AF_INET,
                                 .ai_addr = (struct sockaddr *)(void *)&any,
                                 .ai_addrlen = sizeof any};
        fd = open_tcp(&plain, false);
        error = errno;
    }
    if (fd < 0)
        return listen_error(err, address, error);
    listener->fd = fd;
    listener->port = bound_port(fd);
    return APL_OK;
}

apl_rc http_listener_bind(const char *address, http_listener *listener, apl_err *err)
{
    if (!strncmp(address, "unix:", 5))
        return bind_unix(address, address + 5, listener, err);
    return bind_tcp(address, listener, err);
}
