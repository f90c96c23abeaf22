/* reading.h - a JSON object that is being read as an event. Inside this folder. */
#ifndef EXPORT_IMPORT_READING_H
#define EXPORT_IMPORT_READING_H

#include "export/import/made_event.h"
#include "wire/json.h"

struct export__reading {
	struct export__made_event *made;
	struct wire_json *json;
	struct wire_json_token token; /* the first of the value */
	struct wire_slice headers;    /* the value of "headers", as written */
	struct wire_slice status, description;
	bool is_dump; /* of nats sub: it has the key "Header" */
	struct wire_fault *fault;
};

/* Fill in the fault: the value of a key is not what is wanted, "a number". Returns WIRE_EJSON. */
int export__bad_value(const struct export__reading *reading, const char *key, const char *wanted);

/* The value is a string; a number, or a string of one. */
static inline bool export__is_string(const struct export__reading *reading)
{
	return reading->token.kind == WIRE_JSON_STRING;
}

static inline bool export__is_number(const struct export__reading *reading)
{
	return reading->token.kind == WIRE_JSON_STRING || reading->token.kind == WIRE_JSON_NUMBER;
}

/* A string as an outcome. False when it is none. */
bool export__read_outcome(struct wire_slice written, enum wire_outcome *outcome);

/* A connection number of input number `input`, from 1; 0: of the event's own. */
uint64_t export__reading_conn(uint64_t number, uint64_t input);

#endif
