#include "wire/mask/masker.h"

#include <stdlib.h>

#include "wire/mark.h"
#include "wire/mask/content.h"
#include "wire/mask/masker_layout.h"
#include "wire/mask/tokens.h"

struct wire_masker *wire_masker_open(struct wire_mask *mask, bool is_counted)
{
	struct wire_masker *masker = calloc(1, sizeof *masker);
	if (!masker)
		return NULL;
	masker->mask = mask;
	masker->is_counted = is_counted;
	bool has_plans = wire__plans_init(&masker->plans, mask);
	if (wire__matches_init(&masker->matches, mask) && has_plans)
		return masker;
	wire_masker_close(masker);
	return NULL;
}

void wire_masker_close(struct wire_masker *masker)
{
	if (!masker)
		return;
	wire__plans_fini(&masker->plans);
	wire__matches_fini(&masker->matches);
	wire__edits_fini(&masker->edits);
	for (int i = 0; i < WIRE__MASKER_PARTS; i++)
		wire__mask_buffer_fini(&masker->parts[i]);
	free(masker);
}

/* ---- headers and payload ---- */

/* Replace *part by its edited copy. It becomes empty when out of memory. */
static bool edit_part(struct wire_masker *masker, enum wire__masker_part part, struct wire_slice *text)
{
	struct wire__mask_buffer *out = &masker->parts[part];
	if (masker->edits.count == 0)
		return false;
	wire__mask_buffer_reset(out);
	if (!wire__edits_apply(&masker->edits, *text, &masker->mask->key, out))
		out->len = 0;
	*text = wire__mask_buffer_slice(out);
	return true;
}

static bool mask_headers(struct wire_masker *masker, const struct wire__mask_plan *plan,
			 struct wire_event *event)
{
	wire__content_judge_headers(masker, plan, event->headers, event->flags);
	return edit_part(masker, WIRE__MASKER_HEADERS, &event->headers);
}

static bool mask_payload(struct wire_masker *masker, const struct wire__mask_plan *plan,
			 struct wire_event *event)
{
	wire__content_judge_payload(masker, plan, event->payload, event->flags);
	return edit_part(masker, WIRE__MASKER_PAYLOAD, &event->payload);
}

/* ---- subjects and texts ---- */

/* Memory is short: nothing is shown rather than everything. */
static bool hide(struct wire_slice *text)
{
	*text = WIRE_LITERAL("masked");
	return true;
}

static bool mask_subject(struct wire_masker *masker, enum wire__masker_part part, struct wire_slice *subject,
			 bool is_pattern)
{
	struct wire__mask_buffer *out = &masker->parts[part];
	if (!masker->mask->has[WIRE__MASK_SUBJECT])
		return false;
	if (!wire__mask_tokens(masker->mask, *subject, is_pattern, out))
		return hide(subject);
	if (out->len == 0)
		return false;
	*subject = wire__mask_buffer_slice(out);
	return true;
}

static bool mask_text(struct wire_masker *masker, struct wire_slice *text)
{
	struct wire__mask_buffer *out = &masker->parts[WIRE__MASKER_TEXT];
	if (!masker->mask->has[WIRE__MASK_SUBJECT] || text->len == 0)
		return false;
	if (!wire__mask_quoted(masker->mask, *text, out))
		return hide(text);
	if (out->len == 0)
		return false;
	*text = wire__mask_buffer_slice(out);
	return true;
}

struct wire_slice wire_masker_subject(struct wire_masker *masker, struct wire_slice subject)
{
	mask_subject(masker, WIRE__MASKER_SUBJECT, &subject, true);
	return subject;
}

struct wire_slice wire_masker_text(struct wire_masker *masker, struct wire_slice text)
{
	mask_text(masker, &text);
	return text;
}

/* ---- events ---- */

/* A subject of which nothing is known for lack of memory: its message goes on without content. */
static bool drop_content(struct wire_event *event)
{
	event->payload = event->headers = event->reply = wire_slice(NULL, 0);
	event->flags |= WIRE_EVENT_MASKED;
	return hide(&event->subject);
}

static bool mask_message(struct wire_masker *masker, struct wire_event *event)
{
	const struct wire__mask_plan *plan = wire__plans_find(&masker->plans, event->subject);
	bool is_changed = false;
	if (!plan)
		return drop_content(event);
	if (event->headers.len > 0 && (plan->has[WIRE__MASK_HEADER] || plan->has[WIRE__MASK_REGEX]))
		is_changed = mask_headers(masker, plan, event);
	is_changed |= mask_payload(masker, plan, event);
	if (plan->masked.len > 0) {
		event->subject = wire__mask_buffer_slice(&plan->masked);
		is_changed = true;
	}
	if (event->reply.len > 0)
		is_changed |= mask_subject(masker, WIRE__MASKER_REPLY, &event->reply, false);
	if (is_changed)
		event->flags |= WIRE_EVENT_MASKED;
	return is_changed;
}

/* A remark is masked as the message that asks for it (wire/mark.h). */
static bool mask_mark(struct wire_masker *masker, struct wire_event *event)
{
	const struct wire_slice word = WIRE_LITERAL("remark ");
	bool is_changed = mask_text(masker, &event->text);
	struct wire_slice text = event->text;
	struct wire__mask_buffer *out = &masker->parts[WIRE__MASKER_REMARK];
	if (text.len <= word.len || memcmp(text.data, word.data, word.len) != 0)
		return is_changed;
	struct wire_event remark = {.kind = WIRE_EVENT_MESSAGE,
				    .subject = WIRE_LITERAL(WIRE_MARK_SUBJECT),
				    .payload = wire_slice(text.data + word.len, text.len - word.len)};
	if (!mask_message(masker, &remark))
		return is_changed;
	if (!wire__mask_buffer_reserve(out, word.len + remark.payload.len))
		return hide(&event->text);
	out->len = 0;
	wire__mask_buffer_add(out, word.data, word.len);
	wire__mask_buffer_add(out, remark.payload.data, remark.payload.len);
	event->text = wire__mask_buffer_slice(out);
	return true;
}

static bool mask_event(struct wire_masker *masker, struct wire_event *event)
{
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: return mask_message(masker, event);
	case WIRE_EVENT_SUBSCRIBE:
	case WIRE_EVENT_UNSUBSCRIBE: return mask_subject(masker, WIRE__MASKER_SUBJECT, &event->subject, true);
	case WIRE_EVENT_MARK: return mask_mark(masker, event);
	default: return mask_text(masker, &event->text);
	}
}

bool wire_masker_event(struct wire_masker *masker, struct wire_event *event)
{
	const struct wire_slice subject = event->subject;
	bool is_changed = mask_event(masker, event);
	if (event->subject.data != subject.data)
		event->unmasked_subject = subject;
	if (is_changed && event->kind <= WIRE_EVENT_DELIVERY)
		wire__content_count(masker, &masker->mask->messages, 1);
	return is_changed;
}
