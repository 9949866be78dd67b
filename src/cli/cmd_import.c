/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aplomb import`: shows what it found in a file, then takes it, into the data directory itself or through the server
 * that holds it. Tests: tests/e2e/test_import.py
 */
#include "cli/commands.h"
#include "cli/remote.h"
#include "desk/import_local.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OWN_MAX = 256 };

/* Where the posts go: one of the two. */
typedef struct target {
    apl_desk *desk; /* writing, or (with remote) reading */
    apl_import_local *local;
    apl_remote *remote;
    apl_import import;
} target;

static void target_close(target *t)
{
    apl_import_local_close(t->local);
    apl_remote_close(t->remote);
    apl_desk_close(t->desk);
    apl_import_release(&t->import);
}

static apl_rc target_open(apl_cli *cli, target *t, apl_err *err)
{
    apl_rc rc = apl_cli_open(cli, APL_DESK_WRITE, &t->desk, err);
    if (rc == APL_E_BUSY) {
        rc = apl_remote_open(apl_cli_data_dir(cli), &t->remote, err);
        return rc ? rc : apl_cli_open(cli, APL_DESK_READ, &t->desk, err);
    }
    return rc ? rc : apl_import_local_open(t->desk, &t->import, &t->local, err);
}

static apl_rc put_remote(void *ctx, apl_batch_item *items, size_t count, apl_err *err)
{
    target *t = ctx;
    return apl_remote_import_batch(t->remote, items, count, err);
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

typedef struct meter {
    const apl_clock_src *clock;
    int64_t begun_us, shown_us;
    bool is_tty;
} meter;

static void show_progress(void *ctx, const apl_import_progress *p)
{
    meter *m = ctx;
    int64_t now = m->clock->mono_us(m->clock->ctx);
    if (!m->is_tty || now - m->shown_us < 200000)
        return;
    m->shown_us = now;
    double seconds = (double)(now - m->begun_us) / 1e6;
    double rate = seconds > 0 ? (double)p->records / seconds : 0;
    if (p->total_bytes > 0) {
        double share = (double)p->done_bytes / (double)p->total_bytes;
        int bars = (int)(share * 30);
        double left = share > 0 ? seconds * (1 - share) / share : 0;
        (void)fprintf(stderr, "\r%s [%.*s%*s] %3.0f %%  %lld posts  %.0f/s  %.0f s left  ",
                      p->is_survey ? "looking" : "taking ", bars, "##############################",
                      30 - bars, "", share * 100, (long long)p->records, rate, left);
    } else {
        (void)fprintf(stderr, "\r%s %lld posts  %.0f/s  ", p->is_survey ? "looking" : "taking ",
                      (long long)p->records, rate);
    }
}

static void clear_progress(const meter *m)
{
    if (m->is_tty && m->shown_us)
        (void)fprintf(stderr, "\r%78s\r", "");
}

/* --- what was found ----------------------------------------------------------------------------------------------- */

static void print_mapping(const apl_import_file *file, FILE *out)
{
    const apl_survey *survey = apl_import_file_survey(file);
    const apl_archive *archive = apl_import_file_archive(file);
    (void)fprintf(out, "%s, %llu records\n", apl_archive_description(archive),
                  (unsigned long long)survey->records);
    for (size_t column = 0; column < apl_archive_column_count(archive); column++) {
        apl_span name = apl_archive_column_name(archive, column);
        apl_column_role role = apl_mapping_role_of(&survey->mapping, column);
        (void)fprintf(out, "  %-28.*s %-12s %s\n", APL_SPAN_ARGS(name),
                      role == APL_COLUMN_NONE ? "–" : apl_column_role_name(role),
                      role == APL_COLUMN_NONE ? apl_mapping_ignored_why(name)
                                              : survey->mapping.why[role]);
    }
    for (size_t i = 0; i < survey->note_count; i++)
        (void)fprintf(out, "note: %s\n", survey->notes[i]);
}

static apl_rc confirm(const apl_cli *cli, apl_err *err)
{
    char answer[16] = "";
    if (apl_cli_has(cli, "yes") || apl_cli_has(cli, "json") || !isatty(STDIN_FILENO))
        return APL_OK;
    (void)printf("Take it like this? [Y/n] (n: correct it with --map role=column,…) ");
    (void)fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin) ||
        (answer[0] != '\n' && answer[0] != 'y' && answer[0] != 'Y'))
        return apl_err_set(err, APL_E_USAGE, "nothing was taken");
    return APL_OK;
}

static void print_totals(const apl_cli *cli, const apl_import_totals *t, const char *zone)
{
    (void)printf(
        "%lld records: %lld taken, %lld already known, %lld edited, %lld deleted, %lld rejected\n",
        (long long)t->records, (long long)t->counts.taken, (long long)t->counts.known,
        (long long)t->counts.edited, (long long)t->counts.deleted, (long long)t->counts.rejected);
    if (t->assumed_zone)
        (void)printf("%lld times had no zone; they were read as %s%s\n", (long long)t->assumed_zone,
                     zone, apl_cli_has(cli, "zone") ? "" : " (say otherwise with --zone)");
    for (int i = 0; i < 5 && i < t->counts.rejected; i++)
        (void)printf("rejected: %s\n", t->examples[i]);
    if (t->counts.rejected)
        (void)printf("rejected records: %s (mend and import it again); reasons: %s\n",
                     t->rejects_path, t->reasons_path);
}

static apl_rc print_json(const apl_import_totals *t, const char *zone, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(64 * 1024);
    apl_json_writer w;
    apl_json_writer_init(&w, &text);
    apl_json_object_begin(&w);
    apl_json_member_i64(&w, "records", t->records);
    apl_json_member_i64(&w, "taken", t->counts.taken);
    apl_json_member_i64(&w, "known", t->counts.known);
    apl_json_member_i64(&w, "edited", t->counts.edited);
    apl_json_member_i64(&w, "deleted", t->counts.deleted);
    apl_json_member_i64(&w, "rejected", t->counts.rejected);
    apl_json_member_i64(&w, "assumed_zone", t->assumed_zone);
    apl_json_member_str(&w, "zone", zone);
    apl_json_member_str(&w, "rejects_file", t->counts.rejected ? t->rejects_path : NULL);
    apl_json_member_str(&w, "reasons_file", t->counts.rejected ? t->reasons_path : NULL);
    apl_json_object_end(&w);
    apl_rc rc = apl_json_writer_finish(&w, err);
    if (!rc)
        (void)printf("%s\n", apl_buf_str(&text));
    return rc;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

typedef struct plan {
    apl_import_file_options options;
    const char *own[OWN_MAX];
    char *own_text;
    apl_zone zone;
    bool has_zone;
    char spool_dir[APL_PATH_MAX_BYTES], spool[APL_PATH_MAX_BYTES];
    char rejects_dir[APL_PATH_MAX_BYTES];
    meter meter;
} plan;

static void plan_release(plan *p)
{
    if (p->has_zone)
        apl_zone_release(&p->zone);
    if (p->spool[0])
        (void)unlink(p->spool);
    if (p->spool_dir[0])
        (void)rmdir(p->spool_dir);
    apl_mem_free(p->own_text);
}

static apl_rc load_zone(plan *p, const char *name, apl_err *err)
{
    APL_AUTO(apl_buf) bytes = APL_BUF(APL_ZONE_FILE_MAX_BYTES);
    apl_span span = apl_span_of(name);
    apl_rc rc = apl_zone_name_is_valid(span) ? apl_sys_zone_read(name, &bytes, err)
                                             : APL_E_NOT_FOUND;
    if (rc) {
        apl_err_set(err, APL_E_USAGE, "there is no time zone \"%.64s\"", name);
        apl_err_fix(err, "use an IANA name such as Europe/Berlin");
        return APL_E_USAGE;
    }
    rc = apl_zone_parse(apl_buf_view(&bytes), span, &p->zone, err);
    p->has_zone = !rc;
    p->options.zone = &p->zone;
    return rc;
}

/* "--own acme,acme_help" and the accounts that the policy names. */
static apl_rc collect_own(plan *p, const char *given, const apl_policy *policy, apl_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->workspace.own_account_count && count < OWN_MAX; i++)
        p->own[count++] = policy->workspace.own_accounts[i];
    p->own_text = apl_mem_dup(given ? given : "", given ? strlen(given) : 0);
    if (!p->own_text)
        return apl_err_nomem(err);
    for (char *at = p->own_text; given && *at && count < OWN_MAX;) {
        char *comma = strchr(at, ',');
        p->own[count++] = at;
        if (!comma)
            break;
        *comma = '\0';
        at = comma + 1;
    }
    p->options.own_names = p->own;
    p->options.own_count = count;
    return APL_OK;
}

/* The standard input and pipes can be read only once, an import reads twice. */
static apl_rc spool_input(plan *p, apl_err *err)
{
    APL_AUTO(apl_buf) dir = APL_BUF(APL_PATH_MAX_BYTES);
    char chunk[64 * 1024];
    apl_file *in = NULL;
    apl_rc rc = apl_file_open(p->options.path, &in, err);
    if (!rc)
        rc = apl_dir_temp("aplomb-import-", &dir, err);
    if (rc) {
        apl_file_close(in);
        return rc;
    }
    (void)snprintf(p->spool_dir, sizeof p->spool_dir, "%s", apl_buf_str(&dir));
    (void)snprintf(p->spool, sizeof p->spool, "%s/stdin", apl_buf_str(&dir));
    FILE *out = fopen(p->spool, "wx");
    bool failed = !out;
    for (size_t n = 1; !rc && !failed && n;) {
        rc = apl_file_read(in, chunk, sizeof chunk, &n, err);
        failed = !rc && fwrite(chunk, 1, n, out) != n;
    }
    if (out && fclose(out))
        failed = true;
    apl_file_close(in);
    if (rc)
        return rc;
    if (failed)
        return apl_err_set(err, APL_E_IO, "the input could not be kept in %s", p->spool);
    p->options.path = p->spool;
    return APL_OK;
}

/* All that the command line says; the policy's share follows when the data directory is open. */
static apl_rc make_plan(apl_cli *cli, plan *p, apl_err *err)
{
    const char *zone = apl_cli_get(cli, "zone");
    apl_post_kind kind;
    p->options = (apl_import_file_options){
        .path = cli->args[0],
        .encoding = apl_cli_get(cli, "encoding"),
        .format = apl_cli_get(cli, "format"),
        .map = apl_cli_get(cli, "map"),
        .rejects = apl_cli_get(cli, "rejects"),
        .company = apl_cli_get(cli, "company"),
        .kind = apl_cli_get(cli, "kind"),
        .date_order = apl_cli_get(cli, "dates"),
        .progress = show_progress,
        .progress_ctx = &p->meter,
    };
    (void)snprintf(p->rejects_dir, sizeof p->rejects_dir, "%.4000s/rejects", apl_cli_data_dir(cli));
    p->options.rejects_dir = p->rejects_dir;
    p->options.now_us = apl_clock_now(cli->env->clock);
    p->meter = (meter){.clock = cli->env->clock,
                       .is_tty = isatty(STDERR_FILENO) && !apl_cli_has(cli, "json")};
    p->meter.begun_us = cli->env->clock->mono_us(cli->env->clock->ctx);
    const char *order = p->options.date_order;
    if (order && strcmp(order, "dmy") != 0 && strcmp(order, "mdy") != 0)
        return apl_err_set(err, APL_E_USAGE, "--dates takes dmy or mdy");
    apl_rc rc = zone ? load_zone(p, zone, err) : APL_OK;
    if (!rc && p->options.kind)
        rc = apl_post_kind_parse(apl_span_of(p->options.kind), &kind, err);
    if (!rc && (strcmp(p->options.path, "-") == 0 || apl_file_is_pipe(p->options.path)))
        rc = spool_input(p, err);
    return rc;
}

/* The zone and the own accounts that the policy names. */
static apl_rc add_policy(const apl_cli *cli, const target *t, plan *p, apl_import_file *file,
                         apl_err *err)
{
    const apl_policy *policy = t->desk->policy->policy;
    if (!p->has_zone)
        p->options.zone = policy->workspace.zone;
    apl_rc rc = collect_own(p, apl_cli_get(cli, "own"), policy, err);
    if (!rc)
        apl_import_file_refine(file, p->options.zone, p->options.own_names, p->options.own_count);
    return rc;
}

/* A mapping that was once corrected for this header goes before the guess. */
static apl_rc remembered_mapping(const apl_cli *cli, target *t, plan *p,
                                 apl_import_file **inout_file, apl_err *err)
{
    apl_span mapping = APL_SPAN_NONE;
    if (p->options.map)
        return APL_OK;
    uint64_t fingerprint = apl_mapping_fingerprint(apl_import_file_archive(*inout_file));
    apl_rc rc = apl_import_mapping_find(t->desk->conn, t->desk->workspace_id, fingerprint,
                                        &t->desk->arena, &mapping, err);
    if (rc || !mapping.len)
        return rc;
    p->options.map = mapping.ptr;
    apl_import_file_close(*inout_file);
    *inout_file = NULL;
    if (!apl_cli_has(cli, "json"))
        (void)printf("mapping: as you corrected it for this header before (%s)\n", mapping.ptr);
    return apl_import_file_open(&p->options, inout_file, err);
}

static apl_rc begin_import(apl_cli *cli, target *t, const apl_import_file *file, apl_err *err)
{
    APL_AUTO(apl_buf) notes = APL_BUF(APL_IMPORT_NOTES_MAX_BYTES);
    const apl_survey *survey = apl_import_file_survey(file);
    const char *channel = apl_cli_get(cli, "channel");
    const char *name = strrchr(cli->args[0], '/');
    apl_rc rc = apl_mapping_format(&survey->mapping, apl_import_file_archive(file), &notes, err);
    if (rc)
        return rc;
    apl_import_init(&t->import, apl_span_of(name ? name + 1 : cli->args[0]),
                    apl_span_of(channel ? channel : "import"), apl_buf_view(&notes), 0);
    for (size_t i = 0; i < survey->own_count && !rc; i++)
        rc = apl_name_set_add(&t->import.own_names, apl_span_of(survey->own_names[i]), err);
    return !rc && t->remote ? apl_remote_import_begin(t->remote, &t->import, err) : rc;
}

static apl_rc finish_import(apl_cli *cli, target *t, const apl_import_file *file, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(64 * 1024);
    if (t->remote)
        return apl_remote_import_finish(t->remote, err);
    apl_rc rc =
        apl_writer_run(apl_import_local_writer(t->local), apl_import_finish, &t->import, err);
    if (rc || !apl_cli_has(cli, "map"))
        return rc;
    const apl_archive *archive = apl_import_file_archive(file);
    rc = apl_mapping_format(&apl_import_file_survey(file)->mapping, archive, &text, err);
    apl_import_mapping mapping = {apl_mapping_fingerprint(archive), apl_buf_view(&text)};
    return rc ? rc
              : apl_writer_run(apl_import_local_writer(t->local), apl_import_mapping_save, &mapping,
                               err);
}

static apl_rc add_own_names(const plan *p, apl_import *import, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < p->options.own_count && !rc; i++)
        if (p->options.own_names[i][0])
            rc = apl_name_set_add(&import->own_names, apl_span_of(p->options.own_names[i]), err);
    return rc;
}

static apl_rc take(apl_cli *cli, target *t, plan *p, apl_import_file *file, apl_err *err)
{
    apl_import_totals totals = {0};
    apl_import_sink sink = t->remote ? (apl_import_sink){put_remote, NULL, t}
                                     : apl_import_local_sink(t->local);
    const char *zone = p->options.zone->name;
    if (!apl_cli_has(cli, "json"))
        print_mapping(file, stdout);
    apl_rc rc = apl_mapping_check(&apl_import_file_survey(file)->mapping,
                                  apl_import_file_archive(file), err);
    if (!rc)
        rc = confirm(cli, err);
    if (!rc)
        rc = begin_import(cli, t, file, err);
    if (!rc)
        rc = add_own_names(p, &t->import, err);
    if (rc)
        return rc;
    p->meter.begun_us = cli->env->clock->mono_us(cli->env->clock->ctx);
    rc = apl_import_file_run(file, &sink, &totals, err);
    clear_progress(&p->meter);
    apl_rc finish_rc = finish_import(cli, t, file, rc ? NULL : err);
    if (!rc)
        rc = finish_rc;
    if (!rc && apl_cli_has(cli, "json"))
        return print_json(&totals, zone, err);
    if (!rc || totals.counts.taken)
        print_totals(cli, &totals, zone);
    return rc;
}

apl_rc apl_cmd_import(apl_cli *cli, apl_err *err)
{
    target t = {0};
    plan p = {0};
    apl_import_file *file = NULL;
    apl_rc rc = APL_OK;
    /* A file that cannot be read must not leave a new data directory behind. */
    if (strcmp(cli->args[0], "-") != 0 && !apl_file_exists(cli->args[0])) {
        apl_err_set(err, APL_E_NOT_FOUND, "there is no such file");
        apl_err_where(err, "%s", cli->args[0]);
        return APL_E_NOT_FOUND;
    }
    /* Read once before anything is opened: a file that is no archive leaves no new data directory behind. */
    rc = make_plan(cli, &p, err);
    if (!rc)
        rc = apl_import_file_open(&p.options, &file, err);
    if (!rc && !apl_dir_exists(apl_cli_data_dir(cli)))
        rc = apl_mapping_check(&apl_import_file_survey(file)->mapping,
                               apl_import_file_archive(file), err);
    if (!rc)
        rc = target_open(cli, &t, err);
    if (!rc)
        rc = add_policy(cli, &t, &p, file, err);
    if (!rc)
        rc = remembered_mapping(cli, &t, &p, &file, err);
    if (!rc)
        rc = take(cli, &t, &p, file, err);
    clear_progress(&p.meter);
    apl_import_file_close(file);
    plan_release(&p);
    target_close(&t);
    return rc;
}
