/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks share. Private to doctor*.c. */
#ifndef APL_DESK_DOCTOR_INTERNAL_H
#define APL_DESK_DOCTOR_INTERNAL_H

#include "desk/doctor.h"
#include "desk/verify_open.h"

typedef struct apl_doctor {
    const apl_desk_env *env;
    const char *dir;
    const char *store_url;
    apl_doctor_report *report;
    bool is_ours;   /* the folder is a data directory */
    bool has_store; /* plain is open */
    apl_plain plain;
} apl_doctor;

/* A new line of the report, ok until it is told otherwise. */
apl_check *apl_doctor_check(apl_doctor *d, const char *name, const char *fmt, ...) APL_PRINTF(3, 4);
void apl_check_set(apl_check *check, apl_check_status status, const char *fix_fmt, ...)
    APL_PRINTF(3, 4);
/* A line from an error: its sentence, place and fix. */
void apl_doctor_error(apl_doctor *d, const char *name, apl_check_status status, const apl_err *err);

/* On the store; only when it is open (doctor_store.c). */
void apl_doctor_store(apl_doctor *d);

#endif
