/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C face of the two C++ things that json/ uses: simdjson's parser and the shortest text of a double. Private to
 * this folder; everyone else includes reader.h, writer.h, canonical.h.
 */
#ifndef APL_JSON_SHIM_H
#define APL_JSON_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* simdjson reads up to this many bytes past the end of the text. */
enum { APL_SJ_PADDING = 64, APL_SJ_DOUBLE_BYTES = 32 };

typedef struct apl_sj apl_sj;
typedef struct apl_sj_at {
    const void *doc;
    size_t index;
} apl_sj_at;

typedef enum apl_sj_rc { APL_SJ_OK, APL_SJ_NOMEM, APL_SJ_DEPTH, APL_SJ_INVALID } apl_sj_rc;

apl_sj *apl_sj_new(void);
void apl_sj_free(apl_sj *sj);
/* Bytes of text it can take without growing. */
size_t apl_sj_capacity(const apl_sj *sj);
/* Makes it fit for texts of `capacity` bytes and `max_depth` levels; drops the document. */
apl_sj_rc apl_sj_reserve(apl_sj *sj, size_t capacity, size_t max_depth);
/* text has APL_SJ_PADDING readable bytes after len, len <= capacity. */
apl_sj_rc apl_sj_parse(apl_sj *sj, const char *text, size_t len, apl_sj_at *out_root);

/* The tape's letter: [ { " l(int64) u(uint64) d t f n */
char apl_sj_kind(apl_sj_at at);
/* Index of the first child; of what follows the value. The children of a container end at after - 1. */
size_t apl_sj_after(apl_sj_at at);
size_t apl_sj_count_saturated(apl_sj_at at);
const char *apl_sj_str(apl_sj_at at, size_t *out_len);
/* The 64 bits of a number, as the kind says. */
uint64_t apl_sj_bits(apl_sj_at at);

/* A finite double as ECMAScript prints it (RFC 8785 section 3.2.2.3). Returns the length. */
size_t apl_sj_double(double value, char out[APL_SJ_DOUBLE_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
