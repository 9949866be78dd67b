/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking one CSV record apart, and finding out the dialect; see csv.h. A quote is special only at the beginning of a
 * field; elsewhere it is text, as spreadsheets read it. Tests: tests/unit/archive/test_csv.c
 */
#include "archive/csv.h"

#include <string.h>

typedef struct scanner {
    const apl_csv_dialect *dialect;
    apl_span view;
    size_t at;
    bool is_last;
    size_t most_fields;
    apl_csv_fields *fields;
    apl_csv_scan *scan;
} scanner;

static void add_field(scanner *s, size_t from, size_t to, bool escaped)
{
    size_t i = s->scan->field_count++;
    if (i >= sizeof s->fields->spans / sizeof *s->fields->spans)
        return;
    s->fields->spans[i] = (apl_span){s->view.ptr + from, to - from};
    s->fields->escaped[i] = escaped;
    s->scan->has_escapes |= escaped;
}

/* After a field: 1 = another follows, 0 = the record is whole, -1 = more bytes, -2 = text where none may be. */
static int after_field(scanner *s)
{
    const char *p = s->view.ptr;
    if (s->at == s->view.len)
        return s->is_last ? 0 : -1;
    if (s->dialect->delimiter && p[s->at] == s->dialect->delimiter) {
        s->at++;
        return 1;
    }
    if (p[s->at] == '\r') {
        bool is_last_byte = s->at + 1 == s->view.len;
        if (is_last_byte && !s->is_last)
            return -1;
        s->at += is_last_byte || p[s->at + 1] == '\n';
        if (is_last_byte)
            return 0;
    }
    if (p[s->at] != '\n')
        return -2;
    s->at++;
    s->scan->line_feeds++;
    return 0;
}

static int plain_field(scanner *s)
{
    const char *p = s->view.ptr;
    size_t from = s->at, len = s->view.len, at = from;
    char delimiter = s->dialect->delimiter;
    while (at < len && p[at] != '\n' && (p[at] != delimiter || !delimiter))
        at++;
    if (at == len && !s->is_last)
        return -1;
    s->at = at;
    if (at > from && p[at - 1] == '\r' && (at == len || p[at] == '\n')) {
        at--;
        s->at = at;
    }
    add_field(s, from, at, false);
    return after_field(s);
}

static int quoted_field(scanner *s)
{
    size_t from = ++s->at;
    bool escaped = false;
    for (;;) {
        apl_span rest = apl_span_sub(s->view, s->at, SIZE_MAX);
        const char *quote = rest.len ? memchr(rest.ptr, '"', rest.len) : NULL;
        if (!quote) {
            s->at = s->view.len;
            return s->is_last ? -2 : -1;
        }
        s->at = (size_t)(quote - s->view.ptr) + 1;
        if (s->at == s->view.len && !s->is_last)
            return -1;
        if (s->at == s->view.len || s->view.ptr[s->at] != '"')
            break;
        escaped = true;
        s->at++;
    }
    add_field(s, from, s->at - 1, escaped);
    apl_span inside = {s->view.ptr + from, s->at - 1 - from};
    for (size_t lf; (lf = apl_span_find_byte(inside, '\n')) != SIZE_MAX; s->scan->line_feeds++)
        inside = apl_span_sub(inside, lf + 1, SIZE_MAX);
    return after_field(s);
}

apl_csv_verdict apl_csv_scan_record(const apl_csv_dialect *dialect, apl_span view, bool is_last,
                                    size_t most_fields, apl_csv_fields *fields, apl_csv_scan *scan)
{
    scanner s = {dialect, view, 0, is_last, most_fields, fields, scan};
    *scan = (apl_csv_scan){0};
    if (!view.len)
        return APL_CSV_MORE;
    for (int more = 1; more;) {
        if (s.at < view.len && dialect->quotes && view.ptr[s.at] == '"')
            more = quoted_field(&s);
        else
            more = plain_field(&s);
        scan->used_bytes = s.at;
        if (more == -1)
            return APL_CSV_MORE;
        if (more == -2 ||
            (more && most_fields && scan->field_count > most_fields && scan->line_feeds))
            return APL_CSV_BAD;
    }
    scan->is_blank = scan->field_count == 1 && !fields->spans[0].len && !fields->escaped[0] &&
                     view.ptr[0] != '"';
    return APL_CSV_WHOLE;
}

apl_rc apl_csv_unescape(apl_csv_fields *fields, size_t count, apl_buf *scratch, apl_err *err)
{
    size_t need = 0;
    apl_buf_clear(scratch);
    for (size_t i = 0; i < count; i++)
        need += fields->escaped[i] ? fields->spans[i].len : 0;
    apl_rc rc = apl_buf_reserve(scratch, need, err); /* so that spans into it stay valid */
    for (size_t i = 0; i < count && !rc; i++) {
        if (!fields->escaped[i])
            continue;
        apl_span rest = fields->spans[i];
        size_t from = scratch->len;
        for (size_t at; !rc && (at = apl_span_find_byte(rest, '"')) != SIZE_MAX;) {
            rc = apl_buf_add(scratch, apl_span_sub(rest, 0, at + 1), err);
            rest = apl_span_sub(rest, at + 2, SIZE_MAX);
        }
        if (!rc)
            rc = apl_buf_add(scratch, rest, err);
        if (!rc)
            fields->spans[i] = (apl_span){scratch->ptr + from, scratch->len - from};
    }
    return rc;
}

typedef struct trial {
    size_t records, agreeing, columns; /* agreeing: with the most frequent number of fields */
    size_t quoted, multiline;
    bool is_broken;
} trial;

enum { TRIAL_RECORDS = 2000 };

static trial try_dialect(apl_span head, bool is_whole, const apl_csv_dialect *dialect,
                         apl_csv_fields *fields)
{
    size_t histogram[APL_ARCHIVE_COLUMNS_MAX + 2] = {0};
    trial t = {0};
    while (head.len && t.records < TRIAL_RECORDS) {
        apl_csv_scan scan;
        apl_csv_verdict verdict = apl_csv_scan_record(dialect, head, is_whole, 0, fields, &scan);
        if (verdict == APL_CSV_MORE)
            break;
        if (verdict == APL_CSV_BAD) {
            size_t line = apl_span_find_byte(head, '\n');
            t.records++;
            head = line == SIZE_MAX ? APL_SPAN_NONE : apl_span_sub(head, line + 1, SIZE_MAX);
            continue;
        }
        if (!scan.is_blank) {
            size_t n = scan.field_count;
            histogram[n > APL_ARCHIVE_COLUMNS_MAX ? APL_ARCHIVE_COLUMNS_MAX + 1 : n]++;
            t.records++;
            t.multiline += scan.line_feeds > 1;
            t.quoted += memchr(head.ptr, '"', scan.used_bytes) != NULL;
        }
        head = apl_span_sub(head, scan.used_bytes, SIZE_MAX);
    }
    for (size_t n = 1; n <= APL_ARCHIVE_COLUMNS_MAX + 1; n++) {
        if (histogram[n] > t.agreeing || (histogram[n] == t.agreeing && histogram[n])) {
            t.agreeing = histogram[n];
            t.columns = n;
        }
    }
    return t;
}

static double agreement(const trial *t)
{
    return t->records ? (double)t->agreeing / (double)t->records : 0;
}

size_t apl_csv_excel_line(apl_span head, char *out_delimiter)
{
    size_t lf = apl_span_find_byte(head, '\n');
    apl_span line = apl_span_trim(apl_span_sub(head, 0, lf));
    if (lf == SIZE_MAX || line.len > 5 || lf < 5 ||
        !apl_span_equal_nocase(apl_span_sub(head, 0, 4), APL_SPAN("sep=")))
        return 0;
    *out_delimiter = head.ptr[4];
    return lf + 1;
}

static bool name_says_tab(const char *name)
{
    apl_span s = apl_span_of(name);
    return apl_span_find(s, APL_SPAN(".tsv")) != SIZE_MAX ||
           apl_span_find(s, APL_SPAN(".tab")) != SIZE_MAX;
}

/* Quotes or none, whichever gives more even records; where both do, tables with tabs have none. */
static trial try_quotes(apl_span head, bool is_whole, apl_csv_dialect *dialect,
                        apl_csv_fields *fields)
{
    apl_csv_dialect bare = {dialect->delimiter, false, 0};
    trial with = try_dialect(head, is_whole, dialect, fields);
    trial without = try_dialect(head, is_whole, &bare, fields);
    if (!with.quoted)
        dialect->quotes = dialect->delimiter != '\t';
    else if (agreement(&without) > agreement(&with) + 0.02 && without.columns >= with.columns &&
             (dialect->delimiter == '\t' || agreement(&with) < 0.6))
        dialect->quotes = false;
    return dialect->quotes ? with : without;
}

/* No delimiter makes even records: one column, with quotes if that is even, else each line as it stands. */
static void detect_single(apl_span head, bool is_whole, apl_csv_fields *fields,
                          apl_csv_dialect *out)
{
    apl_csv_dialect single = {',', true, 0};
    trial t = try_dialect(head, is_whole, &single, fields);
    bool is_even = t.columns == 1 && agreement(&t) >= 0.95;
    *out = is_even ? (apl_csv_dialect){',', true, 1} : (apl_csv_dialect){0, false, 1};
}

apl_rc apl_csv_detect(apl_span head, bool is_whole, const char *name, char told,
                      apl_csv_dialect *out, apl_err *err)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    APL_AUTO_MEM apl_csv_fields *fields = apl_mem_alloc(sizeof *fields);
    double best = 0;
    if (!fields)
        return apl_err_nomem(err);
    for (size_t i = 0; i < sizeof delimiters; i++) {
        apl_csv_dialect dialect = {told ? told : delimiters[i], true, 0};
        trial t = try_quotes(head, is_whole, &dialect, fields);
        dialect.columns = t.columns;
        if (told) {
            *out = dialect;
            return APL_OK;
        }
        double score = agreement(&t) + (t.columns > 2 ? 0.05 : 0);
        if (dialect.delimiter == '\t' && name_says_tab(name))
            score += 0.3;
        if (t.columns < 2 || agreement(&t) < 0.5 || score <= best)
            continue;
        best = score;
        *out = dialect;
    }
    if (best <= 0)
        detect_single(head, is_whole, fields, out);
    return APL_OK;
}
