/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes; see note.h. A note is text, an empty line, and lines "— name base64(key id || signature)"; the
 * signatures are over the text with its last line break. Tests: tests/unit/ledger/test_note.c
 */
#include "ledger/note.h"

#include "base/utf8.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

enum {
    ALGORITHM_ED25519 = 1,
    TYPED_KEY_BYTES = 1 + APL_ED25519_PUBLIC_BYTES,
    ID_BYTES = 4,
    SIGNED_BYTES = ID_BYTES + APL_ED25519_SIGNATURE_BYTES,
};

_Static_assert(APL_NOTE_KEY_TEXT_BYTES >= sizeof "PRIVATE+KEY++12345678+" +
                                              APL_NOTE_NAME_MAX_BYTES +
                                              APL_BASE64_STD_TEXT_BYTES(TYPED_KEY_BYTES),
               "room for any key");

#define SIGNATURE_START "\xE2\x80\x94 "

static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static bool is_name(apl_span name)
{
    if (!name.len || name.len > APL_NOTE_NAME_MAX_BYTES || !apl_utf8_is_valid(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        uint32_t c = apl_utf8_next(name, &at);
        if (c == '+' || c < 0x20 || is_space(c))
            return false;
    }
    return true;
}

static uint32_t be32(const uint8_t bytes[ID_BYTES])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static apl_rc key_init(apl_note_key *key, apl_span name,
                       const uint8_t public_key[APL_ED25519_PUBLIC_BYTES], apl_err *err)
{
    if (!is_name(name))
        return apl_err_set(err, APL_E_INVALID,
                           "a key's name has 1 to %d bytes without white space and '+'",
                           APL_NOTE_NAME_MAX_BYTES);
    uint8_t hash[APL_SHA256_BYTES];
    apl_sha256 state;
    apl_sha256_init(&state);
    apl_sha256_add(&state, name);
    apl_sha256_add(&state, APL_SPAN("\n\x01"));
    apl_sha256_add(&state, (apl_span){(const char *)public_key, APL_ED25519_PUBLIC_BYTES});
    apl_sha256_finish(&state, hash);
    memset(key, 0, sizeof *key);
    memcpy(key->name, name.ptr, name.len);
    key->id = be32(hash);
    memcpy(key->public_key, public_key, APL_ED25519_PUBLIC_BYTES);
    return APL_OK;
}

apl_rc apl_note_signer_init(apl_note_signer *signer, apl_span name,
                            const uint8_t seed[APL_ED25519_SEED_BYTES], apl_err *err)
{
    apl_note_signer made;
    apl_ed25519_from_seed(seed, &made.pair);
    apl_rc rc = key_init(&made.key, name, made.pair.public_key, err);
    if (!rc)
        *signer = made;
    apl_secret_wipe(&made, sizeof made);
    return rc;
}

/* name+hash+base64(0x01 || 32 bytes) */
static apl_rc parse_key_text(apl_span text, apl_span *out_name, uint32_t *out_id,
                             uint8_t out_key[APL_ED25519_PUBLIC_BYTES], apl_err *err)
{
    apl_span rest = text, name, hash;
    uint8_t id[ID_BYTES], typed[TYPED_KEY_BYTES];
    size_t len = 0;
    apl_rc rc = APL_OK;
    if (!apl_span_split(&rest, '+', &name) || !apl_span_split(&rest, '+', &hash) ||
        apl_hex_decode(hash, id, sizeof id, &len, NULL) || len != sizeof id ||
        apl_base64_decode_exact(rest, APL_BASE64_STD, typed, sizeof typed, NULL))
        rc = apl_err_set(err, APL_E_INVALID, "not a key; expected name+hash+base64");
    else if (typed[0] != ALGORITHM_ED25519)
        rc =
            apl_err_set(err, APL_E_UNSUPPORTED, "a key of type %d; Ed25519 (1) is known", typed[0]);
    if (!rc) {
        *out_name = name;
        *out_id = be32(id);
        memcpy(out_key, typed + 1, APL_ED25519_PUBLIC_BYTES);
    }
    apl_secret_wipe(typed, sizeof typed);
    return rc;
}

apl_rc apl_note_key_parse(apl_span text, apl_note_key *out_key, apl_err *err)
{
    apl_span name;
    uint32_t id;
    apl_note_key key;
    uint8_t public_key[APL_ED25519_PUBLIC_BYTES];
    apl_rc rc = parse_key_text(text, &name, &id, public_key, err);
    if (!rc)
        rc = key_init(&key, name, public_key, err);
    if (!rc && key.id != id)
        rc = apl_err_set(err, APL_E_INVALID, "the key's hash does not fit its name and bytes");
    if (!rc)
        *out_key = key;
    return rc;
}

apl_rc apl_note_signer_parse(apl_span text, apl_note_signer *out_signer, apl_err *err)
{
    apl_span prefix = APL_SPAN("PRIVATE+KEY+"), name;
    uint32_t id;
    uint8_t seed[APL_ED25519_SEED_BYTES];
    apl_note_signer made;
    if (!apl_span_starts(text, prefix))
        return apl_err_set(err, APL_E_INVALID, "not a private key; expected PRIVATE+KEY+…");
    apl_rc rc = parse_key_text(apl_span_sub(text, prefix.len, text.len), &name, &id, seed, err);
    if (!rc)
        rc = apl_note_signer_init(&made, name, seed, err);
    if (!rc && made.key.id != id)
        rc = apl_err_set(err, APL_E_INVALID, "the key's hash does not fit its name and bytes");
    if (!rc)
        *out_signer = made;
    apl_secret_wipe(seed, sizeof seed);
    apl_secret_wipe(&made, sizeof made);
    return rc;
}

static void format_key(const char *prefix, const apl_note_key *key, const uint8_t *bytes,
                       char out[APL_NOTE_KEY_TEXT_BYTES])
{
    uint8_t typed[TYPED_KEY_BYTES] = {ALGORITHM_ED25519};
    char base64[APL_BASE64_STD_TEXT_BYTES(TYPED_KEY_BYTES)];
    memcpy(typed + 1, bytes, APL_ED25519_PUBLIC_BYTES);
    apl_base64_encode((apl_span){(const char *)typed, sizeof typed}, APL_BASE64_STD, base64);
    (void)snprintf(out, APL_NOTE_KEY_TEXT_BYTES, "%s%s+%08x+%s", prefix, key->name,
                   (unsigned)key->id, base64);
    apl_secret_wipe(typed, sizeof typed);
    apl_secret_wipe(base64, sizeof base64);
}

void apl_note_key_format(const apl_note_key *key, char out[APL_NOTE_KEY_TEXT_BYTES])
{
    format_key("", key, key->public_key, out);
}

void apl_note_signer_format(const apl_note_signer *signer, char out[APL_NOTE_KEY_TEXT_BYTES])
{
    /* libsodium's secret key starts with the seed. */
    format_key("PRIVATE+KEY+", &signer->key, signer->pair.secret, out);
}

/* Valid UTF-8 without control characters but line breaks. */
static bool is_note_text(apl_span text)
{
    if (!apl_utf8_is_valid(text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\n')
            return false;
    return true;
}

apl_rc apl_note_sign(apl_span text, const apl_note_signer *signers, size_t count, apl_buf *out,
                     apl_err *err)
{
    if (!is_note_text(text) || !text.len || text.ptr[text.len - 1] != '\n')
        return apl_err_set(err, APL_E_INVALID,
                           "a note is lines of UTF-8, each with its line break");
    apl_rc rc = apl_buf_add(out, text, err);
    if (!rc)
        rc = apl_buf_add_byte(out, '\n', err);
    for (size_t i = 0; !rc && i < count; i++) {
        const apl_note_key *key = &signers[i].key;
        uint8_t bytes[SIGNED_BYTES];
        char base64[APL_BASE64_STD_TEXT_BYTES(SIGNED_BYTES)];
        for (unsigned k = 0; k < ID_BYTES; k++)
            bytes[k] = (uint8_t)(key->id >> (24 - 8 * k));
        apl_ed25519_sign(&signers[i].pair, text, bytes + ID_BYTES);
        apl_base64_encode((apl_span){(const char *)bytes, sizeof bytes}, APL_BASE64_STD, base64);
        rc = apl_buf_addf(out, err, SIGNATURE_START "%s %s\n", key->name, base64);
    }
    return rc;
}

/* One line without its break. APL_E_INVALID when it is none; *out_len is the length of key id and signature. */
static bool parse_signature(apl_span line, apl_span *out_name, uint8_t *out, size_t out_bytes,
                            size_t *out_len)
{
    apl_span start = APL_SPAN(SIGNATURE_START);
    if (!apl_span_starts(line, start))
        return false;
    apl_span rest = apl_span_sub(line, start.len, line.len);
    return apl_span_split(&rest, ' ', out_name) && is_name(*out_name) &&
           !apl_base64_decode(rest, APL_BASE64_STD, out, out_bytes, out_len, NULL) &&
           *out_len > ID_BYTES;
}

static bool verify_one(const apl_note_key *key, apl_span text, const uint8_t *signature, size_t len)
{
    return len == SIGNED_BYTES && apl_ed25519_verify(key->public_key, text, signature + ID_BYTES);
}

/* Text, and the lines of signatures after the last empty line. */
static bool split_note(apl_span note, apl_span *out_text, apl_span *out_lines)
{
    if (note.len < 3 || note.ptr[note.len - 1] != '\n' || !is_note_text(note))
        return false;
    size_t at = note.len - 2;
    while (at && !(note.ptr[at] == '\n' && note.ptr[at - 1] == '\n'))
        at--;
    *out_text = apl_span_sub(note, 0, at);
    *out_lines = apl_span_sub(note, at + 1, note.len - at - 2);
    return at > 0 && out_lines->len > 0;
}

static apl_rc malformed(apl_err *err)
{
    return apl_err_set(err, APL_E_INVALID, "not a signed note");
}

apl_rc apl_note_open(apl_span note, const apl_note_key *keys, size_t count, apl_span *out_text,
                     uint64_t *out_signed_by, apl_err *err)
{
    apl_span text, lines, line, name;
    uint64_t signed_by = 0;
    size_t seen = 0, len = 0;
    /* Signatures of other kinds may be longer than ours. */
    uint8_t bytes[4096];
    if (note.len > APL_NOTE_MAX_BYTES || count > APL_NOTE_KEYS_MAX)
        return apl_err_set(err, APL_E_LIMIT, "note or list of keys too long");
    if (!split_note(note, &text, &lines))
        return malformed(err);
    while (apl_span_split(&lines, '\n', &line)) {
        if (++seen > APL_NOTE_SIGNATURES_MAX ||
            !parse_signature(line, &name, bytes, sizeof bytes, &len))
            return malformed(err);
        for (size_t i = 0; i < count; i++) {
            bool ours = keys[i].id == be32(bytes) && apl_span_is(name, keys[i].name);
            if (ours && !(signed_by >> i & 1) && !verify_one(&keys[i], text, bytes, len))
                return apl_err_set(err, APL_E_UNAUTH, "the signature of %s is wrong", keys[i].name);
            signed_by |= (uint64_t)ours << i;
        }
    }
    if (!signed_by)
        return apl_err_set(err, APL_E_UNAUTH, "the note is not signed by a key that is known here");
    *out_text = text;
    if (out_signed_by)
        *out_signed_by = signed_by;
    return APL_OK;
}
