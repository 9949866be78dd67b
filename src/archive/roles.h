/* SPDX-License-Identifier: Apache-2.0 */
/* What exports call their columns. Private to archive/. */
#ifndef APL_ARCHIVE_ROLES_H
#define APL_ARCHIVE_ROLES_H

#include "archive/mapping.h"

enum { APL_NAME_BYTES = 128 };

/* "Tweet Created", "tweetCreated", "tweet-created" become "tweet_created"; cut at APL_NAME_BYTES - 1. Returns out. */
const char *apl_name_normalise(apl_span name, char out[APL_NAME_BYTES]);
/* How strongly this normalised name speaks for a role: 0 … 100. */
int apl_name_score(const char *name, apl_column_role role);
/* True for what somebody else has added to the posts: sentiments, labels, confidences. */
bool apl_name_is_label(const char *name);
/* For a flag column with this name: does true mean the company's own turn? */
bool apl_name_true_is_own(const char *name);

#endif
