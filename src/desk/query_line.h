/* SPDX-License-Identifier: Apache-2.0 */
/* What the query files share; nobody else includes it. */
#ifndef APL_DESK_QUERY_LINE_H
#define APL_DESK_QUERY_LINE_H

#include "desk/query.h"

/* lines[i] gets the case ids[i]; one that is not there leaves its line as it is. */
apl_rc apl_case_lines_fill(apl_desk *desk, const int64_t *ids, size_t count, apl_arena *arena,
                           apl_case_line *lines, apl_err *err) MUST_USE;
/* Ids of the cases of a search, from the given place on; see apl_case_list. */
apl_rc apl_case_search(apl_desk *desk, const apl_case_filter *filter, apl_arena *arena,
                       apl_case_page *out_page, apl_err *err) MUST_USE;
/* True when the case belongs into the list; APL_VIEW_DUE_SOON looks at its clock. */
bool apl_case_line_passes(const apl_case_filter *filter, const apl_case_line *line);

#endif
