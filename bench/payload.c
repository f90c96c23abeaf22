#include "bench/payload.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
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

/* The events of services of one kind: they have fields of their own. */
struct noun {
	const char *name, *number, *who, *amount, *state, *states[3], *fixed;
};

static const struct noun nouns[] = {
    {"order", "order_no", "customer", "total", "stage", {"open", "picked", "shipped"}, "\"in\":\"EUR\""},
    {"payment", "charge", "payer", "gross", "method", {"card", "debit", "transfer"}, "\"captured\":true"},
    {"invoice", "document", "debtor", "due", "terms", {"14 days", "30 days", "at once"}, "\"vat\":19"},
    {"shipment", "waybill", "consignee", "weight", "carrier", {"road", "air", "rail"}, "\"insured\":false"},
    {"customer", "account", "referrer", "credit", "tier", {"basic", "silver", "gold"}, "\"locale\":\"de\""},
    {"cart", "basket", "visitor", "subtotal", "channel", {"web", "app", "kiosk"}, "\"guest\":false"},
    {"stock", "location", "counted_by", "on_hand", "zone", {"north", "south", "cold"}, "\"unit\":\"piece\""},
    {"price", "listing", "approver", "net", "list", {"retail", "trade", "staff"}, "\"rounding\":\"up\""},
    {"coupon", "voucher", "holder", "worth", "season", {"spring", "summer", "winter"}, "\"once\":false"},
    {"refund", "return_no", "clerk", "repaid", "reason", {"damaged", "late", "unwanted"}, "\"restock\":true"},
    {"session", "visit", "user", "duration_s", "device", {"phone", "tablet", "desktop"}, "\"consent\":true"},
    {"email", "mailing", "reader", "size_kb", "template", {"welcome", "receipt", "digest"}, "\"tls\":true"},
    {"sms", "text_no", "handset", "cost_ct", "gateway", {"primary", "backup", "test"}, "\"segments\":1"},
    {"audit", "entry", "actor", "took_ms", "action", {"login", "export", "grant"}, "\"allowed\":true"},
    {"product", "article", "editor", "margin", "shelf", {"new", "core", "clearance"}, "\"visible\":true"},
    {"review", "rating_no", "author", "helpful", "stars", {"five", "three", "one"}, "\"verified\":true"},
    {"vendor", "supplier", "buyer", "turnover", "rating", {"good", "trial", "blocked"}, "\"edi\":true"},
    {"parcel", "label", "driver", "volume_l", "stop", {"door", "locker", "depot"}, "\"signature\":false"},
    {"ticket",
     "case_no",
     "agent",
     "waited_min",
     "queue",
     {"billing", "delivery", "other"},
     "\"sla\":\"24h\""},
};

static const char *const verbs[] = {"created", "updated", "deleted", "approved", "failed"};

enum { NOUNS = sizeof nouns / sizeof *nouns, VERBS = sizeof verbs / sizeof *verbs };

static_assert(NOUNS * VERBS == (int)BENCH_JSON_SUBJECTS, "each noun with each verb");

void bench_json_type(uint32_t type, char *out)
{
	sprintf(out, "%s.%s", nouns[type / VERBS].name, verbs[type % VERBS]);
}

/* The inverse of the distribution's function. */
size_t bench_payload_mixed_size(uint64_t *random)
{
	const double alpha = 1.2, least = BENCH_JSON_LEAST, most = BENCH_MIXED_MAX;
	const double u = (double)(bench_random(random) >> 11) / (double)(UINT64_C(1) << 53);

	return (size_t)(least * pow(1 - u * (1 - pow(least / most, alpha)), -1 / alpha));
}

/* A random (version 4) UUID, a type and a time: without the closing brace, at most 118 bytes. */
static size_t write_head(char *out, uint32_t type, uint64_t number, uint64_t *random)
{
	char name[BENCH_JSON_TYPE_MAX];
	uint64_t a = bench_random(random), b = bench_random(random);
	uint64_t micros = number * 37 + b % 37;
	bench_json_type(type, name);
	return (size_t)sprintf(out,
			       "{\"id\":\"%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64
			       "-%012" PRIx64
			       "\",\"type\":\"%s\",\"time\":\"2026-03-%02uT%02u:%02u:%02u.%06uZ\"",
			       a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 52, b & 0xffffffffffff, name,
			       (unsigned)(micros / 86400000000 % 28 + 1),
			       (unsigned)(micros / 3600000000 % 24), (unsigned)(micros / 60000000 % 60),
			       (unsigned)(micros / 1000000 % 60), (unsigned)(micros % 1000000));
}

static size_t write_body(char *out, uint32_t type, uint64_t *random)
{
	const struct noun *noun = &nouns[type / VERBS];
	uint64_t a = bench_random(random);
	return (size_t)sprintf(out,
			       ",\"specversion\":\"1.0\",\"source\":\"%s-%u\",\"tenant\":%u,\"data\":{\"%s\":"
			       "%u,\"%s\":%u,\"%s\":%u.%02u,"
			       "\"%s\":\"%s\",%s}",
			       noun->name, (unsigned)(a % 3), (unsigned)(a >> 4) % 40, noun->number,
			       (unsigned)(a >> 44), noun->who, (unsigned)(a >> 34) % 5000, noun->amount,
			       (unsigned)(a >> 24) % 500, (unsigned)(a >> 14) % 100, noun->state,
			       noun->states[(a >> 11) % 3], noun->fixed);
}

static size_t write_item(char *out, uint64_t *random)
{
	uint64_t a = bench_random(random);
	return (size_t)sprintf(out, "{\"sku\":\"%08x\",\"quantity\":%u,\"price\":%u.%02u,\"name\":\"%s\"},",
			       (unsigned)(a >> 32), (unsigned)a % 9 + 1, (unsigned)(a >> 4) % 1000,
			       (unsigned)(a >> 14) % 100, nouns[(a >> 20) % NOUNS].number);
}

size_t bench_payload_json(char *out, size_t bytes, uint32_t type, uint64_t number, uint64_t *random)
{
	static const char note[] = ",\"note\":\"", end[] = "\"}", list[] = ",\"items\":[", list_end[] = "{}]";
	enum { ITEM_MAX = 100 };
	size_t len = write_head(out, type, number, random);
	if (bytes == 0 || bytes >= BENCH_JSON_NATURAL)
		len += write_body(out + len, type, random);
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
