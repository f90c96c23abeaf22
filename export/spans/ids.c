#include "export/spans/ids.h"

#include <xxhash.h>

#include "trace/trace_context.h"
#include "wire/conn.h"

enum { SPAN_DIGITS = 16 };

struct export_span_base export_span_base_of(const struct wire_event *event, uint64_t number)
{
	const uint64_t facts[] = {(uint64_t)event->time_ns, event->seq, wire_conn_number(event->conn),
				  event->seq > 0 ? 0 : number};
	const XXH128_hash_t hash = XXH3_128bits(facts, sizeof(facts));

	return (struct export_span_base){.base = hash.high64 ^ hash.low64,
					 .trace = {.high = hash.high64, .low = hash.low64 | 1}};
}

/* The last step of splitmix64: every bit of the sum changes half of the result. */
static uint64_t mix(uint64_t base, uint64_t number)
{
	uint64_t id = base + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	id = (id ^ id >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	id = (id ^ id >> 27) * UINT64_C(0x94d049bb133111eb);
	id ^= id >> 31;
	return id != 0 ? id : 1;
}

uint64_t export_span_id_publisher(uint64_t base)
{
	return mix(base, 0);
}

uint64_t export_span_id_receiver(uint64_t base, uint32_t number)
{
	return mix(base, (uint64_t)number + 1);
}

static uint64_t read_hex(const char *digits, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		const char c = digits[i];

		value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

bool export_span_recorded(struct export_span_context *context, struct wire_slice headers)
{
	struct trace_context found;

	if (headers.len == 0 || !trace_context_read(&found, headers) || found.span.len > SPAN_DIGITS)
		return false;
	const size_t high = found.trace.len > SPAN_DIGITS ? found.trace.len - SPAN_DIGITS : 0;

	context->trace.high = read_hex(found.trace.data, high);
	context->trace.low = read_hex(found.trace.data + high, found.trace.len - high);
	context->span = read_hex(found.span.data, found.span.len);
	return true;
}
