#include "store/format/columns_get.h"

/* Memory that a column keeps from block to block. */
enum { KEEP_BYTES = STORE_BLOCK_EVENTS_MAX * sizeof(uint64_t) };

/* Whether the next eight varints have one byte each, as most do. Hot: halves the time of a scan over event columns. */
static bool eight_small(const struct store__cursor *cursor)
{
	uint64_t bytes;
	if (store__left(cursor) < sizeof bytes)
		return false;
	memcpy(&bytes, cursor->at, sizeof bytes);
	return (bytes & 0x8080808080808080u) == 0;
}

static void read_varints(struct store__cursor *in, uint64_t *values, uint32_t count)
{
	uint64_t base = store__get_varint(in);
	for (uint32_t i = 0; i < count;) {
		if (count - i < 8 || !eight_small(in)) {
			values[i++] = base + store__get_varint(in);
			continue;
		}
		for (uint32_t stop = i + 8; i < stop; i++)
			values[i] = base + *in->at++;
	}
}

static void read_deltas(struct store__cursor *in, uint64_t *values, uint32_t count)
{
	uint64_t value = 0;
	for (uint32_t i = 0; i < count;) {
		if (count - i < 8 || !eight_small(in)) {
			values[i++] = value += (uint64_t)store__unzigzag(store__get_varint(in));
			continue;
		}
		for (uint32_t stop = i + 8; i < stop; i++)
			values[i] = value += (uint64_t)store__unzigzag(*in->at++);
	}
}

static bool read_fixed(struct store__cursor *in, uint64_t *values, uint32_t count)
{
	const unsigned char *start = store__get_bytes(in, 1);
	uint32_t width = start ? *start : 0;
	uint64_t base = store__get_varint(in);
	const unsigned char *at = store__get_bytes(in, (uint64_t)width * count);
	if (!at)
		return false;
	switch (width) {
	case 1:
		for (uint32_t i = 0; i < count; i++)
			values[i] = base + at[i];
		return true;
	case 2:
		for (uint32_t i = 0; i < count; i++)
			values[i] = base + store__get_u16(at + 2 * (size_t)i);
		return true;
	case 4:
		for (uint32_t i = 0; i < count; i++)
			values[i] = base + store__get_u32(at + 4 * (size_t)i);
		return true;
	case 8:
		for (uint32_t i = 0; i < count; i++)
			values[i] = base + store__get_u64(at + 8 * (size_t)i);
		return true;
	default: return false;
	}
}

/* Read the next run's length; 0 when there is none or it exceeds the values that are left. */
static uint32_t read_run(struct store__cursor *in, uint32_t left)
{
	uint64_t run = store__get_varint(in);
	return in->bad || run > left ? 0 : (uint32_t)run;
}

static bool read_runs(struct store__cursor *in, uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0; i < count;) {
		uint64_t value = store__get_varint(in);
		uint32_t run = read_run(in, count - i);
		if (run == 0)
			return false;
		for (uint32_t stop = i + run; i < stop; i++)
			values[i] = value;
	}
	return true;
}

static bool read_delta_runs(struct store__cursor *in, uint64_t *values, uint32_t count)
{
	uint64_t value = 0;
	for (uint32_t i = 0; i < count;) {
		uint64_t step = (uint64_t)store__unzigzag(store__get_varint(in));
		uint32_t run = read_run(in, count - i);
		if (run == 0)
			return false;
		for (uint32_t stop = i + run; i < stop; i++)
			values[i] = value += step;
	}
	return true;
}

static bool read_values(struct store__cursor *in, unsigned encoding, uint64_t *values, uint32_t count)
{
	switch (encoding) {
	case STORE__FIXED: return read_fixed(in, values, count);
	case STORE__VARINT: read_varints(in, values, count); return true;
	case STORE__DELTA: read_deltas(in, values, count); return true;
	case STORE__RUNS: return read_runs(in, values, count);
	case STORE__DELTA_RUNS: return read_delta_runs(in, values, count);
	default: return false;
	}
}

static void set_constant(struct store__column *column, uint64_t value, uint32_t count)
{
	column->constant = value;
	column->values = &column->constant;
	column->mask = 0;
	column->count = count;
	column->bytes = (struct wire_slice){0};
}

static int read_numbers(struct store__column *column, unsigned encoding, uint32_t count,
			struct store__cursor *in)
{
	if (encoding == STORE__CONSTANT) {
		set_constant(column, store__get_varint(in), count);
		return 0;
	}
	store__buffer_shrink(&column->memory, KEEP_BYTES);
	if (store__buffer_reserve(&column->memory, (size_t)count * sizeof(uint64_t)))
		return -ENOMEM;
	uint64_t *values = (uint64_t *)(void *)column->memory.bytes;
	column->values = values;
	column->mask = UINT32_MAX;
	column->count = count;
	return read_values(in, encoding, values, count) ? 0 : STORE_EDAMAGE;
}

static int read_column(struct store__column *column, unsigned encoding, uint64_t count, uint64_t max_count,
		       struct store__cursor *in)
{
	if (column->seen)
		return STORE_EDAMAGE;
	column->seen = true;
	if (encoding == STORE__BYTES) {
		column->bytes = wire_slice((const char *)in->at, store__left(in));
		return count == column->bytes.len ? 0 : STORE_EDAMAGE;
	}
	if (count == 0 || count > max_count)
		return STORE_EDAMAGE;
	int error = read_numbers(column, encoding, (uint32_t)count, in);
	return error ? error : in->bad || store__left(in) > 0 ? STORE_EDAMAGE : 0;
}

int store__columns_read(struct store__column *columns, unsigned columns_len, const void *frame, size_t len)
{
	struct store__cursor in = store__cursor(frame, len);
	for (unsigned i = 0; i < columns_len; i++) {
		set_constant(&columns[i], 0, 0);
		columns[i].seen = false;
	}
	while (store__left(&in) > 0) {
		const unsigned char *tags = store__get_bytes(&in, 2);
		uint64_t count = store__get_varint(&in), bytes_len = store__get_varint(&in);
		const unsigned char *bytes = store__get_bytes(&in, bytes_len);
		if (in.bad)
			return STORE_EDAMAGE;
		if (tags[0] >= columns_len)
			continue;
		struct store__cursor column = store__cursor(bytes, bytes_len);
		uint64_t max = tags[0] < STORE__SMALL_COLUMNS ? STORE_BLOCK_EVENTS_MAX : STORE__VALUES_MAX;
		int error = read_column(&columns[tags[0]], tags[1], count, max, &column);
		if (error)
			return error;
	}
	return 0;
}

void store__columns_fini(struct store__column *columns, unsigned columns_len)
{
	for (unsigned i = 0; i < columns_len; i++)
		store__buffer_fini(&columns[i].memory);
}

bool store__column_is_within(const struct store__column *column, uint64_t max)
{
	if (store__column_is_constant(column))
		return column->constant <= max;
	uint64_t beyond = 0;
	for (uint32_t i = 0; i < column->count; i++)
		beyond |= column->values[i] > max;
	return beyond == 0;
}

bool store__column_adds_up(const struct store__column *column, uint32_t count, uint64_t sum)
{
	if (!store__column_is_within(column, UINT32_MAX))
		return false;
	if (store__column_is_constant(column))
		return column->constant * count == sum;
	uint64_t total = 0;
	for (uint32_t i = 0; i < count; i++)
		total += column->values[i];
	return total == sum;
}
