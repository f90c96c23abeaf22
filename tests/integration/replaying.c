#include "replaying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"
#include "support/run.h"

enum { WAIT_MS = 20000, ARGS_MAX = 40 };

natsConnection *replaying_connect(int port, const char *name)
{
	natsOptions *options;
	natsConnection *nats;
	char url[64];

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetURL(options, url));
	if (name)
		MUST(natsOptions_SetName(options, name));
	MUST(natsConnection_Connect(&nats, options));
	natsOptions_Destroy(options);
	return nats;
}

bool replaying_open_nats_server(struct support_server *server, const struct support_tempdir *dir,
				const char *const *flags)
{
	const struct support_server_plan plan = {.program = "nats-server", .args = flags, .dir = dir->path};
	char *text = NULL;
	bool is_there = support_run((const char *[]){"nats-server", "-v", NULL}, &text) == 0;

	free(text);
	if (!is_there) {
		print_message("no nats-server here\n");
		return false;
	}
	assert_int_equal(support_server_open(server, &plan), 0);
	return true;
}

static void append_message(struct store_batch *batch, int n)
{
	char subject[40], payload[40];
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = 1795420639123456789 + (int64_t)n * 1000000,
				   .conn = 1,
				   .receiver_count = 1};

	snprintf(subject, sizeof(subject), "work.%d", n % 3);
	snprintf(payload, sizeof(payload), "%d", n);
	event.subject = wire_slice_str(subject);
	event.payload = wire_slice_str(payload);
	event.size = event.payload.len;
	if (store_batch_append(batch, &event) != 0)
		support_fail("an event does not fit into a block");
}

void replaying_write_log(const char *log, int count)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;

	store_writer_options_init(&options);
	if (store_writer_open(&writer, log, &options, &fault) != 0)
		support_fail("%s", fault.text);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = store_producer_batch(producer);
	for (int n = 0; n < count; n++)
		append_message(batch, n);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
	store_writer_close(writer);
}

/* The last line of a text. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	char *line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

int replaying_run(const char *log, int port, const char *const *args, json_t **report, char **text)
{
	const char *argv[ARGS_MAX] = {support_tapedeck(), "replay", log};
	char url[64], *output;
	size_t count = 3;

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	argv[count++] = "-s";
	argv[count++] = url;
	for (; args && *args && count < ARGS_MAX - 1; args++)
		argv[count++] = *args;
	int status = support_run(argv, &output);
	if (report) {
		*report = json_loads(last_line(output), 0, NULL);
		if (!*report)
			print_message("no report:\n%s\n", output);
	}
	if (text)
		*text = support_join_lines(output);
	else
		free(output);
	return status;
}

double replaying_number(const json_t *report, const char *path)
{
	char key[64];
	const char *rest = path;

	while (report && rest) {
		const char *dot = strchr(rest, '.');
		snprintf(key, sizeof(key), "%.*s", dot ? (int)(dot - rest) : (int)strlen(rest), rest);
		report = json_object_get(report, key);
		rest = dot ? dot + 1 : NULL;
	}
	if (!json_is_number(report))
		fail_msg("the report has no number \"%s\"", path);
	return json_number_value(report);
}

void replaying_receiver_open(struct replaying_receiver *receiver, int port, const char *subject)
{
	*receiver = (struct replaying_receiver){.nats = replaying_connect(port, "receiver")};
	MUST(natsConnection_SubscribeSync(&receiver->sub, receiver->nats, subject));
	MUST(natsSubscription_SetPendingLimits(receiver->sub, -1, -1));
	MUST(natsConnection_Flush(receiver->nats));
}

void replaying_receiver_await(struct replaying_receiver *receiver, size_t count)
{
	receiver->list = support_grow(receiver->list, (count + 1) * sizeof *receiver->list);
	while (receiver->len < count) {
		natsMsg *msg;
		MUST(natsSubscription_NextMsg(&msg, receiver->sub, WAIT_MS));
		receiver->list[receiver->len++] = (struct replaying_received){
		    .subject = strdup(natsMsg_GetSubject(msg)),
		    .payload = strndup(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)),
		    .at_ns = support_now_ns(),
		};
		natsMsg_Destroy(msg);
	}
}

void replaying_receiver_close(struct replaying_receiver *receiver)
{
	for (size_t i = 0; i < receiver->len; i++) {
		free(receiver->list[i].subject);
		free(receiver->list[i].payload);
	}
	free(receiver->list);
	natsSubscription_Destroy(receiver->sub);
	natsConnection_Destroy(receiver->nats);
}
