/* For ZSTD_c_literalCompressionMode. */
#define ZSTD_STATIC_LINKING_ONLY

#include "store/write/compress.h"

#include <xxhash.h>
#include <zstd.h>

#include "store/format/fields_put.h"

/* In the order of preference among equals. */
enum way { NEAR, FAR, FIELDS, WAYS };

enum {
	/* From one trial to the next, in frames of records. All ways together take three to eight times as long as
	 * one: every 64 frames that would cost 4 to 11 %. */
	TRY_EVERY = 64,
	TRY_RARELY = 512,
	TRY_MAX = 2 * STORE_BLOCK_PAYLOAD_BYTES, /* no trial with larger frames */
	/* Traffic is steady while the ratio of stored to raw bytes changes by less than one part in STEADY. */
	STEADY = 8,
	FIELDS_GAIN = 20, /* cutting takes time: it has to save one byte in FIELDS_GAIN */
	/* zstd does not compress literals at negative levels. Down to this level we make it compress them:
	 * of JSON with unique ids that saves 40 % for little time. */
	LITERALS_LEVEL_MIN = -3,
	NEAR_MATCH_MIN = 7,
	NEAR_RECORDS_LOG = 2, /* log2 of the number of records to remember */
	NEAR_LOG_MIN = 8,
	NEAR_LOG_MAX = 14,
};

struct store__compressor {
	ZSTD_CCtx *zstd;
	struct store__fields *fields;
	struct store__buffer cut; /* a frame's fields */
	enum way way;             /* the best one in the last trial, */
	double ratio;             /* and its stored bytes by raw bytes */
	bool has_dictionary;
	struct store__samples *samples; /* borrowed; NULL: none are wanted */
	unsigned wait, waited;          /* frames from the last trial to the next, and those so far */
};

struct store__compressor *store__compressor_open(void)
{
	struct store__compressor *compressor = calloc(1, sizeof *compressor);
	if (!compressor)
		return NULL;
	compressor->zstd = ZSTD_createCCtx();
	compressor->fields = store__fields_open();
	if (!compressor->zstd || !compressor->fields) {
		store__compressor_close(compressor);
		return NULL;
	}
	/* The block's header has sizes and checksums. */
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_checksumFlag, 0);
	return compressor;
}

void store__compressor_close(struct store__compressor *compressor)
{
	if (!compressor)
		return;
	ZSTD_freeCCtx(compressor->zstd);
	store__fields_close(compressor->fields);
	store__buffer_fini(&compressor->cut);
	free(compressor);
}

/* A zstd that lacks the experimental parameter refuses it, which does no harm. */
void store__compressor_set_level(struct store__compressor *compressor, int level)
{
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_literalCompressionMode,
			       level >= LITERALS_LEVEL_MIN ? ZSTD_ps_enable : ZSTD_ps_auto);
}

int store__compressor_set_dictionary(struct store__compressor *compressor, const unsigned char *dictionary,
				     size_t len)
{
	compressor->has_dictionary = true;
	return ZSTD_isError(ZSTD_CCtx_loadDictionary(compressor->zstd, dictionary, len)) ? -ENOMEM : 0;
}

void store__compressor_set_samples(struct store__compressor *compressor, struct store__samples *samples)
{
	compressor->samples = samples;
}

/* log2 of the number of positions to remember. */
static int near_log(size_t record_bytes)
{
	int log = NEAR_RECORDS_LOG;
	while (record_bytes >>= 1)
		log++;
	if (log < NEAR_LOG_MIN)
		return NEAR_LOG_MIN;
	return log < NEAR_LOG_MAX ? log : NEAR_LOG_MAX;
}

/* 0 = zstd takes the value that belongs to the level. */
static void set_reach(ZSTD_CCtx *zstd, bool is_near, size_t record_bytes)
{
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_strategy, is_near ? ZSTD_fast : 0);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, is_near ? NEAR_MATCH_MIN : 0);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_hashLog, is_near ? near_log(record_bytes) : 0);
}

/* Put the frame at out, uncompressed where compression does not make it smaller. Returns its bytes. */
static size_t put(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		  unsigned char *out, size_t bound)
{
	if (compressor->samples)
		store__samples_take(compressor->samples, raw, len);
	size_t stored = ZSTD_compress2(compressor->zstd, out, bound, raw, len);
	if (!ZSTD_isError(stored) && stored < len)
		return stored;
	memcpy(out, raw, len);
	return len;
}

/* Where this form saves nothing, *stored is not smaller than the records' bytes, and the bytes at out are meaningless. */
static int put_fields(struct store__compressor *compressor, const struct store__records *records,
		      unsigned char *out, size_t bound, size_t *stored)
{
	struct store__buffer *cut = &compressor->cut;
	*stored = records->len;
	cut->len = 0;
	if (records->len <= STORE_FIELDS_HEADER_BYTES || records->len > TRY_MAX)
		return 0;
	if (store__fields_put(compressor->fields, records->bytes, records->len, records->lengths,
			      records->count, cut))
		return -ENOMEM;
	if (cut->len + STORE_FIELDS_HEADER_BYTES >= records->len)
		return 0;
	store__put_u32(out, (uint32_t)cut->len);
	set_reach(compressor->zstd, false, 0);
	*stored =
	    STORE_FIELDS_HEADER_BYTES + put(compressor, cut->bytes, cut->len, out + STORE_FIELDS_HEADER_BYTES,
					    bound - STORE_FIELDS_HEADER_BYTES);
	return 0;
}

static int put_way(struct store__compressor *compressor, enum way way, const struct store__records *records,
		   unsigned char *out, size_t bound, size_t *stored)
{
	if (way == FIELDS)
		return put_fields(compressor, records, out, bound, stored);
	set_reach(compressor->zstd, way == NEAR, records->len / records->count + 1);
	*stored = put(compressor, records->bytes, records->len, out, bound);
	return 0;
}

static bool is_better(enum way way, size_t stored, size_t best)
{
	return way == FIELDS ? stored < best - best / FIELDS_GAIN : stored < best;
}

/* Try every way: put each after the best one so far, and move it to the front when it is better. */
static int put_best(struct store__compressor *compressor, const struct store__records *records,
		    unsigned char *out, size_t bound, size_t *stored, enum way *best)
{
	size_t tried;
	*best = compressor->has_dictionary ? FAR : NEAR; /* a dictionary is made for zstd's own parameters */
	int error = put_way(compressor, *best, records, out, bound, stored);
	for (enum way way = *best + 1; way < WAYS && !error; way++) {
		error = put_way(compressor, way, records, out + *stored, bound, &tried);
		if (error || !is_better(way, tried, *stored))
			continue;
		memmove(out, out + *stored, tried);
		*stored = tried;
		*best = way;
	}
	return error;
}

/* Use the best way of the last trial. Too few records gain nothing from fields and go without. */
static int put_as_before(struct store__compressor *compressor, const struct store__records *records,
			 unsigned char *out, size_t bound, size_t *stored, enum way *way)
{
	*way = compressor->way;
	int error = put_way(compressor, *way, records, out, bound, stored);
	if (error || *way != FIELDS || *stored < records->len)
		return error;
	*way = FAR;
	return put_way(compressor, *way, records, out, bound, stored);
}

/* Trials become rarer while the best way stays the same. */
static void note_trial(struct store__compressor *compressor, enum way best, double ratio)
{
	bool is_same = compressor->wait > 0 && best == compressor->way;
	compressor->wait = is_same ? 2 * compressor->wait : TRY_EVERY;
	if (compressor->wait > TRY_RARELY)
		compressor->wait = TRY_RARELY;
	compressor->waited = 0;
	compressor->way = best;
	compressor->ratio = ratio;
}

/* The next trial comes soon when the traffic seems to have changed. */
static void note_frame(struct store__compressor *compressor, double ratio)
{
	double change = ratio - compressor->ratio, steady = compressor->ratio / STEADY;
	compressor->waited++;
	if (change > steady || change < -steady)
		compressor->wait = TRY_EVERY;
}

/* A trial needs room for two frames of `bound` bytes at out. */
static int put_records(struct store__compressor *compressor, const struct store__records *records,
		       bool is_trial, unsigned char *out, size_t bound, size_t *stored, enum way *way)
{
	int error = is_trial ? put_best(compressor, records, out, bound, stored, way)
			     : put_as_before(compressor, records, out, bound, stored, way);
	if (error)
		return error;
	double ratio = (double)*stored / (double)records->len;
	if (is_trial)
		note_trial(compressor, *way, ratio);
	else
		note_frame(compressor, ratio);
	return 0;
}

static struct store_frame_header describe(const unsigned char *stored, size_t stored_bytes, size_t raw_bytes)
{
	return (struct store_frame_header){.stored_bytes = (uint32_t)stored_bytes,
					   .raw_bytes = (uint32_t)raw_bytes,
					   .checksum = XXH3_64bits(stored, stored_bytes)};
}

int store__compress(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		    struct store__buffer *out, struct store_frame_header *frame)
{
	size_t bound = ZSTD_compressBound(len), stored = 0;
	if (store__buffer_reserve(out, bound))
		return -ENOMEM;
	unsigned char *at = out->bytes + out->len;
	set_reach(compressor->zstd, false, 0);
	if (len > 0)
		stored = put(compressor, raw, len, at, bound);
	out->len += stored;
	*frame = describe(at, stored, len);
	return 0;
}

int store__compress_records(struct store__compressor *compressor, const struct store__records *records,
			    struct store__buffer *out, struct store_block_header *header)
{
	struct store_frame_header *frame = &header->frames[STORE_FRAME_PAYLOADS];
	size_t bound = ZSTD_compressBound(records->len) + STORE_FIELDS_HEADER_BYTES, stored = 0;
	bool is_trial = records->len <= TRY_MAX && compressor->waited >= compressor->wait;
	enum way way;
	header->payload_form = STORE_PAYLOADS_PLAIN;
	if (records->len == 0)
		return store__compress(compressor, records->bytes, 0, out, frame);
	if (store__buffer_reserve(out, is_trial ? 2 * bound : bound))
		return -ENOMEM;
	unsigned char *at = out->bytes + out->len;
	int error = put_records(compressor, records, is_trial, at, bound, &stored, &way);
	if (error)
		return error;
	if (way == FIELDS)
		header->payload_form = STORE_PAYLOADS_FIELDS;
	out->len += stored;
	*frame = describe(at, stored, records->len);
	return 0;
}
