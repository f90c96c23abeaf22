#include "trace/conversation/reply.h"

#include <errno.h>
#include <xxhash.h>

#include "trace/conversation/handling.h"
#include "trace/conversation/link.h"
#include "trace/jetstream.h"
#include "trace/requests.h"

enum { COPIES_MAX = 8 /* of a request that are looked at */ };

static uint64_t subject_hash(struct wire_slice subject)
{
	return trace__mention_hash(TRACE__REPLY_SUBJECT, subject);
}

/* Of requests with the same reply subject, the newest of the node's input, since several inputs may hold the same request; else
 * the newest. NULL when there is none. */
static struct trace_node *choose_request(const struct trace__mention *newest, const struct trace_node *node)
{
	const struct trace__mention *mention = newest;
	for (int i = 0; mention && i < COPIES_MAX; i++, mention = mention->older)
		if (mention->node->origin == node->origin)
			return mention->node;
	return newest ? newest->node : NULL;
}

static bool is_copy(const struct trace_node *a, const struct trace_node *b)
{
	return a->origin != b->origin && wire_slice_equal(a->event.subject, b->event.subject);
}

/* The request was answered: so were its copies in other inputs. */
static void note_answer_of_copies(const struct trace_node *request, const struct trace__mention *newest)
{
	const struct trace__mention *mention = newest;
	for (int i = 0; mention && i < COPIES_MAX; i++, mention = mention->older)
		if (is_copy(mention->node, request))
			mention->node->is_answered_elsewhere = true;
}

/* A copy of the request in another input has a reply already. */
static bool has_answered_copy(const struct trace_node *request, const struct trace__mention *newest)
{
	const struct trace__mention *mention = newest;
	for (int i = 0; mention && i < COPIES_MAX; i++, mention = mention->older)
		if (is_copy(mention->node, request) &&
		    (mention->node->replies > 0 || mention->node->no_responders))
			return true;
	return false;
}

static void count_reply(struct trace_node *request, const struct trace_node *reply)
{
	if (trace_is_no_responders(&reply->event))
		request->no_responders = true;
	else
		request->replies++;
}

/* A reply to a reply is of the same class as that: a chain of them must not have as many classes as messages. */
static uint64_t class_of_reply(const struct trace_node *request)
{
	static const char replied[] = "reply";
	return request->is_reply ? request->class
				 : XXH3_64bits_withSeed(replied, sizeof replied, request->class);
}

static uint64_t class_of_subject(struct trace_conversations *conversations, struct wire_slice subject)
{
	struct wire_slice folded = trace_fold(&conversations->fold, subject);
	return XXH3_64bits(folded.data, folded.len);
}

static int remember_reply_subject(struct trace_conversations *conversations, struct trace_node *node)
{
	const struct trace__mention *mention = trace__mentions_add(
	    &conversations->mentions, node, TRACE__REPLY_SUBJECT, subject_hash(node->event.reply));
	if (!mention)
		return -ENOMEM;
	node->is_answered_elsewhere = has_answered_copy(node, mention->older);
	return 0;
}

int trace__reply_link(struct trace_conversations *conversations, struct trace_node *node)
{
	const struct trace__mention *requests =
	    trace__mentions_newest(&conversations->mentions, subject_hash(node->event.subject));
	struct trace_node *request = choose_request(requests, node);
	int error = 0;
	if (request) {
		bool is_ack = trace_is_ack_subject(node->event.subject);
		enum trace_evidence evidence = is_ack ? TRACE_STREAM : TRACE_REPLY;
		count_reply(request, node);
		note_answer_of_copies(request, requests);
		node->is_reply = true;
		node->class = class_of_reply(request);
		trace__handling_replied(conversations, request, node);
		if (trace__is_wanted(conversations, evidence))
			error = trace__link(conversations, request, node, evidence, 1);
	} else {
		node->class = class_of_subject(conversations, node->event.subject);
	}
	return error || node->event.reply.len == 0 ? error : remember_reply_subject(conversations, node);
}
