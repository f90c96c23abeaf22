/* groups_text.h - print rows of messages and bytes by name (store/read/groups.h), for people. */
#ifndef CLI_OUTPUT_GROUPS_TEXT_H
#define CLI_OUTPUT_GROUPS_TEXT_H

#include "cli/output/row.h"
#include "export/text/sizes.h"
#include "store/read/groups.h"

/* All rows of a table share it. */
struct cli_groups_scale {
	uint64_t total; /* messages that are 100 % */
	double seconds; /* that rates are over; 0 = they are not known */
	struct export_rate_unit unit;
};

struct cli_groups_words {
	const char *counted; /* "messages" */
	const char *noun;    /* of a row: "subject" */
	const char *more;    /* after the number of rows that are not shown: " (--top N)" */
};

/* How many messages of a row lie in each interval. */
struct cli_groups_history {
	double *counts;
	size_t len;
};

struct cli_groups_scale cli_groups_scale_of(uint64_t total, int64_t up_ns);

/* The line above the rows. */
void cli_groups_title(struct cli_row *row, const struct cli_groups_scale *scale,
		      const struct cli_groups_words *words);
void cli_groups_row(struct cli_row *row, const struct cli_groups_scale *scale,
		    const struct store_group *group);

/* A table of the first `top` rows of sorted groups, and how many are left out. Nothing without rows. histories: one for each row that is
 * shown, printed as a line of bars; NULL = none. */
void cli_groups_text(struct cli_row *row, const struct cli_groups_scale *scale,
		     const struct store_groups *groups, uint64_t top, const struct cli_groups_words *words,
		     const struct cli_groups_history *histories);

#endif
