/* Operations that come out of a stream after losses, with payloads that look like operations and with ordinary
 * ones. Every operation that comes out must be where one was sent, and every byte fed must be counted.
 *
 *   test_resync [ROUNDS]      run this many streams of each kind instead of a few */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/fail.h"
#include "tap/session/op_stream.h"

enum {
	STREAM_BYTES = 640 << 10,
	OPERATIONS_MAX = 1 << 16,
	PAYLOAD_MAX = 4096, /* the server's limit */
	SEGMENT_MAX = 1448,
	SEGMENT_MIN = 536, /* TCP cuts no shorter segments */
	WRITE_BYTES = 4096,
	SAMPLES_MAX = 1 << 20,
};

static uint64_t rounds = 150;

/* ---- chance, the same on every machine ---- */

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
	uint64_t z = *seed;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* ---- what a ops sends ---- */

struct stream {
	char bytes[STREAM_BYTES + 2 * PAYLOAD_MAX];
	size_t len;
	size_t begins[OPERATIONS_MAX + 1]; /* of the operations; the last one is the end of the stream */
	size_t count;
	bool is_server;
};

struct text {
	char bytes[PAYLOAD_MAX + 1];
	size_t len;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(text->bytes + text->len, sizeof text->bytes - text->len, format, arguments);
	va_end(arguments);
	text->len += (size_t)len;
	if (text->len > PAYLOAD_MAX)
		text->len = PAYLOAD_MAX;
}

/* Add the control line of a message; some have the connection's own subjects and sids. */
static void add_line(struct text *text, const struct stream *stream, uint64_t *seed, size_t size)
{
	static const char *const subjects[] = {"real", "lure", "orders.new", "real"};
	const char *subject = subjects[draw(seed, 4)];
	if (stream->is_server)
		add(text, "MSG %s %u %zu\r\n", subject, (unsigned)draw(seed, 3), size);
	else
		add(text, draw(seed, 8) ? "PUB %s %zu\r\n" : "pub\t%s %zu\r\n", subject, size);
}

static void add_operation(struct text *text, const struct stream *stream, uint64_t *seed)
{
	static const char *const client[] = {"PING\r\n", "SUB lure 7\r\n", "UNSUB 7\r\n", "pong\n"};
	static const char *const server[] = {"PING\r\n", "+OK\r\n", "-ERR 'lure'\r\n", "PONG\r\n"};
	size_t size = (size_t)draw(seed, 12);
	if (draw(seed, 6) == 0) {
		add(text, "%s", (stream->is_server ? server : client)[draw(seed, 4)]);
		return;
	}
	add_line(text, stream, seed, size);
	add(text, "%.*s\r\n", (int)size, "abcdefghijkl");
}

enum payload {
	WHOLE,      /* one operation */
	HALF,       /* one without its end, which the real operation's end completes */
	CHAIN,      /* many */
	LONG,       /* as many as fit */
	PERIODIC,   /* one, repeated */
	SWALLOWING, /* a control line whose size reaches into the next payload, and so on without end */
	GREEDY,     /* a control line with a large size */
	ORDINARY,   /* JSON */
	PAYLOADS,
};

static void make_ordinary(struct text *text, uint64_t *seed)
{
	size_t fields = 1 + (size_t)draw(seed, draw(seed, 10) ? 12 : 100);
	add(text, "{\"id\":%" PRIu64, draw(seed, 1000000));
	for (size_t i = 0; i < fields; i++)
		add(text, ",\"field%zu\":\"%" PRIx64 "\"", i,
		    draw(seed, UINT64_C(1) << (1 + draw(seed, 50))));
	add(text, "}");
}

static void make_payload(struct text *text, enum payload kind, const struct stream *stream, uint64_t *seed)
{
	size_t operations = kind == CHAIN ? 2 + (size_t)draw(seed, 50) : kind == LONG ? 1000 : 1;
	text->len = 0;
	switch (kind) {
	case WHOLE:
	case CHAIN:
	case LONG:
		while (operations-- > 0 && text->len < PAYLOAD_MAX - 100)
			add_operation(text, stream, seed);
		break;
	case HALF:
		add_line(text, stream, seed, 3);
		add(text, "abc");
		break;
	case PERIODIC:
		for (uint64_t left = 8 + draw(seed, 120), again = draw(seed, 1000); left > 0; left--) {
			uint64_t same = again;
			add_operation(text, stream, &same);
		}
		break;
	case SWALLOWING: /* "\r\n", then the control line of the next message, which has the same length */
		add(text, stream->is_server ? "MSG x 1 15\r\n" : "PUB x 13\r\n");
		break;
	case GREEDY: add_line(text, stream, seed, (size_t)draw(seed, PAYLOAD_MAX)); break;
	default: make_ordinary(text, seed); break;
	}
}

/* `kinds`: which payloads to use. */
static void make_stream(struct stream *stream, uint32_t kinds, size_t len, uint64_t *seed)
{
	struct text text;
	stream->len = stream->count = 0;
	while (stream->len < len && stream->count < OPERATIONS_MAX) {
		enum payload kind = (enum payload)draw(seed, PAYLOADS);
		if (!(kinds >> kind & 1))
			continue;
		make_payload(&text, kind, stream, seed);
		stream->begins[stream->count++] = stream->len;
		char *at = stream->bytes + stream->len;
		int line =
		    sprintf(at, stream->is_server ? "MSG real 1 %zu\r\n" : "PUB real %zu\r\n", text.len);
		memcpy(at + line, text.bytes, text.len);
		memcpy(at + line + text.len, "\r\n", 2);
		stream->len += (size_t)line + text.len + 2;
	}
	stream->begins[stream->count] = stream->len;
}

/* ---- how it is cut into segments ---- */

enum cut {
	BULK,     /* when there is enough for a segment */
	EACH,     /* each operation is pushed */
	BURSTS,   /* several operations at once */
	SPLIT,    /* control line and payload in separate writes */
	BUFFERED, /* writes of one length, wherever operations end */
	RANDOM,   /* anywhere */
	EVEN,     /* short segments of equal length */
	CUTS,
};

/* The end of the write that begins at `at`, inside or at the start of operation next - 1. */
static size_t write_end(const struct stream *stream, enum cut cut, size_t at, size_t next, uint64_t *seed)
{
	size_t count = cut == BURSTS ? 1 + (size_t)draw(seed, 5) : 1;
	switch (cut) {
	case BULK: return stream->len;
	case BUFFERED: return at - at % WRITE_BYTES + WRITE_BYTES;
	case RANDOM: return at + 1 + (size_t)draw(seed, 60);
	case EVEN: return at - at % 64 + 64;
	default: break;
	}
	size_t begin = stream->begins[next - 1];
	if (cut == SPLIT && at == begin)
		return begin +
		       (size_t)((const char *)memchr(stream->bytes + begin, '\n', 100) -
				(stream->bytes + begin)) +
		       1;
	size_t last = next + count - 1;
	return stream->begins[last < stream->count ? last : stream->count];
}

/* Senders pause between operations, not inside them. */
static bool ends_operation(const struct stream *stream, size_t *next, size_t at)
{
	while (*next <= stream->count && stream->begins[*next] <= at)
		++*next;
	return stream->begins[*next - 1] == at;
}

/* ---- what comes out ---- */

struct heard {
	const struct stream *stream;
	uint64_t number; /* the seed */
	size_t started;  /* the position of the first byte fed */
	size_t next;     /* operation */
	uint64_t whole, losses, gap_bytes;
	size_t lost_at; /* where the latest loss ended; 0 = no loss since */
};

static size_t *samples;
static size_t samples_len;

static void sample(struct heard *heard, size_t at)
{
	if (heard->lost_at > 0 && samples_len < SAMPLES_MAX)
		samples[samples_len++] = at - heard->lost_at;
	heard->lost_at = 0;
}

/* It must be the operation that was sent at this position. */
static void check(struct heard *heard, const struct tap__op_stream *ops, bool is_partial)
{
	const struct stream *stream = heard->stream;
	size_t end = heard->started + (size_t)(ops->whole_bytes + ops->partial_bytes + ops->lost_bytes);
	if (is_partial)
		return;
	while (heard->next < stream->count && stream->begins[heard->next + 1] < end)
		heard->next++;
	if (stream->begins[heard->next + 1] != end)
		fail_msg("seed %" PRIu64 ": an operation that ends at %zu, on %.*s, was not sent",
			 heard->number, end, (int)ops->op.subject.len, ops->op.subject.data);
	size_t begin = stream->begins[heard->next];
	sample(heard, begin);
	heard->whole++;
}

static void hear(struct heard *heard, struct tap__op_stream *ops)
{
	enum tap__item item;
	while ((item = tap__op_stream_next(ops)) != TAP__MORE) {
		if (item == TAP__OP || item == TAP__PARTIAL)
			check(heard, ops, item == TAP__PARTIAL);
		else if (item == TAP__GAP)
			heard->gap_bytes += ops->reported.bytes;
	}
}

struct plan {
	enum cut cut;
	uint64_t loss; /* one segment in this many is lost; 0: none */
	bool is_midstream;
	uint64_t memory_bytes;
};

/* Feed a segment and report its end as the seam would. */
static void feed(struct tap__op_stream *ops, struct heard *heard, size_t at, size_t len, int64_t now_ns,
		 size_t *longest)
{
	if (len > *longest)
		*longest = len;
	tap__op_stream_feed(ops, now_ns, wire_slice(heard->stream->bytes + at, len));
	hear(heard, ops);
	if (len < *longest || len < SEGMENT_MIN)
		tap__op_stream_push(ops);
}

static struct heard listen(const struct stream *stream, const struct plan *plan, uint64_t number)
{
	uint64_t chance = ~number, *seed = &chance;
	int64_t now_ns = 1;
	struct tap_budget budget = {.max_bytes = plan->memory_bytes};
	struct heard heard = {.stream = stream, .number = number};
	struct tap__op_stream ops;
	size_t next = 1, longest = 0, begin = plan->is_midstream ? (size_t)draw(seed, 20000) : 0, fed = 0;
	tap__op_stream_init(&ops, false, &budget);
	tap__op_stream_set_max_payload(&ops, PAYLOAD_MAX);
	ops.verbs = stream->is_server ? TAP__SERVER_VERBS : TAP__CLIENT_VERBS;
	ops.is_start = !plan->is_midstream;
	tap__op_stream_trust(&ops);
	for (size_t at = 0; at < stream->len;) {
		if (ends_operation(stream, &next, at) && draw(seed, 50) == 0)
			now_ns += INT64_C(3000000000);
		size_t end = write_end(stream, plan->cut, at, next, seed);
		for (size_t len; at < stream->len && at < end; at += len) {
			len = end - at < SEGMENT_MAX ? end - at : SEGMENT_MAX;
			if (len > stream->len - at)
				len = stream->len - at;
			if (at < begin)
				continue;
			if (fed == 0)
				heard.started = at;
			fed += len;
			if (plan->loss > 0 && draw(seed, plan->loss) == 0) {
				heard.lost_at = at + len;
				heard.losses++;
				tap__op_stream_hole(&ops, now_ns, len, TAP_HOLE_LOST);
				hear(&heard, &ops);
			} else {
				feed(&ops, &heard, at, len, now_ns, &longest);
			}
		}
	}
	tap__op_stream_end(&ops, now_ns);
	hear(&heard, &ops);
	assert_int_equal(ops.whole_bytes + ops.partial_bytes + ops.lost_bytes, fed);
	tap__op_stream_fini(&ops);
	assert_int_equal(budget.used_bytes, 0);
	return heard;
}

/* ---- streams that want to be believed ---- */

struct totals {
	uint64_t streams, losses, whole;
};

static void attack(struct stream *stream, uint64_t first_seed, bool is_midstream, uint64_t memory_bytes,
		   struct totals *totals)
{
	for (uint64_t number = first_seed; number < first_seed + rounds; number++) {
		uint64_t seed = number;
		const struct plan plan = {.cut = (enum cut)draw(&seed, CUTS),
					  .loss = 5 + draw(&seed, 1000),
					  .is_midstream = is_midstream,
					  .memory_bytes =
					      memory_bytes ? draw(&seed, memory_bytes) : 64 << 20};
		/* one kind, two, or all of them */
		uint32_t kinds = draw(&seed, 3) == 0
				     ? (1 << PAYLOADS) - 1
				     : 1U << draw(&seed, PAYLOADS) | 1U << draw(&seed, PAYLOADS);
		stream->is_server = draw(&seed, 2);
		make_stream(stream, kinds, STREAM_BYTES, &seed);
		struct heard heard = listen(stream, &plan, number);
		totals->streams++;
		totals->losses += heard.losses;
		totals->whole += heard.whole;
	}
}

static void after_losses_no_payload_is_decoded_as_operations(void **state)
{
	struct totals totals = {0};
	attack(*state, 0, false, 0, &totals);
	print_message("%" PRIu64 " losses in %" PRIu64 " streams: 0 operations invented, %" PRIu64
		      " understood\n",
		      totals.losses, totals.streams, totals.whole);
	assert_true(totals.whole > totals.losses); /* otherwise the rules are too strict */
}

static void at_the_start_of_a_capture_no_payload_is_decoded_as_operations(void **state)
{
	struct totals totals = {0};
	attack(*state, 1000000, true, 0, &totals);
	assert_true(totals.whole > 0);
}

static void without_memory_no_payload_is_decoded_as_operations(void **state)
{
	struct totals totals = {0};
	attack(*state, 2000000, false, 8 << 10, &totals);
}

/* ---- ordinary streams ---- */

static int compare(const void *a, const void *b)
{
	const size_t *left = a, *right = b;
	return *left < *right ? -1 : *left > *right;
}

/* How many bytes until operations come out again? */
static size_t measure(struct stream *stream, const char *name, enum cut cut, uint64_t loss)
{
	samples_len = 0;
	for (uint64_t number = 0; number < rounds / 5; number++) {
		uint64_t seed = number;
		const struct plan plan = {.cut = cut, .loss = loss, .memory_bytes = 64 << 20};
		stream->is_server = number % 2;
		make_stream(stream, 1 << ORDINARY, STREAM_BYTES, &seed);
		listen(stream, &plan, number);
	}
	assert_true(samples_len > 0);
	qsort(samples, samples_len, sizeof *samples, compare);
	print_message("%s: bytes until trust is restored: median %zu, p99 %zu, most %zu, of %zu losses\n",
		      name, samples[samples_len / 2], samples[samples_len * 99 / 100],
		      samples[samples_len - 1], samples_len);
	return samples[samples_len / 2];
}

static void ordinary_operations_are_soon_decoded_again(void **state)
{
	assert_true(measure(*state, "each pushed", EACH, 300) < 16 << 10);
	assert_true(measure(*state, "bursts", BURSTS, 300) < 32 << 10);
	assert_true(measure(*state, "bulk", BULK, 300) < 2 * PAYLOAD_MAX + (64 << 10));
}

static int setup(void **state)
{
	*state = support_grow(NULL, sizeof(struct stream));
	samples = support_grow(NULL, SAMPLES_MAX * sizeof *samples);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	free(samples);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(after_losses_no_payload_is_decoded_as_operations),
	    cmocka_unit_test(at_the_start_of_a_capture_no_payload_is_decoded_as_operations),
	    cmocka_unit_test(without_memory_no_payload_is_decoded_as_operations),
	    cmocka_unit_test(ordinary_operations_are_soon_decoded_again),
	};
	if (argc > 1)
		rounds = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, setup, teardown);
}
