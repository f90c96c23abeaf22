/* frame.h - lay out one screenful of `top`: what each line of the screen shows.
 *
 * Pure: the lines are text with colour codes (cli/output/color.h), for a screen of any size. From top to bottom: title, numbers,
 * history, tabs, headings, rows, keys. On a low screen history, tabs and keys are left out first. */
#ifndef CLI_TOP_FRAME_H
#define CLI_TOP_FRAME_H

#include "cli/top/state.h"
#include "export/text/clock.h"

struct cli_top_frame {
	struct export_out out;      /* of one line; never flushed */
	struct cli_top_lines lines; /* of the screen */
	size_t highlighted;         /* the line that is selected; SIZE_MAX: none */
	bool utc, color;
	struct export_clock clock;
};

/* The contents of a frame. Borrowed. */
struct cli_top_scene {
	const struct cli_top_head *head;
	const struct cli_top_table *table; /* filtered and sorted */
	const struct cli_top_lines *list;  /* CLI_TOP_LEVEL_LIST */
	const struct cli_top_lines *text;  /* CLI_TOP_LEVEL_TEXT */
};

/* 0 or -ENOMEM. */
int cli_top_frame_init(struct cli_top_frame *frame, bool utc, bool color);
void cli_top_frame_fini(struct cli_top_frame *frame);

/* Fill in the lines for a screen of this size, and state->page. Scroll positions are brought into range. */
void cli_top_frame_compose(struct cli_top_frame *frame, struct cli_top_state *state,
			   const struct cli_top_scene *scene, size_t rows, size_t columns);

/* The two lines of a table that is printed, not shown: title and state, numbers. The line of out is ended. */
void cli_top_put_title(struct cli_row *line, const struct cli_top_head *head, struct export_clock *clock);
void cli_top_put_fields(struct cli_row *line, const struct cli_top_head *head);

#endif
