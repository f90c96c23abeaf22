/* Fuzz target: a condition, and a message that it is judged on. The input is an expression, a line feed, and a payload, which
 * also serves as headers. An early verdict must not be contradicted by a later one. */
#include <stdint.h>
#include <stdlib.h>

#include "store/where/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int parse_time(void *context, const char *text, int64_t *ns, struct wire_fault *fault)
{
	(void)context;
	*ns = atoll(text);
	return text[0] == 'x' ? wire_fault_set(fault, STORE_EFILTER, "is not a time") : 0;
}

static void judge(const struct store__where *where, const struct wire_event *event)
{
	struct store__facts facts = {.event = event, .have = STORE__NEEDS_ALL};
	const struct store__decided nothing = {0};
	const enum store__verdict final = store__where_judge(where, nothing, &facts);
	const struct store__decided subject = {.known = where->subject_tests,
					       .holds = store__where_subject(where, event->subject)};
	require(final != STORE__MAYBE);
	for (facts.have = 0; facts.have <= STORE__NEEDS_ALL; facts.have++) {
		enum store__verdict early = store__where_judge(where, subject, &facts);
		require(early == STORE__MAYBE || early == final);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct store_where_times times = {.parse = parse_time, .utc = true};
	const char *text = size > 0 ? (const char *)data : "";
	const char *newline = memchr(text, '\n', size);
	const size_t len = newline ? (size_t)(newline - text) : size;
	const struct wire_slice rest =
	    wire_slice(text + len + (newline != NULL), size - len - (newline != NULL));
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .seq = 5,
				   .subject = wire_slice("orders.eu", 9),
				   .headers = rest,
				   .payload = rest,
				   .size = rest.len};
	struct store__where *where;
	struct wire_fault fault;
	if (store__where_open(&where, wire_slice(text, len), &times, &fault) != 0)
		return 0;
	judge(where, &event);
	event.kind = WIRE_EVENT_CONNECT;
	event.payload = event.headers = event.subject = wire_slice(NULL, 0);
	event.size = 0;
	judge(where, &event);
	store__where_close(where);
	return 0;
}
