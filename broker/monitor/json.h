/* json.h - write JSON text member by member, as nats-server lays it out, inside this folder.
 *
 * Text is appended to the body of an answer, which may be another one from call to call, so that an answer can be sent
 * before the rest of it is written. */
#ifndef BROKER_MONITOR_JSON_H
#define BROKER_MONITOR_JSON_H

#include <stdint.h>

#include "net/http/answer.h"

struct broker__json {
	struct net_http_body *body; /* borrowed */
	unsigned depth;             /* containers around what comes next */
	bool has_member;            /* the innermost container has one */
	bool is_compact;            /* no line breaks and blanks */
};

/* Members; key NULL inside an array and at the top. */
void broker__json_object(struct broker__json *json, const char *key);
void broker__json_object_end(struct broker__json *json);
void broker__json_array(struct broker__json *json, const char *key);
void broker__json_array_end(struct broker__json *json);
/* Bytes that are not UTF-8 become U+FFFD. */
void broker__json_text(struct broker__json *json, const char *key, struct wire_slice text);
void broker__json_string(struct broker__json *json, const char *key, const char *text); /* NULL: "" */
void broker__json_count(struct broker__json *json, const char *key, uint64_t count);
void broker__json_integer(struct broker__json *json, const char *key, int64_t number);
void broker__json_real(struct broker__json *json, const char *key, double number);
void broker__json_bool(struct broker__json *json, const char *key, bool value);
void broker__json_null(struct broker__json *json, const char *key);
void broker__json_time(struct broker__json *json, const char *key, int64_t time_ns); /* RFC 3339 */
/* "1d2h3m4s", and "693µs" as Go writes durations. */
void broker__json_uptime(struct broker__json *json, const char *key, int64_t duration_ns);
void broker__json_rtt(struct broker__json *json, const char *key, int64_t duration_ns);

#endif
