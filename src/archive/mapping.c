/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guessing, correcting and remembering which column is what; see mapping.h. Every pair of role and column gets a score
 * from the name, tempered by what the sample holds; the best pairs are taken first.
 * Tests: tests/unit/archive/test_mapping.c
 */
#include "archive/mapping.h"

#include "archive/roles.h"
#include "archive/values.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[APL_COLUMN_COUNT] = {
    "none",   "id",        "text",    "author",     "author_name", "time",
    "parent", "direction", "company", "rating",     "title",       "kind",
    "url",    "lang",      "reach",   "echo_count", "revision",    "event"};

const char *apl_column_role_name(apl_column_role role)
{
    return (unsigned)role < APL_COLUMN_COUNT ? role_names[role] : NULL;
}

apl_rc apl_column_role_parse(apl_span text, apl_column_role *out_role, apl_err *err)
{
    for (unsigned i = 1; i < APL_COLUMN_COUNT; i++) {
        if (apl_span_equal_nocase(text, apl_span_of(role_names[i]))) {
            *out_role = (apl_column_role)i;
            return APL_OK;
        }
    }
    apl_err_set(err, APL_E_USAGE, "\"%.*s\" is nothing that a column can be",
                APL_SPAN_ARGS(apl_utf8_cut(text, 40)));
    apl_err_fix(err, "use one of: id, text, author, author_name, time, parent, direction, company, "
                     "rating, title, kind, url, lang, reach, echo_count, revision, event");
    return APL_E_USAGE;
}

void apl_mapping_init(apl_mapping *mapping)
{
    memset(mapping, 0, sizeof *mapping);
    for (int i = 0; i < APL_COLUMN_COUNT; i++)
        mapping->column[i] = APL_MAPPING_NO_COLUMN;
}

void apl_column_profile_add(apl_column_profile *p, apl_span value)
{
    apl_span s = apl_span_trim(value);
    bool flag;
    double number;
    int rating;
    apl_post_kind kind;
    apl_post_event event;
    apl_when when;
    p->rows++;
    if (!s.len)
        return;
    p->filled++;
    p->bytes_sum += s.len;
    apl_when_scan(s, &when);
    apl_when_tally_add(&p->when, &when);
    p->spaced += apl_span_find_byte(s, ' ') != SIZE_MAX && when.shape == APL_WHEN_NONE;
    if (s.len > 64)
        return;
    p->numbers += !apl_span_parse_double(s, &number, NULL);
    p->flags += apl_value_flag(s, &flag);
    p->directions += apl_value_direction(s, &flag);
    p->stars += apl_value_rating(s, 100, &rating);
    p->kinds += apl_value_kind(s, &kind);
    p->events += apl_value_event(s, &event);
    p->urls += apl_span_find(s, APL_SPAN("://")) != SIZE_MAX;
}

static bool half(uint64_t part, uint64_t all)
{
    return part * 2 >= all;
}

static bool most(uint64_t part, uint64_t all)
{
    return part * 10 >= all * 8;
}

/* Can a column with this content be that? Names lie now and then ("rating" with words in it). */
static bool allows(apl_column_role role, const apl_column_profile *p)
{
    uint64_t mean = p->bytes_sum / p->filled;
    switch (role) {
    case APL_COLUMN_TIME:
        return half(p->filled - p->when.count[APL_WHEN_NONE], p->filled);
    case APL_COLUMN_TEXT:
        return p->numbers * 2 < p->filled;
    case APL_COLUMN_ID:
    case APL_COLUMN_PARENT:
        return p->spaced * 2 < p->filled && mean <= 300;
    case APL_COLUMN_AUTHOR:
    case APL_COLUMN_AUTHOR_NAME:
    case APL_COLUMN_COMPANY:
        return mean <= 80;
    case APL_COLUMN_DIRECTION:
        return half(p->flags + p->directions, p->filled);
    case APL_COLUMN_RATING:
        return half(p->stars, p->filled);
    case APL_COLUMN_REACH:
    case APL_COLUMN_ECHO:
        return half(p->numbers, p->filled);
    case APL_COLUMN_URL:
        return half(p->urls, p->filled) || mean > 64;
    case APL_COLUMN_LANG:
        return mean <= 12;
    case APL_COLUMN_KIND:
        return half(p->kinds, p->filled);
    case APL_COLUMN_EVENT:
        return half(p->events, p->filled);
    default:
        return true;
    }
}

/* Short values without spaces, numbers, dates or flags: as handles are. */
static bool looks_like_handles(const apl_column_profile *p, uint64_t mean, uint64_t dates)
{
    return !p->spaced && mean <= 30 && !dates && !half(p->numbers, p->filled) && p->distinct >= 2 &&
           p->distinct * 20 >= p->filled && !half(p->stars, p->filled) &&
           !half(p->flags, p->filled);
}

static bool looks_like_ids(const apl_column_profile *p, uint64_t mean, uint64_t dates)
{
    return p->distinct == p->filled && p->filled >= 3 && !p->spaced && mean >= 6 && !dates &&
           !p->urls;
}

/* What the content alone says, for columns whose names say nothing. */
static int content_score(apl_column_role role, const apl_column_profile *p, bool has_header)
{
    uint64_t mean = p->bytes_sum / p->filled;
    uint64_t dates = p->when.count[APL_WHEN_CIVIL] + p->when.count[APL_WHEN_NUMERIC];
    if (role == APL_COLUMN_TEXT) {
        bool is_prose = half(p->spaced, p->filled) && mean >= 12 && p->distinct * 4 >= p->filled;
        return is_prose ? 15 + (int)(mean / 8 < 20 ? mean / 8 : 20) : 0;
    }
    if (role == APL_COLUMN_TIME)
        return most(dates, p->filled) ? 38 : 0;
    if (role == APL_COLUMN_DIRECTION)
        return p->distinct <= 2 && most(p->directions, p->filled) && p->filled > 1 ? 30 : 0;
    /* Names that say nothing are still names: only a table without them is guessed this far. */
    if (has_header)
        return 0;
    if (role == APL_COLUMN_ID)
        return looks_like_ids(p, mean, dates) ? 25 : 0;
    return role == APL_COLUMN_AUTHOR && looks_like_handles(p, mean, dates) ? 12 : 0;
}

static int score_of(const apl_archive *archive, apl_column_role role, size_t column,
                    const apl_column_profile *p)
{
    char name[APL_NAME_BYTES];
    bool has_header = apl_archive_has_header(archive) ||
                      apl_archive_format_of(archive) >= APL_ARCHIVE_JSONL;
    apl_name_normalise(apl_archive_column_name(archive, column), name);
    bool is_text_only = apl_archive_format_of(archive) == APL_ARCHIVE_LINES;
    if (is_text_only && role == APL_COLUMN_TEXT)
        return 100;
    if (has_header && apl_name_is_label(name))
        return 0;
    int by_name = has_header ? apl_name_score(name, role) : 0;
    if (!p || !p->filled)
        return by_name / 2;
    if (!allows(role, p))
        return 0;
    int by_content = content_score(role, p, has_header);
    return by_name > by_content ? by_name : by_content;
}

static bool is_taken(const apl_mapping *mapping, size_t column)
{
    return apl_mapping_role_of(mapping, column) != APL_COLUMN_NONE;
}

static void explain(apl_mapping *mapping, const apl_archive *archive, apl_column_role role,
                    size_t column, const apl_column_profile *p)
{
    char *why = mapping->why[role], name[APL_NAME_BYTES];
    apl_name_normalise(apl_archive_column_name(archive, column), name);
    bool named = apl_name_score(name, role) > 0;
    const char *first = named ? "by its name" : "by what it holds";
    unsigned long long filled = p ? p->filled : 0;
    if (role == APL_COLUMN_TIME && filled)
        (void)snprintf(why, APL_MAPPING_WHY_BYTES, "%s; %llu of %llu values are times", first,
                       filled - p->when.count[APL_WHEN_NONE], filled);
    else if (role == APL_COLUMN_TEXT && filled)
        (void)snprintf(why, APL_MAPPING_WHY_BYTES, "%s; %llu bytes long on average", first,
                       (unsigned long long)p->bytes_sum / filled);
    else if (role == APL_COLUMN_DIRECTION)
        (void)snprintf(why, APL_MAPPING_WHY_BYTES, "%s; true means %s", first,
                       mapping->direction_true_is_own ? "the company's own turn"
                                                      : "from a customer");
    else if (filled)
        (void)snprintf(why, APL_MAPPING_WHY_BYTES, "%s; %llu different values in %llu", first,
                       (unsigned long long)p->distinct, filled);
    else
        (void)snprintf(why, APL_MAPPING_WHY_BYTES, "%s; empty in the sample", first);
}

static void set_direction(apl_mapping *mapping, const apl_archive *archive)
{
    int column = mapping->column[APL_COLUMN_DIRECTION];
    char name[APL_NAME_BYTES];
    if (column < 0)
        return;
    apl_name_normalise(apl_archive_column_name(archive, (size_t)column), name);
    mapping->direction_true_is_own = apl_name_true_is_own(name);
}

typedef unsigned char score_table[APL_COLUMN_COUNT][APL_ARCHIVE_COLUMNS_MAX];

/* The best free pair; 0 when there is none. */
static int best_pair(const apl_mapping *mapping, score_table scores, size_t count,
                     apl_column_role *out_role, size_t *out_column)
{
    int best = 0;
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        if (mapping->pinned[r] || mapping->column[r] >= 0)
            continue;
        for (size_t c = 0; c < count; c++) {
            if (scores[r][c] > best && !is_taken(mapping, c)) {
                best = scores[r][c];
                *out_role = (apl_column_role)r;
                *out_column = c;
            }
        }
    }
    return best;
}

void apl_mapping_guess(apl_mapping *mapping, const apl_archive *archive,
                       const apl_column_profile *profiles, size_t count)
{
    apl_column_role role = APL_COLUMN_NONE;
    size_t column = 0;
    score_table scores;
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        for (size_t c = 0; c < count; c++)
            scores[r][c] = (unsigned char)score_of(archive, (apl_column_role)r, c,
                                                   profiles ? &profiles[c] : NULL);
    }
    while (best_pair(mapping, scores, count, &role, &column) > 9)
        mapping->column[role] = (int)column;
    /* A display name is better than no author at all. */
    bool no_author = mapping->column[APL_COLUMN_AUTHOR] < 0 && !mapping->pinned[APL_COLUMN_AUTHOR];
    if (no_author && !mapping->pinned[APL_COLUMN_AUTHOR_NAME]) {
        mapping->column[APL_COLUMN_AUTHOR] = mapping->column[APL_COLUMN_AUTHOR_NAME];
        mapping->column[APL_COLUMN_AUTHOR_NAME] = APL_MAPPING_NO_COLUMN;
    }
    set_direction(mapping, archive);
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        int c = mapping->column[r];
        if (c >= 0 && !mapping->pinned[r])
            explain(mapping, archive, (apl_column_role)r, (size_t)c,
                    profiles && (size_t)c < count ? &profiles[c] : NULL);
    }
}

/* Levenshtein distance of short names, ASCII case ignored. */
static size_t distance(apl_span a, apl_span b)
{
    size_t row[65];
    a = apl_span_sub(a, 0, 64);
    b = apl_span_sub(b, 0, 64);
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = (a.ptr[i - 1] | 0x20) == (b.ptr[j - 1] | 0x20);
            size_t cost = corner + !same;
            corner = row[j];
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = cost < step ? cost : step;
        }
    }
    return row[b.len];
}

static apl_rc unknown_column(const apl_archive *archive, apl_span name, apl_err *err)
{
    size_t count = apl_archive_column_count(archive), best[3] = {0, 0, 0}, found = 0;
    for (; found < 3 && found < count; found++) {
        size_t least = SIZE_MAX;
        for (size_t c = 0; c < count; c++) {
            size_t d = distance(name, apl_archive_column_name(archive, c));
            bool used = (found > 0 && c == best[0]) || (found > 1 && c == best[1]);
            if (!used && d < least) {
                least = d;
                best[found] = c;
            }
        }
    }
    apl_err_set(err, APL_E_USAGE, "there is no column \"%.*s\"",
                APL_SPAN_ARGS(apl_utf8_cut(name, 60)));
    apl_span n[3] = {APL_SPAN_NONE, APL_SPAN_NONE, APL_SPAN_NONE};
    for (size_t i = 0; i < found; i++)
        n[i] = apl_utf8_cut(apl_archive_column_name(archive, best[i]), 40);
    apl_err_fix(err, "the nearest: %.*s%s%.*s%s%.*s; or give a number from 1 to %zu",
                APL_SPAN_ARGS(n[0]), found > 1 ? ", " : "", APL_SPAN_ARGS(n[1]),
                found > 2 ? ", " : "", APL_SPAN_ARGS(n[2]), count);
    return APL_E_USAGE;
}

static apl_rc find_column(const apl_archive *archive, apl_span name, int *out_column, apl_err *err)
{
    size_t count = apl_archive_column_count(archive);
    for (size_t c = 0; c < count; c++) {
        if (apl_span_equal(name, apl_archive_column_name(archive, c))) {
            *out_column = (int)c;
            return APL_OK;
        }
    }
    for (size_t c = 0; c < count; c++) {
        if (apl_span_equal_nocase(name, apl_archive_column_name(archive, c))) {
            *out_column = (int)c;
            return APL_OK;
        }
    }
    int64_t number;
    if (!apl_span_parse_i64(name, &number, NULL) && number >= 1 && (uint64_t)number <= count) {
        *out_column = (int)(number - 1);
        return APL_OK;
    }
    return unknown_column(archive, name, err);
}

static apl_rc pin_one(apl_mapping *mapping, const apl_archive *archive, apl_span pin, bool *told,
                      apl_err *err)
{
    size_t equals = apl_span_find_byte(pin, '=');
    if (equals == SIZE_MAX) {
        apl_err_set(err, APL_E_USAGE, "\"%.*s\" has no '='", APL_SPAN_ARGS(apl_utf8_cut(pin, 60)));
        apl_err_fix(err, "write it like text=review_text or text=3");
        return APL_E_USAGE;
    }
    apl_column_role role;
    apl_rc rc = apl_column_role_parse(apl_span_trim(apl_span_sub(pin, 0, equals)), &role, err);
    apl_span name = apl_span_trim(apl_span_sub(pin, equals + 1, SIZE_MAX));
    int column = APL_MAPPING_NO_COLUMN;
    if (!rc && name.len)
        rc = find_column(archive, name, &column, err);
    if (rc)
        return rc;
    if (told[role]) {
        apl_err_set(err, APL_E_USAGE, "\"%s\" is given twice", role_names[role]);
        apl_err_fix(err, "name one column for it");
        return APL_E_USAGE;
    }
    told[role] = true;
    for (unsigned r = 1; r < APL_COLUMN_COUNT && column >= 0; r++) {
        if (mapping->column[r] == column && !mapping->pinned[r])
            mapping->column[r] = APL_MAPPING_NO_COLUMN;
    }
    mapping->column[role] = column;
    mapping->pinned[role] = true;
    (void)snprintf(mapping->why[role], APL_MAPPING_WHY_BYTES, "as told");
    return APL_OK;
}

apl_rc apl_mapping_pin(apl_mapping *mapping, const apl_archive *archive, apl_span pins,
                       apl_err *err)
{
    apl_mapping pinned = *mapping;
    bool told[APL_COLUMN_COUNT] = {false};
    apl_span rest = pins, part;
    while (rest.len && apl_span_split(&rest, ',', &part)) {
        if (!apl_span_trim(part).len)
            continue;
        apl_rc rc = pin_one(&pinned, archive, part, told, err);
        if (rc) {
            apl_err_where(err, "--map");
            return rc;
        }
    }
    set_direction(&pinned, archive);
    *mapping = pinned;
    return APL_OK;
}

apl_rc apl_mapping_format(const apl_mapping *mapping, const apl_archive *archive, apl_buf *out,
                          apl_err *err)
{
    bool is_first = true;
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        int c = mapping->column[r], found = -1;
        if (c < 0 && !mapping->pinned[r])
            continue;
        apl_span name = c < 0 ? APL_SPAN_NONE : apl_archive_column_name(archive, (size_t)c);
        bool by_name = name.len && apl_span_find_byte(name, ',') == SIZE_MAX &&
                       apl_span_equal(name, apl_span_trim(name)) &&
                       !find_column(archive, name, &found, NULL) && found == c;
        apl_rc rc = apl_buf_addf(out, err, "%s%s=", is_first ? "" : ",", role_names[r]);
        if (!rc && by_name)
            rc = apl_buf_add(out, name, err);
        else if (!rc && c >= 0)
            rc = apl_buf_addf(out, err, "%d", c + 1);
        if (rc)
            return rc;
        is_first = false;
    }
    return APL_OK;
}

apl_rc apl_mapping_check(const apl_mapping *mapping, const apl_archive *archive, apl_err *err)
{
    const int *column = mapping->column;
    if (column[APL_COLUMN_TEXT] >= 0 || column[APL_COLUMN_TITLE] >= 0 ||
        column[APL_COLUMN_RATING] >= 0)
        return APL_OK;
    apl_err_set(err, APL_E_USAGE, "no column holds the text, as far as can be told");
    apl_err_where(err, "%zu columns, %s", apl_archive_column_count(archive),
                  apl_archive_description(archive));
    apl_err_fix(err, "name it: --map text=COLUMN (by name or number)");
    return APL_E_USAGE;
}

apl_column_role apl_mapping_role_of(const apl_mapping *mapping, size_t column)
{
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        if (mapping->column[r] >= 0 && (size_t)mapping->column[r] == column)
            return (apl_column_role)r;
    }
    return APL_COLUMN_NONE;
}

const char *apl_mapping_ignored_why(apl_span column_name)
{
    char name[APL_NAME_BYTES];
    apl_name_normalise(column_name, name);
    return apl_name_is_label(name) ? "a label that somebody added, not what the customer said"
                                   : "no use for it";
}

bool apl_mapping_is_known_name(apl_span column_name)
{
    char name[APL_NAME_BYTES];
    if (column_name.len >= APL_NAME_BYTES)
        return false;
    apl_name_normalise(column_name, name);
    for (unsigned r = 1; r < APL_COLUMN_COUNT; r++) {
        if (apl_name_score(name, (apl_column_role)r) > 0)
            return true;
    }
    return false;
}

uint64_t apl_mapping_fingerprint(const apl_archive *archive)
{
    /* FNV-1a, because it must be the same in every process and release. */
    uint64_t hash = 14695981039346656037u;
    size_t count = apl_archive_column_count(archive);
    for (size_t c = 0; c < count; c++) {
        apl_span name = apl_archive_column_name(archive, c);
        for (size_t i = 0; i <= name.len; i++) {
            hash ^= i < name.len ? (unsigned char)name.ptr[i] : 0x1f;
            hash *= 1099511628211u;
        }
    }
    return hash;
}
