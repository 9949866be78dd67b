/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: the lines origin, size, base64 of the root, then extensions; see note.h.
 * Tests: tests/unit/ledger/test_note.c
 */
#include "ledger/note.h"

#include "crypto/encode.h"

static apl_rc malformed(apl_err *err, const char *what)
{
    return apl_err_set(err, APL_E_INVALID, "not a checkpoint: %s", what);
}

static bool is_extension(apl_span lines)
{
    bool at_start = true;
    for (size_t i = 0; i < lines.len; i++) {
        if (at_start && lines.ptr[i] == '\n')
            return false;
        at_start = lines.ptr[i] == '\n';
    }
    return at_start;
}

static apl_rc check(const apl_checkpoint *checkpoint, apl_err *err)
{
    if (!checkpoint->origin.len || apl_span_find_byte(checkpoint->origin, '\n') != SIZE_MAX)
        return malformed(err, "the origin is one line");
    if (!is_extension(checkpoint->extension))
        return malformed(err, "an extension is whole, non-empty lines");
    return APL_OK;
}

apl_rc apl_checkpoint_format(const apl_checkpoint *checkpoint, apl_buf *out, apl_err *err)
{
    apl_rc rc = check(checkpoint, err);
    if (rc)
        return rc;
    char root[APL_BASE64_STD_TEXT_BYTES(APL_SHA256_BYTES)];
    apl_base64_encode((apl_span){(const char *)checkpoint->root.bytes, APL_SHA256_BYTES},
                      APL_BASE64_STD, root);
    rc = apl_buf_add(out, checkpoint->origin, err);
    if (!rc)
        rc = apl_buf_addf(out, err, "\n%llu\n%s\n", (unsigned long long)checkpoint->size, root);
    return rc ? rc : apl_buf_add(out, checkpoint->extension, err);
}

/* Decimal without sign and leading zeros, below 2^63. */
static bool parse_size(apl_span text, uint64_t *out_size)
{
    int64_t size;
    bool plain = text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9' &&
                 (text.len == 1 || text.ptr[0] != '0');
    if (!plain || apl_span_parse_i64(text, &size, NULL))
        return false;
    *out_size = (uint64_t)size;
    return true;
}

apl_rc apl_checkpoint_parse(apl_span text, apl_checkpoint *out_checkpoint, apl_err *err)
{
    apl_checkpoint made = {.size = 0};
    apl_span rest = text, size, root;
    if (!text.len || text.ptr[text.len - 1] != '\n')
        return malformed(err, "it ends without a line break");
    if (!apl_span_split(&rest, '\n', &made.origin) || !apl_span_split(&rest, '\n', &size) ||
        !apl_span_split(&rest, '\n', &root))
        return malformed(err, "expected the lines origin, size, root");
    made.extension = rest;
    if (!parse_size(size, &made.size))
        return malformed(err, "the size is a decimal number");
    if (apl_base64_decode_exact(root, APL_BASE64_STD, made.root.bytes, APL_SHA256_BYTES, NULL))
        return malformed(err, "the root is 32 bytes in base64");
    apl_rc rc = check(&made, err);
    if (!rc)
        *out_checkpoint = made;
    return rc;
}

apl_rc apl_checkpoint_sign(const apl_checkpoint *checkpoint, const apl_note_signer *signers,
                           size_t count, apl_buf *out, apl_err *err)
{
    APL_AUTO(apl_buf) text = APL_BUF(APL_NOTE_MAX_BYTES);
    apl_rc rc = apl_checkpoint_format(checkpoint, &text, err);
    return rc ? rc : apl_note_sign(apl_buf_view(&text), signers, count, out, err);
}

apl_rc apl_checkpoint_open(apl_span note, const apl_note_key *keys, size_t count,
                           apl_checkpoint *out_checkpoint, apl_err *err)
{
    apl_span text;
    apl_rc rc = apl_note_open(note, keys, count, &text, NULL, err);
    return rc ? rc : apl_checkpoint_parse(text, out_checkpoint, err);
}
