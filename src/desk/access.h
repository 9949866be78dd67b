/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what. One table of roles and permissions, one function that asks it; every way in (HTTP, live events, the
 * command line over the local socket) goes through it.
 */
#ifndef APL_DESK_ACCESS_H
#define APL_DESK_ACCESS_H

#include "desk/tx.h"

typedef enum apl_role {
    APL_ROLE_OWNER = 0, /* everything */
    APL_ROLE_AGENT,     /* works on cases */
    APL_ROLE_READER,    /* looks only */
    APL_ROLE_COUNT
} apl_role;

typedef enum apl_permission {
    APL_MAY_READ_CASES = 0,
    APL_MAY_WRITE_CASES,
    APL_MAY_WRITE_INTAKE,
    APL_MAY_WRITE_IMPORTS,
    APL_MAY_READ_REPORT,
    APL_MAY_READ_LEDGER,
    APL_MAY_READ_CHANNELS,
    APL_MAY_WRITE_CHANNELS,
    APL_MAY_READ_USERS,
    APL_MAY_WRITE_USERS,
    APL_MAY_WRITE_POLICY,
    APL_PERMISSION_COUNT
} apl_permission;

/* Somebody who asks. The owner of the data directory at the command line is {"cli", 0} with the role owner. */
typedef struct apl_caller {
    apl_actor actor; /* as the ledger names them: "user" 3, "local" 0 */
    apl_role role;
} apl_caller;
#define APL_CALLER_LOCAL ((apl_caller){{"cli", 0}, APL_ROLE_OWNER})

/* "owner"; NULL for an unknown one. */
const char *apl_role_name(apl_role role);
apl_rc apl_role_parse(apl_span text, apl_role *out_role, apl_err *err) MUST_USE;
/* "case.read". */
const char *apl_permission_name(apl_permission permission);
bool apl_access_has(const apl_caller *caller, apl_permission permission);
/* APL_E_DENIED tells what is missing and whom to ask. */
apl_rc apl_access_check(const apl_caller *caller, apl_permission permission, apl_err *err) MUST_USE;
/* The id for columns that name a user: 0 for the local owner and the program itself. */
int64_t apl_caller_user_id(const apl_caller *caller);

#endif
