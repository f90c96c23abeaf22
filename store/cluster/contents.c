#include "store/cluster/contents.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"

enum { CHAINS_LEAST = 1024 };

int64_t store__entry_ns(const struct store__clocks *clocks, const struct store__entry *entry)
{
	return store_time_minus(entry->time_ns, store__clocks_ahead(clocks, entry->input));
}

int64_t store__entry_key(const struct store__contents *contents, const struct store__entry *entry)
{
	int64_t time_ns = store__entry_ns(contents->clocks, entry);
	return contents->reverse ? store_time_minus(0, time_ns) : time_ns;
}

/* ---- chains ---- */

/* Make room for one more; next_of gives the link of a member. 0 or -ENOMEM. */
static int grow(struct store__chains *chains, void **(*next_of)(void *member),
		uint64_t (*hash_of)(const void *member))
{
	if (chains->heads && chains->count <= chains->mask)
		return 0;
	const uint32_t size = chains->heads ? (chains->mask + 1) * 2 : CHAINS_LEAST;
	void **heads = calloc(size, sizeof *heads);
	if (!heads)
		return -ENOMEM;
	for (uint32_t i = 0; chains->heads && i <= chains->mask; i++)
		for (void *member = chains->heads[i], *next; member; member = next) {
			void **link = next_of(member);
			void **head = &heads[hash_of(member) & (size - 1)];
			next = *link;
			*link = *head;
			*head = member;
		}
	free(chains->heads);
	chains->heads = heads;
	chains->mask = size - 1;
	return 0;
}

static void **head_of(const struct store__chains *chains, uint64_t hash)
{
	return &chains->heads[hash & chains->mask];
}

static void unlink_member(struct store__chains *chains, void *member, uint64_t hash,
			  void **(*next_of)(void *member))
{
	void **link = head_of(chains, hash);
	while (*link != member)
		link = next_of(*link);
	*link = *next_of(member);
	chains->count--;
}

/* ---- contents ---- */

static void **next_content(void *content)
{
	return (void **)&((struct store__content *)content)->next;
}

static uint64_t hash_content(const void *content)
{
	return ((const struct store__content *)content)->hash;
}

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
	return content->first ? &content->first->copy.event : &content->sample->copy.event;
}

static struct store__content *find(const struct store__contents *contents, uint64_t hash, uint32_t cluster,
				   const struct wire_event *event)
{
	struct store__content *content = *head_of(&contents->chains, hash);
	while (content &&
	       (content->hash != hash || content->cluster != cluster || !is_same(sample_of(content), event)))
		content = content->next;
	return content;
}

static struct store__content *find_or_add(struct store__contents *contents, struct store__entry *entry,
					  uint32_t cluster)
{
	const uint64_t hash = hash_event(&entry->copy.event, cluster);
	if (grow(&contents->chains, next_content, hash_content) != 0)
		return NULL;
	struct store__content *content = find(contents, hash, cluster, &entry->copy.event);
	if (content)
		return content;
	content = calloc(1, sizeof *content);
	if (!content)
		return NULL;
	void **head = head_of(&contents->chains, hash);
	content->hash = hash;
	content->cluster = cluster;
	content->next = *head;
	*head = content;
	contents->chains.count++;
	contents->bytes += sizeof *content;
	return content;
}

static void **next_lane(void *lane)
{
	return (void **)&((struct store__lane *)lane)->next_same;
}

static uint64_t hash_lane(const void *lane)
{
	return ((const struct store__lane *)lane)->hash;
}

/* The members of a queue group are one lane. */
static uint64_t hash_lane_of(const struct store__content *content, uint32_t input,
			     const struct wire_event *event)
{
	const uint64_t seed = content->hash + content->cluster;
	return event->queue.len > 0 ? mix(event->queue, seed + 1)
				    : mix(event->sid, seed ^ (event->conn << 8) ^ (uint64_t)input << 48);
}

static void free_lane(struct store__contents *contents, struct store__lane *lane)
{
	unlink_member(&contents->lanes, lane, lane->hash, next_lane);
	contents->bytes -= sizeof *lane + lane->name_len;
	free(lane->name);
	free(lane);
}

static void drop_if_empty(struct store__contents *contents, struct store__content *content)
{
	if (content->messages + content->deliveries > 0)
		return;
	for (struct store__lane *lane = content->lanes, *next; lane; lane = next) {
		next = lane->next;
		free_lane(contents, lane);
	}
	unlink_member(&contents->chains, content, content->hash, next_content);
	contents->bytes -= sizeof *content;
	free(content);
}

/* ---- subscriptions ---- */

static bool is_sub(const struct store__entry *entry)
{
	return entry->copy.event.kind == WIRE_EVENT_SUBSCRIBE || entry->copy.event.kind == WIRE_EVENT_CONNECT;
}

static void **next_sub(void *entry)
{
	return (void **)&((struct store__entry *)entry)->next_same;
}

static uint64_t hash_sub_of(uint32_t input, uint64_t conn, struct wire_slice sid)
{
	return mix(sid, conn ^ (uint64_t)input << 48);
}

static uint64_t hash_sub(const void *entry)
{
	const struct store__entry *sub = entry;
	return hash_sub_of(sub->input, sub->copy.event.conn, sub->copy.event.sid);
}

static int add_sub(struct store__contents *contents, struct store__entry *entry)
{
	if (grow(&contents->subs, next_sub, hash_sub) != 0)
		return -ENOMEM;
	void **head = head_of(&contents->subs, hash_sub(entry));
	entry->next_same = *head;
	*head = entry;
	contents->subs.count++;
	entry->is_listed = true;
	return 0;
}

/* The SUB of a subscription, or without a sid the CONNECT of the connection. NULL when it was before the window. */
static const struct store__entry *find_sub(const struct store__contents *contents, uint32_t input,
					   uint64_t conn, struct wire_slice sid)
{
	const struct store__entry *sub =
	    contents->subs.heads ? *head_of(&contents->subs, hash_sub_of(input, conn, sid)) : NULL;
	while (sub && (sub->input != input || sub->copy.event.conn != conn ||
		       !wire_slice_equal(sub->copy.event.sid, sid)))
		sub = sub->next_same;
	return sub;
}

/* Since when the subscription of a delivery may have existed; INT64_MIN: before the window. */
static int64_t find_since(const struct store__contents *contents, const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct store__entry *since = find_sub(contents, delivery->input, event->conn, event->sid);
	if (!since)
		since = find_sub(contents, delivery->input, event->conn, (struct wire_slice){0});
	return since ? since->time_ns : INT64_MIN;
}

/* ---- lanes ---- */

bool store__lane_is_of(const struct store__lane *lane, uint32_t input, const struct wire_receiver *receiver)
{
	const struct wire_slice name = wire_slice(lane->name, lane->name_len);
	if (lane->is_queue)
		return wire_slice_equal(name, receiver->queue);
	return receiver->queue.len == 0 && lane->input == input && lane->conn == receiver->conn &&
	       wire_slice_equal(name, receiver->sid);
}

static void append_lane(struct store__content *content, struct store__lane *lane)
{
	if (content->last_lane)
		content->last_lane->next = lane;
	else
		content->lanes = lane;
	content->last_lane = lane;
}

static struct store__lane *add_lane(struct store__contents *contents, struct store__content *content,
				    const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct wire_slice name = event->queue.len > 0 ? event->queue : event->sid;
	if (grow(&contents->lanes, next_lane, hash_lane) != 0)
		return NULL;
	struct store__lane *lane = calloc(1, sizeof *lane);
	char *text = malloc(name.len + 1);
	if (!lane || !text) {
		free(lane);
		free(text);
		return NULL;
	}
	if (name.len > 0)
		memcpy(text, name.data, name.len);
	*lane = (struct store__lane){.content = content,
				     .hash = hash_lane_of(content, delivery->input, event),
				     .input = delivery->input,
				     .conn = event->conn,
				     .name = text,
				     .name_len = name.len,
				     .is_queue = event->queue.len > 0,
				     .since_ns =
					 event->queue.len > 0 ? INT64_MIN : find_since(contents, delivery),
				     .doubtful_key = INT64_MIN};
	append_lane(content, lane);
	void **head = head_of(&contents->lanes, lane->hash);
	lane->next_same = *head;
	*head = lane;
	contents->lanes.count++;
	contents->bytes += sizeof *lane + name.len;
	return lane;
}

static struct store__lane *lane_of(struct store__contents *contents, struct store__content *content,
				   const struct store__entry *delivery)
{
	const struct wire_event *event = &delivery->copy.event;
	const struct wire_receiver receiver = {.conn = event->conn, .sid = event->sid, .queue = event->queue};
	struct store__lane *lane = NULL;
	if (contents->lanes.heads)
		lane = *head_of(&contents->lanes, hash_lane_of(content, delivery->input, event));
	for (; lane; lane = lane->next_same)
		if (lane->content == content && store__lane_is_of(lane, delivery->input, &receiver))
			return lane;
	return add_lane(contents, content, delivery);
}

void store__contents_drop_idle(struct store__contents *contents, struct store__content *content, int64_t key)
{
	struct store__lane *lane = content->lanes;
	content->lanes = content->last_lane = NULL;
	for (struct store__lane *next; lane; lane = next) {
		next = lane->next;
		lane->next = NULL;
		if (!lane->first && lane->last_key < key && lane->doubtful_key < key)
			free_lane(contents, lane);
		else
			append_lane(content, lane);
	}
}

/* ---- entries ---- */

static void append(struct store__entry **first, struct store__entry **last, struct store__entry *entry)
{
	entry->next_same = NULL;
	if (*last)
		(*last)->next_same = entry;
	else
		*first = entry;
	*last = entry;
}

/* Entries come almost in order: only after a clock has changed they do not. */
static void insert(const struct store__contents *contents, struct store__entry **first,
		   struct store__entry **last, struct store__entry *entry)
{
	const int64_t key = store__entry_key(contents, entry);
	if (!*last || store__entry_key(contents, *last) <= key) {
		append(first, last, entry);
		return;
	}
	struct store__entry **link = first;
	while (store__entry_key(contents, *link) <= key)
		link = &(*link)->next_same;
	entry->next_same = *link;
	*link = entry;
}

static void take_out(struct store__entry **first, struct store__entry **last, struct store__entry *entry)
{
	struct store__entry *before = NULL;
	for (struct store__entry *other = *first; other != entry; other = other->next_same)
		before = other;
	if (before)
		before->next_same = entry->next_same;
	else
		*first = entry->next_same;
	if (*last == entry)
		*last = before;
	entry->next_same = NULL;
}

static int add_delivery(struct store__contents *contents, struct store__content *content,
			struct store__entry *entry)
{
	struct store__lane *lane = lane_of(contents, content, entry);
	if (!lane)
		return -ENOMEM;
	entry->lane = lane;
	insert(contents, &lane->first, &lane->last, entry);
	content->deliveries++;
	if (!content->sample)
		content->sample = entry;
	return 0;
}

int store__contents_add(struct store__contents *contents, struct store__entry *entry, uint32_t cluster)
{
	if (is_sub(entry))
		return add_sub(contents, entry);
	struct store__content *content = find_or_add(contents, entry, cluster);
	if (!content)
		return -ENOMEM;
	if (entry->copy.event.kind == WIRE_EVENT_MESSAGE) {
		insert(contents, &content->first, &content->last, entry);
		content->messages++;
	} else if (add_delivery(contents, content, entry) != 0) {
		drop_if_empty(contents, content);
		return -ENOMEM;
	}
	entry->content = content;
	entry->is_listed = true;
	return 0;
}

static void forget_order(struct store__content *content)
{
	content->first = content->last = NULL;
	for (struct store__lane *lane = content->lanes; lane; lane = lane->next)
		lane->first = lane->last = NULL;
}

void store__contents_reorder(struct store__contents *contents, struct store__entry *const *entries,
			     size_t count)
{
	for (uint32_t i = 0; contents->chains.heads && i <= contents->chains.mask; i++)
		for (struct store__content *content = contents->chains.heads[i]; content;
		     content = content->next)
			forget_order(content);
	for (size_t i = 0; i < count; i++) {
		struct store__entry *entry = entries[i];
		if (entry->lane)
			append(&entry->lane->first, &entry->lane->last, entry);
		else
			append(&entry->content->first, &entry->content->last, entry);
	}
}

/* Without messages, a content is compared by any of its deliveries. */
static void set_sample(struct store__content *content)
{
	const struct store__lane *lane = content->lanes;
	if (content->first)
		return;
	while (lane && !lane->first)
		lane = lane->next;
	content->sample = lane ? lane->first : NULL;
}

void store__contents_remove(struct store__contents *contents, struct store__entry *entry)
{
	struct store__content *content = entry->content;
	entry->is_listed = false;
	if (is_sub(entry)) {
		unlink_member(&contents->subs, entry, hash_sub(entry), next_sub);
		return;
	}
	if (entry->copy.event.kind == WIRE_EVENT_MESSAGE) {
		take_out(&content->first, &content->last, entry);
		content->messages--;
	} else {
		take_out(&entry->lane->first, &entry->lane->last, entry);
		content->deliveries--;
	}
	set_sample(content);
	entry->content = NULL;
	drop_if_empty(contents, content);
}

void store__contents_fini(struct store__contents *contents)
{
	free(contents->chains.heads);
	free(contents->lanes.heads);
	free(contents->subs.heads);
	*contents = (struct store__contents){0};
}
