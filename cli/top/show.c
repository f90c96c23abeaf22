#include "cli/top/show.h"

#include <poll.h>
#include <unistd.h>

#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/top/deadline.h"

enum { PATIENCE_MS = 300 };

struct show {
	struct cli_top_board *board;
	/* Of the board. */
	struct cli_top_source *source;
	struct cli_top_state *state;
	struct cli_top_table *table;
	struct cli_top_screen *screen;
	struct cli_top_frame frame;
	struct cli_top_lines list, text; /* what is open behind the table */
	int error;                       /* of reading: why it ends; 0: somebody ended it */
};

static void draw(struct show *show)
{
	const struct cli_top_scene scene = {
	    .head = &show->board->head, .table = show->table, .list = &show->list, .text = &show->text};
	cli_top_frame_compose(&show->frame, show->state, &scene, cli_top_screen_rows(show->screen),
			      cli_top_screen_columns(show->screen));
	cli_top_screen_draw(show->screen, &show->frame);
}

static void complain(struct show *show, const struct wire_fault *fault)
{
	cli_top_join(show->state->notice, fault->text, "");
}

static bool is_listing(const struct show *show)
{
	return show->state->level == CLI_TOP_LEVEL_LIST ||
	       (show->state->level == CLI_TOP_LEVEL_HELP &&
		show->state->level_below_help == CLI_TOP_LEVEL_LIST);
}

/* Take in what is new in the open list, as far as that does not delay keys. True when there is something new. */
static bool poll_list(struct show *show)
{
	struct wire_fault fault;
	const uint64_t dropped = show->list.dropped, before = dropped + show->list.len;
	int status = show->source->poll_list(show->source, &show->list, &fault);
	if (status < 0)
		complain(show, &fault);
	/* Lines that were removed from the front do not move the selection. */
	size_t removed = (size_t)(show->list.dropped - dropped);
	struct cli_top_scroll *list = &show->state->list;
	list->selected -= removed < list->selected ? removed : list->selected;
	list->first -= removed < list->first ? removed : list->first;
	return show->list.dropped + show->list.len != before;
}

static void open_list(struct show *show)
{
	const struct cli_top_view_state *of = &show->state->of_view[show->state->view];
	size_t at = of->scroll.selected;
	struct wire_fault fault;
	if (at >= show->table->len)
		return;
	cli_top_lines_clear(&show->list);
	if (show->source->open_list(show->source, show->table, &show->table->rows[at],
				    cli_top_screen_columns(show->screen), show->state->list_title,
				    &fault) != 0) {
		complain(show, &fault);
		return;
	}
	show->state->level = CLI_TOP_LEVEL_LIST;
	show->state->list = (struct cli_top_scroll){0};
	show->state->follows = true;
	poll_list(show);
}

static void open_text(struct show *show)
{
	struct wire_fault fault;
	size_t at = show->state->list.selected;
	if (!show->source->open_text || at >= show->list.len)
		return;
	cli_top_lines_clear(&show->text);
	if (show->source->open_text(show->source, &show->list.list[at], cli_top_screen_columns(show->screen),
				    &show->text, &fault) != 0) {
		complain(show, &fault);
		return;
	}
	show->state->level = CLI_TOP_LEVEL_TEXT;
	show->state->text = (struct cli_top_scroll){0};
}

/* The lines were laid out for another width. */
static void resize(struct show *show)
{
	cli_top_screen_redraw(show->screen);
	if (show->state->level == CLI_TOP_LEVEL_TEXT)
		open_text(show);
	else if (is_listing(show))
		open_list(show);
}

/* Read what is new. True when there is more. */
static bool read_more(struct show *show)
{
	int status = show->source->poll(show->source, &show->board->fault);
	if (status < 0)
		show->error = status;
	return status > 0;
}

/* Read the counts again, unless that would delay keys. */
static void toggle_fold(struct show *show)
{
	if (!show->source->toggle_fold)
		return;
	show->error = show->source->toggle_fold(show->source, &show->board->fault);
	if (show->error == 0)
		read_more(show);
}

/* Obey a key. False when it ends the run. */
static bool obey(struct show *show, int key)
{
	size_t lines = show->state->level == CLI_TOP_LEVEL_TEXT ? show->text.len : show->list.len;
	enum cli_top_wish wish = cli_top_state_key(show->state, key, show->table->len, lines);
	cli_top_state_note(show->state, show->table);
	switch (wish) {
	case CLI_TOP_QUIT: return false;
	case CLI_TOP_OPEN_LIST: open_list(show); break;
	case CLI_TOP_OPEN_TEXT: open_text(show); break;
	case CLI_TOP_CLOSE_LIST: show->source->close_list(show->source); break;
	case CLI_TOP_RESIZED: resize(show); break;
	case CLI_TOP_TOGGLE_FOLD: toggle_fold(show); break;
	case CLI_TOP_DRAW:
	case CLI_TOP_NOTHING: break;
	}
	if (show->error == 0 && show->state->level == CLI_TOP_LEVEL_TABLE)
		cli_top_board_make(show->board);
	return show->error == 0;
}

/* Obey the keys that were pressed. False when one ends the run. *any: there was one. */
static bool obey_keys(struct show *show, bool *any)
{
	int key;
	*any = false;
	while ((key = cli_top_screen_key(show->screen)) != 0) {
		*any = true;
		if (!obey(show, key))
			return false;
	}
	return true;
}

/* Wait for a key, a signal or the end of time. False when a signal or the end of the terminal ends the run. */
static bool wait_for_keys(struct show *show, int timeout_ms)
{
	struct pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				 {.fd = show->board->options->interrupt_fd, .events = POLLIN}};
	bool any;
	int ready = poll(waits, 2, timeout_ms);
	if (ready > 0 && (waits[1].revents || waits[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		return false;
	if (cli_top_screen_was_continued(show->screen))
		draw(show);
	if (!obey_keys(show, &any))
		return false;
	bool is_at_end = ready > 0 && waits[0].revents && !any;
	if (any)
		draw(show);
	return !is_at_end;
}

static void refresh_table(struct show *show)
{
	if (!show->state->is_paused)
		cli_top_board_make(show->board);
	draw(show);
}

/* Read when it is time to. *read_at: when that is next. True when there is more to read. */
static bool read_in_time(struct show *show, int64_t *read_at, bool has_more)
{
	int poll_ms = show->source->poll_ms ? show->source->poll_ms : show->state->every_ms;
	if (show->state->is_paused || (!has_more && !cli_top_deadline_has_passed(*read_at)))
		return has_more;
	has_more = read_more(show);
	if (is_listing(show) && poll_list(show))
		draw(show);
	*read_at = cli_top_deadline_in(poll_ms);
	return has_more;
}

/* How long to wait for keys: until something is to be read or drawn, and not long, since a change of the terminal's size may
 * have come just before. */
static int patience_ms(const struct show *show, int64_t read_at, int64_t draw_at, bool has_more)
{
	if (has_more && !show->state->is_paused)
		return 0;
	int left_ms =
	    cli_top_deadline_left_ms(show->state->is_paused || draw_at < read_at ? draw_at : read_at);
	return left_ms < PATIENCE_MS ? left_ms : PATIENCE_MS;
}

static void watch(struct show *show)
{
	int64_t read_at = 0, draw_at = 0;
	bool has_more = true, is_first = true;
	do {
		has_more = read_in_time(show, &read_at, has_more);
		if (cli_top_deadline_has_passed(draw_at) || (is_first && !has_more)) {
			refresh_table(show);
			draw_at = cli_top_deadline_in(show->state->every_ms);
			is_first = is_first && has_more;
		}
	} while (show->error == 0 && wait_for_keys(show, patience_ms(show, read_at, draw_at, has_more)));
}

int cli_top_show_run(struct cli_top_board *board, struct cli_top_screen *screen)
{
	struct show show = {.board = board,
			    .source = board->source,
			    .state = &board->state,
			    .table = &board->table,
			    .screen = screen};
	const struct cli_command *command = board->options->command;
	bool has_memory = cli_top_frame_init(&show.frame, board->options->utc, board->options->color) == 0;
	if (has_memory)
		watch(&show);
	cli_top_screen_close(screen);
	cli_top_frame_fini(&show.frame);
	cli_top_lines_fini(&show.list);
	cli_top_lines_fini(&show.text);
	if (!has_memory)
		cli_error(command, "out of memory");
	if (show.error != 0)
		return cli_log_error(command, &board->fault);
	return has_memory ? CLI_DONE : CLI_IO;
}
