/* SPDX-License-Identifier: Apache-2.0 */
/* The running server that holds a data directory, spoken to over its local socket DIR/serve.sock (same user only). */
#ifndef APL_CLI_REMOTE_H
#define APL_CLI_REMOTE_H

#include "desk/import.h"
#include "http/client.h"

typedef struct apl_remote apl_remote;

/* APL_E_BUSY when another process holds the directory that is no server or does not answer. */
apl_rc apl_remote_open(const char *data_dir, apl_remote **out_remote, apl_err *err) MUST_USE;
void apl_remote_close(apl_remote *remote);
/*
 * One call to the API; body may be empty (GET). A problem answer becomes an apl_err with its detail, where and fix.
 * The reply is parsed into doc when doc is not NULL.
 */
apl_rc apl_remote_call(apl_remote *remote, const char *method, const char *path, apl_span body,
                       apl_http_reply *out_reply, apl_err *err) MUST_USE;

apl_rc apl_remote_import_begin(apl_remote *remote, const apl_import *import, apl_err *err) MUST_USE;
apl_rc apl_remote_import_batch(apl_remote *remote, apl_batch_item *items, size_t count,
                               apl_err *err) MUST_USE;
apl_rc apl_remote_import_finish(apl_remote *remote, apl_err *err) MUST_USE;

#endif
