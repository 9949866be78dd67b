/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subcommands as data: one descriptor each gives the parser, --help, the man page and the shell completion.
 * A command returns an exit status by way of its result code: 0 done, 1 found something wrong, 2 wrong use.
 */
#ifndef APL_CLI_COMMAND_H
#define APL_CLI_COMMAND_H

#include "desk/desk.h"

enum { APL_CLI_OPTIONS_MAX = 24, APL_CLI_ARGS_MAX = 16 };

typedef struct apl_cli_option {
    const char *name;  /* "data" for --data */
    const char *value; /* "DIR"; NULL = a flag */
    const char *help;
} apl_cli_option;

typedef struct apl_cli apl_cli;

typedef struct apl_command {
    const char *name;              /* "case list" */
    const char *arguments;         /* "FILE", "[FILE]", "CASE"; "" = none */
    const char *summary;           /* one line */
    const char *manual;            /* paragraphs, with examples */
    const apl_cli_option *options; /* besides --help; ends with name NULL */
    int min_args, max_args;
    apl_rc (*run)(apl_cli *cli, apl_err *err);
} apl_command;

/* The whole program's table; ends with name NULL. */
extern const apl_command apl_commands[];

/* What main wires in. */
typedef struct apl_program {
    apl_desk_env env;
    apl_rc (*serve)(apl_cli *cli, apl_err *err);
} apl_program;

struct apl_cli {
    const apl_desk_env *env;
    const apl_program *program;
    const apl_command *command;
    const char *values[APL_CLI_OPTIONS_MAX]; /* by option; a flag that is given is "" */
    const char *args[APL_CLI_ARGS_MAX];
    int arg_count;
    bool found_wrong; /* the command did its work and found something wrong: exit status 1 */
};

/* Runs the program; returns its exit status. */
int apl_cli_main(const apl_program *program, int argc, char **argv);

/* Value of an option of the present command, NULL when it was not given. */
const char *apl_cli_get(const apl_cli *cli, const char *name);
bool apl_cli_has(const apl_cli *cli, const char *name);
typedef struct apl_cli_range {
    int64_t min, max, otherwise; /* when the option was not given */
} apl_cli_range;
/* Whole number of an option. APL_E_USAGE names the option and the range. */
apl_rc apl_cli_number(const apl_cli *cli, const char *name, apl_cli_range range, int64_t *out_value,
                      apl_err *err) MUST_USE;
/* --data, --store and --policy of the present command, opened. */
apl_rc apl_cli_open(apl_cli *cli, apl_desk_mode mode, apl_desk **out_desk, apl_err *err) MUST_USE;
const char *apl_cli_data_dir(const apl_cli *cli);

/* Texts made from the table. page NULL = the overview. */
void apl_cli_print_help(const apl_command *command);
apl_rc apl_cli_print_man(const char *name, apl_err *err) MUST_USE;
apl_rc apl_cli_print_completion(const char *shell, apl_err *err) MUST_USE;

/* Every command that opens a data directory has these. */
#define APL_CLI_DATA_OPTIONS                                                                       \
    {"data", "DIR", "the data directory (default ./aplomb-data, or $APLOMB_DATA)"},                \
    {                                                                                              \
        "store", "URL", "keep the data in PostgreSQL: postgresql://… (default: SQLite in DIR)"   \
    }
#define APL_CLI_JSON_OPTION                                                                        \
    {                                                                                              \
        "json", NULL, "print one JSON object instead of text"                                      \
    }
#define APL_CLI_OPTIONS_END                                                                        \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

#endif
