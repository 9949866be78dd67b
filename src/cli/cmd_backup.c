/* SPDX-License-Identifier: Apache-2.0 */
/* `aplomb backup` and `aplomb restore`. Tests: tests/e2e/test_backup.py */
#include "cli/commands.h"
#include "desk/backup.h"
#include "desk/restore.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUTPUT_MAX_BYTES = 64 * 1024, SHOWN = 20 };

static const char *store_option(const apl_cli *cli)
{
    const char *url = apl_cli_get(cli, "store");
    return url ? url : getenv("APLOMB_STORE");
}

static apl_rc print_backup(apl_cli *cli, const apl_backup_report *report, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_json_writer w;
    if (!apl_cli_has(cli, "json")) {
        (void)printf("%lld rows, %lld ledger entries, %lld files of keys and policy in %.1f MB\n"
                     "The backup holds the private keys: keep it as safe as the data directory.\n",
                     (long long)report->rows, (long long)report->entries, (long long)report->files,
                     (double)report->bytes / 1e6);
        return APL_OK;
    }
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_str(&w, "file", cli->args[0]);
    apl_json_member_i64(&w, "bytes", report->bytes);
    apl_json_member_i64(&w, "rows", report->rows);
    apl_json_member_i64(&w, "entries", report->entries);
    apl_json_member_i64(&w, "files", report->files);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

apl_rc apl_cmd_backup(apl_cli *cli, apl_err *err)
{
    apl_plain plain;
    apl_backup_report report;
    apl_rc rc = apl_plain_open(cli->env, apl_cli_data_dir(cli), store_option(cli), &plain, err);
    if (rc)
        return rc;
    rc = apl_plain_check_schema(&plain, err);
    if (!rc)
        rc = apl_backup_run(&plain, cli->args[0], &report, err);
    apl_plain_close(&plain);
    return rc ? rc : print_backup(cli, &report, err);
}

static void print_restore_text(const apl_cli *cli, const apl_restore_report *report)
{
    char when[APL_TIME_TEXT_BYTES];
    const apl_verify_report *v = &report->verify;
    for (size_t i = 0; i < v->finding_count && i < SHOWN; i++)
        (void)printf("%-8s %s: %s\n", apl_finding_kind_name(v->findings[i].kind),
                     v->findings[i].where, v->findings[i].detail);
    (void)printf("%lld rows, %lld ledger entries, as of %s, in %s\n", (long long)report->rows,
                 (long long)report->entries, apl_time_format(report->created_us, when),
                 apl_cli_data_dir(cli));
    if (apl_verify_found(v))
        (void)printf("WRONG: verification found %lld things; the backup was made of damaged data. "
                     "See: aplomb verify\n",
                     (long long)apl_verify_found(v));
    else
        (void)printf("verified: everything is as the ledger says\n");
}

apl_rc apl_cmd_restore(apl_cli *cli, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(OUTPUT_MAX_BYTES);
    apl_restore_report report;
    apl_json_writer w;
    apl_rc rc = apl_restore_run(cli->env, cli->args[0], apl_cli_data_dir(cli), store_option(cli),
                                &report, err);
    if (!rc) {
        cli->found_wrong = apl_verify_found(&report.verify) > 0;
        apl_json_writer_init(&w, &text);
        apl_json_object_begin(&w);
        apl_json_member_str(&w, "data", apl_cli_data_dir(cli));
        apl_json_member_i64(&w, "rows", report.rows);
        apl_json_member_i64(&w, "entries", report.entries);
        apl_json_member_i64(&w, "files", report.files);
        apl_json_member_time(&w, "created", report.created_us);
        apl_json_member_i64(&w, "findings", apl_verify_found(&report.verify));
        apl_json_object_end(&w);
        rc = apl_json_writer_finish(&w, err);
    }
    if (!rc && apl_cli_has(cli, "json"))
        (void)printf("%s\n", apl_buf_str(&text));
    else if (!rc)
        print_restore_text(cli, &report);
    apl_verify_report_release(&report.verify);
    return rc;
}
