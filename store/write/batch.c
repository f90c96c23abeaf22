#include "store/write/batch.h"

#include <assert.h>
#include <sys/random.h>

#include "store/format/columns.h"
#include "store/write/batch_layout.h"

/* Memory that a reset keeps of each buffer. */
enum { KEEP_PAYLOAD_BYTES = 2 * STORE_BLOCK_PAYLOAD_BYTES, KEEP_AUX_BYTES = 2 << 20 };

/* Columns that are zero for plain messages. */
static const struct sparse_column {
	enum store__event_column id;
	size_t offset, width;
} sparse_columns[] = {
#define SPARSE(id, name)                                                                           \
	{                                                                                          \
		id, offsetof(struct store__rows, name), sizeof(((struct store__rows *)0)->name[0]) \
	}
    SPARSE(STORE__KIND, kind),
    SPARSE(STORE__FLAGS, flags),
    SPARSE(STORE__HEADERS_BYTES, headers_bytes),
    SPARSE(STORE__REPLY_BYTES, reply_bytes),
    SPARSE(STORE__DETAILS_BYTES, details_bytes),
    SPARSE(STORE__DELAYS_LENGTH, delays_len),
    SPARSE(STORE__RECEIVER_COUNT, receiver_count),
    SPARSE(STORE__MISSING_BYTES, missing_bytes),
    SPARSE(STORE__REFERS_TO, refers_to),
#undef SPARSE
};

struct store_batch *store_batch_open(void)
{
	struct store_batch *batch = calloc(1, sizeof *batch);
	uint64_t random[2];
	if (!batch)
		return NULL;
	if (getrandom(random, sizeof random, 0) != sizeof random ||
	    store__buffer_reserve(&batch->payloads, STORE_BLOCK_PAYLOAD_BYTES) ||
	    store_table_init(&batch->subject_table) || store_table_init(&batch->subscriber_table) ||
	    store_table_init(&batch->set_table)) {
		store_batch_close(batch);
		return NULL;
	}
	/* Stamps count from a random number, so that no two batches ever use the same one. */
	batch->stamp = random[0] | 1;
	batch->seed = random[1];
	return batch;
}

void store_batch_close(struct store_batch *batch)
{
	struct store__buffer *buffer;
	if (!batch)
		return;
	for (int i = 0; (buffer = store__batch_side_buffer(batch, i)); i++)
		store__buffer_fini(buffer);
	store__buffer_fini(&batch->payloads);
	store_table_fini(&batch->subject_table);
	store_table_fini(&batch->subscriber_table);
	store_table_fini(&batch->set_table);
	free(batch);
}

static void clear_sparse_columns(struct store_batch *batch)
{
	for (size_t i = 0; i < sizeof sparse_columns / sizeof *sparse_columns; i++) {
		const struct sparse_column *column = &sparse_columns[i];
		if (batch->sparse & 1u << column->id)
			memset((unsigned char *)&batch->rows + column->offset, 0,
			       column->width * batch->events);
	}
	batch->sparse = 0;
}

void store_batch_reset(struct store_batch *batch)
{
	struct store__buffer *buffer;
	clear_sparse_columns(batch);
	batch->events = batch->messages = batch->kinds = batch->origins = 0;
	batch->min_time_ns = batch->max_time_ns = 0;
	batch->payload_bytes = batch->deliveries = batch->max_conn = 0;
	batch->stamp += 2;
	store__buffer_shrink(&batch->payloads, KEEP_PAYLOAD_BYTES);
	for (int i = 0; (buffer = store__batch_side_buffer(batch, i)); i++)
		store__buffer_shrink(buffer, KEEP_AUX_BYTES);
	store_table_clear(&batch->subject_table);
	store_table_clear(&batch->subscriber_table);
	store_table_clear(&batch->set_table);
}

static void pass_on(struct store_table *full, struct store_table *next)
{
	struct store_table empty = *next;
	*next = *full;
	*full = empty;
	store_table_clear(next);
}

void store_batch_pass_on(struct store_batch *full, struct store_batch *next)
{
	assert(next->events == 0);
	pass_on(&full->subject_table, &next->subject_table);
	pass_on(&full->subscriber_table, &next->subscriber_table);
	pass_on(&full->set_table, &next->set_table);
}

uint32_t store_batch_events(const struct store_batch *batch)
{
	return batch->events;
}

uint32_t store_batch_messages(const struct store_batch *batch)
{
	return batch->messages;
}

uint64_t store_batch_bytes(const struct store_batch *batch)
{
	return batch->payloads.len;
}

uint64_t store_batch_memory(const struct store_batch *batch)
{
	uint64_t slots =
	    (uint64_t)batch->subject_table.mask + batch->subscriber_table.mask + batch->set_table.mask + 3;
	return sizeof *batch + slots * sizeof(struct store_table_slot) + batch->payloads.cap +
	       batch->replies.cap + batch->details.cap + batch->delays.cap + batch->subjects.cap +
	       batch->subject_text.cap + batch->subscribers.cap + batch->subscriber_text.cap +
	       batch->sets.cap + batch->members.cap;
}

int64_t store_batch_min_time_ns(const struct store_batch *batch)
{
	return batch->min_time_ns;
}

int64_t store_batch_max_time_ns(const struct store_batch *batch)
{
	return batch->max_time_ns;
}

uint64_t store_batch_max_conn(const struct store_batch *batch)
{
	return batch->max_conn;
}
