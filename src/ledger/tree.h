/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962): leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 ||
 * left || right), empty tree = SHA-256(""). Leaf i is the entry with seq i, the first is 0.
 */
#ifndef APL_LEDGER_TREE_H
#define APL_LEDGER_TREE_H

#include "base/buf.h"
#include "crypto/hash.h"

enum { APL_TREE_LEVELS = 64, APL_TREE_BLOB_MAX_BYTES = 8 + APL_TREE_LEVELS * APL_SHA256_BYTES };

typedef struct apl_tree_hash {
    uint8_t bytes[APL_SHA256_BYTES];
} apl_tree_hash;

apl_tree_hash apl_tree_leaf(apl_span entry);
apl_tree_hash apl_tree_node(const apl_tree_hash *left, const apl_tree_hash *right);
bool apl_tree_hash_equal(const apl_tree_hash *a, const apl_tree_hash *b);

/* The right edge of a growing tree: one hash per full subtree, at most 64, however large the tree. Zero = empty tree. */
typedef struct apl_tree {
    uint64_t size;
    apl_tree_hash full[APL_TREE_LEVELS]; /* [level] holds when bit `level` of size is set */
} apl_tree;

void apl_tree_init(apl_tree *tree);
void apl_tree_append(apl_tree *tree, const apl_tree_hash *leaf);
apl_tree_hash apl_tree_root(const apl_tree *tree);
/* Appends the stored form: size (8 bytes big-endian), then the subtrees' hashes from the largest to the smallest. */
apl_rc apl_tree_format(const apl_tree *tree, apl_buf *buf, apl_err *err) MUST_USE;
/* APL_E_CORRUPT when the length does not fit the size. */
apl_rc apl_tree_parse(apl_span blob, apl_tree *out_tree, apl_err *err) MUST_USE;

/* Where proofs take the leaf hashes from; called for each leaf at most once a proof. */
typedef struct apl_tree_leaves {
    apl_rc (*get)(void *ctx, uint64_t index, apl_tree_hash *out_leaf, apl_err *err);
    void *ctx;
} apl_tree_leaves;

typedef struct apl_tree_proof {
    size_t count;
    apl_tree_hash path[APL_TREE_LEVELS + 1];
} apl_tree_proof;

/* That leaf `index` is in the tree of the first `size` leaves. Reads size - 1 leaves. APL_E_INVALID: index >= size. */
apl_rc apl_tree_prove_inclusion(const apl_tree_leaves *leaves, uint64_t index, uint64_t size,
                                apl_tree_proof *out_proof, apl_err *err) MUST_USE;
/* That the tree of old_size leaves is a prefix of that of new_size. Empty when old_size is 0 or new_size. */
apl_rc apl_tree_prove_consistency(const apl_tree_leaves *leaves, uint64_t old_size,
                                  uint64_t new_size, apl_tree_proof *out_proof,
                                  apl_err *err) MUST_USE;
/* RFC 9162 section 2.1.3.2. path may come from anybody. */
bool apl_tree_verify_inclusion(const apl_tree_hash *leaf, uint64_t index, uint64_t size,
                               const apl_tree_proof *proof, const apl_tree_hash *root);
/* RFC 9162 section 2.1.4.2; old_size 0 wants an empty proof and the empty root. */
bool apl_tree_verify_consistency(uint64_t old_size, const apl_tree_hash *old_root,
                                 uint64_t new_size, const apl_tree_hash *new_root,
                                 const apl_tree_proof *proof);

#endif
