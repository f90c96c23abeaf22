#include "tests/unit/trace/event_fixture.h"

static const char *const names[] = {NULL,   "one", "two",   "three", "four",
				    "five", "six", "seven", "eight", "nine"};

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	static struct wire_client client;
	(void)source;
	if (conn == 0 || conn >= sizeof names / sizeof *names)
		return NULL;
	client = (struct wire_client){.name = wire_slice_str(names[conn])};
	return &client;
}

static uint32_t origin_of(struct wire_source *source)
{
	return ((struct event_source *)source)->origin;
}

static int content_of(struct wire_source *source, struct wire_event *event)
{
	struct event_source *own = (struct event_source *)source;
	own->asked++;
	event->headers = own->headers;
	return 0;
}

void event_source_init(struct event_source *source)
{
	*source = (struct event_source){
	    .source = {.client = client_of, .origin = origin_of, .content = content_of}};
}

struct wire_event event_message(struct event_source *source, int64_t ns, uint64_t conn, const char *subject,
				const char *reply)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .flags = WIRE_EVENT_RECEIVERS_UNKNOWN,
				   .seq = ++source->seq,
				   .time_ns = ns,
				   .steady_ns = ns,
				   .conn = conn,
				   .subject = wire_slice_str(subject),
				   .reply = wire_slice_str(reply),
				   .payload = WIRE_LITERAL("{}"),
				   .size = 2};
}

enum { RECEIVERS_MAX = 8 };
static struct wire_receiver receivers[RECEIVERS_MAX];
static int64_t delays_ns[RECEIVERS_MAX];

void event_deliver_also(struct wire_event *event, uint64_t conn, const char *queue, int64_t delay_ns,
			enum wire_outcome outcome)
{
	receivers[event->receivers_len] = (struct wire_receiver){
	    .conn = conn, .sid = WIRE_LITERAL("1"), .queue = wire_slice_str(queue), .outcome = outcome};
	delays_ns[event->receivers_len++] = delay_ns;
	event->receiver_count += outcome == WIRE_SENT;
	event->receivers = receivers;
	event->delays_ns = delays_ns;
}

void event_deliver_to_nobody(struct wire_event *event)
{
	event->flags &= ~(uint32_t)WIRE_EVENT_RECEIVERS_UNKNOWN;
	event->receivers = receivers;
	event->receivers_len = event->receiver_count = 0;
}

void event_deliver(struct wire_event *event, uint64_t conn, const char *queue, int64_t delay_ns)
{
	event_deliver_to_nobody(event);
	event_deliver_also(event, conn, queue, delay_ns, WIRE_SENT);
}
