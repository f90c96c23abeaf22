/* Who is behind a connection number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/clients.h"

enum { ROOM = 1 << 20 };

/* A test's state: the table, and a source that knows client 7 and says which input is the current one. */
struct fixture {
	struct wire_source source; /* first */
	struct trace_clients clients;
	uint32_t origin;
	int asked; /* how often the source was asked for a client */
};

static const struct wire_client known = {.name = {"shop", 4}, .address = {"10.0.0.9:1", 10}};

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	((struct fixture *)source)->asked++;
	return conn == 7 ? &known : NULL;
}

static uint32_t origin_of(struct wire_source *source)
{
	return ((struct fixture *)source)->origin;
}

static void open_by(struct fixture *fixture, enum trace_service_key key, size_t max_bytes)
{
	trace_clients_fini(&fixture->clients);
	assert_int_equal(trace_clients_init(&fixture->clients, &fixture->source, key, max_bytes), 0);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (!fixture)
		return -1;
	fixture->source = (struct wire_source){.client = client_of, .origin = origin_of};
	*state = fixture;
	return trace_clients_init(&fixture->clients, &fixture->source, TRACE_BY_NAME, ROOM);
}

static int teardown(void **state)
{
	trace_clients_fini(&((struct fixture *)*state)->clients);
	free(*state);
	return 0;
}

static void add_connect(struct fixture *fixture, uint64_t conn, const char *name, const char *user,
			const char *address)
{
	const struct wire_client client = {.name = wire_slice_str(name),
					   .user = wire_slice_str(user),
					   .address = wire_slice_str(address),
					   .lang = WIRE_LITERAL("C")};
	const struct wire_event event = {
	    .kind = WIRE_EVENT_CONNECT, .conn = conn, .time_ns = 1000, .client = &client};
	trace_clients_add(&fixture->clients, &event);
}

static void expect_service(struct fixture *fixture, uint64_t conn, const char *name)
{
	uint32_t service = trace_clients_service(&fixture->clients, conn);
	struct wire_slice got = trace_clients_service_name(&fixture->clients, service);
	if (!wire_slice_equal(got, wire_slice_str(name)))
		fail_msg("connection %lu is \"%.*s\", not \"%s\"", (unsigned long)conn, (int)got.len,
			 got.data, name);
}

static void connections_of_one_name_are_one_service(void **state)
{
	struct fixture *fixture = *state;
	add_connect(fixture, 1, "billing", NULL, "10.0.0.1:1");
	add_connect(fixture, 2, "billing", NULL, "10.0.0.2:1");
	add_connect(fixture, 3, "stock", NULL, "10.0.0.1:2");
	assert_int_equal(trace_clients_service(&fixture->clients, 1),
			 trace_clients_service(&fixture->clients, 2));
	assert_int_not_equal(trace_clients_service(&fixture->clients, 1),
			     trace_clients_service(&fixture->clients, 3));
	expect_service(fixture, 1, "billing");
	expect_service(fixture, 3, "stock");
	assert_int_equal(fixture->clients.connections[trace_clients_service(&fixture->clients, 1)], 2);
	assert_int_equal(fixture->asked, 0);
}

static void services_may_be_users_addresses_or_connections(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		enum trace_service_key key;
		const char *first, *second, *bare;
	} keys[] = {
	    {TRACE_BY_NAME, "billing", "(no name) [::1]", "(no name) #3"},
	    {TRACE_BY_USER, "ann", "(no user)", "(no user)"},
	    {TRACE_BY_IP, "10.0.0.1", "[::1]", "(no address) #3"},
	    {TRACE_BY_CONN, "billing#1", "#2", "#3"},
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		open_by(fixture, keys[i].key, ROOM);
		add_connect(fixture, 1, "billing", "ann", "10.0.0.1:4222");
		add_connect(fixture, 2, NULL, NULL, "[::1]:4222");
		expect_service(fixture, 1, keys[i].first);
		expect_service(fixture, 2, keys[i].second);
		expect_service(fixture, 3, keys[i].bare);
	}
}

static void nobody_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(trace_clients_service(&fixture->clients, 0), TRACE_SERVICE_UNKNOWN);
	assert_int_equal(trace_clients_number(&fixture->clients, 0), TRACE_NO_CLIENT);
	assert_int_equal(fixture->clients.len, 0);
}

static void a_connection_without_its_event_is_asked_for_once(void **state)
{
	struct fixture *fixture = *state;
	expect_service(fixture, 7, "shop");
	expect_service(fixture, 7, "shop");
	expect_service(fixture, 8, "(no name) #8");
	expect_service(fixture, 8, "(no name) #8");
	assert_int_equal(fixture->asked, 2);
}

static void a_late_connect_event_names_the_connection(void **state)
{
	struct fixture *fixture = *state;
	expect_service(fixture, 8, "(no name) #8");
	uint32_t nameless = trace_clients_service(&fixture->clients, 8);
	add_connect(fixture, 8, "late", NULL, "10.0.0.1:1");
	expect_service(fixture, 8, "late");
	assert_int_equal(fixture->clients.connections[nameless], 0);
}

static void numbers_are_those_of_one_input(void **state)
{
	struct fixture *fixture = *state;
	add_connect(fixture, 1, "first", NULL, "10.0.0.1:1");
	fixture->origin = 1;
	add_connect(fixture, 1, "second", NULL, "10.0.0.1:1");
	expect_service(fixture, 1, "second");
	fixture->origin = 0;
	expect_service(fixture, 1, "first");
	open_by(fixture, TRACE_BY_CONN, ROOM);
	fixture->origin = 1;
	expect_service(fixture, 3, "#3@2");
}

/* Without room for its description the connection would be a service of its own. */
static void a_connection_is_left_out_when_its_description_finds_no_room(void **state)
{
	struct fixture *fixture = *state;
	char user[4000];
	memset(user, 'u', sizeof user - 1);
	user[sizeof user - 1] = '\0';
	open_by(fixture, TRACE_BY_NAME, 4000);
	add_connect(fixture, 1, "a", user, "10.0.0.1:1");
	assert_int_equal(fixture->clients.left_out, 1);
	assert_int_equal(fixture->clients.len, 0);
}

static void names_beyond_the_memory_bound_are_others(void **state)
{
	struct fixture *fixture = *state;
	char name[32];
	open_by(fixture, TRACE_BY_NAME, 20000);
	for (unsigned i = 1; i <= 1000; i++) {
		snprintf(name, sizeof name, "client-%u", i);
		add_connect(fixture, i + 100, name, NULL, "10.0.0.1:1");
	}
	assert_in_range(fixture->clients.left_out, 800, 999);
	assert_true(fixture->clients.bytes + fixture->clients.services.bytes <= 20000);
	expect_service(fixture, 101, "client-1");
	expect_service(fixture, 1100, "(others)");
	assert_int_equal(trace_clients_number(&fixture->clients, 1100), TRACE_NO_CLIENT);
}

/* The bound is on what is remembered: the source still knows a connection of a service that has a number. */
static void a_connection_beyond_the_bound_belongs_to_its_service(void **state)
{
	struct fixture *fixture = *state;
	open_by(fixture, TRACE_BY_NAME, 20000);
	add_connect(fixture, 1, "shop", NULL, "10.0.0.1:1");
	for (unsigned i = 101; i <= 1100; i++)
		add_connect(fixture, i, "shop", NULL, "10.0.0.1:1");
	assert_int_equal(trace_clients_number(&fixture->clients, 7), TRACE_NO_CLIENT);
	expect_service(fixture, 7, "shop");
}

static void a_name_with_a_nul_is_one_service(void **state)
{
	struct fixture *fixture = *state;
	const struct wire_client client = {.name = wire_slice("a\0b", 3)};
	for (uint64_t conn = 1; conn <= 2; conn++) {
		const struct wire_event event = {.kind = WIRE_EVENT_CONNECT, .conn = conn, .client = &client};
		trace_clients_add(&fixture->clients, &event);
		uint32_t service = trace_clients_service(&fixture->clients, conn);
		assert_true(
		    wire_slice_equal(trace_clients_service_name(&fixture->clients, service), client.name));
	}
	assert_int_equal(fixture->clients.services.len, TRACE_SERVICES_RESERVED + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(connections_of_one_name_are_one_service),
	    TEST(services_may_be_users_addresses_or_connections),
	    TEST(nobody_is_unknown),
	    TEST(a_connection_without_its_event_is_asked_for_once),
	    TEST(a_late_connect_event_names_the_connection),
	    TEST(numbers_are_those_of_one_input),
	    TEST(a_connection_is_left_out_when_its_description_finds_no_room),
	    TEST(names_beyond_the_memory_bound_are_others),
	    TEST(a_connection_beyond_the_bound_belongs_to_its_service),
	    TEST(a_name_with_a_nul_is_one_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
