#include "store/write/samples.h"

enum { PIECE = 4096, PIECES = 64 };

void store__samples_fini(struct store__samples *samples)
{
	store__buffer_fini(&samples->bytes);
	store__buffer_fini(&samples->sizes);
}

static void add(struct store__samples *samples, const unsigned char *bytes, size_t len)
{
	if (store__buffer_reserve(&samples->bytes, len) || store__buffer_reserve(&samples->sizes, sizeof len))
		return;
	store__buffer_put(&samples->bytes, bytes, len);
	store__buffer_put(&samples->sizes, &len, sizeof len);
}

void store__samples_take(struct store__samples *samples, const unsigned char *bytes, size_t len)
{
	size_t pieces = len / PIECE, taken = pieces < PIECES ? pieces : PIECES;
	if (taken == 0 && len >= 64)
		add(samples, bytes, len);
	for (size_t i = 0; i < taken; i++)
		add(samples, bytes + i * pieces / taken * PIECE, PIECE);
}

unsigned store__samples_count(const struct store__samples *samples)
{
	return (unsigned)(samples->sizes.len / sizeof(size_t));
}

const size_t *store__samples_sizes(const struct store__samples *samples)
{
	return (const size_t *)(const void *)samples->sizes.bytes;
}
