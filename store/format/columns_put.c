#include "store/format/columns_put.h"

/* To choose the encoding of a long column, SAMPLE_VALUES values in SAMPLE_SPANS places are examined. */
enum { SAMPLE_SPANS = 4, SAMPLE_VALUES = 4096 };

/* The most bytes that one value can take: two varints. */
enum { VALUE_BYTES_MAX = 2 * STORE__VARINT_MAX };

/* Id, encoding, two varints; the widest start of an encoding is a width and a base. */
enum { HEADER_BYTES_MAX = 2 + 2 * STORE__VARINT_MAX, START_BYTES_MAX = 1 + STORE__VARINT_MAX };

static inline uint64_t delta(const uint64_t *values, uint32_t at)
{
	return store__zigzag((int64_t)(values[at] - (at > 0 ? values[at - 1] : 0)));
}

static inline uint32_t varint_bytes(uint64_t value)
{
	uint32_t bits = 64 - (uint32_t)__builtin_clzll(value | 1);
	return (bits * 9 + 64) / 64;
}

/* The range of the values, and the bytes that each encoding would take for the sampled ones. */
struct profile {
	uint64_t min, max;
	uint32_t sampled;
	uint64_t bytes[STORE__BYTES];
};

static void find_range(struct profile *profile, const uint64_t *values, uint32_t count)
{
	uint64_t min = values[0], max = values[0];
	for (uint32_t i = 1; i < count; i++) {
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
	}
	profile->min = min;
	profile->max = max;
}

static void sample(struct profile *profile, const uint64_t *values, uint32_t from, uint32_t to)
{
	uint64_t last_delta = 0;
	for (uint32_t i = from; i < to; i++) {
		uint64_t step = delta(values, i);
		profile->bytes[STORE__VARINT] += varint_bytes(values[i] - profile->min);
		profile->bytes[STORE__DELTA] += varint_bytes(step);
		/* Assume one byte for a run's length. */
		if (step != 0 || i == from)
			profile->bytes[STORE__RUNS] += varint_bytes(values[i]) + 1;
		if (step != last_delta || i == from)
			profile->bytes[STORE__DELTA_RUNS] += varint_bytes(step) + 1;
		last_delta = step;
	}
	profile->sampled += to - from;
}

static uint32_t width_of(uint64_t value)
{
	return value <= UINT8_MAX ? 1 : value <= UINT16_MAX ? 2 : value <= UINT32_MAX ? 4 : 8;
}

static enum store__encoding choose(struct profile *profile, const uint64_t *values, uint32_t count)
{
	uint32_t spans = count > SAMPLE_VALUES ? SAMPLE_SPANS : 1;
	uint32_t span = count > SAMPLE_VALUES ? SAMPLE_VALUES / SAMPLE_SPANS : count;
	find_range(profile, values, count);
	if (profile->min == profile->max)
		return STORE__CONSTANT;
	for (uint32_t i = 0; i < spans; i++) {
		uint32_t from = i * (count / spans);
		sample(profile, values, from, from + span);
	}
	profile->bytes[STORE__FIXED] = (uint64_t)profile->sampled * width_of(profile->max - profile->min);
	enum store__encoding best = STORE__FIXED;
	for (enum store__encoding i = STORE__VARINT; i < STORE__BYTES; i++)
		if (profile->bytes[i] < profile->bytes[best])
			best = i;
	return best;
}

static unsigned char *put_fixed(unsigned char *out, const uint64_t *values, uint32_t count,
				const struct profile *profile)
{
	uint64_t base = profile->min;
	uint32_t width = width_of(profile->max - base);
	*out++ = (unsigned char)width;
	out = store__put_varint(out, base);
	switch (width) {
	case 1:
		for (uint32_t i = 0; i < count; i++)
			out[i] = (unsigned char)(values[i] - base);
		break;
	case 2:
		for (uint32_t i = 0; i < count; i++)
			store__put_u16(out + 2 * (size_t)i, (uint16_t)(values[i] - base));
		break;
	case 4:
		for (uint32_t i = 0; i < count; i++)
			store__put_u32(out + 4 * (size_t)i, (uint32_t)(values[i] - base));
		break;
	default:
		for (uint32_t i = 0; i < count; i++)
			store__put_u64(out + 8 * (size_t)i, values[i] - base);
		break;
	}
	return out + (size_t)width * count;
}

static unsigned char *put_varints(unsigned char *out, const uint64_t *values, uint32_t count, uint64_t base)
{
	out = store__put_varint(out, base);
	for (uint32_t i = 0; i < count; i++)
		out = store__put_varint(out, values[i] - base);
	return out;
}

static unsigned char *put_deltas(unsigned char *out, const uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		out = store__put_varint(out, delta(values, i));
	return out;
}

static unsigned char *put_runs(unsigned char *out, const uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0, start = 0; i < count; start = i) {
		while (i < count && values[i] == values[start])
			i++;
		out = store__put_varint(out, values[start]);
		out = store__put_varint(out, i - start);
	}
	return out;
}

static unsigned char *put_delta_runs(unsigned char *out, const uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0, start = 0; i < count; start = i) {
		uint64_t step = delta(values, start);
		while (i < count && delta(values, i) == step)
			i++;
		out = store__put_varint(out, step);
		out = store__put_varint(out, i - start);
	}
	return out;
}

static unsigned char *put_values(unsigned char *out, enum store__encoding encoding, const uint64_t *values,
				 uint32_t count, const struct profile *profile)
{
	switch (encoding) {
	case STORE__FIXED: return put_fixed(out, values, count, profile);
	case STORE__VARINT: return put_varints(out, values, count, profile->min);
	case STORE__DELTA: return put_deltas(out, values, count);
	case STORE__RUNS: return put_runs(out, values, count);
	default: return put_delta_runs(out, values, count);
	}
}

static void put_header(struct store__buffer *frame, unsigned id, enum store__encoding encoding, size_t count,
		       size_t len)
{
	frame->bytes[frame->len++] = (unsigned char)id;
	frame->bytes[frame->len++] = (unsigned char)encoding;
	store__buffer_put_varint(frame, count);
	store__buffer_put_varint(frame, len);
}

int store__column_put_constant(struct store__buffer *frame, unsigned id, uint64_t value, uint32_t count)
{
	if (store__buffer_reserve(frame, HEADER_BYTES_MAX + STORE__VARINT_MAX))
		return -ENOMEM;
	put_header(frame, id, STORE__CONSTANT, count, varint_bytes(value));
	store__buffer_put_varint(frame, value);
	return 0;
}

/* The header needs the length, which is known once the values are written: move them to their place after it. */
static void put_written(struct store__buffer *frame, unsigned id, enum store__encoding encoding,
			uint32_t count, const unsigned char *written, size_t len)
{
	put_header(frame, id, encoding, count, len);
	memmove(frame->bytes + frame->len, written, len);
	frame->len += len;
}

int store__column_put_runs(struct store__buffer *frame, unsigned id, const struct store__run *runs,
			   uint32_t runs_len, uint32_t count)
{
	if (store__buffer_reserve(frame, HEADER_BYTES_MAX + (size_t)runs_len * VALUE_BYTES_MAX))
		return -ENOMEM;
	unsigned char *room = frame->bytes + frame->len + HEADER_BYTES_MAX, *end = room;
	for (uint32_t i = 0; i < runs_len; i++) {
		end = store__put_varint(end, runs[i].value);
		end = store__put_varint(end, runs[i].count);
	}
	put_written(frame, id, STORE__RUNS, count, room, (size_t)(end - room));
	return 0;
}

int store__column_put(struct store__buffer *frame, unsigned id, const uint64_t *values, uint32_t count)
{
	struct profile profile = {0};
	if (count == 0)
		return 0;
	enum store__encoding encoding = choose(&profile, values, count);
	if (encoding == STORE__CONSTANT)
		return store__column_put_constant(frame, id, values[0], count);
	if (store__buffer_reserve(frame,
				  HEADER_BYTES_MAX + START_BYTES_MAX + (size_t)count * VALUE_BYTES_MAX))
		return -ENOMEM;
	unsigned char *room = frame->bytes + frame->len + HEADER_BYTES_MAX;
	size_t len = (size_t)(put_values(room, encoding, values, count, &profile) - room);
	put_written(frame, id, encoding, count, room, len);
	return 0;
}

int store__column_put_bytes(struct store__buffer *frame, unsigned id, const void *bytes, size_t len)
{
	if (len == 0)
		return 0;
	if (store__buffer_reserve(frame, HEADER_BYTES_MAX + len))
		return -ENOMEM;
	put_header(frame, id, STORE__BYTES, len, len);
	store__buffer_put(frame, bytes, len);
	return 0;
}
