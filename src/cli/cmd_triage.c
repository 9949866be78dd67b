/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aplomb triage`: a filter from posts to verdicts without any database. One line out per line in, in order, also with
 * several threads: lines are read in blocks, each thread judges a part, the block is written in order.
 * Tests: tests/e2e/test_triage.py
 */
#include "base/utf8.h"
#include "cli/commands.h"
#include "desk/judge.h"
#include "sys/thread.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MAX_BYTES = 256 * 1024,
    BLOCK_LINES = 4096,
    BLOCK_BYTES = 4 * 1024 * 1024,
    READ_BYTES = 256 * 1024,
    THREADS_MAX = 64,
    ARENA_BYTES = 64 * 1024 * 1024,
    OUT_MAX_BYTES = 256 * 1024 * 1024,
};

typedef enum line_format { FORMAT_TEXT, FORMAT_TSV, FORMAT_JSONL } line_format;

typedef struct worker {
    apl_judge *judge;
    apl_json_doc *doc;
    apl_arena arena;
    apl_buf out;
    apl_thread *thread;
    const apl_span *lines;
    size_t from, to;
    line_format format;
    bool explain;
    apl_rc rc;
    apl_err err;
} worker;

typedef struct job {
    worker workers[THREADS_MAX];
    size_t worker_count;
    apl_span *lines;
    size_t line_count;
    apl_buf input; /* the block, and the beginning of the next line */
} job;

static apl_rc read_json_line(worker *w, apl_span line, apl_post_in *post, apl_err *err)
{
    static const apl_json_limits limits = {LINE_MAX_BYTES, 32};
    apl_json root;
    apl_span kind = APL_SPAN_NONE;
    double stars = -1;
    apl_rc rc = apl_json_doc_parse(w->doc, line, &limits, &root, err);
    if (!rc)
        rc = apl_json_get_str(root, "text", &post->text, err);
    if (!rc)
        rc = apl_json_opt_str(root, "title", &post->title, err);
    if (!rc)
        rc = apl_json_opt_str(root, "lang", &post->lang, err);
    if (!rc)
        rc = apl_json_opt_double(root, "rating", &stars, err);
    if (!rc)
        rc = apl_json_opt_bool(root, "own", &post->is_own, err);
    if (!rc)
        rc = apl_json_opt_i64(root, "reach", &post->reach, err);
    if (!rc)
        rc = apl_json_opt_str(root, "kind", &kind, err);
    if (!rc && kind.len)
        rc = apl_post_kind_parse(kind, &post->kind, err);
    if (!rc && stars >= 0 && stars <= 5)
        post->rating_x10 = (int)(stars * 10 + 0.5);
    return rc;
}

static apl_rc read_line(worker *w, apl_span line, apl_post_in *post, apl_err *err)
{
    *post = (apl_post_in){.rating_x10 = APL_POST_RATING_NONE};
    if (line.len > LINE_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the line has more than %d bytes", LINE_MAX_BYTES);
    if (w->format == FORMAT_JSONL)
        return read_json_line(w, line, post, err);
    size_t tab = w->format == FORMAT_TSV ? apl_span_find_byte(line, '\t') : SIZE_MAX;
    post->text = apl_span_sub(line, 0, tab);
    return APL_OK;
}

static apl_rc check_text(apl_span text, apl_err *err)
{
    size_t bad = apl_utf8_invalid_at(text);
    if (bad != SIZE_MAX)
        return apl_err_set(err, APL_E_INVALID, "the text is not valid UTF-8 at byte %zu", bad);
    if (apl_span_find_byte(text, '\0') != SIZE_MAX)
        return apl_err_set(err, APL_E_INVALID, "the text holds a NUL byte");
    if (text.len > APL_POST_TEXT_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "the text has more than %d bytes",
                           APL_POST_TEXT_MAX_BYTES);
    return APL_OK;
}

static void write_reasons(apl_json_writer *w, const apl_assessment *a, const apl_post_in *post)
{
    apl_json_key(w, "reasons");
    apl_json_array_begin(w);
    for (size_t i = 0; i < a->reason_count; i++) {
        const apl_reason *r = &a->reasons[i];
        apl_span field = r->field == APL_REASON_FIELD_TITLE ? post->title : post->text;
        apl_json_object_begin(w);
        apl_json_member_str(w, "head", apl_head_name(r->head));
        apl_json_member_str(w, "label", apl_label_name(r->head, r->label));
        apl_json_member_str(w, "list", r->name);
        apl_json_member_string(w, "words", apl_span_sub(field, r->offset, r->len));
        apl_json_member_i64(w, "offset", r->offset);
        apl_json_member_double(w, "weight", (double)r->weight);
        apl_json_object_end(w);
    }
    apl_json_array_end(w);
}

static void write_verdict(apl_json_writer *w, const apl_judged *j, const apl_post_in *post,
                          bool explain)
{
    const apl_assessment *a = &j->assessment;
    apl_json_object_begin(w);
    for (int head = 0; head < APL_HEAD_COUNT; head++) {
        apl_json_key(w, apl_head_name((apl_head)head));
        apl_json_object_begin(w);
        apl_json_member_str(w, "label", apl_label_name((apl_head)head, a->heads[head].label));
        apl_json_member_double(w, "score",
                               (double)(int)(a->heads[head].score * 1000 + 0.5F) / 1000);
        apl_json_member_bool(w, "unsure", a->heads[head].unsure);
        apl_json_object_end(w);
    }
    apl_json_key(w, "risks");
    apl_json_array_begin(w);
    for (int risk = 0; risk < APL_RISK_COUNT; risk++)
        if (a->risks & APL_RISK_BIT(risk))
            apl_json_str(w, apl_label_name(APL_HEAD_RISK, risk));
    apl_json_array_end(w);
    apl_json_member_double(w, "urgency", (double)(int)(a->urgency * 1000 + 0.5F) / 1000);
    apl_json_member_str(w, "lang", a->lang);
    apl_json_member_string(w, "category", j->category);
    apl_json_member_str(w, "priority", apl_case_priority_name((apl_case_priority)j->priority));
    apl_json_member_bool(w, "needs_answer", j->needs_answer);
    apl_json_member_string(w, "why", j->why);
    if (explain)
        write_reasons(w, a, post);
    apl_json_object_end(w);
}

static void write_error(apl_json_writer *w, const apl_err *err)
{
    char text[sizeof err->what + sizeof err->where + sizeof err->fix + 8];
    apl_json_object_begin(w);
    apl_json_member_str(w, "error", apl_err_format(err, text, sizeof text));
    apl_json_object_end(w);
}

static apl_rc judge_line(worker *w, apl_span line)
{
    apl_post_in post;
    apl_judged judged;
    apl_json_writer json;
    apl_err why = {0};
    apl_arena_clear(&w->arena);
    apl_rc rc = read_line(w, line, &post, &why);
    if (!rc)
        rc = check_text(post.text, &why);
    if (!rc)
        rc = check_text(post.title, &why);
    if (!rc)
        rc = apl_judge_run(w->judge, &post, APL_SPAN_NONE, &w->arena, &judged, &why);
    if (rc == APL_E_NOMEM) {
        w->err = why;
        return rc;
    }
    apl_json_writer_init(&json, &w->out);
    if (rc)
        write_error(&json, &why);
    else
        write_verdict(&json, &judged, &post, w->explain);
    rc = apl_json_writer_finish(&json, &w->err);
    return rc ? rc : apl_buf_add_byte(&w->out, '\n', &w->err);
}

static void run_worker(void *ctx)
{
    worker *w = ctx;
    apl_buf_clear(&w->out);
    for (size_t i = w->from; i < w->to && !w->rc; i++)
        w->rc = judge_line(w, w->lines[i]);
}

/* Splits the block among the workers; the first part runs on this thread. */
static apl_rc run_block(job *j, apl_err *err)
{
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < j->worker_count; i++) {
        worker *w = &j->workers[i];
        w->lines = j->lines;
        w->from = j->line_count * i / j->worker_count;
        w->to = j->line_count * (i + 1) / j->worker_count;
        w->thread = NULL;
        if (i && !rc)
            rc = apl_thread_start("triage", run_worker, w, &w->thread, err);
    }
    if (!rc)
        run_worker(&j->workers[0]);
    for (size_t i = 0; i < j->worker_count; i++) {
        worker *w = &j->workers[i];
        apl_thread_join(w->thread);
        if (!rc && w->rc) {
            *err = w->err;
            rc = w->rc;
        }
        if (!rc && w->out.len && fwrite(w->out.ptr, 1, w->out.len, stdout) != w->out.len)
            rc = apl_err_set(err, APL_E_IO, "writing the verdicts failed");
    }
    j->line_count = 0;
    return rc;
}

/* Cuts whole lines off the input. A line longer than the block is cut there; it will be refused as too long. */
static apl_rc take_lines(job *j, bool is_end, apl_err *err)
{
    apl_span rest = apl_buf_view(&j->input);
    apl_rc rc = APL_OK;
    while (rest.len && !rc) {
        size_t newline = apl_span_find_byte(rest, '\n');
        if (newline == SIZE_MAX && !is_end)
            break;
        apl_span line = apl_span_sub(rest, 0, newline);
        rest = newline == SIZE_MAX ? APL_SPAN_NONE : apl_span_sub(rest, newline + 1, SIZE_MAX);
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        j->lines[j->line_count++] = line;
        if (j->line_count == BLOCK_LINES)
            rc = run_block(j, err);
    }
    if (!rc && j->line_count)
        rc = run_block(j, err);
    apl_buf_consume(&j->input, j->input.len - rest.len);
    return rc;
}

static apl_rc read_all(job *j, apl_file *file, apl_err *err)
{
    APL_AUTO_MEM char *chunk = apl_mem_alloc(READ_BYTES);
    apl_rc rc = chunk ? APL_OK : apl_err_nomem(err);
    bool skipping = false; /* the rest of a line that is too long */
    while (!rc) {
        size_t n = 0;
        rc = apl_file_read(file, chunk, READ_BYTES, &n, err);
        if (rc || !n)
            break;
        apl_span part = {chunk, n};
        if (skipping) {
            size_t newline = apl_span_find_byte(part, '\n');
            if (newline == SIZE_MAX)
                continue;
            part = apl_span_sub(part, newline, SIZE_MAX);
            skipping = false;
        }
        rc = apl_buf_add(&j->input, part, err);
        if (!rc && apl_span_find_byte(apl_buf_view(&j->input), '\n') == SIZE_MAX &&
            j->input.len > BLOCK_BYTES)
            skipping = true;
        else if (!rc && j->input.len >= READ_BYTES)
            rc = take_lines(j, false, err);
    }
    return rc ? rc : take_lines(j, true, err);
}

static apl_rc open_policy(apl_cli *cli, apl_policy_use **out_use, apl_err *err)
{
    APL_AUTO(apl_arena) arena;
    apl_policy_file *files = NULL;
    size_t count = 0;
    const char *dir = apl_cli_get(cli, "policy");
    apl_arena_init(&arena, 2 * APL_POLICY_BYTES_MAX);
    if (!dir)
        return apl_policy_use_new(cli->env->default_policy, cli->env->default_policy_count, out_use,
                                  err);
    apl_rc rc = apl_policy_files_load(dir, &arena, &files, &count, err);
    return rc ? rc : apl_policy_use_new(files, count, out_use, err);
}

static apl_rc job_open(job *j, apl_cli *cli, apl_policy_use *use, size_t threads,
                       line_format format, apl_err *err)
{
    apl_rc rc = APL_OK;
    apl_buf_init(&j->input, BLOCK_BYTES + 2 * READ_BYTES);
    j->lines = apl_mem_zalloc(BLOCK_LINES, sizeof *j->lines);
    for (size_t i = 0; i < threads && !rc; i++) {
        worker *w = &j->workers[j->worker_count++];
        w->format = format;
        w->explain = apl_cli_has(cli, "explain");
        apl_arena_init(&w->arena, ARENA_BYTES);
        apl_buf_init(&w->out, OUT_MAX_BYTES);
        w->doc = apl_json_doc_new();
        atomic_fetch_add(&use->users, 1);
        rc = apl_judge_new(use, &w->judge, err);
        if (!rc && (!w->doc || !j->lines))
            rc = apl_err_nomem(err);
    }
    return rc;
}

static void job_close(job *j)
{
    for (size_t i = 0; i < j->worker_count; i++) {
        apl_judge_free(j->workers[i].judge);
        apl_json_doc_free(j->workers[i].doc);
        apl_arena_release(&j->workers[i].arena);
        apl_buf_release(&j->workers[i].out);
    }
    apl_mem_free(j->lines);
    apl_buf_release(&j->input);
    apl_mem_free(j);
}

static apl_rc parse_format(apl_cli *cli, line_format *out_format, apl_err *err)
{
    static const char *const names[] = {"text", "tsv", "jsonl"};
    const char *given = apl_cli_get(cli, "format");
    *out_format = FORMAT_TEXT;
    for (int i = 0; given && i < 3; i++) {
        if (strcmp(given, names[i]) == 0) {
            *out_format = (line_format)i;
            return APL_OK;
        }
    }
    return given ? apl_err_set(err, APL_E_USAGE, "--format takes text, tsv or jsonl") : APL_OK;
}

apl_rc apl_cmd_triage(apl_cli *cli, apl_err *err)
{
    apl_policy_use *use = NULL;
    apl_file *file = NULL;
    line_format format = FORMAT_TEXT;
    int64_t threads = 1;
    job *j = apl_mem_zalloc(1, sizeof *j);
    apl_rc rc = j ? parse_format(cli, &format, err) : apl_err_nomem(err);
    if (!rc)
        rc = apl_cli_number(cli, "j", (apl_cli_range){1, THREADS_MAX, 1}, &threads, err);
    if (!rc)
        rc = apl_file_open(cli->arg_count ? cli->args[0] : "-", &file, err);
    if (!rc)
        rc = open_policy(cli, &use, err);
    if (!rc)
        rc = job_open(j, cli, use, (size_t)threads, format, err);
    if (!rc)
        rc = read_all(j, file, err);
    apl_file_close(file);
    if (j)
        job_close(j);
    apl_policy_use_drop(use);
    return rc;
}
