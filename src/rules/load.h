/* SPDX-License-Identifier: Apache-2.0 */
/* Private to src/rules: what the parts of policy loading share. */
#ifndef APL_RULES_LOAD_H
#define APL_RULES_LOAD_H

#include "rules/rules.h"
#include "rules/yaml.h"

typedef struct apl_policy_loader {
    apl_policy *policy;
    const apl_policy_file *files;
    size_t file_count;
    const apl_policy_io *io;
} apl_policy_loader;

/* An array of `count` zeroed elements in the policy's arena; count 0 gives room for one. */
apl_rc apl_load_array(apl_policy_loader *l, size_t count, size_t size, void **out,
                      apl_err *err) MUST_USE;
/* A text, or a list of texts; the words end with NULL. */
apl_rc apl_load_words(apl_policy_loader *l, const apl_yaml_node *node,
                      const char *const **out_words, size_t *out_count, apl_err *err) MUST_USE;
/* Parses a term-list file and adds its lists. */
apl_rc apl_load_terms(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err) MUST_USE;
/* Parses calendars.yaml; policy->workspace.zone is set. */
apl_rc apl_load_calendars(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err) MUST_USE;
/* A zone by name, loaded once. */
apl_rc apl_load_zone(apl_policy_loader *l, const apl_yaml_node *node, const apl_zone **out_zone,
                     apl_err *err) MUST_USE;
/* The calendar that a node names. */
apl_rc apl_load_calendar_ref(apl_policy_loader *l, const apl_yaml_node *node,
                             const apl_policy_calendar **out_calendar, apl_err *err) MUST_USE;
/* Parses clocks.yaml; calendars are loaded. */
apl_rc apl_load_clocks(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err) MUST_USE;
/* Parses rules.yaml; clocks and lists are loaded. */
apl_rc apl_load_rules(apl_policy_loader *l, const apl_yaml_node *root, apl_err *err) MUST_USE;
/* "R1" to "R15". */
apl_rc apl_load_method(const apl_yaml_node *node, const char **out, apl_err *err) MUST_USE;
/* Parses a rule's `when`. */
apl_rc apl_load_when(apl_policy_loader *l, const apl_yaml_node *node, const apl_condition **out,
                     apl_err *err) MUST_USE;

#endif
