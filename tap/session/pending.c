#include "tap/session/pending.h"

#include <stdlib.h>
#include <xxhash.h>

enum {
	BLOCK_BYTES = 256 << 10,
	ENTRIES_LEAST = 256,
	ALIGNMENT = 8,
	LOOK_AHEAD = 8, /* entries */
};

struct tap__pending_block {
	struct tap__pending_block *next;
	uint64_t last; /* number of the newest entry when it was last used */
	size_t len, cap;
	char bytes[];
};

void tap__pending_init(struct tap__pending *pending, struct tap_budget *budget)
{
	*pending = (struct tap__pending){.oldest = 1, .next = 1, .ungrouped = 1, .budget = budget};
}

/* ---- memory ---- */

/* Of memory for copies of events. */
static bool take(struct tap__pending *pending, uint64_t bytes)
{
	if (!tap_budget_take(pending->budget, bytes))
		return false;
	pending->copied_bytes += bytes;
	return true;
}

static void give(struct tap__pending *pending, uint64_t bytes)
{
	tap_budget_give(pending->budget, bytes);
	pending->copied_bytes -= bytes;
}

/* Bytes of the ring and the table for so many entries. */
static uint64_t ring_bytes(uint64_t entries)
{
	return entries * (sizeof(struct tap__pending_event) + 2 * sizeof(struct tap__leader));
}

/* The ring keeps its size. So what is in use counts, and the ring itself only when it is about to grow. */
bool tap__pending_is_crowded(const struct tap__pending *pending, uint64_t limit_bytes)
{
	uint64_t entries = pending->next - pending->oldest;
	if (pending->copied_bytes + ring_bytes(entries) > limit_bytes)
		return true;
	return entries > pending->cap / 4 * 3 && ring_bytes(2 * pending->cap) > limit_bytes;
}

static struct tap__pending_block *add_block(struct tap__pending *pending, size_t bytes)
{
	size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	if (!take(pending, sizeof(struct tap__pending_block) + cap))
		return NULL;
	struct tap__pending_block *block = malloc(sizeof *block + cap);
	if (!block) {
		give(pending, sizeof *block + cap);
		return NULL;
	}
	*block = (struct tap__pending_block){.cap = cap};
	if (pending->last_block)
		pending->last_block->next = block;
	else
		pending->first_block = block;
	pending->last_block = block;
	return block;
}

static void free_first_block(struct tap__pending *pending)
{
	struct tap__pending_block *block = pending->first_block;
	pending->first_block = block->next;
	if (!block->next)
		pending->last_block = NULL;
	give(pending, sizeof *block + block->cap);
	free(block);
}

/* Allocate memory that is needed until entry number `last` leaves. */
static void *alloc(struct tap__pending *pending, size_t bytes, uint64_t last)
{
	struct tap__pending_block *block = pending->last_block;
	bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!block || block->cap - block->len < bytes)
		block = add_block(pending, bytes);
	if (!block)
		return NULL;
	void *room = block->bytes + block->len;
	block->len += bytes;
	block->last = last;
	return room;
}

void *tap__pending_alloc(struct tap__pending *pending, size_t bytes)
{
	return alloc(pending, bytes, pending->next - 1);
}

/* ---- groups ---- */

static size_t mask_of(const struct tap__pending *pending)
{
	return 2 * pending->cap - 1;
}

static uint32_t tag_of(uint64_t key)
{
	return (uint32_t)(key >> 32) | 1;
}

static size_t home_of(const struct tap__pending *pending, uint32_t tag)
{
	return tag >> 1 & mask_of(pending);
}

/* The number of a leader, from its lower half. */
static uint64_t whole_number(const struct tap__pending *pending, uint32_t lower)
{
	return pending->oldest + (uint32_t)(lower - (uint32_t)pending->oldest);
}

uint64_t tap__content_key(uint32_t server, struct wire_slice subject, struct wire_slice reply,
			  struct wire_slice payload)
{
	uint64_t key = tap__subject_hash(server, subject);
	if (reply.len > 0)
		key = XXH3_64bits_withSeed(reply.data, reply.len, key);
	return XXH3_64bits_withSeed(payload.data, payload.len, key);
}

uint64_t tap__pending_key(struct tap__pending_event *entry)
{
	if (entry->key == 0)
		entry->key = tap__content_key(entry->server, tap__subject_of(entry), tap__reply_of(entry),
					      tap__payload_of(entry));
	return entry->key;
}

/* Prefetch the slot of an entry some way ahead: it will be needed, and is rarely in cache. */
static void look_ahead(const struct tap__pending *pending, uint64_t number)
{
	if (number + LOOK_AHEAD >= pending->next)
		return;
	struct tap__pending_event *entry = tap__pending_entry(pending, number + LOOK_AHEAD);
	if (entry->state == TAP__JOINABLE)
		__builtin_prefetch(&pending->leaders[home_of(pending, tag_of(tap__pending_key(entry)))], 1);
}

/* The slot of the key's leader, or the empty slot where it would go. Hot. */
static struct tap__leader *find_slot(const struct tap__pending *pending, uint64_t key)
{
	uint32_t tag = tag_of(key);
	size_t at = home_of(pending, tag), mask = mask_of(pending);
	for (; pending->leaders[at].tag != 0; at = (at + 1) & mask)
		if (pending->leaders[at].tag == tag &&
		    tap__pending_entry(pending, whole_number(pending, pending->leaders[at].number))->key ==
			key)
			break;
	return &pending->leaders[at];
}

static void lead(struct tap__pending_event *entry, struct tap__leader *slot)
{
	entry->leads = true;
	*slot = (struct tap__leader){.tag = tag_of(entry->key), .number = (uint32_t)entry->number};
}

/* A message of another publisher has entered the group: mark its members, once. */
static void note_shared(struct tap__pending *pending, struct tap__pending_event *leader,
			struct tap__pending_event *entered)
{
	entered->is_shared = leader->is_shared;
	if (leader->is_shared || leader->conn == entered->conn)
		return;
	for (uint64_t number = leader->number; number != 0;) {
		struct tap__pending_event *entry = tap__pending_entry(pending, number);
		entry->is_shared = true;
		number = entry->next_same;
	}
}

static void join_group(struct tap__pending *pending, struct tap__pending_event *entry)
{
	struct tap__leader *slot = find_slot(pending, tap__pending_key(entry));
	if (slot->tag == 0) {
		entry->last_same = entry->number;
		lead(entry, slot);
		return;
	}
	struct tap__pending_event *leader = tap__pending_entry(pending, whole_number(pending, slot->number));
	tap__pending_entry(pending, leader->last_same)->next_same = entry->number;
	leader->is_repeated = entry->is_repeated = true;
	leader->last_same = entry->number;
	note_shared(pending, leader, entry);
}

static void group(struct tap__pending *pending)
{
	for (; pending->ungrouped != pending->next; pending->ungrouped++) {
		struct tap__pending_event *entry = tap__pending_entry(pending, pending->ungrouped);
		look_ahead(pending, pending->ungrouped);
		if (entry->state == TAP__JOINABLE)
			join_group(pending, entry);
	}
}

uint64_t tap__pending_find(struct tap__pending *pending, uint64_t key)
{
	if (pending->cap == 0)
		return 0;
	group(pending);
	const struct tap__leader *leader = find_slot(pending, key);
	return leader->tag != 0 ? whole_number(pending, leader->number) : 0;
}

bool tap__pending_is_shared(struct tap__pending *pending, const struct tap__pending_event *message)
{
	if (pending->only_since <= pending->oldest)
		return false;
	group(pending);
	return message->is_shared;
}

/* Empty a slot. Move up leaders after it that could be nearer to their home, so that an empty slot ends every
 * search. */
static void empty_slot(struct tap__pending *pending, struct tap__leader *slot)
{
	size_t mask = mask_of(pending), hole = (size_t)(slot - pending->leaders);
	for (size_t at = (hole + 1) & mask; pending->leaders[at].tag != 0; at = (at + 1) & mask) {
		size_t distance = (at - home_of(pending, pending->leaders[at].tag)) & mask;
		if (distance < ((at - hole) & mask))
			continue;
		pending->leaders[hole] = pending->leaders[at];
		hole = at;
	}
	pending->leaders[hole].tag = 0;
}

/* A leader leaves: the next entry of its group, if any, takes its place. */
static void inherit(struct tap__pending *pending, struct tap__pending_event *leader)
{
	struct tap__leader *slot = find_slot(pending, leader->key);
	leader->leads = false;
	if (leader->next_same == 0) {
		empty_slot(pending, slot);
		return;
	}
	struct tap__pending_event *heir = tap__pending_entry(pending, leader->next_same);
	heir->last_same = leader->last_same;
	lead(heir, slot);
}

void tap__pending_leave_group(struct tap__pending *pending, struct tap__pending_event *entry,
			      struct tap__pending_event *previous)
{
	if (!previous) {
		inherit(pending, entry);
		return;
	}
	previous->next_same = entry->next_same;
	if (entry->next_same == 0)
		tap__pending_entry(pending, tap__pending_find(pending, entry->key))->last_same =
		    previous->number;
}

/* ---- the ring ---- */

static bool grow(struct tap__pending *pending)
{
	struct tap__pending grown = *pending;
	grown.cap = pending->cap ? pending->cap * 2 : ENTRIES_LEAST;
	uint64_t more = ring_bytes(grown.cap - pending->cap);
	if (!tap_budget_take(pending->budget, more))
		return false;
	grown.entries = malloc(grown.cap * sizeof *grown.entries);
	grown.leaders = calloc(2 * grown.cap, sizeof *grown.leaders);
	if (!grown.entries || !grown.leaders) {
		free(grown.entries);
		free(grown.leaders);
		tap_budget_give(pending->budget, more);
		return false;
	}
	for (uint64_t number = pending->oldest; number != pending->next; number++) {
		struct tap__pending_event *entry = tap__pending_entry(&grown, number);
		*entry = *tap__pending_entry(pending, number);
		if (entry->leads)
			lead(entry, find_slot(&grown, entry->key));
	}
	free(pending->entries);
	free(pending->leaders);
	*pending = grown;
	return true;
}

static const struct tap__pending_event empty;

struct tap__pending_event *tap__pending_push(struct tap__pending *pending, size_t bytes, char **room)
{
	if (pending->next - pending->oldest == pending->cap && !grow(pending))
		return NULL;
	*room = bytes > 0 ? alloc(pending, bytes, pending->next) : NULL;
	if (bytes > 0 && !*room)
		return NULL;
	struct tap__pending_event *entry = tap__pending_entry(pending, pending->next);
	*entry =
	    empty; /* copying is faster than filling with zeros, which compilers turn into a string instruction */
	entry->number = pending->next++;
	entry->bytes = *room;
	return entry;
}

/* ---- rare events ---- */

static struct wire_slice copy(char **to, struct wire_slice text)
{
	char *start = *to;
	if (text.len > 0)
		memcpy(start, text.data, text.len);
	*to += text.len;
	return wire_slice(start, text.len);
}

static void copy_client(struct tap__rare *rare, const struct wire_client *client, char *to)
{
	rare->client.address = copy(&to, client->address);
	rare->client.name = copy(&to, client->name);
	rare->client.lang = copy(&to, client->lang);
	rare->client.version = copy(&to, client->version);
	rare->client.user = copy(&to, client->user);
	rare->client.account = copy(&to, client->account);
	rare->client.certificate = copy(&to, client->certificate);
	rare->event.client = &rare->client;
}

static struct tap__rare *copy_event(struct tap__pending *pending, const struct wire_event *event)
{
	const struct wire_client none = {0}, *client = event->client ? event->client : &none;
	size_t bytes = sizeof(struct tap__rare) + event->subject.len + event->sid.len + event->queue.len +
		       event->text.len + client->address.len + client->name.len + client->lang.len +
		       client->version.len + client->user.len + client->account.len + client->certificate.len;
	if (!take(pending, bytes))
		return NULL;
	struct tap__rare *rare = malloc(bytes);
	if (!rare) {
		give(pending, bytes);
		return NULL;
	}
	char *to = (char *)(rare + 1);
	*rare = (struct tap__rare){.bytes = bytes, .event = *event};
	rare->event.subject = copy(&to, event->subject);
	rare->event.sid = copy(&to, event->sid);
	rare->event.queue = copy(&to, event->queue);
	rare->event.text = copy(&to, event->text);
	if (event->client)
		copy_client(rare, client, to);
	return rare;
}

struct tap__pending_event *tap__pending_push_rare(struct tap__pending *pending,
						  const struct wire_event *event)
{
	char *none;
	struct tap__rare *rare = copy_event(pending, event);
	struct tap__pending_event *entry = rare ? tap__pending_push(pending, 0, &none) : NULL;
	if (rare && !entry) {
		give(pending, rare->bytes);
		free(rare);
	}
	if (entry) {
		entry->rare = rare;
		entry->kind = (uint8_t)event->kind;
		entry->conn = event->conn;
	}
	return entry;
}

/* ---- leaving ---- */

static void free_owned(struct tap__pending *pending, struct tap__pending_event *entry)
{
	for (const struct tap__receiver *receiver = tap__receivers_first(entry); receiver;
	     receiver = receiver->next)
		tap__sub_release(receiver->sub);
	if (entry->kind == WIRE_EVENT_MESSAGE) {
		tap__client_release(entry->client);
		tap__match_release(entry->match);
	} else if (entry->kind == WIRE_EVENT_DELIVERY) {
		tap__sub_release(entry->sub);
	} else {
		give(pending, entry->rare->bytes);
		free(entry->rare);
	}
}

/* Free the blocks that no entry uses. The last one is reused unless it is large. */
static void free_blocks(struct tap__pending *pending)
{
	struct tap__pending_block *block;
	while ((block = pending->first_block) && block->last < pending->oldest) {
		if (!block->next && block->cap == BLOCK_BYTES) {
			block->len = 0;
			return;
		}
		free_first_block(pending);
	}
}

void tap__pending_drop(struct tap__pending *pending)
{
	struct tap__pending_event *entry = tap__pending_entry(pending, pending->oldest);
	if (entry->leads) {
		look_ahead(pending, pending->oldest);
		inherit(pending, entry);
	}
	free_owned(pending, entry);
	if (pending->ungrouped == pending->oldest++)
		pending->ungrouped++;
	free_blocks(pending);
}

void tap__pending_fini(struct tap__pending *pending)
{
	while (!tap__pending_is_empty(pending))
		tap__pending_drop(pending);
	while (pending->first_block)
		free_first_block(pending);
	tap_budget_give(pending->budget, ring_bytes(pending->cap));
	free(pending->entries);
	free(pending->leaders);
	pending->cap = 0;
}
