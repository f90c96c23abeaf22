#include "tests/unit/trace/doctor/scene.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/fail.h"

#define START_NS INT64_C(1700000000000000000)

/* ---- the source ---- */

static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct scene *scene = (struct scene *)source;
	(void)fault;
	if (scene->at == scene->count)
		return 0;
	struct scene_event *own = &scene->events[scene->at++];
	*event = own->event;
	event->subject = wire_slice_str(own->subject);
	event->reply = wire_slice_str(own->reply);
	event->headers = wire_slice_str(own->headers);
	event->payload = wire_slice_str(own->payload);
	event->text = wire_slice_str(own->text);
	event->sid = wire_slice_str(own->sid);
	event->queue = wire_slice_str(own->queue);
	if (event->receivers_len > 0)
		event->receivers = own->receivers;
	if (own->has_delays)
		event->delays_ns = own->delays_ns;
	if (event->kind == WIRE_EVENT_CONNECT)
		event->client = &scene->clients[event->conn];
	if (event->size == 0)
		event->size = event->payload.len;
	return 1;
}

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	struct scene *scene = (struct scene *)source;
	return conn < SCENE_CLIENTS ? &scene->clients[conn] : NULL;
}

static uint32_t origin_of(struct wire_source *source)
{
	struct scene *scene = (struct scene *)source;
	return scene->events[scene->at - 1].origin;
}

/* ---- life ---- */

void scene_client(struct scene *scene, uint64_t conn, const char *name, const char *address, const char *lang,
		  const char *version)
{
	snprintf(scene->names[conn], sizeof scene->names[conn], "%s", name);
	snprintf(scene->addresses[conn], sizeof scene->addresses[conn], "%s", address);
	snprintf(scene->langs[conn], sizeof scene->langs[conn], "%s", lang);
	snprintf(scene->versions[conn], sizeof scene->versions[conn], "%s", version);
	scene->clients[conn] = (struct wire_client){.name = wire_slice_str(scene->names[conn]),
						    .address = wire_slice_str(scene->addresses[conn]),
						    .lang = wire_slice_str(scene->langs[conn]),
						    .version = wire_slice_str(scene->versions[conn])};
}

int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	if (!scene)
		return -1;
	scene->source = (struct wire_source){.next = next, .client = client_of, .origin = origin_of};
	scene->memory_bytes = 32 << 20;
	for (unsigned i = 0; i < SCENE_LOGS; i++)
		scene->logs[i].name = i == 0 ? "a" : i == 1 ? "b" : "c";
	for (unsigned conn = 1; conn < SCENE_CLIENTS; conn++) {
		char name[24], address[24];
		snprintf(name, sizeof name, "service-%u", conn);
		snprintf(address, sizeof address, "10.0.0.%u:%u", conn, 40000 + conn);
		scene_client(scene, conn, name, address, "C", "3.8.0");
	}
	*state = scene;
	return 0;
}

void scene_clear(struct scene *scene)
{
	trace_doctor_close(scene->doctor);
	scene->doctor = NULL;
	free(scene->events);
	scene->events = NULL;
	scene->count = scene->cap = 0;
	scene->now_ns = scene->clock_ns = 0;
	scene->origin = 0;
}

int scene_teardown(void **state)
{
	scene_clear(*state);
	free(*state);
	return 0;
}

/* ---- events ---- */

void scene_wait(struct scene *scene, int64_t ms)
{
	scene->now_ns += ms * MS;
}

struct scene_event *scene_add(struct scene *scene, enum wire_event_kind kind, uint64_t conn)
{
	if (scene->count == scene->cap) {
		scene->cap = scene->cap ? scene->cap * 2 : 64;
		scene->events = support_grow(scene->events, scene->cap * sizeof *scene->events);
	}
	struct scene_event *event = &scene->events[scene->count++];
	int64_t steady_ns = START_NS + scene->now_ns;
	*event = (struct scene_event){.origin = scene->origin,
				      .event = {.kind = kind,
						.seq = scene->count,
						.conn = conn,
						.steady_ns = steady_ns,
						.time_ns = steady_ns + scene->clock_ns}};
	scene->now_ns += MS;
	return event;
}

void scene_payload(struct scene_event *event, const char *payload)
{
	snprintf(event->payload, sizeof event->payload, "%s", payload);
}

void scene_unheard(struct scene_event *event)
{
	event->event.receivers_len = event->event.receiver_count = 0;
}

void scene_deliver(struct scene_event *event, uint64_t conn, const char *queue, enum wire_outcome outcome)
{
	assert_true(event->event.receivers_len < SCENE_RECEIVERS);
	event->receivers[event->event.receivers_len++] = (struct wire_receiver){
	    .conn = conn, .sid = WIRE_LITERAL("1"), .queue = wire_slice_str(queue), .outcome = outcome};
	event->event.receiver_count += outcome == WIRE_SENT;
}

struct scene_event *scene_message(struct scene *scene, uint64_t conn, const char *subject)
{
	char payload[64];
	struct scene_event *event = scene_add(scene, WIRE_EVENT_MESSAGE, conn);
	snprintf(payload, sizeof payload, "{\"event\":%zu,\"of\":\"%.24s\"}", scene->count, subject);
	snprintf(event->subject, sizeof event->subject, "%s", subject);
	scene_payload(event, payload);
	scene_deliver(event, 2, "", WIRE_SENT);
	return event;
}

struct scene_event *scene_request(struct scene *scene, const char *subject, unsigned number)
{
	struct scene_event *event = scene_message(scene, 1, subject);
	snprintf(event->reply, sizeof event->reply, "_INBOX.c1.%u", number);
	scene_unheard(event);
	scene_deliver(event, 2, "workers", WIRE_SENT);
	return event;
}

struct scene_event *scene_reply(struct scene *scene, unsigned number)
{
	char inbox[32];
	snprintf(inbox, sizeof inbox, "_INBOX.c1.%u", number);
	struct scene_event *event = scene_message(scene, 2, inbox);
	scene_unheard(event);
	scene_deliver(event, 1, "", WIRE_SENT);
	return event;
}

void scene_exchange(struct scene *scene, const char *subject, unsigned first, unsigned count, int64_t ms)
{
	for (unsigned i = 0; i < count; i++) {
		scene_request(scene, subject, first + i);
		scene_wait(scene, ms - 1);
		scene_reply(scene, first + i);
	}
}

void scene_background(struct scene *scene, unsigned seconds)
{
	static const char *const subjects[] = {"tick.a", "tick.b", "tick.c"};
	for (unsigned i = 0; i < seconds * 10; i++) {
		scene_message(scene, 3 + i % 3, subjects[i % 3]);
		scene_wait(scene, 99);
	}
}

/* ---- the doctor ---- */

static bool is_chosen(const struct scene *scene, const struct wire_event *event)
{
	size_t len = scene->filter ? strlen(scene->filter) : 0;
	return event->subject.len >= len &&
	       (len == 0 || memcmp(event->subject.data, scene->filter, len) == 0);
}

void scene_examine(struct scene *scene)
{
	const struct trace_doctor_options options = {.memory_bytes = scene->memory_bytes,
						     .is_filtered = scene->filter != NULL};
	struct wire_event event;
	trace_doctor_close(scene->doctor);
	scene->doctor = NULL;
	scene->at = 0;
	assert_int_equal(trace_doctor_open(&scene->doctor, &scene->source, &options), 0);
	while (next(&scene->source, &event, NULL) > 0)
		assert_int_equal(trace_doctor_add(scene->doctor, &event, is_chosen(scene, &event)), 0);
	scene->findings = trace_doctor_end(scene->doctor, scene->logs, SCENE_LOGS);
}

const struct trace_finding *scene_finding(const struct scene *scene, const char *check)
{
	for (size_t i = 0; i < scene->findings->len; i++)
		if (strcmp(scene->findings->list[i].check, check) == 0)
			return &scene->findings->list[i];
	return NULL;
}

static void print_findings(const struct scene *scene)
{
	for (size_t i = 0; i < scene->findings->len; i++)
		print_message("%s %s: %s\n", trace_severity_name(scene->findings->list[i].severity),
			      scene->findings->list[i].check, scene->findings->list[i].text);
}

const struct trace_finding *scene_expect(struct scene *scene, const char *check, enum trace_severity severity,
					 const char *text)
{
	scene_examine(scene);
	const struct trace_finding *finding = scene_finding(scene, check);
	if (!finding || finding->severity != severity || !strstr(finding->text, text))
		print_findings(scene);
	if (!finding)
		fail_msg("%s finds nothing", check);
	assert_string_equal(trace_severity_name(finding->severity), trace_severity_name(severity));
	if (!strstr(finding->text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, finding->text);
	assert_non_null(finding->remedy);
	return finding;
}

void scene_expect_none(struct scene *scene, const char *check)
{
	scene_examine(scene);
	const struct trace_finding *finding = scene_finding(scene, check);
	if (finding)
		fail_msg("%s: %s", check, finding->text);
}
