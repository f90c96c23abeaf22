#include "trace/doctor/checks/subjects.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

#include "trace/doctor/checks/report.h"
#include "trace/doctor/facts/subjects.h"

enum { UNHEARD_LEAST = 10 };
#define GONE_NS INT64_C(5000000000)

/* Each name costs a server memory in its match cache, and a stream an entry of its index. */
enum { NAMES_LEAST = 10000 };

/* ---- nobody listens ---- */

static bool is_judged(const struct doctor__subject *subject)
{
	return !subject->is_inbox && !subject->is_internal && !subject->requests && subject->unknown == 0;
}

static void end_nobody(struct doctor__case *own)
{
	struct doctor__names names = {0};
	struct trace_evidence evidence = {0};
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		if (!is_judged(subject) || subject->unheard.count < UNHEARD_LEAST ||
		    subject->unheard.count < subject->messages)
			continue;
		doctor__names_add(&names, doctor__subject_text(subject));
		trace_evidence_merge(&evidence, &subject->unheard);
	}
	if (names.count > 0)
		doctor__report(own, TRACE_NOTE, names.count, &evidence,
			       "%" PRIu64 " messages on %" PRIu64 " subject%s went to nobody: %s",
			       evidence.count, names.count, doctor__plural(names.count),
			       doctor__names_text(&names));
}

static void end_gone(struct doctor__case *own)
{
	for (uint32_t i = 0; i < own->facts->subjects.len; i++) {
		const struct doctor__subject *subject = own->facts->subjects.list[i];
		const struct trace_evidence *evidence = &subject->unheard_now;
		if (!is_judged(subject) || subject->deliveries == 0 || evidence->count < UNHEARD_LEAST ||
		    store_time_minus(subject->last_ns, subject->unheard_since_ns) < GONE_NS)
			continue;
		char since[DOCTOR__DURATION_TEXT];
		doctor__report(own, TRACE_WARNING, evidence->count, evidence,
			       "the last %" PRIu64
			       " messages on %.*s went to nobody; somebody had listened until %s "
			       "before the end",
			       evidence->count, DOCTOR__NAME(doctor__subject_text(subject)),
			       doctor__duration(since, store_time_minus(own->facts->timeline.now_ns,
									subject->unheard_since_ns)));
	}
}

/* ---- too many ---- */

/* Subjects that differ in one token. */
struct family {
	uint64_t hash;
	uint64_t names;
	uint32_t subject, token; /* an example, and which token differs */
};

enum { FAMILIES = 1 << 16, TOKENS_MAX = 16 };

static struct family *find_family(struct family *families, uint64_t hash)
{
	for (uint32_t i = 0; i < 16; i++) {
		struct family *family = &families[(hash + i) % FAMILIES];
		if (family->hash == hash || family->hash == 0) {
			family->hash = hash;
			return family;
		}
	}
	return NULL;
}

/* The offset at which a token begins; more than text.len when there are fewer tokens. */
static size_t token_start(struct wire_slice text, uint32_t token)
{
	size_t at = 0;
	while (token > 0 && at <= text.len) {
		const char *dot = memchr(text.data + at, '.', text.len - at);
		at = dot ? (size_t)(dot - text.data) + 1 : text.len + 1;
		token--;
	}
	return at;
}

static struct wire_slice token_at(struct wire_slice text, size_t start)
{
	const char *dot = memchr(text.data + start, '.', text.len - start);
	return wire_slice(text.data + start, (dot ? (size_t)(dot - text.data) : text.len) - start);
}

/* The hash of the subject without this token. */
static uint64_t hash_without(struct wire_slice text, struct wire_slice token, uint32_t number)
{
	size_t start = (size_t)(token.data - text.data);
	uint64_t hash = XXH3_64bits_withSeed(text.data, start, number + 1);
	return XXH3_64bits_withSeed(token.data + token.len, text.len - start - token.len, hash) | 1;
}

static void join_families(struct family *families, const struct doctor__subject *subject)
{
	struct wire_slice text = doctor__subject_text(subject);
	for (uint32_t number = 0; number < TOKENS_MAX; number++) {
		size_t start = token_start(text, number);
		if (start > text.len)
			return;
		struct wire_slice token = token_at(text, start);
		struct family *family = find_family(families, hash_without(text, token, number));
		if (!family)
			continue;
		family->names += wire_slice_equal(token, WIRE_LITERAL("*")) ? subject->literals : 1;
		family->subject = subject->number;
		family->token = number;
	}
}

static void report_family(struct doctor__case *own, const struct family *family)
{
	const struct doctor__subject *subject = own->facts->subjects.list[family->subject];
	struct wire_slice text = doctor__subject_text(subject);
	struct wire_slice token = token_at(text, token_start(text, family->token));
	struct wire_slice before = wire_slice(text.data, (size_t)(token.data - text.data));
	struct wire_slice after = wire_slice(token.data + token.len, text.len - before.len - token.len);
	struct trace_evidence evidence =
	    doctor__example(subject->burst.most_origin, subject->burst.most_seq, family->names);
	doctor__report(
	    own, TRACE_WARNING, family->names, &evidence, "%.*s*%.*s has %" PRIu64 "%s different names",
	    DOCTOR__NAME(before), DOCTOR__NAME(after), family->names,
	    own->facts->subjects.literals_len >= own->facts->subjects.literals_max ? " and more" : "");
}

/* A family that holds no more names than another one of its example was reported with it. */
static bool is_covered(const struct family *family, const struct family *reported, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (reported[i].subject == family->subject && reported[i].names >= family->names)
			return true;
	return false;
}

static int by_names(const void *a, const void *b)
{
	const struct family *x = a, *y = b;
	if (x->names != y->names)
		return x->names < y->names ? 1 : -1;
	return (x->token < y->token) - (x->token > y->token);
}

static void end_explosion(struct doctor__case *own)
{
	const struct doctor__subjects *subjects = &own->facts->subjects;
	struct family *families = calloc(FAMILIES, sizeof *families);
	if (!families) {
		own->findings->is_short_of_memory = true;
		return;
	}
	for (uint32_t i = 0; i < subjects->len; i++)
		if (subjects->list[i]->messages > 0 && !subjects->list[i]->is_inbox &&
		    !subjects->list[i]->is_internal && !subjects->list[i]->is_asked)
			join_families(families, subjects->list[i]);
	qsort(families, FAMILIES, sizeof *families, by_names);
	for (uint32_t i = 0; i < FAMILIES && families[i].names >= NAMES_LEAST; i++)
		if (!is_covered(&families[i], families, i))
			report_family(own, &families[i]);
	free(families);
	if (subjects->left_out > 0)
		doctor__report(own, TRACE_WARNING, subjects->left_out, NULL,
			       "there are more than %" PRIu32 " subjects; %" PRIu64
			       " messages on others were not looked at (--memory)",
			       subjects->len, subjects->left_out);
}

/* ---- spelling ---- */

static uint64_t hash_folded(struct wire_slice text)
{
	char small[256];
	size_t len = text.len < sizeof small ? text.len : sizeof small;
	for (size_t i = 0; i < len; i++)
		small[i] = (char)tolower((unsigned char)text.data[i]);
	return XXH3_64bits(small, len);
}

static void end_case(struct doctor__case *own)
{
	const struct doctor__subjects *subjects = &own->facts->subjects;
	struct store_table spellings;
	if (store_table_init(&spellings) != 0) {
		own->findings->is_short_of_memory = true;
		return;
	}
	for (uint32_t i = 1; i < subjects->len; i++) {
		uint64_t hash = hash_folded(doctor__subject_text(subjects->list[i]));
		uint32_t probe = 0, other;
		if (!store_table_next(&spellings, hash, &probe, &other)) {
			store_table_insert(&spellings, hash, i);
			continue;
		}
		const struct doctor__subject *a = subjects->list[other], *b = subjects->list[i];
		if (a->text_len != b->text_len || a->messages == 0 || b->messages == 0 ||
		    hash_folded(doctor__subject_text(a)) != hash)
			continue;
		struct trace_evidence evidence =
		    doctor__example(b->burst.most_origin, b->burst.most_seq, b->messages);
		doctor__report(own, TRACE_NOTE, b->messages, &evidence,
			       "%.*s and %.*s differ in case only: to NATS they are two subjects",
			       DOCTOR__NAME(doctor__subject_text(a)), DOCTOR__NAME(doctor__subject_text(b)));
	}
	store_table_fini(&spellings);
}

const struct doctor__check doctor__subjects_checks[] = {
    {.name = "nobody-listens",
     .finds = "subjects that are published to, and that nobody listens to",
     .remedy = "stop publishing them, or start the consumer; ordinary for metrics that are read now and then",
     .needs = DOCTOR__NEEDS_RECEIVERS | DOCTOR__NEEDS_REQUESTS,
     .end = end_nobody},
    {.name = "listener-gone",
     .finds = "subjects whose last listener went away while publishing goes on",
     .remedy = "start the consumer again: what is published meanwhile is lost, unless a stream stores it",
     .needs = DOCTOR__NEEDS_RECEIVERS | DOCTOR__NEEDS_REQUESTS,
     .end = end_gone},
    {.name = "subject-explosion",
     .finds = "subjects with so many different names that servers and streams suffer",
     .remedy = "move the id from the subject into a header or the payload, unless somebody subscribes by it",
     .end = end_explosion},
    {.name = "subject-case",
     .finds = "subjects that differ in upper and lower case only",
     .remedy = "agree on one spelling, and correct the client that uses the other",
     .end = end_case},
    {0},
};
