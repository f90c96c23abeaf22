#include "cli/top/frame.h"

#include <stdio.h>

#include "cli/output/sparkline.h"
#include "export/text/clock.h"

/* Screens lower than these go without the line. */
enum { ROWS_FOR_HISTORY = 14, ROWS_FOR_KEYS = 10, ROWS_FOR_TABS = 8, ROWS_FOR_NUMBERS = 6 };

/* Columns of the title that are kept when there is little room. */
enum { TITLE_MIN = 8 };

int cli_top_frame_init(struct cli_top_frame *frame, bool utc, bool color)
{
	*frame = (struct cli_top_frame){.utc = utc, .color = color, .clock = {.utc = utc}};
	return export_out_init(&frame->out, -1);
}

void cli_top_frame_fini(struct cli_top_frame *frame)
{
	export_out_fini(&frame->out);
	cli_top_lines_fini(&frame->lines);
}

/* ---- lines ---- */

static struct cli_row begin_line(struct cli_top_frame *frame, size_t columns)
{
	frame->out.len = 0;
	return (struct cli_row){.out = &frame->out, .color = frame->color, .columns = columns};
}

static void end_line(struct cli_top_frame *frame)
{
	cli_top_lines_add(&frame->lines, wire_slice(frame->out.data, frame->out.len), SIZE_MAX);
}

/* The title is clipped first, and the time is left out where there is no room. */
void cli_top_put_title(struct cli_row *line, const struct cli_top_head *head, struct export_clock *clock)
{
	const struct wire_slice title = wire_slice_str(head->title);
	char time[EXPORT_TIME_TEXT] = "";
	size_t state = export_escape_columns(wire_slice_str(head->state), CLI_TOP_TITLE_BYTES * 4);
	size_t taken = line->used + strlen("tapedeck top    ") + state;
	cli_row_text(line, CLI_BOLD, "tapedeck top  ");
	cli_row_put(line, CLI_PLAIN, title,
		    line->columns > taken + TITLE_MIN ? line->columns - taken : TITLE_MIN);
	cli_row_text(line, CLI_PLAIN, "  ");
	cli_row_text(line, head->state_color, head->state);
	if (head->now_ns == INT64_MIN)
		return;
	size_t len = 2 + export_clock_text(clock, head->now_ns, EXPORT_TIME_SECOND, time);
	if (line->used + len > line->columns)
		return;
	cli_row_fill(line, line->columns == CLI_ROW_ENDLESS ? line->used + 2 : line->columns + 2 - len);
	cli_row_text(line, CLI_DIM, time);
}

void cli_top_put_fields(struct cli_row *line, const struct cli_top_head *head)
{
	for (size_t i = 0; i < head->fields_len; i++) {
		const struct cli_top_field *field = &head->fields[i];
		cli_row_text(line, CLI_PLAIN, i > 0 ? "  " : "");
		cli_row_text(line, CLI_DIM, field->name);
		cli_row_text(line, CLI_PLAIN, field->name[0] ? " " : "");
		cli_row_text(line, field->color, field->value);
	}
}

static void add_title(struct cli_top_frame *frame, const struct cli_top_state *state,
		      const struct cli_top_head *head, size_t columns)
{
	struct cli_row line = begin_line(frame, columns);
	if (state->is_paused)
		cli_row_text(&line, CLI_ALARM, "PAUSED");
	if (state->is_paused)
		cli_row_text(&line, CLI_PLAIN, " ");
	cli_top_put_title(&line, head, &frame->clock);
	end_line(frame);
}

static void add_fields(struct cli_top_frame *frame, const struct cli_top_head *head, size_t columns)
{
	struct cli_row line = begin_line(frame, columns);
	cli_top_put_fields(&line, head);
	end_line(frame);
}

static void add_history(struct cli_top_frame *frame, const struct cli_top_head *head, size_t columns)
{
	char most[EXPORT_SIZE_TEXT];
	double largest = 0;
	struct cli_row line = begin_line(frame, columns);
	for (size_t i = 0; i < head->history_len; i++)
		largest = head->history[i] > largest ? head->history[i] : largest;
	if (columns > 2 + head->history_len) {
		cli_color_put(&frame->out, frame->color, CLI_CYAN);
		cli_sparkline(&frame->out, head->history, largest > 0 ? head->history_len : 0, columns);
		cli_color_put(&frame->out, frame->color, CLI_PLAIN);
		line.used = largest > 0 ? head->history_len : 0;
		if (largest > 0)
			cli_row_format(&line, CLI_DIM, " at most %s/s", export_rate_text(most, largest));
	}
	end_line(frame);
}

static void add_tabs(struct cli_top_frame *frame, const struct cli_top_state *state, size_t columns)
{
	struct cli_row line = begin_line(frame, columns);
	for (size_t i = 0; i < state->views_len; i++) {
		bool is_current = i == state->view;
		cli_row_format(&line, is_current ? CLI_BOLD : CLI_DIM, is_current ? "[%zu %s]" : " %zu %s ",
			       i + 1, state->views[i]->name);
	}
	end_line(frame);
}

static void add_text(struct cli_top_frame *frame, enum cli_color color, const char *text, size_t columns)
{
	struct cli_row line = begin_line(frame, columns);
	cli_row_text(&line, color, text);
	end_line(frame);
}

/* ---- the keys ---- */

static void put_keys(struct cli_row *line, const struct cli_top_state *state)
{
	switch (state->level) {
	case CLI_TOP_LEVEL_TABLE:
		cli_row_text(line, CLI_DIM,
			     "q quit  ? help  / filter  < > sort  r reverse  space pause  Enter ");
		cli_row_text(line, CLI_DIM, state->behind);
		break;
	case CLI_TOP_LEVEL_LIST:
		cli_row_text(line, CLI_DIM, "Esc back  ");
		cli_row_text(line, CLI_DIM, state->has_texts ? "Enter whole message  End newest  " : "");
		cli_row_text(line, CLI_DIM, "space pause  q quit");
		break;
	case CLI_TOP_LEVEL_TEXT: cli_row_text(line, CLI_DIM, "Esc back  arrows scroll  q quit"); break;
	case CLI_TOP_LEVEL_HELP: cli_row_text(line, CLI_DIM, "any key goes back"); break;
	}
}

static void add_keys(struct cli_top_frame *frame, const struct cli_top_state *state, size_t columns)
{
	struct cli_row line = begin_line(frame, columns);
	if (state->is_typing) {
		cli_row_text(&line, CLI_BOLD, "filter: ");
		cli_row_text(&line, CLI_PLAIN, state->filter);
		cli_row_text(&line, CLI_PLAIN, "_");
	} else if (state->notice[0]) {
		cli_row_text(&line, CLI_YELLOW, state->notice);
	} else if (state->filter[0] && state->level == CLI_TOP_LEVEL_TABLE) {
		cli_row_text(&line, CLI_BOLD, "filter: ");
		cli_row_text(&line, CLI_PLAIN, state->filter);
		cli_row_text(&line, CLI_DIM, "  (Esc shows all)");
	} else {
		put_keys(&line, state);
	}
	end_line(frame);
}

/* ---- the levels ---- */

static void add_table(struct cli_top_frame *frame, struct cli_top_state *state,
		      const struct cli_top_table *table, size_t columns)
{
	struct cli_top_view_state *of = &state->of_view[state->view];
	struct cli_row line = begin_line(frame, columns);
	cli_top_table_put_head(table, &line, of->sort, of->reversed);
	end_line(frame);
	if (table->len == 0)
		add_text(frame, CLI_DIM, state->filter[0] ? "nothing matches the filter" : table->view->empty,
			 columns);
	cli_top_scroll_clamp(&of->scroll, table->len, state->page);
	for (size_t i = 0; i < state->page && of->scroll.first + i < table->len; i++) {
		line = begin_line(frame, columns);
		if (of->scroll.first + i == of->scroll.selected)
			frame->highlighted = frame->lines.len;
		cli_top_table_put_row(table, &line, &table->rows[of->scroll.first + i], &frame->clock);
		end_line(frame);
	}
}

static void add_list(struct cli_top_frame *frame, struct cli_top_state *state,
		     const struct cli_top_lines *list, size_t columns)
{
	add_text(frame, CLI_BOLD, state->list_title, columns);
	if (list->len == 0)
		add_text(frame, CLI_DIM, "none yet", columns);
	if (state->follows)
		state->list.selected = SIZE_MAX;
	cli_top_scroll_clamp(&state->list, list->len, state->page);
	for (size_t i = 0; i < state->page && state->list.first + i < list->len; i++) {
		const struct cli_top_line *line = &list->list[state->list.first + i];
		if (state->list.first + i == state->list.selected)
			frame->highlighted = frame->lines.len;
		cli_top_lines_add(&frame->lines, wire_slice(line->text, line->len), SIZE_MAX);
	}
}

static void add_whole_text(struct cli_top_frame *frame, struct cli_top_state *state,
			   const struct cli_top_lines *text, size_t columns)
{
	size_t last = text->len > state->page ? text->len - state->page : 0;
	add_text(frame, CLI_BOLD, state->list_title, columns);
	if (state->text.first > last)
		state->text = (struct cli_top_scroll){.first = last, .selected = last};
	for (size_t i = 0; i < state->page && state->text.first + i < text->len; i++) {
		const struct cli_top_line *line = &text->list[state->text.first + i];
		cli_top_lines_add(&frame->lines, wire_slice(line->text, line->len), SIZE_MAX);
	}
}

static void add_help(struct cli_top_frame *frame, const struct cli_top_state *state, size_t columns)
{
	static const char *const help[] = {
	    "1 to 9, Tab, left, right   another table",
	    "up, down, PgUp, PgDn       select a row (also k, j; Home and End, also g, G)",
	    "Enter                      the messages behind the row; again: one in full",
	    "Esc                        back; in a table: remove the filter",
	    "/                          only rows that hold a text or match a subject: a.*",
	    "<  >                       sort by the column to the left or right",
	    "r                          reverse the order",
	    "f                          fold ids: orders.4711 and orders.4712 are orders.*",
	    "space                      pause: nothing is read until space is pressed again",
	    "+  -                       a new table less often, more often",
	    "Ctrl-L                     draw the screen again",
	    "q, Ctrl-C                  quit",
	    "",
	    "Rates are those of the last 10 s (of a log that nobody writes to: of the last",
	    "minute), latencies and the line of bars those of the last minute (--window).",
	    "Other numbers count from the beginning of that minute when top started.",
	};
	add_text(frame, CLI_BOLD, "Keys", columns);
	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]) && i < state->page; i++)
		add_text(frame, CLI_PLAIN, help[i], columns);
}

static void add_level(struct cli_top_frame *frame, struct cli_top_state *state,
		      const struct cli_top_scene *scene, size_t columns)
{
	switch (state->level) {
	case CLI_TOP_LEVEL_TABLE: add_table(frame, state, scene->table, columns); break;
	case CLI_TOP_LEVEL_LIST: add_list(frame, state, scene->list, columns); break;
	case CLI_TOP_LEVEL_TEXT: add_whole_text(frame, state, scene->text, columns); break;
	case CLI_TOP_LEVEL_HELP: add_help(frame, state, columns); break;
	}
}

void cli_top_frame_compose(struct cli_top_frame *frame, struct cli_top_state *state,
			   const struct cli_top_scene *scene, size_t rows, size_t columns)
{
	const bool has_keys = rows >= ROWS_FOR_KEYS || state->is_typing;
	cli_top_lines_clear(&frame->lines);
	frame->highlighted = SIZE_MAX;
	add_title(frame, state, scene->head, columns);
	if (rows >= ROWS_FOR_NUMBERS)
		add_fields(frame, scene->head, columns);
	if (rows >= ROWS_FOR_HISTORY)
		add_history(frame, scene->head, columns);
	if (rows >= ROWS_FOR_TABS)
		add_tabs(frame, state, columns);
	size_t taken = frame->lines.len + 1 + has_keys;
	state->page = rows > taken ? rows - taken : 1;
	add_level(frame, state, scene, columns);
	if (!has_keys)
		return;
	while (frame->lines.len + 1 < rows)
		add_text(frame, CLI_PLAIN, "", columns);
	add_keys(frame, state, columns);
}
