#include "trace/doctor/facts/contents.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/doctor/facts/clocks.h"
#include "wire/headers.h"

int doctor__contents_init(struct doctor__contents *contents, uint64_t max_bytes)
{
	uint32_t places = 1024;
	while (places < UINT32_C(1) << 24 && 2 * (uint64_t)places * sizeof *contents->list <= max_bytes)
		places *= 2;
	*contents =
	    (struct doctor__contents){.list = calloc(places, sizeof *contents->list), .mask = places - 1};
	return contents->list ? 0 : -ENOMEM;
}

void doctor__contents_fini(struct doctor__contents *contents)
{
	free(contents->list);
}

/* Put the message in the place of the earlier one of the same content. True with that one when there was one, in the same input
 * and within the time. */
static bool replace(struct doctor__facts *facts, const struct doctor__content *content,
		    struct doctor__content *before)
{
	struct doctor__content *place = &facts->contents.list[content->key & facts->contents.mask];
	*before = *place;
	*place = *content;
	int64_t age_ns = store_time_minus(content->ns, before->ns);
	if (before->key != content->key || age_ns > DOCTOR__DUPLICATE_NS)
		return false;
	if (before->origin == content->origin)
		return true;
	doctor__clocks_take_inputs(facts, before, content);
	return false;
}

static void compare(struct doctor__facts *facts, const struct doctor__compared *message)
{
	const struct doctor__content *content = &message->content;
	struct doctor__content before;
	if (content->key == 0 || !replace(facts, content, &before))
		return;
	struct trace_evidence *evidence = message->subject                     ? &message->subject->duplicates
					  : before.payload == content->payload ? &facts->contents.same_ids
									       : &facts->contents.reused_ids;
	trace_evidence_add(evidence, content->origin, content->seq);
}

/* Compare the message once some others have come: looking for its place at once would cost a wait for memory, which was a
 * fifth of all time. */
static void compare_later(struct doctor__facts *facts, uint64_t key, struct doctor__subject *subject,
			  uint64_t seq)
{
	struct doctor__contents *contents = &facts->contents;
	struct doctor__compared *waiting = &contents->waiting[contents->next++ % DOCTOR__COMPARED];
	compare(facts, waiting);
	key += key == 0;
	*waiting = (struct doctor__compared){.content = {.key = key,
							 .seq = seq,
							 .ns = facts->timeline.now_ns,
							 .payload = (uint32_t)facts->payload_hash,
							 .origin = facts->origin},
					     .subject = subject};
	__builtin_prefetch(&contents->list[key & contents->mask], 1);
}

void doctor__contents_take(struct doctor__facts *facts, const struct wire_event *event)
{
	struct wire_slice id;
	if (event->headers.len > 0 && wire_headers_get(event->headers, WIRE_LITERAL("Nats-Msg-Id"), &id) &&
	    id.len > 0)
		compare_later(facts, XXH3_64bits_withSeed(id.data, id.len, ~(uint64_t)facts->subject->number),
			      NULL, event->seq);
	if (event->size >= DOCTOR__CONTENT_LEAST)
		compare_later(facts, facts->payload_hash ^ (facts->subjects.hash << 1 | 1), facts->subject,
			      event->seq);
}

void doctor__contents_end(struct doctor__facts *facts)
{
	struct doctor__contents *contents = &facts->contents;
	for (uint32_t i = 0; i < DOCTOR__COMPARED; i++)
		compare(facts, &contents->waiting[(contents->next + i) % DOCTOR__COMPARED]);
}
