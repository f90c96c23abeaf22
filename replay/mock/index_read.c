#include "replay/mock/index_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/mock/index_build.h"
#include "replay/mock/subscriptions.h"
#include "trace/requests.h"
#include "wire/subject.h"

enum {
	MEMORY_BYTES = 256 << 20,
	REQUESTS_MAX = 1 << 18, /* remembered at a time */
	RESPONDERS_MAX = 6,     /* named in the error when the service did not reply */
	NAME_BYTES = 48,
};

struct reading {
	struct replay_mock_index *index;
	struct wire_source *source;
	const struct replay_mock_choice *choice;
	struct trace_requests requests;             /* key: number of the conversation */
	uint32_t spare;                             /* unused conversations, linked by next_equal */
	struct replay__subscriptions subscriptions; /* of the service */
	char responders[RESPONDERS_MAX][NAME_BYTES];
	unsigned responders_len;
};

/* ---- which service, which subjects ---- */

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

/* The receiver of a request that is the service; the first one when no service is named. NULL when there is none. */
static const struct wire_receiver *find_receiver(const struct reading *reading,
						 const struct wire_event *request)
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

/* The number of an unused conversation; REPLAY__NO_NUMBER when out of memory. */
static uint32_t allocate(struct reading *reading)
{
	struct replay_mock_index *index = reading->index;
	uint32_t number = reading->spare;
	if (number != REPLAY__NO_NUMBER) {
		reading->spare = index->conversations[number].next_equal;
		return number;
	}
	struct replay__conversation *list = replay__mock_index_reserve(
	    index, index->conversations, index->conversations_len, &index->conversations_cap, sizeof *list);
	if (!list || index->conversations_len >= REPLAY__NO_NUMBER)
		return REPLAY__NO_NUMBER;
	index->conversations = list;
	return (uint32_t)index->conversations_len++;
}

static char *copy_request_text(struct wire_slice subject, struct wire_slice queue)
{
	char *text = calloc(1, subject.len + queue.len + 2);
	if (!text)
		return NULL;
	memcpy(text, subject.data, subject.len);
	if (queue.len > 0)
		memcpy(text + subject.len + 1, queue.data, queue.len);
	return text;
}

static uint64_t request_text_bytes(const char *text)
{
	size_t subject = strlen(text);
	return subject + strlen(text + subject + 1) + 2;
}

/* As trace_request_forgotten. Reuse the conversation of a request that cannot get replies any more, unless it is kept. */
static void drop(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct reading *reading = context;
	struct replay__conversation *conversation = &reading->index->conversations[request->key];
	(void)why;
	if (conversation->is_kept)
		return;
	reading->index->bytes -= request_text_bytes(conversation->request_text);
	free(conversation->request_text);
	*conversation = (struct replay__conversation){.next_equal = reading->spare};
	reading->spare = (uint32_t)request->key;
}

/* Add a subject. Takes text (a subject and a queue group) on success. 0 or -ENOMEM. */
static int add_subject(struct replay_mock_index *index, char *text, uint32_t *number)
{
	struct replay__mock_subject *list = replay__mock_index_reserve(
	    index, index->subjects, index->subjects_len, &index->subjects_cap, sizeof *list);
	if (!list)
		return -ENOMEM;
	index->subjects = list;
	*number = (uint32_t)index->subjects_len;
	if (store_table_insert(&index->by_subject, replay__mock_hash(wire_slice_str(text)), *number) != 0)
		return -ENOMEM;
	index->subjects[index->subjects_len++] =
	    (struct replay__mock_subject){.name = text,
					  .queue = text + strlen(text) + 1,
					  .list = {.next = REPLAY__NO_NUMBER, .last = REPLAY__NO_NUMBER},
					  .played_last = REPLAY_MOCK_NONE};
	return 0;
}

/* Keep a conversation of the service. 0 or -ENOMEM. */
static int keep(struct reading *reading, uint32_t number)
{
	struct replay_mock_index *index = reading->index;
	struct replay__conversation *conversation = &index->conversations[number];
	if (conversation->is_kept)
		return 0;
	conversation->subject = replay__mock_index_subject(index, wire_slice_str(conversation->request_text));
	if (conversation->subject == REPLAY__NO_NUMBER) {
		if (add_subject(index, conversation->request_text, &conversation->subject) != 0)
			return -ENOMEM;
	} else {
		index->bytes -= request_text_bytes(conversation->request_text);
		free(conversation->request_text);
	}
	conversation->request_text = NULL;
	conversation->is_kept = true;
	return 0;
}

static int add_request(struct reading *reading, const struct wire_event *request)
{
	const struct wire_receiver *receiver = find_receiver(reading, request);
	uint32_t number = allocate(reading);
	if (number == REPLAY__NO_NUMBER)
		return -ENOMEM;
	struct replay__conversation *conversation = &reading->index->conversations[number];
	*conversation = (struct replay__conversation){
	    .seq = request->seq,
	    .key = replay__mock_key(request->subject, request->payload) +
		   (reading->choice->exact ? replay__mock_headers(request->headers) : 0),
	    .is_incomparable =
		(request->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL | WIRE_EVENT_MASKED)) != 0,
	    .first = REPLAY__NO_NUMBER,
	    .last = REPLAY__NO_NUMBER,
	    .request_text =
		copy_request_text(request->subject, receiver ? receiver->queue : wire_slice(NULL, 0)),
	};
	if (!conversation->request_text)
		return -ENOMEM;
	reading->index->bytes += request_text_bytes(conversation->request_text);
	if (trace_requests_add(&reading->requests, request, number, NULL) != 0)
		return -ENOMEM;
	return receiver || !reading->choice->service ? keep(reading, number) : 0;
}

/* ---- replies ---- */

static bool is_body(const struct replay__reply_body *body, const struct wire_event *reply)
{
	return wire_slice_equal(wire_slice(body->bytes, body->headers_len), reply->headers) &&
	       wire_slice_equal(wire_slice(body->bytes + body->headers_len, body->payload_len),
				reply->payload);
}

/* The number of the body of a reply; a new one when no body is equal. REPLAY__NO_NUMBER when out of memory. */
static uint32_t find_body(struct replay_mock_index *index, const struct wire_event *reply)
{
	uint64_t hash = replay__mock_key(reply->headers, reply->payload);
	uint32_t probe = 0, number;
	while (store_table_next(&index->by_body, hash, &probe, &number))
		if (is_body(&index->bodies[number], reply))
			return number;
	struct replay__reply_body *list = replay__mock_index_reserve(index, index->bodies, index->bodies_len,
								     &index->bodies_cap, sizeof *list);
	char *bytes = malloc(reply->headers.len + reply->payload.len + 1);
	number = (uint32_t)index->bodies_len;
	if (list)
		index->bodies = list;
	if (!list || !bytes || store_table_insert(&index->by_body, hash, number) != 0) {
		free(bytes);
		return REPLAY__NO_NUMBER;
	}
	if (reply->headers.len > 0)
		memcpy(bytes, reply->headers.data, reply->headers.len);
	if (reply->payload.len > 0)
		memcpy(bytes + reply->headers.len, reply->payload.data, reply->payload.len);
	index->bodies[index->bodies_len++] = (struct replay__reply_body){
	    .bytes = bytes, .headers_len = reply->headers.len, .payload_len = reply->payload.len};
	index->bytes += reply->headers.len + reply->payload.len;
	return number;
}

static int append_reply(struct replay_mock_index *index, struct replay__conversation *conversation,
			const struct wire_event *reply, int64_t after_ns)
{
	uint32_t body = find_body(index, reply), number = (uint32_t)index->replies_len;
	struct replay__recorded_reply *list = replay__mock_index_reserve(
	    index, index->replies, index->replies_len, &index->replies_cap, sizeof *list);
	if (!list || body == REPLAY__NO_NUMBER)
		return -ENOMEM;
	index->replies = list;
	if (conversation->last == REPLAY__NO_NUMBER)
		conversation->first = number;
	else
		list[conversation->last].next = number;
	int64_t least_ns = conversation->last == REPLAY__NO_NUMBER ? 0 : list[conversation->last].after_ns;
	list[index->replies_len++] = (struct replay__recorded_reply){
	    .after_ns = after_ns > least_ns ? after_ns : least_ns, .body = body, .next = REPLAY__NO_NUMBER};
	conversation->last = number;
	index->incomplete += (reply->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0;
	return 0;
}

static int add_reply(struct reading *reading, const struct wire_event *reply)
{
	const struct trace_request *request = trace_requests_reply(&reading->requests, reply);
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
	return append_reply(reading->index, &reading->index->conversations[number], reply,
			    trace_reply_after_ns(request, reply));
}

/* ---- the whole recording ---- */

static int take_event(struct reading *reading, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_SUBSCRIBE)
		return reading->choice->service && is_service(reading, event->conn)
			   ? replay__subscriptions_note(&reading->subscriptions, event)
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
		return wire_fault_set(fault, -ENOENT, "the log has no request on these subjects");
	for (unsigned i = 0; i < reading->responders_len; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
					reading->responders[i]);
	if (len == 0)
		return wire_fault_set(
		    fault, -ENOENT,
		    "no client named \"%s\" replied to requests in the log, nor did any other client "
		    "with a name; choose by --subjects",
		    reading->choice->service);
	return wire_fault_set(fault, -ENOENT,
			      "no client named \"%s\" replied to requests in the log; these did: %s",
			      reading->choice->service, names);
}

static int read_index(struct reading *reading, struct wire_fault *fault)
{
	struct replay_mock_index *index = reading->index;
	if (store_table_init(&index->by_key) != 0 || store_table_init(&index->by_subject) != 0 ||
	    store_table_init(&index->by_body) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int status = read_events(reading, fault);
	if (status != 0)
		return status;
	if (replay__mock_index_link(index) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (index->conversations_len == 0)
		return nothing_found(reading, fault);
	status = replay__subscriptions_choose(index, &reading->subscriptions, reading->choice);
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
	reading.index->is_exact = choice->exact;
	trace_requests_init(&reading.requests, REQUESTS_MAX, drop, &reading);
	int status = read_index(&reading, fault);
	replay__subscriptions_fini(&reading.subscriptions);
	trace_requests_fini(&reading.requests);
	if (status == 0)
		*index = reading.index;
	else
		replay_mock_index_close(reading.index);
	return status;
}
