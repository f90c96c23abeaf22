#include "export/event/fields.h"
#include "wire/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 500 };

static const struct {
	const char *name;
	enum export_field_kind kind;
	const char *help;
} plain[] = {
    {"time", EXPORT_FIELD_TIME, "RFC 3339, local or with --utc UTC"},
    {"time.date", EXPORT_FIELD_TIME_DATE, "2026-11-23"},
    {"time.clock", EXPORT_FIELD_TIME_CLOCK, "07:57:19.123456"},
    {"time.unix", EXPORT_FIELD_TIME_UNIX, "seconds since the epoch, with 9 decimals"},
    {"time.ns", EXPORT_FIELD_TIME_NS, "nanoseconds since the epoch"},
    {"seq", EXPORT_FIELD_SEQ, "sequence number"},
    {"kind", EXPORT_FIELD_KIND,
     "message, delivery, connect, disconnect, subscribe, unsubscribe, error, mark, gap"},
    {"subject", EXPORT_FIELD_SUBJECT, "subject; subject.N is its token number N, from 1"},
    {"reply", EXPORT_FIELD_REPLY, "reply subject"},
    {"size", EXPORT_FIELD_SIZE, "bytes of the payload"},
    {"status", EXPORT_FIELD_STATUS, "of the headers: 503"},
    {"client", EXPORT_FIELD_CLIENT, "name of the client, or its address when it has none"},
    {"conn", EXPORT_FIELD_CONN, "number of its connection"},
    {"address", EXPORT_FIELD_ADDRESS, "address of the client"},
    {"receivers", EXPORT_FIELD_RECEIVERS, "how many received the message, where that is known"},
    {"receivers.names", EXPORT_FIELD_RECEIVER_NAMES, "who received it, separated by commas"},
    {"queue", EXPORT_FIELD_QUEUE, "queue groups of the receivers, or of the subscription"},
    {"sid", EXPORT_FIELD_SID, "number of the subscription"},
    {"headers", EXPORT_FIELD_HEADERS,
     "all headers; header.NAME is the first value of one, its key in any case"},
    {"payload", EXPORT_FIELD_PAYLOAD,
     "payload; payload.PATH or $.PATH is what its JSON has there: payload.items[0].id"},
    {"decoded", EXPORT_FIELD_DECODED,
     "payload as --decode shows it; decoded.PATH is what its JSON has there: decoded.items[0].id"},
    {"text", EXPORT_FIELD_TEXT, "text of an error, a mark or a gap, reason of a disconnect"},
};

enum { PLAIN_FIELDS = sizeof(plain) / sizeof(plain[0]) };

/* The rest of name after prefix, or NULL. */
static const char *after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

static int out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int unknown(const char *name, struct wire_fault *fault)
{
	const char *names[PLAIN_FIELDS + 1] = {NULL};

	for (size_t i = 0; i < PLAIN_FIELDS; i++)
		names[i] = plain[i].name;
	const char *nearest = wire_suggest(name, names);
	return wire_fault_set(fault, -EINVAL, "there is no field \"%s\"%s%s%s", name,
			      nearest ? " (did you mean \"" : "", nearest ? nearest : "",
			      nearest ? "\"?)" : "");
}

static int init_token(struct export_field *field, const char *number, struct wire_fault *fault)
{
	char *end;
	unsigned long index = strtoul(number, &end, 10);

	if (!isdigit((unsigned char)number[0]) || *end || index == 0 || index > 10000)
		return wire_fault_set(fault, -EINVAL, "subject.%s: give the number of a token, from 1",
				      number);
	*field = (struct export_field){.kind = EXPORT_FIELD_TOKEN, .index = index};
	return 0;
}

static int init_header(struct export_field *field, const char *name, struct wire_fault *fault)
{
	if (!*name)
		return wire_fault_set(fault, -EINVAL, "header. lacks the name of a header");
	*field = (struct export_field){.kind = EXPORT_FIELD_HEADER, .name = strdup(name)};
	return field->name ? 0 : out_of_memory(fault);
}

/* rest: a path without its `$` */
static int init_path(struct export_field *field, enum export_field_kind kind, const char *rest,
		     struct wire_fault *fault)
{
	char path[NAME_MAX_BYTES + 1];

	snprintf(path, sizeof(path), "$%s", rest);
	field->kind = kind;
	if (wire_json_path_parse(&field->path, path))
		return 0;
	wire_json_path_fini(&field->path);
	return wire_fault_set(fault, -EINVAL,
			      "\"%s\" is no path of JSON; write for example payload.id, payload.items[0].id",
			      path);
}

/* Fields that have a part of their own. 1 when the name is none of these. */
static int init_with_part(struct export_field *field, const char *name, struct wire_fault *fault)
{
	const char *part;

	if ((part = after(name, "subject.")))
		return init_token(field, part, fault);
	if ((part = after(name, "header.")))
		return init_header(field, part, fault);
	if ((part = after(name, "payload")) && (*part == '.' || *part == '['))
		return init_path(field, EXPORT_FIELD_PAYLOAD_PATH, part, fault);
	if ((part = after(name, "decoded")) && (*part == '.' || *part == '['))
		return init_path(field, EXPORT_FIELD_DECODED_PATH, part, fault);
	if ((part = after(name, "$")))
		return init_path(field, EXPORT_FIELD_PAYLOAD_PATH, part, fault);
	return 1;
}

int export_field_init(struct export_field *field, struct wire_slice name, struct wire_fault *fault)
{
	char text[NAME_MAX_BYTES];

	*field = (struct export_field){0};
	if (name.len >= sizeof(text))
		return wire_fault_set(fault, -EINVAL, "the name of a field is too long");
	snprintf(text, sizeof(text), "%.*s", (int)name.len, name.data);
	for (size_t i = 0; i < PLAIN_FIELDS; i++) {
		if (strcmp(text, plain[i].name) == 0) {
			field->kind = plain[i].kind;
			return 0;
		}
	}
	int status = init_with_part(field, text, fault);
	return status == 1 ? unknown(text, fault) : status;
}

const char *export_field_describe(size_t number, const char **help)
{
	if (number >= PLAIN_FIELDS)
		return NULL;
	*help = plain[number].help;
	return plain[number].name;
}

void export_field_fini(struct export_field *field)
{
	free(field->name);
	wire_json_path_fini(&field->path);
}
