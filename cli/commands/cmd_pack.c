/* cmd_pack.c - tapedeck pack: make the closed segments of logs smaller. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "export/text/json.h"
#include "export/text/sizes.h"
#include "store/care/pack.h"

enum { LEVEL = 19, LOOK_MS = 100 };

struct settings {
	int level;
	bool json;
};

#define AT(member) offsetof(struct settings, member)

static const struct cli_option options[] = {
    {.name = "level",
     .kind = CLI_INT,
     .argument = "N",
     .help = "zstd level, from 1 (fast) to 19 (small); default 19",
     .at = AT(level),
     .min = 1,
     .max = 19},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Options", options, 0},
    {"Options", cli_log_json_options, AT(json)},
    {0},
};

struct session {
	const struct cli_command *command;
	const struct settings *settings;
	struct export_out out;
	struct cli_screen screen;
	_Atomic bool stop, is_over;
	int interrupt_fd;
};

static void finding(void *context, const char *line)
{
	const struct session *session = context;

	cli_error(session->command, "%s", line);
}

static void put_count(struct export_out *out, uint64_t count, const char *what)
{
	char text[EXPORT_SIZE_TEXT];

	if (count > 0)
		export_out_format(out, ", %s %s", export_count_text(text, count), what);
}

static void put_text(struct export_out *out, const char *log, const struct store_pack_report *report)
{
	char packed[EXPORT_SIZE_TEXT], before[EXPORT_SIZE_TEXT], after[EXPORT_SIZE_TEXT];

	export_out_text(out, log);
	export_out_format(out, ": %s segment%s packed", export_count_text(packed, report->packed),
			  export_plural(report->packed));
	put_count(out, report->as_before, "as before");
	put_count(out, report->open, "open");
	put_count(out, report->busy, "busy");
	put_count(out, report->damaged, "damaged");
	export_out_format(out, "; %s before, %s after", export_size_text(before, report->before_bytes),
			  export_size_text(after, report->after_bytes));
	if (report->before_bytes > 0)
		export_out_format(out, " (%.1f %%)",
				  100 * (double)report->after_bytes / (double)report->before_bytes);
	export_out_char(out, '\n');
}

static void put_json(struct export_out *out, const char *log, const struct store_pack_report *report)
{
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_json_bytes(&json, "log", wire_slice_str(log));
	export_json_number(&json, "packed", report->packed);
	export_json_number(&json, "as_before", report->as_before);
	export_json_number(&json, "open", report->open);
	export_json_number(&json, "busy", report->busy);
	export_json_number(&json, "damaged", report->damaged);
	export_json_number(&json, "before_bytes", report->before_bytes);
	export_json_number(&json, "after_bytes", report->after_bytes);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}

static int pack_log(void *context, const char *log)
{
	struct session *session = context;
	const struct store_pack_options packing = {.level = session->settings->level, .stop = &session->stop};
	struct store_pack_report report;
	struct wire_fault fault;
	int error = store_pack(log, &packing, &report, finding, session, &fault);

	bool is_reported = !error || report.packed > 0;
	if (is_reported && session->settings->json)
		put_json(&session->out, log, &report);
	else if (is_reported)
		put_text(&session->out, log, &report);
	export_out_flush(&session->out);
	if (error == -ECANCELED)
		return CLI_FOUND;
	if (error)
		return cli_log_error(session->command, &fault);
	return report.damaged > 0 ? CLI_FOUND : CLI_DONE;
}

/* A segment takes long: another thread waits for Ctrl-C. */
static void *watch(void *context)
{
	struct session *session = context;

	while (!atomic_load(&session->is_over))
		if (cli_interrupt_wait(session->interrupt_fd, LOOK_MS))
			atomic_store(&session->stop, true);
	return NULL;
}

static int pack_all(struct session *session, const struct cli_operands *logs)
{
	pthread_t watcher;

	session->interrupt_fd = cli_interrupt_open();
	bool is_watched = session->interrupt_fd >= 0 && pthread_create(&watcher, NULL, watch, session) == 0;
	cli_screen_init(&session->screen, true, true, logs);
	int status =
	    cli_logs_report(session->command, logs, &session->out, &session->screen, pack_log, session);
	atomic_store(&session->is_over, true);
	if (is_watched)
		pthread_join(watcher, NULL);
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	if (atomic_load(&session->stop))
		cli_error(session->command, "interrupted");
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct settings settings = {.level = LEVEL};
	struct session session = {.command = command, .settings = &settings};
	struct cli_operands logs;
	int status = cli_logs_parse(command, argc, argv, &settings,
				    "packing, which is about a log's segments,", &logs);

	return status == CLI_GO_ON ? pack_all(&session, &logs) : status;
}

const struct cli_command cli_pack = {
    .name = "pack",
    .summary = "compress the closed segments of a log again, smaller",
    .group = CLI_TASK_CARE,
    .operands = "LOG...",
    .about =
	"Compresses closed segments at a higher level, with a dictionary that is trained on them, where it "
	"saves more than it takes. Events, their numbers and times stay as they are. Each new segment is "
	"read "
	"back and compared event by event before it takes the place of the old one, in one step: the log is "
	"whole whenever this is interrupted. The log may be written to and read meanwhile.\n"
	"\n"
	"A segment that was packed with a dictionary can be read by this version of tapedeck and later ones.",
    .examples = "  tapedeck pack log\n"
		"  tapedeck pack log/00000000000000000001.seg      one segment\n"
		"  tapedeck pack archive/* --level 12              faster",
    .options = groups,
    .run = run,
};
