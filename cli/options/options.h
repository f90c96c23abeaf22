/* options.h - one table of options per command, which drives parsing, --help, the man page and completion.
 *
 * A command keeps its settings in a plain struct, filled with the defaults before parsing. Each option names
 * the member it sets (offsetof) and its kind, which says the member's type. Groups of options that several
 * commands share (filters, output) are tables of their own over a struct of their own that each command
 * embeds: the group says where. */
#ifndef CLI_OPTIONS_OPTIONS_H
#define CLI_OPTIONS_OPTIONS_H

#include <stdint.h>

#include "cli/cli.h"
#include "wire/error.h"

enum cli_option_kind {
	CLI_FLAG,     /* bool: set to true */
	CLI_TEXT,     /* const char *: borrows argv */
	CLI_COPY,     /* char *: owned; what was there is freed */
	CLI_LIST,     /* struct cli_list: may be given repeatedly */
	CLI_INT,      /* int, from min to max */
	CLI_COUNT,    /* uint64_t, at least min */
	CLI_BYTES,    /* uint64_t, not 0: 64k, 1MB, 2GiB (k, kB = 1000; Ki, KiB = 1024) */
	CLI_DURATION, /* int64_t, milliseconds, not 0: 250ms, 5m, 1h30m, 7d; a plain number is seconds */
	CLI_CHOICE,   /* int: the index of the word among those of `argument`: "always|interval|none" */
	CLI_TWO,      /* const char *[2]: two arguments, borrowed from argv: "SEQ SPAN" */
	CLI_CALL,     /* anything else: `call` is called */
	CLI_HELP,     /* no member: print the help */
	CLI_VERSION,  /* no member: print the version */
};

struct cli_option {
	const char *name; /* long name without dashes; NULL ends the table */
	char letter;      /* short name, or 0 */
	enum cli_option_kind kind;
	/* Its name in --help: "SUBJECT"; NULL for flags. Completion goes by it (cli/manual/completion.c): words between
	 * bars are offered, and FILE, DIR, SUBJECT, NAME|ID|IP and the like are looked up. */
	const char *argument;
	const char *help; /* wrapped when printed; NULL = another name of the option before it */
	size_t at;        /* offset of the member in the settings */
	int min, max;     /* CLI_INT; min also CLI_COUNT */
	/* CLI_CALL: `member` points at the offset; argument is NULL when the option has none. 0, or a
	 * negative code with *fault saying what is wrong with the argument (option and value are named by
	 * the caller). */
	int (*call)(void *member, const char *argument, struct wire_fault *fault);
	const char
	    *words; /* for completion, where `argument` does not list them: "message|delivery"; else NULL */
};

struct cli_option_group {
	const char
	    *title; /* heading in --help, shared by consecutive groups; NULL = accepted, but not listed */
	const struct cli_option *options; /* NULL ends the groups */
	size_t at; /* offset in the command's settings of the struct that the options' `at` count from */
};

/* Arguments of a repeatable option, borrowed from argv; `values` is owned and NULL-terminated, or NULL when
 * there are none. Zero-initialised; cli_list_fini frees. */
struct cli_list {
	const char **values;
	size_t len;
};

void cli_list_fini(struct cli_list *list);
/* 0 or -ENOMEM. Borrows value. */
int cli_list_add(struct cli_list *list, const char *value);

/* The operands that follow the options, in order; borrows argv. values[-1] is there, too: the last option, or argv[0], which
 * have been read and may be overwritten. */
struct cli_operands {
	char **values;
	int len;
};

enum { CLI_GO_ON = -1 };

/* Parse argv (argv[0] is skipped) into *settings. CLI_GO_ON; or an exit status to return at once: CLI_DONE
 * when --help or --version was asked for and printed, CLI_USAGE when a usage error was reported. argv is permuted. */
int cli_options_parse(const struct cli_command *command, int argc, char **argv, void *settings,
		      struct cli_operands *operands);

#endif
