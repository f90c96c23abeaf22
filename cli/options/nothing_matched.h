/* nothing_matched.h - say on stderr that the filters matched nothing, and why: a subject, client or header that the log does not
 * have, with a similar one that it has; times before or after those of the log. */
#ifndef CLI_OPTIONS_NOTHING_MATCHED_H
#define CLI_OPTIONS_NOTHING_MATCHED_H

#include "cli/options/filters.h"

/* fact: what the command found: "nothing matched". The reason follows it, if one is found. Not for a filter
 * without conditions (store_filter_is_empty): then the log is empty. */
void cli_explain_nothing(const struct cli_command *command, const char *fact, const struct cli_operands *logs,
			 const struct cli_filters *filters, const struct cli_operands *subjects);

#endif
