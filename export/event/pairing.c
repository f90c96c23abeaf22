#include "export/event/pairing.h"

#include "export/text/sizes.h"

static void print_reply(const struct export_pairing *pairing, struct export_out *out)
{
	char span[EXPORT_SIZE_TEXT];
	const bool is_before = pairing->after_ns < 0;

	export_out_format(out, "      latency  %s%s\n",
			  export_span_text(span, is_before ? -pairing->after_ns : pairing->after_ns),
			  is_before ? " before its request" : "");
}

static void print_request(const struct export_pairing *pairing, struct export_out *out)
{
	char span[EXPORT_SIZE_TEXT];

	if (pairing->no_responders) {
		export_out_text(out, "      no responders\n");
		return;
	}
	if (pairing->replies > 0)
		return;
	export_span_text(span, pairing->waited_ns);
	switch (pairing->end) {
	case EXPORT_PAIRING_OVERDUE: export_out_format(out, "      no reply within %s\n", span); break;
	case EXPORT_PAIRING_LOG_ENDS:
		export_out_format(out, "      no reply recorded: the log ends %s after it\n", span);
		break;
	case EXPORT_PAIRING_RANGE_ENDS:
		export_out_format(
		    out, "      no reply within the range that was read, which ends %s after it\n", span);
		break;
	case EXPORT_PAIRING_FOLLOWED: export_out_text(out, "      no reply so far\n"); break;
	case EXPORT_PAIRING_NO_MEMORY:
		export_out_format(out, "      no reply within %s, then forgotten for lack of memory\n", span);
		break;
	}
}

void export_pairing_text(const struct export_pairing *pairing, struct export_out *out)
{
	if (pairing->role == EXPORT_PAIRED_REPLY)
		print_reply(pairing, out);
	else if (pairing->role == EXPORT_PAIRED_REQUEST)
		print_request(pairing, out);
}

void export_pairing_json(const struct export_pairing *pairing, struct export_json *json)
{
	if (pairing->role == EXPORT_PAIRED_REPLY) {
		if (pairing->request_seq > 0)
			export_json_quoted(json, "request_seq", pairing->request_seq);
		export_json_real(json, "latency_us", (double)pairing->after_ns / 1e3);
	} else if (pairing->role == EXPORT_PAIRED_REQUEST) {
		export_json_number(json, "replies", pairing->replies);
		if (pairing->no_responders)
			export_json_true(json, "no_responders");
	}
}
