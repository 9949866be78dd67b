/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of the command line by table; see command.h. Tests: tests/e2e/test_cli.py */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t option_count(const apl_command *command)
{
    size_t count = 0;
    while (command->options[count].name)
        count++;
    return count;
}

static size_t option_index(const apl_command *command, apl_span name)
{
    for (size_t i = 0; command->options[i].name; i++)
        if (apl_span_is(name, command->options[i].name))
            return i;
    return SIZE_MAX;
}

const char *apl_cli_get(const apl_cli *cli, const char *name)
{
    size_t i = option_index(cli->command, apl_span_of(name));
    return i == SIZE_MAX ? NULL : cli->values[i];
}

bool apl_cli_has(const apl_cli *cli, const char *name)
{
    return apl_cli_get(cli, name) != NULL;
}

apl_rc apl_cli_number(const apl_cli *cli, const char *name, apl_cli_range range, int64_t *out_value,
                      apl_err *err)
{
    const char *text = apl_cli_get(cli, name);
    int64_t value = range.otherwise;
    if (text && (apl_span_parse_i64(apl_span_of(text), &value, NULL) || value < range.min ||
                 value > range.max))
        return apl_err_set(err, APL_E_USAGE, "%s%s takes a whole number from %lld to %lld",
                           name[1] ? "--" : "-", name, (long long)range.min, (long long)range.max);
    *out_value = value;
    return APL_OK;
}

const char *apl_cli_data_dir(const apl_cli *cli)
{
    const char *dir = apl_cli_get(cli, "data");
    if (!dir)
        dir = getenv("APLOMB_DATA");
    return dir && *dir ? dir : "aplomb-data";
}

apl_rc apl_cli_open(apl_cli *cli, apl_desk_mode mode, apl_desk **out_desk, apl_err *err)
{
    const char *store = apl_cli_get(cli, "store");
    apl_desk_options options = {
        .data_dir = apl_cli_data_dir(cli),
        .store_url = store ? store : getenv("APLOMB_STORE"),
        .policy_dir = apl_cli_get(cli, "policy"),
        .mode = mode,
    };
    return apl_desk_open(cli->env, &options, out_desk, err);
}

/* "case list" takes two words of the command line, "import" one. */
static const apl_command *find_command(int argc, char **argv, int *out_words)
{
    for (size_t i = 0; apl_commands[i].name; i++) {
        apl_span rest = apl_span_of(apl_commands[i].name), word;
        int words = 0;
        bool same = true;
        while (same && apl_span_split(&rest, ' ', &word)) {
            same = words < argc && apl_span_is(word, argv[words]);
            words++;
        }
        if (same) {
            *out_words = words;
            return &apl_commands[i];
        }
    }
    return NULL;
}

static apl_rc unknown_option(const apl_command *command, const char *arg, apl_err *err)
{
    apl_err_set(err, APL_E_USAGE, "aplomb %s has no option %s", command->name, arg);
    apl_err_fix(err, "see: aplomb %s --help", command->name);
    return APL_E_USAGE;
}

static apl_rc take_option(apl_cli *cli, int argc, char **argv, int *inout_at, bool *out_help,
                          apl_err *err)
{
    const char *arg = argv[*inout_at];
    apl_span name = apl_span_of(arg + 2), value = APL_SPAN_NONE;
    size_t equals = apl_span_find_byte(name, '=');
    if (strcmp(arg, "-h") == 0 || apl_span_is(name, "help")) {
        *out_help = true;
        return APL_OK;
    }
    if (arg[1] != '-') { /* -j 4 and -j4 */
        name = apl_span_sub(apl_span_of(arg), 1, 1);
        if (arg[2])
            value = apl_span_of(arg + 2);
    } else if (equals != SIZE_MAX) {
        value = apl_span_sub(name, equals + 1, SIZE_MAX);
        name = apl_span_sub(name, 0, equals);
    }
    size_t i = option_index(cli->command, name);
    if (i == SIZE_MAX)
        return unknown_option(cli->command, arg, err);
    const apl_cli_option *option = &cli->command->options[i];
    if (!option->value) {
        cli->values[i] = "";
        return value.ptr ? apl_err_set(err, APL_E_USAGE, "--%s takes no value", option->name)
                         : APL_OK;
    }
    if (!value.ptr) {
        if (*inout_at + 1 >= argc)
            return apl_err_set(err, APL_E_USAGE, "--%s needs %s", option->name, option->value);
        value = apl_span_of(argv[++*inout_at]);
    }
    cli->values[i] = value.ptr;
    return APL_OK;
}

static apl_rc parse(apl_cli *cli, int argc, char **argv, bool *out_help, apl_err *err)
{
    bool only_args = false;
    if (option_count(cli->command) > APL_CLI_OPTIONS_MAX)
        return apl_err_set(err, APL_E_INTERNAL, "too many options");
    for (int i = 0; i < argc; i++) {
        bool is_option = !only_args && argv[i][0] == '-' && argv[i][1];
        apl_rc rc = APL_OK;
        if (is_option && strcmp(argv[i], "--") == 0)
            only_args = true;
        else if (is_option)
            rc = take_option(cli, argc, argv, &i, out_help, err);
        else if (cli->arg_count == APL_CLI_ARGS_MAX)
            rc = apl_err_set(err, APL_E_USAGE, "too many arguments");
        else
            cli->args[cli->arg_count++] = argv[i];
        if (rc || *out_help)
            return rc;
    }
    if (cli->arg_count < cli->command->min_args || cli->arg_count > cli->command->max_args) {
        apl_err_set(err, APL_E_USAGE, "aplomb %s takes %s", cli->command->name,
                    cli->command->arguments[0] ? cli->command->arguments : "no arguments");
        apl_err_fix(err, "see: aplomb %s --help", cli->command->name);
        return APL_E_USAGE;
    }
    return APL_OK;
}

static int print_error(const apl_err *err, apl_rc rc)
{
    char text[sizeof err->what + sizeof err->where + sizeof err->fix + 8];
    (void)fprintf(stderr, "aplomb: %s\n", apl_err_format(err, text, sizeof text));
    return apl_rc_exit_status(rc);
}

int apl_cli_main(const apl_program *program, int argc, char **argv)
{
    apl_cli cli = {.env = &program->env, .program = program};
    apl_err err = {0};
    int words = 0;
    bool wants_help = false;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        apl_cli_print_help(NULL);
        return argc < 2 ? apl_rc_exit_status(APL_E_USAGE) : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("aplomb %s\n", APL_VERSION);
        return 0;
    }
    cli.command = find_command(argc - 1, argv + 1, &words);
    if (!cli.command) {
        apl_rc rc = apl_err_set(&err, APL_E_USAGE, "there is no command \"%.60s\"", argv[1]);
        apl_err_fix(&err, "see: aplomb --help");
        return print_error(&err, rc);
    }
    apl_rc rc = parse(&cli, argc - 1 - words, argv + 1 + words, &wants_help, &err);
    if (!rc && wants_help) {
        apl_cli_print_help(cli.command);
        return 0;
    }
    if (!rc)
        rc = cli.command->run(&cli, &err);
    if (!rc && (fflush(stdout) || ferror(stdout)))
        rc = apl_err_set(&err, APL_E_IO, "writing the output failed");
    return rc ? print_error(&err, rc) : cli.found_wrong;
}
