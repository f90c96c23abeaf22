/* payload.h - payload texts from a seed: letters, random bytes, and JSON events as services publish them.
 *
 * No text has a capital P: the load generator counts servers' PINGs by it. */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

enum bench_text { BENCH_LETTERS, BENCH_RANDOM, BENCH_JSON, BENCH_MIXED };

enum {
	BENCH_JSON_NOUNS =
	    19, /* kinds of service: order, payment, …; their events have fields of their own */
	BENCH_JSON_SUBJECTS = 95, /* each noun with 5 verbs: order.created, order.updated, … */
	BENCH_JSON_TYPE_MAX = 24, /* bytes of "shipment.approved" and its like, with the final NUL */
	BENCH_JSON_TYPICAL = 260, /* about the natural size of an event */
	BENCH_JSON_NATURAL = 320, /* no event is larger unless asked for */
	BENCH_JSON_LEAST = 128,   /* the smallest size that may be asked for */
	BENCH_MIXED_MAX = 64 * 1024,
	BENCH_MIXED_TYPICAL = 550, /* about the mean of mixed sizes */
};

/* splitmix64: small, fast, good enough to look like ids. *state is any seed. */
uint64_t bench_random(uint64_t *state);

/* Fill out[0..bytes) with letters, or with random bytes. */
void bench_payload_letters(char *out, size_t bytes, uint64_t *random);
void bench_payload_random(char *out, size_t bytes, uint64_t *random);

/* An event of a type below BENCH_JSON_SUBJECTS: ids and times unique, field names and words repeated.
 * bytes == 0 gives its natural size (out holds BENCH_JSON_NATURAL), otherwise exactly so many, at least
 * BENCH_JSON_LEAST: with fewer fields, or with a list of items. number is the event's place in time. Returns
 * the size. */
size_t bench_payload_json(char *out, size_t bytes, uint32_t type, uint64_t number, uint64_t *random);

/* A size from BENCH_JSON_LEAST to BENCH_MIXED_MAX as real traffic has them: most are small, and the few large ones have most of the
 * bytes (a bounded Pareto distribution with exponent 1.2). */
size_t bench_payload_mixed_size(uint64_t *random);

/* The name of a type; out holds BENCH_JSON_TYPE_MAX. Types of one noun follow one another. */
void bench_json_type(uint32_t type, char *out);

#endif
