#include "cli/output/headline.h"

#include <stdio.h>

#include "cli/output/sizes.h"
#include "cli/output/times.h"

enum { VALUE_COLUMN = 16, NOTE_COLUMN = 28 };

void cli_headline(struct cli_row *row, enum cli_color color, const char *name, const char *value,
		  const char *note)
{
	cli_row_fill(row, 2);
	cli_row_text(row, CLI_DIM, name);
	cli_row_fill(row, VALUE_COLUMN);
	cli_row_text(row, color, value);
	if (note[0]) {
		cli_row_fill(row, NOTE_COLUMN);
		cli_row_text(row, CLI_PLAIN, note);
	}
	cli_row_end(row);
}

void cli_headline_count(struct cli_row *row, enum cli_color color, const char *name, uint64_t count,
			const char *note)
{
	char value[CLI_SIZE_TEXT];

	cli_headline(row, count > 0 ? color : CLI_PLAIN, name, cli_count_text(value, count), note);
}

void cli_headline_time(struct cli_row *row, int64_t first_ns, int64_t last_ns, int64_t span_ns, bool utc,
		       const struct wire_steps *steps, const char *left_out_of)
{
	struct cli_clock clock = {.utc = utc};
	char text[200], first[CLI_TIME_TEXT], last[CLI_TIME_TEXT], span[CLI_SIZE_TEXT], set[CLI_STEPS_TEXT];

	cli_clock_text(&clock, first_ns, CLI_TIME_SECOND, first);
	cli_clock_text(&clock, last_ns, CLI_TIME_SECOND, last);
	if (first_ns == last_ns)
		snprintf(text, sizeof(text), "%s", first);
	else
		snprintf(text, sizeof(text), "%s to %s, %s", first, last, cli_span_text(span, span_ns));
	cli_headline(row, CLI_PLAIN, "time", text, "");
	if (steps->count == 0)
		return;
	snprintf(text, sizeof(text), "%s, left out of %s", cli_steps_text(set, steps), left_out_of);
	cli_headline(row, CLI_YELLOW, "clock", text, "");
}

void cli_headline_down(struct cli_row *row, int64_t down_ns)
{
	char text[CLI_SIZE_TEXT];

	if (down_ns > 0)
		cli_headline(row, CLI_YELLOW, "down", cli_span_text(text, down_ns),
			     "of it nothing was logged; left out of rates");
}

void cli_headline_more(struct cli_row *row, uint64_t more)
{
	char text[CLI_SIZE_TEXT];

	if (more == 0)
		return;
	cli_row_format(row, CLI_DIM, "  and %s more (-n N)", cli_count_text(text, more));
	cli_row_end(row);
}
