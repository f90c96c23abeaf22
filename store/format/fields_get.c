#include "store/format/fields_get.h"

#include "wire/error.h"

/* Bytes that are copied at once where there is room for them. */
enum { COPY = 16 };

struct node {
	const unsigned char *piece;
	const unsigned char *fields;  /* after the last of its column's fields that is still to be taken */
	const unsigned char *lengths; /* likewise */
	size_t piece_len;
	uint32_t count; /* records that pass */
	uint16_t above;
	uint8_t kind, width, depth;
};

struct record {
	uint32_t node, tail_len;
};

struct decoder {
	struct store__cursor in;
	const unsigned char *begin; /* of the input */
	struct node *nodes;         /* [0] is the root */
	struct record *records;
	uint32_t nodes_len, records_len;
	const unsigned char *tails; /* after the last one that is still to be taken */
};

/* Reserve memory for the nodes and records, uninitialized. */
static int reserve(struct decoder *decoder, struct store__buffer *scratch)
{
	uint64_t records = store__get_varint(&decoder->in), nodes = store__get_varint(&decoder->in);
	if (decoder->in.bad || records > STORE__FIELDS_RECORDS_MAX || nodes > STORE__FIELDS_NODES_MAX)
		return STORE_EDAMAGE;
	decoder->records_len = (uint32_t)records;
	decoder->nodes_len = (uint32_t)nodes + 1;
	size_t nodes_bytes = decoder->nodes_len * sizeof(struct node);
	scratch->len = 0;
	if (store__buffer_reserve(scratch, nodes_bytes + records * sizeof(struct record)))
		return -ENOMEM;
	decoder->nodes = (struct node *)(void *)scratch->bytes;
	decoder->records = (struct record *)(void *)(scratch->bytes + nodes_bytes);
	return 0;
}

static bool get_node(struct decoder *decoder, uint32_t number)
{
	uint64_t up = store__get_varint(&decoder->in), piece_len = store__get_varint(&decoder->in);
	uint64_t column = store__get_varint(&decoder->in), width = column >> STORE__FIELD_KIND_BITS;
	if (decoder->in.bad || up < 1 || up > number || width > STORE__FIELD_BYTES_MAX)
		return false;
	const struct node *above = &decoder->nodes[number - up];
	if (above->depth == STORE__FIELDS_DEPTH_MAX)
		return false;
	decoder->nodes[number] = (struct node){.piece_len = piece_len,
					       .above = (uint16_t)(number - up),
					       .kind = column & ((1u << STORE__FIELD_KIND_BITS) - 1),
					       .width = (uint8_t)width,
					       .depth = (uint8_t)(above->depth + 1)};
	return true;
}

static bool get_nodes(struct decoder *decoder)
{
	decoder->nodes[0] = (struct node){0};
	for (uint32_t i = 1; i < decoder->nodes_len; i++)
		if (!get_node(decoder, i))
			return false;
	for (uint32_t i = 1; i < decoder->nodes_len; i++)
		decoder->nodes[i].piece = store__get_bytes(&decoder->in, decoder->nodes[i].piece_len);
	return !decoder->in.bad;
}

/* Read the node that each record ends with, and count how often each node is passed. */
static bool get_records(struct decoder *decoder)
{
	uint64_t number = 0;
	for (uint32_t i = 0; i < decoder->records_len; i++) {
		uint64_t code = store__get_varint(&decoder->in);
		number += (uint64_t)store__unzigzag(code >> 1);
		if (number >= decoder->nodes_len)
			return false;
		decoder->records[i] = (struct record){.node = (uint32_t)number, .tail_len = code & 1};
		decoder->nodes[number].count++;
	}
	for (uint32_t i = decoder->nodes_len - 1; i > 0; i--)
		decoder->nodes[decoder->nodes[i].above].count += decoder->nodes[i].count;
	return !decoder->in.bad;
}

static uint64_t sum(const unsigned char *bytes, uint32_t count)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < count; i++)
		total += bytes[i];
	return total;
}

static bool get_lengths(struct decoder *decoder)
{
	for (uint32_t i = 0; i < decoder->records_len; i++) {
		if (decoder->records[i].tail_len == 0)
			continue;
		uint64_t len = store__get_varint(&decoder->in);
		if (len > UINT32_MAX)
			return false;
		decoder->records[i].tail_len = (uint32_t)len;
	}
	for (uint32_t i = 1; i < decoder->nodes_len; i++) {
		struct node *node = &decoder->nodes[i];
		if (node->kind == STORE__FIELD_LENGTHS)
			node->lengths = store__get_bytes(&decoder->in, node->count);
	}
	return !decoder->in.bad;
}

static uint64_t column_bytes(const struct node *node)
{
	switch (node->kind) {
	case STORE__FIELD_LENGTHS: return sum(node->lengths, node->count);
	case STORE__FIELD_FIXED: return (uint64_t)node->width * node->count;
	case STORE__FIELD_CONSTANT: return node->width;
	default: return 0;
	}
}

/* The columns are read from their ends, because records are put together from the last to the first. */
static bool get_columns(struct decoder *decoder)
{
	uint64_t tails = 0;
	for (uint32_t i = 1; i < decoder->nodes_len; i++) {
		struct node *node = &decoder->nodes[i];
		uint64_t bytes = column_bytes(node);
		node->fields = store__get_bytes(&decoder->in, bytes);
		if (decoder->in.bad)
			return false;
		node->fields += bytes;
		if (node->kind == STORE__FIELD_LENGTHS)
			node->lengths += node->count;
	}
	for (uint32_t i = 0; i < decoder->records_len; i++)
		tails += decoder->records[i].tail_len;
	decoder->tails = decoder->in.end;
	return tails == store__left(&decoder->in);
}

/* The result, which is written from its end. */
struct output {
	unsigned char *begin, *at;
};

/* Put len bytes before those that are there; false when they do not fit. Copies sixteen at once where both sides have them:
 * the next bytes overwrite the surplus. */
static inline bool put(struct output *out, const struct decoder *decoder, const unsigned char *from,
		       size_t len)
{
	size_t room = (size_t)(out->at - out->begin);
	if (len > room)
		return false;
	out->at -= len;
	if (len <= COPY && room >= COPY && from + len - decoder->begin >= COPY)
		memcpy(out->at + len - COPY, from + len - COPY, COPY);
	else if (len > 0)
		memcpy(out->at, from, len);
	return true;
}

/* Take the column's last field. The lengths add up to the column's bytes, so that no field lies beyond it. */
static inline const unsigned char *take_field(struct node *node, size_t *len)
{
	*len = node->width;
	switch (node->kind) {
	case STORE__FIELD_LENGTHS:
		*len = *--node->lengths;
		node->fields -= *len;
		return node->fields;
	case STORE__FIELD_CONSTANT: return node->fields - *len;
	case STORE__FIELD_FIXED: break;
	default: *len = 0; return node->fields;
	}
	node->fields -= *len;
	const unsigned char *field = node->fields;
	for (; *len > 0 && *field == 0; field++)
		--*len;
	return field;
}

/* Hot: from the node that a record ends with up to the root. */
static inline bool put_record(struct decoder *decoder, const struct record *record, struct output *out)
{
	decoder->tails -= record->tail_len;
	if (!put(out, decoder, decoder->tails, record->tail_len))
		return false;
	for (uint32_t i = record->node; i > 0; i = decoder->nodes[i].above) {
		struct node *node = &decoder->nodes[i];
		size_t len;
		const unsigned char *field = take_field(node, &len);
		if (!put(out, decoder, field, len) || !put(out, decoder, node->piece, node->piece_len))
			return false;
	}
	return true;
}

int store__fields_get(struct store__buffer *scratch, const unsigned char *in, size_t len, unsigned char *out,
		      size_t raw_len)
{
	struct decoder decoder = {.in = store__cursor(in, len)};
	struct output output = {.begin = out, .at = out + raw_len};
	decoder.begin = decoder.in.at;
	int error = reserve(&decoder, scratch);
	if (error)
		return error;
	if (!get_nodes(&decoder) || !get_records(&decoder) || !get_lengths(&decoder) ||
	    !get_columns(&decoder))
		return STORE_EDAMAGE;
	for (uint32_t i = decoder.records_len; i > 0; i--)
		if (!put_record(&decoder, &decoder.records[i - 1], &output))
			return STORE_EDAMAGE;
	return output.at == output.begin ? 0 : STORE_EDAMAGE;
}
