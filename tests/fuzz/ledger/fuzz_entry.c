/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: an entry that is taken is canonical, and all its commitments and rows can be walked. */
#include "ledger/entry.h"
#include "json/canonical.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apl_json_doc *doc;
    apl_span bytes = {(const char *)data, size};
    apl_entry_view view;
    apl_span name, key;
    uint8_t hash[APL_SHA256_BYTES];
    if (!doc)
        doc = apl_json_doc_new();
    if (!doc || apl_entry_parse(doc, bytes, &view, NULL))
        return 0;
    size_t commits = 0, rows = 0;
    for (apl_json_iter it = apl_json_each(view.commits); apl_entry_next_commit(&it, &name, hash);)
        commits++;
    for (apl_json_iter it = apl_json_each(view.rows); apl_entry_next_row(&it, &name, &key, hash);)
        rows++;
    if (commits != apl_json_count(view.commits) || rows != apl_json_count(view.rows))
        abort();
    if (view.seq < 0 || view.workspace_id < 1 || view.has_prev != (view.seq > 0))
        abort();
    return 0;
}
