/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive of posts, whatever its format, read record by record: CSV (RFC 4180) and its relatives, JSON Lines, a JSON
 * array of objects, mbox. A record that cannot be read is handed out as a reject with line, reason and raw bytes, and
 * reading goes on behind it; only damage to the whole (I/O, compression) ends it. Every record has a cap.
 */
#ifndef APL_ARCHIVE_ARCHIVE_H
#define APL_ARCHIVE_ARCHIVE_H

#include "archive/source.h"

enum {
    APL_ARCHIVE_RECORD_MAX_BYTES = 1024 * 1024,    /* CSV, JSON */
    APL_ARCHIVE_MAIL_MAX_BYTES = 25 * 1024 * 1024, /* one message of an mbox */
    APL_ARCHIVE_COLUMNS_MAX = 512,
    APL_ARCHIVE_DEPTH_MAX = 32, /* nesting of JSON */
};

typedef enum apl_archive_format {
    APL_ARCHIVE_DETECT = 0,
    APL_ARCHIVE_CSV, /* any delimiter but tab */
    APL_ARCHIVE_TSV,
    APL_ARCHIVE_LINES, /* one text per line */
    APL_ARCHIVE_JSONL,
    APL_ARCHIVE_JSON, /* one array of objects */
    APL_ARCHIVE_MBOX,
} apl_archive_format;

typedef enum apl_archive_header {
    APL_ARCHIVE_HEADER_DETECT = 0,
    APL_ARCHIVE_HEADER_YES,
    APL_ARCHIVE_HEADER_NO,
} apl_archive_header;

typedef struct apl_archive_options {
    const char *name;     /* file name as a hint (.tsv, .mbox); may be NULL */
    const char *encoding; /* NULL = detect */
    apl_archive_format format;
    apl_archive_header header;
    char delimiter; /* 0 = detect */
} apl_archive_options;

typedef enum apl_archive_item {
    APL_ARCHIVE_END = 0,
    APL_ARCHIVE_RECORD,
    APL_ARCHIVE_REJECT,
} apl_archive_item;

/* Borrowed from the archive until the next call. */
typedef struct apl_archive_record {
    apl_archive_item item;
    uint64_t line;     /* physical line where it begins, from 1 */
    uint64_t line_end; /* physical line where it ends */
    const apl_span *
        fields; /* by column index; a column beyond field_count is empty. Valid UTF-8 without NUL */
    size_t field_count;
    apl_span
        raw; /* as it came (decoded to UTF-8), with its line end; of a reject too large only the beginning */
    bool raw_cut;      /* raw is not whole */
    bool bad_encoding; /* the reject's reason is an invalid byte */
    apl_err error;     /* a reject's reason: what, fix; where is "line 7" */
} apl_archive_record;

typedef struct apl_archive apl_archive;

/* "csv", "tsv", "lines", "jsonl", "json", "mbox", "detect"; and back (APL_E_USAGE names them). */
const char *apl_archive_format_name(apl_archive_format format);
apl_rc apl_archive_format_parse(apl_span text, apl_archive_format *out_format,
                                apl_err *err) MUST_USE;

/*
 * Detects and reads up to the first record. options may be NULL. The source must outlive the archive. An empty file is
 * an archive without records; a zip, workbook or other binary is APL_E_INVALID and says what to save it as.
 */
apl_rc apl_archive_open(apl_source source, const apl_archive_options *options,
                        apl_archive **out_archive, apl_err *err) MUST_USE;
/* APL_OK also for rejects and the end (see item). Anything else ends the reading. */
apl_rc apl_archive_next(apl_archive *archive, apl_archive_record *out_record,
                        apl_err *err) MUST_USE;
/* NULL is allowed. */
void apl_archive_close(apl_archive *archive);

apl_archive_format apl_archive_format_of(const apl_archive *archive);
/* 0 when the format has none. */
char apl_archive_delimiter(const apl_archive *archive);
/* One sentence for people: "CSV, comma, header in line 1, UTF-8, gzip". */
const char *apl_archive_description(const apl_archive *archive);
const apl_stream *apl_archive_stream(const apl_archive *archive);

/*
 * Columns known so far; those of JSON grow while reading, always in the same order. Names are borrowed, valid until
 * close; a file without header has the names "1", "2", ….
 */
size_t apl_archive_column_count(const apl_archive *archive);
apl_span apl_archive_column_name(const apl_archive *archive, size_t column);
bool apl_archive_has_header(const apl_archive *archive);
/* What a rejects file begins with, so that it can be mended and fed again: the header record as it came; may be empty. */
apl_span apl_archive_header_raw(const apl_archive *archive);

#endif
