/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes (c2sp.org/signed-note, as in Go's sumdb/note) with Ed25519, and checkpoints of the ledger's tree
 * (c2sp.org/tlog-checkpoint): text that anybody can verify without Aplomb.
 */
#ifndef APL_LEDGER_NOTE_H
#define APL_LEDGER_NOTE_H

#include "crypto/sign.h"
#include "ledger/tree.h"

enum {
    APL_NOTE_MAX_BYTES = 64 * 1024,
    APL_NOTE_NAME_MAX_BYTES = 127,
    APL_NOTE_KEYS_MAX = 64,
    APL_NOTE_SIGNATURES_MAX = 100,
    APL_NOTE_KEY_TEXT_BYTES = APL_NOTE_NAME_MAX_BYTES + 80, /* any key as text, with terminator */
};

/* Who may have signed. */
typedef struct apl_note_key {
    char name[APL_NOTE_NAME_MAX_BYTES + 1];
    uint32_t id; /* first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key) */
    uint8_t public_key[APL_ED25519_PUBLIC_BYTES];
} apl_note_key;

/* Who signs; wipe after use (apl_secret_wipe). */
typedef struct apl_note_signer {
    apl_note_key key;
    apl_ed25519_key pair;
} apl_note_signer;

/* name: UTF-8 without white space and '+', 1 to 127 bytes; for checkpoints the origin. */
apl_rc apl_note_signer_init(apl_note_signer *signer, apl_span name,
                            const uint8_t seed[APL_ED25519_SEED_BYTES], apl_err *err) MUST_USE;
/* "PRIVATE+KEY+name+hash+base64(0x01 || seed)". */
apl_rc apl_note_signer_parse(apl_span text, apl_note_signer *out_signer, apl_err *err) MUST_USE;
void apl_note_signer_format(const apl_note_signer *signer, char out[APL_NOTE_KEY_TEXT_BYTES]);
/* "name+hash+base64(0x01 || public key)": what is given to those who verify. */
apl_rc apl_note_key_parse(apl_span text, apl_note_key *out_key, apl_err *err) MUST_USE;
void apl_note_key_format(const apl_note_key *key, char out[APL_NOTE_KEY_TEXT_BYTES]);

/* Appends text, an empty line and a signature line per signer. text ends with a line break. */
apl_rc apl_note_sign(apl_span text, const apl_note_signer *signers, size_t count, apl_buf *out,
                     apl_err *err) MUST_USE;
/*
 * The text of a note that at least one of the keys signed; bit i of *out_signed_by (may be NULL) says that keys[i]
 * did. Signatures of others are ignored. APL_E_INVALID: malformed. APL_E_UNAUTH: none of the keys signed it, or a
 * signature in the name of one of them is wrong.
 */
apl_rc apl_note_open(apl_span note, const apl_note_key *keys, size_t count, apl_span *out_text,
                     uint64_t *out_signed_by, apl_err *err) MUST_USE;

typedef struct apl_checkpoint {
    apl_span origin; /* names the ledger: one line */
    uint64_t size;
    apl_tree_hash root;
    apl_span extension; /* further non-empty lines with their line breaks; usually empty */
} apl_checkpoint;

/* Appends the text of a checkpoint. APL_E_INVALID: origin or extension would break the lines. */
apl_rc apl_checkpoint_format(const apl_checkpoint *checkpoint, apl_buf *out, apl_err *err) MUST_USE;
/* Spans borrow from text. */
apl_rc apl_checkpoint_parse(apl_span text, apl_checkpoint *out_checkpoint, apl_err *err) MUST_USE;
/* Both at once: the signed checkpoint appended to out, and back; see apl_note_open. */
apl_rc apl_checkpoint_sign(const apl_checkpoint *checkpoint, const apl_note_signer *signers,
                           size_t count, apl_buf *out, apl_err *err) MUST_USE;
apl_rc apl_checkpoint_open(apl_span note, const apl_note_key *keys, size_t count,
                           apl_checkpoint *out_checkpoint, apl_err *err) MUST_USE;

#endif
