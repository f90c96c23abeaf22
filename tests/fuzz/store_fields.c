/* Fuzz target: decode records from any bytes. Input: raw bytes (u16, little-endian), the frame of fields. */
#include <stdint.h>
#include <stdlib.h>

#include "store/format/fields_get.h"
#include "store/format/fields_put.h"
#include "wire/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_HEADER_BYTES = 2, SCRATCH_MAX = 2 << 20 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Decoded records come back as the same bytes when they are encoded again. */
static void cut_again(struct store__buffer *scratch, const unsigned char *raw, size_t raw_len)
{
	const uint32_t half = (uint32_t)raw_len / 2, lengths[] = {half, (uint32_t)raw_len - half};
	struct store__fields *fields = store__fields_open();
	struct store__buffer cut = {0};
	unsigned char *back = malloc(raw_len + 1);
	require(fields && back && store__fields_put(fields, raw, raw_len, lengths, 2, &cut) == 0);
	require(store__fields_get(scratch, cut.bytes, cut.len, back, raw_len) == 0);
	require(memcmp(raw, back, raw_len) == 0);
	free(back);
	store__buffer_fini(&cut);
	store__fields_close(fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store__buffer scratch = {0};
	if (size < INPUT_HEADER_BYTES)
		return 0;
	size_t raw_len = store__get_u16(data);
	unsigned char *raw = malloc(raw_len + 1);
	require(raw != NULL);
	int error =
	    store__fields_get(&scratch, data + INPUT_HEADER_BYTES, size - INPUT_HEADER_BYTES, raw, raw_len);
	require(error == 0 || error == STORE_EDAMAGE);
	require(scratch.cap <= SCRATCH_MAX);
	if (error == 0)
		cut_again(&scratch, raw, raw_len);
	free(raw);
	store__buffer_fini(&scratch);
	return 0;
}
