#include "cli/commands/trace_choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/errors.h"
#include "trace/content.h"

/* Digits without a leading 0, up to `end`. False when they are no number, or one that is too large. */
static bool read_number(const char *text, char end, uint64_t *number, const char **rest)
{
	char *after;
	errno = 0;
	*number = strtoull(text, &after, 10);
	*rest = after;
	return errno == 0 && *text >= '1' && *text <= '9' && *after == end;
}

/* N, or INPUT:N. */
static int read_seq(const struct cli_trace_run *trace, const char *option, const char *text,
		    struct cli_trace_seq *seq)
{
	const char *digits = text;
	uint64_t input = 0;
	if (strchr(text, ':') && (!read_number(text, ':', &input, &digits) || *digits++ != ':'))
		return cli_usage_error(trace->command, "%s: \"%s\" is no sequence number", option, text);
	if (!read_number(digits, '\0', &seq->seq, &digits))
		return cli_usage_error(trace->command, "%s: \"%s\" is no sequence number", option, text);
	if (input > (uint64_t)trace->logs.len)
		return cli_usage_error(trace->command, "%s %s: there %s only %d log%s", option, text,
				       trace->logs.len == 1 ? "is" : "are", trace->logs.len,
				       trace->logs.len == 1 ? "" : "s");
	seq->input = input > 0 ? (uint32_t)input - 1 : CLI_TRACE_ANY_INPUT;
	return CLI_GO_ON;
}

int cli_trace_choice_init(struct cli_trace_choice *choice, const struct cli_trace_run *trace,
			  const struct cli_trace_conversation_settings *settings)
{
	const size_t count = settings->seqs.len;
	*choice = (struct cli_trace_choice){.ids = &settings->ids};
	choice->seqs = calloc(count + 1, sizeof *choice->seqs);
	int status = choice->seqs ? CLI_GO_ON : CLI_IO;
	for (; status == CLI_GO_ON && choice->seqs_len < count; choice->seqs_len++)
		status = read_seq(trace, settings->seqs_option ? settings->seqs_option : "--seq",
				  settings->seqs.values[choice->seqs_len], &choice->seqs[choice->seqs_len]);
	for (size_t i = 0; i < settings->ids.len && status == CLI_GO_ON; i++)
		if (settings->ids.values[i][0] == '\0')
			status = cli_usage_error(trace->command, "--id: an empty value is everywhere");
	if (status == CLI_GO_ON)
		status = cli_filters_build(trace->command, &trace->settings->filters, &trace->subjects,
					   &choice->filter);
	return status;
}

void cli_trace_choice_fini(struct cli_trace_choice *choice)
{
	free(choice->seqs);
	store_filter_close(choice->filter);
}

static bool passes_seqs(const struct cli_trace_choice *choice, uint32_t input, uint64_t seq)
{
	for (size_t i = 0; i < choice->seqs_len; i++)
		if (choice->seqs[i].seq == seq &&
		    (choice->seqs[i].input == CLI_TRACE_ANY_INPUT || choice->seqs[i].input == input))
			return true;
	return choice->seqs_len == 0;
}

static bool passes_ids(const struct cli_trace_choice *choice, const struct wire_event *event)
{
	for (size_t i = 0; i < choice->ids->len; i++)
		if (trace_message_holds(event, wire_slice_str(choice->ids->values[i])))
			return true;
	return choice->ids->len == 0;
}

bool cli_trace_choice_holds(const struct cli_trace_choice *choice, struct wire_source *source,
			    const struct wire_event *event)
{
	if (event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY)
		return false;
	return passes_seqs(choice, wire_source_origin(source), event->seq) && passes_ids(choice, event) &&
	       (store_filter_is_empty(choice->filter) || store_filter_event(choice->filter, event, source));
}
