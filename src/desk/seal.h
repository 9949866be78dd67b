/* SPDX-License-Identifier: Apache-2.0 */
/* Seals of state rows as the ledger holds them: used when writing (tx.c) and when verifying (verify.c). */
#ifndef APL_DESK_SEAL_H
#define APL_DESK_SEAL_H

#include "ledger/commit.h"
#include "store/table.h"

enum { APL_ROW_KEY_BYTES = 64 };

/* Over all listed columns of the row. */
void apl_row_seal_hash(const apl_table *table, const void *row,
                       const unsigned char salt[APL_SALT_BYTES], uint8_t out_hash[APL_SEAL_BYTES]);
/* "17/1": the primary key without the workspace; of the workspace itself "1". Points into out. */
apl_span apl_row_key(const apl_table *table, const void *row, char out[APL_ROW_KEY_BYTES]);

#endif
