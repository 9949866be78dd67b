/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the folder and the machine; see doctor.h. Those of the store: doctor_store.c. Tests: tests/e2e/test_doctor.py */
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "desk/doctor_internal.h"
#include "sys/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_FILE_MAX_BYTES = 1024,
    POLICY_ARENA_BYTES = 2 * APL_POLICY_BYTES_MAX,
    ZONE_MAX_BYTES = 1024 * 1024
};
enum { OPEN_FILES_MIN = 1024 };
static const uint64_t mib = 1024 * 1024;

const char *apl_check_status_name(apl_check_status status)
{
    static const char *const names[] = {"ok", "warning", "wrong"};
    return names[status];
}

bool apl_doctor_found_wrong(const apl_doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->checks[i].status == APL_CHECK_WRONG)
            return true;
    return false;
}

apl_check *apl_doctor_check(apl_doctor *d, const char *name, const char *fmt, ...)
{
    apl_doctor_report *report = d->report;
    apl_check *check =
        &report->checks[report->count < APL_CHECKS_MAX ? report->count++ : APL_CHECKS_MAX - 1];
    va_list args;
    *check = (apl_check){.name = name};
    va_start(args, fmt);
    (void)vsnprintf(check->detail, sizeof check->detail, fmt, args);
    va_end(args);
    return check;
}

void apl_check_set(apl_check *check, apl_check_status status, const char *fix_fmt, ...)
{
    va_list args;
    check->status = status;
    va_start(args, fix_fmt);
    (void)vsnprintf(check->fix, sizeof check->fix, fix_fmt, args);
    va_end(args);
}

void apl_doctor_error(apl_doctor *d, const char *name, apl_check_status status, const apl_err *err)
{
    apl_check *check = err->where[0]
                           ? apl_doctor_check(d, name, "%.200s: %.150s", err->where, err->what)
                           : apl_doctor_check(d, name, "%.300s", err->what);
    apl_check_set(check, status, "%s", err->fix);
}

/* --- the folder --------------------------------------------------------------------------------------------------- */

static void check_folder(apl_doctor *d)
{
    apl_err err = {0};
    char *url = NULL;
    apl_rc rc = apl_marker_read(d->dir, &url, &err);
    if (rc) {
        apl_doctor_error(d, "data directory", APL_CHECK_WRONG, &err);
        return;
    }
    d->is_ours = true;
    (void)apl_doctor_check(d, "data directory", "%.200s holds Aplomb's data, in %s", d->dir,
                           url || d->store_url ? "PostgreSQL" : "SQLite");
    apl_mem_free(url);
}

/* Others may read nothing here: keys, password hashes, customers' words. */
static void check_permissions(apl_doctor *d)
{
    static const struct {
        const char *name;
        unsigned mode;
    } items[] = {{".", 0700},
                 {"keys", 0700},
                 {"keys/ledger.key", 0600},
                 {"keys/secret.key", 0600},
                 {"aplomb.json", 0600},
                 {"aplomb.db", 0600},
                 {"aplomb.db-wal", 0600}};
    char path[APL_PATH_MAX_BYTES];
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        unsigned mode = 0;
        bool is_mine = false;
        if (apl_plain_path(d->dir, items[i].name, path, NULL) ||
            apl_file_look(path, &mode, &is_mine, NULL))
            continue;
        if (mode & ~items[i].mode) {
            apl_check *check = apl_doctor_check(
                d, "permissions", "%.200s can be reached by other users (%03o)", path, mode);
            apl_check_set(check, APL_CHECK_WRONG, "chmod %03o %.200s", items[i].mode, path);
            return;
        }
        if (!is_mine) {
            apl_check *check =
                apl_doctor_check(d, "permissions", "%.200s belongs to another user", path);
            apl_check_set(check, APL_CHECK_WARNING,
                          "run Aplomb as the user who owns the data directory");
            return;
        }
    }
    (void)apl_doctor_check(d, "permissions", "only this user can read the data directory");
}

static apl_rc load_seed(apl_doctor *d, const char *name, uint8_t out[32], apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    APL_AUTO(apl_buf) text = APL_BUF(KEY_FILE_MAX_BYTES);
    apl_rc rc = apl_plain_path(d->dir, name, path, err);
    if (!rc)
        rc = apl_file_load(path, &text, err);
    if (!rc)
        rc = apl_base64_decode_exact(apl_span_trim(apl_buf_view(&text)), APL_BASE64_URL, out, 32,
                                     err);
    if (rc)
        apl_err_where(err, "%s", path);
    if (text.ptr)
        apl_secret_wipe(text.ptr, text.len);
    return rc;
}

static void check_keys(apl_doctor *d)
{
    uint8_t seed[32], secret[32];
    apl_ed25519_key pair;
    apl_note_key public_key;
    apl_err err = {0};
    apl_rc rc = load_seed(d, "keys/ledger.key", seed, &err);
    if (!rc)
        rc = load_seed(d, "keys/secret.key", secret, &err);
    if (!rc)
        rc = apl_plain_load_key(d->dir, &public_key, &err);
    if (rc) {
        apl_err_fix(
            &err,
            "restore the folder keys/ from a backup; without it nothing can be signed any more");
        apl_doctor_error(d, "keys", APL_CHECK_WRONG, &err);
        return;
    }
    apl_ed25519_from_seed(seed, &pair);
    if (memcmp(pair.public_key, public_key.public_key, sizeof public_key.public_key) == 0) {
        (void)apl_doctor_check(d, "keys",
                               "private and public key of the ledger belong together (%s)",
                               public_key.name);
    } else {
        apl_check *check =
            apl_doctor_check(d, "keys", "keys/ledger.pub does not belong to keys/ledger.key");
        apl_check_set(check, APL_CHECK_WRONG, "restore the folder keys/ from a backup");
    }
    apl_secret_wipe(seed, sizeof seed);
    apl_secret_wipe(secret, sizeof secret);
    apl_secret_wipe(&pair, sizeof pair);
}

static void check_server(apl_doctor *d)
{
    char path[APL_PATH_MAX_BYTES];
    int64_t owner = apl_lock_owner(d->dir);
    bool answers = !apl_plain_path(d->dir, "serve.sock", path, NULL) && apl_socket_answers(path);
    if (owner && answers) {
        (void)apl_doctor_check(d, "server", "a server runs as process %lld and answers",
                               (long long)owner);
    } else if (owner) {
        apl_check *check = apl_doctor_check(
            d, "server", "process %lld holds the data directory and does not answer",
            (long long)owner);
        apl_check_set(check, APL_CHECK_WARNING,
                      "if it is no import that is under way, stop that process");
    } else {
        (void)apl_doctor_check(d, "server", "no server runs on this data directory");
    }
}

/* --- policy ------------------------------------------------------------------------------------------------------- */

/* The digest of what is in force, or empty. */
static void published_digest(apl_doctor *d, char out[48])
{
    static const char sql[] =
        "SELECT digest FROM policy WHERE workspace_id = 1 ORDER BY id DESC LIMIT 1";
    apl_cursor *cursor = NULL;
    bool has_row = false;
    out[0] = '\0';
    if (!d->has_store || apl_conn_query(d->plain.conn, sql, NULL, 0, &cursor, NULL))
        return;
    if (!apl_cursor_next(cursor, &has_row, NULL) && has_row)
        (void)snprintf(out, 48, "%.*s", APL_SPAN_ARGS(apl_cursor_span(cursor, 0)));
    apl_cursor_close(cursor);
}

static void check_policy(apl_doctor *d)
{
    char path[APL_PATH_MAX_BYTES], digest[48], published[48];
    APL_AUTO(apl_arena) arena;
    apl_policy_file *files = NULL;
    apl_policy_use *use = NULL;
    size_t count = 0;
    apl_err err = {0};
    apl_arena_init(&arena, POLICY_ARENA_BYTES);
    apl_rc rc = apl_plain_path(d->dir, "policy", path, &err);
    if (!rc)
        rc = apl_policy_files_load(path, &arena, &files, &count, &err);
    if (!rc)
        rc = apl_policy_use_new(files, count, &use, &err);
    if (rc) {
        if (!err.fix[0])
            apl_err_fix(&err, "mend the file, then run: aplomb policy check");
        apl_doctor_error(d, "policy", APL_CHECK_WRONG, &err);
        return;
    }
    apl_policy_use_drop(use);
    apl_policy_digest(files, count, digest);
    published_digest(d, published);
    if (published[0] && strcmp(published, digest) != 0) {
        apl_check *check = apl_doctor_check(
            d, "policy", "the files in policy/ are valid and differ from what is in force");
        apl_check_set(check, APL_CHECK_WARNING, "put them in force with: aplomb policy publish");
        return;
    }
    (void)apl_doctor_check(d, "policy", "%zu files, valid%s", count,
                           published[0] ? ", and in force" : "");
}

/* --- the machine -------------------------------------------------------------------------------------------------- */

static void check_zones(apl_doctor *d)
{
    APL_AUTO(apl_buf) data = APL_BUF(ZONE_MAX_BYTES);
    apl_err err = {0};
    if (!apl_sys_zone_read("Europe/Berlin", &data, &err) &&
        !apl_sys_zone_read("America/New_York", &data, &err)) {
        (void)apl_doctor_check(d, "time zones", "the time zone data of the system is there");
        return;
    }
    apl_check *check = apl_doctor_check(
        d, "time zones", "the time zone data of the system is missing: %.200s", err.what);
    apl_check_set(check, APL_CHECK_WRONG, "install the package tzdata");
}

static void check_disk(apl_doctor *d)
{
    uint64_t free_bytes = 0;
    apl_err err = {0};
    if (apl_disk_free_bytes(d->dir, &free_bytes, &err)) {
        apl_doctor_error(d, "disk", APL_CHECK_WARNING, &err);
        return;
    }
    apl_check *check =
        apl_doctor_check(d, "disk", "%llu MB are free", (unsigned long long)(free_bytes / mib));
    if (free_bytes < 100 * mib)
        apl_check_set(check, APL_CHECK_WRONG, "free space: writing stops when the disk is full");
    else if (free_bytes < 1024 * mib)
        apl_check_set(check, APL_CHECK_WARNING,
                      "free space soon: writing stops when the disk is full");
}

static void check_limits(apl_doctor *d)
{
    uint64_t files = apl_open_files_max(), available = 0, total = 0;
    apl_check *check = apl_doctor_check(d, "open files", "this process may open %llu files",
                                        (unsigned long long)files);
    if (files && files < OPEN_FILES_MIN)
        apl_check_set(check, APL_CHECK_WARNING,
                      "raise the limit (ulimit -n, or LimitNOFILE= of the service) to %d or more",
                      OPEN_FILES_MIN);
    apl_memory_look(&available, &total);
    check = apl_doctor_check(d, "memory", "%llu of %llu MB can be had",
                             (unsigned long long)(available / mib),
                             (unsigned long long)(total / mib));
    if (total && available < 256 * mib)
        apl_check_set(check, APL_CHECK_WARNING,
                      "an import wants 200 MB; end other programs or add memory");
}

static void open_store(apl_doctor *d)
{
    apl_err err = {0};
    if (apl_plain_open(d->env, d->dir, d->store_url, &d->plain, &err)) {
        if (!err.fix[0])
            apl_err_fix(
                &err, "restore the last backup into a new folder: aplomb restore FILE --data NEW");
        apl_doctor_error(d, "store", APL_CHECK_WRONG, &err);
        return;
    }
    d->has_store = true;
}

void apl_doctor_run(const apl_desk_env *env, const char *dir, const char *store_url,
                    apl_doctor_report *out_report)
{
    apl_doctor d = {.env = env, .dir = dir, .store_url = store_url, .report = out_report};
    apl_err err = {0};
    out_report->count = 0;
    if (apl_crypto_init(&err))
        apl_doctor_error(&d, "cryptography", APL_CHECK_WRONG, &err);
    check_folder(&d);
    if (d.is_ours) {
        check_permissions(&d);
        check_keys(&d);
        check_server(&d);
        open_store(&d);
        if (d.has_store)
            apl_doctor_store(&d);
        check_policy(&d);
        check_disk(&d);
    }
    check_zones(&d);
    check_limits(&d);
    if (d.has_store)
        apl_plain_close(&d.plain);
}
