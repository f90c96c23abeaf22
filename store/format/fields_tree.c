#include "store/format/fields_tree.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Inlined whatever its size: the walk is compiled once for records with room after them, once for records without. */
#define HOT  static inline __attribute__((always_inline))
#define RARE static __attribute__((noinline))

enum {
	STEP = 16, /* bytes that are examined at once */
	/* A node may have this many children that do not recur, and one more for every second record that met an existing
	 * child: so free text does not fill the tree. */
	UNPROVEN_CHILDREN = 8,
	CHILDREN_MAX = 256,
	NO_FIELD = STORE__FIELD_BYTES_MAX + 1,
};

/* The end of all records, and whether STEP bytes may be read from any place in the current one, its end included. */
struct text {
	const unsigned char *end;
	bool has_room;
};

static bool is_digit(unsigned char byte)
{
	return (unsigned char)(byte - '0') < 10;
}

static bool is_alnum(unsigned char byte)
{
	return is_digit(byte) || (unsigned char)((byte | 0x20) - 'a') < 26;
}

#ifdef __SSE2__
HOT __m128i load(const unsigned char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Bytes become 0xff when they are among the `count` from first on, else 0. */
HOT __m128i is_within(__m128i bytes, int first, int count)
{
	const __m128i from_least = _mm_add_epi8(bytes, _mm_set1_epi8((char)(INT8_MIN - first)));
	return _mm_cmplt_epi8(from_least, _mm_set1_epi8((char)(INT8_MIN + count)));
}

HOT uint32_t mark_step(const unsigned char *at)
{
	const __m128i bytes = load(at), digits = is_within(bytes, '0', 10);
	const __m128i letters = is_within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(digits, letters));
}

/* How many bytes two steps have in common at their beginning. */
HOT uint32_t common_len(const unsigned char *one, const unsigned char *other)
{
	uint32_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(load(one), load(other)));
	return (uint32_t)__builtin_ctz(~same);
}
#endif

static uint32_t mark_bytes(const unsigned char *at, size_t len)
{
	uint32_t marks = 0;
	for (size_t i = 0; i < len; i++)
		marks |= (uint32_t)is_alnum(at[i]) << i;
	return marks;
}

/* Set bit i when byte i of the STEP bytes at `at` is a letter or a digit. Bytes after the records count as neither. */
HOT uint32_t mark(const struct text *text, const unsigned char *at)
{
#ifdef __SSE2__
	if (text->has_room || text->end - at >= STEP)
		return mark_step(at);
#endif
	return mark_bytes(at, text->end - at < STEP ? (size_t)(text->end - at) : STEP);
}

/* The lowest bits of the marks up to the first 0, that included, all set: the same for all words of one length. */
HOT uint32_t run_of(uint32_t marks)
{
	return marks ^ (marks + 1);
}

/* Bytes of the word of letters and digits that at[0..end) begins with. */
HOT size_t run_len(const struct text *text, const unsigned char *at, const unsigned char *end)
{
	size_t len = 0, run, left = (size_t)(end - at);
	do {
		run = (size_t)__builtin_ctz(~mark(text, at + len));
		len += run;
	} while (run == STEP && len < left);
	return len < left ? len : left;
}

/* The beginning of the next word with a digit in it; `end` when there is none. Bytes before `at` belong to no word. */
static const unsigned char *find_field(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *field = at;
	while (field < end && !is_digit(*field))
		field++;
	while (field < end && field > at && is_alnum(field[-1]))
		field--;
	return field;
}

/* Pieces are short: no call to memcmp. */
HOT bool is_same(const struct text *text, const unsigned char *one, const unsigned char *other, uint32_t len)
{
#ifdef __SSE2__
	if (text->has_room) {
		for (; len > STEP; one += STEP, other += STEP, len -= STEP)
			if (common_len(one, other) < STEP)
				return false;
		return common_len(one, other) >= len;
	}
#endif
	(void)text;
	return memcmp(one, other, len) == 0;
}

int store__tree_init(struct store__tree *tree)
{
	tree->nodes =
	    aligned_alloc(alignof(struct store__node), (STORE__FIELDS_NODES_MAX + 1) * sizeof *tree->nodes);
	tree->len = 0;
	return tree->nodes ? 0 : -ENOMEM;
}

void store__tree_fini(struct store__tree *tree)
{
	free(tree->nodes);
	*tree = (struct store__tree){0};
}

void store__tree_clear(struct store__tree *tree)
{
	tree->nodes[0] = (struct store__node){0};
	tree->len = 1;
}

static void set_widest(struct store__node *node, uint32_t field_len)
{
	node->widest.field_len = (uint16_t)field_len;
	node->widest_len = node->piece_len + field_len;
	node->run = field_len > 0 && field_len < STEP ? run_of((1u << field_len) - 1) : 0;
}

/* A record passes the node: its piece begins at `at`, and a field of this length follows. */
HOT void note(struct store__node *node, uint32_t field_len, const struct text *text, const unsigned char *at)
{
	uint32_t widest = node->widest.field_len;
	if (field_len != widest || !is_same(text, node->piece, at, node->constant_len))
		node->constant_len = node->piece_len;
	if (field_len < widest) {
		node->padding += widest - field_len;
	} else if (field_len > widest) {
		node->padding += (field_len - widest) * node->count;
		set_widest(node, field_len);
	}
	node->count++;
}

/* The length of the field when at[0..end), after the node's piece, continues as records there do, else NO_FIELD. */
HOT uint32_t measure(const struct store__node *node, const struct text *text, const unsigned char *at,
		     const unsigned char *end)
{
	if (node->widest.field_len == 0)
		return at == end ? 0 : NO_FIELD;
	size_t len = run_len(text, at, end);
	return len > 0 && len < NO_FIELD ? (uint32_t)len : NO_FIELD;
}

/* The length of the field when at[0..end) continues with the node, else NO_FIELD. */
HOT uint32_t match(const struct store__node *node, const struct text *text, const unsigned char *at,
		   const unsigned char *end)
{
	if ((size_t)(end - at) < node->piece_len || !is_same(text, node->piece, at, node->piece_len))
		return NO_FIELD;
	return measure(node, text, at + node->piece_len, end);
}

/* Find the child that at[0..end) continues with, and try it first from now on. NULL when there is none. */
HOT struct store__node *find_child(struct store__node *parent, const struct text *text,
				   const unsigned char *at, const unsigned char *end, uint32_t *field_len)
{
	struct store__node *child = parent->first, *before = NULL;
	while (child && (*field_len = match(child, text, at, end)) == NO_FIELD) {
		before = child;
		child = child->next;
	}
	if (!child || !before)
		return child;
	before->next = child->next;
	child->next = parent->first;
	parent->first = child;
	return child;
}

/* How many records met a child that existed. */
static uint32_t count_hits(const struct store__node *parent)
{
	uint32_t hits = 0;
	for (const struct store__node *child = parent->first; child; child = child->next)
		hits += child->count - 1;
	return hits;
}

static bool may_grow(const struct store__tree *tree, const struct store__node *parent)
{
	return tree->len <= STORE__FIELDS_NODES_MAX && parent->children < CHILDREN_MAX &&
	       (parent->children < UNPROVEN_CHILDREN ||
		parent->children < UNPROVEN_CHILDREN + count_hits(parent) / 2);
}

/* Add the child that at[0..end) continues with; NULL when none may be added. */
static struct store__node *add_child(struct store__tree *tree, struct store__node *parent,
				     const struct text *text, const unsigned char *at,
				     const unsigned char *end, uint32_t *field_len)
{
	if (!may_grow(tree, parent))
		return NULL;
	const unsigned char *field = find_field(at, end);
	size_t len = run_len(text, field, end);
	if (len >= NO_FIELD)
		return NULL;
	struct store__node *child = &tree->nodes[tree->len];
	*child = (struct store__node){.piece = at,
				      .piece_len = (uint32_t)(field - at),
				      .constant_len = (uint32_t)(field + len - at),
				      .next = parent->first,
				      .parent = parent,
				      .widest.node = (uint16_t)tree->len++};
	set_widest(child, (uint32_t)len);
	parent->first = child;
	parent->children++;
	*field_len = (uint32_t)len;
	return child;
}

/* Find a step that is not the likely one: to the first child with another field, when the record has its piece; else to any
 * child or a new one; to the root when there is none. */
RARE struct store__tree_step find_step(struct store__tree *tree, struct store__node *above, bool has_piece,
				       const struct text *text, const unsigned char *at,
				       const unsigned char *end)
{
	struct store__node *node = above->first;
	uint32_t field_len = NO_FIELD;
	if (has_piece)
		field_len = measure(node, text, at + node->piece_len, end);
	if (field_len == NO_FIELD)
		node = find_child(above, text, at, end, &field_len);
	if (!node)
		node = add_child(tree, above, text, at, end, &field_len);
	if (!node)
		return (struct store__tree_step){0};
	note(node, field_len, text, at);
	return (struct store__tree_step){.node = node->widest.node, .field_len = (uint16_t)field_len};
}

/* at[0..end) begins with the node's piece and its field where that is constant, and is as long as with the longest. */
HOT bool has_constant(const struct store__node *node, const struct text *text, const unsigned char *at,
		      const unsigned char *end)
{
	return (uint32_t)(end - at) >= node->widest_len && is_same(text, node->piece, at, node->constant_len);
}

/* The piece is followed by a field as long as the longest, or by the end where the node has no field. */
HOT bool has_widest(const struct store__node *node, const struct text *text, const unsigned char *at,
		    const unsigned char *end)
{
	return run_of(mark(text, at + node->piece_len)) == node->run ||
	       (uint32_t)(end - at) == node->piece_len;
}

/* Hot: most steps are to the child that is tried first, with a field of the length that most have. Such a field is not
 * measured but compared with the expected one, so that the processor need not wait before it reads on. */
HOT uint32_t walk(struct store__tree *tree, const struct text *text, const unsigned char **at,
		  const unsigned char *end, struct store__tree_step *steps)
{
	struct store__node *above = tree->nodes;
	uint32_t count = 0;
	while (*at < end && count < STORE__FIELDS_DEPTH_MAX) {
		struct store__node *node = above->first;
		bool has_piece = node && has_constant(node, text, *at, end);
		if (has_piece && has_widest(node, text, *at, end)) {
			node->count++;
			steps[count++] = node->widest;
			*at += node->widest_len;
		} else {
			struct store__tree_step step = find_step(tree, above, has_piece, text, *at, end);
			if (step.node == 0)
				break;
			node = &tree->nodes[step.node];
			steps[count++] = step;
			*at += node->piece_len + step.field_len;
		}
		above = node;
	}
	return count;
}

RARE uint32_t walk_at_end(struct store__tree *tree, const struct text *text, const unsigned char **at,
			  const unsigned char *end, struct store__tree_step *steps)
{
	return walk(tree, text, at, end, steps);
}

struct store__tree_path store__tree_walk(struct store__tree *tree, const unsigned char *raw, size_t raw_len,
					 uint32_t at, uint32_t end, struct store__tree_step *steps)
{
	const struct text text = {.end = raw + raw_len, .has_room = raw_len - end >= STEP};
	const unsigned char *begin = raw + at;
	uint32_t count = text.has_room ? walk(tree, &text, &begin, raw + end, steps)
				       : walk_at_end(tree, &text, &begin, raw + end, steps);
	return (struct store__tree_path){.steps = count, .tail = (uint32_t)(begin - raw)};
}
