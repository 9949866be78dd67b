/* SPDX-License-Identifier: Apache-2.0 */
/* The table of roles and permissions; see access.h. Tests: tests/e2e/test_api_auth.py */
#include "desk/access.h"

#include "base/utf8.h"

#include <string.h>

#define BIT(permission) (1U << (unsigned)(permission))

static const unsigned all_bits = BIT(APL_PERMISSION_COUNT) - 1;
static const unsigned look_bits = BIT(APL_MAY_READ_CASES) | BIT(APL_MAY_READ_REPORT) |
                                  BIT(APL_MAY_READ_LEDGER) | BIT(APL_MAY_READ_CHANNELS) |
                                  BIT(APL_MAY_READ_USERS);

static const char *const role_names[APL_ROLE_COUNT] = {"owner", "agent", "reader"};
static const char *const permission_names[APL_PERMISSION_COUNT] = {
    "case.read",    "case.write",    "intake.write", "import.write", "report.read",  "ledger.read",
    "channel.read", "channel.write", "user.read",    "user.write",   "policy.write",
};
/* What somebody is told who may not. */
static const char *const permission_words[APL_PERMISSION_COUNT] = {
    "see cases",
    "change cases",
    "write down calls and visits",
    "import archives",
    "see the report",
    "see the ledger",
    "see channels",
    "add channels",
    "see people",
    "add people and make their sign-in links",
    "publish the policy",
};

static unsigned bits_of(apl_role role)
{
    switch (role) {
    case APL_ROLE_OWNER:
        return all_bits;
    case APL_ROLE_AGENT:
        return look_bits | BIT(APL_MAY_WRITE_CASES) | BIT(APL_MAY_WRITE_INTAKE);
    case APL_ROLE_READER:
        return look_bits;
    default:
        return 0;
    }
}

const char *apl_role_name(apl_role role)
{
    return (unsigned)role < APL_ROLE_COUNT ? role_names[role] : NULL;
}

apl_rc apl_role_parse(apl_span text, apl_role *out_role, apl_err *err)
{
    for (int i = 0; i < APL_ROLE_COUNT; i++) {
        if (apl_span_is(text, role_names[i])) {
            *out_role = (apl_role)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_INVALID, "\"%.*s\" is no role", APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_where(err, "role");
    apl_err_fix(err, "use owner, agent or reader");
    return APL_E_INVALID;
}

const char *apl_permission_name(apl_permission permission)
{
    return (unsigned)permission < APL_PERMISSION_COUNT ? permission_names[permission] : NULL;
}

bool apl_access_has(const apl_caller *caller, apl_permission permission)
{
    return (bits_of(caller->role) & BIT(permission)) != 0;
}

apl_rc apl_access_check(const apl_caller *caller, apl_permission permission, apl_err *err)
{
    if (apl_access_has(caller, permission))
        return APL_OK;
    apl_role needed = APL_ROLE_OWNER;
    if (bits_of(APL_ROLE_AGENT) & BIT(permission))
        needed = APL_ROLE_AGENT;
    const char *role = apl_role_name(caller->role);
    apl_err_set(err, APL_E_DENIED, "the role %s may not %s", role ? role : "none",
                permission_words[permission]);
    apl_err_fix(err, "ask an owner for the role %s", apl_role_name(needed));
    return APL_E_DENIED;
}

int64_t apl_caller_user_id(const apl_caller *caller)
{
    return strcmp(caller->actor.noun, "user") == 0 ? caller->actor.id : 0;
}
