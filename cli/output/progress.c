#include "cli/output/progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/output/row.h"
#include "export/text/sizes.h"
#include "store/read/log.h"

enum { FIRST_MS = 1000, EVERY_MS = 200, NS_PER_MS = 1000000, NAME_COLUMNS = 30 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

/* ---- the line ---- */

static void put_left(struct cli_row *line, const struct cli_progress *progress)
{
	char span[EXPORT_SIZE_TEXT];
	double elapsed_ms = (double)(now_ms() - progress->started_ms);
	double left_ms = elapsed_ms * (double)(progress->total - progress->done) / (double)progress->done;
	int64_t left_s = (int64_t)(left_ms / 1000) + 1; /* tenths would flicker */

	if (left_s < 100)
		cli_row_format(line, CLI_PLAIN, ", %d s left", (int)left_s);
	else
		cli_row_format(line, CLI_PLAIN, ", %s left",
			       export_span_text(span, left_s * 1000 * NS_PER_MS));
}

static void put_line(struct cli_row *line, const struct cli_progress *progress)
{
	char done[EXPORT_SIZE_TEXT], total[EXPORT_SIZE_TEXT];

	cli_row_text(line, CLI_PLAIN, "reading ");
	if (strcmp(progress->name, "-") == 0)
		cli_row_text(line, CLI_PLAIN, "standard input");
	else
		cli_row_put_ends(line, CLI_PLAIN, wire_slice_str(progress->name), NAME_COLUMNS, 0);
	if (progress->others > 0)
		cli_row_format(line, CLI_PLAIN, " and %d more", progress->others);
	if (progress->done == 0 || progress->done > progress->total) {
		cli_row_format(line, CLI_PLAIN, ", %s", export_size_text(done, progress->done));
		return;
	}
	cli_row_format(line, CLI_PLAIN, " %d %%, %s of %s",
		       (int)(100 * (double)progress->done / (double)progress->total),
		       export_size_text(done, progress->done), export_size_text(total, progress->total));
	put_left(line, progress);
}

/* A line that is as wide as the terminal would move the cursor to the next one. */
static void draw(struct cli_progress *progress)
{
	struct export_out out;
	size_t columns = cli_terminal_columns(STDERR_FILENO);
	struct cli_row line = {.out = &out, .columns = columns > 0 ? columns - 1 : 0};

	if (export_out_init(&out, STDERR_FILENO) != 0)
		return;
	export_out_text(&out, "\r");
	put_line(&line, progress);
	export_out_text(&out, "\033[K");
	export_out_flush(&out);
	export_out_fini(&out);
	progress->is_shown = true;
}

static void clear(struct cli_progress *progress)
{
	static const char line[] = "\r\033[K";

	if (progress->is_shown && write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		progress->is_wanted = false;
	progress->is_shown = false;
}

/* ---- what readers call ---- */

static bool is_interrupted(const struct cli_progress *progress)
{
	struct pollfd wait = {.fd = progress->interrupt_fd, .events = POLLIN};

	return progress->interrupt_fd >= 0 && poll(&wait, 1, 0) > 0;
}

/* Hot: once for every block. */
static bool passed(struct wire_progress *base, uint64_t bytes)
{
	struct cli_progress *progress = (struct cli_progress *)base;
	int64_t now = now_ms();

	progress->done += bytes;
	if (now < progress->next_ms)
		return true;
	progress->next_ms = now + EVERY_MS;
	if (progress->is_wanted && now >= progress->started_ms + FIRST_MS)
		draw(progress);
	return !is_interrupted(progress);
}

/* ---- beginning and end ---- */

static uint64_t bytes_of(const char *path)
{
	struct store_log_segments segments;
	struct stat file;
	uint64_t bytes = 0;

	if (stat(path, &file) != 0)
		return 0;
	if (!S_ISDIR(file.st_mode))
		return S_ISREG(file.st_mode) ? (uint64_t)file.st_size : 0;
	if (store_log_list(&segments, path, NULL) != 0)
		return 0;
	for (size_t i = 0; i < segments.count; i++)
		bytes += segments.list[i].bytes;
	store_log_segments_fini(&segments);
	return bytes;
}

/* stderr can show a line that is drawn again and again. */
static bool can_draw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void cli_progress_init(struct cli_progress *progress, bool quiet, const struct cli_operands *logs)
{
	*progress = (struct cli_progress){.base.passed = passed,
					  .is_wanted = !quiet && can_draw(),
					  .name = logs->len > 0 ? logs->values[0] : "",
					  .others = logs->len - 1,
					  .interrupt_fd = -1};
	for (int i = 0; progress->is_wanted && i < logs->len; i++)
		progress->total += bytes_of(logs->values[i]);
	cli_progress_begin(progress);
}

void cli_progress_begin(struct cli_progress *progress)
{
	progress->done = 0;
	progress->started_ms = now_ms();
	progress->next_ms = progress->started_ms + EVERY_MS;
}

void cli_progress_yield(struct cli_progress *progress)
{
	clear(progress);
	if (isatty(STDOUT_FILENO))
		progress->is_wanted = false;
}

void cli_progress_end(struct cli_progress *progress)
{
	clear(progress);
	progress->is_wanted = false;
}
