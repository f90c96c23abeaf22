#include "cli/top/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/top/deadline.h"
#include "cli/top/plain.h"
#include "cli/top/screen.h"

struct run {
	struct cli_top_source *source;
	const struct cli_top_options *options;
	struct cli_top_state state;
	struct cli_top_head head;
	struct cli_top_table table;
	struct cli_top_lines list, text;
	struct cli_top_frame frame;
	struct cli_top_screen *screen;
	struct wire_fault fault;
	int error; /* why it ends; 0: somebody ended it */
};

static void make_table(struct run *run)
{
	const struct cli_top_view_state *of = &run->state.of_view[run->state.view];
	run->head = (struct cli_top_head){0};
	run->source->head(run->source, &run->head);
	cli_top_table_clear(&run->table, run->source->views[run->state.view]);
	run->source->rows(run->source, run->state.view, &run->table);
	cli_top_table_filter(&run->table, run->state.filter);
	cli_top_table_sort(&run->table, of->sort, of->reversed);
	cli_top_state_reselect(&run->state, &run->table);
}

/* ---- plain tables ---- */

/* Take in everything new. 0, or a negative code; -EINTR when a signal came first. */
static int catch_up(struct run *run)
{
	int status;
	do {
		status = run->source->poll(run->source, &run->fault);
		if (status > 0 && cli_interrupt_seen(run->options->interrupt_fd))
			return -EINTR;
	} while (status > 0);
	return status;
}

static int print_table(struct run *run, struct cli_out *out, struct cli_clock *clock)
{
	const struct cli_top_view_state *of = &run->state.of_view[run->state.view];
	const struct cli_top_plain_options plain = {.columns = cli_terminal_columns(STDOUT_FILENO),
						    .rows = run->options->rows,
						    .color = run->options->color};
	make_table(run);
	cli_top_plain_put(out, &run->head, &run->table, of->sort, of->reversed, &plain, clock);
	return cli_out_flush(out);
}

/* One table for each interval. Sets run->error when reading fails. Returns an error of the output, or 0. */
static int print_tables(struct run *run, struct cli_out *out)
{
	struct cli_clock clock = {.utc = run->options->utc};
	const uint64_t iterations = run->options->iterations;
	for (uint64_t count = 1;; count++) {
		run->error = catch_up(run);
		if (run->error != 0)
			return 0;
		int error = print_table(run, out, &clock);
		bool was_last = iterations > 0 ? count >= iterations : run->source->has_ended(run->source);
		if (error != 0 || was_last ||
		    cli_interrupt_wait(run->options->interrupt_fd, run->state.every_ms))
			return error;
		cli_out_char(out, '\n');
	}
}

static int run_plain(struct run *run)
{
	struct cli_out out;
	if (cli_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(run->options->command, "out of memory");
		return CLI_IO;
	}
	int error = print_tables(run, &out);
	cli_out_fini(&out);
	return cli_write_status(run->options->command, error);
}

/* ---- the screen ---- */

static void draw(struct run *run)
{
	const struct cli_top_scene scene = {
	    .head = &run->head, .table = &run->table, .list = &run->list, .text = &run->text};
	cli_top_frame_compose(&run->frame, &run->state, &scene, cli_top_screen_rows(run->screen),
			      cli_top_screen_columns(run->screen));
	cli_top_screen_draw(run->screen, &run->frame);
}

static void complain(struct run *run, const struct wire_fault *fault)
{
	cli_top_join(run->state.notice, fault->text, "");
}

static bool is_listing(const struct run *run)
{
	return run->state.level == CLI_TOP_LEVEL_LIST ||
	       (run->state.level == CLI_TOP_LEVEL_HELP && run->state.level_below_help == CLI_TOP_LEVEL_LIST);
}

/* Take in what is new in the open list, as far as that does not delay keys. True when there is something new. */
static bool poll_list(struct run *run)
{
	struct wire_fault fault;
	const uint64_t dropped = run->list.dropped, before = dropped + run->list.len;
	int status = run->source->poll_list(run->source, &run->list, &fault);
	if (status < 0)
		complain(run, &fault);
	/* Lines that were removed from the front do not move the selection. */
	size_t removed = (size_t)(run->list.dropped - dropped);
	struct cli_top_scroll *list = &run->state.list;
	list->selected -= removed < list->selected ? removed : list->selected;
	list->first -= removed < list->first ? removed : list->first;
	return run->list.dropped + run->list.len != before;
}

static void open_list(struct run *run)
{
	const struct cli_top_view_state *of = &run->state.of_view[run->state.view];
	size_t at = of->scroll.selected;
	struct wire_fault fault;
	if (at >= run->table.len)
		return;
	cli_top_lines_clear(&run->list);
	if (run->source->open_list(run->source, &run->table, &run->table.rows[at],
				   cli_top_screen_columns(run->screen), run->state.list_title, &fault) != 0) {
		complain(run, &fault);
		return;
	}
	run->state.level = CLI_TOP_LEVEL_LIST;
	run->state.list = (struct cli_top_scroll){0};
	run->state.follows = true;
	poll_list(run);
}

static void open_text(struct run *run)
{
	struct wire_fault fault;
	size_t at = run->state.list.selected;
	if (!run->source->open_text || at >= run->list.len)
		return;
	cli_top_lines_clear(&run->text);
	if (run->source->open_text(run->source, &run->list.list[at], cli_top_screen_columns(run->screen),
				   &run->text, &fault) != 0) {
		complain(run, &fault);
		return;
	}
	run->state.level = CLI_TOP_LEVEL_TEXT;
	run->state.text = (struct cli_top_scroll){0};
}

/* The lines were laid out for another width. */
static void resize(struct run *run)
{
	cli_top_screen_redraw(run->screen);
	if (run->state.level == CLI_TOP_LEVEL_TEXT)
		open_text(run);
	else if (is_listing(run))
		open_list(run);
}

/* Obey a key. False when it ends the run. */
static bool obey(struct run *run, int key)
{
	size_t lines = run->state.level == CLI_TOP_LEVEL_TEXT ? run->text.len : run->list.len;
	enum cli_top_wish wish = cli_top_state_key(&run->state, key, run->table.len, lines);
	cli_top_state_note(&run->state, &run->table);
	switch (wish) {
	case CLI_TOP_QUIT: return false;
	case CLI_TOP_OPEN_LIST: open_list(run); break;
	case CLI_TOP_OPEN_TEXT: open_text(run); break;
	case CLI_TOP_CLOSE_LIST: run->source->close_list(run->source); break;
	case CLI_TOP_RESIZED: resize(run); break;
	case CLI_TOP_DRAW:
	case CLI_TOP_NOTHING: break;
	}
	if (run->state.level == CLI_TOP_LEVEL_TABLE)
		make_table(run);
	return true;
}

/* Obey the keys that were pressed. False when one ends the run. *any: there was one. */
static bool obey_keys(struct run *run, bool *any)
{
	int key;
	*any = false;
	while ((key = cli_top_screen_key(run->screen)) != 0) {
		*any = true;
		if (!obey(run, key))
			return false;
	}
	return true;
}

/* Wait for a key, a signal or the end of time. False when a signal or the end of the terminal ends the run. */
static bool wait_for_keys(struct run *run, int timeout_ms)
{
	struct pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				 {.fd = run->options->interrupt_fd, .events = POLLIN}};
	bool any;
	int ready = poll(waits, 2, timeout_ms);
	if (ready > 0 && (waits[1].revents || waits[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		return false;
	if (!obey_keys(run, &any))
		return false;
	bool is_at_end = ready > 0 && waits[0].revents && !any;
	if (any)
		draw(run);
	return !is_at_end;
}

/* Read what is new. True when there is more. */
static bool read_more(struct run *run)
{
	int status = run->source->poll(run->source, &run->fault);
	if (status < 0)
		run->error = status;
	return status > 0;
}

static void refresh_screen(struct run *run)
{
	if (!run->state.is_paused)
		make_table(run);
	draw(run);
}

static void show(struct run *run)
{
	int64_t read_at = 0, draw_at = 0;
	uint64_t drawn = 0;
	bool has_more = true;
	do {
		if (!run->state.is_paused && (has_more || cli_top_deadline_has_passed(read_at))) {
			has_more = read_more(run);
			if (is_listing(run) && poll_list(run))
				draw(run);
			read_at = cli_top_deadline_in(run->source->poll_ms);
		}
		if (cli_top_deadline_has_passed(draw_at) || (drawn == 0 && !has_more)) {
			refresh_screen(run);
			draw_at = cli_top_deadline_in(run->state.every_ms);
			drawn++;
		}
		int left_ms =
		    cli_top_deadline_left_ms(run->state.is_paused || draw_at < read_at ? draw_at : read_at);
		if (run->error != 0 || !wait_for_keys(run, has_more && !run->state.is_paused ? 0 : left_ms))
			return;
	} while (true);
}

static int run_screen(struct run *run)
{
	run->screen = cli_top_screen_open(run->options->color);
	if (!run->screen) {
		cli_error(run->options->command, "the terminal \"%s\" is not known: plain tables follow",
			  getenv("TERM"));
		return run_plain(run);
	}
	show(run);
	cli_top_screen_close(run->screen);
	return CLI_DONE;
}

/* ---- both ---- */

static void prepare_state(struct run *run)
{
	const struct cli_top_options *options = run->options;
	cli_top_state_init(&run->state, run->source->views, run->source->views_len, options->every_ms);
	run->state.view = options->view;
	run->state.of_view[options->view].sort = options->sort;
	run->state.of_view[options->view].reversed = options->reversed;
	if (options->filter)
		snprintf(run->state.filter, sizeof(run->state.filter), "%s", options->filter);
}

int cli_top_run(struct cli_top_source *source, const struct cli_top_options *options)
{
	struct run run = {.source = source, .options = options};
	if (cli_top_frame_init(&run.frame, options->utc, options->color) != 0) {
		cli_error(options->command, "out of memory");
		return CLI_IO;
	}
	prepare_state(&run);
	int status = options->is_plain || !cli_top_screen_is_possible() ? run_plain(&run) : run_screen(&run);
	if (run.error < 0 && run.error != -EINTR)
		status = cli_log_error(options->command, &run.fault);
	source->close_list(source);
	cli_top_frame_fini(&run.frame);
	cli_top_table_fini(&run.table);
	cli_top_lines_fini(&run.list);
	cli_top_lines_fini(&run.text);
	return status;
}
