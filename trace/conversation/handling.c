#include "trace/conversation/handling.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/content.h"
#include "trace/conversation/link.h"
#include "trace/conversation/node.h"

enum {
	RECEIVERS_MAX = 256, /* of a message with more, the others are not thought to publish because of it */
	COMMON_MIN = 64,     /* a value seen in fewer messages is an id… */
	COMMON_SHARE = 50,   /* …as is one seen in fewer than one in so many */
};

/* Clients of the same name are one service: what one does, the others do, too. */
static uint64_t service_of(const struct trace_conversations *conversations, uint32_t client)
{
	return trace_clients_at(&conversations->clients, client)->service;
}

static uint64_t deliveries_to(uint32_t client)
{
	return trace__mention_number(TRACE__DELIVERED, client);
}

/* ---- the beginning and the end ---- */

static int begin_one(struct trace_conversations *conversations, struct trace_node *node, uint32_t client,
		     int64_t at_ns)
{
	struct trace__mention *mention =
	    trace__mentions_add(&conversations->mentions, node, TRACE__DELIVERED, deliveries_to(client));
	if (!mention)
		return -ENOMEM;
	mention->at_ns = at_ns;
	mention->class = node->class;
	trace_causality_delivered(conversations->options.causality, service_of(conversations, client),
				  node->class);
	return 0;
}

int trace__handling_begin(struct trace_conversations *conversations, struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	if (event->kind == WIRE_EVENT_DELIVERY)
		return event->outcome == WIRE_SENT && node->receivers[0] != TRACE_NO_CLIENT
			   ? begin_one(conversations, node, node->receivers[0], event->steady_ns)
			   : 0;
	int error = 0;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len && i < RECEIVERS_MAX && !error; i++)
		if (event->receivers[i].outcome == WIRE_SENT && node->receivers[i] != TRACE_NO_CLIENT)
			error = begin_one(conversations, node, node->receivers[i],
					  trace__node_delivered_ns(node, i));
	return error;
}

static uint64_t class_after_reply(uint64_t class)
{
	static const char replied[] = "after the reply";
	return XXH3_64bits_withSeed(replied, sizeof replied, class);
}

void trace__handling_replied(struct trace_conversations *conversations, const struct trace_node *request,
			     const struct trace_node *reply)
{
	if (reply->publisher == TRACE_NO_CLIENT)
		return;
	for (struct trace__mention *mention = request->mentions; mention; mention = mention->next_of_node) {
		if (mention->group->hash != deliveries_to(reply->publisher) ||
		    mention->class != request->class)
			continue;
		mention->class = class_after_reply(request->class);
		mention->at_ns = reply->event.steady_ns;
		trace_causality_delivered(conversations->options.causality,
					  service_of(conversations, reply->publisher), mention->class);
	}
}

/* ---- ids ---- */

static int find_ids(struct trace_conversations *conversations, struct trace_node *node)
{
	uint64_t ids[TRACE_CONTENT_IDS_MAX];
	if (node->has_content_ids)
		return 0;
	size_t count = trace_content_ids(&node->event, ids);
	node->content_ids = count > 0 ? malloc(count * sizeof *ids) : NULL;
	if (count > 0 && !node->content_ids)
		return -ENOMEM;
	if (count > 0)
		memcpy(node->content_ids, ids, count * sizeof *ids);
	node->content_ids_len = (uint8_t)count;
	node->has_content_ids = true;
	node->bytes += count * sizeof *ids;
	conversations->bytes += count * sizeof *ids;
	for (size_t i = 0; i < count; i++) {
		uint16_t *seen = &conversations->id_counts[ids[i] % TRACE__ID_COUNTS];
		if (*seen < UINT16_MAX)
			++*seen;
	}
	return 0;
}

/* A value that many messages hold, like a region or a version, says nothing. */
static bool is_common(const struct trace_conversations *conversations, uint64_t id)
{
	uint16_t seen = conversations->id_counts[id % TRACE__ID_COUNTS];
	return seen > COMMON_MIN && (uint64_t)seen * COMMON_SHARE > conversations->stats.messages;
}

static bool holds(const struct trace_node *node, uint64_t id)
{
	for (size_t i = 0; i < node->content_ids_len; i++)
		if (node->content_ids[i] == id)
			return true;
	return false;
}

static enum trace_sharing sharing_of(const struct trace_conversations *conversations,
				     const struct trace_node *a, const struct trace_node *b)
{
	bool has_id = false;
	for (size_t i = 0; i < a->content_ids_len; i++) {
		if (is_common(conversations, a->content_ids[i]))
			continue;
		if (holds(b, a->content_ids[i]))
			return TRACE_SHARES_ID;
		has_id = true;
	}
	return has_id && b->content_ids_len > 0 ? TRACE_SHARES_NOTHING : TRACE_SHARING_UNKNOWN;
}

/* ---- inference ---- */

static uint64_t effect_bit(uint64_t effect)
{
	return UINT64_C(1) << effect % 64;
}

/* A delivery that has made its receiver publish such a message may do so again: that is learned apart. */
static uint64_t class_again(uint64_t class)
{
	static const char again[] = "again";
	return XXH3_64bits_withSeed(again, sizeof again, class);
}

static bool is_again(const struct trace__mention *mention, const struct trace_node *effect)
{
	return (mention->effects & effect_bit(effect->class)) != 0;
}

/* The connection asks the same again after its answer, or gets back what it published itself: it polls or listens to itself,
 * and neither is a cause. */
static bool is_own_echo(const struct trace_node *cause, const struct trace_node *effect)
{
	if (cause->publisher == effect->publisher && cause->class == effect->class)
		return true;
	for (const struct trace_edge *edge = cause->causes; edge; edge = edge->next)
		if (edge->evidence == TRACE_REPLY && edge->from->publisher == effect->publisher &&
		    edge->from->class == effect->class)
			return true;
	return false;
}

/* What the publisher may be handling, the newest first. Returns how many. */
static size_t find_candidates(struct trace_conversations *conversations, struct trace_node *node,
			      struct trace_candidate candidates[TRACE_CANDIDATES_MAX],
			      struct trace__mention *mentions[TRACE_CANDIDATES_MAX])
{
	struct trace__mention *mention =
	    trace__mentions_newest(&conversations->mentions, deliveries_to(node->publisher));
	size_t count = 0;
	for (; mention && count < TRACE_CANDIDATES_MAX; mention = mention->older) {
		int64_t age_ns = store_time_minus(node->event.steady_ns, mention->at_ns);
		if (age_ns > conversations->options.window_ns)
			break;
		if (mention->node == node || find_ids(conversations, mention->node) != 0)
			continue;
		enum trace_sharing sharing = sharing_of(conversations, node, mention->node);
		if (sharing != TRACE_SHARES_ID && is_own_echo(mention->node, node))
			continue;
		mentions[count] = mention;
		bool again = is_again(mention, node);
		candidates[count++] =
		    (struct trace_candidate){.class = again ? class_again(mention->class) : mention->class,
					     .age_ns = age_ns > 0 ? age_ns : 0,
					     .is_again = again,
					     .sharing = sharing};
	}
	return count;
}

/* Note that a message was published because of a delivery. */
static void note_effect(struct trace_conversations *conversations, struct trace__mention *cause,
			const struct trace_node *effect)
{
	if (is_again(cause, effect))
		return;
	cause->effects |= effect_bit(effect->class);
	trace_causality_delivered(conversations->options.causality,
				  service_of(conversations, effect->publisher), class_again(cause->class));
}

int trace__handling_link(struct trace_conversations *conversations, struct trace_node *node)
{
	struct trace_candidate candidates[TRACE_CANDIDATES_MAX];
	struct trace__mention *mentions[TRACE_CANDIDATES_MAX];
	if (!trace__is_wanted(conversations, TRACE_INFERRED) || node->publisher == TRACE_NO_CLIENT ||
	    trace__has_cause(node, TRACE_REPLY) || trace__has_cause(node, TRACE_STREAM))
		return 0;
	if (find_ids(conversations, node) != 0)
		return -ENOMEM;
	size_t count = find_candidates(conversations, node, candidates, mentions), best = 0;
	trace_causality_judge(conversations->options.causality, service_of(conversations, node->publisher),
			      node->class, node->event.steady_ns, candidates, count);
	for (size_t i = 1; i < count; i++)
		if (candidates[i].score > candidates[best].score)
			best = i;
	if (count == 0 || candidates[best].score < conversations->options.min_score)
		return 0;
	note_effect(conversations, mentions[best], node);
	if (node->causes)
		return 0;
	return trace__link(conversations, mentions[best]->node, node, TRACE_INFERRED, candidates[best].score);
}
