#include "store/care/train.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "store/care/trainer.h"
#include "store/format/zstd_dictionary.h"
#include "store/read/decode_event.h"
#include "store/write/append.h"
#include "store/write/encode.h"
#include "store/write/samples.h"

enum {
	BLOCKS = 4, /* to train on */
	SAMPLE_LEVEL = 1,
	/* A dictionary takes at most a part of the segment. */
	SEGMENT_PART = 16,
	DICTIONARY_MIN = 4 << 10,
	DICTIONARY_MAX = 64 << 10,
	SAMPLES_MIN = 8, /* the trainer refuses fewer */
};

struct training {
	struct store_segment_reader *from;
	struct store_block *block;
	struct store_encoder *encoder;
	struct store_batch *batches[BLOCKS];
	struct store__samples samples;
	const _Atomic bool *stop;
};

static bool is_stopped(const struct training *training)
{
	return training->stop && atomic_load(training->stop);
}

/* ---- full blocks from here and there ---- */

/* Add the events of one block. STORE_EFULL when the batch takes no more. */
static int add_block(struct training *training, size_t entry, struct store_batch *batch)
{
	struct wire_event event;
	int error =
	    store_segment_reader_load_block(training->from, entry, STORE_FRAME_PAYLOADS, training->block);
	for (uint32_t i = 0; i < training->from->index.entries[entry].header.events && !error; i++) {
		store_block_event(training->block, i, &event);
		error = store_batch_append(batch, &event);
	}
	return error;
}

static int fill(struct training *training, size_t from, size_t to, struct store_batch *batch)
{
	int error = 0;
	for (size_t entry = from; entry < to && !error; entry++)
		error = is_stopped(training) ? -ECANCELED : add_block(training, entry, batch);
	return error == STORE_EFULL ? 0 : error;
}

static int gather(struct training *training)
{
	size_t count = training->from->index.count;
	int error = 0;
	for (size_t i = 0; i < BLOCKS && !error; i++) {
		training->batches[i] = store_batch_open();
		error = training->batches[i] ? fill(training, count * i / BLOCKS, count * (i + 1) / BLOCKS,
						    training->batches[i])
					     : -ENOMEM;
	}
	return error;
}

/* ---- training ---- */

/* Returns the bytes of all blocks at this level, or a negative code. */
static int64_t encode_all(struct training *training, int level)
{
	const unsigned char *bytes;
	int64_t total = 0;
	for (int i = 0; i < BLOCKS; i++) {
		if (is_stopped(training))
			return -ECANCELED;
		if (store_batch_events(training->batches[i]) == 0)
			continue;
		int64_t len = store_encode(training->encoder, training->batches[i], 1, level, &bytes, NULL);
		if (len < 0)
			return len;
		total += len;
	}
	return total;
}

static int64_t take_samples(struct training *training)
{
	store_encoder_set_samples(training->encoder, &training->samples);
	int64_t total = encode_all(training, SAMPLE_LEVEL);
	store_encoder_set_samples(training->encoder, NULL);
	return total;
}

/* Returns the bytes of the dictionary at `out`; 0: the samples are not good for one; or a negative code. */
static int64_t train(struct training *training, unsigned char *out)
{
	uint64_t most = training->from->file_bytes / SEGMENT_PART;
	most = most < DICTIONARY_MIN ? DICTIONARY_MIN : most > DICTIONARY_MAX ? DICTIONARY_MAX : most;
	if (store__samples_count(&training->samples) < SAMPLES_MIN)
		return 0;
	return store__trainer_run(&training->samples, out, most, training->stop);
}

/* ---- is it worth it? ---- */

/* How many times as much as in the sampled blocks there is in the segment, at least. */
static uint64_t times(const struct training *training)
{
	uint64_t sampled = 1, all = 0;
	for (int i = 0; i < BLOCKS; i++)
		sampled += store_batch_events(training->batches[i]);
	for (size_t i = 0; i < training->from->index.count; i++)
		all += training->from->index.entries[i].header.events;
	return all / sampled;
}

/* 1 when the dictionary saves more than it takes, 0, or a negative code. */
static int is_worth_it(struct training *training, int level, const unsigned char *dictionary, size_t len)
{
	int64_t without = encode_all(training, level);
	int error = store_encoder_set_dictionary(training->encoder, dictionary, len);
	int64_t with = error ? error : encode_all(training, level);
	if (without < 0 || with < 0)
		return without < 0 ? (int)without : (int)with;
	uint64_t cost = len + STORE_ZSTD_DICTIONARY_HEADER_BYTES;
	return without > with &&
	       (uint64_t)(without - with) * (times(training) > 0 ? times(training) : 1) > cost;
}

static int make(struct training *training, int level, unsigned char *dictionary, size_t *len)
{
	int error = gather(training);
	int64_t total = error ? error : take_samples(training);
	int64_t trained = total < 0 ? total : train(training, dictionary);
	*len = trained > 0 ? (size_t)trained : 0;
	return trained > 0 ? is_worth_it(training, level, dictionary, *len) : (int)trained;
}

int store__train(struct store_segment_reader *from, int level, const _Atomic bool *stop,
		 unsigned char **dictionary, size_t *len)
{
	struct training training = {
	    .from = from, .block = store_block_open(), .encoder = store_encoder_open(), .stop = stop};
	unsigned char *bytes = malloc(DICTIONARY_MAX);
	int status =
	    training.block && training.encoder && bytes ? make(&training, level, bytes, len) : -ENOMEM;
	*dictionary = status > 0 ? bytes : NULL;
	if (status <= 0)
		free(bytes);
	for (int i = 0; i < BLOCKS; i++)
		store_batch_close(training.batches[i]);
	store__samples_fini(&training.samples);
	store_block_close(training.block);
	store_encoder_close(training.encoder);
	return status < 0 ? status : 0;
}
