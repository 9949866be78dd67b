/* SPDX-License-Identifier: Apache-2.0 */
/* Character encodings of an archive: detection with evidence, and decoding to UTF-8. Private to archive/. */
#ifndef APL_ARCHIVE_ENCODING_H
#define APL_ARCHIVE_ENCODING_H

#include "base/buf.h"

enum { APL_ENCODING_NAME_BYTES = 64, APL_ENCODING_EVIDENCE_BYTES = 160 };

typedef struct apl_encoding {
    char name[APL_ENCODING_NAME_BYTES];
    char evidence[APL_ENCODING_EVIDENCE_BYTES];
    size_t bom_bytes;
} apl_encoding;

/* From the first bytes of the text; is_whole: these are all bytes there are. */
void apl_encoding_detect(apl_span head, bool is_whole, apl_encoding *out_encoding);

typedef struct apl_decoder apl_decoder;
/* True when bytes of this encoding can be passed on as they are. */
bool apl_encoding_is_utf8(const char *name);
/* An unknown name is APL_E_USAGE. */
apl_rc apl_decoder_new(const char *name, apl_decoder **out_decoder, apl_err *err) MUST_USE;
void apl_decoder_free(apl_decoder *decoder);
/*
 * Decodes from *in (moved past what was used) into out[cap], cap >= 64. Invalid bytes come out as an encoded surrogate,
 * which is invalid UTF-8 on purpose. flush: nothing follows; *out_n == 0 is then the end. False when the
 * decoder itself fails, which no input can bring about.
 */
bool apl_decoder_run(apl_decoder *decoder, apl_span *in, bool flush, char *out, size_t cap,
                     size_t *out_n) MUST_USE;

#endif
