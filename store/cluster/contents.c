#include "store/cluster/contents.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/cluster/subs.h"

static void **next_of(void *content)
{
	return (void **)&((struct store__content *)content)->next;
}

static uint64_t hash_content(const void *content)
{
	return ((const struct store__content *)content)->hash;
}

void store__contents_init(struct store__contents *contents, const struct store__order *order)
{
	static const struct store__chained chained = {.next = next_of, .hash = hash_content};
	*contents = (struct store__contents){.order = *order, .chains = {.chained = &chained}};
	store__lanes_init(&contents->lanes);
	store__subs_init(&contents->subs);
}

void store__contents_fini(struct store__contents *contents)
{
	store__chains_fini(&contents->chains);
	store__chains_fini(&contents->lanes.chains);
	store__chains_fini(&contents->subs);
}

/* ---- contents ---- */

static uint64_t mix(struct wire_slice text, uint64_t seed)
{
	return XXH3_64bits_withSeed(text.data, text.len, seed + text.len);
}

static uint64_t hash_event(const struct wire_event *event, uint32_t cluster)
{
	return mix(event->payload, mix(event->headers, mix(event->reply, mix(event->subject, cluster))));
}

static bool is_same(const struct wire_event *a, const struct wire_event *b)
{
	return wire_slice_equal(a->subject, b->subject) && wire_slice_equal(a->reply, b->reply) &&
	       wire_slice_equal(a->headers, b->headers) && wire_slice_equal(a->payload, b->payload);
}

static const struct wire_event *sample_of(const struct store__content *content)
{
	return content->messages.first ? &content->messages.first->copy.event : &content->sample->copy.event;
}

static struct store__content *find(const struct store__contents *contents, uint64_t hash, uint32_t cluster,
				   const struct wire_event *event)
{
	struct store__content *content = store__chains_first(&contents->chains, hash);
	while (content &&
	       (content->hash != hash || content->cluster != cluster || !is_same(sample_of(content), event)))
		content = content->next;
	return content;
}

static struct store__content *add(struct store__contents *contents, uint64_t hash, uint32_t cluster)
{
	struct store__content *content = calloc(1, sizeof *content);
	if (!content)
		return NULL;
	content->hash = hash;
	content->cluster = cluster;
	if (store__chains_add(&contents->chains, content) != 0) {
		free(content);
		return NULL;
	}
	contents->bytes += sizeof *content;
	return content;
}

static struct store__content *find_or_add(struct store__contents *contents, const struct wire_event *event,
					  uint32_t cluster)
{
	const uint64_t hash = hash_event(event, cluster);
	struct store__content *content = find(contents, hash, cluster, event);
	return content ? content : add(contents, hash, cluster);
}

static void drop_if_empty(struct store__contents *contents, struct store__content *content)
{
	if (content->messages_count + content->deliveries_count > 0)
		return;
	store__lanes_drop(&contents->lanes, content, INT64_MAX);
	store__chains_remove(&contents->chains, content);
	contents->bytes -= sizeof *content;
	free(content);
}

void store__contents_each(const struct store__contents *contents,
			  void (*each)(void *context, struct store__content *content), void *context)
{
	for (uint32_t i = 0; i < contents->chains.size; i++)
		for (struct store__content *content = contents->chains.heads[i]; content;
		     content = content->next)
			each(context, content);
}

/* ---- entries ---- */

static int add_delivery(struct store__contents *contents, struct store__content *content,
			struct store__entry *entry)
{
	struct store__lane *lane = store__lanes_of(&contents->lanes, content, entry);
	if (!lane)
		return -ENOMEM;
	if (!lane->is_queue && lane->joined == 0 && !lane->deliveries.first)
		lane->since_ns = store__subs_since(&contents->subs, entry);
	entry->lane = lane;
	store__list_insert(&contents->order, &lane->deliveries, entry);
	content->deliveries_count++;
	if (!content->sample)
		content->sample = entry;
	return 0;
}

static int add_to_content(struct store__contents *contents, struct store__entry *entry, uint32_t cluster)
{
	struct store__content *content = find_or_add(contents, &entry->copy.event, cluster);
	if (!content)
		return -ENOMEM;
	if (entry->copy.event.kind == WIRE_EVENT_MESSAGE) {
		store__list_insert(&contents->order, &content->messages, entry);
		content->messages_count++;
	} else if (add_delivery(contents, content, entry) != 0) {
		drop_if_empty(contents, content);
		return -ENOMEM;
	}
	entry->content = content;
	return 0;
}

int store__contents_add(struct store__contents *contents, struct store__entry *entry, uint32_t cluster)
{
	int error = store__subs_is_one(entry) ? store__subs_add(&contents->subs, entry)
					      : add_to_content(contents, entry, cluster);
	entry->is_listed = !error;
	return error;
}

/* Without messages, a content is compared by any of its deliveries. */
static void set_sample(struct store__content *content)
{
	const struct store__lane *lane = content->lanes;
	if (content->messages.first)
		return;
	while (lane && !lane->deliveries.first)
		lane = lane->next;
	content->sample = lane ? lane->deliveries.first : NULL;
}

static void remove_from_content(struct store__contents *contents, struct store__entry *entry)
{
	struct store__content *content = entry->content;
	if (entry->copy.event.kind == WIRE_EVENT_MESSAGE) {
		store__list_remove(&content->messages, entry);
		content->messages_count--;
	} else {
		store__list_remove(&entry->lane->deliveries, entry);
		content->deliveries_count--;
	}
	set_sample(content);
	entry->content = NULL;
	drop_if_empty(contents, content);
}

void store__contents_remove(struct store__contents *contents, struct store__entry *entry)
{
	entry->is_listed = false;
	if (store__subs_is_one(entry))
		store__chains_remove(&contents->subs, entry);
	else
		remove_from_content(contents, entry);
}

/* ---- another order ---- */

static void forget_order(void *context, struct store__content *content)
{
	(void)context;
	content->messages = (struct store__list){0};
	for (struct store__lane *lane = content->lanes; lane; lane = lane->next)
		lane->deliveries = (struct store__list){0};
}

void store__contents_reorder(struct store__contents *contents, struct store__entry *const *entries,
			     size_t count)
{
	store__contents_each(contents, forget_order, NULL);
	for (size_t i = 0; i < count; i++)
		store__list_append(entries[i]->lane ? &entries[i]->lane->deliveries
						    : &entries[i]->content->messages,
				   entries[i]);
}
