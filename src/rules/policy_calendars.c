/* SPDX-License-Identifier: Apache-2.0 */
/* calendars.yaml and clocks.yaml. See policy.h. Tests: tests/unit/rules/test_policy.c */
#include "rules/load.h"

#include <string.h>

static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static int day_index(apl_span text)
{
    for (int i = 0; day_names[i]; i++)
        if (apl_span_is(text, day_names[i]))
            return i;
    return -1;
}

/* "mon" or "mon-fri" (also "fri-mon"). */
static apl_rc day_range(const apl_yaml_node *node, int *out_from, int *out_to, apl_err *err)
{
    apl_span rest = node->key;
    apl_span part = APL_SPAN_NONE;
    (void)apl_span_split(&rest, '-', &part);
    int from = day_index(part);
    int to = rest.ptr && rest.len ? day_index(rest) : from;
    if (from < 0 || to < 0) {
        apl_err_set(err, APL_E_INVALID,
                    "found the day \"%.*s\", expected sun, mon, tue, wed, thu, fri, sat or a range "
                    "such as mon-fri",
                    APL_SPAN_ARGS(apl_span_sub(node->key, 0, 40)));
        apl_err_where(err, "%s:%u:%u", node->file, node->key_line, node->key_column);
        return APL_E_INVALID;
    }
    *out_from = from;
    *out_to = to;
    return APL_OK;
}

/* Gives an error of the model the place in the file. */
static apl_rc at_node(const apl_yaml_node *node, apl_rc rc, apl_err *err)
{
    if (rc && rc != APL_E_NOMEM)
        apl_err_where(err, "%s:%u:%u", node->file, node->line, node->column);
    return rc;
}

static apl_rc add_shifts(apl_calendar *calendar, int weekday, const apl_yaml_node *node,
                         apl_err *err)
{
    if (node->kind != APL_YAML_TEXT || !node->text.len)
        return apl_yaml_expected(node, err, "hours such as 09:00-17:00, or closed");
    if (apl_span_is(node->text, "closed"))
        return APL_OK;
    apl_span rest = node->text;
    apl_span part;
    while (apl_span_split(&rest, ',', &part)) {
        apl_shift shift;
        apl_rc rc = apl_shift_parse(apl_span_trim(part), &shift, err);
        if (!rc)
            rc = apl_calendar_shift_add(calendar, weekday, shift, err);
        if (rc)
            return at_node(node, rc, err);
    }
    return APL_OK;
}

static apl_rc load_hours(apl_calendar *calendar, const apl_yaml_node *hours, apl_err *err)
{
    apl_rc rc = apl_yaml_is_map(hours, err);
    unsigned seen = 0;
    for (const apl_yaml_node *n = hours->first; !rc && n; n = n->next) {
        int day = 0;
        int last = 0;
        rc = day_range(n, &day, &last, err);
        for (bool more = true; !rc && more; day = (day + 1) % 7) {
            more = day != last;
            if (seen & (1u << (unsigned)day))
                return apl_yaml_fail(n, err, "%s is named twice", day_names[day]);
            seen |= 1u << (unsigned)day;
            const apl_yaml_node *shift = n->kind == APL_YAML_LIST ? n->first : n;
            for (; !rc && shift; shift = n->kind == APL_YAML_LIST ? shift->next : NULL)
                rc = add_shifts(calendar, day, shift, err);
        }
    }
    return rc;
}

/* "2026-12-25". */
static bool parse_date(apl_span text, int64_t *out_day)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
        apl_span_parse_i64(apl_span_sub(text, 0, 4), &year, NULL) ||
        apl_span_parse_i64(apl_span_sub(text, 5, 2), &month, NULL) ||
        apl_span_parse_i64(apl_span_sub(text, 8, 2), &day, NULL))
        return false;
    apl_civil civil = {(int)year, (int)month, (int)day, 0, 0, 0, 0};
    if (!apl_civil_is_valid(&civil) || year < APL_CALENDAR_YEAR_MIN || year > APL_CALENDAR_YEAR_MAX)
        return false;
    *out_day = apl_days_from_civil(civil.year, civil.month, civil.day);
    return true;
}

/* "2026-12-25 Christmas Day". */
static apl_rc load_holiday(const apl_yaml_node *node, apl_holiday *out, apl_err *err)
{
    int64_t day = 0;
    if (node->kind != APL_YAML_TEXT || !parse_date(apl_span_sub(node->text, 0, 10), &day) ||
        (node->text.len > 10 && node->text.ptr[10] != ' '))
        return apl_yaml_expected(node, err, "a date and a name, such as 2026-12-25 Christmas Day");
    *out = (apl_holiday){day, node->text.len > 11 ? node->text.ptr + 11 : "Holiday"};
    return APL_OK;
}

static apl_rc load_dates(apl_policy_loader *l, apl_calendar *calendar, const apl_yaml_node *list,
                         apl_err *err)
{
    apl_rc rc = apl_yaml_is_list(list, err);
    void *p = NULL;
    if (!rc)
        rc = apl_load_array(l, list->count, sizeof(apl_holiday), &p, err);
    apl_holiday *holidays = p;
    size_t count = 0;
    for (const apl_yaml_node *n = list->first; !rc && n; n = n->next)
        rc = load_holiday(n, &holidays[count++], err);
    return rc ? rc : at_node(list, apl_calendar_holidays_add(calendar, holidays, count, err), err);
}

static apl_rc load_holiday_file(const apl_policy_loader *l, apl_calendar *calendar,
                                const apl_yaml_node *node, apl_err *err)
{
    const char *name = NULL;
    apl_rc rc = apl_yaml_text(node, &name, err);
    for (size_t i = 0; !rc && i < l->file_count; i++)
        if (strcmp(l->files[i].name, name) == 0)
            return apl_calendar_holidays_load(calendar, l->files[i].bytes, name, err);
    if (!rc) {
        rc = apl_yaml_fail(node, err, "there is no file \"%s\" in the policy folder", name);
        apl_err_fix(err, "put the .ics file beside %s", node->file);
    }
    return rc;
}

static apl_rc load_holidays(apl_policy_loader *l, apl_calendar *calendar, const apl_yaml_node *node,
                            apl_err *err)
{
    const apl_yaml_node *dates = apl_yaml_get(node, "holidays");
    const apl_yaml_node *files = apl_yaml_get(node, "holiday_files");
    apl_rc rc = APL_OK;
    if (dates && !dates->is_null)
        rc = load_dates(l, calendar, dates, err);
    if (!rc && files && !files->is_null) {
        rc = apl_yaml_is_list(files, err);
        for (const apl_yaml_node *n = files->first; !rc && n; n = n->next)
            rc = load_holiday_file(l, calendar, n, err);
    }
    return rc;
}

static apl_rc load_calendar(apl_policy_loader *l, const apl_yaml_node *node, apl_err *err)
{
    static const char *const keys[] = {"name", "zone", "hours", "holidays", "holiday_files", NULL};
    const apl_yaml_node *name = NULL;
    const apl_yaml_node *hours = NULL;
    const char *text = NULL;
    const apl_zone *zone = l->policy->workspace.zone;
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc)
        rc = apl_yaml_need(node, "name", &name, err);
    if (!rc)
        rc = apl_yaml_text(name, &text, err);
    if (!rc && apl_policy_calendar_find(l->policy, text))
        rc = apl_yaml_fail(name, err, "a second calendar is named \"%s\"", text);
    if (!rc)
        rc = apl_yaml_need(node, "hours", &hours, err);
    if (!rc && apl_yaml_get(node, "zone"))
        rc = apl_load_zone(l, apl_yaml_get(node, "zone"), &zone, err);
    if (rc)
        return rc;
    apl_policy_calendar *c = &l->policy->calendars[l->policy->calendar_count++];
    c->name = text;
    c->zone = zone;
    apl_calendar_init(&c->calendar, zone);
    rc = load_hours(&c->calendar, hours, err);
    if (!rc)
        rc = load_holidays(l, &c->calendar, node, err);
    if (!rc && apl_calendar_is_never_open(&c->calendar))
        rc = apl_yaml_fail(hours, err, "the calendar \"%s\" is never open", text);
    return rc;
}

/* The list under the only key of a file, with its bounds. */
static apl_rc only_list(const apl_yaml_node *root, const char *key, size_t max,
                        const apl_yaml_node **out, apl_err *err)
{
    const char *const keys[] = {key, NULL};
    apl_rc rc = apl_yaml_keys(root, keys, err);
    if (!rc)
        rc = apl_yaml_need(root, key, out, err);
    if (!rc)
        rc = apl_yaml_is_list(*out, err);
    if (!rc && ((*out)->count == 0 || (*out)->count > max))
        rc = apl_yaml_fail(*out, err, "%s: found %zu entries, expected 1 to %zu", key,
                           (*out)->count, max);
    return rc;
}

apl_rc apl_load_calendars(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    const apl_yaml_node *list = NULL;
    void *p = NULL;
    apl_rc rc = only_list(root, "calendars", APL_POLICY_CALENDARS_MAX, &list, err);
    if (!rc)
        rc = apl_load_array(l, list->count, sizeof(apl_policy_calendar), &p, err);
    if (rc)
        return rc;
    l->policy->calendars = p;
    for (const apl_yaml_node *n = list->first; !rc && n; n = n->next)
        rc = load_calendar(l, n, err);
    return rc;
}

static apl_rc load_pause(const apl_yaml_node *node, unsigned *out_states, apl_err *err)
{
    const char *states[APL_CASE_STATE_COUNT + 1] = {NULL};
    for (int i = 0; i < APL_CASE_STATE_COUNT; i++)
        states[i] = apl_case_state_name((apl_case_state)i);
    unsigned set = 0;
    apl_rc rc = node->is_null ? APL_OK : apl_yaml_is_list(node, err);
    for (const apl_yaml_node *n = node->first; !rc && n; n = n->next) {
        int state = 0;
        rc = apl_yaml_word(n, states, &state, err);
        if (!rc)
            set |= APL_CASE_STATE_BIT(state);
    }
    if (!rc)
        *out_states = set;
    return rc;
}

static apl_rc load_limits(const apl_yaml_node *node, apl_clock_rule *rule, apl_err *err)
{
    const apl_yaml_node *limit = apl_yaml_get(node, "limit");
    const apl_yaml_node *open = apl_yaml_get(node, "in_hours");
    const apl_yaml_node *closed = apl_yaml_get(node, "out_of_hours");
    if (limit && (open || closed))
        return apl_yaml_fail(limit, err,
                             "expected either limit, or in_hours and out_of_hours, not both");
    if (!limit && (!open || !closed))
        return apl_yaml_fail(node, err, "expected limit, or both in_hours and out_of_hours");
    apl_rc rc = apl_yaml_duration(limit ? limit : open, &rule->limit_open_us, err);
    if (!rc)
        rc = apl_yaml_duration(limit ? limit : closed, &rule->limit_closed_us, err);
    return rc;
}

static apl_rc load_target(const apl_yaml_node *node, apl_clock_rule *rule, apl_err *err)
{
    static const char *const keys[] = {
        "measure", "limit", "in_hours", "out_of_hours", "cap", "pause", "warn", "r", NULL};
    static const char *const measures[] = {"wall", "business", NULL};
    static const char *const caps[] = {"none", "same_day", NULL};
    const apl_yaml_node *measure = NULL;
    int index = 0;
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc)
        rc = apl_yaml_need(node, "measure", &measure, err);
    if (!rc)
        rc = apl_yaml_word(measure, measures, &index, err);
    if (!rc) {
        rule->measure = (apl_clock_measure)index;
        rc = load_limits(node, rule, err);
    }
    const apl_yaml_node *cap = apl_yaml_get(node, "cap");
    index = 0;
    if (!rc && cap)
        rc = apl_yaml_word(cap, caps, &index, err);
    rule->cap_end_of_day = index == 1;
    const apl_yaml_node *pause = apl_yaml_get(node, "pause");
    if (!rc && pause)
        rc = load_pause(pause, &rule->pause_states, err);
    const apl_yaml_node *warn = apl_yaml_get(node, "warn");
    if (!rc && warn)
        rc = apl_yaml_duration(warn, &rule->warn_before_us, err);
    if (!rc && apl_yaml_get(node, "r"))
        rc = apl_load_method(apl_yaml_get(node, "r"), &rule->method, err);
    return rc ? rc : at_node(node, apl_clock_rule_check(rule, err), err);
}

static apl_rc load_clock(apl_policy_loader *l, const apl_yaml_node *node, apl_err *err)
{
    static const char *const keys[] = {"name",          "why",        "calendar",  "first_response",
                                       "next_response", "resolution", "follow_up", NULL};
    const apl_yaml_node *name = NULL;
    const char *text = NULL;
    apl_policy_clock *clock = &l->policy->clocks[l->policy->clock_count];
    clock->why = "";
    clock->calendar = l->policy->workspace.calendar;
    clock->calendar_name = l->policy->workspace.calendar_name;
    apl_rc rc = apl_yaml_keys(node, keys, err);
    if (!rc)
        rc = apl_yaml_need(node, "name", &name, err);
    if (!rc)
        rc = apl_yaml_text(name, &text, err);
    if (!rc && (apl_policy_clock_find(l->policy, text) || strcmp(text, "none") == 0))
        rc = apl_yaml_fail(name, err, "the name \"%s\" is taken", text);
    clock->name = text;
    if (!rc && apl_yaml_get(node, "why"))
        rc = apl_yaml_text(apl_yaml_get(node, "why"), &clock->why, err);
    if (!rc && apl_yaml_get(node, "calendar")) {
        const apl_policy_calendar *calendar = NULL;
        rc = apl_load_calendar_ref(l, apl_yaml_get(node, "calendar"), &calendar, err);
        if (!rc) {
            clock->calendar = &calendar->calendar;
            clock->calendar_name = calendar->name;
        }
    }
    bool any = false;
    for (int i = 0; !rc && i < APL_CLOCK_KIND_COUNT; i++) {
        const apl_yaml_node *target = apl_yaml_get(node, apl_clock_kind_name((apl_clock_kind)i));
        if (!target)
            continue;
        clock->rules[i].kind = (apl_clock_kind)i;
        rc = load_target(target, &clock->rules[i], err);
        clock->has[i] = any = true;
    }
    if (!rc && !any)
        rc = apl_yaml_fail(node, err, "the clock \"%s\" has no target (first_response, …)", text);
    if (!rc)
        l->policy->clock_count++;
    return rc;
}

apl_rc apl_load_clocks(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err)
{
    const apl_yaml_node *list = NULL;
    void *p = NULL;
    apl_rc rc = only_list(root, "clocks", APL_POLICY_CLOCKS_MAX, &list, err);
    if (!rc)
        rc = apl_load_array(l, list->count, sizeof(apl_policy_clock), &p, err);
    if (rc)
        return rc;
    l->policy->clocks = p;
    for (const apl_yaml_node *n = list->first; !rc && n; n = n->next)
        rc = load_clock(l, n, err);
    return rc;
}
