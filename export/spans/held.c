#include "export/spans/held.h"

#include <stdlib.h>

#include "trace/clients.h"

/* Copy a text to *at, which is advanced. */
static struct wire_slice copy_text(char **at, struct wire_slice text)
{
	char *to = *at;

	if (text.len > 0)
		memcpy(to, text.data, text.len);
	*at += text.len;
	return wire_slice(to, text.len);
}

static void add_receiver(struct export__held *held, const struct export__receiver *receiver, char **text)
{
	struct export__receiver *added = &held->receivers[held->len++];

	*added = *receiver;
	added->queue = copy_text(text, receiver->queue);
	held->left += !added->is_given;
}

struct export__held *export__held_copy(const struct export_span_message *message,
				       const struct export__receiver *receivers, uint32_t len,
				       const struct export__receiver *more, size_t headers_max)
{
	const size_t count = (size_t)len + (more ? 1 : 0);
	const size_t headers = message->headers.len < headers_max ? message->headers.len : headers_max;
	size_t texts = message->subject.len + headers + message->id.len + message->conversation.len;

	for (uint32_t i = 0; i < len; i++)
		texts += receivers[i].queue.len;
	texts += more ? more->queue.len : 0;
	const size_t bytes = sizeof(struct export__held) + count * sizeof(*receivers) + texts;
	struct export__held *held = malloc(bytes);

	if (!held)
		return NULL;
	char *text = (char *)&held->receivers[count];

	*held = (struct export__held){.message = *message, .bytes = bytes};
	held->message.subject = copy_text(&text, message->subject);
	held->message.headers = copy_text(&text, wire_slice(message->headers.data, headers));
	held->message.id = copy_text(&text, message->id);
	held->message.conversation = copy_text(&text, message->conversation);
	for (uint32_t i = 0; i < len; i++)
		add_receiver(held, &receivers[i], &text);
	if (more)
		add_receiver(held, more, &text);
	held->message.receivers = held->len;
	return held;
}

struct export__receiver *export__held_find(struct export__held *held, uint32_t client)
{
	for (uint32_t i = 0; i < held->len && client != TRACE_NO_CLIENT; i++)
		if (held->receivers[i].client == client && !held->receivers[i].is_given &&
		    held->receivers[i].error == EXPORT_SPAN_OK)
			return &held->receivers[i];
	return NULL;
}
