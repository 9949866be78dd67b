/* SPDX-License-Identifier: Apache-2.0 */
/* Result codes of the whole program, and the one table that maps them to HTTP and exit status. */
#ifndef APL_BASE_RC_H
#define APL_BASE_RC_H

/* A result that nobody looks at is a lost error. */
#define MUST_USE __attribute__((warn_unused_result))
#define APL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

typedef enum apl_rc {
    APL_OK = 0,
    APL_E_NOMEM,       /* memory ran out */
    APL_E_LIMIT,       /* larger or deeper than a documented cap */
    APL_E_INVALID,     /* input that does not parse or does not make sense */
    APL_E_USAGE,       /* wrong use of a command */
    APL_E_NOT_FOUND,   /* names something that does not exist */
    APL_E_EXISTS,      /* would make a second one of something unique */
    APL_E_CONFLICT,    /* somebody changed it meanwhile (ETag, state) */
    APL_E_UNAUTH,      /* not signed in, or the signature is wrong */
    APL_E_DENIED,      /* signed in, but not allowed */
    APL_E_IO,          /* the disk or the network failed */
    APL_E_FULL,        /* no space left on the disk */
    APL_E_BUSY,        /* locked by another process; try later */
    APL_E_TIMEOUT,     /* took longer than allowed */
    APL_E_CORRUPT,     /* stored data is damaged */
    APL_E_VERSION,     /* made by a newer program */
    APL_E_UNSUPPORTED, /* understood, but this build or backend cannot do it */
    APL_E_RATE,        /* too many requests */
    APL_E_INTERNAL,    /* our own mistake */
    APL_RC_COUNT
} apl_rc;

/* Machine name ("not-found"), as used in problem+json `type` and logs. Never NULL. */
const char *apl_rc_name(apl_rc rc);
/* A short title in plain words ("Not found"). Never NULL. */
const char *apl_rc_title(apl_rc rc);
/* HTTP status (200 for APL_OK). */
int apl_rc_http_status(apl_rc rc);
/* Exit status of the command line: 0 done, 1 found something wrong, 2 wrong use. */
int apl_rc_exit_status(apl_rc rc);

#endif
