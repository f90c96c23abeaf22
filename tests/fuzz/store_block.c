/* Fuzz target: a block with any dictionary and any columns. All checksums are right, so that only the decoder's own checks
 * protect memory from the bytes.
 *
 * Input, numbers little-endian: events - 1 (u16), bytes of the dictionary frame (u16), raw bytes of the payload frame
 * (u16), bytes of it that are fields (u16; 0: it is plain and all zeros), the dictionary frame, the fields; the rest is
 * the columns frame. */
#include <stdint.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/format/bytes.h"
#include "store/read/decode_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_HEADER_BYTES = 8 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Read both ends of the slice and every 64th byte between, so that a sanitizer sees one out of bounds. */
static void touch(struct wire_slice slice)
{
	volatile char byte;
	require(slice.len == 0 || slice.data);
	for (size_t i = 0; i < slice.len; i += 64)
		byte = slice.data[i];
	if (slice.len > 0)
		byte = slice.data[slice.len - 1];
	(void)byte;
}

/* All events may share a long set: read only its ends. */
static void touch_receivers(const struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len && i < 4; i++) {
		const struct wire_receiver *receiver = &event->receivers[event->receivers_len - 1 - i];
		require(receiver->outcome < WIRE_OUTCOMES);
		touch(receiver->sid);
		touch(receiver->queue);
		if (event->delays_ns)
			touch(wire_slice((const char *)&event->delays_ns[event->receivers_len - 1 - i],
					 sizeof(int64_t)));
	}
}

static void touch_event(const struct wire_event *event)
{
	require(event->kind < WIRE_EVENT_KINDS && event->outcome < WIRE_OUTCOMES);
	const struct wire_slice slices[] = {event->subject, event->reply, event->headers, event->payload,
					    event->sid,     event->queue, event->text};
	for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
		touch(slices[i]);
	touch_receivers(event);
	require((event->client != NULL) == (event->kind == WIRE_EVENT_CONNECT));
	if (event->client) {
		touch(event->client->address);
		touch(event->client->user);
		touch(event->client->account);
	}
}

static void touch_block(struct store_block *block, uint32_t events)
{
	for (uint32_t i = 0; i < store_block_subjects(block); i++)
		touch(store_block_subject(block, i)->subject);
	for (uint32_t i = 0; i < events; i++) {
		struct wire_event event;
		store_block_event(block, i, &event);
		touch_event(&event);
		require(event.size == store_block_size(block, i));
	}
}

static struct store_frame_header frame_of(const unsigned char *bytes, size_t len)
{
	return (struct store_frame_header){
	    .stored_bytes = (uint32_t)len, .raw_bytes = (uint32_t)len, .checksum = XXH3_64bits(bytes, len)};
}

/* The next len bytes of the input, or all that are left. */
static const unsigned char *take(struct store__cursor *in, size_t *len)
{
	if (*len > store__left(in))
		*len = store__left(in);
	return store__get_bytes(in, *len);
}

/* A payload frame of fields that are not compressed. */
static const unsigned char *cut_payloads(struct store_block_header *header, unsigned char *frame,
					 const unsigned char *fields, size_t len)
{
	uint32_t raw_bytes = header->frames[STORE_FRAME_PAYLOADS].raw_bytes;
	store__put_u32(frame, (uint32_t)len);
	memcpy(frame + STORE_FIELDS_HEADER_BYTES, fields, len);
	header->payload_form = STORE_PAYLOADS_FIELDS;
	header->frames[STORE_FRAME_PAYLOADS] = frame_of(frame, STORE_FIELDS_HEADER_BYTES + len);
	header->frames[STORE_FRAME_PAYLOADS].raw_bytes = raw_bytes;
	return frame;
}

static void decode(const uint8_t *data, size_t size)
{
	static const unsigned char zeros[UINT16_MAX];
	static unsigned char cut[STORE_FIELDS_HEADER_BYTES + UINT16_MAX];
	struct store__cursor in = store__cursor(data + INPUT_HEADER_BYTES, size - INPUT_HEADER_BYTES);
	uint32_t events = 1u + store__get_u16(data);
	size_t dictionary_len = store__get_u16(data + 2), fields_len = store__get_u16(data + 6);
	const unsigned char *dictionary = take(&in, &dictionary_len), *fields = take(&in, &fields_len);
	const unsigned char *columns = in.at, *payloads = zeros;
	struct store_block_header header = {.first_seq = 1,
					    .events = events,
					    .frames = {frame_of(dictionary, dictionary_len),
						       frame_of(columns, store__left(&in)),
						       frame_of(zeros, store__get_u16(data + 4))}};
	if (fields_len > 0)
		payloads = cut_payloads(&header, cut, fields, fields_len);
	struct store_block *block = store_block_open();
	require(block != NULL);
	store_block_begin(block, &header);
	if (store_block_load(block, STORE_FRAME_DICTIONARY, dictionary) == 0 &&
	    store_block_load(block, STORE_FRAME_COLUMNS, columns) == 0 &&
	    store_block_load(block, STORE_FRAME_PAYLOADS, payloads) == 0)
		touch_block(block, events);
	store_block_close(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= INPUT_HEADER_BYTES)
		decode(data, size);
	return 0;
}
