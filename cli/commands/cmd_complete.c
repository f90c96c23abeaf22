/* cmd_complete.c - tapedeck complete subjects|clients LOG...: names for the completion of shells.
 *
 * Segments are read from the newest on, until there are enough names or the time is over: a key was pressed, and somebody
 * waits. Packet captures are not read, and errors are not reported. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/logs.h"
#include "export/text/utf8.h"
#include "store/read/log.h"
#include "store/read/summary.h"
#include "trace/inbox.h"

enum { NAMES_MAX = 500, TIME_MS = 1000 };

struct names {
	char *list[NAMES_MAX]; /* owned */
	size_t len;
};

/* Names with control characters would break lines, and bytes that are no UTF-8 the terminal. */
static bool is_plain(struct wire_slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f)
			return false;
	return name.len > 0 && name.len < 200 && export_utf8_is_valid(name);
}

/* Print a name that is new. */
static void offer(struct names *names, struct wire_slice name)
{
	if (names->len == NAMES_MAX || !is_plain(name))
		return;
	for (size_t i = 0; i < names->len; i++)
		if (wire_slice_equal(wire_slice_str(names->list[i]), name))
			return;
	char *copy = strndup(name.data, name.len);
	if (!copy)
		return;
	names->list[names->len++] = copy;
	puts(copy);
}

static void offer_segment(struct names *names, const char *path, bool clients)
{
	const struct store_summary_options options = {.clients = clients};
	struct store_summary summary;
	if (store_summary_read(&summary, path, &options, NULL) != 0)
		return;
	for (size_t i = 0; clients && i < summary.clients_len; i++)
		offer(names, summary.clients[i].client.name);
	for (size_t i = 0; !clients && i < summary.subjects.len; i++)
		if (!trace_has_inbox_prefix(summary.subjects.list[i].name))
			offer(names, summary.subjects.list[i].name);
	store_summary_fini(&summary);
	fflush(stdout);
}

static void offer_log(struct names *names, const char *log, bool clients)
{
	struct store_log_segments segments;
	if (cli_log_is_foreign(log) || store_log_list(&segments, log, NULL) != 0)
		return;
	for (size_t i = segments.count; i > 0 && names->len < NAMES_MAX; i--)
		offer_segment(names, segments.list[i - 1].path, clients);
	store_log_segments_fini(&segments);
}

static void end_at_once(int signal)
{
	(void)signal;
	_exit(CLI_DONE);
}

/* At the time limit: names that were flushed before it are offered. */
static void limit_time(void)
{
	const struct itimerval limit = {.it_value.tv_usec = TIME_MS * 1000};
	signal(SIGALRM, end_at_once);
	setitimer(ITIMER_REAL, &limit, NULL);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct names names = {.len = 0};
	(void)command;
	if (argc < 2)
		return CLI_USAGE;
	limit_time();
	for (int i = 2; i < argc; i++)
		offer_log(&names, argv[i], strcmp(argv[1], "clients") == 0);
	for (size_t i = 0; i < names.len; i++)
		free(names.list[i]);
	return CLI_DONE;
}

const struct cli_command cli_complete = {
    .name = "complete",
    .summary = "names for the completion of shells",
    .group = CLI_TASK_HELP,
    .operands = "subjects|clients LOG...",
    .run = run,
};
