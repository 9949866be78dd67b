/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry says about data that it must not hold: salted commitments to single texts, and seals over whole rows.
 * Whoever erases the salt and the text later leaves a hash that nobody can guess from; every proof stays valid.
 * Format: docs/formats/ledger.md. Nothing here fails or allocates.
 */
#ifndef APL_LEDGER_COMMIT_H
#define APL_LEDGER_COMMIT_H

#include "crypto/hash.h"

enum { APL_ROW_SALT_BYTES = 16, APL_SEAL_BYTES = 32 };

/*
 * Commitment to one field of a row: SHA-256(0x02 || HMAC-SHA256(row salt, field name) || value). Each field has its own
 * salt, so that one can be opened without the others.
 */
void apl_commit_field(const uint8_t row_salt[APL_ROW_SALT_BYTES], const char *field, apl_span value,
                      uint8_t out[APL_SHA256_BYTES]);

/*
 * Seal of one row: SHA-256(0x03 || salt || table || 0x00 || columns in their fixed order), a column being a type byte
 * and the value: 'i' 8 bytes big-endian two's complement; 't' text and 'b' bytes, 8 bytes big-endian length first; 'n'.
 */
typedef struct apl_seal {
    apl_sha256 hash;
} apl_seal;

void apl_seal_init(apl_seal *seal, const uint8_t row_salt[APL_ROW_SALT_BYTES], const char *table);
void apl_seal_i64(apl_seal *seal, int64_t value);
void apl_seal_text(apl_seal *seal, apl_span value);
void apl_seal_blob(apl_seal *seal, apl_span value);
void apl_seal_null(apl_seal *seal);
void apl_seal_finish(apl_seal *seal, uint8_t out[APL_SEAL_BYTES]);

#endif
