#include "trace/conversation/reply.h"

#include <errno.h>
#include <xxhash.h>

#include "trace/conversation/handling.h"
#include "trace/conversation/link.h"
#include "trace/jetstream.h"
#include "trace/requests.h"

static uint64_t subject_hash(struct wire_slice subject)
{
	return trace__mention_hash(TRACE__REPLY_SUBJECT, subject);
}

/* The newest message that has the node's subject as its reply subject. */
static struct trace_node *find_request(const struct trace_conversations *conversations,
				       const struct trace_node *node)
{
	const struct trace__mention *mention =
	    trace__mentions_newest(&conversations->mentions, subject_hash(node->event.subject));
	return mention ? mention->node : NULL;
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

int trace__reply_link(struct trace_conversations *conversations, struct trace_node *node)
{
	struct trace_node *request = find_request(conversations, node);
	int error = 0;
	if (request) {
		bool is_ack = trace_is_ack_subject(node->event.subject);
		enum trace_evidence evidence = is_ack ? TRACE_STREAM : TRACE_REPLY;
		count_reply(request, node);
		node->is_reply = true;
		node->class = class_of_reply(request);
		trace__handling_replied(conversations, request, node);
		if (trace__is_wanted(conversations, evidence))
			error = trace__link(conversations, request, node, evidence, 1);
	} else {
		node->class = class_of_subject(conversations, node->event.subject);
	}
	if (error || node->event.reply.len == 0)
		return error;
	return trace__mentions_add(&conversations->mentions, node, TRACE__REPLY_SUBJECT,
				   subject_hash(node->event.reply))
		   ? 0
		   : -ENOMEM;
}
