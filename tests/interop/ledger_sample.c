/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a small ledger with its checkpoints and proofs as lines of text, for a verifier that shares no code with us
 * (ledger_verify.go): K key · E entry · C size checkpoint · I index size path · T old new path (bytes in hex).
 */
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "ledger/entry.h"
#include "ledger/note.h"

#include <stdio.h>

enum { ENTRIES = 45 };

static apl_tree_hash leaves[ENTRIES];

static apl_rc get_leaf(void *ctx, uint64_t index, apl_tree_hash *out_leaf, apl_err *err)
{
    (void)ctx;
    (void)err;
    *out_leaf = leaves[index];
    return APL_OK;
}

static void print_hex(apl_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        printf("%02x", (unsigned char)bytes.ptr[i]);
}

static void print_proof(char letter, uint64_t a, uint64_t b, const apl_tree_proof *proof)
{
    printf("%c %llu %llu ", letter, (unsigned long long)a, (unsigned long long)b);
    print_hex((apl_span){(const char *)proof->path, proof->count * sizeof proof->path[0]});
    printf("\n");
}

static apl_rc print_proofs(uint64_t size, apl_err *err)
{
    const apl_tree_leaves source = {get_leaf, NULL};
    apl_tree_proof proof;
    apl_rc rc = APL_OK;
    for (uint64_t i = 0; !rc && i < size; i++) {
        rc = apl_tree_prove_inclusion(&source, i, size, &proof, err);
        if (!rc)
            print_proof('I', i, size, &proof);
        if (!rc)
            rc = apl_tree_prove_consistency(&source, i + 1, size, &proof, err);
        if (!rc)
            print_proof('T', i + 1, size, &proof);
    }
    return rc;
}

static apl_rc append(apl_entry *entry, int64_t seq, apl_buf *out, apl_err *err)
{
    apl_entry_begin(entry, 1, seq * APL_US_PER_SECOND, "post.received", "import", 2);
    apl_entry_about(entry, "post", seq + 1);
    apl_rc rc = apl_entry_finish(entry, seq, seq ? &leaves[seq - 1] : NULL, out, err);
    if (rc)
        return rc;
    leaves[seq] = apl_tree_leaf(apl_buf_view(out));
    printf("E ");
    print_hex(apl_buf_view(out));
    printf("\n");
    return APL_OK;
}

static apl_rc print_ledger(apl_err *err)
{
    static const uint8_t seed[APL_ED25519_SEED_BYTES] = {42};
    APL_AUTO(apl_entry) entry;
    APL_AUTO(apl_buf) out = APL_BUF(APL_ENTRY_MAX_BYTES);
    apl_note_signer signer;
    apl_tree tree;
    char key[APL_NOTE_KEY_TEXT_BYTES];
    apl_entry_init(&entry);
    apl_tree_init(&tree);
    apl_rc rc = apl_note_signer_init(&signer, APL_SPAN("ledger.example/1"), seed, err);
    if (rc)
        return rc;
    apl_note_key_format(&signer.key, key);
    printf("K %s\n", key);
    for (int64_t seq = 0; !rc && seq < ENTRIES; seq++) {
        rc = append(&entry, seq, &out, err);
        if (rc)
            break;
        apl_tree_append(&tree, &leaves[seq]);
        apl_checkpoint checkpoint = {.origin = APL_SPAN("ledger.example/1"),
                                     .size = tree.size,
                                     .root = apl_tree_root(&tree)};
        apl_buf_clear(&out);
        rc = apl_checkpoint_sign(&checkpoint, &signer, 1, &out, err);
        printf("C %llu ", (unsigned long long)tree.size);
        print_hex(apl_buf_view(&out));
        printf("\n");
        if (!rc)
            rc = print_proofs(tree.size, err);
    }
    return rc;
}

int main(void)
{
    apl_err err = {0};
    apl_rc rc = apl_crypto_init(&err);
    if (!rc)
        rc = print_ledger(&err);
    if (rc)
        fprintf(stderr, "%s\n", err.what);
    return rc != APL_OK;
}
