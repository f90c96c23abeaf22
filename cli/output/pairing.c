#include "cli/output/pairing.h"

#include "cli/output/sizes.h"

static void print_reply(const struct cli_pairing *pairing, struct cli_out *out)
{
	char span[CLI_SIZE_TEXT];
	const bool is_before = pairing->after_ns < 0;

	cli_out_format(out, "      latency  %s%s\n",
		       cli_span_text(span, is_before ? -pairing->after_ns : pairing->after_ns),
		       is_before ? " before its request" : "");
}

static void print_request(const struct cli_pairing *pairing, struct cli_out *out)
{
	char span[CLI_SIZE_TEXT];

	if (pairing->no_responders) {
		cli_out_text(out, "      no responders\n");
		return;
	}
	if (pairing->replies > 0)
		return;
	cli_span_text(span, pairing->waited_ns);
	switch (pairing->end) {
	case CLI_PAIRING_OVERDUE: cli_out_format(out, "      no reply within %s\n", span); break;
	case CLI_PAIRING_LOG_ENDS:
		cli_out_format(out, "      no reply recorded: the log ends %s after it\n", span);
		break;
	case CLI_PAIRING_RANGE_ENDS:
		cli_out_format(out, "      no reply within the range that was read, which ends %s after it\n",
			       span);
		break;
	case CLI_PAIRING_FOLLOWED: cli_out_text(out, "      no reply so far\n"); break;
	case CLI_PAIRING_NO_MEMORY:
		cli_out_format(out, "      no reply within %s, then forgotten for lack of memory\n", span);
		break;
	}
}

void cli_pairing_text(const struct cli_pairing *pairing, struct cli_out *out)
{
	if (pairing->role == CLI_PAIRED_REPLY)
		print_reply(pairing, out);
	else if (pairing->role == CLI_PAIRED_REQUEST)
		print_request(pairing, out);
}

void cli_pairing_json(const struct cli_pairing *pairing, struct cli_json *json)
{
	if (pairing->role == CLI_PAIRED_REPLY) {
		if (pairing->request_seq > 0)
			cli_json_quoted(json, "request_seq", pairing->request_seq);
		cli_json_real(json, "latency_us", (double)pairing->after_ns / 1e3);
	} else if (pairing->role == CLI_PAIRED_REQUEST) {
		cli_json_number(json, "replies", pairing->replies);
		if (pairing->no_responders)
			cli_json_true(json, "no_responders");
	}
}
