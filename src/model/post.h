/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing that was said, as every way in (archive import, webhook, intake form, later the networks) hands it to
 * intake. Pure data: all spans are borrowed from the giver and valid during the call. Text is valid UTF-8 without NUL.
 */
#ifndef APL_MODEL_POST_H
#define APL_MODEL_POST_H

#include "base/time.h"

enum {
    APL_POST_TEXT_MAX_BYTES = 64 * 1024,
    APL_POST_ID_MAX_BYTES = 512,
    APL_POST_NAME_MAX_BYTES = 256,
    APL_POST_RAW_MAX_BYTES = 256 * 1024,
};

typedef enum apl_post_kind {
    APL_POST_KIND_POST = 0, /* public post of the author's own */
    APL_POST_KIND_COMMENT,  /* public answer to something */
    APL_POST_KIND_MENTION,
    APL_POST_KIND_REVIEW,
    APL_POST_KIND_MESSAGE, /* private: direct message */
    APL_POST_KIND_EMAIL,   /* private */
    APL_POST_KIND_CALL,    /* telephone note */
    APL_POST_KIND_VISIT,   /* face to face */
    APL_POST_KIND_LETTER,
    APL_POST_KIND_NOTICE, /* BBB and other regulators' or associations' notices */
    APL_POST_KIND_COUNT
} apl_post_kind;

typedef enum apl_post_event {
    APL_POST_EVENT_CREATE = 0,
    APL_POST_EVENT_EDIT, /* remote_id must be given; text is the new text, at_us when it was edited */
    APL_POST_EVENT_DELETE, /* remote_id must be given; at_us when it was deleted; text empty */
} apl_post_event;

enum { APL_POST_RATING_NONE = -1 };

typedef struct apl_post_in {
    apl_post_event event;
    apl_post_kind kind;
    bool is_own;        /* the company's own turn: becomes a reply */
    apl_span remote_id; /* the network's id; empty = use the content key (author, text, time) */
    apl_span revision;  /* the network's revision id; empty = the hash of the content */
    apl_span parent_id; /* remote id of what it answers; empty = none */
    apl_span
        author_id; /* the network's id of the author, else their handle; may be empty (anonymous) */
    apl_span author_name; /* display name; empty = author_id */
    apl_span text;
    apl_span title;     /* review headline, mail subject */
    apl_span company;   /* which of the firms or brands it is about; empty = find out */
    apl_span url;       /* permalink */
    apl_span lang;      /* BCP 47 as the network says; empty = unknown */
    int rating_x10;     /* stars × 10 on a scale of five (35 = 3.5 of 5); APL_POST_RATING_NONE */
    int64_t reach;      /* followers or views; 0 = unknown */
    int64_t echo_count; /* reposts, shares, "useful" votes; 0 = unknown */
    apl_time_us at_us;  /* when it was said (or edited, or deleted) */
    apl_span raw;       /* the payload as it came, any bytes up to APL_POST_RAW_MAX_BYTES */
} apl_post_in;

/* "post", "comment", … ; NULL for an unknown kind. */
const char *apl_post_kind_name(apl_post_kind kind);
/* APL_E_INVALID names the accepted words. */
apl_rc apl_post_kind_parse(apl_span text, apl_post_kind *out_kind, apl_err *err) MUST_USE;
/* True for what only the firm and the customer can see. */
bool apl_post_kind_is_private(apl_post_kind kind);
/* Bounds, UTF-8, no NUL, time range, what each event needs. Errors name the field. */
apl_rc apl_post_in_check(const apl_post_in *post, apl_err *err) MUST_USE;

#endif
