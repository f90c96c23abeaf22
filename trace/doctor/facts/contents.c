#include "trace/doctor/facts/contents.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "trace/doctor/facts/clocks.h"
#include "wire/headers.h"

int doctor__contents_init(struct doctor__contents *contents, uint64_t max_bytes)
{
	uint32_t places = 1024;
	while (places < UINT32_C(1) << 24 && 2 * (uint64_t)places * sizeof *contents->list <= max_bytes)
		places *= 2;
	*contents = (struct doctor__contents){.list = calloc(places, sizeof *contents->list), .mask = places - 1};
	return contents->list ? 0 : -ENOMEM;
}

void doctor__contents_fini(struct doctor__contents *contents)
{
	free(contents->list);
}

/* Put the present message in the place of the earlier one of the same key, which is returned with key 0 when there was none within
 * the time, or not in this input. */
static struct doctor__content replace(struct doctor__facts *facts, const struct wire_event *event, uint64_t key)
{
	key += key == 0;
	struct doctor__content *place = &facts->contents.list[key & facts->contents.mask];
	struct doctor__content before = *place;
	int64_t age_ns = facts->timeline.now_ns - before.ns;
	bool is_same = before.key == key && age_ns <= DOCTOR__DUPLICATE_NS;
	if (is_same && before.origin != facts->origin) {
		doctor__clocks_take_inputs(facts, before.origin, age_ns, event->seq);
		is_same = false;
	}
	*place = (struct doctor__content){.key = key,
					  .seq = event->seq,
					  .ns = facts->timeline.now_ns,
					  .payload = facts->payload_hash,
					  .origin = facts->origin};
	if (!is_same)
		before.key = 0;
	return before;
}

static void take_id(struct doctor__facts *facts, const struct wire_event *event)
{
	struct wire_slice id;
	if (!wire_headers_get(event->headers, WIRE_LITERAL("Nats-Msg-Id"), &id) || id.len == 0)
		return;
	struct doctor__content before =
	    replace(facts, event, XXH3_64bits_withSeed(id.data, id.len, ~(uint64_t)facts->subject->number));
	if (before.key == 0)
		return;
	bool is_reused = before.payload != facts->payload_hash;
	trace_evidence_add(is_reused ? &facts->contents.reused_ids : &facts->contents.same_ids, facts->origin,
			   event->seq);
}

void doctor__contents_take(struct doctor__facts *facts, const struct wire_event *event)
{
	if (event->headers.len > 0)
		take_id(facts, event);
	if (event->size < DOCTOR__CONTENT_LEAST)
		return;
	uint64_t key =
	    XXH3_64bits_withSeed(event->subject.data, event->subject.len, facts->payload_hash);
	if (replace(facts, event, key).key != 0)
		trace_evidence_add(&facts->subject->duplicates, facts->origin, event->seq);
}
