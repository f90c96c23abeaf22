#include "sample_attacks.h"
#include "sample_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/fail.h"

/* 2026-11-23T08:00:00Z */
static const int64_t START_NS = INT64_C(1795420800) * 1000000000;

enum { CLIENTS = 100, LARGE_BYTES = 64 << 20, HEADER_BYTES = 1 << 20 };

/* A script that runs sets window.attacked; a request that is made names attack.invalid. */
#define RUN "window.attacked=1"

#define ATTACK(text)                     \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct wire_slice attacks[] = {
    ATTACK("</script><script>" RUN "</script>"),
    ATTACK("<!--<script>" RUN "</script>-->"),
    ATTACK("<img src=x onerror=" RUN ">"),
    ATTACK("<img src=http://attack.invalid/i.png><link rel=stylesheet href=//attack.invalid/s.css>"),
    ATTACK("<svg/onload=" RUN ">"),
    ATTACK("\"><iframe srcdoc='<script>parent." RUN "</script>'></iframe>"),
    ATTACK("<meta http-equiv=refresh content='0;url=http://attack.invalid/'>"),
    ATTACK("javascript:" RUN "//"),
    ATTACK("]]></style><style>*{background:url(//attack.invalid/b)}</style>"),
    ATTACK("${" RUN "}{{constructor.constructor('" RUN "')()}}`" RUN "`"),
    ATTACK("</textarea></title></noscript><script>" RUN "</script>"),
    ATTACK("@SCRIPT@@DATA@@STYLE_HASH@"),
    ATTACK("{\"__proto__\":{\"polluted\":true},\"constructor\":{\"prototype\":{\"polluted\":true}}}"),
    ATTACK("__proto__"),
    ATTACK("\xe2\x80\xae\xe2\x80\xa6gnp.exe \xe2\x81\xa6\xe2\x80\xa8\xe2\x80\xa9 end"),
    ATTACK("\xff\xfe\xc0\xaf<b>\xed\xa0\x80\xf5"),
    ATTACK("\0\x01\x1b[2J\x7f\x0b"),
    ATTACK("a;b#c\nparticipant d\nend\r\nloop forever"),
    ATTACK("%%{init: {\"securityLevel\":\"loose\"}}%% #quot;#59;#lt;"),
    ATTACK("style:x#59; classDef:y#35; \xef\xac\x82\xc2\xb0\xc2\xb0"
	   "60\xc2\xb6\xc3\x9f"),
    ATTACK("wrap: ->> -->> -x A->>B: C"),
    ATTACK("end"),
    ATTACK("\"\\\"];x->y[label=<b>\\N\\G"),
    ATTACK("---\ntitle: x\n---\n```mermaid"),
    ATTACK("$$x^2$$ <br/> **bold** _it_ [l](javascript:" RUN ")"),
    ATTACK("\xf0\x9f\x98\x80\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa e\xcc\x81\xcc\x81\xcc\x81"),
};

enum { ATTACKS = sizeof attacks / sizeof attacks[0] };

static void append(struct store_batch *batch, const struct wire_event *event)
{
	if (store_batch_append(batch, event) != 0)
		support_fail("an event does not fit into a block");
}

static struct wire_event at(int64_t ms, enum wire_event_kind kind, uint64_t conn)
{
	return (struct wire_event){.kind = kind, .time_ns = START_NS + ms * 1000000, .conn = conn};
}

/* Clients 1 to ATTACKS are named by the attacks. */
static void connect_clients(struct store_batch *batch)
{
	for (uint64_t conn = 1; conn <= CLIENTS; conn++) {
		char name[32];
		snprintf(name, sizeof name, "client %d", (int)conn);
		const struct wire_client client = {.name = conn <= ATTACKS ? attacks[conn - 1]
									   : wire_slice_str(name),
						   .address = WIRE_LITERAL("10.0.0.1:4000")};
		struct wire_event event = at(0, WIRE_EVENT_CONNECT, conn);
		event.client = &client;
		append(batch, &event);
	}
}

static void publish(struct store_batch *batch, int64_t ms, uint64_t conn, struct wire_event *message,
		    const struct wire_receiver *receiver)
{
	message->kind = WIRE_EVENT_MESSAGE;
	message->time_ns = START_NS + ms * 1000000;
	message->conn = conn;
	message->size = message->payload.len;
	message->receivers = receiver;
	message->receivers_len = message->receiver_count = 1;
	append(batch, message);
}

static void publish_attack(struct store_batch *batch, unsigned number)
{
	const struct wire_slice attack = attacks[number];
	char headers[600], reply[300];
	const int len =
	    snprintf(headers, sizeof headers, "NATS/1.0 503 %.*s\r\n%.*s: %.*s\r\n__proto__: %.*s\r\n\r\n",
		     (int)attack.len, attack.data, (int)attack.len, attack.data, (int)attack.len, attack.data,
		     (int)attack.len, attack.data);
	const int reply_len =
	    snprintf(reply, sizeof reply, "_INBOX.%u.%.*s", number, (int)attack.len, attack.data);
	const struct wire_receiver receiver = {
	    .conn = 1 + (number + 1) % ATTACKS, .sid = WIRE_LITERAL("1"), .queue = attack};
	const struct wire_receiver asker = {.conn = 1 + number, .sid = WIRE_LITERAL("2")};
	struct wire_event request = {.subject = attack,
				     .reply = wire_slice(reply, (size_t)reply_len),
				     .headers = wire_slice(headers, (size_t)len),
				     .payload = attack};
	struct wire_event answer = {.subject = wire_slice(reply, (size_t)reply_len), .payload = attack};
	publish(batch, 10 + 10 * number, 1 + number, &request, &receiver);
	publish(batch, 13 + 10 * number, receiver.conn, &answer, &asker);
}

static void add_attacks(struct store_batch *batch)
{
	connect_clients(batch);
	for (unsigned i = 0; i < ATTACKS; i++)
		publish_attack(batch, i);
	struct wire_event gap = at(1000, WIRE_EVENT_GAP, 0);
	gap.text = attacks[0];
	gap.lost_messages = 7;
	append(batch, &gap);
}

static void add_large(struct store_batch *batch)
{
	char *payload = malloc(LARGE_BYTES), *headers = malloc(HEADER_BYTES);
	const struct wire_receiver receiver = {.conn = 2, .sid = WIRE_LITERAL("1")};
	if (!payload || !headers)
		support_fail("out of memory");
	memset(payload, '<', LARGE_BYTES);
	memset(headers, 'v', HEADER_BYTES);
	memcpy(headers, "NATS/1.0\r\nKey: ", 15);
	memcpy(headers + HEADER_BYTES - 4, "\r\n\r\n", 4);
	struct wire_event event = {.subject = WIRE_LITERAL("large"),
				   .headers = wire_slice(headers, HEADER_BYTES),
				   .payload = wire_slice(payload, LARGE_BYTES)};
	publish(batch, 1, 1, &event, &receiver);
	free(payload);
	free(headers);
}

void sample_attacks_write(void)
{
	sample_log_write("attacks", add_attacks);
	sample_log_write("large", add_large);
}
