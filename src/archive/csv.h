/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV by RFC 4180 and its relatives (other delimiters, LF alone, no quotes), and how to go on after a broken record.
 *
 * Recovery. A record that grows past the cap, has text behind a closing quote, or ends with the wrong number of fields
 * after a quoted line break has a wrong quote somewhere: everything from its first line up to the first inner line at
 * which a whole record with the right number of fields begins is one reject, and reading goes on there; so an
 * unclosed quote costs one record and not the rest of the file. Short records that follow each other and together make
 * one (a line break outside quotes) are one reject too, if the pieces look like the columns only when joined.
 */
#ifndef APL_ARCHIVE_CSV_H
#define APL_ARCHIVE_CSV_H

#include "archive/reader.h"

typedef struct apl_csv_dialect {
    char delimiter; /* 0 = each line is one field */
    bool quotes;
    size_t columns; /* what most records have; detection fills it in */
} apl_csv_dialect;

typedef enum apl_csv_verdict {
    APL_CSV_WHOLE = 0, /* a record with its line end */
    APL_CSV_MORE,      /* more bytes are needed */
    APL_CSV_BAD, /* text behind a closing quote, or more fields than wanted in a record over several lines */
} apl_csv_verdict;

typedef struct apl_csv_scan {
    size_t used_bytes; /* WHOLE: with the line end; BAD: up to the bad byte */
    size_t field_count;
    uint64_t line_feeds; /* within used_bytes */
    bool is_blank;       /* an empty line */
    bool has_escapes;
} apl_csv_scan;

typedef struct apl_csv_fields {
    apl_span spans[APL_ARCHIVE_COLUMNS_MAX + 1];
    bool escaped[APL_ARCHIVE_COLUMNS_MAX + 1]; /* holds doubled quotes */
} apl_csv_fields;

/*
 * Takes apart the record at the beginning of view. Fields beyond APL_ARCHIVE_COLUMNS_MAX are counted, not kept.
 * is_last: nothing follows view (an unclosed quote is then BAD). most_fields: 0 = any number.
 */
apl_csv_verdict apl_csv_scan_record(const apl_csv_dialect *dialect, apl_span view, bool is_last,
                                    size_t most_fields, apl_csv_fields *fields,
                                    apl_csv_scan *out_scan);
/* Undoes doubled quotes into scratch (cleared first); field spans then point there. */
apl_rc apl_csv_unescape(apl_csv_fields *fields, size_t count, apl_buf *scratch,
                        apl_err *err) MUST_USE;

/* Guesses delimiter (unless told: not 0) and quotes from the first bytes. name (a file name) may be NULL. */
apl_rc apl_csv_detect(apl_span head, bool is_whole, const char *name, char told,
                      apl_csv_dialect *out_dialect, apl_err *err) MUST_USE;
/* The line `sep=;` that Excel puts first: its length with line end, 0 when there is none. */
size_t apl_csv_excel_line(apl_span head, char *out_delimiter);

/* A reader over UTF-8; comma and quotes until told otherwise. On success it is freed through out_reader. */
typedef struct apl_csv apl_csv;
apl_rc apl_csv_new(apl_source source, apl_reader *out_reader, apl_csv **out_csv,
                   apl_err *err) MUST_USE;
void apl_csv_use(apl_csv *csv, const apl_csv_dialect *dialect);
/* How many fields a record must have; until it is set, any number is right. */
void apl_csv_want_columns(apl_csv *csv, size_t columns);
/* The next bytes, unread (at least 64 KiB unless the source ends before), for looking ahead. */
apl_rc apl_csv_peek(apl_csv *csv, apl_span *out_view, bool *out_whole, apl_err *err) MUST_USE;
/* Drops n bytes of what was peeked, counting lines. */
void apl_csv_take(apl_csv *csv, size_t n);

#endif
