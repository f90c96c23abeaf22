/* headline.h - the lines before the tables of a report: a name, a value, a note. */
#ifndef CLI_OUTPUT_HEADLINE_H
#define CLI_OUTPUT_HEADLINE_H

#include "cli/output/row.h"
#include "wire/source.h"

/* One line. The note may be empty. */
void cli_headline(struct cli_row *row, enum cli_color color, const char *name, const char *value,
		  const char *note);

/* Likewise with a count, in the colour unless it is 0. */
void cli_headline_count(struct cli_row *row, enum cli_color color, const char *name, uint64_t count,
			const char *note);

/* Print when the events were, and how the clock was set between them. `left_out_of` names what leaves these
 * steps out. */
void cli_headline_time(struct cli_row *row, int64_t first_ns, int64_t last_ns, int64_t span_ns, bool utc,
		       const struct wire_steps *steps, const char *left_out_of);

/* How long nothing was logged, which rates leave out; nothing when down_ns is 0. */
void cli_headline_down(struct cli_row *row, int64_t down_ns);

/* "and 12 more (-n N)", when there are more. */
void cli_headline_more(struct cli_row *row, uint64_t more);

#endif
