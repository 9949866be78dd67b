/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of archive/ share: reading a text as an archive into one line per record. */
#ifndef APL_TEST_ARCHIVE_SUPPORT_H
#define APL_TEST_ARCHIVE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * "R2[a|b]" for a record in line 2, "X3-5{reason}" for a reject of lines 3 to 5, each ended by LF; "E{what}" when
 * reading ends in an error. The result is in a static buffer of its own for each call.
 */
static inline const char *dump_options(apl_span text, size_t step,
                                       const apl_archive_options *options)
{
    static char out[8][64 * 1024];
    static unsigned turn;
    char *to = out[turn++ % 8];
    size_t n = 0, room = sizeof out[0];
    apl_memory memory = {text, step};
    apl_archive *archive = NULL;
    apl_err err = {0};
    apl_archive_record r;
    *to = '\0';
    apl_rc rc = apl_archive_open(apl_source_memory(&memory), options, &archive, &err);
    while (!rc && n + 1024 < room) {
        rc = apl_archive_next(archive, &r, &err);
        if (rc || r.item == APL_ARCHIVE_END)
            break;
        if (r.item == APL_ARCHIVE_REJECT) {
            n += (size_t)snprintf(to + n, room - n, "X%d-%d{%s}\n", (int)r.line, (int)r.line_end,
                                  r.error.what);
            continue;
        }
        n += (size_t)snprintf(to + n, room - n, "R%d[", (int)r.line);
        for (size_t i = 0; i < r.field_count && n + 1024 < room; i++)
            n += (size_t)snprintf(to + n, room - n, "%s%.*s", i ? "|" : "",
                                  (int)(r.fields[i].len > 200 ? 200 : r.fields[i].len),
                                  r.fields[i].ptr ? r.fields[i].ptr : "");
        n += (size_t)snprintf(to + n, room - n, "]\n");
    }
    if (rc)
        (void)snprintf(to + n, room - n, "E{%s}\n", err.what);
    apl_archive_close(archive);
    return to;
}

static inline const char *dump(const char *text)
{
    return dump_options(apl_span_of(text), 0, NULL);
}

/* Reads the same in one piece and byte by byte, and says what came. */
static inline void expect(const char *text, const char *wanted)
{
    assert_string_equal(dump(text), wanted);
    assert_string_equal(dump_options(apl_span_of(text), 1, NULL), wanted);
}

static inline apl_archive *open_text(apl_memory *memory, const char *text)
{
    apl_archive *archive = NULL;
    apl_err err = {0};
    *memory = (apl_memory){apl_span_of(text), 0};
    if (apl_archive_open(apl_source_memory(memory), NULL, &archive, &err))
        fail_msg("%s", err.what);
    return archive;
}

static inline apl_survey *survey_text(const char *text, const char *pins)
{
    apl_memory memory;
    apl_archive *archive = open_text(&memory, text);
    apl_survey *survey = NULL;
    apl_err err = {0};
    apl_survey_options options = {.pins = apl_span_of(pins)};
    if (apl_survey_run(archive, &options, &survey, &err))
        fail_msg("%s; %s", err.what, err.fix);
    apl_archive_close(archive);
    return survey;
}

#endif
