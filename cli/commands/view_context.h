/* view_context.h - print chosen events with those around them, as grep -A, -B and -C do. */
#ifndef CLI_COMMANDS_VIEW_CONTEXT_H
#define CLI_COMMANDS_VIEW_CONTEXT_H

#include "cli/output/printer.h"
#include "wire/event_copy.h"

struct cli_view_context {
	struct cli_printer *printer; /* borrowed */
	struct wire_source *source;  /* borrowed */
	uint64_t before, after;      /* events */

	struct wire_event_copy *ring; /* owned: the last events that were not printed, `before` of them */
	uint64_t held;                /* in the ring */
	uint64_t events;              /* so far */
	uint64_t printed;             /* number of the last event that was printed, from 1 on; 0: none was */
	uint64_t after_left;          /* events to print after the last chosen one */
};

/* 0 or -ENOMEM. In either case call cli_view_context_fini. */
int cli_view_context_init(struct cli_view_context *context, struct cli_printer *printer,
			  struct wire_source *source, uint64_t before, uint64_t after);
void cli_view_context_fini(struct cli_view_context *context);

/* Take the event that the source has just given out: print it, or keep it while it may precede a chosen one. 0 or -ENOMEM. */
int cli_view_context_take(struct cli_view_context *context, const struct wire_event *event, bool is_chosen);

#endif
