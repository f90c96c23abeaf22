/* diff_pair.c - what belongs to what: pairs of alike messages, changed ones, and those that are alone. */
#include "replay/diff/state.h"

enum {
	CANDIDATES_MAX = 256, /* looked at for the changed self of one message */
	PLACES_OFF_MAX =
	    8, /* that different interleaving of several publishers may move a message on its subject */
};

static void tell(struct replay_diff *diff, enum replay_difference_kind kind, struct replay__subject *subject,
		 const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	const struct replay_difference difference = {
	    .kind = kind,
	    .subject = subject->counts.subject,
	    .is_reply = subject->counts.is_reply,
	    .a = a ? &a->sighting : NULL,
	    .b = b ? &b->sighting : NULL,
	};
	subject->counts.differences[kind]++;
	diff->found(diff->context, &difference);
}

void replay__diff_moved(void *context, const struct replay__pair *pair)
{
	struct replay__entry seen[REPLAY_SIDES] = {0};
	const struct replay__entry *entries[REPLAY_SIDES] = {&seen[REPLAY_A], &seen[REPLAY_B]};
	for (int side = 0; side < REPLAY_SIDES; side++) {
		seen[side].sighting.seq = pair->seq[side];
		seen[side].sighting.conn = pair->conn[side];
		seen[side].sighting.time_ns = pair->time_ns[side];
		seen[side].sighting.subject = pair->subject->counts.subject;
	}
	tell(context, REPLAY_DIFF_REORDERED, pair->subject, entries);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ (hash >> 29);
}

/* The group in which a pair must be in order, 0 when in none: a publisher must be known on one side at least. The subject is
 * the one on the wire: replies to one inbox have an order, those to many have not. */
static uint64_t group_of(const struct replay_diff *diff, const struct replay__entry *a,
			 const struct replay__entry *b)
{
	uint64_t group = mix(mix(1, a->sighting.conn), b->sighting.conn);
	if (diff->options.order == REPLAY_ORDER_NONE || (a->sighting.conn == 0 && b->sighting.conn == 0))
		return 0;
	if (diff->options.order == REPLAY_ORDER_SUBJECT)
		group = mix(mix(group, a->name), b->name);
	return group ? group : 1;
}

static void check_order(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	struct replay__pair pair = {.subject = entries[REPLAY_A]->subject,
				    .group = group_of(diff, entries[REPLAY_A], entries[REPLAY_B])};
	if (pair.group == 0)
		return;
	for (int side = 0; side < REPLAY_SIDES; side++) {
		const struct replay_sighting *seen = &entries[side]->sighting;
		pair.index[side] = entries[side]->index;
		pair.seq[side] = seen->seq;
		pair.conn[side] = seen->conn;
		pair.time_ns[side] = seen->time_ns;
	}
	replay__order_add(diff->order, &pair);
}

static void anchor(struct replay__side *side, const struct replay__entry *own,
		   const struct replay__entry *like)
{
	side->paired++;
	side->like_ns = like->sighting.steady_ns;
	replay__window_anchor(&side->window, own->index, like->sighting.steady_ns);
}

/* Both sides have it, one way or the other. Says nothing of what is in it. */
static void join(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	anchor(&diff->sides[REPLAY_A], a, b);
	anchor(&diff->sides[REPLAY_B], b, a);
}

/* Only where both recordings know all receivers. */
static bool have_other_receivers(const struct replay_sighting *a, const struct replay_sighting *b)
{
	if (!a->are_receivers_known || !b->are_receivers_known)
		return false;
	if (a->receivers != b->receivers)
		return true;
	return a->are_receivers_listed && b->are_receivers_listed && a->receivers_hash != b->receivers_hash;
}

/* One of them is not what was sent: equal bytes prove nothing, and neither do different ones. */
static bool is_masked(const struct replay__entry *const entries[REPLAY_SIDES])
{
	return entries[REPLAY_A]->sighting.is_masked || entries[REPLAY_B]->sighting.is_masked;
}

static void join_masked(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	join(diff, entries);
	entries[REPLAY_A]->subject->counts.masked++;
}

static void join_alike(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	join(diff, entries);
	a->subject->counts.equal++;
	check_order(diff, entries);
	if (diff->options.receivers != REPLAY_RECEIVERS_IGNORE &&
	    have_other_receivers(&a->sighting, &b->sighting))
		tell(diff, REPLAY_DIFF_DELIVERIES, a->subject, entries);
}

static void set_sides(const struct replay__entry *entries[REPLAY_SIDES], enum replay_diff_side side,
		      const struct replay__entry *own, const struct replay__entry *like)
{
	entries[side] = own;
	entries[replay__other(side)] = like;
}

static void release(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry)
{
	replay__window_take(&diff->sides[side].window, entry, &entry->subject->waiting[side]);
	replay__entry_free(entry);
}

/* Messages of this side ahead of which the oldest that waits was sent have found their like: it is late by so many. */
static uint64_t passed(const struct replay__side *side, const struct replay__entry *oldest)
{
	return side->paired - (oldest->index - side->given_up);
}

static void give_up_passed(struct replay_diff *diff, enum replay_diff_side side)
{
	const struct replay__side *own = &diff->sides[side];
	const struct replay__entry *oldest;
	while ((oldest = replay__window_oldest(&own->window)) && passed(own, oldest) >= diff->options.window)
		replay__diff_give_up(diff, side);
}

int replay__diff_take(struct replay_diff *diff, enum replay_diff_side side, const struct replay__entry *entry)
{
	const enum replay_diff_side other = replay__other(side);
	const struct replay__entry *entries[REPLAY_SIDES];
	struct replay__entry *like = replay__window_find(&diff->sides[other].window, entry->key);
	if (!like)
		return replay__window_add(&diff->sides[side].window, entry, &entry->subject->waiting[side]);
	set_sides(entries, side, entry, like);
	if (is_masked(entries))
		join_masked(diff, entries);
	else
		join_alike(diff, entries);
	diff->lead = (int64_t)(diff->sides[REPLAY_A].messages - entries[REPLAY_A]->index) -
		     (int64_t)(diff->sides[REPLAY_B].messages - entries[REPLAY_B]->index);
	release(diff, other, like);
	give_up_passed(diff, REPLAY_A);
	give_up_passed(diff, REPLAY_B);
	return 0;
}

/* How many messages ahead of it on its subject are not alone, when `waiting` of them are still waiting. */
static uint64_t rank(const struct replay__entry *entry, enum replay_diff_side side, uint64_t waiting)
{
	return entry->place - entry->subject->given_up[side] - waiting;
}

/* Bytes of the payload are missing from one of them, and what is there is the same. */
static bool is_same_as_far_as_known(const struct replay_diff *diff, const struct replay__entry *x,
				    const struct replay__entry *y)
{
	const struct replay_sighting *a = &x->sighting, *b = &y->sighting;
	size_t len = a->payload.len < b->payload.len ? a->payload.len : b->payload.len;
	if ((!x->is_incomplete && !y->is_incomplete) || a->size != b->size)
		return false;
	if (!diff->options.ignore_headers && !wire_slice_equal(a->headers, b->headers))
		return false;
	return len == 0 || memcmp(a->payload.data, b->payload.data, len) == 0;
}

/* How far apart the places of two messages on their subject are, when `waiting` wait ahead of the second one. */
static uint64_t places_apart(const struct replay__entry *entry, enum replay_diff_side side,
			     const struct replay__entry *candidate, uint64_t waiting)
{
	uint64_t own = rank(entry, side, 0), its = rank(candidate, replay__other(side), waiting);
	return own > its ? own - its : its - own;
}

/* How far apart the places of a message and its changed self may be, plus one. Unlike subjects that share an entry have
 * no places. */
static uint64_t places_bound(const struct replay__subject *subject)
{
	if (subject->counts.subject.len == 0)
		return 0;
	return subject->has_publishers ? PLACES_OFF_MAX + 1 : 1;
}

/* Among what waits on the other side on the same subject: the reply to the same request; else what is alike but for the
 * request; else what is at the same place. NULL when there is none. */
static struct replay__entry *find_counterpart(const struct replay__entry *entry, enum replay_diff_side side)
{
	struct replay__entry *candidate, *alike = NULL, *same_place = NULL;
	uint64_t nearest = places_bound(entry->subject), seen = 0;
	TAILQ_FOREACH(candidate, &entry->subject->waiting[replay__other(side)], in_subject)
	{
		uint64_t apart = places_apart(entry, side, candidate, seen);
		if (entry->request && candidate->request == entry->request)
			return candidate;
		if (!alike && candidate->content == entry->content)
			alike = candidate;
		if (apart < nearest) {
			same_place = candidate;
			nearest = apart;
		}
		if (++seen == CANDIDATES_MAX)
			break;
	}
	return alike ? alike : same_place;
}

/* It, and what waits at its place on the other side. */
static void settle_pair(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry,
			struct replay__entry *counterpart)
{
	const struct replay__entry *entries[REPLAY_SIDES];
	set_sides(entries, side, entry, counterpart);
	if (is_masked(entries)) {
		join_masked(diff, entries);
		return;
	}
	if (entry->content == counterpart->content) {
		join_alike(diff, entries);
		return;
	}
	join(diff, entries);
	if (is_same_as_far_as_known(diff, entry, counterpart))
		entry->subject->counts.unverifiable++;
	else
		tell(diff, REPLAY_DIFF_CHANGED, entry->subject, entries);
}

static void settle_alone(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry)
{
	struct replay__losses *losses = &diff->sides[replay__other(side)].losses;
	const struct replay__entry *entries[REPLAY_SIDES];
	entry->subject->given_up[side]++;
	diff->sides[side].given_up++;
	if (replay__losses_explain(losses, entry->after_ns, entry->before_ns)) {
		entry->subject->counts.unverifiable++;
		return;
	}
	set_sides(entries, side, entry, NULL);
	tell(diff, side == REPLAY_A ? REPLAY_DIFF_MISSING : REPLAY_DIFF_EXTRA, entry->subject, entries);
}

void replay__diff_give_up(struct replay_diff *diff, enum replay_diff_side side)
{
	struct replay__entry *entry = replay__window_oldest(&diff->sides[side].window);
	struct replay__entry *counterpart = find_counterpart(entry, side);
	if (counterpart) {
		settle_pair(diff, side, entry, counterpart);
		release(diff, replay__other(side), counterpart);
	} else {
		settle_alone(diff, side, entry);
	}
	release(diff, side, entry);
}

void replay__diff_give_up_unread(struct replay_diff *diff, enum replay_diff_side side)
{
	struct replay__entry *entry = replay__window_oldest(&diff->sides[side].window);
	settle_alone(diff, side, entry);
	release(diff, side, entry);
}
