#include "bench/floor/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
	BLOCKS = 4,                 /* the bound on memory */
	BLOCK_MESSAGES = 64 * 1024, /* a block is full at so many messages… */
	BLOCK_BYTES = 1024 * 1024,  /* …or payload bytes */
	PAYLOAD_MAX = 1024 * 1024,  /* the protocol's default limit */
	VARINT_MAX = 10,
	SUBJECTS = 4096, /* slots of the subject table, a power of two */
	SUBJECT_MAX = 60,
};

enum { TIME, CONN, SUBJECT, SIZE, RECEIVERS, NAME, PAYLOAD, COLUMNS };

struct column {
	unsigned char *bytes;
	size_t len;
};

struct block {
	struct block *next;
	uint32_t messages;
	struct column columns[COLUMNS];
};

struct subject {
	uint32_t len;
	uint32_t id;
	char text[SUBJECT_MAX];
};

struct floor_log {
	struct block *filling;
	int64_t time_ns, last_time_ns;
	uint32_t subject_ids;
	struct subject subjects[SUBJECTS]; /* direct-mapped: a collision forgets the older one */

	pthread_mutex_t mutex; /* guards the members below */
	pthread_cond_t changed;
	struct block *free, *full, **full_end;
	bool closing;

	pthread_t thread; /* the writer's, as are the members below */
	ZSTD_CCtx *zstd;
	void *compressed;
	size_t compressed_cap;
	int fd, error;
};

static size_t column_cap(int column)
{
	switch (column) {
	case PAYLOAD: return BLOCK_BYTES + PAYLOAD_MAX;
	case NAME: return (size_t)BLOCK_MESSAGES * (SUBJECT_MAX + 1);
	default: return (size_t)BLOCK_MESSAGES * VARINT_MAX;
	}
}

static struct block *block_open(void)
{
	struct block *block = calloc(1, sizeof *block);
	for (int i = 0; block && i < COLUMNS; i++)
		if (!(block->columns[i].bytes = malloc(column_cap(i))))
			abort();
	return block;
}

static void block_close(struct block *block)
{
	for (int i = 0; i < COLUMNS; i++)
		free(block->columns[i].bytes);
	free(block);
}

static void put_varint(struct column *column, uint64_t value)
{
	while (value >= 0x80) {
		column->bytes[column->len++] = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	column->bytes[column->len++] = (unsigned char)value;
}

static void write_all(struct floor_log *log, const char *bytes, size_t len)
{
	while (len > 0 && !log->error) {
		ssize_t written = write(log->fd, bytes, len);
		if (written < 0) {
			log->error = -errno;
			return;
		}
		bytes += written;
		len -= (size_t)written;
	}
}

static void write_block(struct floor_log *log, struct block *block)
{
	char *out = log->compressed;
	size_t len = 0;
	for (int i = 0; i < COLUMNS; i++) {
		size_t wrote = ZSTD_compress2(log->zstd, out + len, log->compressed_cap - len,
					      block->columns[i].bytes, block->columns[i].len);
		if (ZSTD_isError(wrote))
			abort();
		len += wrote;
		block->columns[i].len = 0;
	}
	block->messages = 0;
	write_all(log, out, len);
}

static void *run_writer(void *context)
{
	struct floor_log *log = context;
	pthread_mutex_lock(&log->mutex);
	for (;;) {
		while (!log->full && !log->closing)
			pthread_cond_wait(&log->changed, &log->mutex);
		struct block *block = log->full;
		if (!block)
			break;
		log->full = block->next;
		if (!log->full)
			log->full_end = &log->full;
		pthread_mutex_unlock(&log->mutex);
		write_block(log, block);
		pthread_mutex_lock(&log->mutex);
		block->next = log->free;
		log->free = block;
		pthread_cond_signal(&log->changed);
	}
	pthread_mutex_unlock(&log->mutex);
	return NULL;
}

/* Hand over the block that was filled, and take a free one. */
static void swap_blocks(struct floor_log *log)
{
	pthread_mutex_lock(&log->mutex);
	log->filling->next = NULL;
	*log->full_end = log->filling;
	log->full_end = &log->filling->next;
	pthread_cond_signal(&log->changed);
	while (!log->free)
		pthread_cond_wait(&log->changed, &log->mutex);
	log->filling = log->free;
	log->free = log->filling->next;
	pthread_mutex_unlock(&log->mutex);
}

static uint32_t subject_hash(const char *text, size_t len)
{
	uint64_t tail = 0;
	memcpy(&tail, len > sizeof tail ? text + len - sizeof tail : text,
	       len > sizeof tail ? sizeof tail : len);
	return (uint32_t)((tail + len) * 0x9e3779b97f4a7c15u >> 52) & (SUBJECTS - 1);
}

/* The subject's number; its name goes into the block that first has it. */
static uint32_t subject_id(struct floor_log *log, const char *text, size_t len)
{
	struct subject *slot = &log->subjects[subject_hash(text, len)];
	if (slot->len == len && memcmp(slot->text, text, len) == 0)
		return slot->id;
	struct column *names = &log->filling->columns[NAME];
	len = len < SUBJECT_MAX ? len : SUBJECT_MAX;
	names->bytes[names->len++] = (unsigned char)len;
	memcpy(names->bytes + names->len, text, len);
	names->len += len;
	memcpy(slot->text, text, len);
	slot->len = (uint32_t)len;
	return slot->id = log->subject_ids++;
}

void floor_log_set_time(struct floor_log *log, int64_t time_ns)
{
	log->time_ns = time_ns;
}

void floor_log_append(struct floor_log *log, uint32_t conn, uint32_t receivers, const char *subject,
		      size_t subject_len, const char *payload, size_t payload_len)
{
	struct column *columns = log->filling->columns;
	put_varint(&columns[TIME], (uint64_t)(log->time_ns - log->last_time_ns));
	put_varint(&columns[CONN], conn);
	put_varint(&columns[SUBJECT], subject_id(log, subject, subject_len));
	put_varint(&columns[SIZE], payload_len);
	put_varint(&columns[RECEIVERS], receivers);
	memcpy(columns[PAYLOAD].bytes + columns[PAYLOAD].len, payload, payload_len);
	columns[PAYLOAD].len += payload_len;
	log->last_time_ns = log->time_ns;
	if (++log->filling->messages == BLOCK_MESSAGES || columns[PAYLOAD].len >= BLOCK_BYTES)
		swap_blocks(log);
}

int floor_log_open(struct floor_log **out, const char *path, int level)
{
	struct floor_log *log = calloc(1, sizeof *log);
	if (!log)
		return -ENOMEM;
	log->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log->fd < 0) {
		free(log);
		return -errno;
	}
	log->full_end = &log->full;
	pthread_mutex_init(&log->mutex, NULL);
	pthread_cond_init(&log->changed, NULL);
	for (int i = 0; i < COLUMNS; i++)
		log->compressed_cap += ZSTD_compressBound(column_cap(i));
	log->compressed = malloc(log->compressed_cap);
	log->zstd = ZSTD_createCCtx();
	log->filling = block_open();
	if (!log->compressed || !log->zstd || !log->filling)
		abort();
	ZSTD_CCtx_setParameter(log->zstd, ZSTD_c_compressionLevel, level);
	for (int i = 1; i < BLOCKS; i++) {
		struct block *block = block_open();
		if (!block)
			abort();
		block->next = log->free;
		log->free = block;
	}
	*out = log;
	return -pthread_create(&log->thread, NULL, run_writer, log);
}

int floor_log_close(struct floor_log *log)
{
	swap_blocks(log);
	pthread_mutex_lock(&log->mutex);
	log->closing = true;
	pthread_cond_signal(&log->changed);
	pthread_mutex_unlock(&log->mutex);
	pthread_join(log->thread, NULL);
	int error = log->error;
	block_close(log->filling);
	for (struct block *next, *block = log->free; block; block = next) {
		next = block->next;
		block_close(block);
	}
	close(log->fd);
	ZSTD_freeCCtx(log->zstd);
	free(log->compressed);
	free(log);
	return error;
}
