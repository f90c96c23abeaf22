#include "trace/conversation/handling.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/content.h"
#include "trace/conversation/link.h"
#include "trace/conversation/node.h"

enum {
	COMMON_MIN = 64,   /* a value seen in fewer messages is an id… */
	COMMON_SHARE = 50, /* …as is one seen in fewer than one in so many */
};

/* Clients of the same name are one service: what one does, the others do, too. */
static uint64_t service_of(const struct trace_conversations *conversations, uint32_t client)
{
	return trace_clients_at(&conversations->clients, client)->service;
}

/* ---- ids ---- */

static void count_ids(struct trace_conversations *conversations, const uint64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint16_t *seen = &conversations->id_counts[ids[i] % TRACE__ID_COUNTS];
		if (*seen < UINT16_MAX)
			++*seen;
	}
}

/* Keep the ids of the node, and of the request that it answers, which it need not repeat. 0 or -ENOMEM. */
static int find_ids(struct trace_conversations *conversations, struct trace_node *node)
{
	uint64_t ids[2 * TRACE_CONTENT_IDS_MAX];
	if (node->has_content_ids)
		return 0;
	size_t count = trace_content_ids(&node->event, ids);
	count_ids(conversations, ids, count);
	const struct trace_node *request = trace__request_of(node);
	for (size_t i = 0; request && i < request->content_ids_len && count < 2 * TRACE_CONTENT_IDS_MAX; i++)
		ids[count++] = request->content_ids[i];
	node->content_ids = malloc((count + 1) * sizeof *ids);
	if (!node->content_ids)
		return -ENOMEM;
	memcpy(node->content_ids, ids, count * sizeof *ids);
	for (size_t i = 0; i < count; i++)
		trace_id_mask_add(&node->content_mask, ids[i]);
	node->content_ids_len = (uint8_t)count;
	node->has_content_ids = true;
	node->bytes += count * sizeof *ids;
	conversations->bytes += count * sizeof *ids;
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

/* The values of a message that say something. */
struct telling_ids {
	uint64_t list[2 * TRACE_CONTENT_IDS_MAX];
	size_t count;
};

static void find_telling_ids(const struct trace_conversations *conversations, const struct trace_node *node,
			     struct telling_ids *ids)
{
	*ids = (struct telling_ids){.count = 0};
	for (size_t i = 0; i < node->content_ids_len; i++) {
		if (is_common(conversations, node->content_ids[i]))
			continue;
		ids->list[ids->count++] = node->content_ids[i];
	}
}

/* Hot: once for every candidate. */
static enum trace_sharing sharing_of(const struct telling_ids *ids, const struct trace__delivery *cause)
{
	if (ids->count == 0 || !cause->has_content_ids)
		return TRACE_SHARING_UNKNOWN;
	for (size_t i = 0; i < ids->count; i++)
		if (trace_id_mask_may_hold(&cause->content_mask, ids->list[i]) &&
		    holds(cause->node, ids->list[i]))
			return TRACE_SHARES_ID;
	return TRACE_SHARES_NOTHING;
}

/* ---- the beginning and the end ---- */

static int begin_one(struct trace_conversations *conversations, struct trace_node *node, uint32_t client,
		     int64_t at_ns)
{
	const struct trace_node *request = trace__request_of(node), *asked = request ? request : node;
	const struct trace__delivery delivery = {.node = node,
						 .at_ns = at_ns,
						 .class = node->class,
						 .content_mask = node->content_mask,
						 .has_content_ids = node->content_ids_len > 0,
						 .asked_class = asked->class,
						 .asker = asked->publisher};
	if (client == TRACE_NO_CLIENT)
		return 0;
	trace_causality_delivered(conversations->options.causality, service_of(conversations, client),
				  node->class);
	return trace__deliveries_add(&conversations->deliveries, client, &delivery);
}

int trace__handling_begin(struct trace_conversations *conversations, struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	if (!trace__is_wanted(conversations, TRACE_INFERRED))
		return 0;
	int error = find_ids(conversations, node);
	if (event->kind == WIRE_EVENT_DELIVERY && event->outcome == WIRE_SENT && !error)
		error = begin_one(conversations, node, node->receivers[0], event->steady_ns);
	for (uint32_t i = 0; event->receivers && i < event->receivers_len && !error; i++)
		if (event->receivers[i].outcome == WIRE_SENT)
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
	struct trace__delivery *delivery =
	    trace__deliveries_find(&conversations->deliveries, reply->publisher, request);
	if (!delivery || delivery->class != request->class)
		return;
	delivery->class = class_after_reply(request->class);
	delivery->at_ns = reply->event.steady_ns;
	trace_causality_delivered(conversations->options.causality,
				  service_of(conversations, reply->publisher), delivery->class);
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

static bool is_again(const struct trace__delivery *delivery, const struct trace_node *effect)
{
	return (delivery->effects & effect_bit(effect->class)) != 0;
}

/* The connection asks the same again after its answer, or gets back what it published itself: it polls or listens to itself,
 * and neither is a cause. */
static bool is_own_echo(const struct trace__delivery *cause, const struct trace_node *effect)
{
	return cause->asker == effect->publisher && cause->asked_class == effect->class;
}

struct candidates {
	struct trace_candidate list[TRACE_CANDIDATES_MAX];
	struct trace__delivery *deliveries[TRACE_CANDIDATES_MAX];
	size_t count;
};

/* Find the messages that the publisher may be handling, the newest first. */
static void find_candidates(const struct trace_conversations *conversations, const struct trace_node *node,
			    struct candidates *candidates)
{
	struct telling_ids ids;
	struct trace__delivery *delivery;
	candidates->count = 0;
	find_telling_ids(conversations, node, &ids);
	for (uint32_t i = 0;
	     (delivery = trace__deliveries_at(&conversations->deliveries, node->publisher, i)) != NULL; i++) {
		int64_t age_ns = store_time_minus(node->event.steady_ns, delivery->at_ns);
		if (!delivery->node || delivery->node == node || age_ns > conversations->options.window_ns)
			continue;
		enum trace_sharing sharing = sharing_of(&ids, delivery);
		if (sharing != TRACE_SHARES_ID && is_own_echo(delivery, node))
			continue;
		bool again = is_again(delivery, node);
		candidates->deliveries[candidates->count] = delivery;
		candidates->list[candidates->count++] =
		    (struct trace_candidate){.class = again ? class_again(delivery->class) : delivery->class,
					     .age_ns = age_ns > 0 ? age_ns : 0,
					     .is_again = again,
					     .sharing = sharing};
	}
}

/* Note that a message was published because of a delivery. */
static void note_effect(struct trace_conversations *conversations, struct trace__delivery *cause,
			const struct trace_node *effect)
{
	if (is_again(cause, effect))
		return;
	cause->effects |= effect_bit(effect->class);
	trace_causality_delivered(conversations->options.causality,
				  service_of(conversations, effect->publisher), class_again(cause->class));
}

static size_t likeliest(const struct candidates *candidates)
{
	size_t best = 0;
	for (size_t i = 1; i < candidates->count; i++)
		if (candidates->list[i].score > candidates->list[best].score)
			best = i;
	return best;
}

int trace__handling_link(struct trace_conversations *conversations, struct trace_node *node)
{
	struct candidates candidates;
	if (!trace__is_wanted(conversations, TRACE_INFERRED) || node->publisher == TRACE_NO_CLIENT ||
	    trace__has_cause(node, TRACE_REPLY) || trace__has_cause(node, TRACE_STREAM))
		return 0;
	if (find_ids(conversations, node) != 0)
		return -ENOMEM;
	find_candidates(conversations, node, &candidates);
	trace_causality_judge(conversations->options.causality, service_of(conversations, node->publisher),
			      node->class, node->event.steady_ns, candidates.list, candidates.count);
	size_t best = likeliest(&candidates);
	if (candidates.count == 0 || candidates.list[best].score < conversations->options.min_score)
		return 0;
	note_effect(conversations, candidates.deliveries[best], node);
	if (node->causes)
		return 0;
	return trace__link(conversations, candidates.deliveries[best]->node, node, TRACE_INFERRED,
			   candidates.list[best].score);
}
