/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite backend: one file, write-ahead log, synchronous=FULL, exactly one writing connection. */
#ifndef APL_STORE_SQLITE_SQLITE_H
#define APL_STORE_SQLITE_SQLITE_H

#include "store/store.h"

/*
 * path: the database file; created when the first writer connects. The caller holds the process lock that keeps a
 * second writer away. Readers open the file read-only and never checkpoint (SQLite before 3.51.3 can corrupt the file
 * when several connections write or checkpoint at once).
 */
apl_rc apl_sqlite_open(const char *path, apl_store **out_store, apl_err *err) MUST_USE;

#endif
