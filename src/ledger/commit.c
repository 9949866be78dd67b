/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments and row seals; see commit.h. Tests: tests/unit/ledger/test_commit.c */
#include "ledger/commit.h"

#include <string.h>

static apl_span span_of(const void *bytes, size_t len)
{
    return (apl_span){bytes, len};
}

static void put_be64(uint8_t out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

void apl_commit_field(const uint8_t row_salt[APL_ROW_SALT_BYTES], const char *field, apl_span value,
                      uint8_t out[APL_SHA256_BYTES])
{
    uint8_t head[1 + APL_SHA256_BYTES] = {0x02};
    apl_hmac_sha256(span_of(row_salt, APL_ROW_SALT_BYTES), apl_span_of(field), head + 1);
    apl_sha256 hash;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, span_of(head, sizeof head));
    apl_sha256_add(&hash, value);
    apl_sha256_finish(&hash, out);
}

void apl_seal_init(apl_seal *seal, const uint8_t row_salt[APL_ROW_SALT_BYTES], const char *table)
{
    uint8_t head[1 + APL_ROW_SALT_BYTES] = {0x03};
    memcpy(head + 1, row_salt, APL_ROW_SALT_BYTES);
    apl_sha256_init(&seal->hash);
    apl_sha256_add(&seal->hash, span_of(head, sizeof head));
    /* With its terminator, which is the 0x00 of the format. */
    apl_sha256_add(&seal->hash, span_of(table, strlen(table) + 1));
}

static void add_number(apl_seal *seal, char type, uint64_t number)
{
    uint8_t column[9] = {(uint8_t)type};
    put_be64(column + 1, number);
    apl_sha256_add(&seal->hash, span_of(column, sizeof column));
}

void apl_seal_i64(apl_seal *seal, int64_t value)
{
    add_number(seal, 'i', (uint64_t)value);
}

void apl_seal_text(apl_seal *seal, apl_span value)
{
    add_number(seal, 't', value.len);
    apl_sha256_add(&seal->hash, value);
}

void apl_seal_blob(apl_seal *seal, apl_span value)
{
    add_number(seal, 'b', value.len);
    apl_sha256_add(&seal->hash, value);
}

void apl_seal_null(apl_seal *seal)
{
    apl_sha256_add(&seal->hash, APL_SPAN("n"));
}

void apl_seal_finish(apl_seal *seal, uint8_t out[APL_SEAL_BYTES])
{
    apl_sha256_finish(&seal->hash, out);
}
