/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of verification, and its findings; see verify.h. The passes stand in verify_ledger.c (entries, checkpoints),
 * verify_head.c, verify_commit.c, verify_rows.c and verify_link.c. Tests: tests/e2e/test_verify.py
 */
#include "desk/verify_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROW_ARENA_BYTES = 128 * 1024 * 1024 };

const char *apl_finding_kind_name(apl_finding_kind kind)
{
    static const char *const names[APL_FINDING_KINDS] = {"changed", "missing", "extra", "broken"};
    return kind < APL_FINDING_KINDS ? names[kind] : "broken";
}

int64_t apl_verify_found(const apl_verify_report *report)
{
    int64_t sum = 0;
    for (int i = 0; i < APL_FINDING_KINDS; i++)
        sum += report->found[i];
    return sum;
}

apl_finding *apl_verify_note(apl_verify *v, apl_finding_kind kind, int64_t seq,
                             const char *where_fmt, ...)
{
    apl_verify_report *report = v->report;
    apl_finding *finding = report->finding_count < APL_FINDINGS_MAX
                               ? &report->findings[report->finding_count++]
                               : &v->spare;
    va_list args;
    report->found[kind]++;
    *finding = (apl_finding){.kind = kind, .seq = seq};
    va_start(args, where_fmt);
    (void)vsnprintf(finding->where, sizeof finding->where, where_fmt, args);
    va_end(args);
    return finding;
}

void apl_finding_at(apl_finding *finding, const char *column)
{
    (void)snprintf(finding->column, sizeof finding->column, "%s", column);
}

void apl_finding_say(apl_finding *finding, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->detail, sizeof finding->detail, fmt, args);
    va_end(args);
}

const apl_finding *apl_verify_noted(const apl_verify *v, apl_finding_kind kind, const char *where)
{
    for (size_t i = 0; i < v->report->finding_count; i++) {
        const apl_finding *finding = &v->report->findings[i];
        if (finding->kind == kind && strcmp(finding->where, where) == 0)
            return finding;
    }
    return NULL;
}

static apl_rc check_store(apl_verify *v, apl_err *err)
{
    return v->conn->store->backend->check(v->conn, err);
}

/* Damage ends one pass, not the verification: the others still say what they can. */
static apl_rc run_pass(apl_verify *v, apl_rc (*pass)(apl_verify *v, apl_err *err),
                       const char *where, apl_err *err)
{
    apl_err own = {0};
    apl_rc rc = pass(v, &own);
    if (rc == APL_E_CORRUPT) {
        apl_finding *finding = apl_verify_note(v, APL_FINDING_BROKEN, -1, "%s", where);
        apl_finding_say(finding, "cannot be read: %.200s", own.what);
        return APL_OK;
    }
    if (rc && err)
        *err = own;
    return rc;
}

static apl_rc run_passes(apl_verify *v, apl_err *err)
{
    apl_rc rc = run_pass(v, check_store, "database", err);
    if (!rc)
        rc = run_pass(v, apl_verify_ledger, "ledger_entry", err);
    if (!rc)
        rc = run_pass(v, apl_verify_rows, "state tables", err);
    if (!rc)
        rc = run_pass(v, apl_verify_links, "ledger_about", err);
    if (!rc)
        rc = run_pass(v, apl_verify_search, "search index", err);
    return rc;
}

apl_rc apl_verify_run(const apl_verify_input *in, apl_verify_report *out_report, apl_err *err)
{
    memset(out_report, 0, sizeof *out_report);
    apl_tables_init();
    apl_verify v = {.in = in, .conn = in->conn, .report = out_report};
    int64_t begun_us = in->clock->mono_us(in->clock->ctx);
    out_report->findings = apl_mem_zalloc(APL_FINDINGS_MAX, sizeof *out_report->findings);
    if (!out_report->findings)
        return apl_err_nomem(err);
    apl_arena_init(&v.arena, ROW_ARENA_BYTES);
    apl_rc rc = apl_conn_begin(v.conn, err);
    if (!rc) {
        rc = run_passes(&v, err);
        apl_conn_rollback(v.conn);
    }
    apl_seal_map_release(&v.seals);
    apl_mem_free(v.links);
    apl_arena_release(&v.arena);
    out_report->elapsed_us = in->clock->mono_us(in->clock->ctx) - begun_us;
    return rc;
}

void apl_verify_report_release(apl_verify_report *report)
{
    apl_mem_free(report->findings);
    memset(report, 0, sizeof *report);
}
