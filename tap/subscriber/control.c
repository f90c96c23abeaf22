#include "tap/subscriber/control.h"

#include <jansson.h>

static bool is_word(struct wire_slice request, const char *word)
{
	return wire_slice_equal(request, wire_slice_str(word));
}

static struct wire_slice trim(struct wire_slice text)
{
	while (text.len > 0 && (unsigned char)text.data[text.len - 1] <= ' ')
		text.len--;
	while (text.len > 0 && (unsigned char)text.data[0] <= ' ') {
		text.data++;
		text.len--;
	}
	return text;
}

enum tap__command tap__control_read(struct wire_slice request, struct wire_slice *rest)
{
	const struct wire_slice mark = WIRE_LITERAL("mark ");
	request = trim(request);
	if (is_word(request, "start"))
		return TAP__START;
	if (is_word(request, "stop"))
		return TAP__STOP;
	if (is_word(request, "status"))
		return TAP__STATUS;
	if (request.len <= mark.len || memcmp(request.data, mark.data, mark.len) != 0)
		return TAP__UNKNOWN;
	*rest = trim(wire_slice(request.data + mark.len, request.len - mark.len));
	return TAP__MARK;
}

static void set_number(json_t *reply, const char *key, uint64_t value)
{
	json_object_set_new(reply, key, json_integer((json_int_t)value));
}

char *tap__control_reply(enum tap__command command, bool is_recording,
			 const struct tap_subscriber_stats *stats, const struct wire_sink_status *log)
{
	json_t *reply = json_object();
	if (command == TAP__UNKNOWN)
		json_object_set_new(reply, "error",
				    json_string("unknown request; one of: start, stop, mark TEXT, status"));
	json_object_set_new(reply, "recording", json_boolean(is_recording));
	set_number(reply, "messages", stats->messages);
	set_number(reply, "bytes", stats->bytes);
	set_number(reply, "dropped", stats->dropped);
	set_number(reply, "not_logged", log->lost_messages);
	set_number(reply, "outages", stats->outages);
	json_object_set_new(reply, "outage_seconds", json_real((double)stats->outage_ns / 1e9));
	if (log->degraded)
		json_object_set_new(reply, "degraded", json_string(log->reason));
	char *text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	return text;
}
