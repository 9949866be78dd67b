/* SPDX-License-Identifier: Apache-2.0 */
/* What builder and reader of entries hold alike. Private to ledger/. */
#ifndef APL_LEDGER_ENTRY_CHECK_H
#define APL_LEDGER_ENTRY_CHECK_H

#include "json/reader.h"

#define APL_ENTRY_WHOLE_MAX (((int64_t)1 << 53) - 1)

/* a-z 0-9 _ (and dots), 1 to APL_ENTRY_WORD_MAX_BYTES. */
bool apl_entry_is_word(apl_span word, bool dots);
/* All numbers in value are whole and within ±APL_ENTRY_WHOLE_MAX; APL_E_INVALID names the place. */
apl_rc apl_entry_check_numbers(apl_json value, apl_err *err) MUST_USE;

#endif
