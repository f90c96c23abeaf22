/* view.h - read logs and print the events that pass the filter, for cat and tail. */
#ifndef CLI_COMMANDS_VIEW_H
#define CLI_COMMANDS_VIEW_H

#include "cli/options/around.h"
#include "cli/options/filters.h"
#include "cli/output/printer.h"

struct cli_view {
	struct cli_filters filters;
	struct cli_around around;
	struct cli_output output;
	bool reverse;    /* newest first */
	bool follow;     /* continue with events that are written from now on */
	bool from_end;   /* with follow: begin at the end, after printing… */
	uint64_t last;   /* …this many events before it */
	bool wait;       /* with follow: the log may not exist yet */
	uint64_t limit;  /* end after so many events; 0 = no limit */
	bool count;      /* print the number of matches only */
	bool fail_empty; /* CLI_FOUND when nothing was printed */
	bool quiet;      /* no remarks, no progress */
	bool no_pager;
	bool no_join; /* the logs of a cluster are read apart */
};

/* Parse the command line into *view, filled with the command's defaults, and do it. Returns an exit status. */
int cli_view_main(const struct cli_command *command, struct cli_view *view, int argc, char **argv);

#endif
