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
	CLI_TASKS
};

struct cli_option_group;

/* A command: a constant that describes itself. Parsing, --help and the man page all come from here. */
struct cli_command {
	const char *name;
	const char *summary;  /* one line without full stop: `print events` */
	enum cli_task group;  /* where `tapedeck` lists it */
	const char *operands; /* shown after the name: `LOG [SUBJECT...]`; "" when it takes none */
	const char *about;    /* text below the usage line; lines are printed as they are; NULL = none */
	const char *examples; /* likewise, under "Examples" */
	const struct cli_option_group *options; /* ends with a group without options; NULL = none */
	bool go_flags; /* flags in Go's style: `-user x`, `--user=x`, `-D=false` are understood too */
	bool alone;    /* known by a name of its own (nats-server), not as a word after `tapedeck` */
	/* Run with argv[0] = the command's name. Returns an exit status. */
	int (*run)(const struct cli_command *command, int argc, char **argv);
};

/* The commands there are, NULL-terminated, in the order in which they are listed. */
const struct cli_command *const *cli_commands(void);

/* The command of that name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

/* The word of a NULL-terminated list that a mistyped one most likely meant, or NULL when none is near. */
const char *cli_nearest(const char *typed, const char *const *words);

/* `tapedeck NAME`, or NAME of a command that stands alone. Cut when text is too small. */
void cli_command_title(const struct cli_command *command, char *text, size_t size);

/* Say `tapedeck NAME: text` on stderr, in one line. */
void cli_error(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Likewise, with a pointer to --help. Returns CLI_USAGE, so that `return cli_usage_error(…);` works. */
int cli_usage_error(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit status that writing the output ended with: CLI_DONE for 0 and for -EPIPE, a reader that has gone, is no
 * error; else CLI_IO after a complaint. */
int cli_write_status(const struct cli_command *command, int error);

#endif
