#include "cli/output/diff_json.h"

#include "cli/output/diff_point.h"

static const char *const side_keys[REPLAY_SIDES] = {"a", "b"};

static void put_word(struct export_json *json, const char *key, const char *word)
{
	export_json_word(json, key, word, strlen(word));
}

static void put_name(struct export_json *json, struct wire_slice subject, bool is_reply)
{
	if (subject.len > 0)
		export_json_bytes(json, "subject", subject);
	if (is_reply)
		export_json_true(json, "replies");
}

static void put_decoded(struct cli_diff_json *printer, struct export_json *json,
			const struct replay_diff_message *message)
{
	struct export_decoded decoded;

	switch (cli_diff_decode(printer->decoder, message, &decoded)) {
	case EXPORT_DECODE_NONE: break;
	case EXPORT_DECODE_DONE: export_decoded_json(printer->decoder, &decoded, json, "decoded"); break;
	case EXPORT_DECODE_FAILED: export_json_string(json, "decode_error", wire_slice_str(decoded.reason));
	}
}

static void put_message(struct cli_diff_json *printer, struct export_json *json, const char *key,
			const struct replay_diff_message *message, bool is_whole)
{
	export_json_object(json, key);
	export_json_quoted(json, "seq", message->seq);
	export_json_time(json, "time", &printer->clock, message->time_ns);
	if (message->conn > 0)
		export_json_number(json, "conn", message->conn);
	if (is_whole) {
		export_json_bytes(json, "subject", message->subject);
		if (message->reply.len > 0)
			export_json_bytes(json, "reply", message->reply);
		if (message->headers.len > 0)
			export_headers_json(printer->scratch, json, message->headers, false);
		export_json_bytes(json, "payload", message->payload);
		put_decoded(printer, json, message);
		export_json_number(json, "size", message->size);
		if (message->is_masked)
			export_json_true(json, "masked");
		if (message->are_receivers_known)
			export_json_number(json, "receivers", message->receivers);
		else if (message->receivers > 0)
			export_json_number(json, "known_receivers", message->receivers);
	}
	export_json_object_end(json);
}

static void put_point(struct export_json *json, const struct replay_difference *difference)
{
	struct cli_diff_point point = cli_diff_point_find(difference->a, difference->b);

	put_word(json, "part",
		 cli_diff_part_name(point.part == CLI_DIFF_BEYOND ? CLI_DIFF_PAYLOAD : point.part));
	export_json_number(json, "at", point.at);
}

void cli_diff_json_difference(struct cli_diff_json *printer, const struct replay_difference *difference)
{
	struct export_json json = {.out = printer->out};
	const bool is_whole = difference->kind != REPLAY_DIFF_REORDERED;

	export_json_object(&json, NULL);
	put_word(&json, "difference", replay_difference_name(difference->kind));
	put_name(&json, difference->subject, difference->is_reply);
	if (difference->kind == REPLAY_DIFF_CHANGED)
		put_point(&json, difference);
	if (difference->a)
		put_message(printer, &json, "a", difference->a, is_whole);
	if (difference->b)
		put_message(printer, &json, "b", difference->b, is_whole);
	if (difference->kind == REPLAY_DIFF_SLOWER) {
		export_json_real(&json, "p50_us_a", (double)difference->latency_ns[REPLAY_A] / 1e3);
		export_json_real(&json, "p50_us_b", (double)difference->latency_ns[REPLAY_B] / 1e3);
	}
	export_json_object_end(&json);
	export_out_char(printer->out, '\n');
}

static void put_log(struct cli_diff_json *printer, struct export_json *json,
		    const struct replay_diff_summary *summary, int side)
{
	export_json_object(json, side_keys[side]);
	export_json_bytes(json, "log", wire_slice_str(printer->logs[side]));
	export_json_number(json, "messages", summary->total.messages[side]);
	if (summary->total.messages[side] > 0) {
		export_json_time(json, "first_time", &printer->clock, summary->first_time_ns[side]);
		export_json_time(json, "last_time", &printer->clock, summary->last_time_ns[side]);
	}
	export_json_number(json, "gaps", summary->gaps[side]);
	export_json_number(json, "gap_messages", summary->gap_messages[side]);
	export_json_object_end(json);
}

static void put_counts(struct export_json *json, const struct replay_diff_subject *counts)
{
	export_json_number(json, "equal", counts->equal);
	for (int kind = 0; kind < REPLAY_DIFFERENCES; kind++)
		export_json_number(json, replay_difference_name((enum replay_difference_kind)kind),
				   counts->differences[kind]);
	export_json_number(json, "masked", counts->masked);
	export_json_number(json, "unverifiable", counts->unverifiable);
}

static void put_latency(struct export_json *json, const char *key, const struct replay_latency *latency)
{
	if (latency->count == 0)
		return;
	export_json_object(json, key);
	export_json_number(json, "count", latency->count);
	export_json_real(json, "p50", (double)latency->p50_ns / 1e3);
	export_json_real(json, "p99", (double)latency->p99_ns / 1e3);
	export_json_real(json, "max", (double)latency->max_ns / 1e3);
	export_json_object_end(json);
}

static void put_subject(struct export_json *json, const struct replay_diff_subject *counts)
{
	export_json_object(json, NULL);
	put_name(json, counts->subject, counts->is_reply);
	export_json_number(json, "messages_a", counts->messages[REPLAY_A]);
	export_json_number(json, "messages_b", counts->messages[REPLAY_B]);
	put_counts(json, counts);
	put_latency(json, "latency_us_a", &counts->latency[REPLAY_A]);
	put_latency(json, "latency_us_b", &counts->latency[REPLAY_B]);
	export_json_object_end(json);
}

void cli_diff_json_summary(struct cli_diff_json *printer, const struct replay_diff_summary *summary)
{
	struct export_json json = {.out = printer->out};

	export_json_object(&json, NULL);
	put_word(&json, "result", replay_diff_differences(&summary->total) > 0 ? "different" : "equal");
	for (int side = 0; side < REPLAY_SIDES; side++)
		put_log(printer, &json, summary, side);
	put_counts(&json, &summary->total);
	export_json_number(&json, "short_of_memory", summary->short_of_memory);
	if (summary->stopped)
		export_json_true(&json, "stopped");
	export_json_array(&json, "subjects");
	for (size_t i = 0; i < summary->subjects_len; i++)
		put_subject(&json, &summary->subjects[i]);
	export_json_array_end(&json);
	export_json_object_end(&json);
	export_out_char(printer->out, '\n');
}
