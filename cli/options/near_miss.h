/* near_miss.h - for subjects, clients and headers that were asked for and are not in the logs: similar ones that are.
 *
 * Payloads are read for headers only, and after half a second the search ends: it runs after a command that found nothing, whose user
 * waits. */
#ifndef CLI_OPTIONS_NEAR_MISS_H
#define CLI_OPTIONS_NEAR_MISS_H

#include "cli/options/options.h"

enum { CLI_NEAREST_TEXT = 120 };

enum cli_near_kind {
	CLI_NEAR_SUBJECT, /* may have wildcards */
	CLI_NEAR_CLIENT,  /* a name, a number or an address, of a receiver too */
	CLI_NEAR_HEADER,  /* KEY, KEY=VALUE or KEY~REGEX */
};

struct cli_near_miss {
	const char *typed; /* borrowed */
	enum cli_near_kind kind;
	bool is_there; /* the logs have it */
	char nearest
	    [CLI_NEAREST_TEXT]; /* with the wildcards or the regular expression of `typed`; "" = nothing is similar */
};

struct cli_near_misses {
	struct cli_near_miss *list; /* owned by the caller */
	size_t len;
	int64_t first_ns, last_ns; /* times of the first and the last event; last_ns only when is_whole */
	uint64_t events;           /* looked at */
	bool is_whole;             /* all events were */
};

/* Look through the logs. False when they cannot be read again (a pipe), or not at all. */
bool cli_near_misses_find(struct cli_near_misses *misses, const struct cli_operands *logs);

#endif
