/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the company stands with its customers, from the cases whose first customer post lies in a span of time.
 *
 * conversation: a case with a customer's post. answered: an own turn at or after that post. first response: from the
 * post to that turn. median: the middle one, the mean of the middle two; p90: the nearest rank (ceil(0.9 n)).
 * within the limit: by the first-response rule of the policy named "standard" (R5), whatever the post was judged to be.
 * same day: the local day of that rule's calendar.
 */
#ifndef APL_PULSE_REPORT_H
#define APL_PULSE_REPORT_H

#include "desk/desk.h"
#include "json/writer.h"

enum { APL_REPORT_TOP_MAX = 10, APL_REPORT_GROUPS_MAX = 100 };

typedef struct apl_figures {
    int64_t customer_posts, conversations, answered, within_limit, same_day, complaints,
        unanswered_complaints;
    int64_t median_us, p90_us; /* of answered ones; -1 when there is none */
} apl_figures;

typedef struct apl_report_group {
    apl_span key;       /* company, or name of the channel */
    int64_t channel_id; /* 0 for a company */
    apl_figures figures;
} apl_report_group;

typedef struct apl_report_top {
    int64_t case_id, urgency; /* millionths */
    apl_time_us posted_us, reply_us;
    apl_span author, text, why, company;
} apl_report_top;

typedef struct apl_report {
    apl_time_us since_us, until_us; /* APL_TIME_NONE: open */
    apl_figures figures;
    apl_report_group *companies,
        *channels; /* most conversations first, at most APL_REPORT_GROUPS_MAX */
    size_t company_count, channel_count;
    apl_report_top top[APL_REPORT_TOP_MAX];
    size_t top_count;
} apl_report;

/* Texts and groups live in the arena. since/until: APL_TIME_NONE = no bound. */
apl_rc apl_report_make(apl_desk *desk, apl_time_us since_us, apl_time_us until_us, apl_arena *arena,
                       apl_report *out_report, apl_err *err) MUST_USE;
/* The object `Report` of the API; by: "company", "channel" or NULL (no groups). */
void apl_report_write(const apl_report *report, const char *by, apl_json_writer *w);
/* The object that `aplomb report --json` prints: the same, with both kinds of groups. */
void apl_report_write_all(const apl_report *report, apl_json_writer *w);

#endif
