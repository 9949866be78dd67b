/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV reader: records, rejects, and the way back after broken ones; the rules stand in csv.h.
 * Threat: a wrong quote or a giant line must neither swallow the rest of the file nor cost unbounded memory or time.
 * Tests: tests/unit/archive/test_csv.c
 */
#include "archive/csv.h"

#include "archive/feed.h"

#include <stdio.h>
#include <string.h>

enum { PIECES_MAX = 16, LEARN_RECORDS = 1000 };

/* What a field looks like, as bits of a column's mask. */
enum { CLASS_EMPTY = 1, CLASS_NUMBER = 2, CLASS_WORD = 4, CLASS_TEXT = 8 };

/* A short record that may be a part of one. */
typedef struct piece {
    uint64_t line, line_end;
    size_t from, len; /* in pieces_raw */
    size_t field_count;
} piece;

struct apl_csv {
    apl_feed feed;
    apl_csv_dialect dialect;
    size_t columns;
    apl_csv_fields *fields;
    apl_buf scratch;
    unsigned char seen[APL_ARCHIVE_COLUMNS_MAX]; /* classes that good records had, by column */
    unsigned learned;
    apl_buf pieces_raw;
    piece pieces[PIECES_MAX];
    size_t piece_count, piece_shown; /* shown: already handed out as rejects */
    size_t joined_fields;
    bool is_broken_record; /* the pieces together make exactly one record */
};

static unsigned char class_of(apl_span s)
{
    bool has_other = false;
    if (!s.len)
        return CLASS_EMPTY;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ' ' || s.ptr[i] == '\n')
            return CLASS_TEXT;
        has_other |= !memchr("0123456789.+-eE", s.ptr[i], 15);
    }
    return has_other ? CLASS_WORD : CLASS_NUMBER;
}

static void learn(apl_csv *csv, size_t count)
{
    if (csv->learned >= LEARN_RECORDS)
        return;
    csv->learned++;
    for (size_t i = 0; i < count && i < APL_ARCHIVE_COLUMNS_MAX; i++)
        csv->seen[i] |= class_of(csv->fields->spans[i]);
}

/* Do the fields just scanned look like columns from `first` on? The first field may be the rest of a text. */
static bool fits(const apl_csv *csv, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_rest_of_text = first && !i;
        if (!is_rest_of_text && !(csv->seen[first + i] & class_of(csv->fields->spans[i])))
            return false;
    }
    return true;
}

static apl_rc next_pieces_reject(apl_csv *csv, apl_archive_record *record)
{
    const char *raw = csv->pieces_raw.ptr ? csv->pieces_raw.ptr : "";
    const piece *p = &csv->pieces[csv->piece_shown];
    if (csv->is_broken_record) {
        const piece *last = &csv->pieces[csv->piece_count - 1];
        csv->piece_shown = csv->piece_count;
        return apl_record_reject(
            record, (apl_extent){p->line, last->line_end, (apl_span){raw, csv->pieces_raw.len}},
            "put the field that holds the line break into quotes",
            "the record is broken over lines %llu to %llu: line %llu has %zu fields of %zu",
            (unsigned long long)p->line, (unsigned long long)last->line_end,
            (unsigned long long)p->line, p->field_count, csv->columns);
    }
    csv->piece_shown++;
    return apl_record_reject(record,
                             (apl_extent){p->line, p->line_end, (apl_span){raw + p->from, p->len}},
                             "add the missing fields, or quote a line break within a field",
                             "the record has %zu %s, %zu are expected", p->field_count,
                             p->field_count == 1 ? "field" : "fields", csv->columns);
}

static bool has_rejects_ready(apl_csv *csv)
{
    if (csv->piece_shown < csv->piece_count)
        return true;
    csv->piece_count = csv->piece_shown = csv->joined_fields = 0;
    csv->is_broken_record = false;
    apl_buf_clear(&csv->pieces_raw);
    return false;
}

/* Adds the short record (or blank line) that scan describes to the pieces. */
static apl_rc add_piece(apl_csv *csv, const apl_csv_scan *scan, apl_err *err)
{
    apl_span raw = apl_span_sub(apl_feed_view(&csv->feed), 0, scan->used_bytes);
    size_t from = csv->pieces_raw.len;
    apl_rc rc = apl_buf_add(&csv->pieces_raw, raw, err);
    if (rc)
        return rc;
    uint64_t line = csv->feed.line;
    uint64_t line_end = line + scan->line_feeds - (scan->line_feeds ? 1 : 0);
    if (scan->is_blank && csv->piece_count) {
        piece *last = &csv->pieces[csv->piece_count - 1];
        last->len += raw.len;
        last->line_end = line_end;
    } else {
        csv->pieces[csv->piece_count++] = (piece){line, line_end, from, raw.len, scan->field_count};
        csv->joined_fields += scan->field_count - (csv->piece_count > 1 ? 1 : 0);
    }
    csv->feed.line += scan->line_feeds;
    apl_feed_take(&csv->feed, scan->used_bytes);
    return APL_OK;
}

/* May the record just scanned be the continuation of the pieces? */
static bool continues(const apl_csv *csv, const apl_csv_scan *scan)
{
    if (!csv->piece_count || csv->piece_count == PIECES_MAX)
        return false;
    size_t joined = csv->joined_fields + scan->field_count - 1;
    const piece *last = &csv->pieces[csv->piece_count - 1];
    bool after_blank = last->line_end > last->line;
    if (joined > csv->columns || csv->pieces_raw.len + scan->used_bytes > csv->pieces_raw.max)
        return false;
    return fits(csv, csv->joined_fields - 1, scan->field_count) &&
           (after_blank || !fits(csv, 0, scan->field_count));
}

/* Scans at an offset of the view, reading on as needed; MORE only at the cap. */
static apl_rc scan_at(apl_csv *csv, size_t offset, apl_csv_verdict *out_verdict,
                      apl_csv_scan *out_scan, apl_err *err)
{
    for (;;) {
        apl_span view = apl_span_sub(apl_feed_view(&csv->feed), offset, SIZE_MAX);
        *out_verdict = apl_csv_scan_record(&csv->dialect, view, csv->feed.is_last, csv->columns,
                                           csv->fields, out_scan);
        if (*out_verdict != APL_CSV_MORE)
            return APL_OK;
        bool grew = false;
        apl_rc rc = apl_feed_more(&csv->feed, &grew, err);
        if (rc)
            return rc;
        if (!grew && !csv->feed.is_last)
            return APL_OK;
        if (!grew && !view.len)
            return APL_OK;
    }
}

/* Offset of the first inner line within [0, extent) at which a whole record begins; SIZE_MAX when there is none. */
static apl_rc find_inner(apl_csv *csv, size_t extent, size_t *out_offset, apl_err *err)
{
    size_t at = 0;
    *out_offset = SIZE_MAX;
    for (;;) {
        apl_span view = apl_span_sub(apl_feed_view(&csv->feed), 0, extent);
        size_t lf = apl_span_find_byte(apl_span_sub(view, at, SIZE_MAX), '\n');
        if (lf == SIZE_MAX || at + lf + 1 >= extent)
            return APL_OK;
        at += lf + 1;
        apl_csv_verdict verdict;
        apl_csv_scan scan;
        apl_rc rc = scan_at(csv, at, &verdict, &scan, err);
        if (rc)
            return rc;
        if (verdict == APL_CSV_WHOLE && scan.field_count == csv->columns &&
            scan.used_bytes <= APL_ARCHIVE_RECORD_MAX_BYTES) {
            *out_offset = at;
            return APL_OK;
        }
    }
}

/* Drops lines until one begins a whole record. */
static apl_rc skip_to_record(apl_csv *csv, apl_err *err)
{
    for (;;) {
        apl_rc rc = apl_feed_skip_line(&csv->feed, err);
        apl_csv_verdict verdict = APL_CSV_MORE;
        apl_csv_scan scan = {0};
        if (!rc)
            rc = scan_at(csv, 0, &verdict, &scan, err);
        if (rc)
            return rc;
        bool is_end = csv->feed.is_last && !apl_feed_view(&csv->feed).len;
        if (is_end || (verdict == APL_CSV_WHOLE && scan.field_count == csv->columns))
            return APL_OK;
    }
}

/* A reject of the first n bytes of the view, which are then taken; the raw bytes are kept in pieces_raw. */
static apl_rc reject_view(apl_csv *csv, size_t n, const char *what, apl_archive_record *record,
                          apl_err *err)
{
    apl_span raw = apl_span_sub(apl_feed_view(&csv->feed), 0, n);
    apl_buf_clear(&csv->pieces_raw);
    apl_rc rc = apl_buf_add(&csv->pieces_raw, apl_span_sub(raw, 0, csv->pieces_raw.max), err);
    if (rc)
        return rc;
    uint64_t from = csv->feed.line, lines = apl_feed_count_lines(raw);
    bool ends_in_line = raw.len && raw.ptr[raw.len - 1] != '\n';
    csv->feed.line += lines;
    apl_feed_take(&csv->feed, n);
    return apl_record_reject(record,
                             (apl_extent){from, from + lines - (lines && !ends_in_line ? 1 : 0),
                                          apl_buf_view(&csv->pieces_raw)},
                             "close the quote, and double quotes within a quoted field", "%s",
                             what);
}

/* Larger than the cap: the beginning is kept for the rejects file, the rest is dropped. */
static apl_rc reject_large(apl_csv *csv, apl_archive_record *record, apl_err *err)
{
    apl_span view = apl_feed_view(&csv->feed);
    bool has_lines = apl_span_find_byte(view, '\n') != SIZE_MAX;
    size_t inner = SIZE_MAX;
    apl_rc rc = has_lines ? find_inner(csv, view.len, &inner, err) : APL_OK;
    if (rc)
        return rc;
    if (inner != SIZE_MAX)
        return reject_view(csv, inner, "a quote is opened and not closed", record, err);

    uint64_t from = csv->feed.line;
    apl_buf_clear(&csv->pieces_raw);
    rc = apl_buf_add(&csv->pieces_raw, apl_span_sub(view, 0, APL_ARCHIVE_RECORD_MAX_BYTES / 16),
                     err);
    if (!rc && has_lines) {
        csv->feed.line += apl_feed_count_lines(view);
        apl_feed_take(&csv->feed, view.len);
        rc = skip_to_record(csv, err);
    } else if (!rc) {
        rc = apl_feed_skip_line(&csv->feed, err);
    }
    if (rc)
        return rc;
    apl_record_reject(record,
                      (apl_extent){from, csv->feed.line > from ? csv->feed.line - 1 : from,
                                   apl_buf_view(&csv->pieces_raw)},
                      "shorten it, or split the text", "the record has more than %d bytes",
                      APL_ARCHIVE_RECORD_MAX_BYTES);
    record->raw_cut = true;
    return APL_OK;
}

/* A wrong quote: up to the first inner line that begins a record, or all of the bad extent. */
static apl_rc reject_quote(apl_csv *csv, const apl_csv_scan *scan, bool is_ragged,
                           apl_archive_record *record, apl_err *err)
{
    apl_span view = apl_feed_view(&csv->feed);
    size_t extent = scan->used_bytes;
    char what[160];
    if (!is_ragged) { /* the bad byte stands within a line: up to the end of that line */
        size_t lf = apl_span_find_byte(apl_span_sub(view, extent, SIZE_MAX), '\n');
        extent = lf == SIZE_MAX ? view.len : extent + lf + 1;
    }
    size_t inner = SIZE_MAX;
    apl_rc rc = find_inner(csv, extent, &inner, err);
    if (rc)
        return rc;
    if (is_ragged)
        (void)snprintf(what, sizeof what,
                       "the record has %zu fields after a quoted line break, %zu are expected",
                       scan->field_count, csv->columns);
    else if (scan->used_bytes >= view.len)
        (void)snprintf(what, sizeof what, "a quote is opened and not closed");
    else
        (void)snprintf(what, sizeof what, "text follows a closing quote");
    return reject_view(csv, inner == SIZE_MAX ? extent : inner, what, record, err);
}

static apl_rc give_record(apl_csv *csv, const apl_csv_scan *scan, apl_archive_record *record,
                          apl_err *err)
{
    apl_rc rc = APL_OK;
    size_t kept = scan->field_count < APL_ARCHIVE_COLUMNS_MAX ? scan->field_count
                                                              : APL_ARCHIVE_COLUMNS_MAX;
    if (scan->has_escapes)
        rc = apl_csv_unescape(csv->fields, kept, &csv->scratch, err);
    if (rc)
        return rc;
    learn(csv, kept);
    record->item = APL_ARCHIVE_RECORD;
    record->line = csv->feed.line;
    record->line_end = csv->feed.line + scan->line_feeds - (scan->line_feeds ? 1 : 0);
    record->fields = csv->fields->spans;
    record->field_count = kept;
    record->raw = apl_span_sub(apl_feed_view(&csv->feed), 0, scan->used_bytes);
    csv->feed.line += scan->line_feeds;
    apl_feed_take(&csv->feed, scan->used_bytes);
    return APL_OK;
}

/* What the scan at the place says about the next record. */
typedef enum finding {
    FINDING_END,
    FINDING_BLANK,
    FINDING_RIGHT,
    FINDING_SHORT, /* on one line, with too few fields */
    FINDING_WIDE,  /* on one line, with too many */
    FINDING_QUOTE, /* a wrong quote */
    FINDING_LARGE,
} finding;

static finding judge(const apl_csv *csv, apl_csv_verdict verdict, const apl_csv_scan *scan)
{
    if (verdict == APL_CSV_MORE)
        return csv->feed.is_last ? FINDING_END : FINDING_LARGE;
    if (verdict == APL_CSV_BAD)
        return FINDING_QUOTE;
    if (scan->used_bytes > APL_ARCHIVE_RECORD_MAX_BYTES)
        return FINDING_LARGE;
    if (scan->is_blank)
        return FINDING_BLANK;
    if (!csv->columns || scan->field_count == csv->columns)
        return FINDING_RIGHT;
    if (scan->line_feeds > 1)
        return FINDING_QUOTE;
    return scan->field_count < csv->columns ? FINDING_SHORT : FINDING_WIDE;
}

static apl_rc reject_wide(apl_csv *csv, const apl_csv_scan *scan, apl_archive_record *record,
                          apl_err *err)
{
    apl_rc rc = reject_view(csv, scan->used_bytes, "", record, err);
    (void)snprintf(record->error.what, sizeof record->error.what,
                   "the record has %zu fields, %zu are expected", scan->field_count, csv->columns);
    (void)snprintf(record->error.fix, sizeof record->error.fix,
                   "quote the field that holds the delimiter");
    return rc;
}

static apl_rc take_blank(apl_csv *csv, const apl_csv_scan *scan, apl_err *err)
{
    if (csv->piece_count && csv->pieces_raw.max - csv->pieces_raw.len > scan->used_bytes)
        return add_piece(csv, scan, err);
    csv->feed.line += scan->line_feeds;
    apl_feed_take(&csv->feed, scan->used_bytes);
    return APL_OK;
}

/* One step: *out_done when the record was filled in (or the end is reached). */
static apl_rc step(apl_csv *csv, apl_archive_record *record, bool *out_done, apl_err *err)
{
    apl_csv_verdict verdict = APL_CSV_MORE;
    apl_csv_scan scan = {0};
    apl_rc rc = scan_at(csv, 0, &verdict, &scan, err);
    if (rc)
        return rc;
    finding found = judge(csv, verdict, &scan);
    *out_done = false;
    if (found == FINDING_BLANK)
        return take_blank(csv, &scan, err);
    if (found == FINDING_SHORT && (!csv->piece_count || continues(csv, &scan))) {
        rc = add_piece(csv, &scan, err);
        csv->is_broken_record = !rc && csv->joined_fields == csv->columns;
        if (!csv->is_broken_record)
            return rc;
    }
    *out_done = true;
    if (csv->piece_count) /* what was held back comes before what was just seen */
        return next_pieces_reject(csv, record);
    switch (found) {
    case FINDING_RIGHT:
        return give_record(csv, &scan, record, err);
    case FINDING_WIDE:
        return reject_wide(csv, &scan, record, err);
    case FINDING_QUOTE:
        return reject_quote(csv, &scan, verdict == APL_CSV_WHOLE, record, err);
    case FINDING_LARGE:
        return reject_large(csv, record, err);
    default:
        return APL_OK;
    }
}

static apl_rc csv_next(void *self, apl_archive_record *record, apl_err *err)
{
    apl_csv *csv = self;
    record->item = APL_ARCHIVE_END;
    if (csv->piece_shown && has_rejects_ready(csv))
        return next_pieces_reject(csv, record);
    apl_rc rc = APL_OK;
    for (bool done = false; !done && !rc;)
        rc = step(csv, record, &done, err);
    return rc;
}

static void csv_free(void *self)
{
    apl_csv *csv = self;
    apl_feed_release(&csv->feed);
    apl_buf_release(&csv->scratch);
    apl_buf_release(&csv->pieces_raw);
    apl_mem_free(csv->fields);
    apl_mem_free(csv);
}

void apl_csv_use(apl_csv *csv, const apl_csv_dialect *dialect)
{
    csv->dialect = *dialect;
}

apl_rc apl_csv_new(apl_source source, apl_reader *out_reader, apl_csv **out_csv, apl_err *err)
{
    apl_csv *csv = apl_mem_zalloc(1, sizeof *csv);
    if (!csv)
        return apl_err_nomem(err);
    apl_feed_init(&csv->feed, source, APL_ARCHIVE_RECORD_MAX_BYTES);
    apl_buf_init(&csv->scratch, 2 * APL_ARCHIVE_RECORD_MAX_BYTES);
    apl_buf_init(&csv->pieces_raw, 2 * APL_ARCHIVE_RECORD_MAX_BYTES);
    csv->dialect = (apl_csv_dialect){',', true, 0};
    csv->fields = apl_mem_zalloc(1, sizeof *csv->fields);
    if (!csv->fields) {
        csv_free(csv);
        return apl_err_nomem(err);
    }
    *out_csv = csv;
    *out_reader = (apl_reader){csv_next, csv_free, csv};
    return APL_OK;
}

void apl_csv_want_columns(apl_csv *csv, size_t columns)
{
    csv->columns = columns;
}

apl_rc apl_csv_peek(apl_csv *csv, apl_span *out_view, bool *out_whole, apl_err *err)
{
    bool grew = true;
    while (grew && apl_feed_view(&csv->feed).len < 64 * 1024) {
        apl_rc rc = apl_feed_more(&csv->feed, &grew, err);
        if (rc)
            return rc;
    }
    *out_view = apl_feed_view(&csv->feed);
    *out_whole = csv->feed.is_last;
    return APL_OK;
}

void apl_csv_take(apl_csv *csv, size_t n)
{
    csv->feed.line += apl_feed_count_lines(apl_span_sub(apl_feed_view(&csv->feed), 0, n));
    apl_feed_take(&csv->feed, n);
}
