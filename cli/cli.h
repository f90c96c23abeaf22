/* cli.h - what every command shares: how it is described, what it returns. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses, the same for every command. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FOUND = 1,   /* the work found a problem: damage, a mismatch, nothing matched with --fail-empty */
	CLI_USAGE = 2,   /* the command line makes no sense */
	CLI_CONNECT = 3, /* cannot connect or authenticate */
	CLI_IO = 4,      /* cannot read or write */
};

/* Headings under which `tapedeck` alone lists the commands. */
enum cli_task {
	CLI_TASK_RECORD, /* make logs */
	CLI_TASK_READ,   /* read logs */
	CLI_TASK_PLAY,   /* play logs */
	CLI_TASK_CARE,   /* keep logs */
	CLI_TASK_HELP,
	CLI_TASKS
};

struct cli_option_group;

/* A command: a constant that describes itself. Parsing, --help, the man page and completion all come from here. */
struct cli_command {
	const char *name;
	const char *summary;  /* one line without full stop: `print events` */
	enum cli_task group;  /* where `tapedeck` lists it */
	const char *operands; /* shown after the name: `LOG [SUBJECT...]`; "" when it takes none */
	const char *about;    /* text below the usage line (cli/manual/paragraphs.h), wrapped; NULL = none */
	const char *examples; /* lines of at most 80 columns, printed as they are; NULL = none */
	const struct cli_option_group *options; /* ends with a group without options; NULL = none */
	bool go_flags;   /* flags in Go's style: `-user x`, `--user=x`, `-D=false` are understood too */
	bool is_program; /* not a command, but tapedeck itself: in errors */
	bool alone;      /* known by a name of its own (nats-server), not as a word after `tapedeck` */
	const struct cli_command *also; /* the same under a name of its own, for the man page; NULL = none */
	/* Run with argv[0] = the command's name. Returns an exit status. */
	int (*run)(const struct cli_command *command, int argc, char **argv);
};

/* The commands there are, NULL-terminated, in the order in which they are listed. */
const struct cli_command *const *cli_commands(void);

/* The command of that name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

#endif
