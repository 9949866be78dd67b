/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack source -> decompression -> decoding; see source.h. Each layer pulls from the one below through a window of
 * 64 KiB. Threat: a small file that unpacks without end; nothing here grows with the size of the output, and the caps
 * are those of the records above. Tests: tests/unit/archive/test_source.c
 */
#include "archive/source.h"

#include "archive/encoding.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
    WINDOW_BYTES = 64 * 1024,
    ZSTD_WINDOW_LOG_MAX = 27 /* 128 MiB, what `zstd --ultra -22` needs */
};

typedef enum packing {
    PACKING_NONE = 0,
    PACKING_GZIP,
    PACKING_ZSTD,
} packing;

typedef struct window {
    size_t pos, end;
    bool is_last; /* nothing can be added */
    char bytes[WINDOW_BYTES];
} window;

struct apl_stream {
    apl_source source;
    uint64_t taken_bytes;
    packing packing;
    bool in_member; /* between the beginning and the end of a gzip member or zstd frame */
    bool has_inflate;
    z_stream inflate;
    ZSTD_DStream *zstd;
    apl_decoder *decoder;
    apl_encoding encoding;
    window raw;
    window plain;
};

static apl_rc memory_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    apl_memory *memory = ctx;
    (void)err;
    if (memory->step_bytes && n > memory->step_bytes)
        n = memory->step_bytes;
    apl_span part = apl_span_sub(memory->rest, 0, n);
    if (part.len)
        memcpy(buf, part.ptr, part.len);
    memory->rest = apl_span_sub(memory->rest, part.len, SIZE_MAX);
    *out_n = part.len;
    return APL_OK;
}

apl_source apl_source_memory(apl_memory *memory)
{
    return (apl_source){memory_read, memory};
}

/* Adds to the raw window what one read gives. */
static apl_rc raw_more(apl_stream *s, apl_err *err)
{
    window *w = &s->raw;
    if (w->is_last)
        return APL_OK;
    if (w->pos) {
        memmove(w->bytes, w->bytes + w->pos, w->end - w->pos);
        w->end -= w->pos;
        w->pos = 0;
    }
    if (w->end == WINDOW_BYTES)
        return APL_OK;
    size_t n = 0;
    apl_rc rc = s->source.read(s->source.ctx, w->bytes + w->end, WINDOW_BYTES - w->end, &n, err);
    if (rc)
        return rc;
    w->end += n;
    w->is_last = n == 0;
    s->taken_bytes += n;
    return APL_OK;
}

static apl_rc raw_want(apl_stream *s, size_t bytes, apl_err *err)
{
    while (s->raw.end - s->raw.pos < bytes && !s->raw.is_last) {
        apl_rc rc = raw_more(s, err);
        if (rc)
            return rc;
    }
    return APL_OK;
}

/* Where in the file the next raw byte stands. */
static unsigned long long raw_offset(const apl_stream *s)
{
    return s->taken_bytes - (s->raw.end - s->raw.pos);
}

static apl_rc damaged(const apl_stream *s, const char *format, const char *what, apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "the %s data is damaged: %s", format, what);
    apl_err_where(err, "byte %llu of the file", raw_offset(s));
    apl_err_fix(err, "export or transfer the file again, and compare its size");
    return APL_E_INVALID;
}

static apl_rc truncated(const apl_stream *s, const char *format, apl_err *err)
{
    apl_err_set(err, APL_E_INVALID, "the %s data is cut off: the file ends in the middle", format);
    apl_err_where(err, "byte %llu of the file", raw_offset(s));
    apl_err_fix(err, "transfer the file again, and compare its size");
    return APL_E_INVALID;
}

/* Between gzip members: another one, padding of zeros (tapes), or something that does not belong. */
static apl_rc gzip_begin(apl_stream *s, bool *out_end, apl_err *err)
{
    *out_end = false;
    for (;;) {
        apl_rc rc = raw_want(s, 2, err);
        if (rc)
            return rc;
        size_t have = s->raw.end - s->raw.pos;
        const char *at = s->raw.bytes + s->raw.pos;
        if (!have) {
            *out_end = true;
            return APL_OK;
        }
        if (*at == 0) {
            s->raw.pos++;
            continue;
        }
        if (have < 2 || memcmp(at, "\x1f\x8b", 2) != 0)
            return damaged(s, "gzip", "other bytes follow its end", err);
        s->in_member = true;
        return inflateReset(&s->inflate) == Z_OK ? APL_OK : apl_err_nomem(err);
    }
}

static apl_rc gzip_read(apl_stream *s, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    size_t made = 0;
    while (!made) {
        bool end = false;
        apl_rc rc = s->in_member ? APL_OK : gzip_begin(s, &end, err);
        if (!rc)
            rc = raw_want(s, 1, err);
        if (rc)
            return rc;
        if (end)
            break;
        s->inflate.next_in = (Bytef *)(s->raw.bytes + s->raw.pos);
        s->inflate.avail_in = (uInt)(s->raw.end - s->raw.pos);
        s->inflate.next_out = buf;
        s->inflate.avail_out = n > WINDOW_BYTES ? WINDOW_BYTES : (uInt)n;
        uInt room = s->inflate.avail_out;
        bool is_dry = !s->inflate.avail_in;
        int z = inflate(&s->inflate, Z_NO_FLUSH);
        s->raw.pos = s->raw.end - s->inflate.avail_in;
        made = room - s->inflate.avail_out;
        if (z == Z_STREAM_END)
            s->in_member = false;
        else if (z == Z_MEM_ERROR)
            return apl_err_nomem(err);
        else if (z == Z_DATA_ERROR || z == Z_NEED_DICT || z == Z_STREAM_ERROR)
            return damaged(s, "gzip", s->inflate.msg ? s->inflate.msg : "it does not decode", err);
        else if (!made && is_dry)
            return truncated(s, "gzip", err);
    }
    *out_n = made;
    return APL_OK;
}

static apl_rc zstd_read(apl_stream *s, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    ZSTD_outBuffer out = {buf, n, 0};
    while (!out.pos) {
        apl_rc rc = raw_want(s, 1, err);
        if (rc)
            return rc;
        ZSTD_inBuffer in = {s->raw.bytes, s->raw.end, s->raw.pos};
        bool is_dry = in.pos == in.size;
        if (is_dry && !s->in_member)
            break;
        size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
        s->raw.pos = in.pos;
        if (ZSTD_isError(left))
            return damaged(s, "zstd", ZSTD_getErrorName(left), err);
        s->in_member = left != 0;
        if (is_dry && !out.pos)
            return truncated(s, "zstd", err);
    }
    *out_n = out.pos;
    return APL_OK;
}

static apl_rc plain_read(apl_stream *s, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    if (s->packing == PACKING_GZIP)
        return gzip_read(s, buf, n, out_n, err);
    if (s->packing == PACKING_ZSTD)
        return zstd_read(s, buf, n, out_n, err);
    apl_rc rc = raw_want(s, 1, err);
    if (rc)
        return rc;
    size_t have = s->raw.end - s->raw.pos;
    *out_n = n < have ? n : have;
    memcpy(buf, s->raw.bytes + s->raw.pos, *out_n);
    s->raw.pos += *out_n;
    return APL_OK;
}

/* Fills the plain window as far as detection may look; the decoder refills it later. */
static apl_rc plain_fill(apl_stream *s, bool whole_window, apl_err *err)
{
    window *w = &s->plain;
    do {
        if (w->is_last || w->end == WINDOW_BYTES)
            break;
        size_t n = 0;
        apl_rc rc = plain_read(s, w->bytes + w->end, WINDOW_BYTES - w->end, &n, err);
        if (rc)
            return rc;
        w->end += n;
        w->is_last = n == 0;
    } while (whole_window);
    return APL_OK;
}

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return apl_mem_zalloc(items, size);
}

static void zlib_free(voidpf opaque, voidpf address)
{
    (void)opaque;
    apl_mem_free(address);
}

static apl_rc open_packing(apl_stream *s, apl_err *err)
{
    apl_rc rc = raw_want(s, 4, err);
    if (rc)
        return rc;
    apl_span head = {s->raw.bytes, s->raw.end};
    if (apl_span_starts(head, (apl_span){"\x1f\x8b", 2})) {
        s->packing = PACKING_GZIP;
        s->inflate.zalloc = zlib_alloc;
        s->inflate.zfree = zlib_free;
        s->has_inflate = inflateInit2(&s->inflate, 16 + MAX_WBITS) == Z_OK;
        return s->has_inflate ? APL_OK : apl_err_nomem(err);
    }
    if (apl_span_starts(head, (apl_span){"\x28\xb5\x2f\xfd", 4})) {
        s->packing = PACKING_ZSTD;
        s->zstd = ZSTD_createDStream();
        if (!s->zstd ||
            ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)))
            return apl_err_nomem(err);
    }
    return APL_OK;
}

static apl_rc open_encoding(apl_stream *s, const char *encoding, apl_err *err)
{
    apl_rc rc = plain_fill(s, true, err);
    if (rc)
        return rc;
    apl_span head = {s->plain.bytes, s->plain.end};
    apl_encoding_detect(head, s->plain.is_last, &s->encoding);
    if (encoding) {
        bool has_utf8_bom = apl_span_starts(head, APL_SPAN("\xEF\xBB\xBF"));
        s->encoding.bom_bytes = has_utf8_bom && apl_encoding_is_utf8(encoding) ? 3 : 0;
        (void)snprintf(s->encoding.name, sizeof s->encoding.name, "%s", encoding);
        (void)snprintf(s->encoding.evidence, sizeof s->encoding.evidence, "as told");
    }
    s->plain.pos = s->encoding.bom_bytes;
    return apl_encoding_is_utf8(s->encoding.name)
               ? APL_OK
               : apl_decoder_new(s->encoding.name, &s->decoder, err);
}

apl_rc apl_stream_open(apl_source source, const char *encoding, apl_stream **out_stream,
                       apl_err *err)
{
    apl_stream *s = apl_mem_zalloc(1, sizeof *s);
    if (!s)
        return apl_err_nomem(err);
    s->source = source;
    apl_rc rc = open_packing(s, err);
    if (!rc)
        rc = open_encoding(s, encoding, err);
    if (rc) {
        apl_stream_close(s);
        return rc;
    }
    *out_stream = s;
    return APL_OK;
}

static apl_rc decoded_read(apl_stream *s, char *buf, size_t n, size_t *out_n, apl_err *err)
{
    /* The decoder writes whole characters only; every reader above asks for far more than that. */
    if (n < 64)
        return apl_err_set(err, APL_E_INTERNAL, "a read of fewer than 64 bytes");
    for (;;) {
        window *w = &s->plain;
        apl_span in = {w->bytes + w->pos, w->end - w->pos};
        bool is_last = w->is_last;
        if (!apl_decoder_run(s->decoder, &in, is_last, buf, n, out_n))
            return apl_err_set(err, APL_E_INTERNAL, "the decoder of %s failed", s->encoding.name);
        w->pos = w->end - in.len;
        if (*out_n || is_last)
            return APL_OK;
        w->pos = w->end = 0;
        apl_rc rc = plain_fill(s, false, err);
        if (rc)
            return rc;
    }
}

apl_rc apl_stream_read(void *ctx, void *buf, size_t n, size_t *out_n, apl_err *err)
{
    apl_stream *s = ctx;
    if (s->decoder)
        return decoded_read(s, buf, n, out_n, err);
    window *w = &s->plain;
    if (w->pos == w->end && !w->is_last)
        return plain_read(s, buf, n, out_n, err);
    *out_n = w->end - w->pos < n ? w->end - w->pos : n;
    memcpy(buf, w->bytes + w->pos, *out_n);
    w->pos += *out_n;
    return APL_OK;
}

void apl_stream_close(apl_stream *s)
{
    if (!s)
        return;
    if (s->has_inflate)
        inflateEnd(&s->inflate);
    if (s->zstd)
        ZSTD_freeDStream(s->zstd);
    apl_decoder_free(s->decoder);
    apl_mem_free(s);
}

uint64_t apl_stream_taken_bytes(const apl_stream *s)
{
    return s->taken_bytes;
}

const char *apl_stream_encoding(const apl_stream *s)
{
    return s->encoding.name;
}

const char *apl_stream_encoding_evidence(const apl_stream *s)
{
    return s->encoding.evidence;
}

const char *apl_stream_compression(const apl_stream *s)
{
    static const char *const names[] = {"none", "gzip", "zstd"};
    return names[s->packing];
}

apl_span apl_stream_peek(const apl_stream *s)
{
    return (apl_span){s->plain.bytes + s->plain.pos, s->plain.end - s->plain.pos};
}

void apl_stream_undecoded(apl_stream *s)
{
    apl_decoder_free(s->decoder);
    s->decoder = NULL;
    (void)snprintf(s->encoding.name, sizeof s->encoding.name, "UTF-8");
    (void)snprintf(s->encoding.evidence, sizeof s->encoding.evidence,
                   "each message names its own encoding");
}
