/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of an archive: any source (file, pipe, memory, test) and on top of it a stream that undoes compression (gzip of
 * several members, zstd of several frames, found by their magic) and character encoding, so that readers above see
 * UTF-8. Everything is streamed: memory is bounded whatever the archive claims to unpack to.
 */
#ifndef APL_ARCHIVE_SOURCE_H
#define APL_ARCHIVE_SOURCE_H

#include "sys/file.h"

/* Where bytes come from; apl_file_read with an apl_file fits, so does apl_source_memory. Borrowed by its reader. */
typedef struct apl_source {
    apl_read_fn read;
    void *ctx;
} apl_source;

/* Bytes in memory, handed out in pieces of at most step_bytes (0 = as many as fit); tests read byte by byte with 1. */
typedef struct apl_memory {
    apl_span rest;
    size_t step_bytes;
} apl_memory;
apl_source apl_source_memory(apl_memory *memory);

typedef struct apl_stream apl_stream;

/*
 * Opens the stack over source, reading as much as detection needs (64 KiB). encoding: NULL detects (a BOM, the pattern
 * of NULs in UTF-16, valid UTF-8, else Windows-1252), otherwise a name that ICU knows; an unknown one is APL_E_USAGE
 * and names some that exist. Bytes that are invalid in the encoding stay invalid in what is read (never replaced
 * silently), so that the record that holds them can be refused by name.
 */
apl_rc apl_stream_open(apl_source source, const char *encoding, apl_stream **out_stream,
                       apl_err *err) MUST_USE;
/* An apl_read_fn; ctx is the stream. Damaged or truncated compression is APL_E_INVALID with the offset in the file. */
apl_rc apl_stream_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err) MUST_USE;
/* NULL is allowed. The source stays the caller's. */
void apl_stream_close(apl_stream *stream);

/* The first bytes (up to 64 KiB) before decoding; empty once something was read. For telling formats apart. */
apl_span apl_stream_peek(const apl_stream *stream);
/* Before the first read: pass the bytes on undecoded (mail carries its encodings within). */
void apl_stream_undecoded(apl_stream *stream);

/* Bytes taken from the source so far: for progress. */
uint64_t apl_stream_taken_bytes(const apl_stream *stream);
/* "UTF-8", "UTF-16LE", "windows-1252" …; how_known is one sentence of evidence. Valid as long as the stream. */
const char *apl_stream_encoding(const apl_stream *stream);
const char *apl_stream_encoding_evidence(const apl_stream *stream);
/* "none", "gzip", "zstd". */
const char *apl_stream_compression(const apl_stream *stream);

#endif
