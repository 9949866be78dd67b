/* SPDX-License-Identifier: Apache-2.0 */
/* Small values as archives write them: flags, directions, ratings, kinds, events, ids. Private to archive/. */
#ifndef APL_ARCHIVE_VALUES_H
#define APL_ARCHIVE_VALUES_H

#include "model/post.h"

/* true/false, yes/no, 1/0, y/n, t/f in any case. False when it is no flag. */
bool apl_value_flag(apl_span text, bool *out_flag);
/* inbound/outbound, in/out, customer/agent, received/sent … */
bool apl_value_direction(apl_span text, bool *out_is_own);
/*
 * Stars times ten on a scale of five: "4", "4.5", "4/5", "8/10", "★★★★☆", "4 out of 5", "4 stars", "80%". scale is that
 * of plain numbers: 5, 10 or 100.
 */
bool apl_value_rating(apl_span text, int scale, int *out_rating_x10);
/* "4/5" and the like carry their scale; of a plain number *out_number is set and false is returned. */
bool apl_value_kind(apl_span text, apl_post_kind *out_kind);
bool apl_value_event(apl_span text, apl_post_event *out_event);
/* "1,234", "1.2K", "3.0", "17" to a count; false when it is none. */
bool apl_value_count(apl_span text, int64_t *out_count);
/* A whole number behind which a spreadsheet or a data frame put ".0": the part before it; else text itself. */
apl_span apl_value_id(apl_span text, bool *out_was_float);
/* "5.70301E+17": digits are lost for good. */
bool apl_value_is_ruined_id(apl_span text);
/* More than 15 digits and all after the 15th are 0: how a spreadsheet writes a long number that it rounded. */
bool apl_value_is_rounded_id(apl_span text);

#endif
