#include "trace/keys.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/headers.h"
#include "wire/subject.h"

struct key {
	char *text;                 /* as given; owned */
	const char *header;         /* in text; NULL: none */
	unsigned long token;        /* of the subject, from 1 on; 0: none */
	struct wire_json_path path; /* unless one of the others */
};

struct trace_keys {
	struct key list[TRACE_KEYS_MAX];
	size_t count;
	struct wire_json json; /* memory for reading payloads */
};

struct values {
	struct wire_slice *list;
	size_t count;
};

struct trace_keys *trace_keys_open(void)
{
	return calloc(1, sizeof(struct trace_keys));
}

static void fini(struct key *key)
{
	wire_json_path_fini(&key->path);
	free(key->text);
}

void trace_keys_close(struct trace_keys *keys)
{
	for (size_t i = 0; keys && i < keys->count; i++)
		fini(&keys->list[i]);
	free(keys);
}

/* ---- parsing ---- */

static bool parse_token(struct key *key, const char *digits)
{
	char *end;
	key->token = strtoul(digits, &end, 10);
	return *digits >= '1' && *digits <= '9' && *end == '\0' && key->token <= 1000;
}

/* key->text is set. */
static bool parse(struct key *key)
{
	if (strncmp(key->text, "header:", 7) == 0) {
		key->header = key->text + 7;
		return *key->header != '\0';
	}
	if (strncmp(key->text, "subject:", 8) == 0)
		return parse_token(key, key->text + 8);
	return wire_json_path_parse(&key->path, key->text);
}

static bool is_known(const struct trace_keys *keys, const char *text)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].text, text) == 0)
			return true;
	return false;
}

int trace_keys_add(struct trace_keys *keys, const char *text, struct wire_fault *fault)
{
	if (is_known(keys, text))
		return 0;
	if (keys->count == TRACE_KEYS_MAX)
		return wire_fault_set(fault, -E2BIG, "there are more than %d keys", TRACE_KEYS_MAX);
	struct key *key = &keys->list[keys->count];
	*key = (struct key){.text = strdup(text)};
	if (!key->text)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (!parse(key)) {
		fini(key);
		return wire_fault_set(fault, -EINVAL,
				      "the key \"%s\" is none of $.field, header:NAME and subject:NUMBER",
				      text);
	}
	keys->count++;
	return 0;
}

size_t trace_keys_count(const struct trace_keys *keys)
{
	return keys->count;
}

/* ---- values ---- */

static void add_value(struct values *values, struct wire_slice value)
{
	if (value.len == 0 || value.len > TRACE_KEY_VALUE_BYTES || values->count == TRACE_KEY_VALUES_MAX)
		return;
	for (size_t i = 0; i < values->count; i++)
		if (wire_slice_equal(values->list[i], value))
			return;
	values->list[values->count++] = value;
}

/* Objects, arrays and null are no values that messages could have in common. */
static bool add_json(void *context, const struct wire_json_token *value)
{
	if (value->kind >= WIRE_JSON_STRING && value->kind <= WIRE_JSON_FALSE)
		add_value(context, value->text);
	return true;
}

static void add_headers(struct values *values, const char *name, struct wire_slice block)
{
	struct wire_headers walk;
	struct wire_slice key, value;
	if (block.len == 0 || wire_headers_open(&walk, block) != 0)
		return;
	while (wire_headers_next(&walk, &key, &value) > 0)
		if (wire_headers_key_is(key, name))
			add_value(values, value);
}

static void add_token(struct values *values, unsigned long number, struct wire_slice subject)
{
	struct wire_slice token;
	while (number > 0 && wire_subject_next_token(&subject, &token))
		if (--number == 0)
			add_value(values, token);
}

size_t trace_keys_values(struct trace_keys *keys, const struct wire_event *event,
			 struct wire_slice list[TRACE_KEY_VALUES_MAX])
{
	struct values values = {.list = list};
	for (size_t i = 0; i < keys->count; i++) {
		const struct key *key = &keys->list[i];
		if (key->header)
			add_headers(&values, key->header, event->headers);
		else if (key->token > 0)
			add_token(&values, key->token, event->subject);
		else if (event->payload.len > 0)
			wire_json_path_find(&key->path, &keys->json, event->payload, add_json, &values);
	}
	return values.count;
}
