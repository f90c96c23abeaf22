/* board.h - a source, what the user looks at, and the table that results. */
#ifndef CLI_TOP_BOARD_H
#define CLI_TOP_BOARD_H

#include "cli/cli.h"
#include "cli/top/state.h"

struct cli_top_options {
	const struct cli_command *command; /* for messages */
	size_t view, sort;                 /* sort: column of the view */
	bool reversed;
	const char *filter; /* rows that match; NULL = all */
	int every_ms;
	uint64_t iterations; /* tables; UINT64_MAX: until the user quits or nothing new will come */
	uint64_t rows;       /* of a plain table */
	bool utc, color;
	bool is_plain;    /* no screen even if there is a terminal */
	int interrupt_fd; /* of cli_interrupt_open */
};

struct cli_top_board {
	struct cli_top_source *source;         /* borrowed */
	const struct cli_top_options *options; /* borrowed */
	struct cli_top_state state;
	struct cli_top_head head;
	struct cli_top_table table;
	struct wire_fault fault; /* why reading ended */
};

void cli_top_board_init(struct cli_top_board *board, struct cli_top_source *source,
			const struct cli_top_options *options);
void cli_top_board_fini(struct cli_top_board *board);

/* Make the head and the table again from the source, filtered and sorted as the state says. */
void cli_top_board_make(struct cli_top_board *board);

#endif
