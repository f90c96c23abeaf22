/* decode.h - payloads in a form that people can read: `--decode [SUBJECT=]HOW`.
 *
 * A decoder holds rules in the order in which they were given; the first whose subject matches decides. docs/reading.md describes what
 * a rule may say. The payload itself is never changed: whoever prints an event asks for the decoded text in addition. */
#ifndef EXPORT_DECODE_DECODE_H
#define EXPORT_DECODE_DECODE_H

#include "export/text/json.h"
#include "wire/event.h"

struct export_decoder;

/* NULL when out of memory. */
struct export_decoder *export_decoder_open(void);
/* Ends the commands that run. */
void export_decoder_close(struct export_decoder *decoder);

/* Add a rule: "orders.>=protobuf:orders.desc:shop.Order", "gzip+msgpack". 0, or a negative code with *fault. */
int export_decoder_add(struct export_decoder *decoder, const char *text, struct wire_fault *fault);

/* The form of a rule, such as "protobuf:FILE:MESSAGE", and in *help its meaning, both static. NULL after the last form. */
const char *export_decoder_describe(size_t number, const char **help);

/* Have `report` called when a command fails, once for each rule: from then on its payloads are shown undecoded. text: one line. */
void export_decoder_report_to(struct export_decoder *decoder, void (*report)(void *context, const char *text),
			      void *context);

enum export_decode_result {
	EXPORT_DECODE_NONE, /* nobody asked for it, or there is nothing to decode */
	EXPORT_DECODE_DONE,
	EXPORT_DECODE_FAILED, /* the payload is to be shown as it is */
};

/* Valid until the next call for the same decoder. */
struct export_decoded {
	struct wire_slice bytes; /* EXPORT_DECODE_DONE: the decoded text */
	const char *by;          /* EXPORT_DECODE_DONE: "gzip+msgpack" */
	const char *reason;      /* EXPORT_DECODE_FAILED: why not */
};

/* Decode the payload of a message or a delivery. decoder: NULL without rules. A payload that is not there as it was sent (cut, partial,
 * masked) is not decoded. */
enum export_decode_result export_decode(struct export_decoder *decoder, const struct wire_event *event,
					struct export_decoded *decoded);

/* Write decoded text as the member `key`: as the value that it is when it is JSON, else as a string, or under "<key>_base64" when it is
 * not valid UTF-8. */
void export_decoded_json(struct export_decoder *decoder, const struct export_decoded *decoded,
			 struct export_json *json, const char *key);

/* How often a rule succeeded and failed so far. All borrowed. */
struct export_decoder_count {
	const char *rule;
	uint64_t decoded, failed;
	const char *reason; /* of the first failure; "" without one */
	bool is_reported;   /* its command failed, and `report` was told so */
};

/* The rules in their order: false after the last one. */
bool export_decoder_count(const struct export_decoder *decoder, size_t number,
			  struct export_decoder_count *count);

#endif
