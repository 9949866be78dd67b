/* SPDX-License-Identifier: Apache-2.0 */
/* Row seals; see seal.h and docs/formats/ledger.md. Tests: tests/unit/desk/test_tx.c */
#include "desk/seal.h"

void apl_row_seal_hash(const apl_table *table, const void *row,
                       const unsigned char salt[APL_SALT_BYTES], uint8_t out_hash[APL_SEAL_BYTES])
{
    apl_seal seal;
    apl_seal_init(&seal, salt, table->name);
    for (int i = 0; i < table->column_count; i++) {
        apl_val val = apl_row_value(table, row, i);
        if (val.type == APL_VAL_I64)
            apl_seal_i64(&seal, val.i64);
        else if (val.type == APL_VAL_TEXT)
            apl_seal_text(&seal, val.span);
        else
            apl_seal_blob(&seal, val.span);
    }
    apl_seal_finish(&seal, out_hash);
}

/* Digits by hand: one key is made for every row that is written. */
static size_t put_number(int64_t value, char *out)
{
    char digits[24];
    size_t count = 0, len = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0)
        out[len++] = '-';
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (count)
        out[len++] = digits[--count];
    return len;
}

apl_span apl_row_key(const apl_table *table, const void *row, char out[APL_ROW_KEY_BYTES])
{
    size_t len = 0;
    int first = table->key_count > 1 ? 1 : 0;
    for (int i = first; i < table->key_count && i < first + 2; i++) {
        if (i > first)
            out[len++] = '/';
        len += put_number(apl_row_value(table, row, i).i64, out + len);
    }
    return (apl_span){out, len};
}
