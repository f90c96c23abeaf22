#include "bench/payload.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void bench_payload_letters(char *out, size_t bytes, uint64_t *random)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz 0123456789";
	for (size_t i = 0; i < bytes; i++)
		out[i] = alphabet[bench_random(random) % (sizeof alphabet - 1)];
}

void bench_payload_random(char *out, size_t bytes, uint64_t *random)
{
	for (size_t i = 0; i < bytes; i++) {
		out[i] = (char)(bench_random(random) >> 56);
		if (out[i] == 'P')
			out[i] = 'p';
	}
}

#define VERBS(noun) noun ".created", noun ".updated", noun ".deleted", noun ".approved", noun ".failed"

static const char *const types[] = {
    VERBS("order"),   VERBS("payment"), VERBS("invoice"), VERBS("shipment"), VERBS("customer"),
    VERBS("cart"),    VERBS("stock"),   VERBS("price"),   VERBS("coupon"),   VERBS("refund"),
    VERBS("session"), VERBS("email"),   VERBS("sms"),     VERBS("audit"),    VERBS("product"),
    VERBS("review"),  VERBS("vendor"),  VERBS("parcel"),  VERBS("ticket"),
};

static_assert(sizeof types / sizeof *types == BENCH_JSON_SUBJECTS, "19 nouns × 5 verbs");

const char *bench_json_type(uint32_t type)
{
	return types[type];
}

/* A random (version 4) UUID, a type and a time: without the closing brace, at most 118 bytes. */
static size_t write_head(char *out, uint32_t type, uint64_t number, uint64_t *random)
{
	uint64_t a = bench_random(random), b = bench_random(random);
	uint64_t micros = number * 37 + b % 37;
	return (size_t)sprintf(out,
			       "{\"id\":\"%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64
			       "-%012" PRIx64
			       "\",\"type\":\"%s\",\"time\":\"2026-03-%02uT%02u:%02u:%02u.%06uZ\"",
			       a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 52, b & 0xffffffffffff, types[type],
			       (unsigned)(micros / 86400000000 % 28 + 1),
			       (unsigned)(micros / 3600000000 % 24), (unsigned)(micros / 60000000 % 60),
			       (unsigned)(micros / 1000000 % 60), (unsigned)(micros % 1000000));
}

static size_t write_body(char *out, uint64_t *random)
{
	static const char *const states[] = {"open", "paid", "sent", "closed"};
	uint64_t a = bench_random(random);
	return (size_t)sprintf(out,
			       ",\"specversion\":\"1.0\",\"source\":\"svc-%02u\",\"tenant\":%u,\"data\":{"
			       "\"order\":\"%08x\",\"amount\":%u.%02u,"
			       "\"currency\":\"EUR\",\"items\":%u,\"status\":\"%s\"}",
			       (unsigned)(a % 57), (unsigned)(a >> 8) % 40, (unsigned)(a >> 32),
			       (unsigned)(a >> 14) % 500, (unsigned)(a >> 24) % 100,
			       (unsigned)(a >> 31) % 9 + 1, states[a >> 36 & 3]);
}

static size_t write_item(char *out, uint64_t *random)
{
	uint64_t a = bench_random(random);
	return (size_t)sprintf(out, "{\"sku\":\"%08x\",\"quantity\":%u,\"price\":%u.%02u,\"name\":\"%s\"},",
			       (unsigned)(a >> 32), (unsigned)a % 9 + 1, (unsigned)(a >> 4) % 1000,
			       (unsigned)(a >> 14) % 100, types[(a >> 20) % BENCH_JSON_SUBJECTS]);
}

size_t bench_payload_json(char *out, size_t bytes, uint32_t type, uint64_t number, uint64_t *random)
{
	static const char note[] = ",\"note\":\"", end[] = "\"}", list[] = ",\"items\":[", list_end[] = "{}]";
	enum { ITEM_MAX = 100 };
	size_t len = write_head(out, type, number, random);
	if (bytes == 0 || bytes >= BENCH_JSON_NATURAL)
		len += write_body(out + len, random);
	if (bytes == 0) {
		out[len++] = '}';
		return len;
	}
	if (bytes >= 2 * BENCH_JSON_NATURAL) {
		len += (size_t)sprintf(out + len, "%s", list);
		while (len + ITEM_MAX + sizeof list_end + sizeof note + sizeof end < bytes)
			len += write_item(out + len, random);
		len += (size_t)sprintf(out + len, "%s", list_end);
	}
	len += (size_t)sprintf(out + len, "%s", note);
	bench_payload_letters(out + len, bytes - len - (sizeof end - 1), random);
	memcpy(out + bytes - (sizeof end - 1), end, sizeof end - 1);
	return bytes;
}
