/* SPDX-License-Identifier: Apache-2.0 */
/* Help, man pages and shell completion, all from the table of commands. Tests: tests/e2e/test_cli.py */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

static void print_overview(void)
{
    (void)printf("Aplomb: the response desk for what people say about a company in public.\n\n"
                 "usage: aplomb COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; apl_commands[i].name; i++)
        (void)printf("  %-18s %s\n", apl_commands[i].name, apl_commands[i].summary);
    (void)printf("\nA first walk:\n"
                 "  aplomb import reviews.csv      take an archive of posts; the columns are "
                 "guessed and shown\n"
                 "  aplomb report                  where the company stands with its customers\n"
                 "  aplomb serve                   the inbox, at http://127.0.0.1:8080\n"
                 "  aplomb verify                  recompute every proof of the ledger\n\n"
                 "aplomb COMMAND --help tells all about one command.\n"
                 "Exit status: 0 done, 1 found something wrong, 2 wrong use.\n");
}

void apl_cli_print_help(const apl_command *command)
{
    if (!command) {
        print_overview();
        return;
    }
    (void)printf("usage: aplomb %s%s%s [OPTIONS]\n\n%s\n\n%s\n\noptions:\n", command->name,
                 command->arguments[0] ? " " : "", command->arguments, command->summary,
                 command->manual);
    for (size_t i = 0; command->options[i].name; i++) {
        char left[48];
        const apl_cli_option *o = &command->options[i];
        const char *dashes = strlen(o->name) == 1 ? "-" : "--";
        (void)snprintf(left, sizeof left, "%s%s%s%s", dashes, o->name, o->value ? " " : "",
                       o->value ? o->value : "");
        (void)printf("  %-22s %s\n", left, o->help);
    }
    (void)printf("  %-22s %s\n\nExit status: 0 done, 1 found something wrong, 2 wrong use.\n",
                 "--help", "this text");
}

/* roff: a line that begins with a dot or an apostrophe, and backslashes, must be escaped. */
static void print_roff(const char *text)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", stdout);
        if (*text == '\\')
            (void)fputs("\\e", stdout);
        else if (*text == '-')
            (void)fputs("\\-", stdout);
        else
            (void)putchar(*text);
        at_start = *text == '\n';
    }
}

static void print_man_name(const char *name)
{
    for (; *name; name++)
        (void)putchar(*name == ' ' ? '-' : *name);
}

apl_rc apl_cli_print_man(const char *name, apl_err *err)
{
    const apl_command *command = NULL;
    for (size_t i = 0; apl_commands[i].name; i++)
        if (strcmp(apl_commands[i].name, name) == 0)
            command = &apl_commands[i];
    if (!command)
        return apl_err_set(err, APL_E_USAGE, "there is no command \"%.60s\"", name);
    (void)printf(".TH APLOMB\\-");
    print_man_name(name);
    (void)printf(" 1 \"\" \"Aplomb %s\"\n.SH NAME\naplomb\\-", APL_VERSION);
    print_man_name(name);
    (void)printf(" \\- ");
    print_roff(command->summary);
    (void)printf("\n.SH SYNOPSIS\n.B aplomb %s\n%s [OPTIONS]\n.SH DESCRIPTION\n.nf\n", name,
                 command->arguments);
    print_roff(command->manual);
    (void)printf("\n.fi\n.SH OPTIONS\n");
    for (size_t i = 0; command->options[i].name; i++) {
        const apl_cli_option *o = &command->options[i];
        (void)printf(".TP\n.B %s%s%s%s\n", strlen(o->name) == 1 ? "\\-" : "\\-\\-", o->name,
                     o->value ? " " : "", o->value ? o->value : "");
        print_roff(o->help);
        (void)printf("\n");
    }
    (void)printf(".SH EXIT STATUS\n0 done, 1 found something wrong, 2 wrong use.\n");
    return APL_OK;
}

static void print_bash(void)
{
    (void)printf("_aplomb() {\n    local cur=${COMP_WORDS[COMP_CWORD]} line=\" "
                 "${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
                 "    case $line in\n");
    for (size_t i = 0; apl_commands[i].name; i++) {
        (void)printf("    \" %s \"*) COMPREPLY=($(compgen -f -W '", apl_commands[i].name);
        for (size_t k = 0; apl_commands[i].options[k].name; k++)
            (void)printf("%s%s ", strlen(apl_commands[i].options[k].name) == 1 ? "-" : "--",
                         apl_commands[i].options[k].name);
        (void)printf("--help' -- \"$cur\")) ;;\n");
    }
    (void)printf("    *) COMPREPLY=($(compgen -W '");
    for (size_t i = 0; apl_commands[i].name; i++)
        (void)printf("%s ", apl_commands[i].name);
    (void)printf("' -- \"$cur\")) ;;\n    esac\n}\ncomplete -o default -F _aplomb aplomb\n");
}

apl_rc apl_cli_print_completion(const char *shell, apl_err *err)
{
    if (strcmp(shell, "bash") == 0) {
        print_bash();
        return APL_OK;
    }
    if (strcmp(shell, "zsh") == 0) {
        (void)printf("autoload -U +X bashcompinit && bashcompinit\n");
        print_bash();
        return APL_OK;
    }
    return apl_err_set(err, APL_E_USAGE, "completion is there for bash and zsh");
}
