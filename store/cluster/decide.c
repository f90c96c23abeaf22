#include "store/cluster/decide.h"

#include "store/read/steps.h"

enum { PERIOD_MAX = 1024 }; /* events of a period */

/* The estimate of a clock may be so old that a delivery seems to precede its publish by this much. */
#define ESTIMATE_NS INT64_C(50000000)

static int64_t time_of(const struct store__decider *decider, const struct store__entry *entry)
{
	return store__entry_ns(&decider->contents->order, entry);
}

static int64_t key_of(const struct store__decider *decider, const struct store__entry *entry)
{
	return store__entry_key(&decider->contents->order, entry);
}

/* ---- what is possible ---- */

/* a happened before b, whatever the error of their clocks. */
static bool is_certainly_before(const struct store__decider *decider, const struct store__entry *a,
				const struct store__entry *b)
{
	int64_t after_ns = store_time_minus(time_of(decider, b), time_of(decider, a));
	return after_ns > store__clocks_error(decider->clocks, a->input, b->input);
}

static bool can_be(const struct store__decider *decider, const struct store__entry *message,
		   const struct store__entry *delivery)
{
	int64_t after_ns = store_time_minus(time_of(decider, delivery), time_of(decider, message));
	int64_t error_ns = store__clocks_error(decider->clocks, message->input, delivery->input);
	if (error_ns > 0 && message->content->messages_count == 1)
		error_ns = store_time_plus(error_ns, ESTIMATE_NS);
	return after_ns >= -error_ns && after_ns <= decider->window_ns;
}

/* The subscription was made after the message. */
static bool is_too_late(const struct store__decider *decider, const struct store__lane *lane,
			const struct store__entry *message)
{
	if (lane->since_ns == INT64_MIN || lane->content->messages_count < 2)
		return false;
	int64_t since_ns =
	    store_time_minus(lane->since_ns, store__clocks_ahead(decider->clocks, lane->input));
	int64_t later_ns = store_time_minus(since_ns, time_of(decider, message));
	return later_ns > store__clocks_error(decider->clocks, message->input, lane->input);
}

/* The lane got the message from its own server, as the log of that server says. */
static bool has_received_here(const struct store__lane *lane, const struct store__entry *message)
{
	const struct wire_event *event = &message->copy.event;
	if (!lane->is_queue && lane->input != message->input)
		return false;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		if (store__lane_is_of(lane, message->input, &event->receivers[i]))
			return true;
	return false;
}

static bool has_joined(const struct store__lane *lane, const struct store__entry *message)
{
	const struct store__entry *delivery = lane->joined > 0 ? message->receivers : NULL;
	while (delivery && delivery->lane != lane)
		delivery = delivery->next_same;
	return delivery != NULL;
}

static bool has_received(const struct store__lane *lane, const struct store__entry *message)
{
	return has_received_here(lane, message) || has_joined(lane, message);
}

/* The first of these messages that may be the lane's and is not decided. NULL when there is none. */
static struct store__entry *open_message(const struct store__decider *decider, const struct store__lane *lane,
					 struct store__entry *message)
{
	while (message && (has_received(lane, message) || is_too_late(decider, lane, message)))
		message = message->next_same;
	return message;
}

/* ---- periods ---- */

/* A walk over the messages and deliveries of a lane. */
struct walk {
	struct store__entry *message, *delivery;                 /* the next ones */
	const struct store__entry *last_message, *last_delivery; /* nearest to them in time */
	uint32_t messages, deliveries;
};

static const struct store__entry *nearer(const struct store__decider *decider, const struct store__entry *a,
					 const struct store__entry *b)
{
	return !a || key_of(decider, b) > key_of(decider, a) ? b : a;
}

/* At the same time, a message comes before its delivery. */
static bool is_message_next(const struct store__decider *decider, const struct walk *walk)
{
	if (!walk->message || !walk->delivery)
		return walk->message != NULL;
	int64_t message = key_of(decider, walk->message), delivery = key_of(decider, walk->delivery);
	return message != delivery ? message < delivery : !decider->contents->order.reverse;
}

static void step(const struct store__decider *decider, const struct store__lane *lane, struct walk *walk)
{
	if (is_message_next(decider, walk)) {
		walk->last_message = nearer(decider, walk->last_message, walk->message);
		walk->message = open_message(decider, lane, walk->message->next_same);
		walk->messages++;
	} else {
		walk->last_delivery = nearer(decider, walk->last_delivery, walk->delivery);
		walk->delivery = walk->delivery->next_same;
		walk->deliveries++;
	}
}

/* Nothing that follows can belong to what the walk has passed. */
static bool is_apart(const struct store__decider *decider, const struct walk *walk)
{
	const struct store__entry *message = walk->message, *delivery = walk->delivery;
	if (!message && !delivery)
		return true;
	if (is_message_next(decider, walk) == decider->contents->order.reverse)
		return false;
	return decider->contents->order.reverse ? is_certainly_before(decider, delivery, walk->last_message)
						: is_certainly_before(decider, walk->last_delivery, message);
}

/* How many messages the period has that begins here. 0: it has no end. */
static uint32_t measure(const struct store__decider *decider, const struct store__lane *lane)
{
	struct walk walk = {.message = open_message(decider, lane, lane->content->messages.first),
			    .delivery = lane->deliveries.first};
	while ((walk.message || walk.delivery) && walk.messages + walk.deliveries < PERIOD_MAX) {
		step(decider, lane, &walk);
		if (walk.messages == walk.deliveries && is_apart(decider, &walk))
			return walk.messages;
	}
	return 0;
}

static bool are_pairs_possible(const struct store__decider *decider, const struct store__lane *lane,
			       uint32_t count)
{
	struct store__entry *message = open_message(decider, lane, lane->content->messages.first);
	const struct store__entry *delivery = lane->deliveries.first;
	for (uint32_t i = 0; i < count; i++) {
		if (!can_be(decider, message, delivery))
			return false;
		message = open_message(decider, lane, message->next_same);
		delivery = delivery->next_same;
	}
	return true;
}

static bool has_one_publisher(const struct store__decider *decider, const struct store__lane *lane,
			      uint32_t count)
{
	const struct store__entry *first = open_message(decider, lane, lane->content->messages.first),
				  *message = first;
	for (uint32_t i = 1; i < count; i++) {
		message = open_message(decider, lane, message->next_same);
		if (message->input != first->input || message->copy.event.conn != first->copy.event.conn)
			return false;
	}
	return true;
}

static void join(const struct store__decider *decider, struct store__entry *message,
		 struct store__entry *delivery, bool is_time_unknown)
{
	delivery->is_time_unknown = is_time_unknown;
	store__contents_remove(decider->contents, delivery);
	if (message->last_receiver)
		message->last_receiver->next_same = delivery;
	else
		message->receivers = delivery;
	message->last_receiver = delivery;
	message->receivers_count++;
	decider->joined(decider->context, delivery);
}

static void join_period(const struct store__decider *decider, struct store__lane *lane, uint32_t count)
{
	bool is_time_unknown = !has_one_publisher(decider, lane, count);
	struct store__entry *message = open_message(decider, lane, lane->content->messages.first);
	if (count == 1)
		store__clocks_learn(decider->clocks, message->input, message->time_ns,
				    lane->deliveries.first->input, lane->deliveries.first->time_ns);
	while (count-- > 0) {
		struct store__entry *next = message->next_same;
		lane->joined++;
		join(decider, message, lane->deliveries.first, is_time_unknown);
		message = open_message(decider, lane, next);
	}
}

/* ---- decisions ---- */

/* Decide the next period of a lane. False: it cannot be decided. */
static bool decide(const struct store__decider *decider, struct store__lane *lane)
{
	uint32_t count = measure(decider, lane);
	if (count == 0 || (lane->is_queue && count > 1) || !are_pairs_possible(decider, lane, count))
		return false;
	join_period(decider, lane, count);
	return true;
}

/* The lane is in doubt when the entry leaves, and with it for a window more. */
static bool is_in_doubt(const struct store__decider *decider, struct store__lane *lane,
			const struct store__entry *entry)
{
	int64_t key = key_of(decider, entry);
	if (lane->doubtful_key == INT64_MIN || key > lane->doubtful_key)
		return false;
	lane->doubtful_key = store_time_plus(key, decider->window_ns);
	return true;
}

static void begin_doubt(const struct store__decider *decider, struct store__lane *lane,
			const struct store__entry *entry)
{
	lane->doubtful_key = store_time_plus(key_of(decider, entry), decider->window_ns);
}

void store__decide_message(struct store__decider *decider, struct store__entry *message)
{
	struct store__content *content = message->content;
	int64_t idle_key = store_time_minus(key_of(decider, message), 2 * decider->window_ns);
	for (struct store__lane *lane = content->lanes; lane; lane = lane->next) {
		if (!lane->deliveries.first ||
		    open_message(decider, lane, content->messages.first) != message ||
		    is_in_doubt(decider, lane, message) || !can_be(decider, message, lane->deliveries.first))
			continue;
		lane->last_key = key_of(decider, lane->deliveries.first);
		if (!decide(decider, lane))
			begin_doubt(decider, lane, message);
	}
	store__lanes_drop(&decider->contents->lanes, content, idle_key);
}

static bool has_candidate(const struct store__decider *decider, const struct store__lane *lane,
			  const struct store__entry *delivery)
{
	struct store__entry *message = open_message(decider, lane, lane->content->messages.first);
	while (message && !can_be(decider, message, delivery))
		message = open_message(decider, lane, message->next_same);
	return message != NULL;
}

bool store__decide_delivery(struct store__decider *decider, struct store__entry *delivery, bool *is_doubtful)
{
	struct store__lane *lane = delivery->lane;
	lane->last_key = key_of(decider, delivery);
	*is_doubtful = is_in_doubt(decider, lane, delivery);
	if (*is_doubtful || !has_candidate(decider, lane, delivery))
		return false;
	if (decide(decider, lane) && !delivery->is_listed)
		return true;
	*is_doubtful = true;
	begin_doubt(decider, lane, delivery);
	return false;
}

void store__decide_learn(struct store__decider *decider, const struct store__content *content)
{
	const struct store__entry *message = content->messages.first;
	if (content->messages_count != 1)
		return;
	for (const struct store__lane *lane = content->lanes; lane; lane = lane->next)
		if (lane->deliveries.first && lane->deliveries.first == lane->deliveries.last &&
		    !has_received(lane, message))
			store__clocks_learn(decider->clocks, message->input, message->time_ns,
					    lane->deliveries.first->input, lane->deliveries.first->time_ns);
}

void store__decide_distrust(struct store__content *content, int64_t key)
{
	for (struct store__lane *lane = content->messages_count > 1 ? content->lanes : NULL; lane;
	     lane = lane->next)
		lane->doubtful_key = key;
}
