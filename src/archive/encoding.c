/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings; see encoding.h. ICU decodes to UTF-16, which is written as UTF-8 here, because a byte that is invalid must
 * stay visible as invalid: it becomes a lone surrogate, and the record that holds it is refused later by name.
 * Tests: tests/unit/archive/test_source.c
 */
#include "archive/encoding.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

enum { PIVOT_UNITS = 4096 };

struct apl_decoder {
    UConverter *converter;
    UChar pivot[PIVOT_UNITS];
    size_t pos, end;
};

static void found(apl_encoding *out, const char *name, size_t bom_bytes, const char *evidence)
{
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    (void)snprintf(out->evidence, sizeof out->evidence, "%s", evidence);
    out->bom_bytes = bom_bytes;
}

static bool has_bom(apl_span head, apl_encoding *out)
{
    static const struct {
        apl_span bytes;
        const char *name;
    } boms[] = {
        {{"\xEF\xBB\xBF", 3}, "UTF-8"},    {{"\xFF\xFE\0\0", 4}, "UTF-32LE"},
        {{"\0\0\xFE\xFF", 4}, "UTF-32BE"}, {{"\xFF\xFE", 2}, "UTF-16LE"},
        {{"\xFE\xFF", 2}, "UTF-16BE"},
    };
    for (size_t i = 0; i < sizeof boms / sizeof *boms; i++) {
        if (apl_span_starts(head, boms[i].bytes)) {
            found(out, boms[i].name, boms[i].bytes.len, "the byte order mark at the beginning");
            return true;
        }
    }
    return false;
}

/* Western text in UTF-16 has a NUL in every other byte, which no other text has. */
static bool is_wide(apl_span head, apl_encoding *out)
{
    size_t nul[2] = {0, 0}, pairs = head.len / 2;
    for (size_t i = 0; i < pairs * 2; i++)
        nul[i % 2] += head.ptr[i] == 0;
    if (pairs < 2)
        return false;
    if (nul[1] * 10 > pairs * 4 && nul[0] * 20 < pairs) {
        found(out, "UTF-16LE", 0, "a NUL in every second byte");
        return true;
    }
    if (nul[0] * 10 > pairs * 4 && nul[1] * 20 < pairs) {
        found(out, "UTF-16BE", 0, "a NUL in every first of two bytes");
        return true;
    }
    return false;
}

void apl_encoding_detect(apl_span head, bool is_whole, apl_encoding *out)
{
    if (has_bom(head, out) || is_wide(head, out))
        return;
    size_t good = 0, bad = 0;
    for (size_t at = 0; at < head.len;) {
        if ((unsigned char)head.ptr[at] < 0x80) {
            at++;
            continue;
        }
        size_t before = at;
        uint32_t code = apl_utf8_next(head, &at);
        if (code != 0xFFFD || at - before > 1)
            good++;
        else if (is_whole || head.len - before > 3)
            bad++;
    }
    if (!bad) {
        found(out, "UTF-8", 0,
              good ? "everything beyond ASCII is valid UTF-8" : "nothing beyond ASCII so far");
        return;
    }
    /* Text in an old code page is hardly ever valid UTF-8 by chance; a few bad bytes in good UTF-8 are damage. */
    char evidence[APL_ENCODING_EVIDENCE_BYTES];
    if (good >= bad) {
        (void)snprintf(evidence, sizeof evidence, "%zu valid and %zu damaged characters", good,
                       bad);
        found(out, "UTF-8", 0, evidence);
        return;
    }
    (void)snprintf(evidence, sizeof evidence,
                   "%zu bytes that are no UTF-8; assumed, as most old Western exports are", bad);
    found(out, "windows-1252", 0, evidence);
}

bool apl_encoding_is_utf8(const char *name)
{
    return ucnv_compareNames(name, "UTF-8") == 0;
}

static void on_invalid(const void *context, UConverterToUnicodeArgs *args, const char *units,
                       int32_t length, UConverterCallbackReason reason, UErrorCode *status)
{
    static const UChar lone_surrogate = 0xD800;
    (void)context;
    (void)units;
    (void)length;
    if (reason > UCNV_IRREGULAR)
        return;
    *status = U_ZERO_ERROR;
    ucnv_cbToUWriteUChars(args, &lone_surrogate, 1, 0, status);
}

apl_rc apl_decoder_new(const char *name, apl_decoder **out_decoder, apl_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    apl_decoder *decoder = apl_mem_zalloc(1, sizeof *decoder);
    if (!decoder)
        return apl_err_nomem(err);
    decoder->converter = ucnv_open(name, &status);
    if (U_SUCCESS(status))
        ucnv_setToUCallBack(decoder->converter, on_invalid, NULL, NULL, NULL, &status);
    if (U_FAILURE(status)) {
        apl_decoder_free(decoder);
        if (status == U_MEMORY_ALLOCATION_ERROR)
            return apl_err_nomem(err);
        apl_err_set(err, APL_E_USAGE, "the encoding \"%.60s\" is not known", name);
        apl_err_fix(err,
                    "use one like UTF-8, UTF-16, windows-1252, ISO-8859-15, Shift_JIS, GB18030");
        return APL_E_USAGE;
    }
    *out_decoder = decoder;
    return APL_OK;
}

void apl_decoder_free(apl_decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->converter)
        ucnv_close(decoder->converter);
    apl_mem_free(decoder);
}

/* One code point of the pivot; false when the second half of a pair is still to come. */
static bool pivot_next(apl_decoder *d, bool is_last, uint32_t *out_code)
{
    UChar unit = d->pivot[d->pos];
    if ((unit & 0xFC00) == 0xD800) {
        if (d->pos + 1 == d->end && !is_last)
            return false;
        if (d->pos + 1 < d->end && (d->pivot[d->pos + 1] & 0xFC00) == 0xDC00) {
            *out_code = 0x10000 + (((uint32_t)unit & 0x3FF) << 10) + (d->pivot[d->pos + 1] & 0x3FF);
            d->pos += 2;
            return true;
        }
    }
    *out_code = unit;
    d->pos++;
    return true;
}

static size_t put(uint32_t code, char out[4])
{
    if (code < 0xD800 || code > 0xDFFF)
        return apl_utf8_encode(code, out);
    memcpy(out, "\xED\xA0\x80", 3);
    return 3;
}

bool apl_decoder_run(apl_decoder *d, apl_span *in, bool flush, char *out, size_t cap, size_t *out_n)
{
    size_t n = 0;
    for (bool is_dry = false; !is_dry;) {
        uint32_t code;
        while (d->pos < d->end && cap - n >= 4 && pivot_next(d, flush && !in->len, &code))
            n += put(code, out + n);
        if (d->pos < d->end && cap - n < 4)
            break;
        size_t kept = d->end - d->pos;
        memmove(d->pivot, d->pivot + d->pos, kept * sizeof *d->pivot);
        d->pos = 0;

        UErrorCode status = U_ZERO_ERROR;
        UChar *target = d->pivot + kept;
        const char *source = in->ptr ? in->ptr : "";
        const char *limit = source + in->len;
        ucnv_toUnicode(d->converter, &target, d->pivot + PIVOT_UNITS, &source, limit, NULL, flush,
                       &status);
        *in = (apl_span){source, (size_t)(limit - source)};
        d->end = (size_t)(target - d->pivot);
        if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
            return false;
        is_dry = d->end == kept && !in->len && (!flush || !kept);
    }
    *out_n = n;
    return true;
}
