/* view_replies.h - print a request and its replies together, where the filters chose either of them.
 *
 * Every request is kept, because its reply may be the one that is chosen. It is complete a second after its last reply, when
 * the server says that there are no responders, or when none came within 10 s; then it is printed or forgotten. Chosen events
 * of other kinds wait for the requests before them, so that everything comes in order of the requests:
 *
 *	head ▶ request 7 (2 replies) · connect · request 9 (waits) · request 12 (1 reply) ◀ newest
 *
 * At most CLI_VIEW_REPLIES_BYTES are kept: beyond that the oldest is printed as it is. A chosen reply whose request was not
 * read, or was printed already, is printed by itself. */
#ifndef CLI_COMMANDS_VIEW_REPLIES_H
#define CLI_COMMANDS_VIEW_REPLIES_H

#include "cli/output/printer.h"
#include "trace/requests.h"
#include "wire/event_copy.h"

enum {
	CLI_VIEW_REPLIES_BYTES = 64 << 20,
	CLI_VIEW_REPLIES_ENTRIES = 1 << 16, /* a power of two */
};

struct cli_view_exchange;

struct cli_view_replies {
	struct cli_printer *printer; /* borrowed */
	struct wire_source *source;  /* borrowed */
	struct trace_requests requests;
	struct cli_view_exchange *ring; /* owned: number n is at n modulo CLI_VIEW_REPLIES_ENTRIES */
	uint64_t first, next;           /* numbers of those that are kept: [first, next) */
	size_t bytes;                   /* of the copies */
	uint64_t chosen;                /* of them: these will be printed */
	int64_t now_ns;                 /* steady: of the latest event */
};

/* 0 or -ENOMEM. In either case call cli_view_replies_fini. */
int cli_view_replies_init(struct cli_view_replies *replies, struct cli_printer *printer,
			  struct wire_source *source);
void cli_view_replies_fini(struct cli_view_replies *replies);

/* Take the event that the source has just given out. 0 or -ENOMEM. */
int cli_view_replies_take(struct cli_view_replies *replies, const struct wire_event *event, bool is_chosen);

/* It is now_ns (steady), and nothing has come: print what is complete. */
void cli_view_replies_read_to(struct cli_view_replies *replies, int64_t now_ns);

/* There are no more events: print the rest. `end` is why no more replies are expected. */
void cli_view_replies_end(struct cli_view_replies *replies, enum export_pairing_end end);

#endif
