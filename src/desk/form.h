/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake form: a call, a visit, a letter, written down by a person. It becomes a post like any other and, when we said
 * something there and then, a reply. Without a case, author and contact decide which conversation it goes on with.
 */
#ifndef APL_DESK_FORM_H
#define APL_DESK_FORM_H

#include "desk/batch.h"

typedef struct apl_form {
    apl_post_kind kind;
    apl_span author_name, author_contact; /* contact may be empty */
    apl_span text, title, company;
    int rating_x10;
    apl_time_us at_us;
    int64_t case_id; /* 0 = none named */
    bool has_reply;
    apl_span reply_text;
    apl_time_us reply_at_us;
    apl_span user_name; /* who writes it down */
} apl_form;

/* Post and perhaps reply, checked, with the channel they go into; texts live in the arena. APL_E_NOT_FOUND: no such case. */
typedef struct apl_form_posts {
    apl_channel_row channel;
    apl_batch_item items[2];
    size_t count;
} apl_form_posts;
apl_rc apl_form_read(apl_desk *desk, const apl_form *form, apl_arena *arena,
                     apl_form_posts *out_posts, apl_err *err) MUST_USE;

#endif
