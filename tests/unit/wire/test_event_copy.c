/* A copied event outlives everything that the source lent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/event_copy.h"

enum { RECEIVERS = WIRE_EVENT_COPY_CLIENTS + 3 };

/* Describes every connection, in the same memory each time. */
static const struct wire_client *describe(struct wire_source *source, uint64_t conn)
{
	static char name[20];
	static struct wire_client client;
	(void)source;
	client.name = wire_slice(name, (size_t)snprintf(name, sizeof name, "client %u", (unsigned)conn));
	return &client;
}

static void assert_text(struct wire_slice got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.data, want, got.len);
}

static void assert_name(const struct wire_event_copy *copy, uint64_t conn, const char *want)
{
	const struct wire_client *client = wire_event_copy_client(copy, conn);
	assert_non_null(client);
	assert_text(client->name, want);
}

static void a_copy_holds_texts_receivers_times_and_names(void **state)
{
	struct wire_source source = {.client = describe};
	struct wire_event_copy copy = {0};
	struct wire_receiver *receivers = calloc(RECEIVERS, sizeof *receivers);
	int64_t *delays = calloc(RECEIVERS, sizeof *delays);
	char *payload = strdup("payload");
	(void)state;
	for (uint32_t i = 0; i < RECEIVERS; i++) {
		receivers[i] = (struct wire_receiver){.conn = 100 + i, .sid = wire_slice_str(payload)};
		delays[i] = i;
	}
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .conn = 7,
					 .subject = WIRE_LITERAL("a.b"),
					 .payload = wire_slice_str(payload),
					 .receivers = receivers,
					 .receivers_len = RECEIVERS,
					 .delays_ns = delays};
	assert_int_equal(wire_event_copy_set(&copy, &event, &source), 0);
	memset(payload, 'x', strlen(payload));
	free(payload);
	free(receivers);
	free(delays);
	assert_text(copy.event.subject, "a.b");
	assert_text(copy.event.payload, "payload");
	assert_text(copy.event.receivers[RECEIVERS - 1].sid, "payload");
	assert_int_equal(copy.event.delays_ns[RECEIVERS - 1], RECEIVERS - 1);
	assert_name(&copy, 7, "client 7");
	assert_name(&copy, 100, "client 100");
	assert_name(&copy, 100 + WIRE_EVENT_COPY_CLIENTS - 1, "client 163");
	assert_null(wire_event_copy_client(&copy, 100 + WIRE_EVENT_COPY_CLIENTS));
	assert_null(wire_event_copy_client(&copy, 0));
	wire_event_copy_fini(&copy);
}

static void a_smaller_event_uses_the_same_memory(void **state)
{
	struct wire_event_copy copy = {0};
	const struct wire_client client = {.name = WIRE_LITERAL("c")};
	const struct wire_event large = {.kind = WIRE_EVENT_ERROR,
					 .text = WIRE_LITERAL("a rather long text")};
	const struct wire_event small = {.kind = WIRE_EVENT_CONNECT, .client = &client};
	(void)state;
	assert_int_equal(wire_event_copy_set(&copy, &large, NULL), 0);
	const char *bytes = copy.bytes;
	assert_int_equal(wire_event_copy_set(&copy, &small, NULL), 0);
	assert_ptr_equal(copy.bytes, bytes);
	assert_text(copy.event.client->name, "c");
	assert_int_equal(copy.event.text.len, 0);
	wire_event_copy_fini(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_copy_holds_texts_receivers_times_and_names),
	    cmocka_unit_test(a_smaller_event_uses_the_same_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
