/* mock_read.c - read the conversations of a service from a recording. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/mock/store.h"
#include "replay/requests.h"
#include "store/read/steps.h"
#include "wire/subject.h"

enum {
	MEMORY_BYTES = 256 << 20,
	RESPONDERS_MAX = 6, /* named when the service is not there */
	NAME_BYTES = 48,
};

struct reading {
	struct replay_mock_index *index;
	struct wire_source *source;
	const struct replay_mock_choice *choice;
	struct replay__requests requests;     /* keyed by conversation */
	uint32_t spare;                       /* conversations that are thrown away, linked by next_alike */
	struct replay__subscribed subscribed; /* what the service subscribed to */
	char responders[RESPONDERS_MAX][NAME_BYTES];
	unsigned responders_len;
};

/* ---- who and what is meant ---- */

static bool is_service(const struct reading *reading, uint64_t conn)
{
	const struct wire_client *client;
	if (!reading->choice->service)
		return true;
	client = conn ? reading->source->client(reading->source, conn) : NULL;
	return client && wire_slice_equal(client->name, wire_slice_str(reading->choice->service));
}

static bool is_wanted(const struct reading *reading, struct wire_slice subject)
{
	const char *const *pattern = reading->choice->subjects;
	while (pattern && *pattern && !wire_subject_matches(wire_slice_str(*pattern), subject))
		pattern++;
	return !pattern || *pattern;
}

/* The receiver of a request that is the service, or any when nobody is named. NULL when there is none. */
static const struct wire_receiver *find_asked(const struct reading *reading, const struct wire_event *request)
{
	for (uint32_t i = 0; i < request->receivers_len; i++)
		if (is_service(reading, request->receivers[i].conn))
			return &request->receivers[i];
	return NULL;
}

static void note_responder(struct reading *reading, uint64_t conn)
{
	const struct wire_client *client = conn ? reading->source->client(reading->source, conn) : NULL;
	char name[NAME_BYTES];
	if (!client || client->name.len == 0 || reading->responders_len == RESPONDERS_MAX)
		return;
	snprintf(name, sizeof name, "%.*s", (int)client->name.len, client->name.data);
	for (unsigned i = 0; i < reading->responders_len; i++)
		if (strcmp(reading->responders[i], name) == 0)
			return;
	memcpy(reading->responders[reading->responders_len++], name, sizeof name);
}

/* ---- conversations ---- */

/* A free place among the conversations, REPLAY__NO_NUMBER when out of memory. */
static uint32_t take_place(struct reading *reading)
{
	struct replay_mock_index *index = reading->index;
	uint32_t number = reading->spare;
	if (number != REPLAY__NO_NUMBER) {
		reading->spare = index->conversations[number].next_alike;
		return number;
	}
	struct replay__conversation *list = replay__mock_room(
	    index, index->conversations, index->conversations_len, &index->conversations_cap, sizeof *list);
	if (!list || index->conversations_len >= REPLAY__NO_NUMBER)
		return REPLAY__NO_NUMBER;
	index->conversations = list;
	return (uint32_t)index->conversations_len++;
}

static char *copy_asked(struct wire_slice subject, struct wire_slice queue)
{
	char *asked = calloc(1, subject.len + queue.len + 2);
	if (!asked)
		return NULL;
	memcpy(asked, subject.data, subject.len);
	if (queue.len > 0)
		memcpy(asked + subject.len + 1, queue.data, queue.len);
	return asked;
}

static uint64_t asked_bytes(const char *asked)
{
	size_t subject = strlen(asked);
	return subject + strlen(asked + subject + 1) + 2;
}

/* Nobody of interest answered it in time. */
static void drop(struct reading *reading, uint32_t number)
{
	struct replay__conversation *conversation = &reading->index->conversations[number];
	if (conversation->is_kept)
		return;
	reading->index->bytes -= asked_bytes(conversation->asked);
	free(conversation->asked);
	*conversation = (struct replay__conversation){.next_alike = reading->spare};
	reading->spare = number;
}

/* Make a topic of what was asked, which it takes. 0 or -ENOMEM, which leaves it the conversation's. */
static int add_topic(struct replay_mock_index *index, char *asked, uint32_t *number)
{
	struct replay__topic *list =
	    replay__mock_room(index, index->topics, index->topics_len, &index->topics_cap, sizeof *list);
	if (!list)
		return -ENOMEM;
	index->topics = list;
	*number = (uint32_t)index->topics_len;
	if (replay__table_add(&index->by_subject, replay__mock_hash(wire_slice_str(asked)), *number) != 0)
		return -ENOMEM;
	index->topics[index->topics_len++] =
	    (struct replay__topic){.name = asked,
				   .queue = asked + strlen(asked) + 1,
				   .list = {.next = REPLAY__NO_NUMBER, .last = REPLAY__NO_NUMBER},
				   .played_last = REPLAY_MOCK_NONE};
	return 0;
}

/* The conversation is one of the service's. 0 or -ENOMEM. */
static int keep(struct reading *reading, uint32_t number)
{
	struct replay_mock_index *index = reading->index;
	struct replay__conversation *conversation = &index->conversations[number];
	if (conversation->is_kept)
		return 0;
	conversation->subject = replay__mock_topic(index, wire_slice_str(conversation->asked));
	if (conversation->subject == REPLAY__NO_NUMBER) {
		if (add_topic(index, conversation->asked, &conversation->subject) != 0)
			return -ENOMEM;
	} else {
		index->bytes -= asked_bytes(conversation->asked);
		free(conversation->asked);
	}
	conversation->asked = NULL;
	conversation->is_kept = true;
	return 0;
}

static int add_request(struct reading *reading, const struct wire_event *request)
{
	const struct wire_receiver *asked = find_asked(reading, request);
	uint32_t number = take_place(reading);
	struct replay__request forgotten;
	if (number == REPLAY__NO_NUMBER)
		return -ENOMEM;
	reading->index->conversations[number] = (struct replay__conversation){
	    .seq = request->seq,
	    .key = replay__mock_key(request->subject, request->payload),
	    .first = REPLAY__NO_NUMBER,
	    .last = REPLAY__NO_NUMBER,
	    .asked = copy_asked(request->subject, asked ? asked->queue : wire_slice(NULL, 0)),
	};
	if (!reading->index->conversations[number].asked)
		return -ENOMEM;
	reading->index->bytes += asked_bytes(reading->index->conversations[number].asked);
	int status = replay__requests_put(
	    &reading->requests,
	    &(struct replay__request){
		.inbox = replay__mock_hash(request->reply), .key = number, .time_ns = request->steady_ns},
	    &forgotten);
	if (status > 0)
		drop(reading, (uint32_t)forgotten.key);
	if (status >= 0 && (asked || !reading->choice->service))
		status = keep(reading, number);
	return status < 0 ? status : 0;
}

/* ---- replies ---- */

static bool is_body(const struct replay__body *body, const struct wire_event *reply)
{
	return wire_slice_equal(wire_slice(body->bytes, body->headers_len), reply->headers) &&
	       wire_slice_equal(wire_slice(body->bytes + body->headers_len, body->payload_len),
				reply->payload);
}

/* The body of a reply, a new one when there is none like it. REPLAY__NO_NUMBER when out of memory. */
static uint32_t find_body(struct replay_mock_index *index, const struct wire_event *reply)
{
	uint64_t hash = replay__mock_key(reply->headers, reply->payload);
	size_t probe = 0;
	uint32_t number;
	while (replay__table_next(&index->by_body, hash, &probe, &number))
		if (is_body(&index->bodies[number], reply))
			return number;
	struct replay__body *list =
	    replay__mock_room(index, index->bodies, index->bodies_len, &index->bodies_cap, sizeof *list);
	char *bytes = malloc(reply->headers.len + reply->payload.len + 1);
	number = (uint32_t)index->bodies_len;
	if (list)
		index->bodies = list;
	if (!list || !bytes || replay__table_add(&index->by_body, hash, number) != 0) {
		free(bytes);
		return REPLAY__NO_NUMBER;
	}
	if (reply->headers.len > 0)
		memcpy(bytes, reply->headers.data, reply->headers.len);
	if (reply->payload.len > 0)
		memcpy(bytes + reply->headers.len, reply->payload.data, reply->payload.len);
	index->bodies[index->bodies_len++] = (struct replay__body){
	    .bytes = bytes, .headers_len = reply->headers.len, .payload_len = reply->payload.len};
	index->bytes += reply->headers.len + reply->payload.len;
	return number;
}

static int add_answer(struct replay_mock_index *index, struct replay__conversation *conversation,
		      const struct wire_event *reply, int64_t after_ns)
{
	uint32_t body = find_body(index, reply), number = (uint32_t)index->answers_len;
	struct replay__answer *list =
	    replay__mock_room(index, index->answers, index->answers_len, &index->answers_cap, sizeof *list);
	if (!list || body == REPLAY__NO_NUMBER)
		return -ENOMEM;
	index->answers = list;
	if (conversation->last == REPLAY__NO_NUMBER)
		conversation->first = number;
	else
		list[conversation->last].next = number;
	int64_t least_ns = conversation->last == REPLAY__NO_NUMBER ? 0 : list[conversation->last].after_ns;
	list[index->answers_len++] = (struct replay__answer){
	    .after_ns = after_ns > least_ns ? after_ns : least_ns, .body = body, .next = REPLAY__NO_NUMBER};
	conversation->last = number;
	index->incomplete += (reply->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0;
	return 0;
}

static int add_reply(struct reading *reading, const struct wire_event *reply)
{
	const struct replay__request *request =
	    replay__requests_find(&reading->requests, replay__mock_hash(reply->subject));
	if (!request)
		return 0;
	if (!is_service(reading, reply->conn)) {
		note_responder(reading, reply->conn);
		return 0;
	}
	uint32_t number = (uint32_t)request->key;
	int status = keep(reading, number);
	if (status != 0)
		return status;
	return add_answer(reading->index, &reading->index->conversations[number], reply,
			  store_time_minus(reply->steady_ns, request->time_ns));
}

/* ---- all together ---- */

static int take_event(struct reading *reading, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_SUBSCRIBE)
		return reading->choice->service && is_service(reading, event->conn)
			   ? replay__subscribed_note(&reading->subscribed, event)
			   : 0;
	if (event->kind != WIRE_EVENT_MESSAGE)
		return 0;
	int status = add_reply(reading, event);
	if (status == 0 && event->reply.len > 0 && is_wanted(reading, event->subject))
		status = add_request(reading, event);
	return status;
}

static int read_events(struct reading *reading, struct wire_fault *fault)
{
	uint64_t most = reading->choice->memory_bytes ? reading->choice->memory_bytes : MEMORY_BYTES;
	struct wire_event event;
	int status;
	while ((status = reading->source->next(reading->source, &event, fault)) > 0) {
		if (take_event(reading, &event) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
		if (reading->index->bytes > most)
			return wire_fault_set(fault, -E2BIG,
					      "the conversations take more memory than --memory allows; "
					      "raise it, or choose fewer by --subjects, --since and --until");
	}
	return status;
}

static int nothing_found(const struct reading *reading, struct wire_fault *fault)
{
	char names[RESPONDERS_MAX * (NAME_BYTES + 2) + 1] = "";
	size_t len = 0;
	if (!reading->choice->service)
		return wire_fault_set(fault, -ENOENT, "there is no request on these subjects in the log");
	for (unsigned i = 0; i < reading->responders_len; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
					reading->responders[i]);
	if (len == 0)
		return wire_fault_set(
		    fault, -ENOENT,
		    "no client named \"%s\" answered requests in the log, nor did any other with a "
		    "name; choose by --subjects",
		    reading->choice->service);
	return wire_fault_set(fault, -ENOENT,
			      "no client named \"%s\" answered requests in the log; these did: %s",
			      reading->choice->service, names);
}

static int read_index(struct reading *reading, struct wire_fault *fault)
{
	int status = read_events(reading, fault);
	if (status != 0)
		return status;
	if (replay__mock_settle(reading->index) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (reading->index->conversations_len == 0)
		return nothing_found(reading, fault);
	status = replay__mock_subscribe(reading->index, &reading->subscribed, reading->choice);
	if (status == -E2BIG)
		return wire_fault_set(
		    fault, status,
		    "more than %d subjects to subscribe to; give patterns that cover them: --subjects "
		    "'orders.*.get'",
		    REPLAY_MOCK_SUBSCRIPTIONS_MAX);
	return status == 0 ? 0 : wire_fault_set(fault, status, "out of memory");
}

int replay_mock_index_read(struct replay_mock_index **index, struct wire_source *source,
			   const struct replay_mock_choice *choice, struct wire_fault *fault)
{
	struct reading reading = {.index = calloc(1, sizeof **index),
				  .source = source,
				  .choice = choice,
				  .spare = REPLAY__NO_NUMBER};
	if (!reading.index)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int status = read_index(&reading, fault);
	replay__subscribed_fini(&reading.subscribed);
	replay__requests_fini(&reading.requests);
	if (status == 0)
		*index = reading.index;
	else
		replay_mock_index_close(reading.index);
	return status;
}
