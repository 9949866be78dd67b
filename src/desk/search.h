/* SPDX-License-Identifier: Apache-2.0 */
/* Full-text search over posts: what is indexed, and what a query becomes. Both sides go through the one normaliser. */
#ifndef APL_DESK_SEARCH_H
#define APL_DESK_SEARCH_H

#include "desk/tx.h"

/* Puts the new version into the index in place of the old (old->text empty: there was none). */
apl_rc apl_search_index(apl_tx *tx, const apl_version_row *old, const apl_version_row *now,
                        apl_err *err) MUST_USE;
/* What a person typed as a query for store->backend->search_sql; empty when there is nothing to search for. */
apl_rc apl_search_parse(const apl_store *store, apl_span typed, apl_buf *out_query,
                        apl_err *err) MUST_USE;

#endif
