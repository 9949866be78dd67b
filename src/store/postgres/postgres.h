/* SPDX-License-Identifier: Apache-2.0 */
/* The PostgreSQL (>= 15) backend. Writers of one workspace exclude each other by an advisory lock per transaction. */
#ifndef APL_STORE_POSTGRES_POSTGRES_H
#define APL_STORE_POSTGRES_POSTGRES_H

#include "store/store.h"

/* url: a libpq connection URI ("postgresql://…"). Nothing is connected yet. */
apl_rc apl_postgres_open(const char *url, apl_store **out_store, apl_err *err) MUST_USE;

#endif
