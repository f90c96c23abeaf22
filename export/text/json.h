/* json.h - write JSON text, key by key, straight into the output.
 *
 * Building a tree first (jansson) for each event costs more than reading the log. Code that reads JSON, or
 * writes it where time does not matter, uses jansson; tests compare the two. */
#ifndef EXPORT_TEXT_JSON_H
#define EXPORT_TEXT_JSON_H

#include "export/text/clock.h"
#include "export/text/out.h"
#include "wire/source.h"

struct export_json {
	struct export_out *out;
	bool comma;     /* the next member needs one before it */
	bool in_markup; /* the text stands in a page of HTML: < > and & in strings are escaped */
};

/* Containers. key is NULL inside an array and at the top. Keys are literals of at most 96 bytes that need no escaping. */
void export_json_object(struct export_json *json, const char *key);
void export_json_object_end(struct export_json *json);
void export_json_array(struct export_json *json, const char *key);
void export_json_array_end(struct export_json *json);

void export_json_number(struct export_json *json, const char *key, uint64_t value);
/* With three decimals. */
void export_json_real(struct export_json *json, const char *key, double value);
void export_json_true(struct export_json *json, const char *key);
void export_json_null(struct export_json *json, const char *key);
/* A number in quotes: those of 64 bits are rounded by many readers. */
void export_json_quoted(struct export_json *json, const char *key, uint64_t value);
/* Text that is known to be ASCII without quotes, backslashes and controls. */
void export_json_word(struct export_json *json, const char *key, const char *word, size_t len);

/* A value that is JSON already. */
void export_json_raw(struct export_json *json, const char *key, struct wire_slice value);

/* A time, RFC 3339. */
void export_json_time(struct export_json *json, const char *key, struct export_clock *clock, int64_t ns);

/* "clock_steps" and "largest_clock_step_seconds", when there were any. */
void export_json_steps(struct export_json *json, const struct wire_steps *steps);
/* "down_seconds", of the seconds before, unless it is 0: nothing was logged, and rates leave them out. */
void export_json_down(struct export_json *json, int64_t down_ns);

/* A string. Bytes that are not valid UTF-8 each become U+FFFD. Controls and characters that reorder or hide text are escaped. */
void export_json_string(struct export_json *json, const char *key, struct wire_slice text);
/* A string when the bytes are valid UTF-8, else "<key>_base64": nothing is lost either way. */
void export_json_bytes(struct export_json *json, const char *key, struct wire_slice bytes);
void export_json_base64(struct export_json *json, const char *key, struct wire_slice bytes);
/* Likewise under the key itself, where it is known that such values are encoded so. */
void export_json_base64_as(struct export_json *json, const char *key, struct wire_slice bytes);
/* The start of a member whose key may hold anything; its value must follow, written with key NULL. */
void export_json_key(struct export_json *json, struct wire_slice key);

#endif
