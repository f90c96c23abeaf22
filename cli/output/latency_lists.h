/* latency_lists.h - single requests for people: those that --slow and --unanswered ask for, and the slowest. */
#ifndef CLI_OUTPUT_LATENCY_LISTS_H
#define CLI_OUTPUT_LATENCY_LISTS_H

#include "cli/output/latency_order.h"
#include "cli/output/row.h"

/* The lists that were asked for; nothing where they are empty. 0 or -ENOMEM. */
int cli_latency_lists(struct cli_row *row, const struct cli_latency_view *view);

/* The slowest requests of all. 0 or -ENOMEM. */
int cli_latency_slowest(struct cli_row *row, const struct cli_latency_view *view);

#endif
