#include "cli/options/logs.h"
#include "cli/output/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options/same_log.h"
#include "export/import/import.h"
#include "export/text/sizes.h"
#include "store/read/log.h"

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* The magic numbers of pcap in either byte order with micro- and nanoseconds and of its modified form, of pcapng, and
 * of compressed files. */
static bool has_magic(const unsigned char first[4])
{
	static const unsigned char magics[][4] = {
	    {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d},
	    {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1},
	    {0x0a, 0x0d, 0x0d, 0x0a}, {0x28, 0xb5, 0x2f, 0xfd},
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (memcmp(first, magics[i], 4) == 0)
			return true;
	return first[0] == 0x1f && first[1] == 0x8b;
}

bool cli_log_is_foreign(const char *path)
{
	unsigned char first[4];
	struct stat found;

	if (strcmp(path, "-") == 0)
		return true;
	if (stat(path, &found) != 0)
		return false;
	if (S_ISDIR(found.st_mode))
		return export_import_kind_of(path) != EXPORT_IMPORT_NONE;
	if (!S_ISREG(found.st_mode))
		return true;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = read(fd, first, sizeof(first));
	close(fd);
	return (got == (ssize_t)sizeof(first) && has_magic(first)) ||
	       export_import_kind_of(path) != EXPORT_IMPORT_NONE;
}

int cli_logs_refuse_foreign(const struct cli_command *command, const struct cli_operands *logs,
			    const char *option)
{
	for (int i = 0; i < logs->len; i++)
		if (cli_log_is_foreign(logs->values[i]))
			return cli_usage_error(
			    command,
			    "\"%s\" is no log, but a capture or a file of events: %s does not go with one",
			    logs->values[i], option);
	return CLI_GO_ON;
}

bool cli_log_exists(const char *path)
{
	struct stat found;
	struct store_log_segments segments;

	if (cli_log_is_foreign(path))
		return true;
	if (stat(path, &found) != 0)
		return false;
	if (!S_ISDIR(found.st_mode))
		return has_suffix(path, ".seg");
	if (store_log_list(&segments, path, NULL) != 0)
		return false;
	store_log_segments_fini(&segments);
	return true;
}

/* A common mistake: `cat 'orders.>' log`, or no log at all. */
static int complain_missing(const struct cli_command *command, const char *path, int error)
{
	if (error == ENOENT && !strchr(path, '/') && strpbrk(path, ".*>"))
		return cli_usage_error(command,
				       "there is no log \"%s\"; the log comes before the subjects: %s", path,
				       command->operands);
	cli_error(command, "cannot open the log \"%s\": %s", path, strerror(error));
	return CLI_IO;
}

/* ---- lists ---- */

static bool is_list(const char *operand)
{
	return strchr(operand, ',') && strcmp(operand, "-") != 0 && access(operand, F_OK) != 0;
}

int cli_log_list_open(struct cli_operands *logs, const char *operand)
{
	size_t most = 1, len = strlen(operand) + 1;

	for (const char *at = operand; *at; at++)
		most += *at == ',';
	/* The texts are in the same block, after the pointers. */
	char **values = calloc(1, most * sizeof *values + len);
	*logs = (struct cli_operands){.values = values};
	if (!values)
		return -ENOMEM;
	char *rest = memcpy(values + most, operand, len);
	if (!is_list(operand))
		values[logs->len++] = rest;
	else
		while (rest)
			values[logs->len++] = strsep(&rest, ",");
	return 0;
}

void cli_log_list_close(struct cli_operands *logs)
{
	free(logs->values);
	*logs = (struct cli_operands){0};
}

/* Is the first of the list a log? */
static bool is_list_of_logs(const char *operand)
{
	struct cli_operands logs;

	if (!is_list(operand) || cli_log_list_open(&logs, operand) != 0)
		return false;
	bool is_one = cli_log_exists(logs.values[0]);
	cli_log_list_close(&logs);
	return is_one;
}

static bool is_log(const struct cli_operands *operands, int at, bool takes_lists)
{
	const char *operand = operands->values[at];

	return at == 0 || strchr(operand, '/') || cli_log_exists(operand) ||
	       (takes_lists && is_list_of_logs(operand));
}

/* CLI_GO_ON, or an exit status after a complaint. */
static int check_log(const struct cli_command *command, const char *path, bool missing_ok)
{
	if (strcmp(path, "-") == 0 || access(path, F_OK) == 0 || (missing_ok && errno == ENOENT))
		return CLI_GO_ON;
	return complain_missing(command, path, errno);
}

static int check_list(const struct cli_command *command, const char *operand)
{
	struct cli_operands logs;
	int status = CLI_GO_ON;

	if (cli_log_list_open(&logs, operand) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	for (int i = 0; i < logs.len && status == CLI_GO_ON; i++)
		status = check_log(command, logs.values[i], false);
	cli_log_list_close(&logs);
	return status;
}

static bool is_input_twice(const struct cli_operands *operands, int at)
{
	for (int i = 0; i < at && strcmp(operands->values[at], "-") == 0; i++)
		if (strcmp(operands->values[i], "-") == 0)
			return true;
	return false;
}

enum taking { TAKE_LOGS, TAKE_MISSING_LOGS, TAKE_LISTS };

/* Take the first operands as logs. */
static int take_logs(const struct cli_command *command, const struct cli_operands *operands,
		     enum taking taking, struct cli_operands *logs, struct cli_operands *subjects)
{
	int count = 0;

	while (count < operands->len && is_log(operands, count, taking == TAKE_LISTS)) {
		const char *path = operands->values[count];
		int status = taking == TAKE_LISTS ? check_list(command, path)
						  : check_log(command, path, taking == TAKE_MISSING_LOGS);

		if (status != CLI_GO_ON)
			return status;
		if (is_input_twice(operands, count))
			return cli_usage_error(command,
					       "\"-\" is given twice: there is only one standard input");
		count++;
	}
	*logs = (struct cli_operands){.values = operands->values, .len = count};
	*subjects = (struct cli_operands){.values = operands->values + count, .len = operands->len - count};
	return CLI_GO_ON;
}

/* The operands begin with a SUBJECT, or there are none. A log to wait for need not exist, but its name has no wildcard. */
static bool lacks_log(const struct cli_operands *operands, bool missing_ok)
{
	const char *first = operands->len > 0 ? operands->values[0] : NULL;

	if (!first || strcmp(first, "-") == 0 || strchr(first, '/') || access(first, F_OK) == 0)
		return !first;
	return !missing_ok || strpbrk(first, "*>");
}

/* The log that the environment names, or NULL. */
static char *default_log(void)
{
	char *log = getenv("TAPEDECK_LOG");

	return log && *log ? log : NULL;
}

/* Put the log of the environment before the operands. Their place in front is free (options.h). */
static int use_default(const struct cli_command *command, struct cli_operands *operands, bool missing_ok)
{
	char *log = default_log();

	if (!log || !lacks_log(operands, missing_ok))
		return CLI_GO_ON;
	if (!missing_ok && access(log, F_OK) != 0) {
		cli_error(command, "cannot open the log \"%s\" that TAPEDECK_LOG names: %s", log,
			  strerror(errno));
		return CLI_IO;
	}
	operands->values--;
	operands->values[0] = log;
	operands->len++;
	return CLI_GO_ON;
}

static int complain_none(const struct cli_command *command)
{
	return cli_usage_error(command,
			       "which log? Give a log's directory, one of its segments or a packet capture, "
			       "or set TAPEDECK_LOG");
}

int cli_logs_split(const struct cli_command *command, const struct cli_operands *operands, bool missing_ok,
		   struct cli_operands *logs, struct cli_operands *subjects)
{
	struct cli_operands all = *operands;
	int status = use_default(command, &all, missing_ok);

	if (status == CLI_GO_ON && all.len == 0)
		status = complain_none(command);
	if (status == CLI_GO_ON)
		status = take_logs(command, &all, missing_ok ? TAKE_MISSING_LOGS : TAKE_LOGS, logs, subjects);
	if (status == CLI_GO_ON)
		cli_logs_leave_out_repeated(logs);
	return status;
}

int cli_logs_split_lists(const struct cli_command *command, const struct cli_operands *operands,
			 struct cli_operands *lists, struct cli_operands *subjects)
{
	if (operands->len == 0)
		return complain_none(command);
	return take_logs(command, operands, TAKE_LISTS, lists, subjects);
}

const struct cli_option cli_log_json_options[] = {
    {.name = "json", .kind = CLI_FLAG, .help = "one JSON object a log; keys: docs/reading.md"},
    {.name = NULL},
};

int cli_logs_report(const struct cli_command *command, const struct cli_operands *logs,
		    struct export_out *out, struct cli_screen *screen,
		    int (*report)(void *context, const char *log), void *context)
{
	int worst = CLI_DONE;

	signal(SIGPIPE, SIG_IGN);
	if (export_out_init(out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	cli_screen_attach(screen, out);
	for (int i = 0; i < logs->len; i++) {
		int status = report(context, logs->values[i]);
		if (status > worst)
			worst = status;
	}
	int error = export_out_flush(out);
	cli_screen_end(screen);
	int written = cli_write_status(command, error);
	export_out_fini(out);
	return written == CLI_DONE ? worst : written;
}

int cli_log_error(const struct cli_command *command, const struct wire_fault *fault)
{
	cli_error(command, "%s", fault->text);
	switch (fault->code) {
	case STORE_EDAMAGE:
	case TAP_ECUT:
	case TAP_ENOTCP: return CLI_FOUND;
	case TAP_EBPF:
	case STORE_EFILTER: return CLI_USAGE;
	default: return CLI_IO;
	}
}

bool cli_log_has_unread(const struct wire_damage *damage)
{
	return damage->places > 0 || damage->deleted_places > 0;
}

int cli_log_report_unread(const struct cli_command *command, const char *log,
			  const struct wire_damage *damage)
{
	char places[EXPORT_SIZE_TEXT], events[EXPORT_SIZE_TEXT], name[300] = "the log";

	if (log)
		snprintf(name, sizeof(name), "\"%s\"", log);
	if (damage->places > 0)
		cli_error(command,
			  "%s is damaged: %s block%s with %s event%s cannot be read; \"tapedeck verify %s\" "
			  "says where",
			  name, export_count_text(places, damage->places), damage->places == 1 ? "" : "s",
			  export_count_text(events, damage->events), damage->events == 1 ? "" : "s",
			  log ? log : "LOG");
	if (damage->deleted_places > 0)
		cli_error(command,
			  "%s lost events to retention while it was read: %s event%s were deleted before "
			  "they could be read",
			  name, export_count_text(events, damage->deleted_events),
			  damage->deleted_events == 1 ? "" : "s");
	return cli_log_has_unread(damage) ? CLI_FOUND : CLI_DONE;
}

int cli_logs_parse(const struct cli_command *command, int argc, char **argv, void *settings, const char *what,
		   struct cli_operands *logs)
{
	struct cli_operands operands, others;
	int status = cli_options_parse(command, argc, argv, settings, &operands);
	if (status == CLI_GO_ON)
		status = cli_logs_split(command, &operands, false, logs, &others);
	if (status == CLI_GO_ON && others.len > 0)
		status = cli_usage_error(command, "there is no log \"%s\"", others.values[0]);
	return status == CLI_GO_ON ? cli_logs_refuse_foreign(command, logs, what) : status;
}
