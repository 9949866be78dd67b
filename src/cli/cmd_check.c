/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb verify` and `aplomb doctor`. Tests: tests/e2e/test_verify.py, tests/e2e/test_doctor.py */
#include "cli/commands.h"
#include "cli/terminal.h"
#include "crypto/encode.h"
#include "desk/doctor.h"
#include "desk/verify.h"
#include "desk/verify_open.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 16 * 1024 * 1024 };

static const char *store_option(const apl_cli *cli)
{
    const char *url = apl_cli_get(cli, "store");
    return url ? url : getenv("APLOMB_STORE");
}

/* --- verify ------------------------------------------------------------------------------------------------------- */

static void write_findings(const apl_verify_report *report, apl_json_writer *w)
{
    apl_json_key(w, "findings");
    apl_json_array_begin(w);
    for (size_t i = 0; i < report->finding_count; i++) {
        const apl_finding *f = &report->findings[i];
        apl_json_object_begin(w);
        apl_json_member_str(w, "kind", apl_finding_kind_name(f->kind));
        apl_json_member_str(w, "where", f->where);
        apl_json_member_str(w, "column", f->column[0] ? f->column : NULL);
        apl_json_key(w, "entry");
        if (f->seq < 0)
            apl_json_null(w);
        else
            apl_json_i64(w, f->seq);
        apl_json_member_str(w, "detail", f->detail);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

static apl_rc print_verify_json(const apl_verify_report *r, const char *key, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_bool(&w, "ok", apl_verify_found(r) == 0);
    apl_json_member_i64(&w, "entries", r->entries);
    apl_json_member_i64(&w, "rows", r->rows);
    apl_json_member_i64(&w, "commitments", r->commitments);
    apl_json_member_i64(&w, "checkpoints", r->checkpoints);
    apl_json_member_i64(&w, "case_links", r->case_links);
    apl_json_member_i64(&w, "indexed_posts", r->indexed_posts);
    apl_json_key(&w, "root");
    apl_json_base64(&w, (apl_span){(const char *)r->root.bytes, sizeof r->root.bytes});
    apl_json_member_str(&w, "key", key);
    apl_json_member_double(&w, "seconds", (double)r->elapsed_us / 1e6);
    apl_json_key(&w, "found");
    apl_json_object_begin(&w);
    for (int i = 0; i < APL_FINDING_KINDS; i++)
        apl_json_member_i64(&w, apl_finding_kind_name((apl_finding_kind)i), r->found[i]);
    apl_json_object_end(&w);
    write_findings(r, &w);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

static void print_finding(const apl_finding *f)
{
    (void)printf("%-8s ", apl_finding_kind_name(f->kind));
    apl_cli_print_plain(stdout, apl_span_of(f->where), SIZE_MAX);
    if (f->column[0]) {
        (void)printf(", ");
        apl_cli_print_plain(stdout, apl_span_of(f->column), SIZE_MAX);
    }
    (void)printf(": ");
    apl_cli_print_plain(stdout, apl_span_of(f->detail), SIZE_MAX);
    if (f->seq >= 0)
        (void)printf(" (entry %lld)", (long long)f->seq);
    (void)printf("\n");
}

static void print_verify_text(const apl_verify_report *r, const char *key)
{
    char root[APL_BASE64_STD_TEXT_BYTES(APL_SHA256_BYTES)];
    int64_t found = apl_verify_found(r);
    double seconds = (double)r->elapsed_us / 1e6;
    apl_base64_encode((apl_span){(const char *)r->root.bytes, sizeof r->root.bytes}, APL_BASE64_STD,
                      root);
    for (size_t i = 0; i < r->finding_count; i++)
        print_finding(&r->findings[i]);
    if (found > (int64_t)r->finding_count)
        (void)printf("… and %lld more\n", (long long)(found - (int64_t)r->finding_count));
    (void)printf("%s%lld entries, %lld rows, %lld commitments, %lld checkpoints in %.1f s (%.0f "
                 "entries/s)\n",
                 found ? "\n" : "", (long long)r->entries, (long long)r->rows,
                 (long long)r->commitments, (long long)r->checkpoints, seconds,
                 seconds > 0 ? (double)r->entries / seconds : 0.0);
    (void)printf("root %s\nkey  ", root);
    apl_cli_print_plain(stdout, apl_span_of(key), SIZE_MAX);
    (void)printf("\nnot proven: the words in the search index (which posts it holds is)\n");
    if (found)
        (void)printf(
            "\nWRONG: %lld changed, %lld missing, %lld extra, %lld broken\n",
            (long long)r->found[APL_FINDING_CHANGED], (long long)r->found[APL_FINDING_MISSING],
            (long long)r->found[APL_FINDING_EXTRA], (long long)r->found[APL_FINDING_BROKEN]);
    else
        (void)printf("everything is as the ledger says\n");
}

static apl_rc choose_key(apl_cli *cli, apl_note_key *out_key, apl_err *err)
{
    const char *given = apl_cli_get(cli, "key");
    if (!given) {
        apl_rc rc = apl_plain_load_key(apl_cli_data_dir(cli), out_key, err);
        if (rc)
            apl_err_fix(err, "give the key that you trust with --key");
        return rc;
    }
    apl_rc rc = apl_note_key_parse(apl_span_of(given), out_key, err);
    if (rc)
        apl_err_where(err, "--key");
    return rc ? APL_E_USAGE : APL_OK;
}

apl_rc apl_cmd_verify(apl_cli *cli, apl_err *err)
{
    apl_plain plain;
    apl_note_key key;
    apl_verify_report report = {0};
    char key_text[APL_NOTE_KEY_TEXT_BYTES];
    apl_rc rc = apl_plain_open(cli->env, apl_cli_data_dir(cli), store_option(cli), &plain, err);
    if (rc)
        return rc;
    rc = apl_plain_check_schema(&plain, err);
    if (!rc)
        rc = choose_key(cli, &key, err);
    if (!rc) {
        apl_verify_input input = {
            .conn = plain.conn, .clock = cli->env->clock, .key = &key, .workspace_id = 1};
        rc = apl_verify_run(&input, &report, err);
    }
    apl_plain_close(&plain);
    if (!rc) {
        apl_note_key_format(&key, key_text);
        cli->found_wrong = apl_verify_found(&report) > 0;
        if (apl_cli_has(cli, "json"))
            rc = print_verify_json(&report, key_text, err);
        else
            print_verify_text(&report, key_text);
    }
    apl_verify_report_release(&report);
    return rc;
}

/* --- doctor ------------------------------------------------------------------------------------------------------- */

static void print_doctor_text(const apl_doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const apl_check *check = &report->checks[i];
        (void)printf("%-8s %-15s ", apl_check_status_name(check->status), check->name);
        apl_cli_print_plain(stdout, apl_span_of(check->detail), SIZE_MAX);
        if (check->fix[0]) {
            (void)printf("\n%25s", "→ ");
            apl_cli_print_plain(stdout, apl_span_of(check->fix), SIZE_MAX);
        }
        (void)printf("\n");
    }
}

static apl_rc print_doctor_json(const apl_doctor_report *report, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_bool(&w, "ok", !apl_doctor_found_wrong(report));
    apl_json_key(&w, "checks");
    apl_json_array_begin(&w);
    for (size_t i = 0; i < report->count; i++) {
        const apl_check *check = &report->checks[i];
        apl_json_object_begin(&w);
        apl_json_member_str(&w, "name", check->name);
        apl_json_member_str(&w, "status", apl_check_status_name(check->status));
        apl_json_member_str(&w, "detail", check->detail);
        apl_json_member_str(&w, "fix", check->fix[0] ? check->fix : NULL);
        apl_json_object_end(&w);
    }
    apl_json_array_end(&w);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

apl_rc apl_cmd_doctor(apl_cli *cli, apl_err *err)
{
    apl_doctor_report report;
    apl_doctor_run(cli->env, apl_cli_data_dir(cli), store_option(cli), &report);
    cli->found_wrong = apl_doctor_found_wrong(&report);
    if (apl_cli_has(cli, "json"))
        return print_doctor_json(&report, err);
    print_doctor_text(&report);
    return APL_OK;
}
