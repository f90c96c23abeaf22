/* The mode of literals is behind this in zstd's header. */
#define ZSTD_STATIC_LINKING_ONLY

#include "store/compress.h"

#include <xxhash.h>
#include <zstd.h>

enum reach { FAR, NEAR };

enum {
	TRY_BOTH_EVERY = 16, /* frames of records, of those that are not unusually large: */
	TRY_BOTH_MAX = 2 * STORE_BLOCK_PAYLOAD_BYTES,
	/* zstd leaves literals as they are at negative levels. Down to this one we have them compressed all the same:
	 * of JSON with unique ids that saves 40 % for little time. */
	LITERALS_LEVEL_MIN = -3,
	NEAR_MATCH_MIN = 7,
	NEAR_RECORDS_LOG = 2, /* remember so many records, as a power of two */
	NEAR_LOG_MIN = 8,
	NEAR_LOG_MAX = 14,
};

struct store__compressor {
	ZSTD_CCtx *zstd;
	enum reach reach; /* the better one when last tried */
	unsigned frames;  /* of records, so far */
};

struct store__compressor *store__compressor_open(void)
{
	struct store__compressor *compressor = calloc(1, sizeof *compressor);
	if (!compressor)
		return NULL;
	compressor->zstd = ZSTD_createCCtx();
	if (!compressor->zstd) {
		free(compressor);
		return NULL;
	}
	/* Sizes and checksums are ours, in the block's header. */
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_checksumFlag, 0);
	return compressor;
}

void store__compressor_close(struct store__compressor *compressor)
{
	if (!compressor)
		return;
	ZSTD_freeCCtx(compressor->zstd);
	free(compressor);
}

/* A zstd without the experimental parameter refuses it, which does no harm. */
void store__compressor_set_level(struct store__compressor *compressor, int level)
{
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_literalCompressionMode,
			       level >= LITERALS_LEVEL_MIN ? ZSTD_ps_enable : ZSTD_ps_auto);
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

/* 0 has zstd take what the level says. */
static void set_reach(ZSTD_CCtx *zstd, enum reach reach, size_t record_bytes)
{
	bool is_near = reach == NEAR;
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_strategy, is_near ? ZSTD_fast : 0);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, is_near ? NEAR_MATCH_MIN : 0);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_hashLog, is_near ? near_log(record_bytes) : 0);
}

/* Returns the bytes put at `out`: raw as it is where compression does not make it smaller. */
static size_t put(struct store__compressor *compressor, enum reach reach, const unsigned char *raw,
		  size_t len, size_t record_bytes, unsigned char *out, size_t bound)
{
	set_reach(compressor->zstd, reach, record_bytes);
	size_t stored = ZSTD_compress2(compressor->zstd, out, bound, raw, len);
	if (!ZSTD_isError(stored) && stored < len)
		return stored;
	memcpy(out, raw, len);
	return len;
}

/* Both ways, the second behind the first; the smaller one stays, and where they are alike the faster. */
static size_t put_better(struct store__compressor *compressor, const unsigned char *raw, size_t len,
			 size_t record_bytes, unsigned char *out, size_t bound)
{
	size_t far = put(compressor, FAR, raw, len, record_bytes, out, bound);
	size_t near = put(compressor, NEAR, raw, len, record_bytes, out + far, bound);
	compressor->reach = near <= far ? NEAR : FAR;
	if (compressor->reach == FAR)
		return far;
	memmove(out, out + far, near);
	return near;
}

int store__compress(struct store__compressor *compressor, const unsigned char *raw, size_t len,
		    size_t record_bytes, struct store__buffer *out, struct store_frame_header *frame)
{
	size_t bound = ZSTD_compressBound(len), stored;
	if (len == 0) {
		*frame = (struct store_frame_header){.checksum = XXH3_64bits(NULL, 0)};
		return 0;
	}
	bool has_records = record_bytes > 0;
	bool is_trial = has_records && len <= TRY_BOTH_MAX && compressor->frames++ % TRY_BOTH_EVERY == 0;
	if (store__buffer_reserve(out, is_trial ? 2 * bound : bound))
		return -ENOMEM;
	unsigned char *at = out->bytes + out->len;
	if (is_trial)
		stored = put_better(compressor, raw, len, record_bytes, at, bound);
	else
		stored =
		    put(compressor, has_records ? compressor->reach : FAR, raw, len, record_bytes, at, bound);
	out->len += stored;
	*frame = (struct store_frame_header){.stored_bytes = (uint32_t)stored,
					     .raw_bytes = (uint32_t)len,
					     .checksum = XXH3_64bits(at, stored)};
	return 0;
}
