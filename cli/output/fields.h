/* fields.h - the fields of an event that --format and --csv can print.
 *
 *   time time.date time.clock time.unix time.ns   seq kind subject subject.N reply size status
 *   client conn address   receivers receivers.names queue sid   header.NAME headers
 *   payload payload.PATH $.PATH   text
 *
 * docs/reading.md describes them. A field is compiled once and then read from event after event. */
#ifndef CLI_OUTPUT_FIELDS_H
#define CLI_OUTPUT_FIELDS_H

#include "wire/error.h"
#include "wire/json_path.h"

enum cli_field_kind {
	CLI_FIELD_TIME,       /* as --utc says, RFC 3339 */
	CLI_FIELD_TIME_DATE,  /* 2026-11-23 */
	CLI_FIELD_TIME_CLOCK, /* 07:57:19.123456 */
	CLI_FIELD_TIME_UNIX,  /* seconds since the epoch, with 9 decimals */
	CLI_FIELD_TIME_NS,    /* nanoseconds since the epoch */
	CLI_FIELD_SEQ,
	CLI_FIELD_KIND,
	CLI_FIELD_SUBJECT,
	CLI_FIELD_TOKEN, /* number `index` of the subject, from 1 */
	CLI_FIELD_REPLY,
	CLI_FIELD_SIZE,   /* of the payload */
	CLI_FIELD_STATUS, /* of the header block: 503 */
	CLI_FIELD_CLIENT, /* name, or address of a client without one */
	CLI_FIELD_CONN,
	CLI_FIELD_ADDRESS,
	CLI_FIELD_RECEIVERS,      /* how many; missing where that is not known */
	CLI_FIELD_RECEIVER_NAMES, /* of those that got it, separated by commas */
	CLI_FIELD_QUEUE,          /* groups of the receivers, or of the subscription */
	CLI_FIELD_SID,
	CLI_FIELD_HEADER,  /* first value of header `name`, whatever the case of either */
	CLI_FIELD_HEADERS, /* all: "K: v, K: v" */
	CLI_FIELD_PAYLOAD,
	CLI_FIELD_PAYLOAD_PATH, /* the values that `path` selects in the JSON, separated by commas */
	CLI_FIELD_TEXT,         /* of an error, a disconnect, a mark, a gap */
};

struct cli_field {
	enum cli_field_kind kind;
	size_t index;               /* CLI_FIELD_TOKEN */
	char *name;                 /* owned; CLI_FIELD_HEADER */
	struct wire_json_path path; /* CLI_FIELD_PAYLOAD_PATH */
};

/* Compile the name of a field. 0 with *field, to be finished by the caller; or -EINVAL (-ENOMEM) with *fault, which
 * quotes the name, and names a similar one where there is one. */
int cli_field_init(struct cli_field *field, struct wire_slice name, struct wire_fault *fault);
void cli_field_fini(struct cli_field *field);

/* The name of a field, and in *help what it is, both static. NULL after the last one. Fields with a part of their own (subject.N,
 * header.NAME, payload.PATH) are described with the whole. */
const char *cli_field_describe(size_t number, const char **help);

#endif
