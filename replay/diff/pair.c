#include "replay/diff/pair.h"

enum {
	CANDIDATES_MAX = 256, /* waiting messages that may be the changed counterpart of one */
	PLACES_OFF_MAX = 8,   /* how far interleaving publishers may move a message on its subject */
};

static void report(struct replay_diff *diff, enum replay_difference_kind kind,
		   struct replay__subject *subject, const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	const struct replay_difference difference = {
	    .kind = kind,
	    .subject = subject->counts.subject,
	    .is_reply = subject->counts.is_reply,
	    .a = a ? &a->message : NULL,
	    .b = b ? &b->message : NULL,
	};
	subject->counts.differences[kind]++;
	diff->found(diff->context, &difference);
}

void replay__diff_report_moved(void *context, const struct replay__pair *pair)
{
	struct replay__entry seen[REPLAY_SIDES] = {0};
	const struct replay__entry *entries[REPLAY_SIDES] = {&seen[REPLAY_A], &seen[REPLAY_B]};
	for (int side = 0; side < REPLAY_SIDES; side++) {
		seen[side].message.seq = pair->seq[side];
		seen[side].message.conn = pair->conn[side];
		seen[side].message.time_ns = pair->time_ns[side];
		seen[side].message.subject = pair->subject->counts.subject;
	}
	report(context, REPLAY_DIFF_REORDERED, pair->subject, entries);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ (hash >> 29);
}

/* The group in which a pair must be in order; 0: none, because no publisher is known. Uses the subject as recorded: replies
 * to one inbox have an order, replies to different inboxes have not. */
static uint64_t group_of(const struct replay_diff *diff, const struct replay__entry *a,
			 const struct replay__entry *b)
{
	uint64_t group = mix(mix(1, a->message.conn), b->message.conn);
	if (diff->options.order == REPLAY_ORDER_NONE || (a->message.conn == 0 && b->message.conn == 0))
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
		const struct replay_diff_message *seen = &entries[side]->message;
		pair.index[side] = entries[side]->index;
		pair.seq[side] = seen->seq;
		pair.conn[side] = seen->conn;
		pair.time_ns[side] = seen->time_ns;
	}
	replay__order_add(diff->order, &pair);
}

static void anchor(struct replay__recording *recording, const struct replay__entry *own,
		   const struct replay__entry *counterpart)
{
	recording->paired++;
	recording->counterpart_ns = counterpart->message.steady_ns;
	replay__window_anchor(&recording->window, own->index, counterpart->message.steady_ns);
}

/* Two messages are each other's counterparts, equal or changed. */
static void pair_up(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	anchor(&diff->recordings[REPLAY_A], a, b);
	anchor(&diff->recordings[REPLAY_B], b, a);
}

/* Never true unless both recordings know all receivers. */
static bool have_other_receivers(const struct replay_diff_message *a, const struct replay_diff_message *b)
{
	if (!a->are_receivers_known || !b->are_receivers_known)
		return false;
	if (a->receivers != b->receivers)
		return true;
	return a->are_receivers_listed && b->are_receivers_listed && a->receivers_hash != b->receivers_hash;
}

/* One of them is not what was sent: neither equal nor different bytes prove anything. */
static bool is_masked(const struct replay__entry *const entries[REPLAY_SIDES])
{
	return entries[REPLAY_A]->message.is_masked || entries[REPLAY_B]->message.is_masked;
}

static void pair_masked(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	pair_up(diff, entries);
	entries[REPLAY_A]->subject->counts.masked++;
}

static void pair_equal(struct replay_diff *diff, const struct replay__entry *const entries[REPLAY_SIDES])
{
	const struct replay__entry *a = entries[REPLAY_A], *b = entries[REPLAY_B];
	pair_up(diff, entries);
	a->subject->counts.equal++;
	check_order(diff, entries);
	if (diff->options.receivers != REPLAY_RECEIVERS_IGNORE &&
	    have_other_receivers(&a->message, &b->message))
		report(diff, REPLAY_DIFF_DELIVERIES, a->subject, entries);
}

static void set_sides(const struct replay__entry *entries[REPLAY_SIDES], enum replay_diff_side side,
		      const struct replay__entry *own, const struct replay__entry *counterpart)
{
	entries[side] = own;
	entries[replay_diff_other(side)] = counterpart;
}

static void release(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry)
{
	replay__window_take(&diff->recordings[side].window, entry, &entry->subject->waiting[side]);
	replay__entry_free(entry);
}

/* How many messages after the oldest waiting one have found their counterparts. */
static uint64_t passed(const struct replay__recording *recording, const struct replay__entry *oldest)
{
	return recording->paired - (oldest->index - recording->given_up);
}

static void give_up_passed(struct replay_diff *diff, enum replay_diff_side side)
{
	const struct replay__recording *own = &diff->recordings[side];
	const struct replay__entry *oldest;
	while ((oldest = replay__window_oldest(&own->window)) && passed(own, oldest) >= diff->options.window)
		replay__diff_give_up(diff, side);
}

int replay__diff_match(struct replay_diff *diff, enum replay_diff_side side,
		       const struct replay__entry *entry)
{
	const enum replay_diff_side other = replay_diff_other(side);
	const struct replay__entry *entries[REPLAY_SIDES];
	struct replay__entry *counterpart = replay__window_find(&diff->recordings[other].window, entry->key);
	if (!counterpart)
		return replay__window_add(&diff->recordings[side].window, entry,
					  &entry->subject->waiting[side]);
	set_sides(entries, side, entry, counterpart);
	if (is_masked(entries))
		pair_masked(diff, entries);
	else
		pair_equal(diff, entries);
	diff->lead = (int64_t)(diff->recordings[REPLAY_A].messages - entries[REPLAY_A]->index) -
		     (int64_t)(diff->recordings[REPLAY_B].messages - entries[REPLAY_B]->index);
	release(diff, other, counterpart);
	give_up_passed(diff, REPLAY_A);
	give_up_passed(diff, REPLAY_B);
	return 0;
}

/* How many messages before it on its subject have counterparts, when `waiting` of them still wait. */
static uint64_t rank(const struct replay__entry *entry, enum replay_diff_side side, uint64_t waiting)
{
	return entry->place - entry->subject->given_up[side] - waiting;
}

/* One of them is incomplete, and the bytes that both have are equal. */
static bool is_equal_as_far_as_known(const struct replay_diff *diff, const struct replay__entry *x,
				     const struct replay__entry *y)
{
	const struct replay_diff_message *a = &x->message, *b = &y->message;
	size_t len = a->payload.len < b->payload.len ? a->payload.len : b->payload.len;
	if ((!x->is_incomplete && !y->is_incomplete) || a->size != b->size)
		return false;
	if (!diff->options.ignore_headers && !wire_slice_equal(a->headers, b->headers))
		return false;
	return len == 0 || memcmp(a->payload.data, b->payload.data, len) == 0;
}

/* The distance between the places of two messages on their subject, when `waiting` wait before the second one. */
static uint64_t places_apart(const struct replay__entry *entry, enum replay_diff_side side,
			     const struct replay__entry *candidate, uint64_t waiting)
{
	uint64_t own = rank(entry, side, 0), its = rank(candidate, replay_diff_other(side), waiting);
	return own > its ? own - its : its - own;
}

/* The largest distance between a message and its changed counterpart, plus one. 0 when several subjects share the entry:
 * their messages have no places. */
static uint64_t places_bound(const struct replay__subject *subject)
{
	if (subject->counts.subject.len == 0)
		return 0;
	return subject->has_publishers ? PLACES_OFF_MAX + 1 : 1;
}

/* Find the changed counterpart among the messages of the same subject that wait on the other side: the reply to the same
 * request; else one with equal content; else the nearest place. NULL when there is none. */
static struct replay__entry *find_counterpart(const struct replay__entry *entry, enum replay_diff_side side)
{
	struct replay__entry *candidate, *equal = NULL, *same_place = NULL;
	uint64_t nearest = places_bound(entry->subject), seen = 0;
	TAILQ_FOREACH(candidate, &entry->subject->waiting[replay_diff_other(side)], in_subject)
	{
		uint64_t apart = places_apart(entry, side, candidate, seen);
		if (entry->request && candidate->request == entry->request)
			return candidate;
		if (!equal && candidate->content == entry->content)
			equal = candidate;
		if (apart < nearest) {
			same_place = candidate;
			nearest = apart;
		}
		if (++seen == CANDIDATES_MAX)
			break;
	}
	return equal ? equal : same_place;
}

/* Report what became of two messages that are given up together. */
static void give_up_pair(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry,
			 struct replay__entry *counterpart)
{
	const struct replay__entry *entries[REPLAY_SIDES];
	set_sides(entries, side, entry, counterpart);
	if (is_masked(entries)) {
		pair_masked(diff, entries);
		return;
	}
	if (entry->content == counterpart->content) {
		pair_equal(diff, entries);
		return;
	}
	pair_up(diff, entries);
	if (is_equal_as_far_as_known(diff, entry, counterpart))
		entry->subject->counts.unverifiable++;
	else
		report(diff, REPLAY_DIFF_CHANGED, entry->subject, entries);
}

static void give_up_one(struct replay_diff *diff, enum replay_diff_side side, struct replay__entry *entry)
{
	struct replay__gaps *gaps = &diff->recordings[replay_diff_other(side)].gaps;
	const struct replay__entry *entries[REPLAY_SIDES];
	entry->subject->given_up[side]++;
	diff->recordings[side].given_up++;
	if (replay__gaps_explain(gaps, entry->after_ns, entry->before_ns)) {
		entry->subject->counts.unverifiable++;
		return;
	}
	set_sides(entries, side, entry, NULL);
	report(diff, side == REPLAY_A ? REPLAY_DIFF_MISSING : REPLAY_DIFF_EXTRA, entry->subject, entries);
}

void replay__diff_give_up(struct replay_diff *diff, enum replay_diff_side side)
{
	struct replay__entry *entry = replay__window_oldest(&diff->recordings[side].window);
	struct replay__entry *counterpart = find_counterpart(entry, side);
	if (counterpart) {
		give_up_pair(diff, side, entry, counterpart);
		release(diff, replay_diff_other(side), counterpart);
	} else {
		give_up_one(diff, side, entry);
	}
	release(diff, side, entry);
}

void replay__diff_give_up_alone(struct replay_diff *diff, enum replay_diff_side side)
{
	struct replay__entry *entry = replay__window_oldest(&diff->recordings[side].window);
	give_up_one(diff, side, entry);
	release(diff, side, entry);
}
