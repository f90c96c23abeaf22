/* logs.h - the operands LOG... [SUBJECT...] of every reading command: a log's directory, one of its segments, a packet
 * capture, or a file of events; "-" is a capture on standard input. */
#ifndef CLI_OPTIONS_LOGS_H
#define CLI_OPTIONS_LOGS_H

#include "cli/options/options.h"
#include "cli/output/screen.h"
#include "wire/source.h"

/* Tell logs and subjects apart: the first operand is a LOG; those after it are LOGs as long as they name one or
 * hold a '/'; the rest are SUBJECTs. The log that TAPEDECK_LOG names is used when the first operand is not there, or no
 * log either. A log that is given twice is read once. Both borrow from operands. CLI_GO_ON; or an exit status after a
 * complaint: no log, one that does not exist (missing_ok: that is fine), or standard input given twice. */
int cli_logs_split(const struct cli_command *command, const struct cli_operands *operands, bool missing_ok,
		   struct cli_operands *logs, struct cli_operands *subjects);

/* Likewise, but all logs are to be given, and may be given twice: to compare them. An operand that is no path may be a list of
 * logs with commas between them (cli_log_list_open). */
int cli_logs_split_lists(const struct cli_command *command, const struct cli_operands *operands,
			 struct cli_operands *lists, struct cli_operands *subjects);

/* Several logs in one operand, "node-1,node-2,node-3"; a path that is there is one log, whatever its name. 0 with *logs, or
 * -ENOMEM; after success call cli_log_list_close. */
int cli_log_list_open(struct cli_operands *logs, const char *operand);
void cli_log_list_close(struct cli_operands *logs);

/* There is something at path that can be read as a log, a capture or a file of events. */
bool cli_log_exists(const char *path);

/* True when it is no log and is read once, from its beginning: a packet capture, by its first bytes; a file of events
 * (export/import/import.h); or something that is no file (a pipe), which is taken for a capture. */
bool cli_log_is_foreign(const char *path);

/* CLI_GO_ON when all of them are logs; else a complaint that `option` cannot be used with the other one. */
int cli_logs_refuse_foreign(const struct cli_command *command, const struct cli_operands *logs,
			    const char *option);

/* --json of a command that reports on each log by itself; sets a bool. */
extern const struct cli_option cli_log_json_options[];

/* Report on one log after the other: `report` prints on *out, which is opened and closed here and goes through the
 * screen, and returns an exit status. Returns the worst, or CLI_IO after a complaint that the output cannot be written. */
int cli_logs_report(const struct cli_command *command, const struct cli_operands *logs,
		    struct export_out *out, struct cli_screen *screen,
		    int (*report)(void *context, const char *log), void *context);

/* Print the fault of a log on stderr. Returns the exit status for it. */
int cli_log_error(const struct cli_command *command, const struct wire_fault *fault);

/* Could a part of the log not be read? */
bool cli_log_has_unread(const struct wire_damage *damage);

/* Report on stderr the parts of the log (NULL: of all logs) that could not be read. CLI_DONE when there are none, else
 * CLI_FOUND. */
int cli_log_report_unread(const struct cli_command *command, const char *log,
			  const struct wire_damage *damage);

/* Parse the command line of a command whose operands are all logs, and no capture files; `what` is what it does with them. CLI_GO_ON with
 * *logs, or an exit status to return at once. */
int cli_logs_parse(const struct cli_command *command, int argc, char **argv, void *settings, const char *what,
		   struct cli_operands *logs);

#endif
