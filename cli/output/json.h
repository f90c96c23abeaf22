/* json.h - write JSON text, key by key, straight into the output.
 *
 * Building a tree first (jansson) for each event costs more than reading the log. Code that reads JSON, or
 * writes it where time does not matter, uses jansson; tests compare the two. */
#ifndef CLI_OUTPUT_JSON_H
#define CLI_OUTPUT_JSON_H

#include "cli/output/out.h"
#include "cli/output/times.h"
#include "wire/source.h"

struct cli_json {
	struct cli_out *out;
	bool comma; /* the next member needs one before it */
};

/* Containers. key is NULL inside an array and at the top. Keys are literals that need no escaping. */
void cli_json_object(struct cli_json *json, const char *key);
void cli_json_object_end(struct cli_json *json);
void cli_json_array(struct cli_json *json, const char *key);
void cli_json_array_end(struct cli_json *json);

void cli_json_number(struct cli_json *json, const char *key, uint64_t value);
/* With three decimals. */
void cli_json_real(struct cli_json *json, const char *key, double value);
void cli_json_true(struct cli_json *json, const char *key);
void cli_json_null(struct cli_json *json, const char *key);
/* A number in quotes: those of 64 bits are rounded by many readers. */
void cli_json_quoted(struct cli_json *json, const char *key, uint64_t value);
/* Text that is known to be ASCII without quotes, backslashes and controls. */
void cli_json_word(struct cli_json *json, const char *key, const char *word, size_t len);

/* A time, RFC 3339. */
void cli_json_time(struct cli_json *json, const char *key, struct cli_clock *clock, int64_t ns);

/* "clock_steps" and "largest_clock_step_seconds", when there were any. */
void cli_json_steps(struct cli_json *json, const struct wire_steps *steps);
/* "down_seconds", of the seconds before, unless it is 0: nothing was logged, and rates leave them out. */
void cli_json_down(struct cli_json *json, int64_t down_ns);

/* A string. Bytes that are not valid UTF-8 each become U+FFFD. Controls and characters that reorder or hide text are escaped. */
void cli_json_string(struct cli_json *json, const char *key, struct wire_slice text);
/* A string when the bytes are valid UTF-8, else "<key>_base64": nothing is lost either way. */
void cli_json_bytes(struct cli_json *json, const char *key, struct wire_slice bytes);
void cli_json_base64(struct cli_json *json, const char *key, struct wire_slice bytes);
/* The start of a member whose key may hold anything; its value must follow, written with key NULL. */
void cli_json_key(struct cli_json *json, struct wire_slice key);

#endif
