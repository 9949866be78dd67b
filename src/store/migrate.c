/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbered migrations, one transaction each. `schema_migration` holds one row per applied migration; a run that was
 * killed has either applied a migration whole or not at all, and the next run goes on. Tests: tests/unit/store/test_migrate.c
 */
#include "store/store.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

static const char bootstrap[] =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    " version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_us BIGINT NOT NULL)";

/* Keeps the lines outside `--@` sections and those of this backend's sections. */
static apl_rc select_sections(const char *sql, const char *backend, apl_buf *out, apl_err *err)
{
    apl_span rest = apl_span_of(sql), line;
    bool keep = true;
    while (apl_span_split(&rest, '\n', &line)) {
        apl_span word = apl_span_trim(line);
        if (apl_span_starts(word, APL_SPAN("--@"))) {
            apl_span name = apl_span_sub(word, 3, SIZE_MAX);
            keep = apl_span_is(name, "end") || apl_span_is(name, backend);
            continue;
        }
        apl_rc rc = keep ? apl_buf_add(out, line, err) : APL_OK;
        if (!rc)
            rc = apl_buf_add_byte(out, '\n', err);
        if (rc)
            return rc;
    }
    return APL_OK;
}

apl_rc apl_store_schema_version(apl_conn *conn, int *out_version, apl_err *err)
{
    int64_t version = 0;
    apl_rc rc = apl_conn_script(conn, bootstrap, err);
    if (!rc)
        rc = apl_conn_number(conn, "SELECT coalesce(max(version), 0) FROM schema_migration", NULL,
                             0, &version, err);
    if (!rc)
        *out_version = (int)version;
    return rc;
}

static apl_rc apply_one(apl_conn *conn, const apl_migration *m, apl_time_us now, apl_err *err)
{
    APL_AUTO(apl_buf) sql = APL_BUF(SQL_MAX_BYTES);
    apl_rc rc = select_sections(m->sql, conn->store->backend->name, &sql, err);
    if (!rc)
        rc = apl_conn_begin(conn, err);
    if (rc)
        return rc;
    rc = apl_conn_script(conn, apl_buf_str(&sql), err);
    if (!rc)
        rc = apl_conn_run(
            conn, "INSERT INTO schema_migration (version, name, applied_us) VALUES ($1, $2, $3)",
            APL_VALS(APL_I64(m->version), APL_TEXT(apl_span_of(m->name)), APL_I64(now)), err);
    if (!rc)
        rc = apl_conn_commit(conn, err);
    if (rc) {
        apl_conn_rollback(conn);
        return apl_err_wrap(err, rc, "migration %d (%s) was rolled back", m->version, m->name);
    }
    return APL_OK;
}

apl_rc apl_store_migrate(apl_conn *conn, const apl_migration *list, size_t count, apl_time_us now,
                         apl_err *err)
{
    int have = 0;
    int newest = count ? list[count - 1].version : 0;
    apl_rc rc = apl_store_schema_version(conn, &have, err);
    if (rc)
        return rc;
    if (have > newest) {
        apl_err_set(err, APL_E_VERSION,
                    "the store has schema version %d, this program knows only up to %d: it was "
                    "made by a newer Aplomb",
                    have, newest);
        apl_err_fix(err, "install the newer version; nothing was changed");
        return APL_E_VERSION;
    }
    for (size_t i = 0; i < count && !rc; i++)
        if (list[i].version > have)
            rc = apply_one(conn, &list[i], now, err);
    return rc;
}
