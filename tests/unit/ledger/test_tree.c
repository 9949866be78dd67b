/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree against the known answers of Certificate Transparency's own tests (RFC 6962, same hashing as RFC 9162) and
 * against the recursive definition; every proof of every small tree; damaged proofs; the stored edge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/encode.h"
#include "ledger/tree.h"

#include <string.h>

static const char *const entries[] = {"",
                                      "00",
                                      "10",
                                      "2021",
                                      "3031",
                                      "40414243",
                                      "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f"};
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void assert_hash(const apl_tree_hash *hash, const char *want)
{
    char text[APL_HEX_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_hex_encode((apl_span){(const char *)hash->bytes, APL_SHA256_BYTES}, text);
    assert_string_equal(text, want);
}

static apl_tree_hash known_leaf(size_t i)
{
    uint8_t bytes[16];
    size_t len = 0;
    assert_int_equal(apl_hex_decode(apl_span_of(entries[i]), bytes, sizeof bytes, &len, NULL),
                     APL_OK);
    return apl_tree_leaf((apl_span){(const char *)bytes, len});
}

static apl_rc get_known(void *ctx, uint64_t index, apl_tree_hash *out_leaf, apl_err *err)
{
    (void)err;
    ++*(size_t *)ctx;
    *out_leaf = known_leaf((size_t)index);
    return APL_OK;
}

static void test_known_roots(void **state)
{
    (void)state;
    apl_tree tree;
    apl_tree_init(&tree);
    for (size_t i = 0;; i++) {
        apl_tree_hash root = apl_tree_root(&tree);
        assert_hash(&root, roots[i]);
        if (i == 8)
            break;
        apl_tree_hash leaf = known_leaf(i);
        apl_tree_append(&tree, &leaf);
    }
}

/* Paths published with the same tests. */
static void test_known_proofs(void **state)
{
    (void)state;
    static const struct {
        uint64_t a, b; /* leaf and size; old and new size */
        bool is_inclusion;
        const char *path[4];
    } known[] = {
        {0,
         8,
         true,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {5,
         8,
         true,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2, 3, true, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {1,
         5,
         true,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
        {1,
         8,
         false,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {6,
         8,
         false,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2,
         5,
         false,
         {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t reads = 0, count = 0;
        apl_tree_leaves leaves = {get_known, &reads};
        apl_tree_proof proof;
        apl_rc rc = known[i].is_inclusion
                        ? apl_tree_prove_inclusion(&leaves, known[i].a, known[i].b, &proof, NULL)
                        : apl_tree_prove_consistency(&leaves, known[i].a, known[i].b, &proof, NULL);
        assert_int_equal(rc, APL_OK);
        while (count < 4 && known[i].path[count])
            count++;
        assert_int_equal(proof.count, count);
        for (size_t k = 0; k < count; k++)
            assert_hash(&proof.path[k], known[i].path[k]);
        if (known[i].is_inclusion)
            assert_int_equal(reads, known[i].b - 1);
    }
}

enum { LEAVES = 70 };
static apl_tree_hash many[LEAVES];

static apl_rc get_many(void *ctx, uint64_t index, apl_tree_hash *out_leaf, apl_err *err)
{
    if (ctx && index == *(uint64_t *)ctx)
        return apl_err_set(err, APL_E_IO, "disk");
    *out_leaf = many[index];
    return APL_OK;
}

/* MTH of RFC 9162 section 2.1.1, word by word. */
static apl_tree_hash definition(size_t begin, size_t end)
{
    if (end - begin == 1)
        return many[begin];
    size_t k = 1;
    while (k * 2 < end - begin)
        k *= 2;
    apl_tree_hash left = definition(begin, begin + k), right = definition(begin + k, end);
    return apl_tree_node(&left, &right);
}

static void check_inclusion(uint64_t index, uint64_t size)
{
    apl_tree_leaves leaves = {get_many, NULL};
    apl_tree_proof proof;
    apl_tree_hash root = definition(0, size);
    assert_int_equal(apl_tree_prove_inclusion(&leaves, index, size, &proof, NULL), APL_OK);
    assert_true(apl_tree_verify_inclusion(&many[index], index, size, &proof, &root));
    assert_false(
        apl_tree_verify_inclusion(&many[(index + 1) % LEAVES], index, size, &proof, &root));
    for (uint64_t other = 0; other < size + 2; other++)
        if (other != index)
            assert_false(apl_tree_verify_inclusion(&many[index], other, size, &proof, &root));
    assert_false(apl_tree_verify_inclusion(&many[index], index, index, &proof, &root));
    for (size_t k = 0; k < proof.count; k++) {
        proof.path[k].bytes[k % 32] ^= 1;
        assert_false(apl_tree_verify_inclusion(&many[index], index, size, &proof, &root));
        proof.path[k].bytes[k % 32] ^= 1;
    }
    proof.path[proof.count++] = root;
    assert_false(apl_tree_verify_inclusion(&many[index], index, size, &proof, &root));
    if (proof.count > 1) {
        proof.count -= 2;
        assert_false(apl_tree_verify_inclusion(&many[index], index, size, &proof, &root));
    }
}

static void check_consistency(uint64_t old_size, uint64_t new_size)
{
    apl_tree_leaves leaves = {get_many, NULL};
    apl_tree_proof proof;
    apl_tree_hash a = definition(0, old_size), b = definition(0, new_size), wrong = a;
    assert_int_equal(apl_tree_prove_consistency(&leaves, old_size, new_size, &proof, NULL), APL_OK);
    assert_true(apl_tree_verify_consistency(old_size, &a, new_size, &b, &proof));
    wrong.bytes[31] ^= 1;
    assert_false(apl_tree_verify_consistency(old_size, &wrong, new_size, &b, &proof));
    assert_false(apl_tree_verify_consistency(old_size, &a, new_size, &wrong, &proof));
    if (old_size < new_size)
        assert_false(apl_tree_verify_consistency(new_size, &b, old_size, &a, &proof));
    for (size_t k = 0; k < proof.count; k++) {
        proof.path[k].bytes[k % 32] ^= 1;
        assert_false(apl_tree_verify_consistency(old_size, &a, new_size, &b, &proof));
        proof.path[k].bytes[k % 32] ^= 1;
    }
    if (proof.count) {
        proof.count--;
        assert_false(apl_tree_verify_consistency(old_size, &a, new_size, &b, &proof));
        proof.count++;
    }
    proof.path[proof.count++] = a;
    assert_false(apl_tree_verify_consistency(old_size, &a, new_size, &b, &proof));
}

static void test_all_small_trees(void **state)
{
    (void)state;
    apl_tree tree;
    apl_tree_init(&tree);
    for (size_t i = 0; i < LEAVES; i++) {
        char text[2] = {(char)i, 'x'};
        many[i] = apl_tree_leaf((apl_span){text, 2});
    }
    for (uint64_t size = 1; size <= LEAVES; size++) {
        apl_tree_append(&tree, &many[size - 1]);
        apl_tree_hash root = apl_tree_root(&tree), want = definition(0, size);
        assert_true(apl_tree_hash_equal(&root, &want));
        for (uint64_t i = 0; i < size; i++) {
            check_inclusion(i, size);
            check_consistency(i + 1, size);
        }
    }
}

static void test_edges(void **state)
{
    (void)state;
    uint64_t broken = 5;
    apl_tree_leaves leaves = {get_many, NULL}, failing = {get_many, &broken};
    apl_tree_proof proof = {.count = 0}, kept = {.count = 9};
    apl_tree empty;
    apl_tree_init(&empty);
    apl_tree_hash none = apl_tree_root(&empty), root = definition(0, 9);
    assert_int_equal(apl_tree_prove_inclusion(&leaves, 3, 3, &kept, NULL), APL_E_INVALID);
    assert_int_equal(apl_tree_prove_inclusion(&leaves, 0, 0, &kept, NULL), APL_E_INVALID);
    assert_int_equal(apl_tree_prove_consistency(&leaves, 4, 3, &kept, NULL), APL_E_INVALID);
    apl_err err = {0};
    assert_int_equal(apl_tree_prove_inclusion(&failing, 3, 9, &kept, &err), APL_E_IO);
    assert_non_null(strstr(err.what, "entry 5"));
    assert_int_equal(apl_tree_prove_consistency(&failing, 3, 9, &kept, NULL), APL_E_IO);
    assert_int_equal(kept.count, 9);

    assert_int_equal(apl_tree_prove_consistency(&leaves, 0, 9, &proof, NULL), APL_OK);
    assert_int_equal(proof.count, 0);
    assert_true(apl_tree_verify_consistency(0, &none, 9, &root, &proof));
    assert_true(apl_tree_verify_consistency(0, &none, 0, &none, &proof));
    assert_false(apl_tree_verify_consistency(0, &root, 9, &root, &proof));
    assert_false(apl_tree_verify_consistency(0, &none, 0, &root, &proof));
    assert_false(apl_tree_verify_consistency(3, &root, 9, &root, &proof));
    kept.count = SIZE_MAX;
    assert_false(apl_tree_verify_consistency(3, &root, 9, &root, &kept));
    assert_false(apl_tree_verify_inclusion(&root, 3, 9, &kept, &root));
}

static void test_stored_edge(void **state)
{
    (void)state;
    apl_tree tree, back;
    apl_tree_init(&tree);
    for (size_t i = 0; i <= LEAVES; i++) {
        APL_AUTO(apl_buf) blob = APL_BUF(APL_TREE_BLOB_MAX_BYTES);
        assert_int_equal(apl_tree_format(&tree, &blob, NULL), APL_OK);
        assert_int_equal(blob.len, 8 + 32 * (size_t)__builtin_popcountll(i));
        assert_int_equal(apl_tree_parse(apl_buf_view(&blob), &back, NULL), APL_OK);
        assert_int_equal(back.size, i);
        apl_tree_hash a = apl_tree_root(&tree), b = apl_tree_root(&back);
        assert_true(apl_tree_hash_equal(&a, &b));
        for (size_t cut = 0; cut < blob.len; cut++)
            assert_int_equal(apl_tree_parse((apl_span){blob.ptr, cut}, &back, NULL), APL_E_CORRUPT);
        if (i < LEAVES) {
            apl_tree_append(&tree, &many[i]);
            apl_tree_append(&back, &many[i]);
        }
    }
    assert_int_equal(apl_tree_parse(APL_SPAN("\0\0\0\0\0\0\0\0\0"), &back, NULL), APL_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_roots),     cmocka_unit_test(test_known_proofs),
        cmocka_unit_test(test_all_small_trees), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_stored_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
