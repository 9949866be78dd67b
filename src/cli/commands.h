/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind the table of commands (commands.c). */
#ifndef APL_CLI_COMMANDS_H
#define APL_CLI_COMMANDS_H

#include "cli/command.h"

apl_rc apl_cmd_serve(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_import(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_report(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_stats(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_case_list(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_case_show(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_user_add(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_user_list(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_user_link(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_channel_add(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_channel_list(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_workspace_set(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_policy_check(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_policy_publish(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_verify(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_backup(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_restore(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_migrate(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_doctor(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_triage(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_bench(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_man(apl_cli *cli, apl_err *err);
apl_rc apl_cmd_completion(apl_cli *cli, apl_err *err);

#endif
