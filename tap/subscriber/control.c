#include "tap/subscriber/control.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tap/recorder/marks.h"

enum { REQUEST_BYTES = WIRE_MARK_REMARK /* of a request, that are kept: no remark is longer */ };

enum command { START, STOP, MARK, STATUS, UNKNOWN };

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

/* Read a request. *rest is the text of a mark. */
static enum command read_request(struct wire_slice request, struct wire_slice *rest)
{
	const struct wire_slice mark = WIRE_LITERAL("mark ");
	request = trim(request);
	if (is_word(request, "start"))
		return START;
	if (is_word(request, "stop"))
		return STOP;
	if (is_word(request, "status"))
		return STATUS;
	if (request.len <= mark.len || memcmp(request.data, mark.data, mark.len) != 0)
		return UNKNOWN;
	*rest = trim(wire_slice(request.data + mark.len, request.len - mark.len));
	return MARK;
}

static void set_number(json_t *reply, const char *key, uint64_t value)
{
	json_object_set_new(reply, key, json_integer((json_int_t)value));
}

/* The JSON of a reply; owned by the caller, NULL when out of memory. */
static char *describe(enum command command, bool is_recording, const struct tap_subscriber_stats *stats,
		      const struct wire_sink_status *log)
{
	json_t *reply = json_object();
	if (command == UNKNOWN)
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

/* libnats' thread. */
static bool on_request(void *context, const struct net_client_delivery *delivery)
{
	const struct tap__control *control = context;
	const struct wire_slice payload = delivery->payload;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const struct wire_event request = {
	    .kind = WIRE_EVENT_MESSAGE,
	    .time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
	    .reply = wire_slice_str(delivery->reply),
	    .payload = wire_slice(payload.data, payload.len < REQUEST_BYTES ? payload.len : REQUEST_BYTES)};
	tap__notices_add(control->notices, &request);
	return false;
}

int tap__control_open(struct tap__control *control, struct net_client *client, struct tap__notices *notices,
		      const char *subject, struct wire_fault *fault)
{
	control->client = client;
	control->notices = notices;
	return net_client_subscribe(&control->subscription, client, subject, NULL, on_request, control,
				    fault);
}

void tap__control_close(struct tap__control *control)
{
	if (control->subscription)
		net_client_unsubscribe(&control->subscription, 1);
}

static void reply_to(const struct tap__control *control, const struct wire_event *request, char *text)
{
	char *inbox = strndup(request->reply.data ? request->reply.data : "", request->reply.len);
	const struct net_client_message reply = {.subject = inbox, .payload = wire_slice_str(text)};
	if (text && inbox && *inbox && net_client_publish(control->client, &reply) == NET_CLIENT_COLLECTED)
		net_client_push(control->client);
	free(text);
	free(inbox);
}

bool tap__control_obey(struct tap__control *control, const struct wire_event *request,
		       const struct tap_subscriber_stats *stats, const struct wire_sink_status *log,
		       struct wire_event *event)
{
	struct wire_slice text = wire_slice(NULL, 0);
	enum command command = read_request(request->payload, &text);
	bool was_paused = control->is_paused;
	if (command == START || command == STOP)
		control->is_paused = command == STOP;
	reply_to(control, request, describe(command, !control->is_paused, stats, log));
	if (command == MARK)
		*event = (struct wire_event){.kind = WIRE_EVENT_MARK,
					     .time_ns = request->time_ns,
					     .text = wire_slice_str(wire_mark_remark(control->remark, text))};
	else if (was_paused != control->is_paused)
		*event = control->is_paused ? tap__marks_stop(request->time_ns)
					    : tap__marks_started(request->time_ns);
	return command == MARK || was_paused != control->is_paused;
}
