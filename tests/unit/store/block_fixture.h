/* block_fixture.h - common to tests of blocks: random events, comparing events, encoding and loading blocks. */
#ifndef TESTS_BLOCK_FIXTURE_H
#define TESTS_BLOCK_FIXTURE_H

#include "store/read/decode.h"
#include "store/write/encode.h"

/* Pseudo-random numbers from a seed: the same ones on every machine. */
struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);
/* Below `bound`. */
uint32_t random_below(struct random *random, uint32_t bound);

enum { EVENTS_SUBJECTS = 300, EVENTS_SETS = 40, EVENTS_RECEIVERS = 12, EVENTS_PAYLOAD_BYTES = 3000 };

/* A stream of random events of every kind. Two sources of the same seed make the same events. */
struct events {
	struct random random;
	bool lends_hints;
	uint32_t subjects, sets; /* how many different ones, at most EVENTS_… */
	int64_t time_ns;
	struct wire_intern_hint subject_hints[EVENTS_SUBJECTS], set_hints[EVENTS_SETS];
	char bytes[EVENTS_PAYLOAD_BYTES];
	/* The last event's. */
	char subject[50], reply[50], sid[20], queue[20], text[50];
	char sids[EVENTS_RECEIVERS][20];
	struct wire_receiver receivers[EVENTS_RECEIVERS];
	int64_t delays_ns[EVENTS_RECEIVERS];
	struct wire_client client;
};

void events_init(struct events *events, uint64_t seed);
/* The next event; valid until the next call. */
void events_next(struct events *events, struct wire_event *event);

/* Every field of an event that was read equals that of the appended event; its sequence number is `seq`. */
void assert_event(const struct wire_event *got, const struct wire_event *want, uint64_t seq);

/* Begin with the block at bytes and load its three frames. 0 or the first error. */
int block_load_all(struct store_block *block, const unsigned char *bytes);

/* Batch, encoder and decoder, as a test's state. */
struct block_fixture {
	struct store_batch *batch;
	struct store_encoder *encoder;
	struct store_block *block;
	struct store_block_header header; /* of the last block made */
	const unsigned char *bytes;
	int64_t bytes_len;
};

int block_fixture_setup(void **state);
int block_fixture_teardown(void **state);

/* Append; must succeed. */
void fixture_append(struct block_fixture *fixture, const struct wire_event *event);
/* Encode the batch as a block that begins at first_seq, load it whole, and empty the batch. */
void fixture_encode(struct block_fixture *fixture, uint64_t first_seq, int level);

#endif
