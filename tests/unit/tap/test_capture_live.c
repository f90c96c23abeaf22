/* A live capture of a conversation on lo. Skipped without the right to capture. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/deadline.h"
#include "support/fail.h"
#include "tap/capture/capture.h"
#include "tap/capture/privileges.h"
#include "tap/stream/decoder.h"
#include "tests/unit/tap/reassembly_fixture.h"

enum { STREAM_BYTES = 300000 };

/* Two ends of a connection over lo. */
struct pair {
	uint16_t port; /* of the server */
	int server, client, accepted;
};

static void listen_anywhere(struct pair *pair)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	pair->server = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(pair->server, (struct sockaddr *)&address, len) != 0 || listen(pair->server, 1) != 0 ||
	    getsockname(pair->server, (struct sockaddr *)&address, &len) != 0)
		support_fail("cannot listen on lo");
	pair->port = ntohs(address.sin_port);
}

static void connect_pair(struct pair *pair)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(pair->port)};
	pair->client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair->client, (struct sockaddr *)&address, sizeof address) != 0)
		support_fail("cannot connect over lo");
	pair->accepted = accept(pair->server, NULL, NULL);
}

/* Send from the client to the server; then both send FIN. */
static void talk(struct pair *pair, const char *bytes)
{
	char sink[65536];
	for (size_t sent = 0, got = 0; got < STREAM_BYTES;) {
		size_t left = STREAM_BYTES - sent;
		ssize_t done = left ? send(pair->client, bytes + sent, left < 60000 ? left : 60000, 0) : 0;
		sent += done > 0 ? (size_t)done : 0;
		done = recv(pair->accepted, sink, sizeof sink, 0);
		if (done <= 0)
			support_fail("the connection over lo broke");
		got += (size_t)done;
	}
	if (send(pair->accepted, "thanks", 6, 0) != 6 || recv(pair->client, sink, 6, MSG_WAITALL) != 6)
		support_fail("the connection over lo broke");
	close(pair->client);
	close(pair->accepted);
	close(pair->server);
}

/* NULL when capturing is not allowed. */
static struct tap_capture *open_live(const char *interface, uint16_t port)
{
	struct tap_capture *capture;
	struct wire_fault fault = {0};
	const struct tap_capture_options options = {
	    .interface = interface, .ports = &port, .ports_count = 1, .buffer_bytes = 8 << 20};
	int error = tap_capture_open(&capture, &options, &fault);
	if (error == -EPERM) {
		assert_non_null(strstr(fault.text, "setcap cap_net_raw+ep"));
		print_message("skipped: %s\n", fault.text);
		return NULL;
	}
	if (error)
		fail_msg("%s", fault.text);
	return capture;
}

/* Until the connection has ended. */
static void decode_live(struct tap_capture *capture, struct reassembly_fixture *fixture)
{
	struct support_deadline deadline = support_deadline_in(15000);
	struct wire_fault fault = {0};
	const struct tap_decoder_options options = {.reassembly = fixture->options};
	struct tap_decoder *decoder = tap_decoder_open(&fixture->handler, &options, &fixture->budget);
	while (fixture->flows_len == 0 || !fixture->flows[0]->is_closed) {
		struct pollfd ready = {.fd = tap_capture_fd(capture), .events = POLLIN};
		assert_true(ready.fd >= 0);
		if (poll(&ready, 1, support_deadline_left_ms(deadline)) == 0)
			fail_msg("nothing captured in time");
		if (tap_capture_read(capture, 100, tap_decoder_take_frame, decoder, &fault) < 0)
			fail_msg("%s", fault.text);
	}
	tap_decoder_close(decoder);
}

static void check_emitted(struct tap_capture *capture, const struct reassembly_fixture *fixture,
			  const char *bytes)
{
	const struct emitted_flow *flow = fixture->flows[0];
	struct tap_capture_counts counts;
	tap_capture_counts(capture, &counts);
	assert_int_equal(counts.kernel_drops, 0);
	assert_true(counts.frames > 6);
	assert_int_equal(fixture->flows_len, 1);
	assert_int_equal(flow->end, TAP_END_CLOSED);
	assert_int_equal(flow->streams[TAP_ORIGINATOR].total, STREAM_BYTES);
	assert_int_equal(flow->streams[TAP_ORIGINATOR].data.len, STREAM_BYTES);
	assert_memory_equal(flow->streams[TAP_ORIGINATOR].data.data, bytes, STREAM_BYTES);
	assert_string_equal(emitted_text(&flow->streams[TAP_RESPONDER]), "thanks");
}

/* False: skipped. */
static bool capture_conversation(const char *interface, bool drops_privileges)
{
	struct pair pair;
	struct reassembly_fixture fixture;
	char *bytes = malloc(STREAM_BYTES);
	for (size_t i = 0; i < STREAM_BYTES; i++)
		bytes[i] = (char)(i * 31 + i / 1000);
	listen_anywhere(&pair);
	struct tap_capture *capture = open_live(interface, pair.port);
	if (capture) {
		if (drops_privileges)
			assert_int_equal(tap_privileges_drop(NULL), 0);
		reassembly_fixture_init(&fixture);
		connect_pair(&pair);
		talk(&pair, bytes);
		decode_live(capture, &fixture);
		check_emitted(capture, &fixture, bytes);
		reassembly_fixture_fini(&fixture);
		assert_int_equal(tap_capture_close(capture, NULL), 0);
	}
	free(bytes);
	return capture != NULL;
}

static void a_conversation_on_lo_is_captured_whole(void **state)
{
	(void)state;
	if (!capture_conversation("lo", false))
		skip();
}

static void any_captures_lo_once(void **state)
{
	(void)state;
	if (!capture_conversation("any", false))
		skip();
}

static void a_capture_goes_on_without_privileges(void **state)
{
	(void)state;
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(capture_conversation("lo", true) ? 0 : 77);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_conversation_on_lo_is_captured_whole),
	    cmocka_unit_test(any_captures_lo_once),
	    cmocka_unit_test(a_capture_goes_on_without_privileges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
