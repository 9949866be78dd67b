/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first reading; see survey.h. A sample is kept until the columns are known, then it and everything after it is
 * weighed. Tests: tests/unit/archive/test_survey.c
 */
#include "archive/survey.h"

#include "archive/sketch.h"
#include "archive/values.h"
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE_MAX_BYTES = 8 * 1024 * 1024,
    NOTE_BYTES = 400,
    OWN_SLOTS = 2 * APL_SURVEY_OWN_MAX,
    PROGRESS_RECORDS = 512,
};

typedef struct sample_record {
    apl_span *fields;
    size_t count;
    bool beyond_ascii;
} sample_record;

typedef struct surveyor {
    apl_archive *archive;
    const apl_survey_options *options;
    apl_survey *survey;
    apl_arena arena;
    sample_record sample[APL_SURVEY_SAMPLE_MAX];
    size_t sample_count;
    apl_sketch ids, contents;
    uint64_t ids_filled, ids_rounded, ids_long;
    apl_time_us first[3], last[3]; /* by date order: a NUMERIC date is tried both ways */
    double rating_max;
    bool has_ratings;
    unsigned own_slots[OWN_SLOTS]; /* index + 1 into own_names */
} surveyor;

static apl_span field_of(const apl_mapping *mapping, apl_column_role role, const apl_span *fields,
                         size_t count)
{
    int c = mapping->column[role];
    return c >= 0 && (size_t)c < count ? fields[c] : APL_SPAN_NONE;
}

static apl_rc note(apl_survey *survey, apl_err *err, const char *fmt, ...) APL_PRINTF(3, 4);
static apl_rc note(apl_survey *survey, apl_err *err, const char *fmt, ...)
{
    char text[NOTE_BYTES];
    va_list args;
    if (survey->note_count == APL_SURVEY_NOTES_MAX)
        return APL_OK;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char *copy = apl_mem_dup(text, strlen(text));
    if (!copy)
        return apl_err_nomem(err);
    survey->notes[survey->note_count++] = copy;
    return APL_OK;
}

static apl_rc add_own(surveyor *s, apl_span name, apl_err *err)
{
    apl_survey *survey = s->survey;
    size_t slot = apl_span_hash(name) % OWN_SLOTS;
    for (; s->own_slots[slot]; slot = (slot + 1) % OWN_SLOTS) {
        if (apl_span_is(name, survey->own_names[s->own_slots[slot] - 1]))
            return APL_OK;
    }
    if (survey->own_count == APL_SURVEY_OWN_MAX || name.len > 256)
        return APL_OK;
    if (!survey->own_names)
        survey->own_names = apl_mem_zalloc(APL_SURVEY_OWN_MAX, sizeof *survey->own_names);
    char *copy = survey->own_names ? apl_mem_dup(name.ptr ? name.ptr : "", name.len) : NULL;
    if (!copy)
        return apl_err_nomem(err);
    survey->own_names[survey->own_count++] = copy;
    s->own_slots[slot] = (unsigned)survey->own_count;
    return APL_OK;
}

static void weigh_id(surveyor *s, apl_span id, apl_span parent)
{
    bool is_float = false, parent_float = false;
    (void)apl_value_id(parent, &parent_float);
    apl_span plain = apl_value_id(id, &is_float);
    s->survey->ids_float |= is_float || parent_float;
    if (!plain.len)
        return;
    s->ids_filled++;
    s->survey->ids_ruined += apl_value_is_ruined_id(plain);
    s->ids_long += plain.len > 15 && plain.ptr[0] >= '0' && plain.ptr[0] <= '9';
    s->ids_rounded += apl_value_is_rounded_id(plain);
    apl_sketch_add(&s->ids, apl_span_hash(plain));
}

static void weigh_time(surveyor *s, apl_span text)
{
    apl_when when;
    if (!apl_span_trim(text).len)
        return;
    apl_when_scan(text, &when);
    apl_when_tally_add(&s->survey->when, &when);
    for (int order = APL_DATE_ORDER_DMY; order <= APL_DATE_ORDER_MDY; order++) {
        apl_time_us at;
        bool assumed;
        apl_when_reading how = {(apl_date_order)order, NULL, NULL};
        if (apl_when_resolve(&when, &how, &at, &assumed, NULL))
            continue;
        s->first[order] = at < s->first[order] ? at : s->first[order];
        s->last[order] = at > s->last[order] ? at : s->last[order];
    }
}

static void weigh_rating(surveyor *s, apl_span text)
{
    double value;
    int rating;
    apl_span t = apl_span_trim(text);
    if (!t.len)
        return;
    s->has_ratings |= apl_value_rating(t, 100, &rating);
    if (!apl_span_parse_double(t, &value, NULL) && value > s->rating_max)
        s->rating_max = value;
}

static apl_rc weigh(surveyor *s, const apl_span *fields, size_t count, bool beyond_ascii,
                    apl_err *err)
{
    const apl_mapping *m = &s->survey->mapping;
    apl_span author = apl_span_trim(field_of(m, APL_COLUMN_AUTHOR, fields, count));
    apl_span text = field_of(m, APL_COLUMN_TEXT, fields, count);
    apl_span time = field_of(m, APL_COLUMN_TIME, fields, count);
    apl_span direction = apl_span_trim(field_of(m, APL_COLUMN_DIRECTION, fields, count));
    bool flag, is_own = false;

    s->survey->beyond_ascii += beyond_ascii;
    weigh_id(s, field_of(m, APL_COLUMN_ID, fields, count),
             field_of(m, APL_COLUMN_PARENT, fields, count));
    weigh_time(s, time);
    weigh_rating(s, field_of(m, APL_COLUMN_RATING, fields, count));
    uint64_t content = apl_span_hash(author) * 3 + apl_span_hash(text) * 5 +
                       apl_span_hash(time) * 7;
    apl_sketch_add(&s->contents, apl_span_hash((apl_span){(const char *)&content, sizeof content}));
    if (apl_value_flag(direction, &flag))
        is_own = flag == m->direction_true_is_own;
    else
        (void)apl_value_direction(direction, &is_own);
    if (!is_own)
        return APL_OK;
    s->survey->own_records++;
    return author.len ? add_own(s, author, err) : APL_OK;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* How many different values the sample has in a column; hashes has room for the sample. */
static uint64_t count_distinct(const surveyor *s, size_t column, uint64_t *hashes)
{
    uint64_t n = 0, distinct = 0;
    for (size_t i = 0; i < s->sample_count; i++) {
        apl_span v = column < s->sample[i].count ? apl_span_trim(s->sample[i].fields[column])
                                                 : APL_SPAN_NONE;
        if (v.len)
            hashes[n++] = apl_span_hash(v);
    }
    if (n)
        qsort(hashes, n, sizeof *hashes, by_value);
    for (uint64_t i = 0; i < n; i++)
        distinct += !i || hashes[i] != hashes[i - 1];
    return distinct;
}

/* The sample is full or the archive has ended: what is which column? Then the sample is weighed. */
static apl_rc settle(surveyor *s, apl_err *err)
{
    size_t count = apl_archive_column_count(s->archive);
    APL_AUTO_MEM apl_column_profile *profiles = apl_mem_zalloc(count, sizeof *profiles);
    APL_AUTO_MEM uint64_t *hashes = apl_mem_zalloc(APL_SURVEY_SAMPLE_MAX, sizeof *hashes);
    if (!profiles || !hashes)
        return apl_err_nomem(err);
    for (size_t c = 0; c < count; c++) {
        for (size_t i = 0; i < s->sample_count; i++)
            apl_column_profile_add(&profiles[c],
                                   c < s->sample[i].count ? s->sample[i].fields[c] : APL_SPAN_NONE);
        profiles[c].distinct = count_distinct(s, c, hashes);
    }
    apl_rc rc = apl_mapping_pin(&s->survey->mapping, s->archive, s->options->pins, err);
    if (rc)
        return rc;
    apl_mapping_guess(&s->survey->mapping, s->archive, profiles, count);
    for (size_t i = 0; i < s->sample_count && !rc; i++)
        rc = weigh(s, s->sample[i].fields, s->sample[i].count, s->sample[i].beyond_ascii, err);
    apl_arena_release(&s->arena);
    return rc;
}

static bool is_beyond_ascii(apl_span raw)
{
    unsigned char all = 0;
    for (size_t i = 0; i < raw.len; i++)
        all |= (unsigned char)raw.ptr[i];
    return all >= 0x80;
}

static apl_rc keep_sample(surveyor *s, const apl_archive_record *record, bool beyond_ascii,
                          apl_err *err)
{
    sample_record *kept = &s->sample[s->sample_count];
    size_t count = record->field_count;
    kept->fields = apl_arena_alloc(&s->arena, count ? count : 1, sizeof *kept->fields);
    if (!kept->fields)
        return apl_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        apl_rc rc = apl_arena_copy(&s->arena, record->fields[i], &kept->fields[i], err);
        if (rc)
            return rc;
    }
    kept->count = count;
    kept->beyond_ascii = beyond_ascii;
    s->sample_count++;
    return APL_OK;
}

static apl_rc read_all(surveyor *s, apl_err *err)
{
    const apl_survey_options *o = s->options;
    bool is_settled = false;
    apl_archive_record record;
    for (uint64_t n = 1;; n++) {
        apl_rc rc = apl_archive_next(s->archive, &record, err);
        if (!rc && o->progress && n % PROGRESS_RECORDS == 0)
            rc = o->progress(o->progress_ctx,
                             apl_stream_taken_bytes(apl_archive_stream(s->archive)), n);
        if (rc)
            return rc;
        if (record.item == APL_ARCHIVE_END)
            return is_settled ? APL_OK : settle(s, err);
        if (record.item == APL_ARCHIVE_REJECT) {
            s->survey->rejects++;
            s->survey->bad_utf8 += record.bad_encoding;
            continue;
        }
        s->survey->records++;
        bool beyond = is_beyond_ascii(record.raw);
        if (!is_settled) {
            rc = keep_sample(s, &record, beyond, err);
            is_settled = s->sample_count == APL_SURVEY_SAMPLE_MAX ||
                         s->arena.used_bytes > SAMPLE_MAX_BYTES;
            if (!rc && is_settled)
                rc = settle(s, err);
        } else {
            rc = weigh(s, record.fields, record.field_count, beyond, err);
        }
        if (rc)
            return rc;
    }
}

static apl_id_state judge_ids(const surveyor *s)
{
    const apl_survey *v = s->survey;
    bool has_versions = v->mapping.column[APL_COLUMN_EVENT] >= 0 ||
                        v->mapping.column[APL_COLUMN_REVISION] >= 0;
    if (!s->ids_filled)
        return APL_IDS_ABSENT;
    if (v->ids_ruined * 100 >= s->ids_filled ||
        (s->ids_long >= 10 && s->ids_rounded * 20 >= s->ids_long * 19))
        return APL_IDS_RUINED;
    if (!has_versions && v->records >= 20 && v->ids_distinct * 2 < v->contents_distinct)
        return APL_IDS_NOT_UNIQUE;
    return APL_IDS_GOOD;
}

static apl_rc note_ids(const surveyor *s, apl_err *err)
{
    apl_survey *v = s->survey;
    int column = v->mapping.column[APL_COLUMN_ID];
    apl_span name = column < 0 ? APL_SPAN_NONE
                               : apl_archive_column_name(s->archive, (size_t)column);
    if (v->ids == APL_IDS_RUINED)
        return note(
            v, err,
            "A spreadsheet has ruined the ids in \"%.*s\": %llu of %llu are rounded, about %llu "
            "different ones stand for about %llu posts. Posts are told apart by author, text and "
            "time instead.",
            APL_SPAN_ARGS(apl_span_sub(name, 0, 60)),
            (unsigned long long)(v->ids_ruined ? v->ids_ruined : s->ids_rounded),
            (unsigned long long)s->ids_filled, (unsigned long long)v->ids_distinct,
            (unsigned long long)v->contents_distinct);
    if (v->ids == APL_IDS_NOT_UNIQUE)
        return note(
            v, err,
            "\"%.*s\" has about %llu different values for about %llu posts, so it is no id of "
            "posts. They are told apart by author, text and time instead.",
            APL_SPAN_ARGS(apl_span_sub(name, 0, 60)), (unsigned long long)v->ids_distinct,
            (unsigned long long)v->contents_distinct);
    bool has_time = v->mapping.column[APL_COLUMN_TIME] != APL_MAPPING_NO_COLUMN;
    if (v->ids == APL_IDS_ABSENT && v->records && has_time)
        return note(v, err, "There are no ids; posts are told apart by author, text and time.");
    if (v->ids == APL_IDS_ABSENT && v->records)
        return note(v, err,
                    "There are neither ids nor times; posts are told apart by author and text, and "
                    "count as said when they are first taken.");
    if (!has_time && v->records)
        return note(v, err, "There are no times; posts count as said when they are first taken.");
    if (v->ids_float)
        return note(v, err,
                    "Ids are written as decimals (3.0); they are read as whole numbers (3).");
    return APL_OK;
}

static apl_rc note_times(const surveyor *s, apl_err *err)
{
    apl_survey *v = s->survey;
    apl_rc rc = APL_OK;
    const char *order = v->order == APL_DATE_ORDER_DMY ? "day before month" : "month before day";
    if (v->order && v->order_assumed)
        rc = note(
            v, err,
            "Nothing in the dates tells day from month; %s is assumed. If that is wrong, give the "
            "date order.",
            order);
    else if (v->when.day_first && v->when.month_first)
        rc = note(
            v, err,
            "Dates contradict each other: %llu can only be read with the day first, %llu only with "
            "the month first. %s is taken; the others are rejected.",
            (unsigned long long)v->when.day_first, (unsigned long long)v->when.month_first, order);
    else if (v->order)
        rc = note(v, err, "Dates are read with the %s.", order);
    if (!rc && v->needs_zone)
        rc = note(v, err, "%llu of %llu times have no zone.", (unsigned long long)v->when.local,
                  (unsigned long long)(v->when.local + v->when.zoned));
    if (!rc && v->when.count[APL_WHEN_NONE])
        rc = note(v, err, "%llu values in the time column are no times.",
                  (unsigned long long)v->when.count[APL_WHEN_NONE]);
    return rc;
}

static apl_rc conclude(surveyor *s, apl_err *err)
{
    apl_survey *v = s->survey;
    v->ids_distinct = apl_sketch_count(&s->ids);
    v->contents_distinct = apl_sketch_count(&s->contents);
    v->ids = judge_ids(s);
    v->order = s->options->date_order;
    if (!v->order)
        v->order = apl_when_tally_order(&v->when, &v->order_assumed);
    v->needs_zone = v->when.local > 0;
    int order = v->order ? (int)v->order : APL_DATE_ORDER_DMY;
    v->first_us = s->first[order];
    v->last_us = s->first[order] == APL_TIME_NONE ? APL_TIME_NONE : s->last[order];
    if (s->has_ratings)
        v->rating_scale = s->rating_max > 10 ? 100 : s->rating_max > 5 ? 10 : 5;
    const apl_stream *stream = apl_archive_stream(s->archive);
    bool told = strcmp(apl_stream_encoding_evidence(stream), "as told") == 0;
    if (!told && v->bad_utf8 > v->beyond_ascii)
        v->suggested_encoding = "windows-1252";
    apl_rc rc = note_ids(s, err);
    if (!rc)
        rc = note_times(s, err);
    if (!rc && v->rating_scale > 5)
        rc = note(v, err, "Ratings reach %g; they are read on a scale of %d.", s->rating_max,
                  v->rating_scale);
    if (!rc && v->own_count)
        rc = note(v, err, "%llu records are the company's own turns, by %zu accounts.",
                  (unsigned long long)v->own_records, v->own_count);
    if (!rc && v->suggested_encoding)
        rc = note(v, err, "%llu records are no UTF-8, %llu are: the encoding is rather %s.",
                  (unsigned long long)v->bad_utf8, (unsigned long long)v->beyond_ascii,
                  v->suggested_encoding);
    return rc;
}

apl_rc apl_survey_run(apl_archive *archive, const apl_survey_options *options,
                      apl_survey **out_survey, apl_err *err)
{
    static const apl_survey_options none;
    APL_AUTO_MEM surveyor *s = apl_mem_zalloc(1, sizeof *s);
    apl_survey *survey = apl_mem_zalloc(1, sizeof *survey);
    if (!s || !survey) {
        apl_mem_free(survey);
        return apl_err_nomem(err);
    }
    s->archive = archive;
    s->options = options ? options : &none;
    s->survey = survey;
    for (int i = 0; i < 3; i++) {
        s->first[i] = APL_TIME_NONE;
        s->last[i] = INT64_MIN;
    }
    apl_mapping_init(&survey->mapping);
    apl_arena_init(&s->arena, (size_t)64 * 1024 * 1024);
    apl_rc rc = read_all(s, err);
    apl_arena_release(&s->arena);
    if (!rc)
        rc = conclude(s, err);
    if (rc) {
        apl_survey_free(survey);
        return rc;
    }
    *out_survey = survey;
    return APL_OK;
}

void apl_survey_free(apl_survey *survey)
{
    if (!survey)
        return;
    for (size_t i = 0; i < survey->own_count; i++)
        apl_mem_free(survey->own_names[i]);
    apl_mem_free(survey->own_names);
    for (size_t i = 0; i < survey->note_count; i++)
        apl_mem_free(survey->notes[i]);
    apl_mem_free(survey);
}
