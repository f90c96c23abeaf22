/* commands.h - the commands, each defined in its cmd_<name>.c and listed once in commands.c. */
#ifndef CLI_COMMANDS_COMMANDS_H
#define CLI_COMMANDS_COMMANDS_H

#include "cli/cli.h"

extern const struct cli_command cli_broker;

/* Stand in front of servers. */
extern const struct cli_command cli_proxy;

/* Capture from the network. */
extern const struct cli_command cli_sniff;

/* Mark the moment in whatever records. */
extern const struct cli_command cli_mark;

/* The broker under nats-server's name: not listed; selected by the name under which the program is called. */
extern const struct cli_command cli_nats_server;

/* Read logs. */
extern const struct cli_command cli_cat, cli_tail, cli_stat, cli_trace, cli_who, cli_doctor, cli_diff,
    cli_verify;

/* Play logs. */
extern const struct cli_command cli_replay, cli_mock;

#endif
