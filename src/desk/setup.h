/* SPDX-License-Identifier: Apache-2.0 */
/* The first things in a store: workspace, policy, import and intake channels; and what later openings check of them. */
#ifndef APL_DESK_SETUP_H
#define APL_DESK_SETUP_H

#include "desk/desk.h"

/* Reading: the workspace and its newest policy as they are. */
apl_rc apl_desk_adopt(apl_desk *desk, apl_err *err) MUST_USE;
/*
 * Writing: makes the workspace when the store is new, copies the shipped policy to DIR/policy when there is none, and
 * publishes DIR/policy when it differs from what is in force. A mistake in a policy file is an error and changes nothing.
 */
apl_rc apl_desk_set_up(apl_desk *desk, apl_err *err) MUST_USE;

/*
 * Writing, outside any transaction: publishes the policy folder as it is now. APL_E_INVALID names file, line and column, or
 * the folder when it is gone, and changes nothing. *out_published: false when it is what is in force.
 */
apl_rc apl_desk_publish(apl_desk *desk, int64_t user_id, bool *out_published,
                        apl_err *err) MUST_USE;

#endif
