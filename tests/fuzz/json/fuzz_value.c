/* SPDX-License-Identifier: Apache-2.0 */
/* json: what the parser takes comes back from both serialisers; what it refuses has a place. */
#include "json/canonical.h"
#include "json/locate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_taken(apl_json_doc *doc, apl_json root, apl_span text)
{
    APL_AUTO(apl_buf) compact = APL_BUF(1 << 22);
    APL_AUTO(apl_buf) canonical = APL_BUF(1 << 22);
    apl_rc rc = apl_json_add_value(&compact, root, NULL);
    if (rc == APL_E_NOMEM)
        return;
    rc = rc ? rc : apl_json_add_canonical(&canonical, root, NULL);
    /* Only a name that occurs twice may stop it. */
    if (rc == APL_E_INVALID)
        return;
    if (rc)
        abort();
    (void)!apl_json_check_canonical(root, text, NULL);
    /* A double of 2^64 to 1e21 is written as a whole number, which the reader refuses. */
    rc = apl_json_doc_parse(doc, apl_buf_view(&canonical), NULL, &root, NULL);
    if (!rc && apl_json_check_canonical(root, apl_buf_view(&canonical), NULL) == APL_E_INVALID)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apl_json_doc *doc;
    apl_span text = {(const char *)data, size};
    apl_json root;
    apl_json_fault fault;
    apl_err err = {0};
    if (!doc)
        doc = apl_json_doc_new();
    if (!doc)
        return 0;
    apl_rc rc = apl_json_doc_parse(doc, text, NULL, &root, &err);
    bool faulty = apl_json_locate(text, apl_json_limits_default.max_depth, &fault);
    if (faulty && (fault.at > size || !fault.what))
        abort();
    if (!rc && faulty)
        abort();
    if (rc == APL_E_INVALID && !faulty && !strstr(err.what, "too large"))
        abort();
    if (!rc)
        check_taken(doc, root, text);
    return 0;
}
