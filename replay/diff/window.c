#include "replay/diff/window.h"

#include <errno.h>
#include <stdlib.h>

enum { BUCKETS_MIN = 1024 };

static struct replay__entries *make_buckets(size_t count)
{
	struct replay__entries *buckets = malloc(count * sizeof *buckets);
	for (size_t i = 0; buckets && i < count; i++)
		TAILQ_INIT(&buckets[i]);
	return buckets;
}

int replay__window_init(struct replay__window *window)
{
	*window = (struct replay__window){.buckets = make_buckets(BUCKETS_MIN), .mask = BUCKETS_MIN - 1};
	TAILQ_INIT(&window->all);
	return window->buckets ? 0 : -ENOMEM;
}

void replay__window_fini(struct replay__window *window)
{
	struct replay__entry *entry;
	while (window->buckets && (entry = TAILQ_FIRST(&window->all)) != NULL) {
		TAILQ_REMOVE(&window->all, entry, in_recording);
		free(entry);
	}
	free(window->buckets);
	window->buckets = NULL;
}

static struct replay__entries *bucket_of(const struct replay__window *window, uint64_t key)
{
	return &window->buckets[key & window->mask];
}

/* Double the buckets. Without memory for them the lists only get longer. */
static void grow(struct replay__window *window)
{
	size_t count = (window->mask + 1) * 2;
	struct replay__entries *buckets = make_buckets(count);
	struct replay__entry *entry;
	if (!buckets)
		return;
	free(window->buckets);
	window->buckets = buckets;
	window->mask = count - 1;
	TAILQ_FOREACH(entry, &window->all, in_recording)
	TAILQ_INSERT_TAIL(bucket_of(window, entry->key), entry, in_bucket);
}

static struct wire_slice copy(char **to, struct wire_slice from)
{
	char *start = *to;
	if (from.len > 0)
		memcpy(start, from.data, from.len);
	*to += from.len;
	return wire_slice(start, from.len);
}

static struct replay__entry *copy_entry(const struct replay__entry *entry)
{
	const struct replay_diff_message *seen = &entry->message;
	size_t bytes =
	    sizeof *entry + seen->subject.len + seen->reply.len + seen->headers.len + seen->payload.len;
	struct replay__entry *kept = malloc(bytes);
	if (!kept)
		return NULL;
	char *to = (char *)(kept + 1);
	*kept = *entry;
	kept->bytes = bytes;
	kept->message.subject = copy(&to, seen->subject);
	kept->message.reply = copy(&to, seen->reply);
	kept->message.headers = copy(&to, seen->headers);
	kept->message.payload = copy(&to, seen->payload);
	return kept;
}

int replay__window_add(struct replay__window *window, const struct replay__entry *entry,
		       struct replay__entries *waiting)
{
	struct replay__entry *kept = copy_entry(entry);
	if (!kept)
		return -ENOMEM;
	if (window->count > window->mask)
		grow(window);
	TAILQ_INSERT_TAIL(&window->all, kept, in_recording);
	TAILQ_INSERT_TAIL(bucket_of(window, kept->key), kept, in_bucket);
	TAILQ_INSERT_TAIL(waiting, kept, in_subject);
	if (!window->open)
		window->open = kept;
	window->count++;
	window->bytes += kept->bytes;
	return 0;
}

struct replay__entry *replay__window_find(const struct replay__window *window, uint64_t key)
{
	struct replay__entry *entry;
	TAILQ_FOREACH(entry, bucket_of(window, key), in_bucket)
	if (entry->key == key)
		return entry;
	return NULL;
}

struct replay__entry *replay__window_oldest(const struct replay__window *window)
{
	return TAILQ_FIRST(&window->all);
}

void replay__window_anchor(struct replay__window *window, uint64_t index, int64_t ns)
{
	while (window->open && window->open->index < index) {
		window->open->before_ns = ns;
		window->open = TAILQ_NEXT(window->open, in_recording);
	}
}

void replay__window_take(struct replay__window *window, struct replay__entry *entry,
			 struct replay__entries *waiting)
{
	if (window->open == entry)
		window->open = TAILQ_NEXT(entry, in_recording);
	TAILQ_REMOVE(&window->all, entry, in_recording);
	TAILQ_REMOVE(bucket_of(window, entry->key), entry, in_bucket);
	TAILQ_REMOVE(waiting, entry, in_subject);
	window->count--;
	window->bytes -= entry->bytes;
}

void replay__entry_free(struct replay__entry *entry)
{
	free(entry);
}
