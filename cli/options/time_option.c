#include "cli/options/time_option.h"

#include "cli/output/errors.h"
#include "cli/output/times.h"
#include "export/text/clock.h"

static void report(const struct cli_command *command, const struct cli_time_option *option, const char *text,
		   const struct cli_time_doubt *doubt)
{
	struct export_clock clock = {.utc = false};
	char earlier[EXPORT_TIME_TEXT], later[EXPORT_TIME_TEXT];

	export_clock_text(&clock, doubt->earlier_ns, EXPORT_TIME_ZONED, earlier);
	export_clock_text(&clock, doubt->later_ns, EXPORT_TIME_ZONED, later);
	cli_error(
	    command,
	    "--%s: \"%s\": %s: %s or %s. The %s one is taken; to be exact, write the offset from UTC, as "
	    "here, or use --utc",
	    option->name, text,
	    doubt->certainty == CLI_TIME_TWICE ? "the clock showed this time twice"
					       : "the clock skipped this time when it was set ahead",
	    earlier, later, option->takes_later ? "later" : "earlier");
}

int cli_time_option_read(const struct cli_command *command, const struct cli_time_option *option,
			 const char *text, int64_t *ns, struct wire_fault *fault)
{
	struct wire_fault reason;
	struct cli_time_reading reading = {
	    .now_ns = option->now_ns, .utc = option->utc, .takes_later = option->takes_later};

	if (cli_time_read(&reading, text, ns, &reason) != 0)
		return wire_fault_set(fault, reason.code, "--%s: \"%s\" %s", option->name, text, reason.text);
	if (command && reading.doubt.certainty != CLI_TIME_CERTAIN)
		report(command, option, text, &reading.doubt);
	return 0;
}
