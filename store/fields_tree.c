#include "store/fields_tree.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	STEP = 16, /* bytes that are looked at at once */
	/* A node may have so many children that never recur, and one more for every other one that does: free text
	 * does not fill the tree. */
	UNPROVEN_CHILDREN = 8,
	CHILDREN_MAX = 256,
};

/* Bit i stands for byte i of a step. */
struct marks {
	uint32_t alnum, digit;
};

/* Where records are, and how far they may be read. */
struct text {
	const unsigned char *raw;
	size_t len;
};

#ifdef __SSE2__
static inline __m128i is_within(__m128i bytes, char first, char count)
{
	const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
	return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8((char)(count - 1))), offset);
}

static inline struct marks mark_step(const unsigned char *at)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	const __m128i digits = is_within(bytes, '0', 10);
	const __m128i letters = is_within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
	return (struct marks){.alnum = (uint32_t)_mm_movemask_epi8(_mm_or_si128(digits, letters)),
			      .digit = (uint32_t)_mm_movemask_epi8(digits)};
}
#endif

static struct marks mark_bytes(const unsigned char *at, size_t len)
{
	struct marks marks = {0};
	for (size_t i = 0; i < len; i++) {
		bool digit = (unsigned char)(at[i] - '0') < 10;
		bool letter = (unsigned char)((at[i] | 0x20) - 'a') < 26;
		marks.alnum |= (uint32_t)(digit || letter) << i;
		marks.digit |= (uint32_t)digit << i;
	}
	return marks;
}

/* The marks of raw[at..end), of a step at most; bits beyond are 0. */
static inline struct marks mark(const struct text *text, uint32_t at, uint32_t end)
{
	uint32_t left = end - at;
#ifdef __SSE2__
	if (text->len - at >= STEP) {
		struct marks marks = mark_step(text->raw + at);
		uint32_t within = left >= STEP ? (1u << STEP) - 1 : (1u << left) - 1;
		return (struct marks){marks.alnum & within, marks.digit & within};
	}
#endif
	return mark_bytes(text->raw + at, left < STEP ? left : STEP);
}

/* Bytes of the run of letters and digits at raw[at..end). */
static inline uint32_t run_len(const struct text *text, uint32_t at, uint32_t end, bool *has_digit)
{
	uint32_t len = 0;
	*has_digit = false;
	while (at + len < end) {
		struct marks marks = mark(text, at + len, end);
		uint32_t run = (uint32_t)__builtin_ctz(~marks.alnum);
		*has_digit |= (marks.digit & ((1u << run) - 1)) != 0;
		len += run;
		if (run < STEP)
			break;
	}
	return len;
}

/* Where the next run of letters and digits begins, `end` when there is none. */
static uint32_t find_run(const struct text *text, uint32_t at, uint32_t end)
{
	for (; at < end; at += STEP) {
		struct marks marks = mark(text, at, end);
		if (marks.alnum)
			return at + (uint32_t)__builtin_ctz(marks.alnum);
	}
	return end;
}

/* Where the next run with a digit begins. Nothing ahead of `at` belongs to a run. */
static uint32_t find_field(const struct text *text, uint32_t at, uint32_t end)
{
	bool has_digit;
	while ((at = find_run(text, at, end)) < end) {
		uint32_t len = run_len(text, at, end, &has_digit);
		if (has_digit)
			return at;
		at += len;
	}
	return end;
}

#ifdef __SSE2__
/* Bit i is set where byte i of a step differs. */
static inline uint32_t differ(const unsigned char *one, const unsigned char *other)
{
	const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)one);
	const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)other);
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) ^ ((1u << STEP) - 1);
}
#endif

/* Hot: pieces are short, and the one that is tried first matches mostly. `before` stands ahead of `at`. */
static inline bool is_same(const struct text *text, uint32_t before, uint32_t at, uint32_t len)
{
	const unsigned char *one = text->raw + before, *other = text->raw + at;
#ifdef __SSE2__
	if (len <= STEP && text->len - at >= STEP)
		return (differ(one, other) & ((1u << len) - 1)) == 0;
	if (len >= STEP && len <= 2 * STEP)
		return (differ(one, other) | differ(one + len - STEP, other + len - STEP)) == 0;
#endif
	return memcmp(one, other, len) == 0;
}

int store__tree_init(struct store__tree *tree)
{
	tree->nodes = malloc((STORE__FIELDS_NODES_MAX + 1) * sizeof *tree->nodes);
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
	tree->nodes[0] = (struct store__node){.has_field = true};
	tree->len = 1;
}

/* Does raw[at..end) go on with the node? *field_len is that of the field then. */
static inline bool matches(const struct store__node *node, const struct text *text, uint32_t at, uint32_t end,
			   uint32_t *field_len)
{
	uint32_t left = end - at;
	bool has_digit;
	if (left < node->piece_len || !is_same(text, node->piece_at, at, node->piece_len))
		return false;
	*field_len = 0;
	if (!node->has_field)
		return left == node->piece_len;
	*field_len = run_len(text, at + node->piece_len, end, &has_digit);
	return *field_len > 0 && *field_len <= STORE__FIELD_BYTES_MAX;
}

/* The child that raw[at..end) goes on with, which is tried first from now on; 0 when there is none. */
static inline uint16_t find_child(struct store__tree *tree, struct store__node *parent,
				  const struct text *text, uint32_t at, uint32_t end, uint32_t *field_len)
{
	struct store__node *nodes = tree->nodes;
	uint16_t child = parent->first, before = 0;
	while (child != 0 && !matches(&nodes[child], text, at, end, field_len)) {
		before = child;
		child = nodes[child].next;
	}
	if (child == 0 || before == 0)
		return child;
	nodes[before].next = nodes[child].next;
	nodes[child].next = parent->first;
	parent->first = child;
	return child;
}

static bool may_grow(const struct store__tree *tree, const struct store__node *parent)
{
	return tree->len <= STORE__FIELDS_NODES_MAX && parent->children < CHILDREN_MAX &&
	       parent->children < UNPROVEN_CHILDREN + parent->hits / 2;
}

/* A child for what raw[at..end) goes on with; 0 when there is to be none. */
static uint16_t add_child(struct store__tree *tree, uint16_t above, const struct text *text, uint32_t at,
			  uint32_t end, uint32_t *field_len)
{
	struct store__node *parent = &tree->nodes[above];
	bool has_digit;
	if (!may_grow(tree, parent))
		return 0;
	uint32_t field_at = find_field(text, at, end);
	*field_len = run_len(text, field_at, end, &has_digit);
	if (*field_len > STORE__FIELD_BYTES_MAX)
		return 0;
	uint16_t child = (uint16_t)tree->len++;
	tree->nodes[child] = (struct store__node){.piece_at = at,
						  .piece_len = field_at - at,
						  .field_at = field_at,
						  .field_len = *field_len,
						  .next = parent->first,
						  .parent = above,
						  .depth = (uint8_t)(parent->depth + 1),
						  .has_field = *field_len > 0,
						  .is_constant = true};
	parent->first = child;
	parent->children++;
	return child;
}

static inline void note(struct store__node *node, const struct text *text, uint32_t field_at,
			uint32_t field_len)
{
	node->count++;
	node->fields_bytes += field_len;
	if (field_len > node->width)
		node->width = (uint8_t)field_len;
	if (node->is_constant)
		node->is_constant =
		    field_len == node->field_len && is_same(text, node->field_at, field_at, field_len);
}

uint32_t store__tree_walk(struct store__tree *tree, const unsigned char *raw, size_t raw_len, uint32_t at,
			  uint32_t end, struct store__step *steps)
{
	const struct text text = {raw, raw_len};
	uint16_t above = 0;
	uint32_t count = 0, field_len;
	while (at < end && count < STORE__FIELDS_DEPTH_MAX && tree->nodes[above].has_field) {
		struct store__node *parent = &tree->nodes[above];
		uint16_t child = find_child(tree, parent, &text, at, end, &field_len);
		if (child != 0)
			parent->hits++;
		else if ((child = add_child(tree, above, &text, at, end, &field_len)) == 0)
			break;
		struct store__node *node = &tree->nodes[child];
		at += node->piece_len;
		note(node, &text, at, field_len);
		at += field_len;
		steps[count++] =
		    (struct store__step){.end = at, .node = child, .field_len = (uint16_t)field_len};
		above = child;
	}
	return count;
}
