/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archive's way into batches; see import_file.h. What is refused, by the reader, the conversion or intake, goes raw
 * into the rejects file (with the header, so that it can be mended and fed again) and with its reason into a text file
 * beside it. Tests: tests/e2e/test_import.py
 */
#include "desk/import_file.h"

#include "base/utf8.h"
#include "crypto/encode.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

enum {
    BATCH_ARENA_BYTES = 64 * 1024 * 1024,
    BATCH_FULL_BYTES = 6 * 1024 * 1024,
    REJECTS_FLUSH_BYTES = 1024 * 1024,
    REJECTS_MAX_BYTES = 64 * 1024 * 1024,
};

/* A batch that is filled, or on its way into the store while the other one is filled. */
typedef struct batch {
    apl_batch_item *items;
    size_t count;
    bool is_put;
    apl_arena arena;
} batch;

struct apl_import_file {
    apl_import_file_options opt;
    apl_archive_options archive_opt;
    apl_file *source;
    apl_archive *archive;
    apl_survey *survey;
    apl_convert *convert;
    apl_name_set own_names; /* as given and as found */
    /* second reading */
    batch batches[2];
    batch *filling;
    apl_arena record; /* of the present record */
    apl_buf rejects, reasons;
    bool rejects_begun;
    apl_import_totals totals;
};

static apl_rc to_utc(void *ctx, const apl_civil *local, apl_time_us *out_utc, apl_err *err)
{
    (void)err;
    *out_utc = apl_zone_to_utc(ctx, local, NULL);
    return APL_OK;
}

static apl_rc open_archive(apl_import_file *file, apl_err *err)
{
    apl_archive_close(file->archive);
    apl_file_close(file->source);
    file->archive = NULL;
    file->source = NULL;
    apl_rc rc = apl_file_open(file->opt.path, &file->source, err);
    if (!rc)
        rc = apl_archive_open((apl_source){apl_file_read, file->source}, &file->archive_opt,
                              &file->archive, err);
    if (rc && err && !err->where[0])
        apl_err_where(err, "%s", file->opt.path);
    return rc;
}

static void report(apl_import_file *file, bool is_survey, uint64_t bytes, uint64_t records)
{
    if (!file->opt.progress)
        return;
    apl_import_progress progress = {is_survey, (int64_t)bytes, apl_file_size_bytes(file->source),
                                    (int64_t)records};
    file->opt.progress(file->opt.progress_ctx, &progress);
}

static apl_rc survey_progress(void *ctx, uint64_t bytes, uint64_t records)
{
    report(ctx, true, bytes, records);
    return APL_OK;
}

static apl_rc run_survey(apl_import_file *file, apl_err *err)
{
    apl_survey_options options = {
        .pins = apl_span_of(file->opt.map), .progress = survey_progress, .progress_ctx = file};
    if (file->opt.date_order)
        options.date_order = strcmp(file->opt.date_order, "mdy") == 0 ? APL_DATE_ORDER_MDY
                                                                      : APL_DATE_ORDER_DMY;
    apl_survey_free(file->survey);
    file->survey = NULL;
    apl_rc rc = apl_survey_run(file->archive, &options, &file->survey, err);
    if (rc || file->opt.encoding || !file->survey->suggested_encoding)
        return rc;
    /* The bytes turned out to be in another encoding than the first ones looked like: once more. */
    file->archive_opt.encoding = file->survey->suggested_encoding;
    rc = open_archive(file, err);
    apl_survey *old = file->survey;
    file->survey = NULL;
    if (!rc)
        rc = apl_survey_run(file->archive, &options, &file->survey, err);
    apl_survey_free(old);
    return rc;
}

apl_rc apl_import_file_open(const apl_import_file_options *options, apl_import_file **out_file,
                            apl_err *err)
{
    apl_import_file *file = apl_mem_zalloc(1, sizeof *file);
    if (!file)
        return apl_err_nomem(err);
    file->opt = *options;
    file->archive_opt = (apl_archive_options){.name = options->path, .encoding = options->encoding};
    apl_arena_init(&file->record, BATCH_ARENA_BYTES);
    apl_buf_init(&file->rejects, REJECTS_MAX_BYTES);
    apl_buf_init(&file->reasons, REJECTS_MAX_BYTES);
    file->filling = &file->batches[0];
    apl_rc rc = APL_OK;
    for (int i = 0; i < 2 && !rc; i++) {
        apl_arena_init(&file->batches[i].arena, BATCH_ARENA_BYTES);
        file->batches[i].items =
            apl_mem_zalloc(APL_IMPORT_BATCH_MAX, sizeof *file->batches[i].items);
        rc = file->batches[i].items ? APL_OK : apl_err_nomem(err);
    }
    if (!rc && options->format)
        rc = apl_archive_format_parse(apl_span_of(options->format), &file->archive_opt.format, err);
    if (!rc)
        rc = open_archive(file, err);
    if (!rc)
        rc = run_survey(file, err);
    if (rc) {
        apl_import_file_close(file);
        return rc;
    }
    *out_file = file;
    return APL_OK;
}

void apl_import_file_close(apl_import_file *file)
{
    if (!file)
        return;
    apl_convert_free(file->convert);
    apl_survey_free(file->survey);
    apl_archive_close(file->archive);
    apl_file_close(file->source);
    for (int i = 0; i < 2; i++) {
        apl_arena_release(&file->batches[i].arena);
        apl_mem_free(file->batches[i].items);
    }
    apl_arena_release(&file->record);
    apl_name_set_release(&file->own_names);
    apl_buf_release(&file->rejects);
    apl_buf_release(&file->reasons);
    apl_mem_free(file);
}

void apl_import_file_refine(apl_import_file *file, const apl_zone *zone,
                            const char *const *own_names, size_t own_count)
{
    file->opt.zone = zone;
    file->opt.own_names = own_names;
    file->opt.own_count = own_count;
}

const apl_survey *apl_import_file_survey(const apl_import_file *file)
{
    return file->survey;
}

const apl_archive *apl_import_file_archive(const apl_import_file *file)
{
    return file->archive;
}

/* reviews.csv gets reviews.csv.rejects (same format, to be mended) and reviews.csv.rejects.txt (the reasons). */
static apl_rc name_rejects(apl_import_file *file, apl_err *err)
{
    apl_import_totals *t = &file->totals;
    const char *slash = strrchr(file->opt.path, '/');
    const char *name = slash ? slash + 1 : file->opt.path;
    int len;
    apl_rc rc = APL_OK;
    if (file->opt.rejects) {
        len = snprintf(t->rejects_path, sizeof t->rejects_path, "%s", file->opt.rejects);
    } else {
        rc = apl_dir_make(file->opt.rejects_dir, 0700, err);
        len = snprintf(t->rejects_path, sizeof t->rejects_path, "%s/%s.rejects",
                       file->opt.rejects_dir, name);
    }
    if (len < 0 || (size_t)len + 4 >= sizeof t->rejects_path)
        return apl_err_set(err, APL_E_LIMIT, "the name of the rejects file is too long");
    (void)snprintf(t->reasons_path, sizeof t->reasons_path, "%.4000s.txt", t->rejects_path);
    return rc;
}

static apl_rc flush_rejects(apl_import_file *file, apl_err *err)
{
    apl_import_totals *t = &file->totals;
    if (!file->reasons.len)
        return APL_OK;
    apl_rc rc = APL_OK;
    if (!file->rejects_begun) {
        /* The first block replaces what an earlier run left. */
        rc = apl_file_save(t->rejects_path, apl_buf_view(&file->rejects), 0600, err);
        if (!rc)
            rc = apl_file_save(t->reasons_path, apl_buf_view(&file->reasons), 0600, err);
        file->rejects_begun = !rc;
    } else {
        rc = apl_file_append(t->rejects_path, apl_buf_view(&file->rejects), 0600, err);
        if (!rc)
            rc = apl_file_append(t->reasons_path, apl_buf_view(&file->reasons), 0600, err);
    }
    apl_buf_clear(&file->rejects);
    apl_buf_clear(&file->reasons);
    return rc;
}

static apl_rc add_reject(apl_import_file *file, int64_t line, apl_span raw, const apl_err *why,
                         apl_err *err)
{
    char reason[sizeof why->what + sizeof why->where + sizeof why->fix + 8];
    apl_import_totals *t = &file->totals;
    apl_rc rc = APL_OK;
    if (t->counts.rejected == 0) {
        rc = name_rejects(file, err);
        if (!rc)
            rc = apl_buf_add(&file->rejects, apl_archive_header_raw(file->archive), err);
    }
    (void)apl_err_format(why, reason, sizeof reason);
    apl_span place = apl_span_of(why->where);
    bool has_line = apl_span_starts(place, APL_SPAN("line "));
    char full[sizeof reason + 32];
    if (has_line)
        (void)snprintf(full, sizeof full, "%s", reason);
    else
        (void)snprintf(full, sizeof full, "line %lld: %s", (long long)line, reason);
    if (t->counts.rejected < 5)
        (void)snprintf(t->examples[t->counts.rejected], sizeof t->examples[0], "%s", full);
    t->counts.rejected++;
    if (!rc)
        rc = apl_buf_addf(&file->reasons, err, "%s\n", full);
    if (!rc)
        rc = apl_buf_add(&file->rejects, raw, err);
    if (!rc && !(raw.len && raw.ptr[raw.len - 1] == '\n'))
        rc = apl_buf_add_byte(&file->rejects, '\n', err);
    if (!rc && file->rejects.len > REJECTS_FLUSH_BYTES)
        rc = flush_rejects(file, err);
    return rc;
}

/* The converted post points into the record, which is gone with the next one. */
/*
 * Posts without ids and times: the moment of this import must not be part of what tells them apart, or a second import
 * would take them all again.
 */
static apl_rc give_id(apl_import_file *file, apl_arena *arena, apl_post_in *post, apl_err *err)
{
    bool has_time = file->survey->mapping.column[APL_COLUMN_TIME] != APL_MAPPING_NO_COLUMN;
    apl_span parts[] = {post->author_id, post->title, post->text};
    uint8_t digest[APL_SHA256_BYTES];
    char id[APL_BASE64_URL_TEXT_BYTES(sizeof digest) + 8] = "text:";
    apl_sha256 hash;
    if (has_time || post->remote_id.len)
        return APL_OK;
    apl_sha256_init(&hash);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        apl_sha256_add(&hash, parts[i]);
        apl_sha256_add(&hash, (apl_span){"", 1});
    }
    apl_sha256_finish(&hash, digest);
    (void)apl_base64_encode((apl_span){(const char *)digest, sizeof digest}, APL_BASE64_URL,
                            id + 5);
    return apl_arena_copy(arena, apl_span_of(id), &post->remote_id, err);
}

static apl_rc keep_post(apl_import_file *file, const apl_post_in *in, int64_t line, apl_err *err)
{
    batch *b = file->filling;
    apl_batch_item *item = &b->items[b->count];
    *item = (apl_batch_item){.post = *in, .line = line};
    apl_post_in *p = &item->post;
    apl_span *spans[] = {&p->remote_id,   &p->revision, &p->parent_id, &p->author_id,
                         &p->author_name, &p->text,     &p->title,     &p->company,
                         &p->url,         &p->lang,     &p->raw};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        apl_rc rc = apl_arena_copy(&b->arena, *spans[i], spans[i], err);
        if (rc)
            return rc;
    }
    b->count++;
    return give_id(file, &b->arena, p, err);
}

/* What became of a batch that was put. */
static apl_rc settle(apl_import_file *file, batch *b, const apl_import_sink *sink, apl_err *err)
{
    if (!b->is_put)
        return APL_OK;
    apl_rc rc = sink->settle ? sink->settle(sink->ctx, err) : APL_OK;
    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->items[i].rc)
            rc = add_reject(file, b->items[i].line, b->items[i].post.raw, &b->items[i].err, err);
    if (!rc) {
        apl_batch_counts c = apl_batch_count(b->items, b->count);
        file->totals.counts.taken += c.taken;
        file->totals.counts.known += c.known;
        file->totals.counts.edited += c.edited;
        file->totals.counts.deleted += c.deleted;
    }
    b->count = 0;
    b->is_put = false;
    apl_arena_clear(&b->arena);
    report(file, false, apl_stream_taken_bytes(apl_archive_stream(file->archive)),
           (uint64_t)file->totals.records);
    return rc;
}

/* Puts the full batch, then makes the other one free. */
static apl_rc hand_over(apl_import_file *file, const apl_import_sink *sink, apl_err *err)
{
    batch *full = file->filling, *other = &file->batches[full == file->batches];
    apl_rc rc = full->count ? sink->put(sink->ctx, full->items, full->count, err) : APL_OK;
    full->is_put = full->count && !rc;
    apl_rc settled = settle(file, other, sink, rc ? NULL : err);
    if (rc)
        full->count = 0;
    else
        file->filling = other;
    return rc ? rc : settled;
}

static apl_rc take_record(apl_import_file *file, const apl_archive_record *record, apl_err *err)
{
    apl_post_in post;
    bool assumed = false;
    apl_err why = {0};
    file->totals.records++;
    if (record->item == APL_ARCHIVE_REJECT)
        return add_reject(file, (int64_t)record->line, record->raw, &record->error, err);
    apl_arena_clear(&file->record);
    apl_rc rc = apl_convert_record(file->convert, record, &file->record, &post, &assumed, &why);
    if (rc == APL_E_NOMEM) {
        *err = why;
        return rc;
    }
    if (rc)
        return add_reject(file, (int64_t)record->line, record->raw, &why, err);
    if (post.raw.len > APL_POST_RAW_MAX_BYTES)
        post.raw = apl_utf8_cut(post.raw, APL_POST_RAW_MAX_BYTES);
    if (!post.company.len)
        post.company = post.is_own ? post.author_id
                                   : apl_name_set_first_mention(&file->own_names, post.text);
    file->totals.assumed_zone += assumed;
    return keep_post(file, &post, (int64_t)record->line, err);
}

static apl_rc collect_own_names(apl_import_file *file, apl_err *err)
{
    const apl_import_file_options *o = &file->opt;
    apl_rc rc = APL_OK;
    apl_name_set_release(&file->own_names);
    for (size_t i = 0; i < file->survey->own_count && !rc; i++)
        rc = apl_name_set_add(&file->own_names, apl_span_of(file->survey->own_names[i]), err);
    for (size_t i = 0; i < o->own_count && !rc; i++)
        if (o->own_names[i][0])
            rc = apl_name_set_add(&file->own_names, apl_span_of(o->own_names[i]), err);
    return rc;
}

static apl_rc start_convert(apl_import_file *file, apl_err *err)
{
    const apl_import_file_options *o = &file->opt;
    apl_convert_options options = {
        .zone = o->zone ? to_utc : NULL,
        .zone_ctx = (void *)(uintptr_t)o->zone,
        .taken_us = o->now_us,
        .own_names = o->own_names,
        .own_count = o->own_count,
        .kind_given = o->kind != NULL,
        .company = apl_span_of(o->company),
    };
    apl_rc rc = o->kind ? apl_post_kind_parse(apl_span_of(o->kind), &options.kind, err) : APL_OK;
    if (!rc)
        rc = apl_mapping_check(&file->survey->mapping, file->archive, err);
    if (!rc)
        rc = open_archive(file, err);
    if (!rc)
        rc = collect_own_names(file, err);
    apl_convert_free(file->convert);
    file->convert = NULL;
    return rc ? rc : apl_convert_new(file->survey, file->archive, &options, &file->convert, err);
}

/* What was read before the file turned out to be damaged is taken: it can be fed again without doubling. */
static apl_rc finish_batches(apl_import_file *file, const apl_import_sink *sink, apl_err *err)
{
    apl_rc rc = hand_over(file, sink, err);
    for (int i = 0; i < 2; i++) {
        apl_rc settled = settle(file, &file->batches[i], sink, rc ? NULL : err);
        rc = rc ? rc : settled;
    }
    return rc ? rc : flush_rejects(file, err);
}

apl_rc apl_import_file_run(apl_import_file *file, const apl_import_sink *sink,
                           apl_import_totals *out_totals, apl_err *err)
{
    memset(&file->totals, 0, sizeof file->totals);
    file->rejects_begun = false;
    apl_rc rc = start_convert(file, err);
    while (!rc) {
        apl_archive_record record;
        rc = apl_archive_next(file->archive, &record, err);
        if (rc || record.item == APL_ARCHIVE_END)
            break;
        rc = take_record(file, &record, err);
        if (!rc && (file->filling->count == APL_IMPORT_BATCH_MAX ||
                    file->filling->arena.used_bytes > BATCH_FULL_BYTES))
            rc = hand_over(file, sink, err);
    }
    apl_rc last = finish_batches(file, sink, rc ? NULL : err);
    *out_totals = file->totals;
    if (rc && err && !err->where[0])
        apl_err_where(err, "%s", file->opt.path);
    return rc ? rc : last;
}
