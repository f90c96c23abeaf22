/* commands.h - the commands, each defined in its cmd_<name>.c and listed once in commands.c. */
#ifndef CLI_COMMANDS_COMMANDS_H
#define CLI_COMMANDS_COMMANDS_H

#include "cli/cli.h"

extern const struct cli_command cli_broker;

/* Stand in front of servers. */
extern const struct cli_command cli_proxy;

/* Subscribe, and record what arrives. */
extern const struct cli_command cli_record;

/* Make a log of what others keep. */
extern const struct cli_command cli_import;

/* Capture from the network. */
extern const struct cli_command cli_sniff;

/* Mark the moment in whatever records. */
extern const struct cli_command cli_mark;

/* The broker under nats-server's name: not listed; selected by the name under which the program is called. */
extern const struct cli_command cli_nats_server;

/* Read logs. */
extern const struct cli_command cli_cat, cli_tail, cli_top, cli_stat, cli_trace, cli_who, cli_doctor,
    cli_diff, cli_verify;

/* Writes logs in the formats of other tools (cli/commands/export_formats.h). */
extern const struct cli_command cli_export;

/* Keep logs. */
extern const struct cli_command cli_ls, cli_cut, cli_merge, cli_pack;

/* Play logs. */
extern const struct cli_command cli_replay, cli_report, cli_mock;

/* Explain the commands. Not among cli_commands(), since it prints them. */
extern const struct cli_command cli_help;

/* Names for the completion of shells; not listed. */
extern const struct cli_command cli_complete;

enum { CLI_COMMANDS_MAX = 64 };

/* The commands that have a man page: those of cli_commands(), and help. The list ends with NULL. */
void cli_commands_documented(const struct cli_command *list[CLI_COMMANDS_MAX]);

/* Print the list of commands on stdout. */
void cli_commands_print(void);

/* Report a command that does not exist, with the one that may have been meant. Returns CLI_USAGE. */
int cli_commands_unknown(const char *typed);

#endif
