#include "tap/session/search.h"

enum {
	NEAR = 4,        /* messages tried after the one that a lane last received */
	SCAN_MAX = 1024, /* steps in search of a message */
};

/* Spreads lane ids over the cursors. */
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)

/* ---- one candidate ---- */

static bool has_content(const struct tap__pending_event *message, const struct tap__sought *sought)
{
	const struct wire_op *op = sought->op;
	return message->server == sought->sub->server &&
	       tap__may_be_headers(tap__headers_of(message), op->headers) &&
	       wire_slice_equal(tap__payload_of(message), op->payload) &&
	       wire_slice_equal(tap__subject_of(message), op->subject) &&
	       wire_slice_equal(tap__reply_of(message), op->reply);
}

bool tap__has_received(const struct tap__pending_event *message, const struct tap__sub *sub, int *steps)
{
	if (message->number > sub->lane->newest)
		return false;
	for (const struct tap__receiver *receiver = tap__receivers_first(message); receiver;
	     receiver = receiver->next) {
		if (receiver->sub->lane == sub->lane)
			return true;
		(*steps)--;
	}
	return false;
}

/* Can another member of the queue group receive the message? */
static bool may_have_members(const struct tap__pending_event *message, const struct tap__sub *sub)
{
	const struct tap__match *match = message->match;
	return !match || match->lanes != match->count || sub->lane->joined_ns >= message->seen_ns;
}

/* Must the delivery's message be the only candidate? It must when the lane may have missed deliveries, or other
 * members of its group may receive them. */
static bool must_be_unique(const struct tap__sought *sought, const struct tap__pending_event *message)
{
	const struct tap__sub *sub = sought->sub;
	if (!sub->is_known || message->seen_ns <= sub->client->hole_ns)
		return true;
	return sub->queue.len > 0 && (sought->has_unseen_subs || may_have_members(message, sub));
}

/* ---- messages that have left ---- */

/* A delivery later than this is not expected. */
#define OVERDUE_NS INT64_C(2000000000)

static struct tap__overdue *overdue_at(struct tap__search *search, uint64_t key, uint64_t lane)
{
	uint64_t hash = (key ^ lane) * SPREAD;
	return &search->overdue[hash >> 32 & (TAP__OVERDUE - 1)];
}

void tap__search_note_overdue(struct tap__search *search, const struct tap__pending_event *message,
			      const struct tap__lane *lane)
{
	uint64_t key = tap__pending_key(tap__pending_entry(search->pending, message->number));
	struct tap__overdue *overdue = overdue_at(search, key, lane->id);
	if (overdue->key != key || overdue->lane != lane->id ||
	    message->seen_ns - overdue->seen_ns > OVERDUE_NS)
		*overdue = (struct tap__overdue){.key = key, .lane = lane->id};
	overdue->seen_ns = message->seen_ns;
	overdue->count++;
	search->overdue_ns = message->seen_ns;
}

/* May the delivery belong to a message that has left? NULL when it cannot. */
static struct tap__overdue *find_overdue(struct tap__search *search, const struct tap__sought *sought)
{
	uint64_t lane = sought->sub->lane->id;
	struct tap__overdue *overdue = overdue_at(search, sought->key, lane);
	bool is_found = overdue->count > 0 && overdue->key == sought->key && overdue->lane == lane &&
			sought->seen_ns - overdue->seen_ns <= OVERDUE_NS;
	return is_found ? overdue : NULL;
}

/* ---- the next message ---- */

/* Hot: a subscription mostly receives the message that was published next after the one it received last. */
static struct tap__pending_event *find_near(const struct tap__search *search,
					    const struct tap__sought *sought)
{
	const struct tap__pending *pending = search->pending;
	uint64_t latest = sought->sub->lane->latest;
	uint64_t first = latest < pending->oldest ? pending->oldest : latest + 1;
	int steps = 0;
	for (uint64_t number = first; number < first + NEAR && number < pending->next; number++) {
		struct tap__pending_event *message = tap__pending_entry(pending, number);
		if (message->kind != WIRE_EVENT_MESSAGE || message->state != TAP__JOINABLE ||
		    !has_content(message, sought))
			continue;
		if (must_be_unique(sought, message))
			return NULL;
		if (tap__fit(message, sought->sub) == TAP__CERTAIN &&
		    tap__is_in_time(message, sought->seen_ns, search->window_ns) &&
		    !tap__has_received(message, sought->sub, &steps))
			return message;
	}
	return NULL;
}

/* ---- all candidates ---- */

struct candidates {
	struct tap__pending_event *certain, *next_certain;         /* the oldest two */
	struct tap__pending_event *first_possible, *last_possible; /* NULL: none */
	bool has_publishers; /* the possible candidates have several publishers */
	bool has_impossible; /* other members of the queue group may receive a message that was examined */
};

/* Add a candidate. True when further candidates make no difference. */
static bool add(struct candidates *candidates, const struct tap__sought *sought,
		struct tap__pending_event *message)
{
	enum tap__fit fit = tap__fit(message, sought->sub);
	if (fit == TAP__CERTAIN && !candidates->certain) {
		candidates->certain = message;
		return !must_be_unique(sought, message);
	}
	if (fit == TAP__CERTAIN) {
		candidates->next_certain = message;
		return true;
	}
	if (fit == TAP__IMPOSSIBLE) {
		candidates->has_impossible |= sought->sub->queue.len > 0;
		return false;
	}
	if (!candidates->first_possible)
		candidates->first_possible = message;
	else if (candidates->first_possible->conn != message->conn)
		candidates->has_publishers = true;
	candidates->last_possible = message;
	return false;
}

/* The number to begin at: after the message of the group that the lane last received, if that is cached, unless
 * an earlier candidate could matter. */
static uint64_t begin_scan(const struct tap__search *search, const struct tap__sought *sought,
			   uint64_t leader, const struct tap__cursor *cursor)
{
	const struct tap__pending_event *first = tap__pending_entry(search->pending, leader);
	bool is_young = first->seen_ns <= sought->sub->since_ns;
	if (cursor->number == 0 || (is_young && must_be_unique(sought, first)))
		return leader;
	const struct tap__pending_event *message = tap__pending_entry(search->pending, cursor->number);
	return message->key == sought->key ? message->next_same : leader;
}

static void scan(const struct tap__search *search, const struct tap__sought *sought, uint64_t number,
		 struct candidates *candidates)
{
	for (int steps = SCAN_MAX; number != 0 && steps > 0; steps--) {
		struct tap__pending_event *message = tap__pending_entry(search->pending, number);
		if (tap__is_in_time(message, sought->seen_ns, search->window_ns) &&
		    has_content(message, sought) && !tap__has_received(message, sought->sub, &steps) &&
		    add(candidates, sought, message))
			return;
		number = message->next_same;
	}
}

/* May the delivery belong to several candidates, so that it matters which one is chosen? */
static bool is_open(const struct candidates *candidates, const struct tap__sought *sought,
		    const struct tap__pending_event *chosen)
{
	const struct tap__pending_event *first = candidates->first_possible,
					*last = candidates->last_possible;
	int64_t ended_ns = sought->sub->ended_ns;
	bool has_others = candidates->next_certain || (candidates->certain && first) || first != last;
	if (must_be_unique(sought, chosen) && (has_others || chosen->is_undecided))
		return true;
	if (candidates->certain)
		return false;
	if (sought->has_unseen_subs && chosen->seen_ns < sought->sub->made_ns)
		return true; /* it may belong to a message that was not seen */
	return candidates->has_publishers ||
	       (first != last && first->seen_ns < ended_ns && last->seen_ns >= ended_ns);
}

static struct tap__pending_event *choose(const struct candidates *candidates, const struct tap__sub *sub)
{
	if (candidates->certain)
		return candidates->certain;
	bool is_end = candidates->first_possible->seen_ns >= sub->ended_ns;
	return is_end ? candidates->first_possible : candidates->last_possible;
}

/* Mark all candidates as undecided, from the cursor on. */
static void mark_open(const struct tap__search *search, const struct tap__sought *sought, uint64_t leader,
		      struct tap__cursor *cursor)
{
	int steps = 0;
	bool may_advance = true;
	uint64_t number = cursor->marked ? cursor->marked : leader;
	while (number != 0) {
		struct tap__pending_event *message = tap__pending_entry(search->pending, number);
		bool fits = tap__fit(message, sought->sub) != TAP__IMPOSSIBLE;
		if (fits && tap__is_in_time(message, sought->seen_ns, search->window_ns) &&
		    has_content(message, sought) && !tap__has_received(message, sought->sub, &steps))
			message->is_undecided = true;
		may_advance &= fits || sought->sub->queue.len == 0;
		if (may_advance)
			cursor->marked = number;
		number = message->next_same;
	}
}

/* The cursor of the delivery's lane in a group. */
static struct tap__cursor *cursor_of(struct tap__search *search, const struct tap__sought *sought,
				     uint64_t leader)
{
	uint64_t tag = sought->key ^ sought->sub->lane->id * SPREAD;
	struct tap__cursor *cursor = &search->cursors[(tag ^ tag >> 32) & (TAP__CURSORS - 1)];
	if (cursor->tag != tag)
		*cursor = (struct tap__cursor){.tag = tag};
	if (cursor->number < leader)
		cursor->number = 0;
	if (cursor->marked < leader)
		cursor->marked = 0;
	return cursor;
}

static struct tap__pending_event *find_far(struct tap__search *search, const struct tap__sought *sought,
					   bool *is_guess)
{
	uint64_t leader = tap__pending_find(search->pending, sought->key);
	struct candidates candidates = {0};
	if (leader == 0)
		return NULL;
	struct tap__cursor *cursor = cursor_of(search, sought, leader);
	uint64_t start = begin_scan(search, sought, leader, cursor);
	scan(search, sought, start, &candidates);
	if (start != leader && !candidates.certain && !candidates.first_possible)
		scan(search, sought, leader, &candidates);
	if (!candidates.certain && !candidates.first_possible)
		return NULL;
	struct tap__pending_event *message = choose(&candidates, sought->sub);
	if (!candidates.has_impossible)
		cursor->number = message->number;
	*is_guess = is_open(&candidates, sought, message);
	if (*is_guess)
		mark_open(search, sought, leader, cursor);
	return message;
}

/* If the delivery may be late, mark all candidates as undecided. While messages with the same content wait, the next
 * delivery may be the late one as well. */
static bool leave_overdue(struct tap__search *search, const struct tap__sought *sought)
{
	struct tap__overdue *overdue = find_overdue(search, sought);
	if (!overdue)
		return false;
	uint64_t leader = tap__pending_find(search->pending, sought->key);
	if (leader == 0) /* it is late; and the cursor may be at a message that has left */
		overdue->count--;
	else
		mark_open(search, sought, leader, cursor_of(search, sought, leader));
	return true;
}

static void set_key(struct tap__sought *sought)
{
	const struct wire_op *op = sought->op;
	if (sought->key == 0)
		sought->key = tap__content_key(sought->sub->server, op->subject, op->reply, op->payload);
}

struct tap__pending_event *tap__search_find(struct tap__search *search, struct tap__sought *sought,
					    bool *is_guess)
{
	*is_guess = false;
	if (search->overdue_ns > sought->seen_ns - OVERDUE_NS) {
		set_key(sought);
		*is_guess = leave_overdue(search, sought);
	}
	if (*is_guess)
		return NULL;
	struct tap__pending_event *message = find_near(search, sought);
	if (message)
		return message;
	set_key(sought);
	return find_far(search, sought, is_guess);
}
