/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a whole policy: order of files, workspace settings, release. See policy.h. Tests: tests/unit/rules/test_policy.c */
#include "rules/policy.h"

#include "rules/load.h"

#include <string.h>

enum { ZONES_MAX = APL_POLICY_CALENDARS_MAX + 1, OWN_ACCOUNTS_MAX = 1000 };

apl_rc apl_load_array(apl_policy_loader *l, size_t count, size_t size, void **out, apl_err *err)
{
    void *p = apl_arena_alloc(&l->policy->arena, count ? count : 1, size);
    if (!p)
        return apl_err_nomem(err);
    *out = p;
    return APL_OK;
}

apl_rc apl_load_words(apl_policy_loader *l, const apl_yaml_node *node,
                      const char *const **out_words, size_t *out_count, apl_err *err)
{
    if (node->kind == APL_YAML_MAP)
        return apl_yaml_expected(node, err, "a word or a list of words");
    const apl_yaml_node *first = node->kind == APL_YAML_LIST ? node->first : node;
    size_t count = node->kind == APL_YAML_LIST ? node->count : 1;
    void *p = NULL;
    apl_rc rc = apl_load_array(l, count + 1, sizeof(char *), &p, err);
    const char **words = p;
    size_t i = 0;
    for (const apl_yaml_node *n = first; !rc && i < count; n = n->next)
        rc = apl_yaml_text(n, &words[i++], err);
    if (rc)
        return rc;
    *out_words = words;
    if (out_count)
        *out_count = count;
    return APL_OK;
}

static const apl_policy_file *file_find(const apl_policy_loader *l, const char *name)
{
    for (size_t i = 0; i < l->file_count; i++)
        if (strcmp(l->files[i].name, name) == 0)
            return &l->files[i];
    return NULL;
}

typedef apl_rc load_fn(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err);

static apl_rc load_bytes(apl_policy_loader *l, const apl_policy_file *file, load_fn *load,
                         apl_err *err)
{
    apl_arena *arena = &l->policy->arena;
    /* Rules and lists keep the name for their messages. */
    const char *name = apl_arena_str(arena, apl_span_of(file->name));
    if (!name)
        return apl_err_nomem(err);
    const apl_yaml_node *root = NULL;
    apl_rc rc = apl_yaml_parse(arena, name, file->bytes, &root, err);
    return rc ? rc : load(l, root, err);
}

static apl_rc load_file(apl_policy_loader *l, const char *name, load_fn *load, apl_err *err)
{
    const apl_policy_file *file = file_find(l, name);
    if (!file) {
        apl_err_set(err, APL_E_NOT_FOUND, "the policy file %s is missing", name);
        apl_err_where(err, "%s", name);
        apl_err_fix(err, "copy it from the shipped policy");
        return APL_E_NOT_FOUND;
    }
    return load_bytes(l, file, load, err);
}

apl_rc apl_load_zone(apl_policy_loader *l, const apl_yaml_node *node, const apl_zone **out_zone,
                     apl_err *err)
{
    const char *name = NULL;
    apl_rc rc = apl_yaml_text(node, &name, err);
    if (rc)
        return rc;
    apl_policy *p = l->policy;
    for (size_t i = 0; i < p->zone_count; i++)
        if (strcmp(p->zones[i].name, name) == 0) {
            *out_zone = &p->zones[i];
            return APL_OK;
        }
    if (p->zone_count == ZONES_MAX)
        return apl_yaml_fail(node, err, "more than %d different time zones", ZONES_MAX);
    apl_zone *zone = &p->zones[p->zone_count];
    if (strcmp(name, "UTC") == 0)
        rc = apl_zone_init_utc(zone, err);
    else if (!apl_zone_name_is_valid(apl_span_of(name)) || !l->io || !l->io->load_zone)
        rc = APL_E_NOT_FOUND;
    else
        rc = l->io->load_zone(l->io->ctx, name, zone, err);
    if (rc == APL_E_NOMEM)
        return rc;
    if (rc) {
        rc = apl_yaml_expected(node, err, "a time zone such as Europe/Berlin");
        apl_err_fix(err, "see the list of IANA time zones (tz database)");
        return rc;
    }
    p->zone_count++;
    *out_zone = zone;
    return APL_OK;
}

apl_rc apl_load_calendar_ref(apl_policy_loader *l, const apl_yaml_node *node,
                             const apl_policy_calendar **out_calendar, apl_err *err)
{
    const char *names[APL_POLICY_CALENDARS_MAX + 1] = {NULL};
    for (size_t i = 0; i < l->policy->calendar_count; i++)
        names[i] = l->policy->calendars[i].name;
    int index = 0;
    apl_rc rc = apl_yaml_word(node, names, &index, err);
    if (!rc)
        *out_calendar = &l->policy->calendars[index];
    return rc;
}

/* First pass: what calendars need. The calendar's name is resolved after them. */
static apl_rc load_workspace(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    static const char *const keys[] = {"name", "zone", "calendar", "own_accounts", NULL};
    apl_policy_workspace *w = &l->policy->workspace;
    const apl_yaml_node *name = NULL;
    const apl_yaml_node *zone = NULL;
    const apl_yaml_node *calendar = NULL;
    apl_rc rc = apl_yaml_keys(root, keys, err);
    if (!rc)
        rc = apl_yaml_need(root, "name", &name, err);
    if (!rc)
        rc = apl_yaml_text(name, &w->name, err);
    if (!rc)
        rc = apl_yaml_need(root, "zone", &zone, err);
    if (!rc)
        rc = apl_load_zone(l, zone, &w->zone, err);
    if (!rc)
        rc = apl_yaml_need(root, "calendar", &calendar, err);
    if (!rc)
        rc = apl_yaml_text(calendar, &w->calendar_name, err);
    const apl_yaml_node *own = apl_yaml_get(root, "own_accounts");
    if (!rc && own && !own->is_null)
        rc = apl_load_words(l, own, &w->own_accounts, &w->own_account_count, err);
    if (!rc && w->own_account_count > OWN_ACCOUNTS_MAX)
        rc = apl_yaml_fail(own, err, "more than %d own accounts", OWN_ACCOUNTS_MAX);
    return rc;
}

static apl_rc resolve_workspace(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    const apl_policy_calendar *calendar = NULL;
    apl_rc rc = apl_load_calendar_ref(l, apl_yaml_get(root, "calendar"), &calendar, err);
    if (!rc)
        l->policy->workspace.calendar = &calendar->calendar;
    return rc;
}

static int compare_files(const apl_policy_file *a, const apl_policy_file *b)
{
    return strcmp(a->name, b->name);
}

/* In order of name, whatever the order in which the files were given: list i must be bit i everywhere. */
static apl_rc load_term_files(apl_policy_loader *l, apl_err *err)
{
    const char *last = "";
    for (;;) {
        const apl_policy_file *best = NULL;
        for (size_t i = 0; i < l->file_count; i++) {
            const apl_policy_file *f = &l->files[i];
            apl_span name = apl_span_of(f->name);
            if (apl_span_starts(name, APL_SPAN("terms/")) &&
                apl_span_ends(name, APL_SPAN(".yaml")) && strcmp(f->name, last) > 0 &&
                (!best || compare_files(f, best) < 0))
                best = f;
        }
        if (!best)
            return APL_OK;
        last = best->name;
        apl_rc rc = load_bytes(l, best, apl_load_terms, err);
        if (rc)
            return rc;
    }
}

static apl_rc load_all(apl_policy_loader *l, apl_err *err)
{
    void *zones = NULL;
    void *lists = NULL;
    apl_rc rc = apl_load_array(l, ZONES_MAX, sizeof(apl_zone), &zones, err);
    if (!rc)
        rc = apl_load_array(l, APL_TERM_LISTS_MAX, sizeof(apl_term_list), &lists, err);
    if (rc)
        return rc;
    l->policy->zones = zones;
    l->policy->lists = lists;
    rc = load_file(l, "workspace.yaml", load_workspace, err);
    if (!rc)
        rc = load_file(l, "calendars.yaml", apl_load_calendars, err);
    if (!rc)
        rc = load_file(l, "workspace.yaml", resolve_workspace, err);
    if (!rc)
        rc = load_file(l, "clocks.yaml", apl_load_clocks, err);
    if (!rc)
        rc = load_term_files(l, err);
    if (!rc)
        rc = load_file(l, "rules.yaml", apl_load_rules, err);
    return rc;
}

static apl_rc check_files(const apl_policy_file *files, size_t count, apl_err *err)
{
    if (count > APL_POLICY_FILES_MAX)
        return apl_err_set(err, APL_E_LIMIT, "more than %d policy files", APL_POLICY_FILES_MAX);
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += files[i].bytes.len;
    if (sum > APL_POLICY_BYTES_MAX)
        return apl_err_set(err, APL_E_LIMIT, "the policy files are larger than %d bytes in sum",
                           APL_POLICY_BYTES_MAX);
    return APL_OK;
}

apl_rc apl_policy_load(const apl_policy_file *files, size_t count, const apl_policy_io *io,
                       apl_policy **out_policy, apl_err *err)
{
    apl_rc rc = check_files(files, count, err);
    if (rc)
        return rc;
    apl_policy *policy = apl_mem_zalloc(1, sizeof *policy);
    if (!policy)
        return apl_err_nomem(err);
    /* A node takes about 100 bytes; the smallest one ("- a") 4 bytes of file. */
    apl_arena_init(&policy->arena, 64 * (size_t)APL_POLICY_BYTES_MAX);
    apl_policy_loader l = {policy, files, count, io};
    rc = load_all(&l, err);
    if (rc) {
        apl_policy_free(policy);
        return rc;
    }
    *out_policy = policy;
    return APL_OK;
}

void apl_policy_free(apl_policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->calendar_count; i++)
        apl_calendar_release(&policy->calendars[i].calendar);
    for (size_t i = 0; i < policy->zone_count; i++)
        apl_zone_release(&policy->zones[i]);
    apl_arena_release(&policy->arena);
    apl_mem_free(policy);
}

const apl_policy_clock *apl_policy_clock_find(const apl_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->clock_count; i++)
        if (strcmp(policy->clocks[i].name, name) == 0)
            return &policy->clocks[i];
    return NULL;
}

const apl_calendar *apl_policy_calendar_find(const apl_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->calendar_count; i++)
        if (strcmp(policy->calendars[i].name, name) == 0)
            return &policy->calendars[i].calendar;
    return NULL;
}

static apl_span without_at(apl_span name)
{
    return name.len && name.ptr[0] == '@' ? apl_span_sub(name, 1, name.len) : name;
}

bool apl_policy_is_own(const apl_policy *policy, apl_span account)
{
    apl_span bare = without_at(account);
    for (size_t i = 0; bare.len && i < policy->workspace.own_account_count; i++)
        if (apl_span_equal_nocase(bare, without_at(apl_span_of(policy->workspace.own_accounts[i]))))
            return true;
    return false;
}
