/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a workspace's own facts. */
#ifndef APL_DESK_WORKSPACE_H
#define APL_DESK_WORKSPACE_H

#include "desk/desk.h"

typedef struct apl_workspace_change {
    apl_span name; /* empty = keep */
    apl_span zone; /* empty = keep */
    bool mark_demo;
} apl_workspace_change;

/*
 * Changes the row, and with name or zone also DIR/policy/workspace.yaml and calendars, which are where the policy takes
 * them from; then publishes. The desk must be open for writing.
 */
apl_rc apl_workspace_set(apl_desk *desk, const apl_workspace_change *change, apl_err *err) MUST_USE;

#endif
