/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle tree, proofs and their verification; see tree.h. A subtree's hash is the root of a small tree over its
 * leaves, so that appending and proving share one piece of code. Tests: tests/unit/ledger/test_tree.c
 */
#include "ledger/tree.h"

#include <string.h>

static apl_span hash_span(const apl_tree_hash *hash)
{
    return (apl_span){(const char *)hash->bytes, sizeof hash->bytes};
}

apl_tree_hash apl_tree_leaf(apl_span entry)
{
    apl_sha256 hash;
    apl_tree_hash out;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, APL_SPAN("\0"));
    apl_sha256_add(&hash, entry);
    apl_sha256_finish(&hash, out.bytes);
    return out;
}

apl_tree_hash apl_tree_node(const apl_tree_hash *left, const apl_tree_hash *right)
{
    apl_sha256 hash;
    apl_tree_hash out;
    apl_sha256_init(&hash);
    apl_sha256_add(&hash, APL_SPAN("\1"));
    apl_sha256_add(&hash, hash_span(left));
    apl_sha256_add(&hash, hash_span(right));
    apl_sha256_finish(&hash, out.bytes);
    return out;
}

bool apl_tree_hash_equal(const apl_tree_hash *a, const apl_tree_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void apl_tree_init(apl_tree *tree)
{
    memset(tree, 0, sizeof *tree);
}

void apl_tree_append(apl_tree *tree, const apl_tree_hash *leaf)
{
    apl_tree_hash hash = *leaf;
    unsigned level = 0;
    for (; tree->size >> level & 1; level++)
        hash = apl_tree_node(&tree->full[level], &hash);
    tree->full[level] = hash;
    tree->size++;
}

apl_tree_hash apl_tree_root(const apl_tree *tree)
{
    apl_tree_hash root = {{0}};
    if (!tree->size) {
        apl_sha256_of(APL_SPAN_NONE, root.bytes);
        return root;
    }
    bool started = false;
    for (unsigned level = 0; level < APL_TREE_LEVELS; level++) {
        if (!(tree->size >> level & 1))
            continue;
        root = started ? apl_tree_node(&tree->full[level], &root) : tree->full[level];
        started = true;
    }
    return root;
}

apl_rc apl_tree_format(const apl_tree *tree, apl_buf *buf, apl_err *err)
{
    char blob[APL_TREE_BLOB_MAX_BYTES];
    size_t len = 8;
    for (unsigned i = 0; i < 8; i++)
        blob[i] = (char)(tree->size >> (56 - 8 * i));
    for (int level = APL_TREE_LEVELS - 1; level >= 0; level--)
        if (tree->size >> level & 1) {
            memcpy(blob + len, tree->full[level].bytes, APL_SHA256_BYTES);
            len += APL_SHA256_BYTES;
        }
    return apl_buf_add(buf, (apl_span){blob, len}, err);
}

apl_rc apl_tree_parse(apl_span blob, apl_tree *out_tree, apl_err *err)
{
    uint64_t size = 0;
    for (size_t i = 0; i < 8 && i < blob.len; i++)
        size = size << 8 | (uint8_t)blob.ptr[i];
    size_t want = 8 + (size_t)__builtin_popcountll(size) * APL_SHA256_BYTES;
    if (blob.len < 8 || blob.len != want)
        return apl_err_set(err, APL_E_CORRUPT, "the stored edge of the ledger's tree has %zu bytes",
                           blob.len);
    apl_tree_init(out_tree);
    out_tree->size = size;
    const char *at = blob.ptr + 8;
    for (int level = APL_TREE_LEVELS - 1; level >= 0; level--)
        if (size >> level & 1) {
            memcpy(out_tree->full[level].bytes, at, APL_SHA256_BYTES);
            at += APL_SHA256_BYTES;
        }
    return APL_OK;
}

/* The largest power of two below n; n >= 2. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* Adds the hash of the leaves begin … end-1 to the proof. */
static apl_rc add_range(const apl_tree_leaves *leaves, uint64_t begin, uint64_t end,
                        apl_tree_proof *proof, apl_err *err)
{
    apl_tree part;
    apl_tree_init(&part);
    for (uint64_t i = begin; i < end; i++) {
        apl_tree_hash leaf;
        apl_rc rc = leaves->get(leaves->ctx, i, &leaf, err);
        if (rc)
            return apl_err_wrap(err, rc, "ledger entry %llu", (unsigned long long)i);
        apl_tree_append(&part, &leaf);
    }
    proof->path[proof->count++] = apl_tree_root(&part);
    return APL_OK;
}

/* The ways down were collected from the root; a path goes from the leaf. */
static void reverse(apl_tree_proof *proof)
{
    for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
        apl_tree_hash swap = proof->path[i];
        proof->path[i] = proof->path[--j];
        proof->path[j] = swap;
    }
}

apl_rc apl_tree_prove_inclusion(const apl_tree_leaves *leaves, uint64_t index, uint64_t size,
                                apl_tree_proof *out_proof, apl_err *err)
{
    if (index >= size)
        return apl_err_set(err, APL_E_INVALID, "the ledger of %llu entries has no entry %llu",
                           (unsigned long long)size, (unsigned long long)index);
    apl_tree_proof proof = {.count = 0};
    uint64_t begin = 0, end = size;
    apl_rc rc = APL_OK;
    while (!rc && end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        if (index < middle) {
            rc = add_range(leaves, middle, end, &proof, err);
            end = middle;
        } else {
            rc = add_range(leaves, begin, middle, &proof, err);
            begin = middle;
        }
    }
    if (rc)
        return rc;
    reverse(&proof);
    *out_proof = proof;
    return APL_OK;
}

apl_rc apl_tree_prove_consistency(const apl_tree_leaves *leaves, uint64_t old_size,
                                  uint64_t new_size, apl_tree_proof *out_proof, apl_err *err)
{
    if (old_size > new_size)
        return apl_err_set(err, APL_E_INVALID, "a ledger of %llu entries cannot grow to %llu",
                           (unsigned long long)old_size, (unsigned long long)new_size);
    apl_tree_proof proof = {.count = 0};
    uint64_t begin = 0, end = new_size;
    /* The old tree's own root is known to the verifier as long as we only went left. */
    bool root_is_known = true;
    apl_rc rc = APL_OK;
    while (!rc && old_size && old_size < end) {
        uint64_t middle = begin + split_of(end - begin);
        if (old_size <= middle) {
            rc = add_range(leaves, middle, end, &proof, err);
            end = middle;
        } else {
            rc = add_range(leaves, begin, middle, &proof, err);
            begin = middle;
            root_is_known = false;
        }
    }
    if (!rc && old_size && !root_is_known)
        rc = add_range(leaves, begin, end, &proof, err);
    if (rc)
        return rc;
    reverse(&proof);
    *out_proof = proof;
    return APL_OK;
}

bool apl_tree_verify_inclusion(const apl_tree_hash *leaf, uint64_t index, uint64_t size,
                               const apl_tree_proof *proof, const apl_tree_hash *root)
{
    if (index >= size || proof->count > APL_TREE_LEVELS)
        return false;
    uint64_t fn = index, sn = size - 1;
    apl_tree_hash r = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (!sn)
            return false;
        if (fn & 1 || fn == sn) {
            r = apl_tree_node(&proof->path[i], &r);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = apl_tree_node(&r, &proof->path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return !sn && apl_tree_hash_equal(&r, root);
}

/* The loop of RFC 9162 section 2.1.4.2, steps 4 to 6, with `first` as the first value of the path. */
static bool fold_consistency(uint64_t fn, uint64_t sn, apl_tree_hash first,
                             const apl_tree_hash *path, size_t count, apl_tree_hash out_roots[2])
{
    apl_tree_hash fr = first, sr = first;
    for (size_t i = 0; i < count; i++) {
        if (!sn)
            return false;
        if (fn & 1 || fn == sn) {
            fr = apl_tree_node(&path[i], &fr);
            sr = apl_tree_node(&path[i], &sr);
            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = apl_tree_node(&sr, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    out_roots[0] = fr;
    out_roots[1] = sr;
    return !sn;
}

bool apl_tree_verify_consistency(uint64_t old_size, const apl_tree_hash *old_root,
                                 uint64_t new_size, const apl_tree_hash *new_root,
                                 const apl_tree_proof *proof)
{
    if (old_size > new_size || proof->count > APL_TREE_LEVELS + 1)
        return false;
    if (!old_size) {
        apl_tree empty = {.size = 0};
        apl_tree_hash root = apl_tree_root(&empty);
        return !proof->count && apl_tree_hash_equal(old_root, &root) &&
               (new_size || apl_tree_hash_equal(new_root, &root));
    }
    if (old_size == new_size)
        return !proof->count && apl_tree_hash_equal(old_root, new_root);
    if (!proof->count)
        return false;
    uint64_t fn = old_size - 1, sn = new_size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    bool whole = (old_size & (old_size - 1)) == 0;
    size_t used = whole ? 0 : 1;
    apl_tree_hash roots[2];
    return fold_consistency(fn, sn, whole ? *old_root : proof->path[0], proof->path + used,
                            proof->count - used, roots) &&
           apl_tree_hash_equal(&roots[0], old_root) && apl_tree_hash_equal(&roots[1], new_root);
}
