/* route_make.c - work out where messages on one subject go.
 *
 *	COLLECTING ─▶ SORTING ─▶ LAYING_OUT ─▶ done
 *
 * Collected are the plain subscriptions, and the members of queue groups in stretches: one stretch for each group at each
 * node. Stretches are sorted by the name of their group, so that those of one name follow one another. Any of the three
 * can stop and go on later; subscriptions that end meanwhile stay where they are until nobody points to them. */
#include <errno.h>
#include <stdlib.h>

#include "broker/permissions.h"
#include "broker/server.h"

enum {
	SORT_UNITS = 20, /* one element sifted down, for each doubling of their number */
	RECEIVER_UNITS = 8,
	SCRATCH_KEPT = 4096, /* elements of each array that are kept from one route to the next */
};

/* Heads of more bytes than this are not written ahead. */
static const size_t heads_bytes_max = 1u << 20;

struct stretch {
	uint32_t first, len; /* of members */
};

struct subs {
	struct broker__sub **at;
	size_t len, cap;
};

struct broker__making {
	struct broker__cursor cursor;
	struct broker_client *publisher;
	uint64_t hash, generation, as_of; /* when it was started */
	enum { COLLECTING, SORTING, LAYING_OUT } stage;
	struct subs plain, members;
	struct stretch *stretches;
	size_t stretches_len, stretches_cap;
	size_t head_bytes;
	/* Heap sort: the heap is built from `heaped` downwards, then shrinks to `sorted`. */
	size_t heaped, sorted;
	struct broker__route *route;
	uint64_t mark;
	size_t plain_at, stretch_at, member_at; /* what is laid out next */
	bool is_picked;                         /* the stretch belongs to the last pick */
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

/* A publisher that wants no echo is no receiver of its own; who is being put away gets nothing. */
static bool is_wanted(const struct broker__making *making, const struct broker__sub *sub)
{
	const struct broker_client *client = sub->client;
	return !sub->is_closed && sub->born <= making->as_of && client->state <= BROKER__LEAVING &&
	       (client != making->publisher || client->echo);
}

static bool begin_stretch(struct broker__making *making)
{
	if (!grow((void **)&making->stretches, making->stretches_len, &making->stretches_cap,
		  sizeof(struct stretch)))
		return false;
	making->stretches[making->stretches_len++] = (struct stretch){.first = (uint32_t)making->members.len};
	return true;
}

static bool collect_member(struct broker__making *making, struct broker__sub *sub, bool begins_group)
{
	if (begins_group && !begin_stretch(making))
		return false;
	if (!is_wanted(making, sub))
		return true;
	making->stretches[making->stretches_len - 1].len++;
	return add_sub(&making->members, sub);
}

static bool collect_one(struct broker__making *making, struct wire_slice subject, struct broker__sub *sub,
			bool begins_group)
{
	making->head_bytes += sizeof "HMSG  " - 1 + subject.len + sub->sid.len + 1;
	if (sub->group)
		return collect_member(making, sub, begins_group);
	return !is_wanted(making, sub) || add_sub(&making->plain, sub);
}

/* False when out of memory. */
static bool collect(struct broker__making *making, struct wire_slice subject, int64_t *work)
{
	const struct broker__sublist *list = &making->publisher->loop->broker->sublist;
	bool begins_group;
	for (struct broker__sub *sub;
	     (sub = broker__cursor_next(&making->cursor, list, subject, work, &begins_group));)
		if (!collect_one(making, subject, sub, begins_group))
			return false;
	if (making->cursor.is_done)
		making->stage = SORTING;
	making->heaped = making->stretches_len / 2;
	making->sorted = making->stretches_len;
	return true;
}

/* ---- sorting ---- */

/* Where stretches without members go does not matter. */
static struct wire_slice name_of(const struct broker__making *making, size_t stretch)
{
	const struct stretch *at = &making->stretches[stretch];
	return at->len > 0 ? making->members.at[at->first]->queue : wire_slice("", 0);
}

static int compare(const struct broker__making *making, size_t left, size_t right)
{
	struct wire_slice a = name_of(making, left), b = name_of(making, right);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.data, b.data, a.len);
}

static void swap(struct broker__making *making, size_t left, size_t right)
{
	struct stretch kept = making->stretches[left];
	making->stretches[left] = making->stretches[right];
	making->stretches[right] = kept;
}

static void sift_down(struct broker__making *making, size_t at, size_t len, int64_t *work)
{
	for (size_t child; (child = 2 * at + 1) < len; at = child) {
		*work -= SORT_UNITS;
		if (child + 1 < len && compare(making, child, child + 1) < 0)
			child++;
		if (compare(making, at, child) >= 0)
			return;
		swap(making, at, child);
	}
}

static void sort(struct broker__making *making, int64_t *work)
{
	while (*work > 0 && making->heaped > 0)
		sift_down(making, --making->heaped, making->stretches_len, work);
	while (*work > 0 && making->sorted > 1) {
		swap(making, 0, --making->sorted);
		sift_down(making, 0, making->sorted, work);
	}
	if (making->heaped == 0 && making->sorted <= 1)
		making->stage = LAYING_OUT;
}

/* ---- laying it out ---- */

/* Memory handed out front to back from the route's one allocation. */
static void *take(char **arena, size_t len)
{
	void *taken = *arena;
	*arena += len;
	return taken;
}

static bool open_route(struct broker__making *making, struct wire_slice subject)
{
	size_t receivers = making->plain.len, members = making->members.len, picks = making->stretches_len;
	bool has_heads = making->head_bytes <= heads_bytes_max;
	size_t text_bytes = (subject.len + (has_heads ? making->head_bytes : 0) + 7) / 8 * 8;
	size_t bytes = sizeof(struct broker__route) + sizeof(struct broker__route_hints) +
		       picks * sizeof(struct broker__pick) +
		       (receivers + members) * sizeof(struct broker__receiver) +
		       (receivers + picks + members) * sizeof(struct wire_receiver) +
		       members * sizeof(struct wire_intern_hint) + text_bytes + BROKER__SLACK;
	struct broker__route *route = bytes <= UINT32_MAX ? malloc(bytes) : NULL;
	if (!route)
		return false;
	char *arena = (char *)(route + 1);
	*route = (struct broker__route){.hash = making->hash,
					.generation = making->generation,
					.bytes = (uint32_t)bytes,
					.is_plain = picks == 0,
					.has_heads = has_heads,
					.receivers_len = (uint32_t)receivers};
	route->receivers = take(&arena, receivers * sizeof *route->receivers);
	making->text = take(&arena, text_bytes);
	route->hints = take(&arena, sizeof *route->hints);
	*route->hints = (struct broker__route_hints){0};
	route->described = take(&arena, (receivers + picks) * sizeof *route->described);
	route->picks = take(&arena, picks * sizeof *route->picks);
	making->receiver = take(&arena, members * sizeof *making->receiver);
	making->described = take(&arena, members * sizeof *making->described);
	making->hints = take(&arena, members * sizeof *making->hints);
	route->subject =
	    wire_slice(memcpy(take(&making->text, subject.len), subject.data, subject.len), subject.len);
	route->may_publish = broker__may_publish(making->publisher->permissions, subject);
	route->is_reserved = subject.len > 5 && memcmp(subject.data, "_GR_.", 5) == 0;
	making->route = route;
	making->mark = ++making->publisher->loop->routes_made;
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

static void fill_receiver(struct broker__making *making, struct broker__receiver *receiver,
			  struct wire_receiver *described, struct broker__sub *sub)
{
	struct wire_slice subject = making->route->subject;
	*receiver = (struct broker__receiver){.sub = sub, .client = sub->client};
	*described = (struct wire_receiver){.conn = sub->client->cid, .sid = sub->sid, .queue = sub->queue};
	receiver->is_denied = !broker__may_receive(sub->client->permissions, subject);
	if (!making->route->has_heads)
		return;
	receiver->head = making->text;
	receiver->head_len = (uint32_t)broker__head_write(making->text, subject, sub->sid) & INT32_MAX;
	making->text += receiver->head_len;
}

/* Subscriptions that ended since they were collected are left out. */
static void lay_out_plain(struct broker__making *making, int64_t *work)
{
	struct broker__route *route = making->route;
	uint32_t filled = making->plain_at == 0 ? (route->receivers_len = 0) : route->receivers_len;
	for (; making->plain_at<making->plain.len && * work> 0; making->plain_at++) {
		struct broker__sub *sub = making->plain.at[making->plain_at];
		*work -= RECEIVER_UNITS;
		if (sub->is_closed)
			continue;
		struct broker__receiver *receiver = &route->receivers[filled];
		fill_receiver(making, receiver, &route->described[filled++], sub);
		if (receiver->is_denied || sub->client->route_mark == making->mark)
			route->is_plain = false;
		sub->client->route_mark = making->mark;
	}
	route->receivers_len = filled;
}

/* The stretch goes on with the last queue group, or begins the next. */
static void begin_stretch_of_pick(struct broker__making *making)
{
	struct broker__route *route = making->route;
	size_t at = making->stretch_at;
	making->is_picked = true;
	if (route->picks_len > 0 && compare(making, at - 1, at) == 0)
		return;
	route->picks[route->picks_len++] = (struct broker__pick){
	    .members = making->receiver, .described = making->described, .hints = making->hints};
}

static void add_member(struct broker__making *making, struct broker__sub *sub)
{
	if (sub->is_closed)
		return;
	fill_receiver(making, making->receiver++, making->described++, sub);
	*making->hints++ = (struct wire_intern_hint){0};
	making->route->picks[making->route->picks_len - 1].members_len++;
}

static void lay_out_members(struct broker__making *making, int64_t *work)
{
	for (; making->stretch_at<making->stretches_len && * work> 0; making->stretch_at++) {
		const struct stretch *stretch = &making->stretches[making->stretch_at];
		if (stretch->len > 0 && !making->is_picked)
			begin_stretch_of_pick(making);
		for (; making->member_at<stretch->len && * work> 0; making->member_at++) {
			*work -= RECEIVER_UNITS;
			add_member(making, making->members.at[stretch->first + making->member_at]);
		}
		if (making->member_at < stretch->len)
			return;
		*work -= RECEIVER_UNITS;
		making->member_at = 0;
		making->is_picked = false;
	}
}

static bool is_laid_out(const struct broker__making *making)
{
	return making->plain_at == making->plain.len && making->stretch_at == making->stretches_len;
}

/* ---- from the beginning to the end ---- */

struct broker__making *broker__making_open(void)
{
	return calloc(1, sizeof(struct broker__making));
}

static void free_subs(struct subs *subs)
{
	free(subs->at);
	*subs = (struct subs){0};
}

/* Give the memory of an unusually large route back. */
static void tidy(struct broker__making *making)
{
	if (making->plain.cap > SCRATCH_KEPT)
		free_subs(&making->plain);
	if (making->members.cap > SCRATCH_KEPT)
		free_subs(&making->members);
	making->plain.len = making->members.len = making->stretches_len = 0;
	if (making->stretches_cap <= SCRATCH_KEPT)
		return;
	free(making->stretches);
	making->stretches = NULL;
	making->stretches_cap = 0;
}

void broker__making_close(struct broker__making *making)
{
	if (!making)
		return;
	free(making->route);
	free(making->plain.at);
	free(making->members.at);
	free(making->stretches);
	free(making);
}

void broker__making_start(struct broker__making *making, struct broker_client *publisher,
			  struct wire_slice subject, uint64_t hash)
{
	struct broker__sublist *list = &publisher->loop->broker->sublist;
	free(making->route);
	making->route = NULL;
	tidy(making);
	making->publisher = publisher;
	making->hash = hash;
	making->generation = broker__sublist_generation(list, hash);
	making->as_of = list->inserts;
	making->stage = COLLECTING;
	making->head_bytes = making->plain_at = making->stretch_at = making->member_at = 0;
	making->was_interrupted = making->is_picked = false;
	broker__cursor_start(&making->cursor, list, subject);
}

/* Whether a client comes twice is seen only when nothing else is worked out in between. */
static int finish(struct broker__making *making, struct broker__route **out)
{
	*out = making->route;
	if (making->route && making->was_interrupted)
		making->route->is_plain = false;
	making->route = NULL;
	tidy(making);
	return 1;
}

int broker__making_go_on(struct broker__making *making, struct wire_slice subject, int64_t *work,
			 struct broker__route **out)
{
	*out = NULL;
	if (making->stage == COLLECTING && !collect(making, subject, work))
		return finish(making, out);
	if (making->stage == SORTING)
		sort(making, work);
	if (making->stage == LAYING_OUT && !making->route && !open_route(making, subject))
		return finish(making, out);
	if (making->stage == LAYING_OUT)
		lay_out_plain(making, work);
	if (making->stage == LAYING_OUT)
		lay_out_members(making, work);
	if (making->stage == LAYING_OUT && is_laid_out(making))
		return finish(making, out);
	making->was_interrupted = true;
	return 0;
}

struct broker__cursor *broker__making_cursor(struct broker__making *making)
{
	return &making->cursor;
}
