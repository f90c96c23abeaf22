/* The messages of a picture: parties, replies, limits; from single events and from conversations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/sequence/sequence.h"
#include "tests/unit/trace/event_fixture.h"

/* A sink that remembers what it is given. */
struct picture {
	struct export_sequence_sink sink; /* first */
	struct export_sequence sequence;
	struct event_source source;
	struct export_sequence_message messages[16]; /* without what they borrow */
	size_t len, gaps, headings;
};

static void keep_message(struct export_sequence_sink *sink, const struct export_sequence_message *message)
{
	struct picture *picture = (struct picture *)sink;

	if (picture->len < 16)
		picture->messages[picture->len] = *message;
	picture->len++;
}

static void keep_gap(struct export_sequence_sink *sink, const struct export_sequence_gap *gap)
{
	(void)gap;
	((struct picture *)sink)->gaps++;
}

static void keep_heading(struct export_sequence_sink *sink, const struct export_sequence_heading *heading)
{
	assert_int_equal(heading->count, 3);
	assert_string_equal(heading->number, "1");
	((struct picture *)sink)->headings++;
}

static void begin(struct picture *picture, uint64_t max)
{
	*picture = (struct picture){
	    .sink = {.message = keep_message, .gap = keep_gap, .conversation = keep_heading}};
	event_source_init(&picture->source);
	assert_int_equal(export_sequence_init(&picture->sequence, &picture->sink, max), 0);
}

static void put(struct picture *picture, const struct wire_event *event, bool is_chosen)
{
	const struct export_input input = {.source = &picture->source.source, .is_chosen = is_chosen};
	struct wire_fault fault;

	assert_int_equal(export_sequence_event(&picture->sequence, event, &input, &fault), 0);
}

static void send(struct picture *picture, int64_t ms, uint64_t from, uint64_t to, const char *subject,
		 const char *reply, bool is_chosen)
{
	struct wire_event event = event_message(&picture->source, ms * MS, from, subject, reply);

	event_deliver(&event, to, NULL, WIRE_DELAY_UNKNOWN);
	put(picture, &event, is_chosen);
}

static void expect_party(const struct picture *picture, uint32_t party, enum export_party_kind kind,
			 const char *name)
{
	const struct wire_slice found = export_party_name(&picture->sequence.parties, party);

	assert_int_equal(export_party_kind(&picture->sequence.parties, party), kind);
	assert_int_equal(found.len, strlen(name));
	assert_memory_equal(found.data, name, found.len);
}

static void replies_to_chosen_requests_are_drawn_and_nothing_else(void **state)
{
	struct picture picture;

	(void)state;
	begin(&picture, 10);
	send(&picture, 5, 1, 2, "a", "_INBOX.1", true);
	send(&picture, 6, 3, 2, "b", "_INBOX.2", false);
	send(&picture, 7, 2, 3, "_INBOX.2", NULL, false);
	send(&picture, 8, 2, 1, "_INBOX.1", NULL, false);
	assert_int_equal(picture.len, 2);
	assert_false(picture.messages[0].is_reply);
	assert_true(picture.messages[1].is_reply);
	assert_int_equal(picture.messages[1].request, 0);
	assert_int_equal(picture.messages[1].since_ns, 3 * MS);
	expect_party(&picture, picture.messages[1].publisher, EXPORT_PARTY_SERVICE, "two");
	expect_party(&picture, picture.messages[1].receivers[0].party, EXPORT_PARTY_SERVICE, "one");
	export_sequence_fini(&picture.sequence);
}

static void who_is_not_known_is_no_service_of_that_name(void **state)
{
	struct picture picture;
	struct wire_event event;

	(void)state;
	begin(&picture, 10);
	event = event_message(&picture.source, 0, 0, "a", NULL);
	put(&picture, &event, true);
	event.flags |= WIRE_EVENT_PUBLISHER_UNKNOWN;
	put(&picture, &event, true);
	event.kind = WIRE_EVENT_DELIVERY;
	event.conn = 2;
	event.outcome = WIRE_DROPPED_CLOSED;
	put(&picture, &event, true);
	expect_party(&picture, picture.messages[0].publisher, EXPORT_PARTY_SERVER, "(server)");
	assert_true(picture.messages[0].may_have_more);
	assert_false(picture.messages[0].is_unheard);
	expect_party(&picture, picture.messages[1].publisher, EXPORT_PARTY_UNKNOWN, "(unknown)");
	expect_party(&picture, picture.messages[2].receivers[0].party, EXPORT_PARTY_SERVICE, "two");
	assert_int_equal(picture.messages[2].receivers[0].outcome, WIRE_DROPPED_CLOSED);
	assert_int_not_equal(export_parties_service(&picture.sequence.parties, WIRE_LITERAL("(unknown)")),
			     picture.messages[1].publisher);
	export_sequence_fini(&picture.sequence);
}

/* The delivery of a request does not take its replies. */
static void a_reply_belongs_to_the_request_not_to_its_delivery(void **state)
{
	struct picture picture;
	struct wire_event event;

	(void)state;
	begin(&picture, 10);
	send(&picture, 0, 1, 2, "a", "_INBOX.1", true);
	event = event_message(&picture.source, 1 * MS, 2, "a", "_INBOX.1");
	event.kind = WIRE_EVENT_DELIVERY;
	put(&picture, &event, true);
	send(&picture, 2, 2, 1, "_INBOX.1", NULL, false);
	assert_int_equal(picture.len, 3);
	assert_int_equal(picture.messages[2].request, 0);
	export_sequence_fini(&picture.sequence);
}

static void messages_beyond_the_limit_and_other_events_are_counted(void **state)
{
	struct picture picture;
	const struct wire_event connect = {.kind = WIRE_EVENT_CONNECT, .conn = 1};
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP};

	(void)state;
	begin(&picture, 2);
	put(&picture, &connect, true);
	put(&picture, &connect, false);
	for (int i = 0; i < 5; i++)
		send(&picture, i, 1, 2, "a", NULL, true);
	send(&picture, 9, 1, 2, "b", NULL, false);
	for (int i = 0; i < 2000; i++)
		put(&picture, &gap, true);
	assert_int_equal(picture.len, 2);
	assert_int_equal(picture.sequence.left_out, 3);
	assert_int_equal(picture.sequence.others, 1);
	assert_int_equal(picture.gaps, 1000);
	export_sequence_fini(&picture.sequence);
}

static void services_beyond_the_room_are_one_party(void **state)
{
	struct export_parties parties;
	char name[20];

	(void)state;
	assert_int_equal(export_parties_init(&parties), 0);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "service %u", i);
		uint32_t number = export_parties_service(&parties, wire_slice_str(name));
		assert_int_equal(number, i + 1 < EXPORT_PARTIES_MAX ? i + 1 : 0);
	}
	assert_int_equal(export_party_kind(&parties, 0), EXPORT_PARTY_OTHERS);
	assert_int_equal(export_parties_service(&parties, WIRE_LITERAL("service 7")), 8);
	export_parties_fini(&parties);
}

/* ---- a conversation ---- */

static void draw(void *context, struct trace_conversations *conversations, struct trace_conversation *ended)
{
	struct picture *picture = context;
	struct export_conversation conversation = {
	    .clients = trace_conversations_clients(conversations), .window_ns = 1000 * MS, .inputs = 1};

	assert_int_equal(trace_tree_init(&conversation.tree, ended), 0);
	export_sequence_conversation(&picture->sequence, &conversation);
	trace_tree_fini(&conversation.tree);
}

static void converse(struct picture *picture)
{
	struct trace_keys *keys = trace_keys_open();
	struct trace_causality *causality = trace_causality_open();
	const struct trace_conversations_options options = {.source = &picture->source.source,
							    .evidence = TRACE_ALL_EVIDENCE,
							    .keys = keys,
							    .causality = causality,
							    .window_ns = 1000 * MS,
							    .memory_bytes = 1 << 20,
							    .min_score = 0.5,
							    .done = draw,
							    .context = picture};
	struct trace_conversations *conversations = trace_conversations_open(&options);
	const struct {
		uint64_t from, to;
		const char *subject, *reply;
	} steps[] = {
	    {1, 2, "orders.new", "_INBOX.1"}, {2, 1, "_INBOX.1", NULL}, {2, 3, "stock.take", "_INBOX.2"}};

	for (int i = 0; i < 3; i++) {
		struct wire_event event =
		    event_message(&picture->source, i * MS, steps[i].from, steps[i].subject, steps[i].reply);
		event_deliver(&event, steps[i].to, NULL, WIRE_DELAY_UNKNOWN);
		assert_int_equal(trace_conversations_add(conversations, &event, i == 0), 0);
	}
	trace_conversations_finish(conversations);
	trace_conversations_close(conversations);
	trace_causality_close(causality);
	trace_keys_close(keys);
}

static void a_conversation_has_a_heading_and_the_facts_that_trace_knows(void **state)
{
	struct picture picture;

	(void)state;
	begin(&picture, 10);
	converse(&picture);
	assert_int_equal(picture.headings, 1);
	assert_int_equal(picture.len, 3);
	assert_int_equal(picture.messages[1].request, 0);
	assert_true(picture.messages[1].is_reply);
	assert_false(picture.messages[0].is_unanswered);
	assert_true(picture.messages[2].is_unanswered);
	assert_int_not_equal(picture.messages[2].cause, EXPORT_NO_MESSAGE);
	assert_string_equal(picture.messages[2].evidence, "inferred");
	expect_party(&picture, picture.messages[2].receivers[0].party, EXPORT_PARTY_SERVICE, "three");
	export_sequence_fini(&picture.sequence);
}

static void what_is_left_out_of_a_conversation_is_counted(void **state)
{
	struct picture picture;

	(void)state;
	begin(&picture, 2);
	converse(&picture);
	assert_int_equal(picture.len, 2);
	assert_int_equal(picture.sequence.left_out, 1);
	converse(&picture);
	assert_int_equal(picture.sequence.left_out, 4);
	assert_int_equal(picture.headings, 1);
	export_sequence_fini(&picture.sequence);
}

static void gaps_beyond_the_first_ones_are_counted(void **state)
{
	struct picture picture;
	struct wire_event gap = {.kind = WIRE_EVENT_GAP};

	(void)state;
	begin(&picture, 10);
	for (int i = 0; i < 1003; i++)
		put(&picture, &gap, true);
	assert_int_equal(picture.gaps, 1000);
	assert_int_equal(picture.sequence.left_out_gaps, 3);
	export_sequence_fini(&picture.sequence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_to_chosen_requests_are_drawn_and_nothing_else),
	    cmocka_unit_test(who_is_not_known_is_no_service_of_that_name),
	    cmocka_unit_test(a_reply_belongs_to_the_request_not_to_its_delivery),
	    cmocka_unit_test(messages_beyond_the_limit_and_other_events_are_counted),
	    cmocka_unit_test(services_beyond_the_room_are_one_party),
	    cmocka_unit_test(a_conversation_has_a_heading_and_the_facts_that_trace_knows),
	    cmocka_unit_test(gaps_beyond_the_first_ones_are_counted),
	    cmocka_unit_test(what_is_left_out_of_a_conversation_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
