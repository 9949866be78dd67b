/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File = "aplomb-backup 1\n" || one zstd frame of records || SHA-256 of all bytes before. A record is a type byte, the
 * length of its payload (4 bytes big-endian) and the payload. Tests: tests/e2e/test_backup.py
 */
#include "desk/backup_format.h"

#include "sys/save.h"

#include <string.h>
#include <zstd.h>

enum { LEVEL = 3, HEADER_BYTES = 5, HASH_CHUNK_BYTES = 64 * 1024, MAGIC_MAX_BYTES = 32 };
static const char magic[] = "aplomb-backup 1\n";
static const char magic_word[] = "aplomb-backup ";
/* 8 MiB: what level 3 uses at most; a frame that wants more memory is not ours. */
enum { WINDOW_LOG_MAX = 23 };

static void put_length(uint32_t value, char out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(value >> (24 - 8 * i));
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct apl_backup_writer {
    apl_save *save;
    ZSTD_CCtx *zstd;
    apl_sha256 hash;
    int64_t bytes;
    char *out;
    size_t out_cap;
};

static apl_rc emit(apl_backup_writer *w, apl_span bytes, apl_err *err)
{
    apl_sha256_add(&w->hash, bytes);
    w->bytes += (int64_t)bytes.len;
    return apl_save_add(w->save, bytes, err);
}

static apl_rc compress(apl_backup_writer *w, apl_span bytes, ZSTD_EndDirective mode, apl_err *err)
{
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {w->out, w->out_cap, 0};
        left = ZSTD_compressStream2(w->zstd, &out, &in, mode);
        if (ZSTD_isError(left))
            return apl_err_set(err, APL_E_INTERNAL, "compressing failed: %s",
                               ZSTD_getErrorName(left));
        apl_rc rc = out.pos ? emit(w, (apl_span){w->out, out.pos}, err) : APL_OK;
        if (rc)
            return rc;
    } while (in.pos < in.size || (mode == ZSTD_e_end && left));
    return APL_OK;
}

void apl_backup_writer_drop(apl_backup_writer *w)
{
    if (!w)
        return;
    apl_save_drop(w->save);
    ZSTD_freeCCtx(w->zstd);
    apl_mem_free(w->out);
    apl_mem_free(w);
}

apl_rc apl_backup_writer_open(const char *path, apl_backup_writer **out_writer, apl_err *err)
{
    apl_backup_writer *w = apl_mem_zalloc(1, sizeof *w);
    if (!w)
        return apl_err_nomem(err);
    w->out_cap = ZSTD_CStreamOutSize();
    w->out = apl_mem_alloc(w->out_cap);
    w->zstd = ZSTD_createCCtx();
    apl_sha256_init(&w->hash);
    apl_rc rc = w->out && w->zstd ? APL_OK : apl_err_nomem(err);
    if (!rc && (ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
                ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1))))
        rc = apl_err_set(err, APL_E_INTERNAL, "compressing cannot be set up");
    if (!rc)
        rc = apl_save_open(path, 0600, &w->save, err);
    if (!rc)
        rc = emit(w, APL_SPAN("aplomb-backup 1\n"), err);
    if (rc) {
        apl_backup_writer_drop(w);
        return rc;
    }
    *out_writer = w;
    return APL_OK;
}

apl_rc apl_backup_put(apl_backup_writer *w, apl_backup_record type, apl_span payload, apl_err *err)
{
    char header[HEADER_BYTES] = {(char)type};
    if (payload.len > APL_BACKUP_RECORD_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "a record of %zu bytes does not fit into a backup",
                           payload.len);
    put_length((uint32_t)payload.len, header + 1);
    apl_rc rc = compress(w, (apl_span){header, sizeof header}, ZSTD_e_continue, err);
    return rc ? rc : compress(w, payload, ZSTD_e_continue, err);
}

apl_rc apl_backup_writer_commit(apl_backup_writer *w, int64_t *out_bytes, apl_err *err)
{
    uint8_t sum[APL_SHA256_BYTES];
    apl_rc rc = compress(w, APL_SPAN_NONE, ZSTD_e_end, err);
    if (!rc) {
        apl_sha256_finish(&w->hash, sum);
        rc = apl_save_add(w->save, (apl_span){(const char *)sum, sizeof sum}, err);
    }
    if (!rc) {
        rc = apl_save_commit(w->save, err);
        w->save = NULL;
    }
    if (!rc)
        *out_bytes = w->bytes + (int64_t)sizeof sum;
    apl_backup_writer_drop(w);
    return rc;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct apl_backup_reader {
    apl_file *file;
    ZSTD_DCtx *zstd;
    int64_t left; /* bytes of the frame that were not read yet */
    char in[HASH_CHUNK_BYTES];
    ZSTD_inBuffer pending;
    bool frame_ended;
    apl_buf record;
};

static apl_rc damaged(apl_err *err, const char *path)
{
    apl_err_set(err, APL_E_CORRUPT, "the backup is damaged: it was cut short or changed");
    if (path)
        apl_err_where(err, "%s", path);
    apl_err_fix(err, "use another copy of it; nothing was written");
    return APL_E_CORRUPT;
}

/* Exactly len bytes, fewer are damage. */
static apl_rc read_exactly(apl_file *file, char *out, size_t len, apl_err *err)
{
    while (len) {
        size_t got = 0;
        apl_rc rc = apl_file_read(file, out, len, &got, err);
        if (rc)
            return rc;
        if (!got)
            return damaged(err, NULL);
        out += got;
        len -= got;
    }
    return APL_OK;
}

static apl_rc check_magic(apl_file *file, const char *path, apl_err *err)
{
    char head[sizeof magic - 1];
    if (apl_file_size_bytes(file) < (int64_t)sizeof head ||
        read_exactly(file, head, sizeof head, NULL) ||
        memcmp(head, magic_word, sizeof magic_word - 1) != 0) {
        apl_err_set(err, APL_E_INVALID, "this is not a backup of Aplomb");
        apl_err_where(err, "%s", path);
        return APL_E_INVALID;
    }
    if (memcmp(head, magic, sizeof head) == 0)
        return APL_OK;
    apl_err_set(
        err, APL_E_VERSION,
        "the backup has a format that this program does not know, or its first line is damaged");
    apl_err_where(err, "%s", path);
    apl_err_fix(err, "restore it with the version of Aplomb that wrote it; nothing was written");
    return APL_E_VERSION;
}

bool apl_backup_is_one(const char *path)
{
    apl_file *file = NULL;
    if (apl_file_open(path, &file, NULL))
        return false;
    bool is_one = check_magic(file, path, NULL) != APL_E_INVALID;
    apl_file_close(file);
    return is_one;
}

static apl_rc check_hash(apl_file *file, apl_err *err)
{
    char chunk[HASH_CHUNK_BYTES];
    uint8_t sum[APL_SHA256_BYTES], stored[APL_SHA256_BYTES];
    apl_sha256 hash;
    int64_t left = apl_file_size_bytes(file) - (int64_t)(sizeof magic - 1 + sizeof sum);
    apl_rc rc = left < 0 ? damaged(err, NULL) : APL_OK;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, (apl_span){magic, sizeof magic - 1});
    while (!rc && left > 0) {
        size_t part = left < (int64_t)sizeof chunk ? (size_t)left : sizeof chunk;
        rc = read_exactly(file, chunk, part, err);
        apl_sha256_add(&hash, (apl_span){chunk, part});
        left -= (int64_t)part;
    }
    if (!rc)
        rc = read_exactly(file, (char *)stored, sizeof stored, err);
    if (rc)
        return rc;
    apl_sha256_finish(&hash, sum);
    return memcmp(sum, stored, sizeof sum) == 0 ? APL_OK : damaged(err, NULL);
}

static apl_rc check_whole_file(const char *path, apl_err *err)
{
    apl_file *file = NULL;
    apl_rc rc = apl_file_open(path, &file, err);
    if (rc)
        return rc;
    if (apl_file_size_bytes(file) < 0)
        rc = apl_err_set(err, APL_E_INVALID, "a backup must be a file: it is read twice");
    if (!rc)
        rc = check_magic(file, path, err);
    if (!rc)
        rc = check_hash(file, err);
    if (rc)
        apl_err_where(err, "%s", path);
    apl_file_close(file);
    return rc;
}

void apl_backup_reader_close(apl_backup_reader *r)
{
    if (!r)
        return;
    apl_file_close(r->file);
    ZSTD_freeDCtx(r->zstd);
    apl_buf_release(&r->record);
    apl_mem_free(r);
}

apl_rc apl_backup_reader_open(const char *path, apl_backup_reader **out_reader, apl_err *err)
{
    apl_rc rc = check_whole_file(path, err);
    if (rc)
        return rc;
    apl_backup_reader *r = apl_mem_zalloc(1, sizeof *r);
    if (!r)
        return apl_err_nomem(err);
    apl_buf_init(&r->record, APL_BACKUP_RECORD_MAX_BYTES + 1);
    r->zstd = ZSTD_createDCtx();
    if (!r->zstd ||
        ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        rc = apl_err_nomem(err);
    if (!rc)
        rc = apl_file_open(path, &r->file, err);
    if (!rc)
        rc = check_magic(r->file, path, err);
    if (rc) {
        apl_backup_reader_close(r);
        return rc;
    }
    r->left = apl_file_size_bytes(r->file) - (int64_t)(sizeof magic - 1 + APL_SHA256_BYTES);
    *out_reader = r;
    return APL_OK;
}

static apl_rc refill(apl_backup_reader *r, apl_err *err)
{
    size_t part = r->left < (int64_t)sizeof r->in ? (size_t)r->left : sizeof r->in;
    if (!part)
        return damaged(err, NULL);
    apl_rc rc = read_exactly(r->file, r->in, part, err);
    r->left -= (int64_t)part;
    r->pending = (ZSTD_inBuffer){r->in, part, 0};
    return rc;
}

/* len bytes of the frame's content. *out_got is smaller only at its end. */
static apl_rc inflate(apl_backup_reader *r, char *to, size_t len, size_t *out_got, apl_err *err)
{
    ZSTD_outBuffer out = {to, len, 0};
    while (out.pos < len && !r->frame_ended) {
        size_t before = out.pos, hint = ZSTD_decompressStream(r->zstd, &out, &r->pending);
        if (ZSTD_isError(hint))
            return damaged(err, NULL);
        r->frame_ended = hint == 0;
        if (!r->frame_ended && out.pos == before && r->pending.pos == r->pending.size) {
            apl_rc rc = refill(r, err);
            if (rc)
                return rc;
        }
    }
    *out_got = out.pos;
    return APL_OK;
}

apl_rc apl_backup_next(apl_backup_reader *r, int *out_type, apl_span *out_payload, apl_err *err)
{
    char header[HEADER_BYTES];
    size_t got = 0;
    apl_rc rc = inflate(r, header, sizeof header, &got, err);
    if (rc)
        return rc;
    if (!got && r->frame_ended) {
        *out_type = 0;
        return r->left || r->pending.pos < r->pending.size ? damaged(err, NULL) : APL_OK;
    }
    uint32_t len = 0;
    for (int i = 1; i < HEADER_BYTES; i++)
        len = len << 8 | (uint8_t)header[i];
    if (got < sizeof header || len > APL_BACKUP_RECORD_MAX_BYTES)
        return damaged(err, NULL);
    apl_buf_clear(&r->record);
    rc = apl_buf_reserve(&r->record, len, err);
    if (!rc && len)
        rc = inflate(r, r->record.ptr, len, &got, err);
    if (rc)
        return rc;
    if (len && got < len)
        return damaged(err, NULL);
    r->record.len = len;
    *out_type = (uint8_t)header[0];
    *out_payload = apl_buf_view(&r->record);
    return APL_OK;
}
