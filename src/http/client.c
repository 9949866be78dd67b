/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking calls over libcurl's easy interface. Tests: tests/unit/http/test_client.c */
#include "http/client.h"

#include "base/time.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

enum { HEADERS_MAX_BYTES = 64 * 1024, CALL_HEADERS_MAX = 64 };

struct apl_http_client {
    CURL *curl;
};

/* What the callbacks fill. */
typedef struct call_state {
    apl_buf body;
    apl_buf headers;
    apl_rc rc;
    apl_err err;
} call_state;

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static bool is_global_ready;

static void global_open(void)
{
    is_global_ready = !curl_global_init(CURL_GLOBAL_DEFAULT);
}

apl_rc apl_http_client_open(apl_http_client **out_client, apl_err *err)
{
    pthread_once(&global_once, global_open);
    apl_http_client *client = apl_mem_zalloc(1, sizeof *client);
    if (client && is_global_ready)
        client->curl = curl_easy_init();
    if (!client || !client->curl) {
        apl_mem_free(client);
        return apl_err_nomem(err);
    }
    *out_client = client;
    return APL_OK;
}

void apl_http_client_close(apl_http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    apl_mem_free(client);
}

void apl_http_reply_release(apl_http_reply *reply)
{
    apl_buf_release(&reply->body);
    apl_buf_release(&reply->raw_headers);
}

void apl_http_reply_release_auto(apl_http_reply *reply)
{
    apl_http_reply_release(reply);
}

bool apl_http_reply_header(const apl_http_reply *reply, const char *name, apl_span *out_value)
{
    apl_span rest = apl_buf_view(&reply->raw_headers);
    apl_span line;
    while (apl_span_split(&rest, '\n', &line)) {
        size_t colon = apl_span_find_byte(line, ':');
        if (colon == SIZE_MAX ||
            !apl_span_equal_nocase(apl_span_sub(line, 0, colon), apl_span_of(name)))
            continue;
        *out_value = apl_span_trim(apl_span_sub(line, colon + 1, SIZE_MAX));
        return true;
    }
    return false;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    call_state *state = ctx;
    state->rc = apl_buf_add(&state->body, (apl_span){bytes, size * count}, &state->err);
    return state->rc ? 0 : size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    call_state *state = ctx;
    apl_span line = apl_span_trim((apl_span){bytes, size * count});
    /* A second status line (after "100 Continue") starts over. */
    if (apl_span_starts(line, APL_SPAN("HTTP/")))
        apl_buf_clear(&state->headers);
    else if (line.len)
        state->rc = apl_buf_add(&state->headers, line, &state->err);
    if (!state->rc && line.len && state->headers.len)
        state->rc = apl_buf_add_byte(&state->headers, '\n', &state->err);
    return state->rc ? 0 : size * count;
}

static bool is_header_text(apl_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static apl_rc header_list_add(struct curl_slist **list, const char *line, apl_err *err)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return apl_err_nomem(err);
    *list = longer;
    return APL_OK;
}

static apl_rc headers_make(const apl_http_call *call, struct curl_slist **list, apl_err *err)
{
    /* Waiting a second for "100 Continue" helps nobody here. */
    apl_rc rc = header_list_add(list, "Expect:", err);
    if (!rc && call->header_count > CALL_HEADERS_MAX)
        rc = apl_err_set(err, APL_E_LIMIT, "more than %d headers", CALL_HEADERS_MAX);
    for (size_t i = 0; !rc && i < call->header_count; i++) {
        const apl_http_pair *h = &call->headers[i];
        if (!h->name.len || !is_header_text(h->name) || !is_header_text(h->value))
            return apl_err_set(err, APL_E_INVALID, "a header may not hold line breaks");
        APL_AUTO(apl_buf) line = APL_BUF(16384);
        /* "name;" is how libcurl is told to send an empty value. */
        rc = apl_buf_addf(&line, err, "%.*s%s%.*s", APL_SPAN_ARGS(h->name),
                          h->value.len ? ": " : ";", APL_SPAN_ARGS(h->value));
        if (!rc)
            rc = header_list_add(list, apl_buf_str(&line), err);
    }
    return rc;
}

static apl_rc curl_error(CURLcode code, const char *detail, const char *url, apl_err *err)
{
    static const struct {
        CURLcode code;
        apl_rc rc;
        const char *fix;
    } table[] = {
        {CURLE_COULDNT_RESOLVE_HOST, APL_E_NOT_FOUND, "check the name in the address"},
        {CURLE_COULDNT_CONNECT, APL_E_NOT_FOUND, "check that the server runs and the address"},
        {CURLE_OPERATION_TIMEDOUT, APL_E_TIMEOUT, "try again later"},
        {CURLE_PEER_FAILED_VERIFICATION, APL_E_DENIED, "check the server's certificate"},
        {CURLE_SSL_CACERT_BADFILE, APL_E_DENIED, "check the file of trusted certificates"},
        {CURLE_URL_MALFORMAT, APL_E_INVALID, "write it like http://127.0.0.1:8080/path"},
        {CURLE_UNSUPPORTED_PROTOCOL, APL_E_INVALID, "only http and https are used"},
        {CURLE_OUT_OF_MEMORY, APL_E_NOMEM, ""},
    };
    apl_rc rc = APL_E_IO;
    const char *fix = "try again; if it stays, check the network between here and there";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].code == code) {
            rc = table[i].rc;
            fix = table[i].fix;
        }
    }
    apl_err_set(err, rc, "%s", detail[0] ? detail : curl_easy_strerror(code));
    apl_err_where(err, "%s", url);
    apl_err_fix(err, "%s", fix);
    return rc;
}

static CURLcode body_set(CURL *curl, const apl_http_call *call)
{
    const char *method = call->method ? call->method : "GET";
    CURLcode code = CURLE_OK;
    if (call->body.ptr) {
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        if (!code)
            code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.ptr);
    } else if (!strcmp(method, "HEAD")) {
        code = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(method, "GET") != 0) {
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        if (!code)
            code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    return code ? code : curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static CURLcode options_set(CURL *curl, const apl_http_call *call, call_state *state,
                            struct curl_slist *headers, char *detail)
{
    int64_t connect_ms = (call->connect_us ? call->connect_us : 10 * APL_US_PER_SECOND) / 1000;
    int64_t total_ms =
        call->total_us < 0 ? 0 : (call->total_us ? call->total_us : 30 * APL_US_PER_SECOND) / 1000;
    CURLcode code = CURLE_OK;
    /* The first failure stays; each line reads as one option. */
#define SET(option, value) code = code ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_ERRORBUFFER, detail);
    SET(CURLOPT_URL, call->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_USERAGENT, "aplomb");
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_ms > 0 ? connect_ms : 1));
    SET(CURLOPT_TIMEOUT_MS, (long)(call->total_us < 0 || total_ms > 0 ? total_ms : 1));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, state);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, state);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (call->unix_path)
        SET(CURLOPT_UNIX_SOCKET_PATH, call->unix_path);
    if (call->ca_file)
        SET(CURLOPT_CAINFO, call->ca_file);
    if (!call->use_proxy)
        SET(CURLOPT_PROXY, "");
#undef SET
    return code ? code : body_set(curl, call);
}

apl_rc apl_http_client_run(apl_http_client *client, const apl_http_call *call,
                           apl_http_reply *out_reply, apl_err *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    call_state state = {
        .body = APL_BUF(call->response_max_bytes ? call->response_max_bytes : (size_t)16 << 20),
        .headers = APL_BUF(HEADERS_MAX_BYTES)};
    long status = 0;
    apl_rc rc = headers_make(call, &headers, err);
    if (!rc) {
        curl_easy_reset(client->curl);
        CURLcode code = options_set(client->curl, call, &state, headers, detail);
        if (!code)
            code = curl_easy_perform(client->curl);
        if (!code)
            code = curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
        if (state.rc) {
            apl_err_set(err, state.rc, "the answer: %s", state.err.what);
            apl_err_where(err, "%s", call->url);
            rc = state.rc;
        } else if (code) {
            rc = curl_error(code, detail, call->url, err);
        }
    }
    curl_slist_free_all(headers);
    if (rc) {
        apl_buf_release(&state.body);
        apl_buf_release(&state.headers);
        return rc;
    }
    *out_reply = (apl_http_reply){(int)status, state.body, state.headers};
    return APL_OK;
}
