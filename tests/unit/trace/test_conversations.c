/* Messages joined to conversations, and the bound on their memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "trace/conversation/tree.h"
#include "trace/conversations.h"

#define MS INT64_C(1000000)

struct fixture {
	struct wire_source source; /* first */
	struct trace_conversations *conversations;
	struct trace_keys *keys;
	struct trace_causality *causality;
	uint64_t seq;
	uint32_t origin; /* of the next event */
	uint32_t
	    without_reply; /* requests of the conversations that were given out, without a reply in any input */
	uint32_t given, nodes, tops, cut_short; /* of the conversations that were given out */
	uint32_t classes;                       /* likewise, of their messages */
};

static const struct wire_client *find_nobody(struct wire_source *source, uint64_t conn)
{
	(void)source;
	(void)conn;
	return NULL;
}

static uint32_t origin_of(struct wire_source *source)
{
	return ((struct fixture *)source)->origin;
}

static void count(void *context, struct trace_conversations *conversations, struct trace_conversation *ended)
{
	struct fixture *fixture = context;
	struct trace_tree tree;
	(void)conversations;
	assert_int_equal(trace_tree_init(&tree, ended), 0);
	fixture->given++;
	fixture->nodes += tree.count;
	fixture->cut_short += ended->is_cut_short;
	for (const struct trace_node *node = ended->nodes; node; node = node->next)
		fixture->without_reply +=
		    node->event.reply.len > 0 && node->replies == 0 && !node->is_answered_elsewhere;
	for (uint32_t top = tree.first_top; top != TRACE_NO_NODE; top = tree.branches[top].next_sibling)
		fixture->tops++;
	trace_tree_fini(&tree);
}

/* Message 2 has no responders, and message 3 is caused by it, as far as keys say. */
static void expect_bounce(void *context, struct trace_conversations *conversations,
			  struct trace_conversation *ended)
{
	(void)conversations;
	((struct fixture *)context)->given++;
	for (const struct trace_node *node = ended->nodes; node; node = node->next) {
		assert_int_equal(trace_node_has_no_responders(node), node->event.seq == 2);
		for (const struct trace_edge *edge = node->causes; edge; edge = edge->next)
			if (edge->evidence == TRACE_KEY)
				assert_int_equal(edge->from->event.seq, node->event.seq - 1);
	}
}

static void open_for(struct fixture *fixture, size_t memory_bytes, trace_conversation_done *done)
{
	*fixture = (struct fixture){.source = {.client = find_nobody, .origin = origin_of},
				    .keys = trace_keys_open(),
				    .causality = trace_causality_open()};
	const struct trace_conversations_options options = {.source = &fixture->source,
							    .evidence = TRACE_ALL_EVIDENCE,
							    .keys = fixture->keys,
							    .causality = fixture->causality,
							    .window_ns = 1000 * MS,
							    .memory_bytes = memory_bytes,
							    .min_score = 0.5,
							    .done = done,
							    .context = fixture};
	fixture->conversations = trace_conversations_open(&options);
	assert_non_null(fixture->conversations);
}

static void open_with(struct fixture *fixture, size_t memory_bytes)
{
	open_for(fixture, memory_bytes, count);
}

static void close_all(struct fixture *fixture)
{
	trace_conversations_close(fixture->conversations);
	trace_causality_close(fixture->causality);
	trace_keys_close(fixture->keys);
}

static void add(struct fixture *fixture, int64_t ms, uint64_t from, uint64_t to, const char *subject,
		const char *reply, bool is_chosen)
{
	const struct wire_receiver receiver = {.conn = to};
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .seq = ++fixture->seq,
					 .time_ns = ms * MS,
					 .steady_ns = ms * MS,
					 .conn = from,
					 .subject = wire_slice_str(subject),
					 .reply = wire_slice_str(reply),
					 .receivers = &receiver,
					 .receivers_len = to != 0,
					 .receiver_count = to != 0};
	assert_int_equal(trace_conversations_add(fixture->conversations, &event, is_chosen), 0);
}

static void a_reply_and_what_a_receiver_publishes_join_the_conversation(void **state)
{
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 1 << 20);
	add(&fixture, 0, 1, 2, "orders.new", "_INBOX.1", false);
	add(&fixture, 1, 2, 3, "stock.take", "", true);
	add(&fixture, 2, 2, 1, "_INBOX.1", "", false);
	add(&fixture, 500, 9, 8, "ticks", "", false); /* something else */
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, 1);
	assert_int_equal(fixture.nodes, 3);
	assert_int_equal(fixture.tops, 1);
	close_all(&fixture);
}

static void a_conversation_ends_when_nothing_joined_it_for_the_window(void **state)
{
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 1 << 20);
	add(&fixture, 0, 1, 2, "orders.new", "_INBOX.1", true);
	trace_conversations_read_to(fixture.conversations, 1000 * MS);
	assert_int_equal(fixture.given, 0);
	trace_conversations_read_to(fixture.conversations, 1001 * MS);
	assert_int_equal(fixture.given, 1);
	close_all(&fixture);
}

static void a_poll_is_not_caused_by_the_answer_to_the_last_one(void **state)
{
	struct fixture fixture;
	char inbox[32];
	(void)state;
	open_with(&fixture, 1 << 20);
	for (int i = 0; i < 20; i++) {
		snprintf(inbox, sizeof inbox, "_INBOX.%d", i);
		add(&fixture, 10 * i, 1, 2, "jobs.next", inbox, true);
		add(&fixture, 10 * i + 1, 2, 1, inbox, "", false);
	}
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, 20);
	assert_int_equal(fixture.nodes, 40);
	close_all(&fixture);
}

static void a_million_unanswered_requests_stay_within_the_memory_and_are_counted(void **state)
{
	enum { REQUESTS = 1000000 };
	struct trace_conversations_stats stats;
	struct fixture fixture;
	char inbox[32];
	(void)state;
	open_with(&fixture, 8 << 20);
	for (int i = 0; i < REQUESTS; i++) {
		snprintf(inbox, sizeof inbox, "_INBOX.%d", i);
		add(&fixture, i / 10000, 1, 2, "ask", inbox, i % 2 == 0);
	}
	trace_conversations_stats(fixture.conversations, &stats);
	assert_int_equal(stats.messages, REQUESTS);
	assert_true(stats.forgotten > REQUESTS - (8 << 20) / 400);
	assert_int_equal(stats.cut_short, fixture.cut_short);
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, REQUESTS / 2);
	close_all(&fixture);
}

/* The last deliveries to so many connections need more than the memory; the conversations of a second do not. */
static void deliveries_to_many_connections_end_no_conversation_early(void **state)
{
	enum { CONNECTIONS = 4000, ROUNDS = 8 };
	struct trace_conversations_stats stats;
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 2 << 20);
	for (int i = 0; i < CONNECTIONS * ROUNDS; i++)
		add(&fixture, 10 * i, 1, 2 + (uint64_t)i % CONNECTIONS, "ticks", "", true);
	trace_conversations_stats(fixture.conversations, &stats);
	assert_int_equal(stats.forgotten, 0);
	close_all(&fixture);
}

/* A publisher asks nobody about the key `7` after an answer about it, and goes on: its last message is caused by the request. */
static void the_publisher_of_a_request_without_responders_goes_on_because_of_it(void **state)
{
	struct fixture fixture;
	(void)state;
	open_for(&fixture, 1 << 20, expect_bounce);
	assert_int_equal(trace_keys_add(fixture.keys, "subject:2", NULL), 0);
	add(&fixture, 0, 1, 2, "start.7", "", true);
	add(&fixture, 1, 2, 0, "ask.7", "_INBOX.1", false);
	add(&fixture, 2, 2, 3, "failed.7", "", false);
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, 1);
	close_all(&fixture);
}

/* Each reply asks back, with another value of a key. */
static void add_chain_of_replies(struct fixture *fixture, int count)
{
	char subject[32], reply[32];
	assert_int_equal(trace_keys_add(fixture->keys, "subject:2", NULL), 0);
	for (int i = 0; i < count; i++) {
		snprintf(subject, sizeof subject, "_INBOX.%d", i);
		snprintf(reply, sizeof reply, "_INBOX.%d", i + 1);
		add(fixture, i, 1 + (uint64_t)i % 2, 2 - (uint64_t)i % 2, subject, reply, true);
	}
}

static void a_chain_of_replies_takes_memory_in_proportion_to_its_length(void **state)
{
	struct trace_conversations_stats stats;
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 8 << 20);
	add_chain_of_replies(&fixture, 2000);
	trace_conversations_stats(fixture.conversations, &stats);
	assert_int_equal(stats.forgotten, 0);
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, 1);
	assert_int_equal(fixture.nodes, 2000);
	close_all(&fixture);
}

static void note_classes(void *context, struct trace_conversations *conversations,
			 struct trace_conversation *ended)
{
	struct fixture *fixture = context;
	uint64_t last = 0;
	(void)conversations;
	for (const struct trace_node *node = ended->nodes; node; node = node->next) {
		fixture->classes += node->class != last;
		last = node->class;
	}
}

static void replies_to_replies_are_of_one_class(void **state)
{
	struct fixture fixture;
	(void)state;
	open_for(&fixture, 8 << 20, note_classes);
	add_chain_of_replies(&fixture, 50);
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.classes, 2);
	close_all(&fixture);
}

static void add_of(struct fixture *fixture, uint32_t origin, int64_t ms, uint64_t from, uint64_t to,
		   const char *subject, const char *reply)
{
	fixture->origin = origin;
	add(fixture, ms, from, to, subject, reply, true);
}

static void a_reply_answers_the_request_of_its_own_recording(void **state)
{
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 8 << 20);
	add_of(&fixture, 0, 0, 1, 2, "ask", "_INBOX.1");
	add_of(&fixture, 1, 0, 1, 2, "ask", "_INBOX.1");
	add_of(&fixture, 0, 1, 2, 1, "_INBOX.1", "");
	add_of(&fixture, 1, 1, 2, 1, "_INBOX.1", "");
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.given, 2);
	assert_int_equal(fixture.nodes, 4);
	assert_int_equal(fixture.without_reply, 0);
	close_all(&fixture);
}

static void a_request_that_was_answered_in_another_recording_is_not_unanswered(void **state)
{
	struct fixture fixture;
	(void)state;
	open_with(&fixture, 8 << 20);
	add_of(&fixture, 0, 0, 1, 2, "ask", "_INBOX.1");
	add_of(&fixture, 1, 0, 1, 2, "ask", "_INBOX.1"); /* before the reply */
	add_of(&fixture, 0, 1, 2, 1, "_INBOX.1", "");
	add_of(&fixture, 2, 2, 1, 2, "ask", "_INBOX.1"); /* and after it */
	add_of(&fixture, 1, 3, 1, 2, "other", "_INBOX.1");
	trace_conversations_finish(fixture.conversations);
	assert_int_equal(fixture.without_reply, 1);
	close_all(&fixture);
}

/* Messages in the conversation of one that got so many receivers, when the last of them publishes another. */
static uint32_t count_with_many_receivers(uint32_t count)
{
	struct wire_receiver receivers[5000];
	struct fixture fixture;
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .seq = 1000,
					 .conn = 1,
					 .subject = WIRE_LITERAL("all"),
					 .receivers = receivers,
					 .receivers_len = count,
					 .receiver_count = count};
	for (uint32_t i = 0; i < count; i++)
		receivers[i] = (struct wire_receiver){.conn = 2 + i};
	open_with(&fixture, 64 << 20);
	assert_int_equal(trace_conversations_add(fixture.conversations, &event, true), 0);
	add(&fixture, 1, 1 + count, 1, "one", "", false);
	trace_conversations_finish(fixture.conversations);
	close_all(&fixture);
	return fixture.nodes;
}

static void the_last_of_very_many_receivers_may_publish_because_of_the_message(void **state)
{
	(void)state;
	assert_int_equal(count_with_many_receivers(2), 2);
	assert_int_equal(count_with_many_receivers(5000), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_reply_and_what_a_receiver_publishes_join_the_conversation),
	    cmocka_unit_test(a_conversation_ends_when_nothing_joined_it_for_the_window),
	    cmocka_unit_test(a_poll_is_not_caused_by_the_answer_to_the_last_one),
	    cmocka_unit_test(a_million_unanswered_requests_stay_within_the_memory_and_are_counted),
	    cmocka_unit_test(deliveries_to_many_connections_end_no_conversation_early),
	    cmocka_unit_test(the_publisher_of_a_request_without_responders_goes_on_because_of_it),
	    cmocka_unit_test(a_chain_of_replies_takes_memory_in_proportion_to_its_length),
	    cmocka_unit_test(replies_to_replies_are_of_one_class),
	    cmocka_unit_test(a_reply_answers_the_request_of_its_own_recording),
	    cmocka_unit_test(a_request_that_was_answered_in_another_recording_is_not_unanswered),
	    cmocka_unit_test(the_last_of_very_many_receivers_may_publish_because_of_the_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
