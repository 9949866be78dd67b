/* SPDX-License-Identifier: Apache-2.0 */
/* Full-text search; see search.h. Tests: tests/e2e/test_api_cases.py */
#include "desk/search.h"

#include "base/utf8.h"
#include "text/normalise.h"

enum { QUERY_MAX_BYTES = 1024, INDEXED_MAX_BYTES = 32 * 1024 };

static apl_rc normalise(apl_normal *normal, apl_span title, apl_span text, apl_err *err)
{
    apl_rc rc = title.len ? apl_normal_add(normal, title, APL_NORMAL_PLAIN, err) : APL_OK;
    if (!rc && title.len && text.len)
        rc = apl_normal_add(normal, APL_SPAN(" "), APL_NORMAL_PLAIN, err);
    /* Nobody searches for the tail of a very long mail; the index must not be blown up by one. */
    if (!rc && text.len)
        rc = apl_normal_add(normal, apl_utf8_cut(text, INDEXED_MAX_BYTES), APL_NORMAL_PLAIN, err);
    return rc;
}

apl_rc apl_search_index(apl_tx *tx, const apl_version_row *old, const apl_version_row *now,
                        apl_err *err)
{
    APL_AUTO(apl_normal) before, after;
    apl_normal_init(&before);
    apl_normal_init(&after);
    apl_rc rc = normalise(&before, old->title, old->text, err);
    if (!rc)
        rc = normalise(&after, now->title, now->text, err);
    if (!rc)
        rc = tx->conn->store->backend->search_put(tx->conn, tx->workspace_id, now->post_id,
                                                  apl_normal_view(&before), apl_normal_view(&after),
                                                  err);
    return rc;
}

apl_rc apl_search_parse(const apl_store *store, apl_span typed, apl_buf *out_query, apl_err *err)
{
    APL_AUTO(apl_normal) normal;
    apl_normal_init(&normal);
    if (typed.len > QUERY_MAX_BYTES)
        return apl_err_set(err, APL_E_LIMIT, "a search has at most %d bytes", QUERY_MAX_BYTES);
    apl_rc rc = apl_normal_add(&normal, typed, APL_NORMAL_PLAIN, err);
    return rc ? rc : store->backend->search_query(apl_normal_view(&normal), out_query, err);
}
