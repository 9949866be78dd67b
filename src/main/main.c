/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring: the only place that names the concrete clock, randomness, stores and the embedded files. */
#include "base/embedded.h"
#include "main/serve.h"
#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MIGRATIONS_MAX = 64, POLICY_MAX = 128 };

static apl_rc open_store(const char *data_dir, const char *url, apl_store **out_store, apl_err *err)
{
    char path[APL_PATH_MAX_BYTES];
    apl_span text = apl_span_of(url);
    if (url && (apl_span_starts(text, APL_SPAN("postgresql://")) ||
                apl_span_starts(text, APL_SPAN("postgres://"))))
        return apl_postgres_open(url, out_store, err);
    if (url && !apl_span_is(text, "sqlite")) {
        apl_err_set(err, APL_E_USAGE, "\"%.40s\" is no store that this program knows", url);
        apl_err_fix(err, "give postgresql://… or leave --store out for SQLite");
        return APL_E_USAGE;
    }
    int len = snprintf(path, sizeof path, "%s/aplomb.db", data_dir);
    if (len < 0 || (size_t)len >= sizeof path)
        return apl_err_set(err, APL_E_LIMIT, "the path of the data directory is too long");
    return apl_sqlite_open(path, out_store, err);
}

/* "db/migrations/0001_first.sql": the number is the version; the table is sorted by path. */
static size_t embedded_migrations(apl_migration *out)
{
    apl_span prefix = APL_SPAN("db/migrations/");
    size_t count = 0;
    for (size_t i = 0; i < apl_embedded_file_count && count < MIGRATIONS_MAX; i++) {
        const apl_embedded_file *file = &apl_embedded_files[i];
        apl_span path = apl_span_of(file->path);
        int64_t version = 0;
        if (!apl_span_starts(path, prefix) ||
            apl_span_parse_i64(apl_span_sub(path, prefix.len, 4), &version, NULL))
            continue;
        out[count++] =
            (apl_migration){(int)version, file->path + prefix.len, (const char *)file->bytes};
    }
    return count;
}

static size_t embedded_policy(apl_policy_file *out)
{
    apl_span prefix = APL_SPAN("policy/");
    size_t count = 0;
    for (size_t i = 0; i < apl_embedded_file_count && count < POLICY_MAX; i++) {
        const apl_embedded_file *file = &apl_embedded_files[i];
        if (apl_span_starts(apl_span_of(file->path), prefix))
            out[count++] =
                (apl_policy_file){file->path + prefix.len, {(const char *)file->bytes, file->size}};
    }
    return count;
}

int main(int argc, char **argv)
{
    static apl_migration migrations[MIGRATIONS_MAX];
    static apl_policy_file policy[POLICY_MAX];
    uint64_t seed[2];
    /* What is written here is the firm's own business. */
    (void)umask(077);
    /* A burst of large requests must not stay resident in one heap per thread. */
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    apl_program program = {.serve = apl_serve};
    apl_desk_env *env = &program.env;
    *env = (apl_desk_env){
        .clock = apl_clock_system(),
        .random = apl_random_system(),
        .open_store = open_store,
        .migrations = migrations,
        .default_policy = policy,
    };
    env->random->fill(env->random->ctx, seed, sizeof seed);
    apl_span_hash_seed(seed[0], seed[1]);
    env->migration_count = embedded_migrations(migrations);
    env->default_policy_count = embedded_policy(policy);
    return apl_cli_main(&program, argc, argv);
}
