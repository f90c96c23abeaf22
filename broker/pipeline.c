#include "broker/pipeline.h"

#include "broker/deliver_batch.h"
#include "broker/operations.h"
#include "broker/publish.h"
#include "broker/turn.h"

enum {
	/* A batch, and its copy in the output of one receiver, fit into the second-level cache. */
	BATCH_MESSAGES = 4096,
	BATCH_BYTES = 128 * 1024,
	/* New memory that a batch may take for all its receivers, if that is worth it: the first access to each page takes
	 * from 0.3 us on a bare machine to 18 us on a virtual one. */
	FRESH_BYTES = 8 << 20,
	WORTH_BYTES = 8 << 10, /* for each receiver */
	/* How many messages to look ahead, and how many deliveries take as long as one access to memory. */
	AHEAD = 128,
	APART = 8,
};

/* ---- many messages to one subject ---- */

static uint32_t receivers_of(const struct broker_client *client)
{
	const struct broker__match *match = client->matches.last;
	return match ? match->receivers_len : 1;
}

/* How many messages (or bytes) a batch may have within the turn, at units_each units for each of them and each
 * receiver. */
static size_t affordable(const struct broker_client *client, size_t most, int64_t units_each)
{
	int64_t each = receivers_of(client) * units_each;
	int64_t work = client->loop->work_left;
	if (each <= 0 || (int64_t)most * each <= work)
		return most;
	return work > each ? (size_t)(work / each) : 1;
}

/* How many bytes of a batch have room, for each receiver, in memory that is free or may be taken. */
static size_t holdable(const struct broker_client *client, size_t most)
{
	size_t receivers = receivers_of(client) + 1, fresh = FRESH_BYTES / receivers;
	size_t each = client->loop->pool.resting_bytes / receivers + (fresh >= WORTH_BYTES ? fresh : 0);
	return each < most ? each : most;
}

/* Hot. */
size_t broker__pipeline_batch(struct broker_client *client, const struct wire_op *first, const char *data,
			      size_t len, const struct wire_limits *limits)
{
	struct wire_batch_entry entries[BATCH_MESSAGES];
	struct wire_batch batch;
	if (!broker__op_is_usual(client, first) || !broker__client_is_open(client))
		return 0;
	size_t bytes = affordable(client, BATCH_BYTES / BROKER__BYTES_A_UNIT, 1) * BROKER__BYTES_A_UNIT;
	bytes = holdable(client, bytes);
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
	struct broker__match *guess;
};

/* Parse the PUBs at the start of data. Anything else, errors included, is left to be parsed after these. */
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
		broker__match_fetch_slot(&client->matches, ahead[count].hash);
	}
	return count;
}

/* Begin the look-ups of later messages; each step is some messages apart from the previous one, because memory
 * takes as long as a few deliveries. All guesses are void once a match was forgotten. */
static void fetch(const struct broker__match_cache *cache, struct ahead *ahead, unsigned count, unsigned at,
		  uint32_t forgotten)
{
	if (cache->forgotten != forgotten)
		return;
	if (at + 2 * APART < count)
		ahead[at + 2 * APART].guess = broker__match_guess(cache, ahead[at + 2 * APART].hash);
	if (at + APART < count)
		broker__match_fetch_receiver(ahead[at + APART].guess);
}

static enum broker__progress publish(struct broker_client *client, const struct ahead *ahead,
				     uint32_t forgotten)
{
	struct broker__loop *loop = client->loop;
	struct broker__match *match = client->matches.forgotten == forgotten ? ahead->guess : NULL;
	if (!broker__match_serves(match, &loop->broker->sublist, ahead->op.subject))
		return broker__publish_hashed(client, &ahead->op, ahead->end, ahead->hash);
	loop->counters.match_hits++;
	return broker__publish_to(client, match, &ahead->op, ahead->end);
}

size_t broker__pipeline_ahead(struct broker_client *client, const char *data, size_t len,
			      const struct wire_limits *limits)
{
	struct ahead ahead[AHEAD];
	const struct broker__match_cache *cache = &client->matches;
	uint32_t forgotten = cache->forgotten;
	unsigned done = 0;
	if (client->life == BROKER__AWAITS_CONNECT)
		return 0;
	unsigned count = look_ahead(client, data, len, limits, ahead);
	for (unsigned i = 0; i < count && i < 2 * APART; i++)
		ahead[i].guess = broker__match_guess(cache, ahead[i].hash);
	for (unsigned i = 0; i < count && i < APART; i++)
		broker__match_fetch_receiver(ahead[i].guess);
	for (; done < count && broker__client_is_open(client) &&
	       broker__op_is_usual(client, &ahead[done].op) && client->loop->work_left > 0;
	     done++) {
		fetch(cache, ahead, count, done, forgotten);
		client->loop->work_left -= BROKER__OP_UNITS;
		client->is_begun = publish(client, &ahead[done], forgotten) == BROKER__AGAIN;
		if (client->is_begun)
			break;
	}
	return done > 0 ? (size_t)(ahead[done - 1].end - data) : 0;
}
