/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look over the whole installation: each check by itself, so that one thing that is damaged hides no other. Changes
 * nothing and takes no lock.
 */
#ifndef APL_DESK_DOCTOR_H
#define APL_DESK_DOCTOR_H

#include "desk/desk.h"

typedef enum apl_check_status {
    APL_CHECK_OK = 0,
    APL_CHECK_WARNING,
    APL_CHECK_WRONG
} apl_check_status;

typedef struct apl_check {
    const char *name; /* a literal */
    apl_check_status status;
    char detail[360]; /* a sentence */
    char fix[300];    /* what to do; empty when nothing is to be done */
} apl_check;

enum { APL_CHECKS_MAX = 24 };

typedef struct apl_doctor_report {
    apl_check checks[APL_CHECKS_MAX];
    size_t count;
} apl_doctor_report;

/* "ok", "warning", "wrong". */
const char *apl_check_status_name(apl_check_status status);
/* True when any check is APL_CHECK_WRONG. */
bool apl_doctor_found_wrong(const apl_doctor_report *report);
void apl_doctor_run(const apl_desk_env *env, const char *dir, const char *store_url,
                    apl_doctor_report *out_report);

#endif
