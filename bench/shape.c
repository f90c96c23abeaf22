#include "bench/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bench_shape bench_shapes[] = {
    {"1:0-16", 1, 0, 16, false, 1, 30000000},
    {"1:1-16", 1, 1, 16, false, 1, 20000000},
    {"1:4-16", 1, 4, 16, false, 1, 8000000},
    {"1:0-128", 1, 0, 128, false, 1, 12000000},
    {"1:1-128", 1, 1, 128, false, 1, 8000000},
    {"1:1-1024", 1, 1, 1024, false, 1, 2000000},
    {"4:4-128", 4, 4, 128, false, 64, 4000000},
    {"1:0-json", 1, 0, 0, true, 95, 3000000},
    {"1:1-json", 1, 1, 0, true, 95, 3000000},
    {"57:1-json", 57, 1, 0, true, 95, 3000000},
    {NULL, 0, 0, 0, false, 0, 0},
};

enum {
	FRAMES_PLAIN =
	    2000, /* operations per publisher before they repeat, often enough to repeat within a block */
	FRAMES_JSON = 300000, /* over all publishers: unique ids, so that compression is judged fairly */
	FRAME_HEAD_MAX = 128,
	JSON_MAX = 512,
};

/* splitmix64: small, fast, good enough to look like ids. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static const char *const nouns[19] = {
    "order",   "payment", "invoice", "shipment", "customer", "cart",   "stock",  "price",  "coupon", "refund",
    "session", "email",   "sms",     "audit",    "product",  "review", "vendor", "parcel", "ticket"};
static const char *const verbs[5] = {"created", "updated", "deleted", "approved", "failed"};

/* An event as services publish them: ids and times unique, field names and enumerations repeated. */
static int write_json(char *out, uint64_t *random, uint32_t subject, uint64_t number)
{
	uint64_t a = next_random(random), b = next_random(random), c = next_random(random);
	return snprintf(out, JSON_MAX,
			"{\"id\":\"%08x-%04x-4%03x-a%03x-%012llx\",\"type\":\"%s.%s\",\"time\":\"2026-03-%"
			"02uT%02u:%02u:%02u."
			"%06uZ\",\"source\":\"svc-%02u\",\"tenant\":%u,\"trace\":\"%016llx\",\"data\":{"
			"\"amount\":%u.%02u,"
			"\"currency\":\"EUR\",\"items\":%u,\"status\":\"%s\"}}",
			(unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
			(unsigned)(b >> 52), (unsigned long long)(b & 0xffffffffffff), nouns[subject / 5],
			verbs[subject % 5], (unsigned)(number / 86400000 % 28 + 1),
			(unsigned)(number / 3600000 % 24), (unsigned)(number / 60000 % 60),
			(unsigned)(number / 1000 % 60), (unsigned)(c % 1000000), (unsigned)(c >> 20) % 57,
			(unsigned)(c >> 26) % 40, (unsigned long long)next_random(random),
			(unsigned)(c >> 32) % 5000, (unsigned)(c >> 45) % 100, (unsigned)(c >> 52) % 9 + 1,
			verbs[subject % 5]);
}

static int write_plain(char *out, uint64_t *random, uint32_t len)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz 0123456789";
	for (uint32_t i = 0; i < len; i++)
		out[i] = alphabet[next_random(random) % (sizeof alphabet - 1)];
	return (int)len;
}

static void write_subject(char *out, size_t cap, const struct bench_shape *shape, uint32_t subject)
{
	if (shape->json)
		snprintf(out, cap, "shop.%s.%s", nouns[subject / 5], verbs[subject % 5]);
	else
		snprintf(out, cap, "bench.%u", subject);
}

static void add_frame(struct bench_frames *frames, const struct bench_shape *shape, uint64_t *random,
		      char *payload)
{
	char subject[64];
	uint32_t subjects = shape->json ? 95 : shape->subjects;
	uint32_t picked = shape->json ? (uint32_t)(next_random(random) % subjects) : frames->count % subjects;
	write_subject(subject, sizeof subject, shape, picked);
	int len = shape->json ? write_json(payload, random, picked, frames->count * 37u)
			      : write_plain(payload, random, shape->payload_bytes);
	int head = snprintf(frames->bytes + frames->len, FRAME_HEAD_MAX, "PUB %s %d\r\n", subject, len);
	frames->len += (size_t)head;
	memcpy(frames->bytes + frames->len, payload, (size_t)len);
	memcpy(frames->bytes + frames->len + len, "\r\n", 2);
	frames->len += (size_t)len + 2;
	frames->delivered_bytes +=
	    (uint64_t)(head + 2 + len + 2); /* "MSG s 1 n" is "PUB s n" and two bytes */
	frames->count++;
}

int bench_frames_init(struct bench_frames *frames, const struct bench_shape *shape, int publisher)
{
	uint32_t count = shape->json ? FRAMES_JSON / (uint32_t)shape->publishers : FRAMES_PLAIN;
	size_t payload_max = shape->json ? JSON_MAX : shape->payload_bytes;
	uint64_t random = 42u + (uint64_t)publisher * 1000003u;
	*frames = (struct bench_frames){.bytes = malloc(count * (payload_max + FRAME_HEAD_MAX))};
	char *payload = malloc(payload_max + 1);
	if (!frames->bytes || !payload) {
		free(payload);
		bench_frames_fini(frames);
		return -ENOMEM;
	}
	while (frames->count < count)
		add_frame(frames, shape, &random, payload);
	free(payload);
	return 0;
}

void bench_frames_fini(struct bench_frames *frames)
{
	free(frames->bytes);
	*frames = (struct bench_frames){0};
}

uint64_t bench_shape_rounds(const struct bench_shape *shape, const struct bench_frames *frames)
{
	uint64_t rounds = shape->messages / ((uint64_t)shape->publishers * frames->count);
	return rounds > 0 ? rounds : 1;
}
