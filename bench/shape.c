#include "bench/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bench_shape_names[] = {
    "1:0-16",   "1:1-16",      "1:4-16",     "4:4-16",   "1:64-16",        "1:4q-16",  "1:0-128",
    "1:1-128",  "4:4-128/64",  "1:1-128/64", "1:1-128r", "1:1-128+100000", "1:0-json", "1:1-json",
    "4:4-json", "4:4-128j/64", "1:1-1k",     "1:1-1kj",  "1:1-4kj",        "4:4-1kj",  "10:10-mixed",
    "1:1-16k",  "1:1-16kj",    "1:1-1m",     NULL,
};

enum {
	CONNECTIONS_MAX = 1000,
	PAYLOAD_MAX = 1024 * 1024, /* the protocol's default limit */
	MIXED_SUBJECTS = 200,
	SUBJECTS_MAX = 100000, /* sids of subscriptions on wildcards have six digits */
};

/* Digits with "k" or "m" after them, at *text, which is moved on. -1 when there are none. */
static long take_number(const char **text)
{
	char *end;
	if (**text < '0' || **text > '9')
		return -1;
	long number = strtol(*text, &end, 10);
	if (*end == 'k' || *end == 'm')
		number *= *end++ == 'k' ? 1024 : 1024 * 1024;
	*text = end;
	return number;
}

static bool take_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	++*text;
	return true;
}

/* The number after `mark`, `otherwise` when there is no such mark, -1 when there is no number. */
static long take_marked(const char **text, char mark, long otherwise)
{
	return take_char(text, mark) ? take_number(text) : otherwise;
}

static int parse_payload(struct bench_shape *shape, const char **name)
{
	if (strncmp(*name, "json", 4) == 0) {
		*name += 4;
		shape->text = BENCH_JSON;
		return 0;
	}
	if (strncmp(*name, "mixed", 5) == 0) {
		*name += 5;
		shape->text = BENCH_MIXED;
		return 0;
	}
	long bytes = take_number(name);
	if (bytes < 1 || bytes > PAYLOAD_MAX)
		return -EINVAL;
	shape->payload_bytes = (uint32_t)bytes;
	shape->text = take_char(name, 'j') ? BENCH_JSON : take_char(name, 'r') ? BENCH_RANDOM : BENCH_LETTERS;
	return shape->text == BENCH_JSON && bytes < BENCH_JSON_LEAST ? -EINVAL : 0;
}

int bench_shape_parse(struct bench_shape *shape, const char *name)
{
	*shape = (struct bench_shape){0};
	if (strlen(name) >= sizeof shape->name)
		return -EINVAL;
	strcpy(shape->name, name);
	long publishers = take_number(&name), subscribers = take_marked(&name, ':', -1);
	shape->queue = take_char(&name, 'q');
	if (publishers < 1 || publishers > CONNECTIONS_MAX || subscribers < 0 ||
	    subscribers > CONNECTIONS_MAX || !take_char(&name, '-') || parse_payload(shape, &name) != 0)
		return -EINVAL;
	bool many = take_char(&name, '+');
	long usual = shape->text == BENCH_JSON    ? BENCH_JSON_SUBJECTS
		     : shape->text == BENCH_MIXED ? MIXED_SUBJECTS
						  : 1;
	long subjects = many ? take_number(&name) : take_marked(&name, '/', usual);
	if (*name || subjects < 1 || subjects > (shape->text == BENCH_JSON ? usual : SUBJECTS_MAX) ||
	    (many && (shape->text == BENCH_JSON || subscribers != 1 || shape->queue)))
		return -EINVAL;
	shape->publishers = (uint32_t)publishers;
	shape->subscribers = (uint32_t)subscribers;
	shape->subjects = (uint32_t)subjects;
	shape->subscriptions = many ? shape->subjects : 0;
	return 0;
}

uint32_t bench_shape_receivers(const struct bench_shape *shape)
{
	return shape->queue ? shape->subscribers > 0 : shape->subscribers;
}

/* An estimate from measurements, in nanoseconds: a cost for each message, for each of its copies, and for their bytes.
 * Runs need only be of a similar length. */
uint64_t bench_shape_messages(const struct bench_shape *shape, double seconds)
{
	double usual = shape->text == BENCH_MIXED ? BENCH_MIXED_TYPICAL : BENCH_JSON_TYPICAL;
	double bytes = shape->payload_bytes > 0 ? shape->payload_bytes : usual;
	double cost_ns = 20 + (1 + bench_shape_receivers(shape)) * (8 + bytes / 3);
	double messages = seconds * 1e9 / cost_ns;
	return messages < 1 ? 1 : (uint64_t)messages;
}

int bench_shape_subject(const struct bench_shape *shape, uint32_t i, char *out)
{
	char type[BENCH_JSON_TYPE_MAX];
	if (shape->text == BENCH_JSON) {
		bench_json_type(i % shape->subjects, type);
		return snprintf(out, BENCH_SUBJECT_MAX, "shop.%s", type);
	}
	return snprintf(out, BENCH_SUBJECT_MAX, shape->subscriptions > 0 ? "bench.%u.value" : "bench.%u",
			i % shape->subjects);
}

uint32_t bench_shape_first_sid(const struct bench_shape *shape)
{
	return shape->subscriptions > 0 ? 100000 : 1;
}
