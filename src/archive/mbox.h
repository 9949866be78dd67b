/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbox, as mail programs keep it (mboxrd, mboxo): messages behind "From " lines. Columns: message_id, in_reply_to,
 * from, from_name, date, subject, text, to. Each message is bounded; a poisonous one is a reject. Private to archive/.
 */
#ifndef APL_ARCHIVE_MBOX_H
#define APL_ARCHIVE_MBOX_H

#include "archive/reader.h"

bool apl_mbox_is(apl_span head);
apl_rc apl_mbox_new(apl_source source, apl_columns *columns, apl_reader *out_reader,
                    apl_err *err) MUST_USE;

#endif
