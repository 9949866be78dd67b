/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post in; labels, scores, urgency and reasons out. Pure: no clock, no files, no database; the same post and the same
 * term lists give the same assessment on every machine.
 *
 * apl_triage is immutable once made and shared by all threads; each thread has one apl_triage_worker. A post costs no
 * allocation once the worker's buffers have grown to the longest text seen.
 */
#ifndef APL_TRIAGE_TRIAGE_H
#define APL_TRIAGE_TRIAGE_H

#include "base/mem.h"
#include "text/assessment.h"
#include "text/terms.h"

typedef struct apl_triage apl_triage;
typedef struct apl_triage_worker apl_triage_worker;

enum { APL_TRIAGE_RATING_NONE = -1 };

/* Borrowed; text and title are valid UTF-8 of at most 64 KiB each. Start from APL_TRIAGE_IN_INIT. */
typedef struct apl_triage_in {
    apl_span text;
    apl_span title;
    int rating_x10;  /* stars × 10 of five, or APL_TRIAGE_RATING_NONE */
    bool is_private; /* message, mail, call: only the firm and the customer see it */
    bool is_review;
    bool is_notice;     /* from a regulator or an association (BBB): always a complaint */
    bool is_own;        /* the firm's own turn: language and reasons, but never a complaint */
    apl_span lang_hint; /* BCP 47 as the network says; empty = find out */
    int64_t reach;      /* followers or views; 0 = unknown */
    int64_t echo_count; /* reposts and the like; 0 = unknown */
} apl_triage_in;
#define APL_TRIAGE_IN_INIT ((apl_triage_in){.rating_x10 = APL_TRIAGE_RATING_NONE})

/*
 * Compiles the lists (copied; at most APL_TERM_LISTS_MAX; list i is bit i of apl_assessment.lists). APL_E_INVALID names
 * file, line and term.
 */
apl_rc apl_triage_new(const apl_term_list *lists, size_t count, apl_triage **out_triage,
                      apl_err *err) MUST_USE;
/* After every worker is freed. Reasons of assessments point to its list names. */
void apl_triage_free(apl_triage *triage);
apl_rc apl_triage_worker_new(const apl_triage *triage, apl_triage_worker **out_worker,
                             apl_err *err) MUST_USE;
void apl_triage_worker_free(apl_triage_worker *worker);

apl_rc apl_triage_run(apl_triage_worker *worker, const apl_triage_in *in,
                      apl_assessment *out_assessment, apl_err *err) MUST_USE;
/* A bare text: no rating, no kind, no reach. */
apl_rc apl_triage_run_text(apl_triage_worker *worker, apl_span text, apl_assessment *out_assessment,
                           apl_err *err) MUST_USE;
/* Number and names of the lists; i < count. */
size_t apl_triage_list_count(const apl_triage *triage);
const char *apl_triage_list_name(const apl_triage *triage, size_t i);

#endif
