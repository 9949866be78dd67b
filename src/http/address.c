/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks, and by which name: the client's address behind trusted proxies, and the Host header. A forwarded header
 * counts only when the connection itself comes from a trusted proxy, and is read from the right, because a client can
 * write whatever it likes on the left. Tests: tests/unit/http/test_server.c
 */
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { IPV4_PREFIX_BITS = 96 };

/* Any textual address, also "[::1]" and "::ffff:1.2.3.4". */
static bool address_parse(apl_span text, unsigned char out[16], bool *out_is_v4)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[APL_HTTP_ADDRESS_BYTES];
    if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = apl_span_sub(text, 1, text.len - 2);
    if (!text.len || text.len >= sizeof copy || apl_span_find_byte(text, '\0') != SIZE_MAX)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &v4, 4);
        *out_is_v4 = true;
        return true;
    }
    *out_is_v4 = false;
    return inet_pton(AF_INET6, copy, out) == 1;
}

static void address_format(const unsigned char address[16], char out[APL_HTTP_ADDRESS_BYTES])
{
    struct in6_addr v6;
    memcpy(&v6, address, sizeof v6);
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
    if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, out,
                   APL_HTTP_ADDRESS_BYTES))
        out[0] = '\0';
}

static apl_rc network_parse(apl_span text, http_network *out, apl_err *err)
{
    size_t slash = apl_span_find_byte(text, '/');
    bool is_v4 = false;
    http_network network = {.bits = 128};
    bool is_fine = address_parse(apl_span_sub(text, 0, slash), network.address, &is_v4);
    if (is_fine && slash != SIZE_MAX) {
        int64_t bits = -1;
        if (apl_span_parse_i64(apl_span_sub(text, slash + 1, SIZE_MAX), &bits, NULL))
            bits = -1;
        is_fine = bits >= 0 && bits <= (is_v4 ? 32 : 128);
        network.bits = is_fine ? (unsigned)bits + (is_v4 ? IPV4_PREFIX_BITS : 0) : 0;
    }
    if (!is_fine) {
        apl_err_set(err, APL_E_INVALID, "\"%.*s\" is not an address or network",
                    (int)(text.len > 60 ? 60 : text.len), text.ptr);
        apl_err_where(err, "trusted proxies");
        apl_err_fix(err, "write it like 127.0.0.1 or 10.0.0.0/8");
        return APL_E_INVALID;
    }
    *out = network;
    return APL_OK;
}

apl_rc http_networks_parse(apl_http_server *server, apl_err *err)
{
    const char *const *list = server->config.trusted_proxies;
    for (; list && *list; list++) {
        if (server->network_count == NETWORKS_MAX)
            return apl_err_set(err, APL_E_LIMIT, "more than %d trusted proxies", NETWORKS_MAX);
        apl_rc rc =
            network_parse(apl_span_of(*list), &server->networks[server->network_count], err);
        if (rc)
            return rc;
        server->network_count++;
    }
    return APL_OK;
}

static bool network_has(const http_network *network, const unsigned char address[16])
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->address, address, whole) != 0)
        return false;
    return !rest || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const apl_http_server *server, const unsigned char address[16])
{
    for (size_t i = 0; i < server->network_count; i++) {
        if (network_has(&server->networks[i], address))
            return true;
    }
    return false;
}

/* The rightmost address that is not a trusted proxy. Several header lines are one list. */
static void forwarded_apply(const apl_http_server *server, apl_http_request *request,
                            unsigned char address[16])
{
    for (size_t i = request->header_count; i--;) {
        if (!apl_span_equal_nocase(request->headers[i].name, APL_SPAN("x-forwarded-for")))
            continue;
        apl_span list = request->headers[i].value;
        while (list.len) {
            size_t comma = list.len;
            while (comma && list.ptr[comma - 1] != ',')
                comma--;
            bool is_v4;
            unsigned char hop[16];
            if (!address_parse(apl_span_trim(apl_span_sub(list, comma, SIZE_MAX)), hop, &is_v4))
                return;
            memcpy(address, hop, sizeof hop);
            if (!is_trusted(server, address))
                return;
            list = apl_span_sub(list, 0, comma ? comma - 1 : 0);
        }
    }
}

static void sockaddr_read(const struct sockaddr *from, unsigned char out[16])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &v4.sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(out, &v6.sin6_addr, 16);
    }
}

void http_client_find(http_exchange *exchange)
{
    apl_http_request *request = &exchange->request;
    request->peer_uid = -1;
    if (exchange->listener->is_unix) {
        struct ucred peer;
        socklen_t size = sizeof peer;
        request->is_unix = true;
        memcpy(request->client, "unix", 5);
        if (exchange->peer &&
            !getsockopt(exchange->peer->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
            request->peer_uid = (int64_t)peer.uid;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    unsigned char address[16] = {0};
    if (info && info->client_addr)
        sockaddr_read(info->client_addr, address);
    if (is_trusted(exchange->server, address)) {
        apl_span proto;
        forwarded_apply(exchange->server, request, address);
        request->is_https = apl_http_header(request, "x-forwarded-proto", &proto) &&
                            apl_span_equal_nocase(apl_span_trim(proto), APL_SPAN("https"));
    }
    address_format(address, request->client);
}

/* Without the port; brackets of IPv6 stay. */
static apl_span host_name(apl_span host)
{
    if (host.len && host.ptr[0] == '[') {
        size_t end = apl_span_find_byte(host, ']');
        return end == SIZE_MAX ? host : apl_span_sub(host, 0, end + 1);
    }
    return apl_span_sub(host, 0, apl_span_find_byte(host, ':'));
}

bool http_host_is_allowed(const apl_http_server *server, apl_span host)
{
    unsigned char address[16];
    bool is_v4;
    apl_span name = host_name(apl_span_trim(host));
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    if (apl_span_equal_nocase(name, APL_SPAN("localhost")) || address_parse(name, address, &is_v4))
        return true;
    for (const char *const *known = server->config.hosts; known && *known; known++) {
        apl_span allowed = apl_span_of(*known);
        if (apl_span_is(allowed, "*") || apl_span_equal_nocase(allowed, name))
            return true;
    }
    return false;
}
