/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: hostile notes, keys, checkpoints and stored edges; what is taken comes back the same. */
#include "crypto/secret.h"
#include "ledger/note.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apl_span bytes = {(const char *)data, size}, text;
    apl_note_key known, key;
    apl_note_signer signer;
    apl_checkpoint checkpoint;
    apl_tree tree;
    char out[APL_NOTE_KEY_TEXT_BYTES];
    APL_AUTO(apl_buf) again = APL_BUF(1 << 20);
    if (apl_crypto_init(NULL) ||
        apl_note_key_parse(
            APL_SPAN("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &known,
            NULL))
        abort();
    /* The only note that Peter is known to have signed here. */
    if (!apl_note_open(bytes, &known, 1, &text, NULL, NULL) &&
        !apl_span_starts(text, APL_SPAN("If you think cryptography")))
        abort();
    if (!apl_note_key_parse(bytes, &key, NULL)) {
        apl_note_key_format(&key, out);
        if (!apl_span_is(bytes, out))
            abort();
    }
    (void)!apl_note_signer_parse(bytes, &signer, NULL);
    if (!apl_checkpoint_parse(bytes, &checkpoint, NULL) &&
        (apl_checkpoint_format(&checkpoint, &again, NULL) ||
         !apl_span_equal(apl_buf_view(&again), bytes)))
        abort();
    apl_buf_clear(&again);
    if (!apl_tree_parse(bytes, &tree, NULL) &&
        (apl_tree_format(&tree, &again, NULL) || !apl_span_equal(apl_buf_view(&again), bytes)))
        abort();
    return 0;
}
