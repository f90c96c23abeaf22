#include "tap/session/op_buffer.h"

#include <stdlib.h>
#include <string.h>

enum { CAP_FIRST = 512 };

void tap__op_buffer_free_kept(struct tap__op_buffer *buffer)
{
	free(buffer->kept);
	tap_budget_give(buffer->budget, buffer->kept_cap);
	buffer->kept = NULL;
	buffer->kept_at = buffer->kept_len = buffer->kept_cap = 0;
}

void tap__op_buffer_forget_kept(struct tap__op_buffer *buffer)
{
	buffer->kept_at = buffer->kept_len = buffer->need = 0;
}

void tap__op_buffer_advance_kept(struct tap__op_buffer *buffer, size_t len)
{
	buffer->kept_at += len;
	buffer->need = 0;
	if (buffer->kept_at == buffer->kept_len)
		tap__op_buffer_forget_kept(buffer);
}

void tap__op_buffer_advance_rest(struct tap__op_buffer *buffer, size_t len)
{
	if (tap__op_buffer_keeps(buffer))
		tap__op_buffer_advance_kept(buffer, len);
	else
		tap__op_buffer_advance_input(buffer, len);
}

static bool grow(struct tap__op_buffer *buffer, size_t wanted)
{
	size_t cap = buffer->kept_cap ? buffer->kept_cap : CAP_FIRST;
	while (cap < wanted)
		cap *= 2;
	if (!tap_budget_take(buffer->budget, cap - buffer->kept_cap))
		return false;
	char *moved = realloc(buffer->kept, cap);
	if (!moved) {
		tap_budget_give(buffer->budget, cap - buffer->kept_cap);
		return false;
	}
	buffer->kept = moved;
	buffer->kept_cap = cap;
	return true;
}

bool tap__op_buffer_keep_input(struct tap__op_buffer *buffer, size_t len)
{
	if (buffer->kept_at > 0) {
		memmove(buffer->kept, buffer->kept + buffer->kept_at, buffer->kept_len - buffer->kept_at);
		buffer->kept_len -= buffer->kept_at;
		buffer->kept_at = 0;
	}
	if (buffer->kept_len + len > buffer->kept_cap && !grow(buffer, buffer->kept_len + len))
		return false;
	memcpy(buffer->kept + buffer->kept_len, buffer->input.data, len);
	buffer->kept_len += len;
	tap__op_buffer_advance_input(buffer, len);
	return true;
}
