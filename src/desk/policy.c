/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling, sharing and loading policies; publishing is in policy_publish.c. Tests: tests/unit/desk/test_policy.c */
#include "desk/policy.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "desk/desk.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>

static apl_rc load_zone(void *ctx, const char *name, apl_zone *out_zone, apl_err *err)
{
    APL_AUTO(apl_buf) bytes = APL_BUF(APL_ZONE_FILE_MAX_BYTES);
    (void)ctx;
    if (!apl_zone_name_is_valid(apl_span_of(name)))
        return apl_err_set(err, APL_E_INVALID, "\"%.64s\" is no name of a time zone", name);
    apl_rc rc = apl_sys_zone_read(name, &bytes, err);
    if (rc == APL_E_NOT_FOUND) {
        apl_err_set(err, rc, "there is no time zone \"%.64s\"", name);
        apl_err_fix(err, "use an IANA name such as Europe/Berlin or America/New_York");
    }
    return rc ? rc : apl_zone_parse(apl_buf_view(&bytes), apl_span_of(name), out_zone, err);
}

void apl_policy_digest(const apl_policy_file *files, size_t count, char out[48])
{
    uint8_t digest[APL_SHA256_BYTES];
    apl_sha256 hash;
    apl_sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = files[i].bytes.len;
        apl_sha256_add(&hash, (apl_span){files[i].name, strlen(files[i].name) + 1});
        apl_sha256_add(&hash, (apl_span){(const char *)&len, sizeof len});
        apl_sha256_add(&hash, files[i].bytes);
    }
    apl_sha256_finish(&hash, digest);
    (void)apl_base64_encode((apl_span){(const char *)digest, sizeof digest}, APL_BASE64_URL, out);
}

apl_rc apl_policy_use_new(const apl_policy_file *files, size_t count, apl_policy_use **out_use,
                          apl_err *err)
{
    static const apl_policy_io io = {load_zone, NULL};
    apl_policy_use *use = apl_mem_zalloc(1, sizeof *use);
    if (!use)
        return apl_err_nomem(err);
    atomic_init(&use->users, 1);
    apl_policy_digest(files, count, use->digest);
    apl_rc rc = apl_policy_load(files, count, &io, &use->policy, err);
    if (!rc)
        rc = apl_triage_new(use->policy->lists, use->policy->list_count, &use->triage, err);
    for (size_t i = 0; !rc && i < use->policy->workspace.own_account_count; i++)
        rc = apl_name_set_add(&use->own_names, apl_span_of(use->policy->workspace.own_accounts[i]),
                              err);
    if (rc) {
        apl_policy_use_drop(use);
        return rc;
    }
    *out_use = use;
    return APL_OK;
}

apl_policy_use *apl_policy_use_take(apl_desk *desk)
{
    /* What a reader took when it was opened may have been replaced since. */
    if (desk->shared)
        desk = desk->shared;
    apl_mutex_lock(&desk->policy_mutex);
    apl_policy_use *use = desk->policy;
    if (use)
        atomic_fetch_add(&use->users, 1);
    apl_mutex_unlock(&desk->policy_mutex);
    return use;
}

void apl_policy_use_drop(apl_policy_use *use)
{
    if (!use || atomic_fetch_sub(&use->users, 1) != 1)
        return;
    apl_triage_free(use->triage);
    apl_policy_free(use->policy);
    apl_name_set_release(&use->own_names);
    apl_mem_free(use);
}

apl_rc apl_policy_clocks(const apl_policy_use *use, apl_span name, apl_clock_policy *out_clocks,
                         apl_err *err)
{
    char text[128];
    *out_clocks = (apl_clock_policy){.calendar = use->policy->workspace.calendar};
    if (!name.len)
        return APL_OK;
    if (name.len >= sizeof text)
        return apl_err_set(err, APL_E_INTERNAL, "a clock policy's name is too long");
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    const apl_policy_clock *clock = apl_policy_clock_find(use->policy, text);
    if (!clock)
        return APL_OK;
    out_clocks->calendar = clock->calendar;
    for (int kind = 0; kind < APL_CLOCK_KIND_COUNT; kind++)
        out_clocks->rules[kind] = clock->has[kind] ? &clock->rules[kind] : NULL;
    return APL_OK;
}

bool apl_policy_response_rule(const apl_policy_use *use, const apl_clock_rule **out_rule,
                              const apl_calendar **out_calendar)
{
    const apl_policy_clock *best = apl_policy_clock_find(use->policy, "standard");
    for (size_t i = 0;
         i < use->policy->clock_count && !(best && best->has[APL_CLOCK_FIRST_RESPONSE]); i++)
        best = &use->policy->clocks[i];
    if (!best || !best->has[APL_CLOCK_FIRST_RESPONSE])
        return false;
    *out_rule = &best->rules[APL_CLOCK_FIRST_RESPONSE];
    *out_calendar = best->calendar;
    return true;
}

static bool is_policy_name(const char *name)
{
    apl_span s = apl_span_of(name);
    return name[0] != '.' &&
           (apl_span_ends(s, APL_SPAN(".yaml")) || apl_span_ends(s, APL_SPAN(".ics")));
}

static apl_rc load_folder(const char *dir, const char *prefix, apl_arena *arena,
                          apl_policy_file *files, size_t *count, apl_err *err)
{
    APL_AUTO(apl_dir_names) names = {0};
    char path[APL_PATH_MAX_BYTES];
    apl_rc rc = apl_dir_list(dir, &names, err);
    for (size_t i = 0; i < names.count && !rc; i++) {
        if (!is_policy_name(names.names[i]))
            continue;
        APL_AUTO(apl_buf) bytes = APL_BUF(APL_POLICY_BYTES_MAX);
        apl_policy_file *file = &files[*count];
        if (*count == APL_POLICY_FILES_MAX)
            return apl_err_set(err, APL_E_LIMIT, "more than %d policy files", APL_POLICY_FILES_MAX);
        (void)snprintf(path, sizeof path, "%s/%s", dir, names.names[i]);
        rc = apl_file_load(path, &bytes, err);
        if (!rc)
            rc = apl_arena_copy(arena, apl_buf_view(&bytes), &file->bytes, err);
        file->name = apl_arena_printf(arena, "%s%s", prefix, names.names[i]);
        if (!rc && !file->name)
            rc = apl_err_nomem(err);
        *count += !rc;
    }
    return rc;
}

apl_rc apl_policy_files_load(const char *dir, apl_arena *arena, apl_policy_file **out_files,
                             size_t *out_count, apl_err *err)
{
    char terms[APL_PATH_MAX_BYTES];
    size_t count = 0;
    apl_policy_file *files = apl_arena_alloc(arena, APL_POLICY_FILES_MAX, sizeof *files);
    if (!files)
        return apl_err_nomem(err);
    (void)snprintf(terms, sizeof terms, "%s/terms", dir);
    apl_rc rc = load_folder(dir, "", arena, files, &count, err);
    if (!rc && apl_dir_exists(terms))
        rc = load_folder(terms, "terms/", arena, files, &count, err);
    if (rc)
        return rc;
    *out_files = files;
    *out_count = count;
    return APL_OK;
}

apl_rc apl_policy_files_save(const char *dir, const apl_policy_file *files, size_t count,
                             apl_err *err)
{
    char path[APL_PATH_MAX_BYTES], part[APL_PATH_MAX_BYTES];
    /* Whole or not at all: what a killed run left half-written is written again. */
    if ((size_t)snprintf(part, sizeof part, "%s.part", dir) >= sizeof part ||
        (size_t)snprintf(path, sizeof path, "%s.part/terms", dir) >= sizeof path)
        return apl_err_set(err, APL_E_LIMIT, "the path of the policy is too long");
    apl_rc rc = apl_dir_make(path, 0700, err);
    for (size_t i = 0; i < count && !rc; i++) {
        if ((size_t)snprintf(path, sizeof path, "%s/%s", part, files[i].name) >= sizeof path)
            return apl_err_set(err, APL_E_LIMIT, "the path of %s is too long", files[i].name);
        rc = apl_file_save(path, files[i].bytes, 0600, err);
    }
    return rc ? rc : apl_file_rename(part, dir, err);
}
