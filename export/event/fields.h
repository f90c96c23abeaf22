/* fields.h - the fields of an event that --format and --csv can print.
 *
 *   time time.date time.clock time.unix time.ns   seq kind subject subject.N reply size status
 *   client conn address   receivers receivers.names queue sid   header.NAME headers
 *   payload payload.PATH $.PATH   decoded decoded.PATH   text
 *
 * docs/reading.md describes them. A field is compiled once and then read from event after event. */
#ifndef EXPORT_EVENT_FIELDS_H
#define EXPORT_EVENT_FIELDS_H

#include "wire/error.h"
#include "wire/json_path.h"

enum export_field_kind {
	EXPORT_FIELD_TIME,       /* as --utc says, RFC 3339 */
	EXPORT_FIELD_TIME_DATE,  /* 2026-11-23 */
	EXPORT_FIELD_TIME_CLOCK, /* 07:57:19.123456 */
	EXPORT_FIELD_TIME_UNIX,  /* seconds since the epoch, with 9 decimals */
	EXPORT_FIELD_TIME_NS,    /* nanoseconds since the epoch */
	EXPORT_FIELD_SEQ,
	EXPORT_FIELD_KIND,
	EXPORT_FIELD_SUBJECT,
	EXPORT_FIELD_TOKEN, /* number `index` of the subject, from 1 */
	EXPORT_FIELD_REPLY,
	EXPORT_FIELD_SIZE,   /* of the payload */
	EXPORT_FIELD_STATUS, /* of the header block: 503 */
	EXPORT_FIELD_CLIENT, /* name, or address of a client without one */
	EXPORT_FIELD_CONN,
	EXPORT_FIELD_ADDRESS,
	EXPORT_FIELD_RECEIVERS,      /* how many; missing where that is not known */
	EXPORT_FIELD_RECEIVER_NAMES, /* of those that got it, separated by commas */
	EXPORT_FIELD_QUEUE,          /* groups of the receivers, or of the subscription */
	EXPORT_FIELD_SID,
	EXPORT_FIELD_HEADER,  /* first value of header `name`, whatever the case of either */
	EXPORT_FIELD_HEADERS, /* all: "K: v, K: v" */
	EXPORT_FIELD_PAYLOAD,
	EXPORT_FIELD_PAYLOAD_PATH, /* the values that `path` selects in the JSON, separated by commas */
	EXPORT_FIELD_DECODED,      /* the payload in the form of --decode; missing where it was not decoded */
	EXPORT_FIELD_DECODED_PATH, /* as EXPORT_FIELD_PAYLOAD_PATH, of the decoded payload */
	EXPORT_FIELD_TEXT,         /* of an error, a disconnect, a mark, a gap */
};

struct export_field {
	enum export_field_kind kind;
	size_t index;               /* EXPORT_FIELD_TOKEN */
	char *name;                 /* owned; EXPORT_FIELD_HEADER */
	struct wire_json_path path; /* EXPORT_FIELD_PAYLOAD_PATH, EXPORT_FIELD_DECODED_PATH */
};

/* Compile the name of a field. 0 with *field, to be finished by the caller; or -EINVAL (-ENOMEM) with *fault, which
 * quotes the name, and names a similar one where there is one. */
int export_field_init(struct export_field *field, struct wire_slice name, struct wire_fault *fault);
void export_field_fini(struct export_field *field);

/* The name of a field, and in *help what it is, both static. NULL after the last one. Fields with a part of their own (subject.N,
 * header.NAME, payload.PATH) are described with the whole. */
const char *export_field_describe(size_t number, const char **help);

#endif
