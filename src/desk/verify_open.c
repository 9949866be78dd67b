/* SPDX-License-Identifier: Apache-2.0 */
/* Plain opening; see verify_open.h. Tests: tests/e2e/test_verify.py, tests/e2e/test_doctor.py */
#include "desk/verify_open.h"

#include "crypto/secret.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum { MARKER_MAX_BYTES = 4096, DATA_FORMAT = 1 };
static const char marker_name[] = "aplomb.json";

apl_rc apl_plain_path(const char *dir, const char *name, char out[APL_PATH_MAX_BYTES], apl_err *err)
{
    int len = snprintf(out, APL_PATH_MAX_BYTES, "%s/%s", dir, name);
    if (len < 0 || len >= APL_PATH_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the path of the data directory is too long");
    return APL_OK;
}

static apl_rc parse_marker(const char *path, apl_json_doc *doc, apl_span *out_store,
                           int64_t *out_format, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(MARKER_MAX_BYTES);
    apl_json root;
    apl_rc rc = apl_file_load(path, &text, err);
    if (!rc)
        rc = apl_json_doc_parse(doc, apl_buf_view(&text), NULL, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "format", out_format, err);
    if (!rc)
        rc = apl_json_get_str(root, "store", out_store, err);
    if (rc && rc != APL_E_NOMEM) {
        (void)apl_err_wrap(err, APL_E_CORRUPT, "the data directory's description is damaged");
        apl_err_where(err, "%s", path);
        apl_err_fix(err, "restore it from a backup");
        return APL_E_CORRUPT;
    }
    return rc;
}

apl_rc apl_marker_read(const char *dir, char **out_url, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_span store = APL_SPAN_NONE;
    int64_t format = 0;
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_plain_path(dir, marker_name, path, err);
    if (!rc && !apl_file_exists(path)) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no Aplomb data directory here");
        apl_err_where(err, "%s", dir);
        apl_err_fix(err,
                    "name it with --data, or make one with: aplomb import FILE, or aplomb serve");
        return APL_E_NOT_FOUND;
    }
    if (!rc)
        rc = parse_marker(path, doc, &store, &format, err);
    if (rc)
        return rc;
    if (format > DATA_FORMAT) {
        apl_err_set(err, APL_E_VERSION,
                    "the data directory has format %lld, this program knows only %d: it was made "
                    "by a newer Aplomb",
                    (long long)format, DATA_FORMAT);
        apl_err_fix(err, "install the newer version; nothing was changed");
        return APL_E_VERSION;
    }
    *out_url = NULL;
    if (apl_span_is(store, "sqlite"))
        return APL_OK;
    *out_url = apl_mem_dup(store.ptr, store.len);
    return *out_url ? APL_OK : apl_err_nomem(err);
}

apl_rc apl_marker_write(const char *dir, const char *url, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) text = APL_BUF(MARKER_MAX_BYTES);
    apl_json_writer w;
    apl_rc rc = apl_plain_path(dir, marker_name, path, err);
    if (rc)
        return rc;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "what", "an Aplomb data directory");
    apl_json_member_i64(&w, "format", DATA_FORMAT);
    apl_json_member_str(&w, "store", url ? url : "sqlite");
    apl_json_object_end(&w);
    rc = apl_json_writer_finish(&w, err);
    if (!rc)
        rc = apl_buf_add_byte(&text, '\n', err);
    /* The URL of a PostgreSQL store may hold a password. */
    return rc ? rc : apl_file_save(path, apl_buf_view(&text), 0600, err);
}

apl_rc apl_plain_open(const apl_desk_env *env, const char *dir, const char *store_url,
                      apl_plain *out, apl_err *err)
{
    memset(out, 0, sizeof *out);
    out->env = env;
    apl_tables_init();
    apl_rc rc = apl_crypto_init(err);
    if (!rc)
        rc = apl_plain_path(dir, "", out->dir, err);
    if (rc)
        return rc;
    out->dir[strlen(out->dir) - 1] = '\0';
    rc = apl_marker_read(dir, &out->url, err);
    if (!rc && store_url) {
        apl_mem_free(out->url);
        out->url = apl_mem_dup(store_url, strlen(store_url));
        rc = out->url ? APL_OK : apl_err_nomem(err);
    }
    if (!rc)
        rc = env->open_store(out->dir, out->url, &out->store, err);
    if (!rc)
        rc = apl_store_connect(out->store, false, &out->conn, err);
    if (rc)
        apl_plain_close(out);
    return rc;
}

void apl_plain_close(apl_plain *plain)
{
    apl_conn_close(plain->conn);
    apl_store_close(plain->store);
    apl_mem_free(plain->url);
    memset(plain, 0, sizeof *plain);
}

apl_rc apl_plain_check_schema(const apl_plain *plain, apl_err *err)
{
    static const char sql[] = "SELECT coalesce(max(version), 0) FROM schema_migration";
    int64_t have = 0;
    int newest = plain->env->migrations[plain->env->migration_count - 1].version;
    apl_rc rc = apl_conn_number(plain->conn, sql, NULL, 0, &have, err);
    if (rc || have == newest)
        return rc;
    if (have > newest) {
        apl_err_set(err, APL_E_VERSION,
                    "the store has schema version %lld, this program knows only up to %d: it was "
                    "made by a newer Aplomb",
                    (long long)have, newest);
        apl_err_fix(err, "install the newer version; nothing was changed");
    } else {
        apl_err_set(err, APL_E_VERSION, "the store has schema version %lld, this program needs %d",
                    (long long)have, newest);
        apl_err_fix(err, "make a backup with the older program, then run: aplomb migrate");
    }
    return APL_E_VERSION;
}

apl_rc apl_plain_load_key(const char *dir, apl_note_key *out_key, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) text = APL_BUF(APL_NOTE_KEY_TEXT_BYTES + 2);
    apl_rc rc = apl_plain_path(dir, "keys/ledger.pub", path, err);
    if (!rc)
        rc = apl_file_load(path, &text, err);
    if (!rc)
        rc = apl_note_key_parse(apl_span_trim(apl_buf_view(&text)), out_key, err);
    if (rc) {
        (void)apl_err_wrap(err, rc, "the public key of the ledger cannot be used");
        apl_err_where(err, "%s", path);
    }
    return rc;
}
