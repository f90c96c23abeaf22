#include "broker/output.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/parse.h"

static size_t chunk_bytes(const struct broker__chunk *chunk)
{
	return sizeof *chunk + chunk->cap + BROKER__SLACK;
}

static struct broker__chunk **shelf(struct broker__pool *pool, uint32_t cap)
{
	return cap == BROKER__CHUNK_SMALL ? &pool->small : &pool->large;
}

static struct broker__chunk *acquire(struct broker__pool *pool, uint32_t cap)
{
	struct broker__chunk **top = shelf(pool, cap), *chunk = *top;
	if (chunk) {
		*top = chunk->next;
		pool->resting_bytes -= chunk_bytes(chunk);
	} else {
		chunk = malloc(sizeof *chunk + cap + BROKER__SLACK);
		if (!chunk)
			return NULL;
		chunk->cap = cap;
	}
	pool->was_used = true;
	pool->in_use_bytes += chunk_bytes(chunk);
	chunk->next = NULL;
	chunk->used = chunk->sent = chunk->messages = chunk->first_op = 0;
	return chunk;
}

static void release(struct broker__pool *pool, struct broker__chunk *chunk)
{
	pool->in_use_bytes -= chunk_bytes(chunk);
	if (pool->resting_bytes >= BROKER__POOL_KEPT) {
		free(chunk);
		return;
	}
	struct broker__chunk **top = shelf(pool, chunk->cap);
	chunk->next = *top;
	*top = chunk;
	pool->resting_bytes += chunk_bytes(chunk);
}

static void free_all(struct broker__chunk **top)
{
	while (*top) {
		struct broker__chunk *chunk = *top;
		*top = chunk->next;
		free(chunk);
	}
}

void broker__pool_fini(struct broker__pool *pool)
{
	free_all(&pool->small);
	free_all(&pool->large);
	pool->resting_bytes = 0;
}

bool broker__pool_trim(struct broker__pool *pool)
{
	if (!pool->was_used)
		broker__pool_fini(pool);
	pool->was_used = false;
	return pool->resting_bytes > 0;
}

/* ---- one client's output ---- */

/* Where appending must stop: at the end of the chunk or at the client's limit. */
static void set_end(struct broker__output *output)
{
	struct broker__chunk *last = output->last;
	if (!last) {
		output->at = output->end = NULL;
		return;
	}
	int64_t allowed = (int64_t)output->max - output->base;
	if (allowed > (int64_t)last->cap)
		allowed = last->cap;
	output->end = last->data + allowed;
	if (output->end < output->at)
		output->end = output->at;
}

void broker__output_init(struct broker__output *output, struct broker__pool *pool, uint64_t max)
{
	*output = (struct broker__output){.pool = pool, .max = max};
}

void broker__output_set_max(struct broker__output *output, uint64_t max)
{
	output->max = max;
	set_end(output);
}

/* Keep the first `queued` bytes as all there is. Returns the chunks after them. */
static struct broker__chunk *cut_off(struct broker__output *output)
{
	struct broker__chunk *chunk = output->first;
	size_t left = output->queued;
	output->last->used = (uint32_t)(output->at - output->last->data);
	for (; left > chunk->used - chunk->sent; chunk = chunk->next) {
		left -= chunk->used - chunk->sent;
		chunk->messages = 0;
	}
	struct broker__chunk *rest = chunk->next;
	chunk->next = NULL;
	chunk->messages = 0;
	chunk->used = chunk->sent + (uint32_t)left;
	output->base = (int64_t)(output->queued - left) - (int64_t)chunk->sent;
	output->last = chunk;
	output->at = output->end = chunk->data + chunk->used;
	return rest;
}

void broker__output_drop(struct broker__output *output)
{
	struct broker__chunk *chunk = output->first;
	if (chunk && output->queued > 0) {
		chunk = cut_off(output);
	} else {
		output->first = output->last = NULL;
		output->base = 0;
		set_end(output);
	}
	while (chunk) {
		struct broker__chunk *next = chunk->next;
		release(output->pool, chunk);
		chunk = next;
	}
}

static int open_chunk(struct broker__output *output, size_t wanted)
{
	bool is_small = !output->last && !output->starts_large && wanted <= BROKER__CHUNK_SMALL;
	struct broker__chunk *chunk =
	    acquire(output->pool, is_small ? BROKER__CHUNK_SMALL : BROKER__CHUNK_LARGE);
	if (!chunk)
		return -ENOMEM;
	if (output->last) {
		output->last->used = (uint32_t)(output->at - output->last->data);
		output->base += output->last->used;
		output->last->next = chunk;
		output->starts_large = true;
	} else {
		output->first = chunk;
	}
	output->last = chunk;
	output->at = chunk->data;
	set_end(output);
	return 0;
}

/* Go back to where the last chunk was `last` with its end at `at`. */
static void rewind_to(struct broker__output *output, struct broker__chunk *last, char *at)
{
	struct broker__chunk *chunk = last ? last->next : output->first;
	if (last) {
		for (struct broker__chunk *sealed = last; sealed != output->last; sealed = sealed->next)
			output->base -= sealed->used;
		last->next = NULL;
	} else {
		output->first = NULL;
		output->base = 0;
	}
	while (chunk) {
		struct broker__chunk *next = chunk->next;
		release(output->pool, chunk);
		chunk = next;
	}
	output->last = last;
	output->at = at;
	set_end(output);
}

static int append_across(struct broker__output *output, struct wire_slice piece, size_t left)
{
	while (piece.len > 0) {
		size_t room = broker__output_room(output);
		if (room == 0 || !output->last) {
			int error = open_chunk(output, left);
			if (error)
				return error;
			output->last->first_op =
			    (uint32_t)(left < output->last->cap ? left : output->last->cap);
			room = broker__output_room(output);
		}
		size_t len = piece.len < room ? piece.len : room;
		memcpy(output->at, piece.data, len);
		output->at += len;
		left -= len;
		piece = wire_slice(piece.data + len, piece.len - len);
	}
	return 0;
}

int broker__output_put(struct broker__output *output, const struct wire_slice *pieces, unsigned count)
{
	struct broker__chunk *last = output->last;
	char *at = output->at;
	size_t left = 0;
	int error = 0;
	for (unsigned i = 0; i < count; i++)
		left += pieces[i].len;
	if (broker__output_pending(output) + left > output->max)
		return -ENOBUFS;
	/* Short text stays in one piece; long text fills every chunk. */
	if (broker__output_room(output) < left && (!last || left <= BROKER__CHUNK_LARGE / 4))
		error = open_chunk(output, left);
	for (unsigned i = 0; i < count && !error; i++) {
		error = append_across(output, pieces[i], left);
		left -= pieces[i].len;
	}
	if (error)
		rewind_to(output, last, at);
	return error;
}

unsigned broker__output_gather(struct broker__output *output, uv_buf_t *bufs, unsigned cap)
{
	unsigned count = 0;
	if (output->last)
		output->last->used = (uint32_t)(output->at - output->last->data);
	for (struct broker__chunk *chunk = output->first; chunk && count < cap; chunk = chunk->next)
		if (chunk->used > chunk->sent)
			bufs[count++] = uv_buf_init(chunk->data + chunk->sent, chunk->used - chunk->sent);
	return count;
}

/* The kernel took everything: release the last chunk too, and let the next output begin as large as this one was. */
static void all_sent(struct broker__output *output)
{
	if (output->first == output->last && output->at - output->last->data <= BROKER__CHUNK_SMALL)
		output->starts_large = false;
	release(output->pool, output->last);
	output->first = output->last = NULL;
	output->base = 0;
	set_end(output);
}

void broker__output_sent(struct broker__output *output, size_t len)
{
	while (output->first != output->last) {
		struct broker__chunk *chunk = output->first;
		uint32_t left = chunk->used - chunk->sent;
		if (len < left)
			break;
		len -= left;
		output->base -= left;
		output->first = chunk->next;
		release(output->pool, chunk);
	}
	if (!output->first)
		return;
	output->first->sent += (uint32_t)len;
	output->base -= (int64_t)len;
	if (output->first == output->last && output->at == output->last->data + output->last->sent)
		all_sent(output);
	else
		set_end(output);
}

/* The no-responders answer is not a message: nobody published it, and count_message is not called for it. */
static bool is_message(const struct wire_op *op, const char *body)
{
	static const char no_responders[] = "NATS/1.0 503\r\n\r\n";
	size_t len = sizeof no_responders - 1;
	bool is_answer = op->verb == WIRE_HMSG && op->headers.len == len && op->payload.len == 0 &&
			 memcmp(body, no_responders, len) == 0;
	return !is_answer && (op->verb == WIRE_MSG || op->verb == WIRE_HMSG);
}

/* Count the messages of the first chunk that the kernel took whole: those that end at or before `sent`. */
static uint32_t count_sent(const struct broker__output *output, const struct broker__chunk *chunk)
{
	static const struct wire_limits none = {.max_control_line = UINT32_MAX, .max_payload = UINT32_MAX};
	size_t used = chunk == output->last ? (size_t)(output->at - chunk->data) : chunk->used;
	size_t at = chunk->first_op;
	/* An operation that continues from the previous chunk is a message: nothing else is long enough. */
	uint32_t count = at > 0 && at <= chunk->sent && (at < used || chunk->messages > 0);
	while (at < chunk->sent) {
		struct wire_op op;
		size_t body, need;
		int64_t line = wire_parse_line(chunk->data + at, used - at, &none, &op, &body, &need);
		if (line <= 0 || at + (size_t)line + body > chunk->sent)
			break;
		count += is_message(&op, chunk->data + at + line);
		at += (size_t)line + body;
	}
	return count < chunk->messages ? count : chunk->messages;
}

uint64_t broker__output_unsent_messages(const struct broker__output *output)
{
	uint64_t messages = 0;
	for (const struct broker__chunk *chunk = output->first; chunk; chunk = chunk->next)
		messages += chunk->messages - (chunk->sent > 0 ? count_sent(output, chunk) : 0);
	return messages;
}
