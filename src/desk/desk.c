/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a data directory. A new one is made whole: keys, schema, workspace, shipped policy. An existing folder that is
 * not ours is never touched. Tests: tests/unit/desk/test_desk.c, tests/e2e/test_datadir.py
 */
#include "desk/desk.h"

#include "crypto/encode.h"
#include "crypto/secret.h"
#include "desk/setup.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <string.h>

enum {
    MARKER_MAX_BYTES = 4096,
    KEY_FILE_MAX_BYTES = 1024,
    WORKSPACE_ARENA_BYTES = 64 * 1024,
    DATA_FORMAT = 1
};
static const char marker_name[] = "aplomb.json";

apl_rc apl_desk_path(const apl_desk *desk, const char *name, char out[APL_PATH_MAX_BYTES],
                     apl_err *err)
{
    int len = snprintf(out, APL_PATH_MAX_BYTES, "%s/%s", desk->dir, name);
    if (len < 0 || len >= APL_PATH_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the path of the data directory is too long");
    return APL_OK;
}

/* What a killed first start leaves before the folder says what it is: the lock, and the marker's unfinished file. */
static bool is_own_beginning(apl_span name)
{
    return apl_span_is(name, "lock") || (apl_span_starts(name, APL_SPAN("aplomb.json.")) &&
                                         apl_span_ends(name, APL_SPAN(".tmp")));
}

static apl_rc is_empty_dir(const char *dir, bool *out_empty, apl_err *err)
{
    APL_AUTO(apl_dir_names) names = {0};
    apl_rc rc = apl_dir_list(dir, &names, err);
    *out_empty = !rc;
    for (size_t i = 0; i < names.count && *out_empty; i++)
        *out_empty = is_own_beginning(apl_span_of(names.names[i]));
    return rc;
}

static apl_rc write_marker(apl_desk *desk, const char *store_url, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) text = APL_BUF(MARKER_MAX_BYTES);
    apl_json_writer w;
    apl_rc rc = apl_desk_path(desk, marker_name, path, err);
    if (rc)
        return rc;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "what", "an Aplomb data directory");
    apl_json_member_i64(&w, "format", DATA_FORMAT);
    apl_json_member_str(&w, "store", store_url ? store_url : "sqlite");
    apl_json_object_end(&w);
    rc = apl_json_writer_finish(&w, err);
    if (!rc)
        rc = apl_buf_add_byte(&text, '\n', err);
    /* The URL of a PostgreSQL store may hold a password. */
    return rc ? rc : apl_file_save(path, apl_buf_view(&text), 0600, err);
}

/* The store's URL from the marker into the arena; NULL for SQLite. */
static apl_rc read_marker(apl_desk *desk, const char *path, const char **out_url, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(MARKER_MAX_BYTES);
    APL_AUTO_JSON doc = apl_json_doc_new();
    apl_json root;
    apl_span store = APL_SPAN_NONE;
    int64_t format = 0;
    if (!doc)
        return apl_err_nomem(err);
    apl_rc rc = apl_file_load(path, &text, err);
    if (!rc)
        rc = apl_json_doc_parse(doc, apl_buf_view(&text), NULL, &root, err);
    if (!rc)
        rc = apl_json_get_i64(root, "format", &format, err);
    if (!rc)
        rc = apl_json_get_str(root, "store", &store, err);
    if (rc) {
        apl_err_wrap(err, rc, "the data directory's description is damaged");
        apl_err_where(err, "%s", path);
        apl_err_fix(err, "restore it from a backup");
        return APL_E_CORRUPT;
    }
    if (format > DATA_FORMAT) {
        apl_err_set(
            err, APL_E_VERSION,
            "the data directory has format %lld, this program knows only %d: it was made by a"
            " newer Aplomb",
            (long long)format, DATA_FORMAT);
        apl_err_fix(err, "install the newer version; nothing was changed");
        return APL_E_VERSION;
    }
    *out_url = apl_span_is(store, "sqlite") ? NULL : apl_arena_str(&desk->arena, store);
    return APL_OK;
}

/* SQLite lies in the folder; a folder of the one kind cannot be opened as the other. */
static apl_rc check_same_kind(const char *dir, const char *known, const char *given, apl_err *err)
{
    bool knows_sqlite = !known, gives_sqlite = !given || strcmp(given, "sqlite") == 0;
    if (knows_sqlite == gives_sqlite)
        return APL_OK;
    apl_err_set(err, APL_E_INVALID, "the data of this directory is in %s",
                knows_sqlite ? "SQLite, not in the store that was named"
                             : "PostgreSQL, not in SQLite");
    apl_err_where(err, "%s", dir);
    apl_err_fix(err, "leave --store out, or name another folder with --data; nothing was changed");
    return APL_E_INVALID;
}

static apl_rc not_ours(const char *dir, apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "this folder is not an Aplomb data directory and not empty");
    apl_err_where(err, "%s", dir);
    apl_err_fix(err, "name another folder with --data; nothing was changed");
    return APL_E_INVALID;
}

/* Finds out what the folder is; makes it when it may. */
static apl_rc prepare_dir(apl_desk *desk, const apl_desk_options *opt, bool *out_is_new,
                          const char **out_url, apl_err *err)
{
    char marker[APL_PATH_MAX_BYTES];
    bool is_empty = false;
    *out_is_new = false;
    *out_url = opt->store_url;
    apl_rc rc = apl_desk_path(desk, marker_name, marker, err);
    if (rc)
        return rc;
    if (apl_file_exists(marker)) {
        const char *known = NULL;
        rc = read_marker(desk, marker, &known, err);
        if (!rc && !opt->store_url)
            *out_url = known;
        return rc || !opt->store_url ? rc
                                     : check_same_kind(opt->data_dir, known, opt->store_url, err);
    }
    if (apl_file_exists(opt->data_dir) && !apl_dir_exists(opt->data_dir))
        return not_ours(opt->data_dir, err);
    if (apl_dir_exists(opt->data_dir)) {
        rc = is_empty_dir(opt->data_dir, &is_empty, err);
        if (!rc && !is_empty)
            rc = not_ours(opt->data_dir, err);
        if (rc)
            return rc;
    }
    if (opt->mode == APL_DESK_READ) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no Aplomb data directory here");
        apl_err_where(err, "%s", opt->data_dir);
        apl_err_fix(err,
                    "name it with --data, or make one with: aplomb import FILE, or aplomb serve");
        return APL_E_NOT_FOUND;
    }
    *out_is_new = true;
    return APL_OK;
}

static apl_rc random_file(apl_desk *desk, const char *name, void *bytes, size_t len, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES], text[128];
    APL_AUTO(apl_buf) old = APL_BUF(KEY_FILE_MAX_BYTES);
    apl_rc rc = apl_desk_path(desk, name, path, err);
    if (rc)
        return rc;
    if (apl_file_exists(path)) {
        rc = apl_file_load(path, &old, err);
        return rc ? rc
                  : apl_base64_decode_exact(apl_span_trim(apl_buf_view(&old)), APL_BASE64_URL,
                                            bytes, len, err);
    }
    /* A new key for an old ledger would only look like an attack on it. */
    if (desk->has_ledger) {
        apl_err_set(err, APL_E_CORRUPT, "a key of this data directory is missing");
        apl_err_where(err, "%s", path);
        apl_err_fix(err, "restore the folder keys/ from a backup; nothing was changed");
        return APL_E_CORRUPT;
    }
    desk->env.random->fill(desk->env.random->ctx, bytes, len);
    size_t used = apl_base64_encode((apl_span){bytes, len}, APL_BASE64_URL, text);
    text[used++] = '\n';
    return apl_file_save(path, (apl_span){text, used}, 0600, err);
}

/* Makes or reads the keys. The public key stands beside the private one, for whoever verifies. */
static apl_rc open_keys(apl_desk *desk, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES], text[APL_NOTE_KEY_TEXT_BYTES + 1];
    uint8_t seed[APL_ED25519_SEED_BYTES];
    apl_ed25519_key pair;
    apl_rc rc = apl_desk_path(desk, "keys", path, err);
    if (!rc)
        rc = apl_dir_make(path, 0700, err);
    if (!rc)
        rc = random_file(desk, "keys/secret.key", desk->secret_key, sizeof desk->secret_key, err);
    if (!rc)
        rc = random_file(desk, "keys/ledger.key", seed, sizeof seed, err);
    if (rc)
        return apl_err_wrap(err, rc, "reading the keys");
    apl_ed25519_from_seed(seed, &pair);
    (void)snprintf(desk->ledger_name, sizeof desk->ledger_name, "aplomb/%02x%02x%02x%02x",
                   pair.public_key[0], pair.public_key[1], pair.public_key[2], pair.public_key[3]);
    rc = apl_note_signer_init(&desk->signer, apl_span_of(desk->ledger_name), seed, err);
    apl_secret_wipe(seed, sizeof seed);
    apl_secret_wipe(&pair, sizeof pair);
    if (!rc)
        rc = apl_desk_path(desk, "keys/ledger.pub", path, err);
    if (rc || apl_file_exists(path))
        return rc;
    apl_note_key_format(&desk->signer.key, text);
    size_t len = strlen(text);
    text[len++] = '\n';
    return apl_file_save(path, (apl_span){text, len}, 0644, err);
}

static apl_rc check_schema(apl_desk *desk, apl_err *err)
{
    int64_t have = 0;
    int newest = desk->env.migrations[desk->env.migration_count - 1].version;
    apl_rc rc = apl_conn_number(
        desk->conn, "SELECT coalesce(max(version), 0) FROM schema_migration", NULL, 0, &have, err);
    if (rc)
        return rc;
    if (have == newest)
        return APL_OK;
    if (have > newest) {
        apl_err_set(err, APL_E_VERSION,
                    "the store has schema version %lld, this program knows only up to %d: it was "
                    "made by a newer Aplomb",
                    (long long)have, newest);
        apl_err_fix(err, "install the newer version; nothing was changed");
    } else {
        apl_err_set(err, APL_E_VERSION, "the store has schema version %lld, this program needs %d",
                    (long long)have, newest);
        apl_err_fix(err, "make a backup, then run: aplomb migrate");
    }
    return APL_E_VERSION;
}

/* The policy is put down only after the schema: a folder that has one and a store that is empty do not go together. */
static apl_rc check_not_lost(apl_desk *desk, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    apl_rc rc = apl_desk_path(desk, "policy", path, err);
    if (rc || !apl_dir_exists(path))
        return rc;
    apl_err_set(err, APL_E_CORRUPT,
                "the store of this data directory is empty: its data was lost or moved");
    apl_err_where(err, "%s", desk->dir);
    apl_err_fix(err, "restore a backup with: aplomb restore; nothing was changed");
    return APL_E_CORRUPT;
}

/* A new store gets its schema at once; one that is in use only by `aplomb migrate`. */
static apl_rc open_schema(apl_desk *desk, apl_desk_mode mode, apl_err *err)
{
    int version = 0;
    apl_rc rc = apl_store_schema_version(desk->conn, &version, err);
    if (!rc && version == 0)
        rc = check_not_lost(desk, err);
    if (mode == APL_DESK_READ)
        return rc ? rc : check_schema(desk, err);
    if (!rc && (version == 0 || mode == APL_DESK_MIGRATE))
        rc = apl_store_migrate(desk->conn, desk->env.migrations, desk->env.migration_count,
                               apl_clock_now(desk->env.clock), err);
    return rc ? rc : check_schema(desk, err);
}

apl_rc apl_desk_reload_workspace(apl_desk *desk, apl_err *err)
{
    bool found = false;
    int64_t keys[] = {desk->workspace_id};
    apl_arena_clear(&desk->arena);
    apl_rc rc = apl_row_find(&(apl_reading){desk->conn, &desk->arena}, &apl_table_workspace, keys,
                             &desk->workspace, &found, err);
    if (!rc && !found)
        rc = apl_err_set(err, APL_E_NOT_FOUND, "the store holds no workspace yet");
    return rc;
}

static apl_desk *new_desk(const apl_desk_env *env, const char *dir, const char *policy_dir,
                          apl_err *err)
{
    apl_desk *desk = apl_mem_zalloc(1, sizeof *desk);
    if (!desk) {
        apl_err_nomem(err);
        return NULL;
    }
    desk->env = *env;
    desk->workspace_id = 1;
    apl_arena_init(&desk->arena, WORKSPACE_ARENA_BYTES);
    apl_mutex_init(&desk->policy_mutex);
    desk->dir = apl_mem_dup(dir, strlen(dir));
    desk->policy_dir = policy_dir ? apl_mem_dup(policy_dir, strlen(policy_dir)) : NULL;
    if (!desk->dir || (policy_dir && !desk->policy_dir)) {
        apl_desk_close(desk);
        apl_err_nomem(err);
        return NULL;
    }
    return desk;
}

/* Has anything been written in the name of this directory's keys? Found out before they are opened. */
static apl_rc find_ledger(apl_desk *desk, bool is_new, const char *url, apl_err *err)
{
    static const char sql[] = "SELECT count(*) FROM ledger_head WHERE workspace_id = $1";
    char path[APL_PATH_MAX_BYTES];
    int version = 0;
    int64_t count = 0;
    apl_rc rc = apl_desk_path(desk, "aplomb.db", path, err);
    if (rc || !url || strcmp(url, "sqlite") == 0) {
        desk->has_ledger = !rc && apl_file_exists(path);
        return rc;
    }
    rc = apl_store_schema_version(desk->conn, &version, err);
    if (!rc && version > 0)
        rc = apl_conn_number(desk->conn, sql, APL_VALS(APL_I64(desk->workspace_id)), &count, err);
    desk->has_ledger = count > 0;
    if (rc || !is_new || !count)
        return rc;
    apl_err_set(err, APL_E_INVALID, "the store already belongs to another data directory");
    apl_err_where(err, "%s", desk->dir);
    apl_err_fix(
        err, "name that directory with --data, or restore it from a backup; nothing was changed");
    return APL_E_INVALID;
}

/* The folder, the lock, what the folder is, the keys: in this order, so that a kill in between leaves a folder of ours. */
static apl_rc take_dir(apl_desk *desk, bool is_new, const char *url, apl_err *err)
{
    apl_rc rc = is_new ? apl_dir_make(desk->dir, 0700, err) : APL_OK;
    if (!rc)
        rc = apl_lock_take(desk->dir, &desk->lock, err);
    if (!rc && is_new)
        rc = write_marker(desk, url, err);
    return rc ? rc : open_keys(desk, err);
}

static apl_rc open_store(apl_desk *desk, const apl_desk_options *opt, bool is_new, const char *url,
                         apl_err *err)
{
    bool may_write = opt->mode != APL_DESK_READ;
    apl_rc rc = desk->env.open_store(desk->dir, url, &desk->store, err);
    /* A server that cannot be reached is found out before a folder is made for it. */
    if (!rc && url)
        rc = apl_store_connect(desk->store, may_write, &desk->conn, err);
    if (!rc && may_write)
        rc = find_ledger(desk, is_new, url, err);
    if (!rc && may_write)
        rc = take_dir(desk, is_new, url, err);
    if (!rc && !url)
        rc = apl_store_connect(desk->store, may_write, &desk->conn, err);
    return rc ? rc : open_schema(desk, opt->mode, err);
}

apl_rc apl_desk_open(const apl_desk_env *env, const apl_desk_options *opt, apl_desk **out_desk,
                     apl_err *err)
{
    bool is_new = false;
    const char *url = NULL;
    apl_tables_init();
    apl_desk *desk = new_desk(env, opt->data_dir, opt->policy_dir, err);
    if (!desk)
        return APL_E_NOMEM;
    apl_rc rc = apl_crypto_init(err);
    if (!rc)
        rc = prepare_dir(desk, opt, &is_new, &url, err);
    if (!rc)
        rc = open_store(desk, opt, is_new, url, err);
    if (!rc)
        rc = opt->mode == APL_DESK_READ ? apl_desk_adopt(desk, err) : apl_desk_set_up(desk, err);
    if (rc) {
        apl_desk_close(desk);
        return rc;
    }
    *out_desk = desk;
    return APL_OK;
}

apl_rc apl_desk_open_reader(apl_desk *main, apl_desk **out_desk, apl_err *err)
{
    apl_desk *desk = new_desk(&main->env, main->dir, main->policy_dir, err);
    if (!desk)
        return APL_E_NOMEM;
    desk->shared = main;
    memcpy(desk->ledger_name, main->ledger_name, sizeof desk->ledger_name);
    memcpy(desk->secret_key, main->secret_key, sizeof desk->secret_key);
    apl_rc rc = apl_store_connect(main->store, false, &desk->conn, err);
    desk->store = main->store;
    if (!rc)
        rc = apl_desk_reload_workspace(desk, err);
    if (rc) {
        apl_desk_close(desk);
        return rc;
    }
    desk->policy = apl_policy_use_take(main);
    *out_desk = desk;
    return APL_OK;
}

void apl_desk_close(apl_desk *desk)
{
    if (!desk)
        return;
    apl_policy_use_drop(desk->policy);
    apl_conn_close(desk->conn);
    if (!desk->shared)
        apl_store_close(desk->store);
    apl_lock_release(desk->lock);
    apl_secret_wipe(&desk->signer, sizeof desk->signer);
    apl_secret_wipe(desk->secret_key, sizeof desk->secret_key);
    apl_arena_release(&desk->arena);
    apl_mutex_release(&desk->policy_mutex);
    apl_mem_free(desk->dir);
    apl_mem_free(desk->policy_dir);
    apl_mem_free(desk);
}
