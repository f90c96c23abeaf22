#include "tap/session/client.h"

#include <stdlib.h>

struct tap__client *tap__client_open(uint64_t conn)
{
	struct tap__client *client = calloc(1, sizeof *client);
	if (!client)
		return NULL;
	client->holds = 1;
	client->conn = conn;
	client->hole_ns = client->held_ns = INT64_MIN;
	return client;
}

void tap__client_release(struct tap__client *client)
{
	if (client && --client->holds == 0)
		free(client);
}

/* When there are more unanswered PINGs than slots the oldest are forgotten; their PONGs prove nothing then. */
void tap__client_ping(struct tap__client *client, int64_t time_ns)
{
	uint32_t slot = client->ping_next++ & (TAP__PINGS - 1);
	client->pings[slot] = (struct tap__ping){.op_number = client->op_number, .time_ns = time_ns};
}

int64_t tap__client_waits_since(const struct tap__client *client)
{
	if (client->ping_first == client->ping_next)
		return INT64_MAX;
	return client->pings[client->ping_first & (TAP__PINGS - 1)].time_ns;
}

uint64_t tap__client_processed(const struct tap__client *client)
{
	return client->proof_next > 0 ? client->proofs[(client->proof_next - 1) & (TAP__PROOFS - 1)].op_number
				      : 0;
}

static uint64_t prove(struct tap__client *client, uint64_t op_number, int64_t time_ns)
{
	if (op_number > tap__client_processed(client))
		client->proofs[client->proof_next++ & (TAP__PROOFS - 1)] =
		    (struct tap__proof){.op_number = op_number, .time_ns = time_ns};
	return tap__client_processed(client);
}

uint64_t tap__client_pong(struct tap__client *client, int64_t time_ns)
{
	if (client->ping_first == client->ping_next)
		return tap__client_processed(client);
	bool is_known = client->ping_next - client->ping_first <= TAP__PINGS;
	uint64_t op_number = client->pings[client->ping_first++ & (TAP__PINGS - 1)].op_number;
	return is_known ? prove(client, op_number, time_ns) : tap__client_processed(client);
}

uint64_t tap__client_ok(struct tap__client *client, int64_t time_ns)
{
	uint64_t processed = tap__client_processed(client);
	return processed < client->op_number ? prove(client, processed + 1, time_ns) : processed;
}

int64_t tap__client_processed_ns(const struct tap__client *client, uint64_t op_number)
{
	uint32_t count = client->proof_next < TAP__PROOFS ? client->proof_next : TAP__PROOFS;
	int64_t time_ns = INT64_MAX;
	for (uint32_t i = 1; i <= count; i++) {
		const struct tap__proof *proof =
		    &client->proofs[(client->proof_next - i) & (TAP__PROOFS - 1)];
		if (proof->op_number < op_number)
			break;
		time_ns = proof->time_ns;
	}
	return time_ns;
}
