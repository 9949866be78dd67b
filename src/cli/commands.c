/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: the one place that names them all. A new command is a function and an entry here. */
#include "cli/commands.h"

static const apl_cli_option import_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"map", "ROLE=COLUMN,…", "say which column is what; columns by name or by number from 1"},
    {"yes", NULL, "take it without asking"},
    {"zone", "ZONE",
     "zone of times that have none, such as Europe/Berlin (default: the workspace's)"},
    {"dates", "ORDER", "dmy or mdy, for dates such as 03-04-2015 (default: by evidence)"},
    {"own", "NAME,…", "accounts of the company: what they said are replies"},
    {"company", "NAME", "the company that all posts are about"},
    {"channel", "NAME", "the channel that the posts belong to (default: import)"},
    {"kind", "KIND", "post, comment, mention, review, message, email, call, visit, letter, notice"},
    {"format", "FORMAT", "csv, tsv, lines, jsonl, json or mbox (default: detected)"},
    {"encoding", "NAME", "encoding of the text (default: detected)"},
    {"rejects", "FILE", "where rejected records go (default: DIR/rejects/FILE.rejects)"},
    {"policy", "DIR",
     "rules of engagement to publish first (default: DIR/policy of the data directory)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option serve_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"listen", "ADDRESS:PORT", "where to serve (default 127.0.0.1:8080; port 0 = any)"},
    {"port", "PORT", "the same on 127.0.0.1"},
    {"host", "NAME",
     "a host name under which the page is reached (behind a proxy), besides localhost"},
    {"trusted-proxy", "ADDRESS", "address or network whose X-Forwarded-For and -Proto count"},
    {"policy", "DIR",
     "rules of engagement to publish first (default: DIR/policy of the data directory)"},
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option report_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"since", "TIME", "only what was posted from then on (RFC 3339, or a date)"},
    {"until", "TIME", "only what was posted before then"},
    {"by", "COLUMN", "company or channel (default: both)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option data_json_options[] = {APL_CLI_DATA_OPTIONS, APL_CLI_JSON_OPTION,
                                                   APL_CLI_OPTIONS_END};
static const apl_cli_option data_options[] = {APL_CLI_DATA_OPTIONS, APL_CLI_OPTIONS_END};
static const apl_cli_option no_options[] = {APL_CLI_OPTIONS_END};

static const apl_cli_option case_list_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"view", "VIEW",
     "needs_answer (default), mine, unassigned, breached, due_soon, pending, on_hold, solved, all"},
    {"q", "WORDS", "only cases with these words"},
    {"limit", "N", "how many (default 20)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option user_add_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"name", "NAME", "as shown to colleagues"},
    {"role", "ROLE", "owner, agent (default) or reader"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option channel_add_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"kind", "KIND", "webhook (default), import or intake"},
    {"name", "NAME", "as shown to people"},
    {"slug", "SLUG", "short name: a-z, 0-9, - (default: made from the name)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option workspace_set_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"name", "NAME", "name of the firm or brand"},
    {"zone", "ZONE", "its time zone, such as Europe/Berlin"},
    {"demo", NULL, "mark the data as a demonstration"},
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option policy_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"policy", "DIR", "the folder with the documents (default: DIR/policy of the data directory)"},
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option verify_options[] = {
    APL_CLI_DATA_OPTIONS,
    {"key", "VKEY", "the public key to trust (default: DIR/keys/ledger.pub)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option triage_options[] = {
    {"format", "FORMAT",
     "text (a post per line, default), tsv (first column is the text) or jsonl ({\"text\": …})"},
    {"j", "N", "threads (default 1)"},
    {"explain", NULL, "add the words that carried each verdict"},
    {"policy", "DIR", "rules of engagement and term lists (default: the shipped ones)"},
    APL_CLI_OPTIONS_END,
};

static const apl_cli_option bench_options[] = {
    {"posts", "N", "how many posts (default 100000)"},
    {"cases", "N", "in about how many cases (default 7 in 10 posts, as in real archives)"},
    {"make", "FILE", "only write the made posts, as JSON Lines"},
    {"data", "DIR", "where to work (default: a temporary folder, removed afterwards)"},
    APL_CLI_JSON_OPTION,
    APL_CLI_OPTIONS_END,
};

const apl_command apl_commands[] = {
    {"serve", "", "serve the inbox, the API and the webhooks",
     "Opens the data directory (making it when it is missing), and serves the page until Ctrl-C or "
     "SIGTERM. Prints the\n"
     "address and a one-time sign-in link. While it runs, import and the other commands go through "
     "it.\n\n"
     "  aplomb serve\n  aplomb serve --data /var/lib/aplomb --listen 127.0.0.1:9000 --host "
     "desk.example.com",
     serve_options, 0, 0, apl_cmd_serve},
    {"import", "FILE", "take an archive of posts",
     "Takes JSON Lines, CSV, TSV and mbox, gzip or zstd too; delimiter, header, encoding and the "
     "meaning of the columns\n"
     "are found out and shown. FILE may be - for the standard input. Importing a file twice "
     "changes nothing.\n"
     "What cannot be taken goes into a rejects file that can be mended and imported again.\n\n"
     "Roles for --map: id, text, author, author_name, time, parent, direction, company, rating, "
     "title, kind, url, lang,\n"
     "reach, echo_count, revision, event. A mapping that you correct is remembered for the same "
     "header.\n\n"
     "  aplomb import tweets.csv\n  aplomb import reviews.tsv.gz --map "
     "text=review_text,author=user --zone Europe/Paris\n"
     "  aplomb import support.mbox --own help@example.com --yes",
     import_options, 1, 1, apl_cmd_import},
    {"report", "", "where the company stands with its customers",
     "Share answered, first response (median, 90th percentile), share within the limit of the "
     "policy and on the same day,\n"
     "unanswered complaints, and the ten that should have been answered first, with the reason; "
     "per company and channel.\n\n"
     "  aplomb report\n  aplomb report --json --since 2026-01-01",
     report_options, 0, 0, apl_cmd_report},
    {"stats", "", "how much there is",
     "Counts of posts (customers' and own turns), replies, cases, open clocks, ledger entries and "
     "more.",
     data_json_options, 0, 0, apl_cmd_stats},
    {"case list", "", "cases, what is due first on top",
     "  aplomb case list --view breached --limit 50", case_list_options, 0, 0, apl_cmd_case_list},
    {"case show", "CASE", "one case: its posts, clocks and why it is here", "  aplomb case show 17",
     data_json_options, 1, 1, apl_cmd_case_show},
    {"user add", "EMAIL", "add a person; prints a one-time sign-in link",
     "The link works once, within a day; the person then sets a password.\n\n"
     "  aplomb user add kim@example.com --name 'Kim Duarte' --role agent",
     user_add_options, 1, 1, apl_cmd_user_add},
    {"user list", "", "the people of the workspace", "  aplomb user list", data_json_options, 0, 0,
     apl_cmd_user_list},
    {"user link", "EMAIL", "print a new one-time sign-in link for a person",
     "For somebody who lost the password or the first link.", data_json_options, 1, 1,
     apl_cmd_user_link},
    {"channel add", "", "add a channel; a webhook gets its signing secret",
     "The secret of a webhook is printed once. It signs deliveries as the Standard Webhooks "
     "specification says.\n\n"
     "  aplomb channel add --kind webhook --name 'Community forum'",
     channel_add_options, 0, 0, apl_cmd_channel_add},
    {"channel list", "", "the channels of the workspace", "  aplomb channel list",
     data_json_options, 0, 0, apl_cmd_channel_list},
    {"workspace set", "", "name, time zone and demonstration mark of the workspace",
     "  aplomb workspace set --name 'Acme' --zone America/New_York", workspace_set_options, 0, 0,
     apl_cmd_workspace_set},
    {"policy check", "", "check the rules of engagement without publishing them",
     "Names file, line and column of the first mistake and what was expected.", policy_options, 0,
     0, apl_cmd_policy_check},
    {"policy publish", "", "put the edited rules of engagement in force",
     "Stores them as a new version with a ledger entry and computes the clocks of all open cases "
     "anew. serve and import\n"
     "do the same when they start.",
     policy_options, 0, 0, apl_cmd_policy_publish},
    {"verify", "", "recompute every proof of the ledger",
     "Recomputes chain, tree and signed checkpoints from the entries and opens every seal and "
     "commitment against its row\n"
     "and payload. Names what is changed, missing or extra. Exit status 1 when anything is.",
     verify_options, 0, 0, apl_cmd_verify},
    {"backup", "FILE", "write everything into one file, also while a server runs",
     "One consistent state of store, keys and policy, compressed. Works the same for SQLite and "
     "PostgreSQL; a backup of\n"
     "one can be restored into the other.\n\n  aplomb backup aplomb-2026-11-23.backup",
     data_json_options, 1, 1, apl_cmd_backup},
    {"restore", "FILE", "make a data directory from a backup",
     "DIR must not exist or be empty. The ledger is verified at the end.\n\n"
     "  aplomb restore aplomb-2026-11-23.backup --data ./restored",
     data_json_options, 1, 1, apl_cmd_restore},
    {"migrate", "", "bring the store's schema up to date",
     "Make a backup first. Killed in between, run it again.", data_options, 0, 0, apl_cmd_migrate},
    {"doctor", "", "check the whole installation and say what to do",
     "Data directory, permissions, keys, schema, database, policy, time zones, disk space, clock, "
     "running server.",
     data_json_options, 0, 0, apl_cmd_doctor},
    {"triage", "[FILE]", "posts to verdicts, without any database",
     "One JSON object out per line in, in the same order. Reads the standard input when FILE is "
     "missing or -.\n\n"
     "  aplomb triage -j 2 --format jsonl posts.jsonl >verdicts.jsonl",
     triage_options, 0, 1, apl_cmd_triage},
    {"bench", "", "measure intake on this machine against bare SQLite",
     "Durable intake of made posts (parse, triage, case, ledger) against a bare program that "
     "inserts the same rows.",
     bench_options, 0, 0, apl_cmd_bench},
    {"man", "COMMAND", "print a command's man page", "  aplomb man 'case list' | man -l -",
     no_options, 1, 1, apl_cmd_man},
    {"completion", "SHELL", "print shell completion for bash or zsh",
     "  aplomb completion bash >/etc/bash_completion.d/aplomb", no_options, 1, 1,
     apl_cmd_completion},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};

apl_rc apl_cmd_serve(apl_cli *cli, apl_err *err)
{
    return cli->program->serve(cli, err);
}

apl_rc apl_cmd_man(apl_cli *cli, apl_err *err)
{
    return apl_cli_print_man(cli->args[0], err);
}

apl_rc apl_cmd_completion(apl_cli *cli, apl_err *err)
{
    return apl_cli_print_completion(cli->args[0], err);
}
