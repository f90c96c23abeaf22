#include "trace/doctor/facts/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/fold.h"

enum {
	HISTOGRAM_BYTES = 4096, /* usually less */
	SLOT_BYTES = 4 * sizeof(struct store_table_slot),
	LITERALS_MIN = 1024,
	LITERALS_SHARE = 4, /* a fourth of the memory is for the different names */
	SECOND_NS = 1000000000,
};

/* ---- life ---- */

static void free_queues(struct doctor__queue *queue)
{
	while (queue) {
		struct doctor__queue *next = queue->next;
		free(queue->name);
		free(queue->members);
		free(queue);
		queue = next;
	}
}

static void free_subject(struct doctor__subject *subject)
{
	if (subject->requests)
		trace_histogram_fini(&subject->requests->latency);
	free(subject->requests);
	free_queues(subject->queues);
	free(subject->text);
	free(subject);
}

void doctor__subjects_fini(struct doctor__subjects *subjects)
{
	for (uint32_t i = 0; i < subjects->len; i++)
		free_subject(subjects->list[i]);
	free(subjects->list);
	free(subjects->literals);
	store_table_fini(&subjects->by_text);
	*subjects = (struct doctor__subjects){0};
}

bool doctor__subjects_take_bytes(struct doctor__subjects *subjects, uint64_t bytes)
{
	if (bytes > subjects->bytes_left)
		return false;
	subjects->bytes_left -= bytes;
	return true;
}

struct doctor__request_facts *doctor__subject_requests(struct doctor__subjects *subjects,
						       struct doctor__subject *subject)
{
	if (!subject->requests &&
	    doctor__subjects_take_bytes(subjects, sizeof *subject->requests + HISTOGRAM_BYTES))
		subject->requests = calloc(1, sizeof *subject->requests);
	return subject->requests;
}

/* ---- names as they are ---- */

static struct doctor__literal *place_of(const struct doctor__subjects *subjects, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & subjects->literals_mask;
	while (subjects->literals[at].subject != 0 && subjects->literals[at].hash != hash)
		at = (at + 1) & subjects->literals_mask;
	return &subjects->literals[at];
}

static bool grow(struct doctor__subjects *subjects)
{
	uint32_t slots = 2 * (subjects->literals_mask + 1);
	struct doctor__literal *old = subjects->literals, *fresh = calloc(slots, sizeof *fresh);
	if (!fresh)
		return false;
	uint32_t old_mask = subjects->literals_mask;
	subjects->literals = fresh;
	subjects->literals_mask = slots - 1;
	for (uint32_t i = 0; i <= old_mask; i++)
		if (old[i].subject != 0)
			*place_of(subjects, old[i].hash) = old[i];
	free(old);
	return true;
}

/* Remember a name. False when there is no room. */
static bool remember(struct doctor__subjects *subjects, uint64_t hash, uint32_t subject)
{
	if (subjects->literals_len >= subjects->literals_max)
		return false;
	if (2 * subjects->literals_len > subjects->literals_mask && !grow(subjects))
		return false;
	*place_of(subjects, hash) = (struct doctor__literal){.hash = hash, .subject = subject + 1};
	subjects->literals_len++;
	return true;
}

/* ---- subjects ---- */

static bool make_room(struct doctor__subjects *subjects)
{
	if (subjects->len < subjects->cap)
		return true;
	uint32_t cap = subjects->cap ? subjects->cap * 2 : 64;
	struct doctor__subject **list = realloc(subjects->list, cap * sizeof(struct doctor__subject *));
	if (!list)
		return false;
	subjects->list = list;
	subjects->cap = cap;
	return true;
}

static struct doctor__subject *add(struct doctor__subjects *subjects, struct wire_slice text, uint64_t hash)
{
	if (!doctor__subjects_take_bytes(subjects, sizeof(struct doctor__subject) + text.len + SLOT_BYTES) ||
	    !make_room(subjects))
		return NULL;
	struct doctor__subject *subject = calloc(1, sizeof *subject);
	if (!subject)
		return NULL;
	subject->text = malloc(text.len + 1);
	if (!subject->text || store_table_insert(&subjects->by_text, hash, subjects->len) != 0) {
		free_subject(subject);
		return NULL;
	}
	memcpy(subject->text, text.data, text.len);
	subject->text_len = text.len;
	subject->number = subjects->len;
	subject->is_internal = text.len > 0 && text.data[0] == '$';
	subjects->list[subjects->len++] = subject;
	return subject;
}

static struct doctor__subject *find_text(struct doctor__subjects *subjects, struct wire_slice text)
{
	uint64_t hash = XXH3_64bits(text.data, text.len);
	uint32_t probe = 0, number;
	while (store_table_next(&subjects->by_text, hash, &probe, &number))
		if (wire_slice_equal(doctor__subject_text(subjects->list[number]), text))
			return subjects->list[number];
	return add(subjects, text, hash);
}

struct doctor__subject *doctor__subjects_find(struct doctor__subjects *subjects, struct wire_slice name,
					      bool is_counted)
{
	if (trace_has_inbox_prefix(name))
		return subjects->list[0];
	uint64_t hash = subjects->hash = XXH3_64bits(name.data, name.len);
	const struct doctor__literal *known = place_of(subjects, hash);
	if (known->subject != 0)
		return subjects->list[known->subject - 1];
	struct trace_fold fold;
	trace_fold_init(&fold, true, NULL);
	struct doctor__subject *subject = find_text(subjects, trace_fold(&fold, name));
	if (!subject)
		return NULL;
	if (remember(subjects, hash, subject->number))
		subject->literals += is_counted;
	else
		subjects->names_left_out += is_counted;
	return subject;
}

/* All inboxes are the subject of number 0. */
static bool add_inboxes(struct doctor__subjects *subjects)
{
	struct doctor__subject *inboxes = find_text(subjects, WIRE_LITERAL(TRACE_INBOX_PATTERN));
	if (inboxes)
		inboxes->is_inbox = true;
	return inboxes != NULL;
}

int doctor__subjects_init(struct doctor__subjects *subjects, uint64_t max_bytes)
{
	uint64_t literals = max_bytes / LITERALS_SHARE / (2 * sizeof *subjects->literals);
	*subjects = (struct doctor__subjects){.bytes_left = max_bytes - max_bytes / LITERALS_SHARE,
					      .literals_max = literals < UINT32_MAX / 4 ? (uint32_t)literals
											: UINT32_MAX / 4,
					      .literals = calloc(LITERALS_MIN, sizeof *subjects->literals),
					      .literals_mask = LITERALS_MIN - 1};
	int error = store_table_init(&subjects->by_text);
	return error || !subjects->literals || !add_inboxes(subjects) ? -ENOMEM : 0;
}

/* ---- counts ---- */

static inline void count_burst(struct doctor__burst *burst, const struct doctor__facts *facts, uint64_t seq)
{
	int64_t now_ns = facts->timeline.now_ns;
	if (now_ns >= burst->until_ns) {
		burst->until_ns = store_time_plus(now_ns, SECOND_NS);
		burst->count = 0;
		burst->seq = seq;
		burst->origin = (uint16_t)facts->origin;
	}
	if (++burst->count > burst->most) {
		burst->most = burst->count;
		burst->most_seq = burst->seq;
		burst->most_origin = burst->origin;
	}
}

static void note_large(struct doctor__subject *subject, const struct doctor__facts *facts,
		       const struct wire_event *event)
{
	if (event->size >= DOCTOR__LARGE_BYTES)
		trace_evidence_add(&subject->large, facts->origin, event->seq);
	if (event->size <= subject->largest)
		return;
	subject->largest = event->size;
	subject->largest_seq = event->seq;
	subject->largest_origin = facts->origin;
}

void doctor__subjects_count(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__subject *subject = facts->subject;
	uint64_t bytes = event->size + event->headers.len;
	facts->messages++;
	facts->bytes += bytes;
	doctor__series_add(&facts->series, &facts->timeline);
	count_burst(&facts->burst, facts, event->seq);
	if (!subject) {
		facts->subjects.left_out++;
		return;
	}
	if (subject->messages++ == 0)
		subject->first_ns = facts->timeline.now_ns;
	subject->last_ns = facts->timeline.now_ns;
	subject->bytes += bytes;
	doctor__series_add(&subject->series, &facts->timeline);
	count_burst(&subject->burst, facts, event->seq);
	if (event->size > subject->largest || event->size >= DOCTOR__LARGE_BYTES)
		note_large(subject, facts, event);
}
