/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens any archive: finds out format and header, and lets only valid UTF-8 without NUL through; see archive.h.
 * Tests: tests/unit/archive/test_archive.c
 */
#include "archive/archive.h"

#include "archive/csv.h"
#include "archive/json.h"
#include "archive/mapping.h"
#include "archive/mbox.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    HEADER_NAME_MAX_BYTES = 80,
    HEADER_SAMPLE_RECORDS = 50,
    DESCRIPTION_BYTES = 200,
    HEAD_BYTES = 64 * 1024
};

struct apl_archive {
    apl_stream *stream;
    apl_source text; /* the stream, or the stream with CR as line end */
    apl_archive_format format;
    apl_csv_dialect dialect;
    bool has_header;
    apl_reader reader;
    apl_columns columns;
    apl_buf header_raw;
    char description[DESCRIPTION_BYTES];
};

static const char *const format_names[] = {"detect", "csv",  "tsv", "lines",
                                           "jsonl",  "json", "mbox"};

const char *apl_archive_format_name(apl_archive_format format)
{
    return (size_t)format < sizeof format_names / sizeof *format_names ? format_names[format]
                                                                       : "unknown";
}

apl_rc apl_archive_format_parse(apl_span text, apl_archive_format *out_format, apl_err *err)
{
    for (size_t i = 0; i < sizeof format_names / sizeof *format_names; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(format_names[i]))) {
            *out_format = (apl_archive_format)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_USAGE, "\"%.*s\" is no format", APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "use one of: csv, tsv, lines, jsonl, json, mbox");
    return APL_E_USAGE;
}

apl_rc apl_columns_add(apl_columns *columns, apl_span name, apl_err *err)
{
    if (columns->count == APL_ARCHIVE_COLUMNS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d columns", APL_ARCHIVE_COLUMNS_MAX);
    char *copy = apl_mem_dup(name.ptr ? name.ptr : "", name.len);
    if (!copy)
        return apl_err_nomem(err);
    columns->names[columns->count++] = (apl_span){copy, name.len};
    return APL_OK;
}

void apl_columns_release(apl_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        apl_mem_free((char *)columns->names[i].ptr);
    columns->count = 0;
}

apl_rc apl_record_reject(apl_archive_record *record, apl_extent extent, const char *fix,
                         const char *fmt, ...)
{
    va_list args;
    memset(&record->error, 0, sizeof record->error);
    record->item = APL_ARCHIVE_REJECT;
    record->line = extent.from;
    record->line_end = extent.to;
    record->raw = extent.raw;
    record->field_count = 0;
    record->error.rc = APL_E_INVALID;
    va_start(args, fmt);
    (void)vsnprintf(record->error.what, sizeof record->error.what, fmt, args);
    va_end(args);
    (void)snprintf(record->error.where, sizeof record->error.where, "line %llu",
                   (unsigned long long)extent.from);
    (void)snprintf(record->error.fix, sizeof record->error.fix, "%s", fix);
    return APL_OK;
}

/* Line ends of old Macs become ours. */
static apl_rc read_carriage_returns(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    apl_rc rc = apl_stream_read(ctx, buf, n, out_n, err);
    for (size_t i = 0; !rc && i < *out_n; i++) {
        if (((char *)buf)[i] == '\r')
            ((char *)buf)[i] = '\n';
    }
    return rc;
}

static apl_rc check_binary(apl_span head, apl_err *err)
{
    static const struct {
        apl_span magic;
        const char *what, *fix;
    } kinds[] = {
        {{"PK\x03\x04", 4},
         "a zip file or a workbook (.xlsx)",
         "unpack it; save a sheet as \"CSV UTF-8\""},
        {{"\xD0\xCF\x11\xE0", 4},
         "an old Office file (.xls, .msg)",
         "save the sheet as \"CSV UTF-8\""},
        {{"%PDF", 4}, "a PDF", "ask for the data as CSV or JSON"},
        {{"SQLite format 3", 15}, "a database file", "export the table as CSV"},
        {{"BZh", 3}, "compressed with bzip2", "unpack it with bunzip2 first"},
        {{"\xFD"
          "7zXZ",
          5},
         "compressed with xz",
         "unpack it with unxz first"},
        {{"7z\xBC\xAF", 4}, "a 7z archive", "unpack it first"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (apl_span_starts(head, kinds[i].magic)) {
            apl_err_set(err, APL_E_INVALID, "this is %s, not an archive of posts", kinds[i].what);
            apl_err_fix(err, "%s", kinds[i].fix);
            return APL_E_INVALID;
        }
    }
    return APL_OK;
}

/* The first byte that is not white space (nor the NUL of UTF-16), and the next such one. */
static void first_signs(apl_span head, char out[2])
{
    size_t n = 0;
    out[0] = out[1] = 0;
    for (size_t i = 0; i < head.len && n < 2; i++) {
        if (!memchr(" \t\r\n", head.ptr[i], 4) && head.ptr[i])
            out[n++] = head.ptr[i];
    }
}

static apl_archive_format detect_format(apl_span head, const char *name)
{
    char signs[2];
    first_signs(head, signs);
    apl_span hint = apl_span_of(name);
    if (apl_mbox_is(apl_span_trim(head)))
        return APL_ARCHIVE_MBOX;
    if (signs[0] == '{' || apl_span_find(hint, APL_SPAN(".jsonl")) != SIZE_MAX ||
        apl_span_find(hint, APL_SPAN(".ndjson")) != SIZE_MAX)
        return APL_ARCHIVE_JSONL;
    if (signs[0] == '[' && (signs[1] == '{' || signs[1] == ']'))
        return APL_ARCHIVE_JSON;
    return APL_ARCHIVE_CSV;
}

/* Does the first object go on over the end of its line? */
static bool is_spread_out(apl_span head)
{
    size_t depth = 0, begun = 0;
    for (size_t i = 0; i < head.len; i++) {
        char c = head.ptr[i];
        begun |= c == '{';
        if (c == '\n' && begun)
            return depth > 0 && apl_span_trim(apl_span_sub(head, 0, i)).len <= 2;
        depth += c == '{';
        depth -= c == '}' && depth;
    }
    return false;
}

/* Is this first record made of names? fields: of the first record; typed: columns that hold numbers or times below it. */
static bool looks_like_header(const apl_csv_fields *fields, size_t count, const bool *typed)
{
    size_t known = 0, data = 0, above_typed = 0, sentences = 0;
    for (size_t i = 0; i < count && i < APL_ARCHIVE_COLUMNS_MAX; i++) {
        apl_span s = apl_span_trim(fields->spans[i]);
        apl_when when;
        double number;
        apl_when_scan(s, &when);
        bool is_number = s.len && !apl_span_parse_double(s, &number, NULL);
        bool is_data = is_number || when.shape != APL_WHEN_NONE || s.len > HEADER_NAME_MAX_BYTES ||
                       apl_span_find(s, APL_SPAN("://")) != SIZE_MAX ||
                       apl_span_starts(s, APL_SPAN("@"));
        data += is_data;
        bool is_known = apl_mapping_is_known_name(s);
        size_t space = apl_span_find_byte(s, ' ');
        known += is_known;
        sentences += !is_known && space != SIZE_MAX &&
                     apl_span_find_byte(apl_span_sub(s, space + 1, SIZE_MAX), ' ') != SIZE_MAX;
        above_typed += typed[i] && s.len && !is_data;
    }
    if (!data)
        return above_typed || (known && !sentences);
    return known >= 2 && data * 4 <= count;
}

/* Which columns hold a number or a time in nearly all records behind the first. */
static void find_typed(const apl_csv_dialect *dialect, apl_span view, bool is_whole,
                       bool *out_typed, apl_csv_fields *fields)
{
    size_t hits[APL_ARCHIVE_COLUMNS_MAX] = {0}, records = 0;
    for (size_t n = 0; n <= HEADER_SAMPLE_RECORDS; n++) {
        apl_csv_scan scan;
        if (apl_csv_scan_record(dialect, view, is_whole, 0, fields, &scan) != APL_CSV_WHOLE)
            break;
        view = apl_span_sub(view, scan.used_bytes, SIZE_MAX);
        if (!n || scan.is_blank)
            continue;
        records++;
        for (size_t i = 0; i < scan.field_count && i < APL_ARCHIVE_COLUMNS_MAX; i++) {
            apl_when when;
            double number;
            apl_span s = apl_span_trim(fields->spans[i]);
            apl_when_scan(s, &when);
            hits[i] += when.shape != APL_WHEN_NONE ||
                       (s.len && !apl_span_parse_double(s, &number, NULL));
        }
    }
    for (size_t i = 0; i < APL_ARCHIVE_COLUMNS_MAX; i++)
        out_typed[i] = records && hits[i] * 5 >= records * 4;
}

static apl_rc take_names(apl_archive *a, const apl_csv_fields *fields, size_t count, apl_err *err)
{
    APL_AUTO(apl_buf) clean = APL_BUF(64 * 1024);
    apl_rc rc = APL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        char number[24];
        apl_span name = apl_span_of(number);
        (void)snprintf(number, sizeof number, "%zu", i + 1);
        name = apl_span_of(number);
        if (a->has_header) {
            apl_buf_clear(&clean);
            rc = apl_utf8_add_clean(&clean, apl_span_sub(fields->spans[i], 0, 16 * 1024), err);
            name = apl_span_trim(apl_buf_view(&clean));
        }
        if (!rc)
            rc = apl_columns_add(&a->columns, name, err);
    }
    return rc;
}

/* Reads the header record (or finds out that there is none) and tells the reader how many fields are right. */
static apl_rc open_header(apl_archive *a, apl_csv *csv, apl_archive_header want, apl_err *err)
{
    APL_AUTO_MEM apl_csv_fields *fields = apl_mem_zalloc(1, sizeof *fields);
    APL_AUTO(apl_buf) scratch = APL_BUF(APL_ARCHIVE_RECORD_MAX_BYTES);
    apl_span view;
    bool is_whole, typed[APL_ARCHIVE_COLUMNS_MAX];
    apl_csv_scan scan = {0};
    if (!fields)
        return apl_err_nomem(err);
    apl_rc rc = apl_csv_peek(csv, &view, &is_whole, err);
    if (rc)
        return rc;
    find_typed(&a->dialect, view, is_whole, typed, fields);
    apl_csv_verdict verdict = apl_csv_scan_record(&a->dialect, view, is_whole, 0, fields, &scan);
    if (verdict == APL_CSV_WHOLE && scan.field_count > APL_ARCHIVE_COLUMNS_MAX) {
        apl_err_set(err, APL_E_LIMIT, "the first record has %zu columns, more than %d",
                    scan.field_count, APL_ARCHIVE_COLUMNS_MAX);
        apl_err_where(err, "line 1");
        return APL_E_LIMIT;
    }
    if (verdict == APL_CSV_WHOLE)
        rc = apl_csv_unescape(fields, scan.field_count, &scratch, err);
    if (rc)
        return rc;
    a->has_header =
        verdict == APL_CSV_WHOLE && want != APL_ARCHIVE_HEADER_NO &&
        (want == APL_ARCHIVE_HEADER_YES || looks_like_header(fields, scan.field_count, typed));
    size_t count = a->has_header ? scan.field_count : a->dialect.columns;
    if (a->has_header)
        rc = apl_buf_add(&a->header_raw, apl_span_sub(view, 0, scan.used_bytes), err);
    if (!rc)
        rc = take_names(a, fields, count, err);
    if (rc)
        return rc;
    if (a->has_header)
        apl_csv_take(csv, scan.used_bytes);
    apl_csv_want_columns(csv, count);
    return APL_OK;
}

/* The dialect must be known before the reader is made, and the view is the reader's: hence a reader that is made first. */
static apl_rc open_csv(apl_archive *a, const apl_archive_options *options, apl_err *err)
{
    apl_csv *csv = NULL;
    apl_span view;
    bool is_whole;
    char told = options->delimiter;
    if (options->format == APL_ARCHIVE_TSV && !told)
        told = '\t';
    apl_rc rc = apl_csv_new(a->text, &a->reader, &csv, err);
    if (!rc)
        rc = apl_csv_peek(csv, &view, &is_whole, err);
    if (rc)
        return rc;
    char excel = 0;
    size_t excel_bytes = apl_csv_excel_line(view, &excel);
    if (excel_bytes) {
        rc = apl_buf_add(&a->header_raw, apl_span_sub(view, 0, excel_bytes), err);
        apl_csv_take(csv, excel_bytes);
        view = apl_span_sub(view, excel_bytes, SIZE_MAX);
        told = told ? told : excel;
    }
    if (!rc && options->format == APL_ARCHIVE_LINES)
        a->dialect = (apl_csv_dialect){0, false, 1};
    else if (!rc)
        rc = apl_csv_detect(view, is_whole, options->name, told, &a->dialect, err);
    if (rc)
        return rc;
    apl_csv_use(csv, &a->dialect);
    a->format = a->dialect.delimiter == '\t' ? APL_ARCHIVE_TSV
                : a->dialect.delimiter       ? APL_ARCHIVE_CSV
                                             : APL_ARCHIVE_LINES;
    return open_header(a, csv, options->header, err);
}

static void describe(apl_archive *a)
{
    static const char *const kinds[] = {"",           "CSV",        "TSV", "Lines",
                                        "JSON Lines", "JSON array", "mbox"};
    const char *delimiter = "";
    char other[32];
    if (a->format == APL_ARCHIVE_CSV) {
        (void)snprintf(other, sizeof other, ", '%c'", a->dialect.delimiter);
        delimiter = a->dialect.delimiter == ','   ? ", comma"
                    : a->dialect.delimiter == ';' ? ", semicolon"
                                                  : other;
    }
    bool is_table = a->format <= APL_ARCHIVE_LINES;
    const char *packed = apl_stream_compression(a->stream);
    bool is_packed = strcmp(packed, "none") != 0;
    (void)snprintf(a->description, sizeof a->description, "%s%s%s, %s%s%s", kinds[a->format],
                   delimiter,
                   !is_table       ? ""
                   : a->has_header ? ", with a header"
                                   : ", without a header",
                   apl_stream_encoding(a->stream), is_packed ? ", " : "", is_packed ? packed : "");
}

static apl_rc open_reader(apl_archive *a, const apl_archive_options *options, apl_err *err)
{
    apl_span head = apl_stream_peek(a->stream);
    apl_rc rc = check_binary(head, err);
    if (rc)
        return rc;
    bool is_old_mac = apl_span_find_byte(head, '\r') != SIZE_MAX &&
                      apl_span_find_byte(head, '\n') == SIZE_MAX && head.len > 1 &&
                      (head.len < HEAD_BYTES || head.ptr[head.len - 1] != '\r');
    a->format = options->format ? options->format : detect_format(head, options->name);
    a->text = (apl_source){is_old_mac ? read_carriage_returns : apl_stream_read, a->stream};
    if (a->format == APL_ARCHIVE_MBOX) {
        if (!options->encoding)
            apl_stream_undecoded(a->stream);
        return apl_mbox_new(a->text, &a->columns, &a->reader, err);
    }
    if (a->format == APL_ARCHIVE_JSON)
        return apl_jsonl_new(a->text, APL_JSON_LAYOUT_ARRAY, &a->columns, &a->reader, err);
    if (a->format == APL_ARCHIVE_JSONL)
        return apl_jsonl_new(a->text,
                             is_spread_out(head) ? APL_JSON_LAYOUT_STREAM : APL_JSON_LAYOUT_LINES,
                             &a->columns, &a->reader, err);
    return open_csv(a, options, err);
}

apl_rc apl_archive_open(apl_source source, const apl_archive_options *options,
                        apl_archive **out_archive, apl_err *err)
{
    static const apl_archive_options none;
    apl_archive *a = apl_mem_zalloc(1, sizeof *a);
    if (!a)
        return apl_err_nomem(err);
    apl_buf_init(&a->header_raw, 2 * APL_ARCHIVE_RECORD_MAX_BYTES);
    options = options ? options : &none;
    apl_rc rc = apl_stream_open(source, options->encoding, &a->stream, err);
    if (!rc)
        rc = open_reader(a, options, err);
    if (rc) {
        apl_archive_close(a);
        return rc;
    }
    describe(a);
    *out_archive = a;
    return APL_OK;
}

/* Bytes that may not reach a post make the record a reject. */
static void check_bytes(const apl_archive *a, apl_archive_record *record)
{
    size_t bad = apl_utf8_invalid_at(record->raw);
    if (bad != SIZE_MAX) {
        if (record->item == APL_ARCHIVE_RECORD)
            apl_record_reject(record, (apl_extent){record->line, record->line_end, record->raw},
                              "mend the byte, or name the encoding with --encoding",
                              "byte %zu of the record (0x%02x) is not valid %s", bad + 1,
                              (unsigned char)record->raw.ptr[bad], apl_stream_encoding(a->stream));
        record->bad_encoding = true;
        return;
    }
    if (record->item != APL_ARCHIVE_RECORD)
        return;
    size_t nul = apl_span_find_byte(record->raw, '\0');
    if (nul != SIZE_MAX) {
        apl_record_reject(record, (apl_extent){record->line, record->line_end, record->raw},
                          "remove the byte", "byte %zu of the record is NUL", nul + 1);
        return;
    }
    bool is_json = a->format == APL_ARCHIVE_JSON || a->format == APL_ARCHIVE_JSONL;
    for (size_t i = 0; is_json && i < record->field_count; i++) {
        if (apl_span_find_byte(record->fields[i], '\0') != SIZE_MAX) {
            apl_record_reject(record, (apl_extent){record->line, record->line_end, record->raw},
                              "remove the \\u0000", "%.*s holds a NUL",
                              APL_SPAN_ARGS(apl_utf8_cut(a->columns.names[i], 60)));
            return;
        }
    }
}

apl_rc apl_archive_next(apl_archive *a, apl_archive_record *out_record, apl_err *err)
{
    out_record->raw_cut = out_record->bad_encoding = false;
    out_record->fields = NULL;
    out_record->field_count = 0;
    apl_rc rc = a->reader.next(a->reader.self, out_record, err);
    if (rc)
        return rc;
    if (out_record->item != APL_ARCHIVE_END && a->format != APL_ARCHIVE_MBOX)
        check_bytes(a, out_record);
    return APL_OK;
}

void apl_archive_close(apl_archive *a)
{
    if (!a)
        return;
    if (a->reader.free)
        a->reader.free(a->reader.self);
    apl_stream_close(a->stream);
    apl_columns_release(&a->columns);
    apl_buf_release(&a->header_raw);
    apl_mem_free(a);
}

apl_archive_format apl_archive_format_of(const apl_archive *a)
{
    return a->format;
}

char apl_archive_delimiter(const apl_archive *a)
{
    return a->dialect.delimiter;
}

const char *apl_archive_description(const apl_archive *a)
{
    return a->description;
}

const apl_stream *apl_archive_stream(const apl_archive *a)
{
    return a->stream;
}

size_t apl_archive_column_count(const apl_archive *a)
{
    return a->columns.count;
}

apl_span apl_archive_column_name(const apl_archive *a, size_t column)
{
    return column < a->columns.count ? a->columns.names[column] : APL_SPAN_NONE;
}

bool apl_archive_has_header(const apl_archive *a)
{
    return a->has_header;
}

apl_span apl_archive_header_raw(const apl_archive *a)
{
    return apl_buf_view(&a->header_raw);
}
