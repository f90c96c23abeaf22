#include "wire/mask/stage.h"

#include <stdlib.h>

#include "wire/batch.h"
#include "wire/mask/content.h"

struct wire_mask_stage {
	struct wire_sink sink;
	struct wire_sink *next; /* borrowed */
	struct wire_mask *mask; /* borrowed */
	struct wire_masker *masker;
	struct wire__mask_buffer copy; /* of a batch's data */
};

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct wire_mask_stage *stage = (struct wire_mask_stage *)sink;
	struct wire_event masked = *event;
	wire_masker_event(stage->masker, &masked);
	stage->next->event(stage->next, &masked);
}

/* ---- batches ---- */

static void give_one_by_one(struct wire_mask_stage *stage, const struct wire_event *template,
			    const struct wire_batch *batch)
{
	struct wire_event event = *template;
	for (uint32_t i = 0; i < batch->count; i++) {
		wire_batch_event(batch, i, &event);
		on_event(&stage->sink, &event);
	}
}

/* A batch whose payloads are replaced in a copy of its data. Consecutive messages that were changed, or were not, go on
 * together. */
struct masking {
	struct wire_mask_stage *stage;
	const struct wire__mask_plan *plan;
	struct wire_event event; /* what the messages have in common */
	const struct wire_batch *batch;
	struct wire_batch part; /* that goes on next */
	bool is_changed;        /* its messages were */
	bool has_copy;
};

static void flush(struct masking *masking)
{
	struct wire_mask_stage *stage = masking->stage;
	struct wire_event event = masking->event;
	if (masking->part.count == 0)
		return;
	masking->part.data = masking->has_copy ? stage->copy.data : masking->batch->data;
	if (masking->is_changed) {
		event.flags |= WIRE_EVENT_MASKED;
		wire__content_count(stage->masker, &stage->mask->messages, masking->part.count);
	}
	stage->next->batch(stage->next, &event, &masking->part);
	masking->part.entries += masking->part.count;
	masking->part.count = 0;
	masking->part.payload_bytes = 0;
}

/* Mask the next message in the copy. True when it was changed. */
static bool mask_entry(struct masking *masking, uint32_t index)
{
	struct wire_mask_stage *stage = masking->stage;
	const struct wire_batch *batch = masking->batch;
	wire__content_judge_payload(stage->masker, masking->plan, wire_batch_payload(batch, index), 0);
	if (stage->masker->edits.count == 0)
		return false;
	if (!masking->has_copy) {
		const struct wire_slice last = wire_batch_payload(batch, batch->count - 1);
		memcpy(stage->copy.data, batch->data, (size_t)(last.data + last.len - batch->data));
		masking->has_copy = true;
	}
	wire__edits_patch(&stage->masker->edits, stage->copy.data + batch->entries[index].payload);
	return true;
}

static void mask_batch(struct masking *masking)
{
	const bool is_subject_masked = masking->plan->masked.len > 0;
	for (uint32_t i = 0; i < masking->batch->count; i++) {
		bool is_changed = mask_entry(masking, i) || is_subject_masked;
		if (is_changed != masking->is_changed)
			flush(masking);
		masking->is_changed = is_changed;
		masking->part.count++;
		masking->part.payload_bytes += masking->batch->entries[i].payload_len;
	}
	flush(masking);
}

/* True when the messages can be masked in a copy of the data, which there is room for. */
static bool can_copy(struct wire_mask_stage *stage, const struct wire_batch *batch)
{
	const struct wire_slice last = wire_batch_payload(batch, batch->count - 1);
	return stage->mask->keeps_length &&
	       wire__mask_buffer_reserve(&stage->copy, (size_t)(last.data + last.len - batch->data));
}

/* Hot: once for every batch of a busy publisher. A batch has neither headers nor replies. */
static void on_batch(struct wire_sink *sink, const struct wire_event *template,
		     const struct wire_batch *batch)
{
	struct wire_mask_stage *stage = (struct wire_mask_stage *)sink;
	const struct wire__mask_plan *plan = wire__plans_find(&stage->masker->plans, template->subject);
	struct masking masking = {.stage = stage,
				  .plan = plan,
				  .event = *template,
				  .batch = batch,
				  .part = {.entries = batch->entries}};
	if (!plan || batch->count == 0 || !can_copy(stage, batch)) {
		give_one_by_one(stage, template, batch);
		return;
	}
	if (plan->masked.len > 0) {
		masking.event.unmasked_subject = template->subject;
		masking.event.subject = wire__mask_buffer_slice(&plan->masked);
	}
	mask_batch(&masking);
}

/* ---- the rest of a sink is that of the next one ---- */

static unsigned on_tick(struct wire_sink *sink, int64_t now_ns)
{
	struct wire_sink *next = ((struct wire_mask_stage *)sink)->next;
	return next->tick(next, now_ns);
}

static bool is_ready(struct wire_sink *sink)
{
	struct wire_sink *next = ((struct wire_mask_stage *)sink)->next;
	return next->ready(next);
}

static void get_status(struct wire_sink *sink, struct wire_sink_status *status)
{
	struct wire_sink *next = ((struct wire_mask_stage *)sink)->next;
	next->status(next, status);
}

struct wire_mask_stage *wire_mask_stage_open(struct wire_mask *mask, struct wire_sink *sink)
{
	struct wire_mask_stage *stage = calloc(1, sizeof *stage);
	if (!stage)
		return NULL;
	*stage = (struct wire_mask_stage){.sink = {.event = on_event,
						   .batch = sink->batch ? on_batch : NULL,
						   .tick = sink->tick ? on_tick : NULL,
						   .ready = sink->ready ? is_ready : NULL,
						   .status = sink->status ? get_status : NULL},
					  .next = sink,
					  .mask = mask,
					  .masker = wire_masker_open(mask, true)};
	if (stage->masker)
		return stage;
	free(stage);
	return NULL;
}

void wire_mask_stage_close(struct wire_mask_stage *stage)
{
	if (!stage)
		return;
	wire_masker_close(stage->masker);
	wire__mask_buffer_fini(&stage->copy);
	free(stage);
}

struct wire_sink *wire_mask_stage_sink(struct wire_mask_stage *stage)
{
	return &stage->sink;
}
