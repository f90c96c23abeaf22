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
	if (pairing->no_responders)
		cli_out_text(out, "      no responders\n");
	else if (pairing->replies == 0 && pairing->is_unheard)
		cli_out_text(out, "      no reply: nobody received it\n");
	else if (pairing->replies == 0)
		cli_out_text(out,
			     pairing->is_early ? "      no reply so far\n" : "      no reply within 10 s\n");
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
