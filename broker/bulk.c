/* bulk.c - busy publishers: several messages are looked at before the first one is delivered. */
#include "broker/deliver.h"
#include "broker/ops.h"

enum {
	/* A batch and its copy in the output of one receiver stay in the second-level cache. */
	BATCH_MESSAGES = 4096,
	BATCH_BYTES = 128 * 1024,
	/* How far to look ahead, and how many deliveries take as long as memory does. */
	AHEAD = 128,
	APART = 8,
};

/* ---- many messages to one subject ---- */

/* How many messages, or bytes, a batch may have so that the turn suffices: `each` units of work for one and each receiver. */
static size_t affordable(const struct broker_client *client, size_t most, int64_t units_each)
{
	const struct broker__route *route = client->routes.last;
	int64_t each = (route ? route->receivers_len : 1) * units_each;
	int64_t work = client->loop->work_left;
	if (each <= 0 || (int64_t)most * each <= work)
		return most;
	return work > each ? (size_t)(work / each) : 1;
}

/* Hot. */
size_t broker__op_batch(struct broker_client *client, const struct wire_op *first, const char *data,
			size_t len, const struct wire_limits *limits)
{
	struct wire_batch_entry entries[BATCH_MESSAGES];
	struct wire_batch batch;
	if (!broker__op_is_usual(client, first) || !broker__client_is_open(client))
		return 0;
	size_t bytes = affordable(client, BATCH_BYTES / BROKER__BYTES_A_UNIT, 1) * BROKER__BYTES_A_UNIT;
	uint32_t messages = (uint32_t)affordable(client, BATCH_MESSAGES, BROKER__BATCH_UNITS);
	size_t used =
	    wire_batch_parse(first, data, len < bytes ? len : bytes, limits, entries, messages, &batch);
	if (used == 0)
		return 0;
	uint32_t done = broker__deliver_batch(client, first, &batch);
	client->loop->work_left -= done;
	return done < batch.count ? entries[done].size_text - (sizeof "PUB  " - 1 + first->subject.len)
				  : used;
}

/* ---- many subjects ---- */

struct ahead {
	struct wire_op op;
	const char *end;
	uint64_t hash;
	struct broker__route *guess;
};

/* PUBs at the start of data. Anything else, also what is wrong, is left to be parsed when those were obeyed. */
static unsigned look_ahead(const struct broker_client *client, const char *data, size_t len,
			   const struct wire_limits *limits, struct ahead *ahead)
{
	const struct broker__sublist *list = &client->loop->broker->sublist;
	unsigned count = 0;
	size_t at = 0, need;
	for (; count < AHEAD && len - at > 4 && memcmp(data + at, "PUB ", 4) == 0; count++) {
		int64_t used = wire_parse(data + at, len - at, limits, &ahead[count].op, &need);
		if (used <= 0)
			break;
		at += (size_t)used;
		ahead[count].end = data + at;
		ahead[count].hash = broker__sublist_hash(list, ahead[count].op.subject);
		broker__route_fetch_slot(&client->routes, ahead[count].hash);
	}
	return count;
}

/* Begin the look-ups of messages that come later, each step some messages after the one before it, for memory takes as long
 * as a few deliveries. Nothing that was guessed is there any more once a route was forgotten. */
static void fetch(const struct broker__routes *routes, struct ahead *ahead, unsigned count, unsigned at,
		  uint32_t forgotten)
{
	if (routes->forgotten != forgotten)
		return;
	if (at + 2 * APART < count)
		ahead[at + 2 * APART].guess = broker__route_guess(routes, ahead[at + 2 * APART].hash);
	if (at + APART < count)
		broker__route_fetch_receiver(ahead[at + APART].guess);
}

static enum broker__progress deliver(struct broker_client *client, const struct ahead *ahead,
				     uint32_t forgotten)
{
	struct broker__loop *loop = client->loop;
	struct broker__route *route = client->routes.forgotten == forgotten ? ahead->guess : NULL;
	if (broker__route_serves(route, &loop->broker->sublist, ahead->op.subject))
		loop->counters.route_hits++;
	else if (broker__route_find(client, ahead->op.subject, ahead->hash, &route) == BROKER__AGAIN)
		return BROKER__AGAIN;
	return broker__deliver_by(client, route, &ahead->op, ahead->end);
}

size_t broker__op_ahead(struct broker_client *client, const char *data, size_t len,
			const struct wire_limits *limits)
{
	struct ahead ahead[AHEAD];
	const struct broker__routes *routes = &client->routes;
	uint32_t forgotten = routes->forgotten;
	unsigned done = 0;
	if (client->is_expected)
		return 0;
	unsigned count = look_ahead(client, data, len, limits, ahead);
	for (unsigned i = 0; i < count && i < 2 * APART; i++)
		ahead[i].guess = broker__route_guess(routes, ahead[i].hash);
	for (unsigned i = 0; i < count && i < APART; i++)
		broker__route_fetch_receiver(ahead[i].guess);
	for (; done < count && broker__client_is_open(client) &&
	       broker__op_is_usual(client, &ahead[done].op) && client->loop->work_left > 0;
	     done++) {
		fetch(routes, ahead, count, done, forgotten);
		client->loop->work_left -= BROKER__OP_UNITS;
		client->is_begun = deliver(client, &ahead[done], forgotten) == BROKER__AGAIN;
		if (client->is_begun)
			break;
	}
	return done > 0 ? (size_t)(ahead[done - 1].end - data) : 0;
}
