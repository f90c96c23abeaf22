#include "trace/conversation/stream.h"

#include <errno.h>
#include <xxhash.h>

#include "trace/conversation/link.h"
#include "trace/jetstream.h"

/* A server's header cannot tell a copy from a publish with the same id, but their order can. */
static const double SCORE_PLACE = 1, SCORE_MESSAGE_ID = 0.9;

static uint64_t place_hash(enum trace__mention_kind kind, const struct trace_stream_place *place)
{
	return trace__mention_number(kind,
				     XXH3_64bits_withSeed(place->stream.data, place->stream.len, place->seq));
}

/* The publish of an id is the oldest message that has it. */
static struct trace_node *find_publish_by_id(const struct trace_conversations *conversations,
					     const struct trace_node *copy)
{
	struct wire_slice id = trace_message_id(&copy->event);
	const struct trace__mention *mention =
	    id.len > 0
		? trace__mentions_newest(&conversations->mentions, trace__mention_hash(TRACE__MESSAGE_ID, id))
		: NULL;
	return mention ? trace__mentions_oldest(mention)->node : NULL;
}

static int link_copy(struct trace_conversations *conversations, struct trace_node *copy,
		     const struct trace_stream_place *place)
{
	const struct trace__mention *publish =
	    trace__mentions_newest(&conversations->mentions, place_hash(TRACE__STREAM_ID, place));
	struct trace_node *by_id = publish ? NULL : find_publish_by_id(conversations, copy);
	int error = 0;
	if (publish)
		error = trace__link(conversations, publish->node, copy, TRACE_STREAM, SCORE_PLACE);
	else if (by_id)
		error = trace__link(conversations, by_id, copy, TRACE_STREAM, SCORE_MESSAGE_ID);
	return error ? error
		     : trace__remember(conversations, copy, TRACE__STREAM_COPY,
				       place_hash(TRACE__STREAM_COPY, place));
}

/* The answer says where the publish was stored: copies that were delivered before it are linked now, later ones when they
 * come. */
static int note_answer(struct trace_conversations *conversations, struct trace_node *publish,
		       const struct trace_stream_place *place)
{
	struct trace__mention *copy =
	    trace__mentions_newest(&conversations->mentions, place_hash(TRACE__STREAM_COPY, place));
	int error =
	    trace__remember(conversations, publish, TRACE__STREAM_ID, place_hash(TRACE__STREAM_ID, place));
	for (; copy && !error; copy = copy->older)
		error = trace__link(conversations, publish, copy->node, TRACE_STREAM, SCORE_PLACE);
	return error;
}

int trace__stream_link(struct trace_conversations *conversations, struct trace_node *node)
{
	struct trace_stream_place place;
	struct trace_node *request = trace__request_of(node);
	if (!trace__is_wanted(conversations, TRACE_STREAM))
		return 0;
	if (trace_stream_of_copy(&place, &node->event))
		return link_copy(conversations, node, &place);
	if (request && trace_stream_of_answer(&place, &node->event))
		return note_answer(conversations, request, &place);
	struct wire_slice id = trace_message_id(&node->event);
	return id.len > 0 ? trace__remember(conversations, node, TRACE__MESSAGE_ID,
					    trace__mention_hash(TRACE__MESSAGE_ID, id))
			  : 0;
}
