#include "store/format/fields_put.h"

#include "store/format/fields_tree.h"

/* A node shared by fewer records saves less than it takes. */
enum { SHARED_MIN = 2 };

/* Memory that the steps keep from frame to frame. */
enum { KEEP_BYTES = 4 << 20 };

/* A node as it is written to the frame. */
struct column {
	uint16_t number; /* of the node; 0 = it is left out, and so are all nodes below it */
	uint8_t kind;    /* enum store__field_kind */
	uint8_t width;
	uint32_t piece_len;  /* of the node */
	uint32_t lengths_at; /* where the next length, */
	uint32_t bytes_at;   /* and where the next field goes, both from the start of their section */
};

/* A record: raw[begin..end), and the steps that it took up to its tail. */
struct path {
	uint32_t first, count; /* in steps */
	uint32_t begin, tail, end;
};

struct store__fields {
	struct store__tree tree;
	struct column *columns;     /* one a node of the tree */
	struct store__buffer steps; /* struct store__tree_step */
	struct store__buffer paths; /* struct path: of the records that are not empty */
	uint32_t records;
	uint32_t nodes; /* that go into the frame */
	uint32_t lengths_bytes, fields_bytes;
};

struct store__fields *store__fields_open(void)
{
	struct store__fields *fields = calloc(1, sizeof *fields);
	if (!fields)
		return NULL;
	fields->columns = malloc((STORE__FIELDS_NODES_MAX + 1) * sizeof *fields->columns);
	if (store__tree_init(&fields->tree) || !fields->columns) {
		store__fields_close(fields);
		return NULL;
	}
	return fields;
}

void store__fields_close(struct store__fields *fields)
{
	if (!fields)
		return;
	store__tree_fini(&fields->tree);
	free(fields->columns);
	store__buffer_fini(&fields->steps);
	store__buffer_fini(&fields->paths);
	free(fields);
}

static struct store__tree_step *steps_of(const struct store__fields *fields)
{
	return (struct store__tree_step *)(void *)fields->steps.bytes;
}

static struct path *paths_of(const struct store__fields *fields)
{
	return (struct path *)(void *)fields->paths.bytes;
}

/* Walk all records down the tree. */
static int learn(struct store__fields *fields, const unsigned char *raw, size_t raw_len,
		 const uint32_t *lengths, uint32_t count)
{
	const size_t room = STORE__FIELDS_DEPTH_MAX * sizeof(struct store__tree_step);
	uint32_t at = 0, taken = 0;
	fields->records = 0;
	store__tree_clear(&fields->tree);
	store__buffer_shrink(&fields->steps, KEEP_BYTES);
	fields->paths.len = 0;
	if (store__buffer_reserve(&fields->paths, count * sizeof(struct path)))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct path path = {.first = taken, .begin = at, .end = at + lengths[i]};
		if (lengths[i] == 0)
			continue;
		if (store__buffer_reserve(&fields->steps, room))
			return -ENOMEM;
		struct store__tree_path way = store__tree_walk(&fields->tree, raw, raw_len, path.begin,
							       path.end, steps_of(fields) + taken);
		path.count = way.steps;
		path.tail = way.tail;
		taken += path.count;
		fields->steps.len = taken * sizeof(struct store__tree_step);
		paths_of(fields)[fields->records++] = path;
		at = path.end;
	}
	return 0;
}

static enum store__field_kind choose_kind(const struct store__node *node)
{
	if (node->widest.field_len == 0)
		return STORE__FIELD_NONE;
	if (node->constant_len > node->piece_len)
		return STORE__FIELD_CONSTANT;
	/* A length takes a byte, too. */
	return node->padding <= node->count ? STORE__FIELD_FIXED : STORE__FIELD_LENGTHS;
}

static uint32_t column_bytes(const struct column *column, const struct store__node *node)
{
	switch (column->kind) {
	case STORE__FIELD_CONSTANT: return column->width;
	case STORE__FIELD_FIXED: return column->width * node->count;
	case STORE__FIELD_LENGTHS: return column->width * node->count - node->padding;
	default: return 0;
	}
}

/* Number the nodes that are shared, and give each column its place. No node is shared by more records than its parent, so
 * that the nodes left out are the ends of paths. */
static void lay_out(struct store__fields *fields)
{
	fields->nodes = fields->lengths_bytes = fields->fields_bytes = 0;
	fields->columns[0] = (struct column){0};
	for (uint32_t i = 1; i < fields->tree.len; i++) {
		const struct store__node *node = &fields->tree.nodes[i];
		struct column *column = &fields->columns[i];
		*column = (struct column){0};
		if (node->count < SHARED_MIN)
			continue;
		*column = (struct column){.number = (uint16_t)++fields->nodes,
					  .kind = (uint8_t)choose_kind(node),
					  .width = (uint8_t)node->widest.field_len,
					  .piece_len = node->piece_len,
					  .lengths_at = fields->lengths_bytes,
					  .bytes_at = fields->fields_bytes};
		fields->fields_bytes += column_bytes(column, node);
		if (column->kind == STORE__FIELD_LENGTHS)
			fields->lengths_bytes += node->count;
	}
}

static int put_nodes(const struct store__fields *fields, struct store__buffer *out)
{
	const struct store__node *nodes = fields->tree.nodes;
	size_t text_bytes = 0;
	if (store__buffer_reserve(out, ((size_t)fields->nodes + 1) * 3 * STORE__VARINT_MAX))
		return -ENOMEM;
	store__buffer_put_varint(out, fields->records);
	store__buffer_put_varint(out, fields->nodes);
	for (uint32_t i = 1; i < fields->tree.len; i++) {
		const struct column *column = &fields->columns[i];
		if (column->number == 0)
			continue;
		uint16_t above = fields->columns[nodes[i].parent - nodes].number;
		store__buffer_put_varint(out, (uint64_t)column->number - above);
		store__buffer_put_varint(out, nodes[i].piece_len);
		store__buffer_put_varint(out,
					 (uint64_t)column->width << STORE__FIELD_KIND_BITS | column->kind);
		text_bytes += nodes[i].piece_len;
	}
	if (store__buffer_reserve(out, text_bytes))
		return -ENOMEM;
	for (uint32_t i = 1; i < fields->tree.len; i++)
		if (fields->columns[i].number != 0)
			store__buffer_put(out, nodes[i].piece, nodes[i].piece_len);
	return 0;
}

/* The node of the path's last step; 0 when it has none. */
static uint32_t last_node(const struct store__fields *fields, const struct path *path)
{
	return path->count > 0 ? steps_of(fields)[path->first + path->count - 1].node : 0;
}

/* Move steps whose nodes are left out to the tail. Such a node has one record, and its tail begins with the piece. */
static void cut_path(const struct store__fields *fields, struct path *path, const unsigned char *raw)
{
	uint32_t node;
	while ((node = last_node(fields, path)) != 0 && fields->columns[node].number == 0) {
		path->tail = (uint32_t)(fields->tree.nodes[node].piece - raw);
		path->count--;
	}
}

/* Write the node that each record ends with and whether a tail follows; then the tails' lengths. */
static int put_records(struct store__fields *fields, const unsigned char *raw, struct store__buffer *out)
{
	uint16_t before = 0;
	if (store__buffer_reserve(out, (size_t)fields->records * 2 * STORE__VARINT_MAX))
		return -ENOMEM;
	for (uint32_t i = 0; i < fields->records; i++) {
		struct path *path = &paths_of(fields)[i];
		cut_path(fields, path, raw);
		uint16_t last = fields->columns[last_node(fields, path)].number;
		store__buffer_put_varint(out, store__zigzag((int64_t)last - before) << 1 |
						  (path->tail < path->end));
		before = last;
	}
	for (uint32_t i = 0; i < fields->records; i++) {
		const struct path *path = &paths_of(fields)[i];
		if (path->tail < path->end)
			store__buffer_put_varint(out, path->end - path->tail);
	}
	return 0;
}

/* Fields are short, and none is empty: no call to memcpy for most. */
static inline void copy(unsigned char *out, const unsigned char *from, uint32_t len)
{
	if (len > 16) {
		memcpy(out, from, len);
	} else if (len >= 8) {
		memcpy(out, from, 8);
		memcpy(out + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(out, from, 4);
		memcpy(out + len - 4, from + len - 4, 4);
	} else {
		out[0] = from[0];
		out[len / 2] = from[len / 2];
		out[len - 1] = from[len - 1];
	}
}

/* Hot: copy the fields of the record at `from` to columns that are zero. */
static inline void put_fields(struct column *columns, const struct store__tree_step *steps, uint32_t count,
			      const unsigned char *from, unsigned char *lengths, unsigned char *bytes)
{
	for (const struct store__tree_step *step = steps; step < steps + count; step++) {
		struct column *column = &columns[step->node];
		uint32_t len = step->field_len;
		from += column->piece_len;
		if (column->kind == STORE__FIELD_FIXED) {
			column->bytes_at += column->width;
			copy(bytes + column->bytes_at - len, from, len);
		} else if (column->kind == STORE__FIELD_LENGTHS) {
			copy(bytes + column->bytes_at, from, len);
			column->bytes_at += len;
			lengths[column->lengths_at++] = (unsigned char)len;
		}
		from += len;
	}
}

static void put_constants(const struct store__fields *fields, unsigned char *bytes)
{
	for (uint32_t i = 1; i < fields->tree.len; i++) {
		const struct column *column = &fields->columns[i];
		const struct store__node *node = &fields->tree.nodes[i];
		if (column->number != 0 && column->kind == STORE__FIELD_CONSTANT)
			memcpy(bytes + column->bytes_at, node->piece + node->piece_len, column->width);
	}
}

static int put_columns(struct store__fields *fields, const unsigned char *raw, struct store__buffer *out)
{
	size_t columns_bytes = (size_t)fields->lengths_bytes + fields->fields_bytes;
	if (store__buffer_reserve(out, columns_bytes))
		return -ENOMEM;
	unsigned char *lengths = out->bytes + out->len, *bytes = lengths + fields->lengths_bytes;
	memset(bytes, 0, fields->fields_bytes);
	put_constants(fields, bytes);
	for (uint32_t i = 0; i < fields->records; i++) {
		const struct path *path = &paths_of(fields)[i];
		put_fields(fields->columns, steps_of(fields) + path->first, path->count, raw + path->begin,
			   lengths, bytes);
	}
	out->len += columns_bytes;
	return 0;
}

static int put_tails(const struct store__fields *fields, const unsigned char *raw, size_t raw_len,
		     struct store__buffer *out)
{
	if (store__buffer_reserve(out, raw_len))
		return -ENOMEM;
	for (uint32_t i = 0; i < fields->records; i++) {
		const struct path *path = &paths_of(fields)[i];
		store__buffer_put(out, raw + path->tail, path->end - path->tail);
	}
	return 0;
}

int store__fields_put(struct store__fields *fields, const unsigned char *raw, size_t raw_len,
		      const uint32_t *lengths, uint32_t count, struct store__buffer *out)
{
	int error = learn(fields, raw, raw_len, lengths, count);
	if (error)
		return error;
	lay_out(fields);
	error = put_nodes(fields, out);
	error = error ? error : put_records(fields, raw, out);
	error = error ? error : put_columns(fields, raw, out);
	return error ? error : put_tails(fields, raw, raw_len, out);
}
