/* Monitoring over HTTP, of a broker made of constants: good requests are answered, and bad ones do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "broker/inspect.h"
#include "broker/monitor/monitor.h"
#include "tests/unit/net/http_fixture.h"

enum { CLIENTS = 5 };

/* ---- the broker that is asked ---- */

struct broker_client {
	uint64_t cid;
};

struct broker {
	struct broker_options options;
	bool is_lame, has_sink, is_degraded;
};

static struct broker broker;

void broker_inspect_totals(struct broker *asked, struct broker_totals *totals)
{
	(void)asked;
	*totals = (struct broker_totals){.server_id = "NID",
					 .server_name = "name",
					 .connections = CLIENTS,
					 .now_ns = 1000000000000000123,
					 .started_ns = 999999000000000000,
					 .subscriptions = 10,
					 .in_msgs = 3,
					 .out_msgs = 6,
					 .in_bytes = 30,
					 .cache_hits = 3,
					 .cache_misses = 1};
}

const struct broker_options *broker_inspect_options(const struct broker *asked)
{
	return &asked->options;
}

bool broker_inspect_is_lame(const struct broker *asked)
{
	return asked->is_lame;
}

bool broker_inspect_sink(struct broker *asked, struct wire_sink_status *status)
{
	*status =
	    (struct wire_sink_status){.degraded = asked->is_degraded, .messages = 3, .lost_messages = 2};
	snprintf(status->reason, sizeof status->reason, "disk \"full\"");
	return asked->has_sink;
}

static struct broker_client clients[CLIENTS];

/* Clients 1…5: the higher the cid the more subscriptions, the fewer bytes, the later the start. */
static void describe(const struct broker_client *client, struct broker_client_info *info)
{
	uint64_t cid = client->cid;
	*info = (struct broker_client_info){.cid = cid,
					    .ip = "127.0.0.1",
					    .port = 5,
					    .rtt_ns = 693123,
					    .subscriptions = (uint32_t)cid,
					    .in_bytes = 100 - cid,
					    .start_ns = 999999000000000000 + (int64_t)cid,
					    .last_activity_ns = 999999000000000000,
					    .name = "n\xff",
					    .lang = "",
					    .version = "",
					    .user = cid == 2 ? "two" : "",
					    .client = client};
}

bool broker_inspect_client(struct broker *asked, uint64_t cid, struct broker_client_info *info)
{
	(void)asked;
	if (cid < 1 || cid > CLIENTS)
		return false;
	describe(&clients[cid - 1], info);
	return true;
}

/* Two clients that have gone, 6 and 7. */
void broker_inspect_closed_range(const struct broker *asked, uint64_t *first, uint64_t *end)
{
	(void)asked;
	*first = 0;
	*end = 2;
}

bool broker_inspect_closed(const struct broker *asked, uint64_t number, struct broker_client_info *info)
{
	(void)asked;
	describe(&clients[0], info);
	info->cid = 6 + number;
	info->client = NULL;
	info->stop_ns = 999999000000000000 + 5000000000 - (int64_t)number;
	info->reason = number == 0 ? "Client Closed" : "Authentication Failure";
	return true;
}

void broker_cursor_init(struct broker_cursor *cursor, struct broker *asked)
{
	*cursor = (struct broker_cursor){.broker = asked, .client = clients};
}

void broker_cursor_fini(struct broker_cursor *cursor)
{
	cursor->client = NULL;
}

void broker_cursor_seek(struct broker_cursor *cursor, uint64_t cid)
{
	cursor->client = cid < 1 || cid > CLIENTS ? NULL : &clients[cid - 1];
}

uint64_t broker_cursor_cid(const struct broker_cursor *cursor)
{
	return cursor->client ? cursor->client->cid : 0;
}

void broker_cursor_describe(const struct broker_cursor *cursor, struct broker_client_info *info)
{
	describe(cursor->client, info);
}

void broker_cursor_next_client(struct broker_cursor *cursor)
{
	broker_cursor_seek(cursor, broker_cursor_cid(cursor) + 1);
}

/* Many subscriptions of client 5, if the test wants them, all to `a.*`. */
static uint32_t many_subs;

bool broker_cursor_next_subs(struct broker_cursor *cursor,
			     void (*each)(void *, const struct broker_subscription_info *), void *context)
{
	const struct broker_subscription_info plain = {
	    .subject = WIRE_LITERAL("a.*"), .sid = WIRE_LITERAL("1"), .delivered = cursor->client->cid};
	const struct broker_subscription_info queued = {
	    .subject = WIRE_LITERAL("b"), .sid = WIRE_LITERAL("2"), .queue = WIRE_LITERAL("q"), .max = 9};
	each(context, &plain);
	if (cursor->client->cid == CLIENTS && ++cursor->slot < many_subs)
		return true;
	each(context, &queued);
	return false;
}

int broker_port(const struct broker *asked)
{
	(void)asked;
	return 4222;
}

int broker_http_port(const struct broker *asked)
{
	(void)asked;
	return 8222;
}

/* ---- the client that asks ---- */

static uv_loop_t loop;
static struct broker_monitor *monitor;
static struct http_fixture http = {.loop = &loop};
static char *const reply = http.reply;

static int open_monitor(void **state)
{
	(void)state;
	struct wire_fault fault;
	broker = (struct broker){0};
	broker_options_init(&broker.options);
	for (uint64_t i = 0; i < CLIENTS; i++)
		clients[i].cid = i + 1;
	many_subs = 0;
	uv_loop_init(&loop);
	int status = broker_monitor_open(&monitor, &loop, &broker, "127.0.0.1", -1, &fault);
	http.port = status == 0 ? broker_monitor_port(monitor) : 0;
	return status;
}

static int close_monitor(void **state)
{
	(void)state;
	broker_monitor_close(monitor);
	uv_run(&loop, UV_RUN_DEFAULT);
	broker_options_fini(&broker.options);
	return uv_loop_close(&loop);
}

static void exchange(const char *request)
{
	http_fixture_exchange(&http, request);
}

static const char *get(const char *path)
{
	return http_fixture_get(&http, path);
}

static void assert_status(int status)
{
	http_fixture_assert_status(&http, status);
}

static json_t *get_json(const char *path)
{
	json_t *json = json_loads(get(path), 0, NULL);
	assert_status(200);
	assert_non_null(json);
	return json;
}

static long long number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	assert_true(json_is_number(value));
	return (long long)json_number_value(value);
}

/* ---- claims ---- */

static void varz_has_the_keys_that_dashboards_read(void **state)
{
	(void)state;
	static const char *const keys[] = {"server_id",
					   "server_name",
					   "version",
					   "now",
					   "start",
					   "uptime",
					   "cpu",
					   "mem",
					   "connections",
					   "in_msgs",
					   "total_connections",
					   "subscriptions",
					   "out_msgs",
					   "in_bytes",
					   "out_bytes",
					   "max_payload",
					   "slow_consumers",
					   "max_connections",
					   "proto",
					   "go",
					   "host",
					   "port",
					   "http_port",
					   "cores"};
	json_t *varz = get_json("/varz");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!json_object_get(varz, keys[i]))
			fail_msg("/varz lacks %s", keys[i]);
	assert_int_equal(number(varz, "in_msgs"), 3);
	assert_int_equal(number(varz, "ping_interval"), 120000000000);
	assert_string_equal(json_string_value(json_object_get(varz, "now")),
			    "2001-09-09T01:46:40.000000123Z");
	assert_string_equal(json_string_value(json_object_get(varz, "uptime")), "16m40s");
	assert_null(json_object_get(varz, "recording"));
	json_decref(varz);
	assert_non_null(strstr(reply, "Content-Type: application/json"));
}

static void varz_reports_the_state_of_the_recording(void **state)
{
	(void)state;
	broker.has_sink = true;
	json_t *varz = get_json("/varz");
	assert_int_equal(number(json_object_get(varz, "recording"), "lost_messages"), 2);
	json_decref(varz);
}

static void connz_pages_and_sorts(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int total, len, first;
	} cases[] = {
	    {"/connz", 5, 5, 1},
	    {"/connz?limit=2", 5, 2, 1},
	    {"/connz?limit=2&offset=3", 5, 2, 4},
	    {"/connz?offset=99", 5, 0, 0},
	    {"/connz?sort=subs&limit=1", 5, 1, 5},
	    {"/connz?sort=bytes_from&limit=3&offset=1", 5, 3, 2},
	    {"/connz?cid=4", 1, 1, 4},
	    {"/connz?user=two", 1, 1, 2},
	    {"/connz?state=closed", 2, 2, 6},
	    {"/connz?state=any", 7, 7, 1},
	    {"/connz?state=any&offset=4", 7, 3, 5},
	    {"/connz?state=closed&sort=stop", 2, 2, 6},
	    {"/connz?state=closed&sort=reason", 2, 2, 7},
	    {"/connz?state=any&cid=7", 1, 1, 7},
	    {"/connz?sort=uptime", 5, 5, 5},
	    {"/connz?sort=idle", 5, 5, 1},
	    {"/connz?limit=-1&offset=-1", 5, 5, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *connz = get_json(cases[i].path);
		const json_t *rows = json_object_get(connz, "connections");
		assert_int_equal(number(connz, "total"), cases[i].total);
		assert_int_equal(number(connz, "num_connections"), cases[i].len);
		assert_int_equal(json_array_size(rows), cases[i].len);
		if (cases[i].len)
			assert_int_equal(number(json_array_get(rows, 0), "cid"), cases[i].first);
		json_decref(connz);
	}
}

static void connz_reports_why_and_when_a_client_left(void **state)
{
	(void)state;
	json_t *connz = get_json("/connz?state=closed&limit=1");
	const json_t *row = json_array_get(json_object_get(connz, "connections"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "reason")), "Client Closed");
	assert_string_equal(json_string_value(json_object_get(row, "stop")),
			    "2001-09-09T01:30:05.000000000Z");
	assert_string_equal(json_string_value(json_object_get(row, "uptime")), "4s");
	json_decref(connz);
	get("/connz?sort=stop");
	assert_status(400);
	get("/connz?sort=reason&state=any");
	assert_status(400);
}

/* The answer is written in many pieces that end anywhere. */
static void a_long_answer_is_complete(void **state)
{
	(void)state;
	many_subs = 5000;
	exchange("GET /connz?subs=1 HTTP/1.0\r\n\r\n");
	json_t *connz = json_loads(strstr(reply, "\r\n\r\n"), 0, NULL);
	const json_t *row = json_array_get(json_object_get(connz, "connections"), CLIENTS - 1);
	assert_int_equal(json_array_size(json_object_get(row, "subscriptions_list")), many_subs + 1);
	json_decref(connz);
	exchange("GET /subsz?test=b&limit=9999&callback=f HTTP/1.0\r\n\r\n");
	char *call = strstr(reply, "\r\n\r\n");
	assert_memory_equal(call, "\r\n\r\nf(", 6);
	assert_string_equal(call + strlen(call) - 2, "})");
}

static void a_reader_that_leaves_in_the_middle_is_forgotten(void **state)
{
	(void)state;
	many_subs = 200000;
	int fd = http_fixture_connect(&http);
	static const char request[] = "GET /subsz?subs=1&limit=999999 HTTP/1.1\r\nHost: x\r\n\r\n";
	assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
	uint64_t deadline = uv_hrtime() + 20000000000;
	while (recv(fd, reply, 100, MSG_DONTWAIT) < 100 && uv_hrtime() < deadline)
		uv_run(&loop, UV_RUN_NOWAIT);
	close(fd);
	many_subs = 0;
	json_decref(get_json("/subsz"));
}

static void pages_of_features_that_are_not_served_are_empty(void **state)
{
	(void)state;
	static const struct {
		const char *path, *key;
	} cases[] = {{"/routez", "routes"},
		     {"/gatewayz", "outbound_gateways"},
		     {"/leafz", "leafs"},
		     {"/accountz", "accounts"},
		     {"/accountz?acc=$G", "account_detail"},
		     {"/accstatz?unused=1", "account_statz"},
		     {"/jsz", "disabled"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *page = get_json(cases[i].path);
		assert_non_null(json_object_get(page, cases[i].key));
		assert_string_equal(json_string_value(json_object_get(page, "server_id")), "NID");
		json_decref(page);
	}
	get("/accountz?acc=X");
	assert_status(400);
}

static void the_base_path_precedes_every_page(void **state)
{
	(void)state;
	static const char *const bases[] = {"/mon", "mon", "/mon/"};
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		free(broker.options.http_base_path);
		broker.options.http_base_path = strdup(bases[i]);
		get("/mon/healthz");
		assert_status(200);
		get("/mon");
		assert_status(200);
		get("/healthz");
		assert_status(404);
		get("/monhealthz");
		assert_status(404);
	}
}

static void an_origin_is_allowed_only_when_it_was_asked_for(void **state)
{
	(void)state;
	get("/connz");
	assert_null(strstr(reply, "Access-Control-Allow-Origin"));
	broker.options.http_allow_origin = strdup("https://dash.example");
	get("/connz");
	assert_non_null(strstr(reply, "Access-Control-Allow-Origin: https://dash.example\r\n"));
}

static void connz_lists_subscriptions_and_users_when_asked(void **state)
{
	(void)state;
	json_t *connz = get_json("/connz?subs=1&auth=true&cid=2");
	const json_t *row = json_array_get(json_object_get(connz, "connections"), 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "subscriptions_list"), 0)),
			    "a.*");
	assert_string_equal(json_string_value(json_object_get(row, "authorized_user")), "two");
	assert_string_equal(json_string_value(json_object_get(row, "rtt")), "693\xc2\xb5s");
	assert_string_equal(json_string_value(json_object_get(row, "name")), "n\xef\xbf\xbd");
	json_decref(connz);
	connz = get_json("/connz?subs=detail&cid=2");
	row = json_array_get(json_object_get(connz, "connections"), 0);
	row = json_array_get(json_object_get(row, "subscriptions_list_detail"), 1);
	assert_string_equal(json_string_value(json_object_get(row, "qgroup")), "q");
	assert_int_equal(number(row, "max"), 9);
	json_decref(connz);
}

static void subsz_lists_and_tests_subjects(void **state)
{
	(void)state;
	json_t *subsz = get_json("/subsz");
	assert_int_equal(number(subsz, "num_subscriptions"), 10);
	assert_true(json_real_value(json_object_get(subsz, "cache_hit_rate")) == 0.75);
	assert_null(json_object_get(subsz, "subscriptions_list"));
	json_decref(subsz);
	subsz = get_json("/subsz?test=a.b&limit=2&offset=1");
	assert_int_equal(number(subsz, "total"), CLIENTS);
	assert_int_equal(json_array_size(json_object_get(subsz, "subscriptions_list")), 2);
	json_decref(subsz);
	get("/subsz?test=a.*");
	assert_status(400);
}

static void health_is_503_when_degraded_or_lame(void **state)
{
	(void)state;
	assert_string_equal(get("/healthz"), "{\"status\":\"ok\"}");
	broker.has_sink = broker.is_degraded = true;
	assert_string_equal(get("/healthz"), "{\"status\":\"degraded\",\"error\":\"disk \\\"full\\\"\"}");
	assert_status(503);
	broker.is_lame = true;
	assert_non_null(strstr(get("/healthz"), "\"status\":\"error\""));
	assert_status(503);
}

static void metrics_are_prometheus_text(void **state)
{
	(void)state;
	broker.has_sink = true;
	const char *text = get("/metrics");
	assert_status(200);
	assert_non_null(strstr(
	    text, "# TYPE tapedeck_received_messages_total counter\ntapedeck_received_messages_total 3\n"));
	assert_non_null(strstr(text, "\ntapedeck_recording_lost_messages_total 2\n"));
	assert_non_null(strstr(text, "tapedeck_build_info{version="));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void callback_wraps_and_must_be_a_name(void **state)
{
	(void)state;
	assert_memory_equal(get("/varz?callback=jQuery.cb_1"), "jQuery.cb_1({", 13);
	assert_non_null(strstr(reply, "application/javascript"));
	get("/varz?callback=alert(1)//");
	assert_status(400);
}

static void wrong_requests_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int status;
	} cases[] = {{"/nope", 404},
		     {"/varz/", 404},
		     {"/connz?limit=x", 400},
		     {"/connz?sort=nope", 400},
		     {"/connz?state=x", 400},
		     {"/connz?auth=maybe", 400},
		     {"/connz?cid=99999999999999999999", 400}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		get(cases[i].path);
		assert_status(cases[i].status);
	}
}

static void a_port_in_use_is_reported_with_the_remedy(void **state)
{
	(void)state;
	struct broker_monitor *second = NULL;
	struct wire_fault fault;
	assert_true(broker_monitor_open(&second, &loop, &broker, "127.0.0.1", broker_monitor_port(monitor),
					&fault) < 0);
	assert_non_null(strstr(fault.text, "the address is in use; choose another port"));
}

#define CLAIM(test) cmocka_unit_test_setup_teardown(test, open_monitor, close_monitor)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(varz_has_the_keys_that_dashboards_read),
	    CLAIM(varz_reports_the_state_of_the_recording),
	    CLAIM(connz_pages_and_sorts),
	    CLAIM(connz_reports_why_and_when_a_client_left),
	    CLAIM(connz_lists_subscriptions_and_users_when_asked),
	    CLAIM(a_long_answer_is_complete),
	    CLAIM(a_reader_that_leaves_in_the_middle_is_forgotten),
	    CLAIM(pages_of_features_that_are_not_served_are_empty),
	    CLAIM(the_base_path_precedes_every_page),
	    CLAIM(an_origin_is_allowed_only_when_it_was_asked_for),
	    CLAIM(subsz_lists_and_tests_subjects),
	    CLAIM(health_is_503_when_degraded_or_lame),
	    CLAIM(metrics_are_prometheus_text),
	    CLAIM(callback_wraps_and_must_be_a_name),
	    CLAIM(wrong_requests_are_refused),
	    CLAIM(a_port_in_use_is_reported_with_the_remedy),
	};
	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
