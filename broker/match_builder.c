/*	COLLECTING ─▶ SORTING ─▶ LAYING_OUT ─▶ done
 *
 * Collect the plain subscriptions, and the members of queue groups in stretches: one stretch for each group at each node.
 * Sort the stretches by the name of their group, so that those of one name are neighbours. Each stage can stop and
 * continue later; subscriptions that end meanwhile are retired, not freed. */
#include "broker/match_builder.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/client.h"
#include "broker/permissions.h"
#include "broker/server.h"

enum {
	SORT_UNITS = 20, /* one element sifted down by one level */
	RECEIVER_UNITS = 8,
	SCRATCH_KEPT = 4096, /* elements of each array that are kept from one match to the next */
};

/* Heads are not prepared when they take more bytes than this. */
static const size_t heads_bytes_max = 1u << 20;

struct stretch {
	uint32_t first, len; /* of members */
};

struct subs {
	struct broker__sub **at;
	size_t len, cap;
};

struct broker__match_builder {
	struct broker__sublist_cursor cursor;
	struct broker_client *publisher;
	uint64_t hash, generation, as_of; /* when it was started */
	enum { COLLECTING, SORTING, LAYING_OUT } stage;
	struct subs plain, members;
	struct stretch *stretches;
	size_t stretches_len, stretches_cap;
	size_t head_bytes;
	/* Heap sort: the heap is built from `heaped` downwards, then shrinks to `sorted`. */
	size_t heaped, sorted;
	struct broker__match *match;
	uint64_t mark;
	size_t plain_at, stretch_at, member_at; /* what is laid out next */
	bool is_in_group;                       /* the current stretch belongs to the last queue group */
	struct broker__receiver *receiver;      /* where the next member goes */
	struct wire_receiver *described;
	struct wire_intern_hint *hints;
	char *text;
	bool was_interrupted;
};

/* ---- collecting ---- */

/* Make room for one more element; false when out of memory. */
static bool grow(void **array, size_t len, size_t *cap, size_t element)
{
	if (len < *cap)
		return true;
	size_t wanted = *cap ? *cap * 2 : 16;
	void *grown = realloc(*array, wanted * element);
	if (!grown)
		return false;
	*array = grown;
	*cap = wanted;
	return true;
}

static bool add_sub(struct subs *subs, struct broker__sub *sub)
{
	if (!grow((void **)&subs->at, subs->len, &subs->cap, sizeof(struct broker__sub *)))
		return false;
	subs->at[subs->len++] = sub;
	return true;
}

/* A publisher that wants no echo does not receive its own messages; a client that is torn down receives nothing. */
static bool is_wanted(const struct broker__match_builder *builder, const struct broker__sub *sub)
{
	const struct broker_client *client = sub->client;
	return !sub->is_closed && sub->born <= builder->as_of && client->life < BROKER__LINGERING &&
	       (client != builder->publisher || client->options.echo);
}

static bool begin_stretch(struct broker__match_builder *builder)
{
	if (!grow((void **)&builder->stretches, builder->stretches_len, &builder->stretches_cap,
		  sizeof(struct stretch)))
		return false;
	builder->stretches[builder->stretches_len++] =
	    (struct stretch){.first = (uint32_t)builder->members.len};
	return true;
}

static bool collect_member(struct broker__match_builder *builder, struct broker__sub *sub, bool begins_group)
{
	if (begins_group && !begin_stretch(builder))
		return false;
	if (!is_wanted(builder, sub))
		return true;
	builder->stretches[builder->stretches_len - 1].len++;
	return add_sub(&builder->members, sub);
}

static bool collect_one(struct broker__match_builder *builder, struct wire_slice subject,
			struct broker__sub *sub, bool begins_group)
{
	builder->head_bytes += sizeof "HMSG  " - 1 + subject.len + sub->sid.len + 1;
	if (sub->group)
		return collect_member(builder, sub, begins_group);
	return !is_wanted(builder, sub) || add_sub(&builder->plain, sub);
}

/* False when out of memory. */
static bool collect(struct broker__match_builder *builder, struct wire_slice subject, int64_t *work)
{
	const struct broker__sublist *list = &builder->publisher->loop->broker->sublist;
	bool begins_group;
	for (struct broker__sub *sub;
	     (sub = broker__sublist_cursor_next(&builder->cursor, list, subject, work, &begins_group));)
		if (!collect_one(builder, subject, sub, begins_group))
			return false;
	if (builder->cursor.is_done)
		builder->stage = SORTING;
	builder->heaped = builder->stretches_len / 2;
	builder->sorted = builder->stretches_len;
	return true;
}

/* ---- sorting ---- */

/* The place of a stretch without members does not matter. */
static struct wire_slice name_of(const struct broker__match_builder *builder, size_t stretch)
{
	const struct stretch *at = &builder->stretches[stretch];
	return at->len > 0 ? builder->members.at[at->first]->queue : wire_slice("", 0);
}

static int compare(const struct broker__match_builder *builder, size_t left, size_t right)
{
	struct wire_slice a = name_of(builder, left), b = name_of(builder, right);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.data, b.data, a.len);
}

static void swap(struct broker__match_builder *builder, size_t left, size_t right)
{
	struct stretch kept = builder->stretches[left];
	builder->stretches[left] = builder->stretches[right];
	builder->stretches[right] = kept;
}

static void sift_down(struct broker__match_builder *builder, size_t at, size_t len, int64_t *work)
{
	for (size_t child; (child = 2 * at + 1) < len; at = child) {
		*work -= SORT_UNITS;
		if (child + 1 < len && compare(builder, child, child + 1) < 0)
			child++;
		if (compare(builder, at, child) >= 0)
			return;
		swap(builder, at, child);
	}
}

static void sort(struct broker__match_builder *builder, int64_t *work)
{
	while (*work > 0 && builder->heaped > 0)
		sift_down(builder, --builder->heaped, builder->stretches_len, work);
	while (*work > 0 && builder->sorted > 1) {
		swap(builder, 0, --builder->sorted);
		sift_down(builder, 0, builder->sorted, work);
	}
	if (builder->heaped == 0 && builder->sorted <= 1)
		builder->stage = LAYING_OUT;
}

/* ---- laying it out ---- */

/* Take the next len bytes of the match's one allocation. */
static void *take(char **arena, size_t len)
{
	void *taken = *arena;
	*arena += len;
	return taken;
}

static bool open_match(struct broker__match_builder *builder, struct wire_slice subject)
{
	size_t receivers = builder->plain.len, members = builder->members.len,
	       queue_groups = builder->stretches_len;
	bool has_heads = builder->head_bytes <= heads_bytes_max;
	size_t text_bytes = (subject.len + (has_heads ? builder->head_bytes : 0) + 7) / 8 * 8;
	size_t bytes = sizeof(struct broker__match) + sizeof(struct broker__match_memos) +
		       queue_groups * sizeof(struct broker__queue_group) +
		       (receivers + members) * sizeof(struct broker__receiver) +
		       (receivers + queue_groups + members) * sizeof(struct wire_receiver) +
		       members * sizeof(struct wire_intern_hint) + text_bytes + BROKER__SLACK;
	struct broker__match *match = bytes <= UINT32_MAX ? malloc(bytes) : NULL;
	if (!match)
		return false;
	char *arena = (char *)(match + 1);
	*match = (struct broker__match){.hash = builder->hash,
					.generation = builder->generation,
					.bytes = (uint32_t)bytes,
					.is_plain = queue_groups == 0,
					.has_heads = has_heads,
					.receivers_len = (uint32_t)receivers};
	match->receivers = take(&arena, receivers * sizeof *match->receivers);
	builder->text = take(&arena, text_bytes);
	match->hints = take(&arena, sizeof *match->hints);
	*match->hints = (struct broker__match_memos){0};
	match->described = take(&arena, (receivers + queue_groups) * sizeof *match->described);
	match->queue_groups = take(&arena, queue_groups * sizeof *match->queue_groups);
	builder->receiver = take(&arena, members * sizeof *builder->receiver);
	builder->described = take(&arena, members * sizeof *builder->described);
	builder->hints = take(&arena, members * sizeof *builder->hints);
	match->subject =
	    wire_slice(memcpy(take(&builder->text, subject.len), subject.data, subject.len), subject.len);
	match->may_publish = broker__may_publish(builder->publisher->permissions, subject);
	match->is_reserved = subject.len > 5 && memcmp(subject.data, "_GR_.", 5) == 0;
	builder->match = match;
	builder->mark = ++builder->publisher->loop->matches_made;
	return true;
}

size_t broker__head_write(char *out, struct wire_slice subject, struct wire_slice sid)
{
	char *at = out;
	memcpy(at, "HMSG ", 5);
	memcpy(at + 5, subject.data, subject.len);
	at += 5 + subject.len;
	*at++ = ' ';
	memcpy(at, sid.data, sid.len);
	at += sid.len;
	*at++ = ' ';
	return (size_t)(at - out);
}

static void fill_receiver(struct broker__match_builder *builder, struct broker__receiver *receiver,
			  struct wire_receiver *described, struct broker__sub *sub)
{
	struct wire_slice subject = builder->match->subject;
	*receiver = (struct broker__receiver){.sub = sub, .client = sub->client};
	*described = (struct wire_receiver){.conn = sub->client->cid, .sid = sub->sid, .queue = sub->queue};
	receiver->is_denied = !broker__may_receive(sub->client->permissions, subject);
	if (!builder->match->has_heads)
		return;
	receiver->head = builder->text;
	receiver->head_len = (uint32_t)broker__head_write(builder->text, subject, sub->sid) & INT32_MAX;
	builder->text += receiver->head_len;
}

/* Subscriptions that ended since they were collected are left out. */
static void lay_out_plain(struct broker__match_builder *builder, int64_t *work)
{
	struct broker__match *match = builder->match;
	uint32_t filled = builder->plain_at == 0 ? (match->receivers_len = 0) : match->receivers_len;
	for (; builder->plain_at<builder->plain.len && * work> 0; builder->plain_at++) {
		struct broker__sub *sub = builder->plain.at[builder->plain_at];
		*work -= RECEIVER_UNITS;
		if (sub->is_closed)
			continue;
		struct broker__receiver *receiver = &match->receivers[filled];
		fill_receiver(builder, receiver, &match->described[filled++], sub);
		if (receiver->is_denied || sub->client->match_mark == builder->mark)
			match->is_plain = false;
		sub->client->match_mark = builder->mark;
	}
	match->receivers_len = filled;
}

/* Begin a queue group, unless the stretch has the name of the last one. */
static void begin_queue_group(struct broker__match_builder *builder)
{
	struct broker__match *match = builder->match;
	size_t at = builder->stretch_at;
	builder->is_in_group = true;
	if (match->queue_groups_len > 0 && compare(builder, at - 1, at) == 0)
		return;
	match->queue_groups[match->queue_groups_len++] = (struct broker__queue_group){
	    .members = builder->receiver, .described = builder->described, .hints = builder->hints};
}

static void add_member(struct broker__match_builder *builder, struct broker__sub *sub)
{
	if (sub->is_closed)
		return;
	fill_receiver(builder, builder->receiver++, builder->described++, sub);
	*builder->hints++ = (struct wire_intern_hint){0};
	builder->match->queue_groups[builder->match->queue_groups_len - 1].members_len++;
}

static void lay_out_members(struct broker__match_builder *builder, int64_t *work)
{
	for (; builder->stretch_at<builder->stretches_len && * work> 0; builder->stretch_at++) {
		const struct stretch *stretch = &builder->stretches[builder->stretch_at];
		if (stretch->len > 0 && !builder->is_in_group)
			begin_queue_group(builder);
		for (; builder->member_at<stretch->len && * work> 0; builder->member_at++) {
			*work -= RECEIVER_UNITS;
			add_member(builder, builder->members.at[stretch->first + builder->member_at]);
		}
		if (builder->member_at < stretch->len)
			return;
		*work -= RECEIVER_UNITS;
		builder->member_at = 0;
		builder->is_in_group = false;
	}
}

static bool is_laid_out(const struct broker__match_builder *builder)
{
	return builder->plain_at == builder->plain.len && builder->stretch_at == builder->stretches_len;
}

/* ---- from the beginning to the end ---- */

struct broker__match_builder *broker__match_builder_open(void)
{
	return calloc(1, sizeof(struct broker__match_builder));
}

static void free_subs(struct subs *subs)
{
	free(subs->at);
	*subs = (struct subs){0};
}

/* Free the scratch memory of an unusually large match. */
static void tidy(struct broker__match_builder *builder)
{
	if (builder->plain.cap > SCRATCH_KEPT)
		free_subs(&builder->plain);
	if (builder->members.cap > SCRATCH_KEPT)
		free_subs(&builder->members);
	builder->plain.len = builder->members.len = builder->stretches_len = 0;
	if (builder->stretches_cap <= SCRATCH_KEPT)
		return;
	free(builder->stretches);
	builder->stretches = NULL;
	builder->stretches_cap = 0;
}

void broker__match_builder_close(struct broker__match_builder *builder)
{
	if (!builder)
		return;
	free(builder->match);
	free(builder->plain.at);
	free(builder->members.at);
	free(builder->stretches);
	free(builder);
}

void broker__match_builder_start(struct broker__match_builder *builder, struct broker_client *publisher,
				 struct wire_slice subject, uint64_t hash)
{
	struct broker__sublist *list = &publisher->loop->broker->sublist;
	free(builder->match);
	builder->match = NULL;
	tidy(builder);
	builder->publisher = publisher;
	builder->hash = hash;
	builder->generation = broker__sublist_generation(list, hash);
	builder->as_of = list->inserts;
	builder->stage = COLLECTING;
	builder->head_bytes = builder->plain_at = builder->stretch_at = builder->member_at = 0;
	builder->was_interrupted = builder->is_in_group = false;
	broker__sublist_cursor_start(&builder->cursor, list, subject);
}

/* A client that occurs twice is detected only when no other match was worked out in between. */
static int finish(struct broker__match_builder *builder, struct broker__match **out)
{
	*out = builder->match;
	if (builder->match && builder->was_interrupted)
		builder->match->is_plain = false;
	builder->match = NULL;
	tidy(builder);
	return 1;
}

int broker__match_builder_continue(struct broker__match_builder *builder, struct wire_slice subject,
				   int64_t *work, struct broker__match **out)
{
	*out = NULL;
	if (builder->stage == COLLECTING && !collect(builder, subject, work))
		return finish(builder, out);
	if (builder->stage == SORTING)
		sort(builder, work);
	if (builder->stage == LAYING_OUT && !builder->match && !open_match(builder, subject))
		return finish(builder, out);
	if (builder->stage == LAYING_OUT)
		lay_out_plain(builder, work);
	if (builder->stage == LAYING_OUT)
		lay_out_members(builder, work);
	if (builder->stage == LAYING_OUT && is_laid_out(builder))
		return finish(builder, out);
	builder->was_interrupted = true;
	return 0;
}

struct broker__sublist_cursor *broker__match_builder_cursor(struct broker__match_builder *builder)
{
	return &builder->cursor;
}
