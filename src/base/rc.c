/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind rc.h. Tests: tests/unit/base/test_err.c */
#include "base/rc.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *title;
    int http;
    int exit;
} table[APL_RC_COUNT] = {
    [APL_OK] = {"ok", "Done", 200, 0},
    [APL_E_NOMEM] = {"out-of-memory", "Out of memory", 503, 1},
    [APL_E_LIMIT] = {"too-large", "Too large", 413, 1},
    [APL_E_INVALID] = {"invalid", "Invalid input", 422, 1},
    [APL_E_USAGE] = {"wrong-use", "Wrong use", 400, 2},
    [APL_E_NOT_FOUND] = {"not-found", "Not found", 404, 1},
    [APL_E_EXISTS] = {"exists", "Already exists", 409, 1},
    [APL_E_CONFLICT] = {"conflict", "Changed meanwhile", 412, 1},
    [APL_E_UNAUTH] = {"not-signed-in", "Not signed in", 401, 1},
    [APL_E_DENIED] = {"not-allowed", "Not allowed", 403, 1},
    [APL_E_IO] = {"io", "Input or output failed", 500, 1},
    [APL_E_FULL] = {"disk-full", "The disk is full", 507, 1},
    [APL_E_BUSY] = {"busy", "In use by another process", 503, 1},
    [APL_E_TIMEOUT] = {"timeout", "Took too long", 504, 1},
    [APL_E_CORRUPT] = {"damaged", "Stored data is damaged", 500, 1},
    [APL_E_VERSION] = {"newer-version", "Made by a newer version", 500, 1},
    [APL_E_UNSUPPORTED] = {"unsupported", "Not supported here", 501, 1},
    [APL_E_RATE] = {"too-many-requests", "Too many requests", 429, 1},
    [APL_E_INTERNAL] = {"internal", "Internal error", 500, 1},
};

static unsigned index_of(apl_rc rc)
{
    return (unsigned)rc < APL_RC_COUNT ? (unsigned)rc : APL_E_INTERNAL;
}

const char *apl_rc_name(apl_rc rc)
{
    return table[index_of(rc)].name;
}

const char *apl_rc_title(apl_rc rc)
{
    return table[index_of(rc)].title;
}

int apl_rc_http_status(apl_rc rc)
{
    return table[index_of(rc)].http;
}

int apl_rc_exit_status(apl_rc rc)
{
    return table[index_of(rc)].exit;
}
