#include "export/decode/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/chain.h"
#include "export/decode/embed.h"
#include "wire/subject.h"

struct rule {
	char *text;                  /* owned; as it was given */
	struct wire_slice subject;   /* part of the text; empty: all */
	struct export__chain *chain; /* owned */
	uint64_t decoded, failed;
	char reason[520]; /* of the first failure */
	bool is_reported; /* that its command failed */
};

struct export_decoder {
	struct rule *rules; /* owned */
	size_t len;
	struct export__chained chained;
	struct export__embed embed;
	void (*report)(void *context, const char *text);
	void *context;
};

struct export_decoder *export_decoder_open(void)
{
	return calloc(1, sizeof(struct export_decoder));
}

void export_decoder_close(struct export_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < decoder->len; i++) {
		export__chain_close(decoder->rules[i].chain);
		free(decoder->rules[i].text);
	}
	free(decoder->rules);
	export__embed_fini(&decoder->embed);
	free(decoder);
}

/* ---- rules ---- */

/* Split "SUBJECT=CHAIN". Without a subject the whole text is a chain. NULL with *fault. */
static const char *split(struct rule *rule, struct wire_fault *fault)
{
	const char *sign = strchr(rule->text, '=');

	if (export__chain_begins(rule->text))
		return rule->text;
	if (!sign)
		return rule->text; /* which will be complained about */
	rule->subject = wire_slice(rule->text, (size_t)(sign - rule->text));
	if (wire_subject_is_valid(rule->subject))
		return sign + 1;
	wire_fault_set(fault, -EINVAL, "\"%.*s\" is no subject", (int)rule->subject.len, rule->subject.data);
	return NULL;
}

static int compile(struct rule *rule, struct wire_fault *fault)
{
	const char *chain = rule->text ? split(rule, fault) : NULL;

	if (!rule->text)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (chain)
		rule->chain = export__chain_open(chain, fault);
	return rule->chain ? 0 : fault->code;
}

int export_decoder_add(struct export_decoder *decoder, const char *text, struct wire_fault *fault)
{
	struct rule *rules = reallocarray(decoder->rules, decoder->len + 1, sizeof(*rules));

	if (!rules)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	decoder->rules = rules;
	struct rule *rule = &rules[decoder->len++];
	*rule = (struct rule){.text = strdup(text)};
	return compile(rule, fault);
}

const char *export_decoder_describe(size_t number, const char **help)
{
	return export__chain_describe(number, help);
}

void export_decoder_report_to(struct export_decoder *decoder, void (*report)(void *context, const char *text),
			      void *context)
{
	decoder->report = report;
	decoder->context = context;
}

static struct rule *find_rule(struct export_decoder *decoder, struct wire_slice subject)
{
	for (size_t i = 0; i < decoder->len; i++) {
		struct rule *rule = &decoder->rules[i];

		if (rule->subject.len == 0 || wire_subject_matches(rule->subject, subject))
			return rule;
	}
	return NULL;
}

/* ---- decoding ---- */

static void report_command(struct export_decoder *decoder, struct rule *rule, const char *reason)
{
	char text[800];

	if (rule->is_reported || !decoder->report)
		return;
	rule->is_reported = true;
	snprintf(text, sizeof(text), "--decode %.120s: %s; its payloads are shown undecoded from here on",
		 rule->text, reason);
	decoder->report(decoder->context, text);
}

static enum export_decode_result fail(struct rule *rule, const char *reason, struct export_decoded *decoded)
{
	if (rule->failed++ == 0)
		snprintf(rule->reason, sizeof(rule->reason), "%s", reason);
	decoded->reason = reason;
	return EXPORT_DECODE_FAILED;
}

/* Why the payload cannot be what was sent. NULL when it is. */
static const char *why_not_whole(const struct wire_event *event)
{
	if (event->flags & WIRE_EVENT_MASKED)
		return "the message is masked: its payload may not be the one that was sent";
	if (event->flags & WIRE_EVENT_CUT)
		return "the payload was cut when it was recorded";
	if (event->flags & WIRE_EVENT_PARTIAL || event->size != event->payload.len)
		return "the payload is not whole";
	return NULL;
}

static bool has_payload(const struct wire_event *event)
{
	return (event->kind == WIRE_EVENT_MESSAGE || event->kind == WIRE_EVENT_DELIVERY) &&
	       event->payload.len > 0;
}

static enum export_decode_result run(struct export_decoder *decoder, struct rule *rule,
				     const struct wire_event *event, struct export_decoded *decoded)
{
	struct export__chained *chained = &decoder->chained;

	switch (export__chain_run(rule->chain, event->subject, event->payload, chained)) {
	case EXPORT__CHAIN_NOTHING: return EXPORT_DECODE_NONE;
	case EXPORT__CHAIN_BROKEN: report_command(decoder, rule, chained->reason); break;
	case EXPORT__CHAIN_FAILED: break;
	case EXPORT__CHAIN_DONE:
		rule->decoded++;
		decoded->bytes = chained->bytes;
		decoded->by = chained->by;
		return EXPORT_DECODE_DONE;
	}
	return fail(rule, chained->reason, decoded);
}

enum export_decode_result export_decode(struct export_decoder *decoder, const struct wire_event *event,
					struct export_decoded *decoded)
{
	*decoded = (struct export_decoded){0};
	if (!decoder || !has_payload(event))
		return EXPORT_DECODE_NONE;
	struct rule *rule = find_rule(decoder, event->subject);
	if (!rule)
		return EXPORT_DECODE_NONE;
	const char *reason = why_not_whole(event);
	return reason ? fail(rule, reason, decoded) : run(decoder, rule, event, decoded);
}

void export_decoded_json(struct export_decoder *decoder, const struct export_decoded *decoded,
			 struct export_json *json, const char *key)
{
	if (export__embed_is_json(&decoder->embed, decoded->bytes))
		export__embed_put(&decoder->embed, json, key, decoded->bytes);
	else
		export_json_bytes(json, key, decoded->bytes);
}

bool export_decoder_count(const struct export_decoder *decoder, size_t number,
			  struct export_decoder_count *count)
{
	if (!decoder || number >= decoder->len)
		return false;
	const struct rule *rule = &decoder->rules[number];
	*count = (struct export_decoder_count){.rule = rule->text,
					       .decoded = rule->decoded,
					       .failed = rule->failed,
					       .reason = rule->reason,
					       .is_reported = rule->is_reported};
	return true;
}
